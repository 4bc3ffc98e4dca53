"""Prints which published clusters are new, spiking, rising, cooling or fading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import typer

from clio_sql.errors import InputError, UsageError
from clio_sql.errors.printable import printable
from clio_sql.published import tree as trees
from clio_sql.published.files import open_published

SIGNALS = ("new", "spiking", "rising", "steady", "cooling", "fading")
ALERT = 8  # the exit code where a signal that is alerted on is there
QUERY = """
    select signals.facet, signal, level, name, signals.period, signals.conversations, usual, recent, earlier, periods
    from signals inner join clusters using (facet, cluster_id)
    order by signals.facet, list_position($1::varchar[], signal), level desc, recent desc, cluster_id
"""


def alerts(text: str | None) -> tuple[str, ...]:
    """The signals of `--alert`, separated by commas. Raises UsageError for one that does not exist."""
    asked = tuple(part.strip() for part in text.split(",")) if text is not None else ()
    for signal in asked:
        if signal not in SIGNALS:
            raise UsageError(f"--alert {signal!r}: no such signal; allowed: {', '.join(SIGNALS)}, separated by commas.")
    return asked


def print_signals(out: Path, facet: str | None, alert: str | None) -> bool:
    """Print one line per cluster that is not steady, and how many are. True where one of `alert` is there."""
    asked = alerts(alert)
    con = open_published(out)
    try:
        known = trees.facets(con)
        if facet is not None and facet not in known:
            raise UsageError(f"--facet {facet!r}: not published; published are: {', '.join(known) or 'none'}.")
        rows = [row for row in con.execute(QUERY, [list(SIGNALS)]).fetchall() if facet in (None, row[0])]
        unit = con.execute("select period from about").fetchall()[0][0]
    except duckdb.CatalogException:
        raise InputError(
            f"{out / 'published.duckdb'}: has no table signals; an earlier version wrote it. Run again to rewrite it."
        ) from None
    finally:
        con.close()
    for name in sorted({row[0] for row in rows}):
        own = [row[1:] for row in rows if row[0] == name]
        typer.echo(printable(f"{name}, the {unit} from {own[0][3]}"))
        for row in own:
            if row[0] != "steady" or "steady" in asked:
                typer.echo(printable(_line(row, unit)))
        typer.echo(f"  steady: {sum(row[0] == 'steady' for row in own):,}")
    if not rows:
        typer.echo(f"No cluster can be judged: that takes seven complete {unit}s in the input, and one published.")
    return any(row[1] in asked for row in rows)


def _line(row: tuple[Any, ...], unit: str) -> str:
    signal, level, name, _, last, usual, recent, earlier, periods = row
    if signal in ("spiking", "steady"):
        told = f"{'not published' if last is None else f'{last:,}'}, usually {usual:,.0f}"
    else:
        told = f"{recent:,.0f} a {unit} in the last three, {earlier or 0:,.0f} before"
    return f"  {signal:<8} level {level}  {name}: {told} ({periods} {unit}s)"
