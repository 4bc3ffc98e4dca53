"""Prints what is published: in colour on a terminal, plain elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clio_sql.errors import UsageError
from clio_sql.errors.printable import printable
from clio_sql.published import tree as trees
from clio_sql.published.files import is_safety, open_published

if TYPE_CHECKING:  # printing a tree needs none of it
    from clio_sql.run.evaluate import Evaluation
    from clio_sql.run.plan import Step
    from clio_sql.run.record import Build
    from clio_sql.run.scores import Figure

if TYPE_CHECKING:
    from clio_sql.calls.replies import Plan


def print_tree(
    out: Path, facet: str | None, depth: int | None, reasons: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Print the tree of one facet or of all, and what was held back. Raises UsageError if there is none.

    reasons: why a facet's conversations are held back, if more is known than is published.
    """
    reasons = reasons or {}
    paint, width = _screen()
    con = open_published(out, or_safety=True)
    try:
        known = sorted({*trees.facets(con), *reasons})
        if facet is not None and facet not in known:
            raise UsageError(f"--facet {facet!r}: not published; published are: {', '.join(known) or 'none'}.")
        ids = is_safety(out)
        for name in [facet] if facet else known:
            for line in trees.text(con, name, depth, width, paint, ids):
                typer.echo(line)
            typer.echo(trees.held_back(con, name, reasons.get(name, ())))
        if not known:
            typer.echo("Nothing is published: no cluster may be shown.")
        typer.echo(paint(f"Made by: {trees.made_by(con)}.", "dim"))
        if ids:
            said = "Not gated, for authorised people only. Conversations of a cluster, by its id:"
            typer.echo(paint(f"{said} clio-sql trace {out} CLUSTER", "dim"))
    finally:
        con.close()


def print_plan(steps: Sequence[Step]) -> None:
    """Print a table of steps, calls, tokens and dollars, or minutes where nothing costs money; ~ marks an estimate."""
    if not steps:
        typer.echo("The local provider calls no model and costs nothing. Name another with --provider.")
        return
    free = not any(step.plan.usd for step in steps) and any(step.plan.calls > step.plan.stored for step in steps)
    row = "{:<12} {:>10} {:>10} {:>14} {:>12} {:>10}"
    typer.echo(row.format("step", "calls", "stored", "tokens in", "tokens out", "minutes" if free else "US$"))
    surely = [step for step in steps if not step.if_unmet]
    for step in surely:
        typer.echo(_planned(row, ("" if step.exact else "~") + step.name, step.plan, free))
    total = reduce(lambda total, more: total.plus(more), (step.plan for step in surely))
    typer.echo(_planned(row, "total", total, free))
    typer.echo("~ estimated, as if every cluster passed the gate. Calls that are stored cost nothing.")
    for step in steps:
        if step.if_unmet:
            usd = step.plan.usd
            typer.echo(
                "If no regression agrees with enough of the held-out answers (proxy_agreement), "
                f"{step.plan.calls:,} calls more for US$ {usd:,.2f}: {total.usd + usd:,.2f} in total."
            )
    if total.repairs:
        typer.echo(f"{total.repairs:,} of the calls ask again for an answer that cannot be read, at the share so far.")
    if free:
        typer.echo("Minutes are at the rate of the calls in --into; a run on some hundred conversations measures it.")


def _planned(row: str, name: str, made: Plan, free: bool) -> str:
    counts = (f"{count:,}" for count in made[:4])
    minutes = "-" if made.seconds is None else f"{made.seconds / 60:,.1f}"
    return row.format(name, *counts, minutes if free else f"{made.usd:,.2f}")


def print_builds(builds: Sequence[Build]) -> None:
    """Print a table of runs, one line each."""
    widest = max([len(build.name or "") for build in builds] + [4])
    named = f"{{:<{widest}}}  " if any(build.name for build in builds) else "{:.0}"
    row = named + "{:>5}  {:<16}  {:<9} {:>13} {:>8} {:>8} {:>8}  {:<16}  {}"
    head = ("name", "build", "UTC", "result", "conversations", "clusters", "calls", "US$", "sql", "changed")
    typer.echo(row.format(*head).rstrip())
    for build in builds:
        given = (build.conversations, build.clusters, build.calls)
        counts = ("-" if count is None else f"{count:,}" for count in given)
        usd = "-" if build.cost_usd is None else f"{build.cost_usd:,.2f}"
        when, changed = f"{build.started_at:%Y-%m-%d %H:%M}", ", ".join(build.changed)
        told = (build.name or "", build.build, when, build.result, *counts, usd, build.sql_hash, changed)
        typer.echo(row.format(*told).rstrip())


MEASURES = {  # of an evaluation -> how it is printed
    "base_purity": "base purity",
    "held_back": "held back",
    "adjusted_rand_index": "adjusted Rand index",
    "v_measure": "V-measure",
    "reconstructed": "reconstructed by name",
    "reconstructed_of_published": "the same, of what is published",
    "siblings_alike": "cosine of siblings' names",
    "others_alike": "cosine of other names",
    "names_repeated": "names that repeat",
    "names_alike": "names almost alike",
}


def print_evaluations(evaluations: Sequence[Evaluation], as_json: bool) -> None:
    """Print the figures of each facet, or one JSON object a line."""
    for found in evaluations:
        if as_json:
            figures = [figure._asdict() for figure in found.figures]
            typer.echo(json.dumps({**found._asdict(), "figures": figures}))
            continue
        typer.echo(
            f"{found.facet} by {found.label}: {found.conversations:,} conversations of {found.users:,} users, "
            f"{found.topics:,} topics; {found.published:,} of {found.base_clusters:,} base clusters are published"
        )
        for figure in found.figures:
            typer.echo(_figure(figure))
        typer.echo(
            f"Intervals: 95% of {found.replicates:,} draws of as many users, with replacement; seed {found.seed}."
        )
        if found.elsewhere:
            typer.echo(f"Not in the warehouse: {found.elsewhere:,} labelled conversations.")


def _figure(figure: Figure) -> str:
    level = "" if figure.level is None else f", level {figure.level}"
    name = f"{MEASURES[figure.measure]}{level}" + (f", {figure.language}" if figure.language else "")
    value = f"{figure.value:,.0f}" if figure.measure.startswith("names_") else f"{figure.value:.3f}"
    interval = "" if figure.low is None else f"  {figure.low:.3f} to {figure.high:.3f}"
    return f"  {printable(name):<42} {value:>7}{interval}"


def _screen() -> tuple[Callable[[str, str], str], int]:
    """How to colour a text, and how wide a name may be: plain and long if the output is not a terminal."""
    if sys.stdout is None or not sys.stdout.isatty():
        return trees.unpainted, 200
    width = max(20, shutil.get_terminal_size().columns - len("100.0%  100,000  "))
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return trees.unpainted, width
    return lambda text, style: typer.style(text, **{style: True}), width
