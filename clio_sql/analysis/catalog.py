"""The SQL files of an analysis: what each makes, from what, and in which order. Nothing is run here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from clio_sql.analysis import taxonomies
from clio_sql.errors import SqlError
from clio_sql.register import FUNCTIONS, MACROS, STEPS, macro_text
from clio_sql.sql_text import syntax
from clio_sql.warehouse import host

TAXONOMY = "taxonomy.csv"  # the one relation that may also be given as a CSV
FOLDERS = ("models", "published", "safety", "noisy")
WITHIN = {"models": ("models", "suppression")}  # the folders of packaged files, where they are several
# Packaged relations of an earlier version -> where their rule stands now.
RENAMED = {
    "told_cells": "published_cells, with its steps in suppression/",
    "bases": "published_figures, with its steps figure_days and user_changes",
}
KINDS = ("table", "view")
HEADER = (
    "Write '-- kind: table' where rows are made once and kept, as they must be where a function is called, or "
    "'-- kind: view' where they are made at each reading; and '-- grain: ' with the columns that tell rows apart."
)


@dataclass(frozen=True)
class Incremental:
    """Work goes by the rows of `input` that are new or changed, found by `key` and a hash of `changed`.

    part: how many keys are worked on at a time, None for as many as the builder thinks fit.
    """

    key: str
    changed: str
    input: str
    part: int | None = None


@dataclass(frozen=True)
class Relation:
    """One SQL file. comment: its first sentence. columns: name -> comment, in order. inputs: sorted names.

    types: name -> SQL type of each column that the last select casts. kept: as it was in the last build that was
    published it can be read as `last_<name>`. shared: the column by which rows are taken over from another analysis of
    the warehouse, where everything that decides them is the same. by: the columns by which it can be made in
    parts, none if it is made as a whole; see `clio_sql.analysis.parts`. repeats: two parts may have the same row.
    """

    name: str
    folder: str
    kind: str
    grain: str
    comment: str
    sql: str
    columns: dict[str, str]
    types: dict[str, str]
    inputs: tuple[str, ...]
    incremental: Incremental | None
    kept: bool = False
    shared: str | None = None
    by: tuple[str, ...] = ()
    repeats: bool = False

    @property
    def published(self) -> bool:
        return self.folder == "published"

    @property
    def safety(self) -> bool:
        """True of what is written in safety mode alone, beside what is published."""
        return self.folder == "safety"

    @property
    def functions(self) -> frozenset[str]:
        """Our functions that stand in the SQL, without `_raw`."""
        return frozenset(name.removesuffix("_raw") for name in _called(self.sql) & functions())

    @property
    def calls_model(self) -> bool:
        """True where one of our functions stands in the SQL."""
        return bool(self.functions)

    @property
    def asks(self) -> bool:
        """True where a provider is asked, which may cost money."""
        return bool(_called(self.sql) & functions(answered=True))

    @property
    def macros(self) -> tuple[str, ...]:
        """The macros of ours that it calls, and those that its steps call."""
        return tuple(macro for macro in (*MACROS, *STEPS) if macro in _called(self.sql))

    @property
    def code(self) -> str:
        """The SQL without comments and spacing: what two files have in common that do the same."""
        return _code(self.sql)

    @property
    def slow(self) -> bool:
        """True where a row takes so long that a stopped run should keep what it did of them."""
        return self.asks or "clio_embed(" in self.sql

    @property
    def recursive(self) -> bool:
        return "with recursive" in self.sql

    def body(self, narrowed: dict[str, str] | None = None) -> str:
        """The SQL to run; `narrowed` puts a query in the place of an input, below every function."""
        try:
            return syntax.replaced(self.sql, {name: f"({query})" for name, query in (narrowed or {}).items()})
        except syntax.Wrong as wrong:
            raise SqlError(f"{self.folder}/{self.name}.sql, line {wrong.line}: {wrong.text}") from None

    @property
    def problems(self) -> list[tuple[int | None, str]]:
        """(line, sentence) of all that no file may hold, wherever it lies."""
        return list(syntax.problems(syntax.read(self.sql), functions() | {*MACROS, *STEPS}))


@lru_cache(maxsize=4096)
def _code(sql: str) -> str:
    return " ".join(text for _, text in _tokens(sql))


@lru_cache(maxsize=256)
def _tokens(sql: str) -> tuple[tuple[int, str], ...]:
    """The tokens of DuckDB without comments: the byte that each begins at, and its text."""
    text = sql.encode()
    found = [*duckdb.tokenize(sql), (len(text), None)]
    return tuple(
        (start, text[start:end].decode().strip())
        for (start, kind), (end, _) in pairwise(found)
        if kind != duckdb.token_type.comment
    )


@cache
def functions(answered: bool = False) -> frozenset[str]:
    """Our functions, by both names."""
    names = [function.name for function in FUNCTIONS if function.answered or not answered]
    return frozenset([*names, *(f"{name}_raw" for name in names)])


@cache
def _called(sql: str) -> frozenset[str]:
    """The functions that stand in the SQL, however they are written, and in the macros that it calls."""
    query = syntax.read(sql)
    names = query.calls | {call.name for call in query.table_functions}
    within = (_called(_body(macro)) for macro in (*MACROS, *STEPS) if macro in names - functions())
    return names.union(*within)


def _body(macro: str) -> str:
    """The query of a macro, or its expression as one."""
    made = macro_text(macro).partition("create or replace macro")[2].strip().rstrip(";")
    body = re.split(r"\bas\b", made, maxsplit=1)[1].strip()
    return body.removeprefix("table") if re.match(r"table\b", body) else f"select {body}"


class File(NamedTuple):
    """A file of an analysis folder. where: its path within the folder."""

    name: str
    folder: str
    path: Path
    where: str

    @property
    def given(self) -> str:
        """The text as it stands in the file."""
        return self.path.read_text("utf-8")

    @property
    def sql(self) -> str:
        """The text as SQL. Raises SqlError for a CSV that is none of a taxonomy."""
        return taxonomies.sql_of(self.given, self.where) if self.path.suffix == ".csv" else self.given


def parse(name: str, folder: str, text: str, where: str = "") -> Relation:
    """A Relation from a file's text; SqlError says what is wrong with it and where."""
    where = where or f"{folder}/{name}.sql"
    header = dict(re.findall(r"^-- (kind|grain|incremental|kept|shared|by): (.+)$", text, re.M))
    sql = text.strip().rstrip(";")
    try:
        query = syntax.read(sql)
    except syntax.Wrong as wrong:
        line = f", line {wrong.line + skipped(text)}" if wrong.line else ""
        raise SqlError(f"{where}{line}: {wrong.text}") from None
    tree = _formatted(sql, where, skipped(text))
    kind = header.get("kind", "view").split()[0]
    if kind not in KINDS:
        raise SqlError(f"{where}: kind is {kind!r}; allowed: {', '.join(KINDS)}. {HEADER}")
    comment = re.match(r"--\s*(.+)", text)
    return Relation(
        name=name,
        folder=folder,
        kind=kind,
        grain=header.get("grain", ""),
        comment=comment[1] if comment else "",
        sql=sql,
        columns={column.alias_or_name: " ".join(column.comments or []).strip() for column in tree.selects},
        types=_types(tree),
        inputs=tuple(sorted(query.inputs - {name})),
        incremental=_incremental(where, header.get("incremental")),
        kept=header.get("kept", "").strip() == "last",
        shared=header.get("shared"),
        **_key(where, header.get("by")),
    )


def _formatted(sql: str, where: str, above: int) -> exp.Query:
    """The tree of sqlglot, which keeps comments and types as they are written; of the last select alone.

    That is where the columns stand, and sqlglot takes most of the time of a start.
    """
    last = _last_select(sql)
    above += sql[: -len(last)].count("\n")
    line = 1
    try:
        (tree,) = sqlglot.parse(last, "duckdb")
        if isinstance(tree, exp.Query):
            return tree
    except SqlglotError as error:
        line = (getattr(error, "errors", None) or [{}])[0].get("line") or 1
    raise SqlError(f"{where}, line {line + above}: sqlglot, which keeps comments, cannot read this. Write it plainer.")


def _last_select(sql: str) -> str:
    """From the select on that is in no parentheses, so after the CTEs; all of it where there is none."""
    depth = 0
    for start, token in _tokens(sql):
        if not depth and token.lower() == "select":
            return sql.encode()[start:].decode()
        depth += {"(": 1, ")": -1}.get(token, 0)
    return sql


def skipped(text: str) -> int:
    """Lines above the SQL: a file's text is stripped before it is read."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def _types(tree: exp.Query) -> dict[str, str]:
    casts = {select.alias_or_name: select.unalias() for select in tree.selects}
    return {name: cast.to.sql("duckdb") for name, cast in casts.items() if isinstance(cast, exp.Cast)}


def _incremental(where: str, text: str | None) -> Incremental | None:
    if text is None:
        return None
    given = dict(part.strip().split("=", 1) for part in text.split(",") if "=" in part)
    part = given.pop("part", None)
    if set(given) != {"key", "changed", "input"} or (part is not None and not re.fullmatch("[1-9][0-9]*", part)):
        raise SqlError(
            f"{where}: '-- incremental: {text}' must be key=…, changed=…, input=…, and part=NUMBER where it is worked "
            "on so many keys at a time. Correct the line."
        )
    return Incremental(**given, part=int(part) if part else None)


def _key(where: str, text: str | None) -> dict[str, Any]:
    """`by` and `repeats` of a relation."""
    if text is None:
        return {}
    columns, mark, distinct = text.partition(";")
    names = tuple(name.strip() for name in columns.split(","))
    if not all(re.fullmatch(r"[A-Za-z_]\w*", name) for name in names) or (mark and distinct.strip() != "distinct"):
        raise SqlError(
            f"{where}: '-- by: {text}' must be names of columns, and '; distinct' behind them where two parts may have "
            "the same row, such as '-- by: facet, cluster_id'. Correct the line, or leave it out."
        )
    return {"by": names, "repeats": bool(mark)}


def own(relations: Iterable[Relation]) -> frozenset[str]:
    """Names of the relations whose SQL is not the packaged one."""
    packaged = {relation.name: relation.sql for relation in _packaged()}
    return frozenset(relation.name for relation in relations if packaged.get(relation.name) != relation.sql)


def load(analysis: Path | None = None) -> list[Relation]:
    """The relations of an analysis in build order: the packaged ones, and those of a folder in their place.

    A file of the folder replaces the packaged relation of its name; another name adds a relation, which is
    published where the file lies in `published/`. Raises SqlError for SQL that cannot be read, an unknown
    input, a cycle, a function in a view, or a new published relation that reads anything private.
    """
    found = {relation.name: relation for relation in _packaged()}
    shipped = {name for name, relation in found.items() if relation.published}
    for file in overlay(analysis):
        found[file.name] = parse(file.name, file.folder, file.sql, file.where)
        _check_problems(found[file.name], file.where)
    for relation in found.values():
        _check_kind(relation)
        if relation.published and relation.name not in shipped:
            _check_public(relation, {name for name, other in found.items() if other.published})
    return in_order(found.values())


@cache
def _packaged() -> tuple[Relation, ...]:
    return tuple(
        parse(file.name[:-4], folder, file.read_text("utf-8"))
        for folder in FOLDERS
        for place in WITHIN.get(folder, (folder,))
        for file in sorted((files("clio_sql.sql") / place).iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    )


@cache
def kept() -> tuple[str, ...]:
    """The packaged relations that are kept as they were in the last build that was published, by name."""
    return tuple(relation.name for relation in _packaged() if relation.kept)


@cache
def host_tables() -> dict[str, str]:
    """Name -> what a row is, of all tables that a run makes itself and relations may read."""
    last = {
        f"{host.LAST}{name}": f"The relation {name} as it was when it was last published. Private." for name in kept()
    }
    return host.TABLES | last


def overlay(analysis: Path | None) -> list[File]:
    """The files of an analysis folder, by name. Raises SqlError where there is no such folder."""
    if analysis is None:
        return []
    if not analysis.is_dir():
        raise SqlError(f"{analysis}: there is no such folder. Give a folder of .sql files; clio-sql init makes one.")
    homes = {relation.name: relation.folder for relation in _packaged()}
    places = [place for folder in FOLDERS for place in WITHIN.get(folder, (folder,))]
    paths = sorted(
        [
            *analysis.glob("*.sql"),
            *analysis.glob(TAXONOMY),
            *(path for place in places for path in (analysis / place).glob("*.sql")),
        ]
    )
    files = []
    for path in paths:
        folders = {path.parent.name if path.parent != analysis else "models", homes.get(path.stem)}
        where = path.relative_to(analysis).as_posix()
        home = next((folder for folder in FOLDERS[1:] if folder in folders), "models")  # the strictest of them
        files.append(File(path.stem, home, path, where))
    return files


def _check_kind(relation: Relation) -> None:
    if relation.calls_model and (relation.published or relation.kind != "table"):
        raise SqlError(
            f"{relation.folder}/{relation.name}.sql calls a function of ours in a {relation.kind}, which would ask "
            "again at each reading. Write '-- kind: table' below its first line, in models/."
        )


def _check_problems(relation: Relation, where: str) -> None:
    if relation.problems:
        raise SqlError("\n".join(f"{where}, line {line}: {text}" for line, text in relation.problems))


def _check_public(relation: Relation, published: set[str]) -> None:
    private = [name for name in relation.inputs if name not in published]
    if private:
        raise SqlError(
            f"published/{relation.name}.sql reads {', '.join(private)}, which is private. "
            f"A published relation that you add may read: {', '.join(sorted(published - {relation.name}))}."
        )


def checks() -> dict[str, str]:
    """The packaged checks: name -> query for the bad rows."""
    folder = files("clio_sql.sql") / "checks"
    return {
        file.name[:-4]: file.read_text("utf-8")
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".sql")
    }


def in_order(relations: Iterable[Relation]) -> list[Relation]:
    """Inputs before what reads them, else by name; SqlError for an unknown input or a cycle."""
    known = {relation.name: relation for relation in relations}
    for relation in known.values():
        for name in relation.inputs:
            if name not in known and name not in host_tables():
                raise SqlError(
                    f"{relation.folder}/{relation.name}.sql reads {name!r}, which is no relation of the analysis. "
                    f"Known are: {', '.join(sorted({*known, *host_tables()}))}."
                )
    for circle in circles(known.values()):
        raise SqlError(f"these relations read each other in a circle: {' -> '.join(circle)}.")
    sorter = _sorter(known)
    sorter.prepare()
    order: list[Relation] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order.extend(known[name] for name in ready)
        sorter.done(*ready)
    return order


def circles(relations: Iterable[Relation]) -> list[list[str]]:
    """The first circle of names that read each other, if there is one: each name, and the first again."""
    try:
        _sorter({relation.name: relation for relation in relations}).prepare()
    except CycleError as error:
        return [error.args[1]]
    return []


def _sorter(known: Mapping[str, Relation]) -> TopologicalSorter[str]:
    return TopologicalSorter(
        {name: [other for other in relation.inputs if other in known] for name, relation in sorted(known.items())}
    )


def composed(relation: Relation, relations: Sequence[Relation]) -> str:
    """The SQL of `relation` with everything it is made of as a CTE each, in build order, run once.

    A view over views is expanded at each reference: `clusters` would plan a hundred embeddings.
    """
    needed = {relation.name}
    for other in reversed(relations):
        if other.name in needed:
            needed.update(other.inputs)
    steps = [other for other in relations if other.name in needed and other is not relation]
    ctes = ",\n".join(f"{step.name} as materialized (\n{step.sql}\n)" for step in steps)
    return f"with\n{ctes}\nfrom (\n{relation.sql}\n)" if steps else relation.sql


def fingerprint(relations: Iterable[Relation]) -> str:
    """A hash of every SQL file, for `about.sql_hash`."""
    digest = hashlib.sha256()
    for relation in sorted(relations, key=lambda relation: relation.name):
        digest.update(f"{relation.name}\n{relation.sql}\n".encode())
    return digest.hexdigest()[:16]
