"""Refreshes a relation row by row: new and changed rows are answered in committed parts, vanished ones are removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import duckdb

from clio_sql.analysis.catalog import Incremental, Relation
from clio_sql.builder import paid
from clio_sql.builder.records import Records
from clio_sql.builder.reporting import Reporter
from clio_sql.engine import Engine
from clio_sql.warehouse.database import drop_other_kind, one, scalar, together

CHUNK = 2_048  # rows per committed part if a row takes long: one batch of a function
PART = 122_880  # and if it does not: one row group
FAILED = "('failed', 'truncated', 'malformed', 'over_budget')"  # statuses that the next run tries again


class Changes(NamedTuple):
    """Keys of a relation's input since the last run; those that are answered again for another reason do not count."""

    new: int
    changed: int
    vanished: int


@dataclass
class Inputs:
    """How a refresh reads the input that its work goes by.

    asked_at_once: of how many rows the prompts are collected, so also how many are in memory, before they are asked.
    """

    con: duckdb.DuckDBPyConnection
    asked_at_once = paid.ROWS

    def seen(self, by: Incremental) -> str:
        """The query for key and changed: what the rows of each key are now."""
        return f"""
            select
                {by.key} as key,
                concat(count(*), ' ', sum(md5_number_lower(coalesce({by.changed}, '')))) as changed
            from {by.input} group by all"""

    @contextmanager
    def work(self, by: Incremental) -> Iterator[str]:
        """Within, the relation with the rows of temp.clio_work, and as work_place the place of each.

        The input, often a view, is read once for all parts.
        """
        self.con.execute(f"""
            create or replace temp table clio_part as
            select work.place as work_place, input.*
            from {by.input} as input inner join temp.clio_work as work on work.key = input.{by.key}
            order by work_place""")
        yield "temp.clio_part"
        self.con.execute("drop table temp.clio_part")


class Build(Protocol):
    """What a refresh needs from the build that it is part of; see `clio_sql.builder.core.Builder`."""

    con: duckdb.DuckDBPyConnection
    engine: Engine
    records: Records
    reporter: Reporter
    inputs: Inputs
    there: dict[str, str]

    def is_built(self, relation: Relation, fingerprint: str, complete: bool | None = True) -> bool: ...
    def buy(self, name: str, queries: Sequence[str], total: int | None, whole: int = 0) -> None: ...
    def count(self, name: str) -> int: ...
    def made_by(self, relation: Relation) -> str: ...


class Refresh:
    """One refresh of `relation`, whose work goes `by` the rows of its input.

    again: keys that were answered before and are once more, since the SQL, the code or who answers has changed.
    """

    def __init__(self, build: Build, relation: Relation, by: Incremental, fingerprint: str) -> None:
        self.build, self.relation, self.by, self.fingerprint = build, relation, by, fingerprint
        self.con, self.records, self.reporter = build.con, build.records, build.reporter
        self.key = self.records.key(relation.name)
        self.again = 0

    def run(self) -> Changes:
        """Answer new and changed keys in committed parts, and drop those that vanished."""
        self._note_done()
        if not self.build.is_built(self.relation, self.fingerprint, complete=None):
            self._start_anew()
        if self.build.engine.runtime.retry_failed and "status" in self.relation.columns:
            self._ask_again()
        changes = self._find_work()
        todo = changes.new + changes.changed + self.again
        self.reporter.begin(self.relation.name, todo)
        if todo or changes.vanished:
            with together(self.con):
                self._forget_keys("select key from temp.clio_work union all select key from temp.clio_gone")
        if todo:
            with self.build.inputs.work(self.by) as work:
                self._answer_all(work, todo)
        self._mark(complete=True)
        self.reporter.end(self.build.count(self.relation.name), skipped=not (todo or changes.vanished))
        return changes

    def content(self) -> str:
        """The hash that readers of the relation go by: of its SQL and of the rows it has processed."""
        query = "select bit_xor(md5_number(concat(key, changed))) from clio_state.processed where relation = ?"
        return f"{self.fingerprint} {scalar(self.con, query, [self.key])}"

    def _note_done(self) -> None:
        """temp.clio_done: what the last run had done."""
        self.con.execute(
            "create or replace temp table clio_done as "
            "select key, changed from clio_state.processed where relation = ?",
            [self.key],
        )

    def _start_anew(self) -> None:
        relation, source = self.relation, self.by.input
        drop_other_kind(self.con, relation.name, self.build.there.get(relation.name), relation.kind)
        with together(self.con):
            empty = relation.body({source: f"select * from {source} limit 0"})
            self.con.execute(f"create or replace table {relation.name} as {empty}")
            self.con.execute("delete from clio_state.processed where relation = ?", [self.key])
            self._take_over()
            self._mark(complete=False)

    def _take_over(self) -> None:
        """Start with what another analysis of this warehouse has for our keys, from the same SQL and inputs.

        Only keys that it finished: rows of other keys would never be updated or dropped.
        """
        same = "complete and fingerprint = $value"
        for key, table in self.records.elsewhere(self.relation.name, same, self.fingerprint)[:1]:
            done = f"relation = $1 and key in (select {self.by.key} from {self.by.input})"
            self.con.execute(
                f"insert into {self.relation.name} by name from {table} "
                f"where {self.by.key} in (select key from clio_state.processed where {done})",
                [key],
            )
            self.con.execute(
                f"insert into clio_state.processed select $2, key, changed from clio_state.processed where {done}",
                [key, self.key],
            )

    def _mark(self, complete: bool) -> None:
        made_by = self.build.made_by(self.relation) if self.relation.shared else None
        self.records.mark(self.relation.name, self.fingerprint, complete=complete, made_by=made_by)

    def _find_work(self) -> Changes:
        """temp.clio_work: place, key and changed of the rows to answer; temp.clio_gone: keys that vanished."""
        self.con.execute(f"create or replace temp table clio_now as {self.build.inputs.seen(self.by)}")
        self.con.execute(
            """
            create or replace temp table clio_work as
            select
                row_number() over (order by md5(now.key)) - 1 as place, now.key, now.changed,
                before.key is not null as known, before.changed is not distinct from now.changed as again
            from temp.clio_now as now
            left join clio_state.processed as done on done.relation = ? and done.key = now.key
            left join temp.clio_done as before on before.key = now.key
            where done.changed is distinct from now.changed""",
            [self.key],
        )
        self.con.execute(
            """
            create or replace temp table clio_gone as
            select key from clio_state.processed where relation = ? and key not in (select key from temp.clio_now)""",
            [self.key],
        )
        query = """
            select
                count(*) filter (again), count(*) filter (not known), count(*) filter (known and not again),
                (select count(*) from temp.clio_gone)
            from temp.clio_work"""
        self.again, *changes = one(self.con, query)
        return Changes(*changes)

    def _answer_all(self, work: str, todo: int) -> None:
        """work: the relation with the rows to answer."""
        if self.relation.asks:
            self._buy(work, todo)
        rows = self.by.part or (CHUNK if self.relation.slow else PART)
        for start in range(0, todo, rows):
            self._answer(work, start, min(start + rows, todo))
            self.reporter.advance(min(start + rows, todo) - start)

    def _buy(self, work: str, todo: int) -> None:
        """Buy the answers of all parts beforehand, if they cost money."""
        rows = self.build.inputs.asked_at_once
        parts = [_part(work, start, start + rows) for start in range(0, todo, rows)]
        queries = [self.relation.body({self.by.input: part}) for part in parts]
        whole = scalar(self.con, "select count(*) from temp.clio_now")
        self.build.buy(self.relation.name, queries, todo, whole)
        self.reporter.begin(self.relation.name, todo)

    def _answer(self, work: str, start: int, end: int) -> None:
        with together(self.con):
            rows = self.relation.body({self.by.input: _part(work, start, end)})
            self.con.execute(f"insert into {self.relation.name} {rows}")
            again = ""  # what failed is not done: the next run tries again
            if "status" in self.relation.columns:
                again = f"and key not in (select {self.by.key} from {self.relation.name} where status in {FAILED})"
            self.con.execute(
                "insert into clio_state.processed select ?, key, changed from temp.clio_work "
                f"where place >= ? and place < ? {again}",
                [self.key, start, end],
            )

    def _ask_again(self) -> None:
        """Let refused rows be asked again."""
        refused = f"key in (select {self.by.key} from {self.relation.name} where status = 'refused')"
        self.con.execute(f"delete from clio_state.processed where relation = ? and {refused}", [self.key])
        self.con.execute(f"delete from temp.clio_done where {refused}")

    def _forget_keys(self, keys: str) -> None:
        self.con.execute(f"delete from {self.relation.name} where {self.by.key} in ({keys})")
        self.con.execute(f"delete from clio_state.processed where relation = ? and key in ({keys})", [self.key])


def _part(work: str, start: int, end: int) -> str:
    return f"select * exclude (work_place) from {work} where work_place >= {start} and work_place < {end}"
