"""What is wrong with an analysis folder, reported before anything runs: file, line and what to do, all at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from clio_sql.analysis import binder, catalog, corrections, parts
from clio_sql.analysis.catalog import File, Relation
from clio_sql.errors import SqlError
from clio_sql.sql_text import syntax
from clio_sql.warehouse import lock, places


class Finding(NamedTuple):
    """One thing to correct. line: from 1; None if it is about the whole file."""

    where: str
    line: int | None
    text: str

    def __str__(self) -> str:
        return f"{self.where}{f', line {self.line}' if self.line else ''}: {self.text}"


def checked(analysis: Path | None) -> list[Relation]:
    """The relations of an analysis in build order; SqlError with all findings if there are any."""
    if found := findings(analysis):
        raise SqlError("\n".join(map(str, found)))
    return catalog.load(analysis)


def lost(analysis: Path, out: Path) -> list[Finding]:
    """The rows of the folder's corrections whose cluster never was in the analysis of `out`, or is gone.

    Raises InputError where `out` is no folder of a run.
    """
    known = {relation.name: relation for relation in catalog.load(analysis)}
    file = next((file for file in catalog.overlay(analysis) if file.name == "corrections"), None)
    place = places.located(out)
    if file is None:
        return []
    with lock.in_memory() as con:
        steps = binder.needed(known["corrections"], known)
        for step in steps:
            con.execute(f"create view {step.name} as {step.sql}")
        given = corrections.rows(con) if steps else []
    found = (text for _, text in corrections.lost(place, given))
    return [Finding(file.where, _line_of(file, text), text.partition(": ")[2]) for text in found]


def findings(analysis: Path | None) -> list[Finding]:
    """Everything that is wrong with the folder, by file and line. No row is read and no function called.

    The packaged files are taken as they are. DuckDB's binder is asked on empty tables in memory.
    """
    if analysis is None:
        return []
    return sorted(
        set(_findings(analysis, catalog.overlay(analysis))),
        key=lambda found: (found.where, found.line or 0, found.text),
    )


def _findings(analysis: Path, files: list[File]) -> Iterator[Finding]:
    yield from _misplaced(analysis, files)
    packaged = {relation.name: relation for relation in catalog.load()}
    own: dict[str, Relation] = {}
    where: dict[str, File] = {}
    broken: set[str] = set()
    for file in files:
        try:
            own[file.name] = catalog.parse(file.name, file.folder, _text(file), file.where)
            where[file.name] = file
        except SqlError as error:
            yield _of(str(error), file)
            broken.add(file.name)
    known = packaged | own
    for name, relation in own.items():
        yield from _about(relation, where[name], packaged, known, broken)
    yield from _circles({**packaged, **own}, where, broken)
    yield from _keys(own, known, where)
    yield from _bound(known, packaged, where, broken)


def _text(file: File) -> str:
    try:
        return file.sql
    except (OSError, UnicodeDecodeError) as error:
        raise SqlError(f"{file.where}: cannot be read as UTF-8 text ({type(error).__name__}). Save it again.") from None


def _misplaced(analysis: Path, files: list[File]) -> Iterator[Finding]:
    """Files that would be ignored, hide one another, have impossible names, or replace a relation that is gone."""
    read = {file.path for file in files}
    for path in sorted(analysis.rglob("*.sql")):
        if path not in read:
            where = path.relative_to(analysis).as_posix()
            yield Finding(where, None, "is not read. Move it to the folder itself, to models/ or to published/.")
    known = {relation.name for relation in catalog.load()}
    for path in sorted(analysis.rglob("*.csv")):
        if path not in read and path.stem in known:
            where = path.relative_to(analysis).as_posix()
            yield Finding(where, None, f"is not read: only taxonomy may be a CSV. Write {path.stem}.sql.")
    names = [file.name for file in files]
    for file in files:
        if names.count(file.name) > 1:
            yield Finding(file.where, None, f"{names.count(file.name)} files have this name. Keep one.")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", file.name):
            yield Finding(file.where, None, "its name must be of a-z, 0-9 and _ and start with a letter. Rename it.")
        if file.name in catalog.host_tables():
            yield Finding(file.where, None, "has the name of a table that a run makes itself. Rename the file.")
        if new := catalog.RENAMED.get(file.name):
            yield Finding(file.where, None, f"{file.name} is now {new}. Bring it up to date and rename the file.")


def _about(
    relation: Relation, file: File, packaged: Mapping[str, Relation], known: Mapping[str, Relation], broken: set[str]
) -> Iterator[Finding]:
    """What can be found from one file alone."""
    query = syntax.read(relation.sql)
    where, skipped = file.where, _skipped(file)

    def at(line: int | None, text: str) -> Finding:
        return Finding(where, line + skipped if line else None, text)

    yield from (at(*problem) for problem in relation.problems)
    for call in query.functions:
        if call.name in catalog.functions() and (relation.published or relation.kind != "table"):
            what = "a published file" if relation.published else "a view"
            yield at(call.line, f"{call.name} is called in {what}, which would call it again at each reading. "
                     "Write '-- kind: table' below the first line, in models/: its rows are made once.")  # fmt: skip
    for table in query.tables:
        name = table.name
        if name == relation.name:
            yield at(table.line, f"reads itself, which would be the rows of the last run. {_near(name, known)}")
        elif not table.qualified and name not in known and name not in catalog.host_tables() and name not in broken:
            yield at(table.line, f"reads {name!r}, which is not a relation of the analysis. {_near(name, known)}")
    if query.star and (relation.published or relation.incremental):
        what = "published" if relation.published else "incremental"
        yield at(None, f"the last select has a *, so it does not show which columns are {what}. Name each column.")
    if relation.published:
        yield from (at(*found) for found in _private(relation, query, packaged, known))


def _private(
    relation: Relation, query: syntax.Query, packaged: Mapping[str, Relation], known: Mapping[str, Relation]
) -> Iterator[tuple[int | None, str]]:
    """What a published file reads but must not. A replaced one may read whatever the packaged one reads."""
    shipped = packaged.get(relation.name)
    if shipped and not shipped.published:
        yield None, f"{relation.name} is private in the package and cannot be published. Rename the file."
    allowed = {name for name, other in known.items() if other.published} - {relation.name}
    if shipped and shipped.published:
        allowed |= set(shipped.inputs)
    for table in query.tables:
        if table.name not in allowed and table.name in {*known, *catalog.host_tables()}:
            yield (
                table.line,
                (
                    f"a published relation reads {table.name}, which is private. It may read: "
                    f"{', '.join(sorted(allowed))}."
                ),
            )


def _circles(known: Mapping[str, Relation], where: Mapping[str, File], broken: set[str]) -> Iterator[Finding]:
    there = {name: relation for name, relation in known.items() if name not in broken}
    for circle in catalog.circles(there.values()):
        name = next((name for name in circle if name in where), circle[0])
        yield Finding(where[name].where, None, f"relations read each other in a circle: {' -> '.join(circle)}. Cut it.")


def _keys(own: Mapping[str, Relation], known: Mapping[str, Relation], where: Mapping[str, File]) -> Iterator[Finding]:
    for name, relation in own.items():
        if relation.by and not parts.can_be_split(relation, known):
            yield Finding(where[name].where, None, parts.NO_KEY.format(key=", ".join(relation.by)))


def _bound(
    known: Mapping[str, Relation], packaged: Mapping[str, Relation], where: Mapping[str, File], broken: set[str]
) -> Iterator[Finding]:
    """What DuckDB's binder says of every relation, on empty tables."""
    selfish = {name for name in where if name in _names_read(known[name])}  # reported already; DuckDB would not find it
    for told in binder.problems(known, packaged, set(where), broken | selfish):
        if told.name not in where:  # a packaged file whose input was replaced
            yield Finding(f"{known[told.name].folder}/{told.name}.sql (packaged)", told.line, told.text)
            continue
        file = where[told.name]
        line = told.line + _skipped(file) if told.line else _line_of(file, told.text)
        yield Finding(file.where, line, told.text)


def _names_read(relation: Relation) -> frozenset[str]:
    """All names in a FROM of a file, its own too."""
    return syntax.read(relation.sql).inputs


def _of(error: str, file: File) -> Finding:
    """A finding from an error of the parser, which begins with the file and maybe a line."""
    found = re.match(r"(?P<where>[^:]*?)(?:, line (?P<line>\d+))?: (?P<text>.*)", error, re.S)
    assert found is not None
    return Finding(file.where, int(found["line"]) if found["line"] else None, found["text"])


def _skipped(file: File) -> int:
    """Number of lines above the SQL: the text is stripped before it is read."""
    return catalog.skipped(file.given)


def _line_of(file: File, text: str) -> int | None:
    """The last line with the name that a text quotes, or with the setting that it begins with; None for a row."""
    quoted = re.search(r"'([^']+)'", text)
    if not quoted and re.match(r"rows? \d", text):
        return None
    word = quoted[1] if quoted and quoted[1] in file.given else text.split(" ")[0]
    lines = file.given.splitlines()
    found = [number for number, line in enumerate(lines, 1) if re.search(rf"\b{re.escape(word)}\b", line)]
    return found[-1] if found else None


def _near(name: str, known: Mapping[str, Relation]) -> str:
    near = difflib.get_close_matches(name, [other for other in (*known, *catalog.host_tables()) if other != name], n=3)
    return f"Did you mean {' or '.join(near)}?" if near else "clio-sql models lists them."
