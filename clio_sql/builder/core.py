"""One build: every relation in order, each only if its SQL or the rows it reads have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial

import duckdb
import numpy as np

from clio_sql.analysis import catalog, contracts
from clio_sql.analysis.catalog import Relation
from clio_sql.builder import paid
from clio_sql.builder.incremental import Changes, Inputs, Refresh
from clio_sql.builder.records import Records, code
from clio_sql.builder.reporting import Quiet, Reporter
from clio_sql.engine import Engine
from clio_sql.providers import PaidProvider
from clio_sql.register import engine_of, macro_text, register
from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.vectors.embedding import MEMORY
from clio_sql.warehouse import host
from clio_sql.warehouse.database import drop_other_kind, inside, kinds, scalar, together
from clio_sql.warehouse.places import SCHEMA


@dataclass
class Builder:
    """One build of `relations`, in that order, in `schema` of the database behind `con`.

    refit: fit the clusters again even if no rule asks for it. changes: relation -> what an incremental one did.
    again: relation -> how many rows it answered once more, see `Refresh`.
    made: the tables that were rebuilt. there: name -> 'view' or 'table', of what was there when it began.

    A table counts as changed when its rows differ, not when it was rebuilt: relations that read it are then left
    as they are. That is why one more conversation does not name, lay out and audit everything again.
    """

    con: duckdb.DuckDBPyConnection
    relations: Sequence[Relation]
    schema: str = SCHEMA
    reporter: Reporter = field(default_factory=Quiet)
    refit: bool = False
    changes: dict[str, Changes] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    there: dict[str, str] = field(default_factory=dict)
    _fingerprints: dict[str, str] = field(default_factory=dict)
    _recorded: dict[str, str] = field(default_factory=dict)  # texts that may go into a call, as they were recorded

    def __post_init__(self) -> None:
        self.engine = ready(self.con)
        self.inputs = Inputs(self.con)
        self.records = Records(self.con, self.schema)
        self._constant = set(catalog.host_tables()) - {"source"}  # what is the same whatever the input holds
        for relation in self.relations:
            if self._constant.issuperset(relation.inputs):
                self._constant.add(relation.name)

    def all(self) -> None:
        """Build every relation in order. Whatever already exists from the same SQL and inputs is left as it is."""
        with inside(self.con, self.schema), self.engine.building():
            self.there = kinds(self.con)
            host.create(self.con, "text_vectors")  # a facet is tried in a schema without a last build
            for name in catalog.host_tables():
                self._fingerprints[name] = self._content(name)
            packaged = {relation.name: relation.code for relation in catalog.load()}
            # our tables of vectors, all of this model
            kept = f"{identifier(self.schema)}.text_vectors"
            own = [f"(from {kept} where made_by = {literal(self.engine.vectors)})"]
            try:
                for relation in self.relations:
                    # a replaced file may hold vectors of another model, or of other texts
                    shares = relation.shared is not None and relation.code == packaged.get(relation.name)
                    if shares:  # what another analysis embedded is not embedded again …
                        others = self.records.elsewhere(relation.name, "made_by = $value", self.made_by(relation))
                        self.engine.embedder.stored = partial(self._vectors, [*own, *(table for _, table in others)])
                    self._fingerprints[relation.name] = self._build(relation, self._fingerprint(relation))
                    if shares:  # … nor is what we embedded ourselves, when clusters are named
                        own.append(f"{identifier(self.schema)}.{identifier(relation.name)}")
                        self.engine.embedder.stored = partial(self._vectors, own)
            finally:
                self.engine.embedder.stored = None
            names = [relation.name for relation in self.relations]
            self.con.execute("delete from text_vectors where not list_contains(?, relation)", [names])

    def _build(self, relation: Relation, fingerprint: str) -> str:
        """Build one relation. Returns the hash its readers go by: of its rows, or of everything it is built from."""
        if relation.incremental is not None:
            refresh = Refresh(self, relation, relation.incremental, fingerprint)
            self.changes[relation.name] = refresh.run()
            self.again[relation.name] = refresh.again
            # the same SQL can get different answers: failed or refused calls are tried again
            return refresh.content() + (f" {self._content(relation.name)}" if relation.asks else "")
        self.reporter.begin(relation.name, None)
        again = relation.asks and self.engine.runtime.retry_failed
        if self.is_built(relation, fingerprint) and not again:
            if relation.kind == "view" and relation.name in self._constant:
                # whoever wrote the file could know the fingerprint, and have replaced the SQL
                self.con.execute(f"create or replace view {relation.name} as {relation.sql}")
            self.reporter.end(-1, skipped=True)
            return self.records.marked_content(relation.name) or fingerprint
        drop_other_kind(self.con, relation.name, self.there.get(relation.name), relation.kind)
        if relation.kind == "view":
            self._create_view(relation, fingerprint)
            return fingerprint
        content = self._create_table(relation, fingerprint)
        self.made.add(relation.name)
        self.reporter.end(self.count(relation.name), skipped=False)
        return content

    def is_built(self, relation: Relation, fingerprint: str, complete: bool | None = True) -> bool:
        """True if it exists, with its kind, from exactly that fingerprint. complete: None accepts a partial one too."""
        same_kind = self.there.get(relation.name) == relation.kind
        return same_kind and self.records.is_built(relation, fingerprint, complete)

    def _create_view(self, relation: Relation, fingerprint: str) -> None:
        # a contract asks for tables that may be missing, which would abort a transaction
        with nullcontext() if relation.name in contracts.CONTRACTS else together(self.con):
            self.con.execute(f"create or replace view {relation.name} as {relation.sql}")
            contracts.check(self.con, relation.name, self.engine.paid is not None)
            self.records.mark(relation.name, fingerprint)
        self.reporter.end(-1, skipped=False)

    def _create_table(self, relation: Relation, fingerprint: str) -> str:
        """Write the table and its record, both or neither. Returns the hash of its rows."""
        # The hierarchy's prompts depend on its own answers, so there each batch of calls is sent separately.
        if relation.asks and not relation.recursive:
            self.buy(relation.name, [relation.sql], None)
        failed = paid.failures(self.engine)
        with together(self.con), self.engine.embedder.noted() as texts:
            self.con.execute(f"create or replace table {relation.name} as {relation.sql}")
            self._keep_vectors(relation.name, list(texts))
            content = self.records.content(relation.name)
            self.records.mark(relation.name, fingerprint, content, complete=paid.failures(self.engine) == failed)
        return content

    def _keep_vectors(self, name: str, texts: list[str]) -> None:
        """Keep the vectors of the texts that a relation compared, in the place of those of its last build.

        None of a relation that embeds more texts than are remembered: it should be an incremental one.
        """
        self.con.execute("delete from text_vectors where relation = ?", [name])
        if 0 < len(texts) < MEMORY:
            self.con.execute(
                "insert into text_vectors "
                "select ?, md5(text), ?, clio_embed(text) from (select unnest(?::varchar[]) as text)",
                [name, self.engine.vectors, texts],
            )

    def buy(self, name: str, queries: Sequence[str], total: int | None, whole: int = 0) -> None:
        """Buy the answers of a step, if answers cost money. total: how many, as far as known.

        whole: calls of the step including those of earlier runs; a run that only retries failed calls has not
        failed as a whole.
        """
        provider = self.engine.paid
        if provider is None or not self.engine.runtime.pay:
            return
        self._record_inputs(provider)
        ratio = self.con.execute("select max_error_ratio from settings").fetchone()
        self.reporter.begin(f"{name}: calls", total)
        paid.fill(self.con, self.engine, provider, queries, ratio[0] if ratio else None, self.reporter.advance, whole)
        self.reporter.end(-1, skipped=False)

    def _record_inputs(self, provider: PaidProvider) -> None:
        """As `paid.record_inputs`, of texts that are not recorded as they are now."""
        now = {name: self._fingerprints.get(name, "") for name in paid.TEXTS}
        paid.record_inputs(self.con, provider, [name for name in now if self._recorded.get(name) != now[name]])
        self._recorded = now

    def _fingerprint(self, relation: Relation) -> str:
        """A hash of the SQL and its macros, of who answers, and of all inputs but the one processed row by row."""
        parts = [relation.kind, relation.code]
        parts += [macro_text(macro) for macro in relation.macros]  # such as the gate
        if relation.calls_model:
            parts.append(f"{self.engine.runtime.answers()} {self.engine.vectors} {code(relation.functions)}")
        for name in relation.inputs:
            if relation.incremental is None or name != relation.incremental.input:
                parts.append(f"{name} {self._fingerprints[name]}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _content(self, name: str) -> str:
        """A hash of a table's content. The last build, who builds and noise do not matter.

        But a requested refit counts as a new one after each published build.
        """
        if name == "build_info":
            return f"refit {self.records.content('last_cluster_models')}" if self.refit else ""
        if name == "secret" and name not in self.there:  # a plan has no gate
            return ""
        if name.startswith(host.LAST) or name in ("used_ids", "text_vectors", "noise", "noise_budget"):
            return ""
        return self.records.content(name)

    def made_by(self, relation: Relation) -> str:
        """A hash of everything that decides a vector except its text: SQL, code and embedding model."""
        made = f"{relation.code} {code(relation.functions)} {self.engine.vectors}"
        return hashlib.sha256(made.encode()).hexdigest()

    def _vectors(self, tables: list[str], hashes: list[str]) -> dict[str, np.ndarray]:
        """md5 of a text -> its vector, for texts that are in one of `tables`."""
        found: dict[str, np.ndarray] = {}
        with self.engine.cursor() as cursor:
            for table in tables:
                rows = cursor.execute(
                    f"select value_hash, any_value(embedding) from {table} "
                    "where value_hash in (select unnest(?)) group by value_hash",
                    [hashes],
                ).fetchall()
                found = {text: np.asarray(vector, dtype=np.float32) for text, vector in rows} | found
        return found

    def count(self, name: str) -> int:
        """Number of rows of a relation."""
        return int(scalar(self.con, f"select count(*) from {name}"))


def ready(con: duckdb.DuckDBPyConnection) -> Engine:
    """The engine of `con`, registered if it is not yet."""
    if engine_of(con) is None:
        register(con)
    engine = engine_of(con)
    assert engine is not None
    return engine
