"""What a query reads and calls, as DuckDB itself parses it; this alone decides what a file of an analysis may contain.

DuckDB gives the tree of a query as JSON; nothing is bound or run. Unknown kinds of nodes are refused.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple, TypeVar

import duckdb

ROWS = frozenset({"unnest", "range", "generate_series"})  # functions in a FROM that depend only on their arguments
# Kinds of nodes: those of expressions, which have a class, and all others.
CLASSES = (
    "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "LAMBDA",
    "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW",
)  # fmt: skip
TYPES = (
    "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION",
    "EXPRESSION_LIST", "EMPTY", "PIVOT", "ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER",
    "DISTINCT_MODIFIER", "ORDER_DEFAULT", "ASCENDING", "DESCENDING",
)  # fmt: skip
SAID = {
    "SHOW_REF": "describe, show and summarize are about tables, not rows. Read a relation.",
    "PARAMETER": "a parameter has no value in a file. Write the value.",
}
NODES = (dict, list)
NAME = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|[^\W\d][\w$]*')

_LOCK = threading.Lock()
Scope = frozenset[str]


class Wrong(Exception):
    """What is wrong with a text: line, from 1, or None; and a sentence for the user."""

    def __init__(self, line: int | None, text: str) -> None:
        super().__init__(text)
        self.line, self.text = line, text


class Named(NamedTuple):
    """A lower-cased name and the line it stands on, None if DuckDB keeps none."""

    name: str
    line: int | None


class Table(NamedTuple):
    """A table that is not a CTE in its scope. name: lower-cased, with its schema if one is written.

    start, end: of the name in the text, None if unknown. aliased: whether an alias follows.
    """

    name: str
    line: int | None
    qualified: bool
    start: int | None
    end: int | None
    aliased: bool


Found = TypeVar("Found", Table, Named)


class Query(NamedTuple):
    """What a query reads and calls, in the order of the text. star: its last select has a `*`."""

    tables: tuple[Table, ...]
    functions: tuple[Named, ...]
    table_functions: tuple[Named, ...]
    star: bool

    @property
    def inputs(self) -> frozenset[str]:
        return frozenset(table.name for table in self.tables)

    @property
    def calls(self) -> frozenset[str]:
        return frozenset(call.name for call in self.functions)

    @property
    def qualified(self) -> list[Table]:
        return [table for table in self.tables if table.qualified]


@lru_cache(maxsize=4096)
def read(sql: str) -> Query:
    """What the one select in `sql` reads and calls. Raises Wrong if it is anything but one select."""
    kinds, tree = _parsed(sql)
    if tree.get("error"):
        raise Wrong(_line(sql, tree.get("position")) or _first(sql, kinds), _told(kinds, str(tree["error_message"])))
    if len(tree["statements"]) != 1 or len(kinds) != 1 or kinds[0][0] != "SELECT":
        raise Wrong(_first(sql, kinds), _told(kinds, ""))
    node = tree["statements"][0]["node"]
    tables: list[Table] = []
    functions: list[Named] = []
    table_functions: list[Named] = []
    for found, scope in _walk(sql, node):
        match found.get("type"):
            case "BASE_TABLE":
                tables += _table(sql, found, scope)
            case "TABLE_FUNCTION":
                place = found["query_location"]
                table_functions.append(Named(_called(sql, found["function"]), _line(sql, place)))
            case _ if "function_name" in found and not found.get("in_from"):
                functions.append(Named(_called(sql, found), _line(sql, found["query_location"])))
    return Query(_ordered(tables), _ordered(functions), _ordered(table_functions), _star(node))


def replaced(sql: str, queries: Mapping[str, str]) -> str:
    """The text with some tables replaced by others under the same names. Raises Wrong if one cannot be."""
    pieces, end = [], 0
    for start, stop, text in places(sql, queries):
        pieces += [sql[end:start], text]
        end = stop
    return "".join([*pieces, sql[end:]])


def places(sql: str, queries: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """(start, end, new text) of each table that is replaced, in order."""
    found = []
    for table in read(sql).tables:
        if table.name in queries:
            if table.start is None or table.end is None:
                raise Wrong(table.line, f"write `from {table.name} as name` where it reads {table.name}.")
            # its columns are qualified with its name: an alias keeps that valid
            alias = "" if table.aliased else f" as {table.name}"
            found.append((table.start, table.end, f"{queries[table.name]}{alias}"))
    return sorted(found)


@cache
def allowed() -> frozenset[str]:
    """DuckDB's functions that only compute a value, as reviewed for one version of it."""
    return frozenset(_words("functions"))


def is_reviewed(name: str) -> bool:
    """Whether a function of DuckDB is on one of the two lists."""
    return name in allowed() or any(fnmatchcase(name, pattern) for pattern in _words("not_functions"))


def problems(query: Query, ours: Collection[str]) -> Iterator[tuple[int | None, str]]:
    """(line, sentence) for everything that a file may not contain. ours: functions and table macros of ours."""
    for table in query.qualified:
        yield table.line, f"{table.name} names a schema. Write only the name of a relation."
    for call in query.table_functions:
        if call.name not in ROWS and call.name not in ours:
            yield call.line, (f"{call.name}(…) returns rows that are not a relation of the analysis. Read a relation; "
                              f"write a small table as values (…). Allowed: {', '.join(sorted(ROWS))}.")  # fmt: skip
    for call in query.functions:
        if call.name not in allowed() and call.name not in ours:
            yield call.line, (f"{call.name} is not a function that a file may call: allowed are those whose value "
                              "depends only on their arguments. Use another function of DuckDB.")  # fmt: skip


def _words(name: str) -> list[str]:
    text = (files("clio_sql.sql_text") / "allowed" / f"{name}.txt").read_text("utf-8")
    return [word for line in text.splitlines() if not line.startswith("#") for word in line.split()]


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"enable_external_access": "false"})


def _parsed(sql: str) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """Kind and text of each statement, none if they cannot be parsed, and the tree."""
    with _LOCK:
        con = _connection()
        try:
            kinds = [(statement.type.name, statement.query) for statement in con.extract_statements(sql)]
        except duckdb.Error:
            kinds = []
        try:
            text = con.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()[0][0]
        except duckdb.Error as error:
            return kinds, {"error": True, "error_message": str(error).splitlines()[0]}
    try:
        return kinds, json.loads(text)
    except RecursionError:
        return kinds, {"error": True, "error_message": "it is nested too deeply to be read"}


def _told(kinds: list[tuple[str, str]], message: str) -> str:
    if len(kinds) > 1:
        return f"{len(kinds)} statements; a relation is one select. Split the file."
    kind = kinds[0][0] if kinds else "SELECT"
    if kind == "MULTI":
        return "a pivot without `in (…)` is several statements; a relation is one select. Name its values."
    if kind != "SELECT":
        return f"a statement of another kind ({kind.lower()}); a relation is one select. Write a select."
    return f"{message.rstrip('.!') or 'no statement; a relation is one select'}. Correct the file."


def _first(sql: str, kinds: list[tuple[str, str]] | None = None) -> int:
    """The line where the SQL begins, or its second statement if there are several."""
    begin = max(0, sql.find(kinds[1][1].strip())) if kinds and len(kinds) > 1 else 0
    found = re.compile(r"(?:\s|--.*\n)*").match(sql, begin)
    return sql.count("\n", 0, found.end() if found else begin) + 1


def _walk(sql: str, node: Any) -> Iterator[tuple[dict[str, Any], Scope]]:
    """Every node with the names of the CTEs in scope there. Raises Wrong for an unknown kind."""
    todo: list[tuple[Any, Scope]] = [(node, frozenset())]
    while todo:
        found, scope = todo.pop()
        if isinstance(found, list):
            todo += [(each, scope) for each in found]
        elif isinstance(found, dict):
            _require_known(sql, found)
            scope = _opened(found, scope, todo)
            yield found, scope


def _opened(found: dict[str, Any], scope: Scope, todo: list[tuple[Any, Scope]]) -> Scope:
    """Add the parts of a node to the list, each with its own scope; returns the scope of the node."""
    kind = found.get("type")
    if kind in ("RECURSIVE_CTE_NODE", "TABLE_FUNCTION") or "cte_map" in found:  # whose parts are not all alike
        found = dict(found)
    for cte in (found.pop("cte_map", None) or {}).get("map", ()):  # a CTE sees those before it
        todo.append((cte["value"], scope))
        scope = scope | {cte["key"].lower()}
    if kind == "RECURSIVE_CTE_NODE":  # which sees itself only in its second part
        todo.append((found.pop("right"), scope | {found["cte_name"].lower()}))
    if kind == "TABLE_FUNCTION":
        found["function"] = {**found["function"], "in_from": True}
    todo += [(each, scope) for each in found.values() if isinstance(each, NODES)]
    return scope


def _require_known(sql: str, found: dict[str, Any]) -> None:
    kind = found.get("class") or found.get("type")
    if not isinstance(kind, str) or kind in (CLASSES if "class" in found else TYPES):
        return
    said = SAID.get(kind, f"a part of this kind ({kind.lower().replace('_', ' ')}) is not allowed; a relation is one "
                    "select that only reads. Leave it out.")  # fmt: skip
    line = next((at for part in _within(found) if (at := _line(sql, part.get("query_location")))), None)
    raise Wrong(line or _first(sql), said)


def _table(sql: str, found: dict[str, Any], scope: Scope) -> list[Table]:
    path = [part.lower() for part in found["qualified_name"]["path"]]
    if (path[0] if len(path) == 1 else path[-1] if path[0] == "recurring" and len(path) == 2 else None) in scope:
        return []
    line, start, end = _line(sql, found["query_location"]), None, None
    place = _character(sql, found["query_location"])
    word = NAME.match(sql, place) if place is not None else None
    if word and len(path) == 1 and word[0].strip("\"'").lower() == path[0]:
        start, end = word.span()
    return [Table(".".join(path), line, len(path) > 1, start, end, bool(found["alias"]))]


def _called(sql: str, found: dict[str, Any]) -> str:
    """The name of a function, lower-cased; for `x.f(…)` and `schema.f(…)` it is f."""
    return str(found["qualified_name"]["path"][-1]).lower()


def _star(node: dict[str, Any]) -> bool:
    """True if the columns of the final select depend on its inputs."""
    if node["type"] == "SET_OPERATION_NODE":
        return any(_star(child) for child in node.get("children") or [node["left"], node["right"]])
    return any(found.get("class") == "STAR" for each in node.get("select_list", ()) for found in _within(each))


def _within(node: Any) -> Iterator[dict[str, Any]]:
    """The parts of an expression, without those of a query in it."""
    todo = [node]
    while todo:
        found = todo.pop()
        if isinstance(found, dict) and found.get("class") != "SUBQUERY":
            yield found
            todo += found.values()
        elif isinstance(found, list):
            todo += found


def _character(sql: str, place: Any) -> int | None:
    """The index of a character, from that of a byte; None if DuckDB keeps no position."""
    if place is None or int(place) > 4 * len(sql):
        return None
    return len(sql.encode()[: int(place)].decode(errors="ignore"))


def _line(sql: str, place: Any) -> int | None:
    character = _character(sql, place)
    return None if character is None else sql.count("\n", 0, character) + 1


def _ordered(found: list[Found]) -> tuple[Found, ...]:
    """By line and name."""
    return tuple(sorted(found, key=lambda each: (each.line or 0, each.name)))
