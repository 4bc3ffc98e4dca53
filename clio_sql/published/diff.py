"""What changed between two builds, according to their published copies alone."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from clio_sql.published import copies

TIMES = "select old.built_at, young.built_at from before.about as old cross join after.about as young"


def lines(out: Path, before: str = "-1", after: str = "last") -> Iterator[str]:
    """The comparison as text. before, after: numbers of builds, `last`, or `-1` for the one before the last.

    Raises InputError if a build has no published copy. The warehouse is not opened.
    """
    earlier, later = copies.which(out, before), copies.which(out, after)
    with copies.opened(out, earlier, later) as con:
        times = con.execute(TIMES).fetchone()
        assert times is not None
        yield f"build {earlier} ({times[0]:%Y-%m-%d %H:%M} UTC) -> build {later} ({times[1]:%Y-%m-%d %H:%M} UTC)"
        for setting, was, is_ in con.execute(query("about_changes")).fetchall():
            yield f"{setting}: {_value(was)} -> {_value(is_)}"
        changes = con.execute(query("cluster_changes")).fetchall()
    facet = None
    for change in changes:
        if change[0] != facet:
            facet = change[0]
            yield f"\n{facet}"
        yield "  " + _line(*change[1:])
    if not changes:
        yield "No cluster changed by more than rounding."


def query(name: str) -> str:
    """The SQL of a comparison, which reads two attached files, `before` and `after`."""
    return (files("clio_sql.sql") / "builds" / f"{name}.sql").read_text("utf-8")


def _line(
    change: str, level: int, cluster: str, name: str | None, name_before: str | None,
    count: int | None, count_before: int | None, parent: str | None, parent_before: str | None,
) -> str:  # fmt: skip
    told = {
        "new": f"{name}  {count or 0:,}",
        "gone": f"{name_before}  {count_before or 0:,}",
        "grown": f"{name}  {count_before or 0:,} -> {count or 0:,}",
        "shrunk": f"{name}  {count_before or 0:,} -> {count or 0:,}",
        "renamed": f"{name_before} -> {name}",
        "moved": f"{name}  {parent_before or '(top)'} -> {parent or '(top)'}",
    }
    return f"{change:<8} level {level}  {told[change]}"


def _value(text: str | None) -> str:
    return "none" if text is None else text
