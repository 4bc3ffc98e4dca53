"""Packs of ready questions (`sql/packs/`), and how their rows come into the facets.sql of an analysis folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from importlib.resources import files

import duckdb

from clio_sql.errors import SqlError, UsageError
from clio_sql.errors.quotable import quoted
from clio_sql.warehouse import lock

SAFETY = "safety"  # the pack whose answers count in safety mode alone
COLUMNS = "facet, question, kind, choices, clustered, criteria"
END = re.compile(r"\n\)\s*as\s+facets\s*\(", re.I)  # where the rows of facets.sql end
ROWS = re.compile(r"^ {4}values\n(.*)^\) as facets\(", re.S | re.M)  # of a pack
SAFE = {"'insight'::varchar as mode": "'safety'::varchar as mode", "5::integer as round_to": "1::integer as round_to"}


def there() -> list[str]:
    """The names of all packs."""
    folder = files("clio_sql.sql") / "packs"
    return sorted(file.name.removesuffix(".sql") for file in folder.iterdir() if file.name.endswith(".sql"))


def known(wanted: Sequence[str]) -> list[str]:
    """The names, each once. Raises UsageError for one that is no pack."""
    for name in wanted:
        if name not in there():
            raise UsageError(f"--pack {name!r}; allowed: {', '.join(there())}. Give one of them; it may be repeated.")
    return list(dict.fromkeys(wanted))


def sql_of(name: str) -> str:
    """The file of a pack: a query with the columns of `facets`."""
    return (files("clio_sql.sql") / "packs" / f"{name}.sql").read_text("utf-8")


def added(facets: str, wanted: Sequence[str], where: str) -> str:
    """The text of a facets.sql with the rows of these packs behind its own.

    Raises SqlError where a facet of a pack is there already, and where the file is not of the shape that `init` writes.
    """
    with closing(lock.in_memory()) as con:
        given = _facets(con, facets, where)
        new = {name: _facets(con, sql_of(name), name) for name in wanted}
        _require_new(given, new, where)
        ends = list(END.finditer(facets))
        if not ends:
            raise SqlError(_other_shape(where, wanted))
        place = ends[-1].start()
        text = facets[:place] + "".join(_rows(name) for name in wanted) + facets[place:]
        expected = {facet: row for rows in (given, *new.values()) for facet, row in rows.items()}
        if _readable(con, text) != expected:  # such as a comment behind its last row
            raise SqlError(_other_shape(where, wanted))
    return text


def require_safety(settings: str, where: str) -> None:
    """Raise SqlError if the settings of a folder that gets the pack `safety` say another mode."""
    with closing(lock.in_memory()) as con:
        try:
            mode = con.execute(f"select mode from (\n{_query(settings)}\n)").fetchall()[0][0]
        except (duckdb.Error, IndexError):
            mode = None
    if mode != "safety":
        raise SqlError(
            f"{where}: mode is {mode or 'not known'!s}, and the answers to pack safety count in safety mode alone. "
            "Nothing was written; give a new folder, or set mode to 'safety' and round_to to 1."
        )


def safe(settings: str) -> str:
    """The packaged settings.sql in safety mode."""
    for insight, safety in SAFE.items():
        assert insight in settings
        settings = settings.replace(insight, safety)
    return settings


def _require_new(given: Mapping[str, object], new: Mapping[str, Mapping[str, object]], where: str) -> None:
    twice = {facet: name for name, rows in new.items() for facet in rows if facet in given}
    if twice:
        packs = ", ".join(dict.fromkeys(twice.values()))
        raise SqlError(
            f"{where}: has {', '.join(map(quoted, twice))} already, as pack {packs} has. Nothing was written; "
            "rename or remove them there, or leave the pack out."
        )


def _rows(name: str) -> str:
    """The rows of a pack as they stand in its file, below a line that says which pack it is."""
    sql = sql_of(name)
    found = ROWS.search(sql)
    assert found is not None
    is_for = sql.partition(f"pack {name}: ")[2].partition("\n")[0]
    return f",\n\n        -- pack {name}: {is_for}\n{found[1].rstrip()}"


def _facets(con: duckdb.DuckDBPyConnection, sql: str, where: str) -> dict[str, tuple[object, ...]]:
    found = _readable(con, sql)
    if found is None:
        raise SqlError(f"{where}: cannot be read as facets. Nothing was written; clio-sql check says what is wrong.")
    return found


def _readable(con: duckdb.DuckDBPyConnection, sql: str) -> dict[str, tuple[object, ...]] | None:
    """Facet -> its row; None where the SQL fails."""
    try:
        rows = con.execute(f"select {COLUMNS} from (\n{_query(sql)}\n)").fetchall()
    except duckdb.Error:
        return None
    return {row[0]: row for row in rows}


def _query(sql: str) -> str:
    return sql.strip().rstrip(";")


def _other_shape(where: str, wanted: Sequence[str]) -> str:
    listed = " ".join(f"--pack {name}" for name in wanted)
    return (
        f"{where}: does not end with rows and 'as facets(…)', as init writes it. Nothing was written; "
        f"clio-sql init NEW_FOLDER {listed} writes the rows into another folder, to copy from."
    )
