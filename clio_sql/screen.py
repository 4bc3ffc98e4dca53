"""Prints what is published: painted on a terminal, plain elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import typer

from clio_sql import tree as trees
from clio_sql.errors import InputError
from clio_sql.publish import open_published


def print_tree(
    out: Path, facet: str | None, depth: int | None, reasons: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Print the tree of one facet or of all, and what was held back. Raises InputError where there is none.

    reasons: why a facet's conversations are held back, where more is known than is published.
    """
    reasons = reasons or {}
    paint, width = _screen()
    con = open_published(out)
    try:
        known = sorted({*trees.facets(con), *reasons})
        if facet is not None and facet not in known:
            raise InputError(f"--facet {facet!r}: not published; there are: {', '.join(known) or 'none'}.")
        for name in [facet] if facet else known:
            for line in trees.text(con, name, depth, width, paint):
                typer.echo(line)
            typer.echo(trees.held_back(con, name, reasons.get(name, ())))
        if not known:
            typer.echo("Nothing is published: no cluster may be shown.")
        typer.echo(paint(f"Made by: {trees.made_by(con)}.", "dim"))
    finally:
        con.close()


def _screen() -> tuple[Callable[[str, str], str], int]:
    """How to paint a text, and how wide a name may be: plain and long where no terminal reads."""
    if sys.stdout is None or not sys.stdout.isatty():
        return trees.unpainted, 200
    width = max(20, shutil.get_terminal_size().columns - len("100.0%  100,000  "))
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return trees.unpainted, width
    return lambda text, style: typer.style(text, **{style: True}), width
