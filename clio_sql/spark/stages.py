"""Makes relations on Spark: brings together the rows of each part, and lets workers run the packaged SQL on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from clio_sql.analysis import parts
from clio_sql.analysis.catalog import Relation
from clio_sql.analysis.parts import Share
from clio_sql.engine import Engine
from clio_sql.spark import worker
from clio_sql.spark.lake import Lake
from clio_sql.spark.worker import INPUT, KEY, MODELS, Work
from clio_sql.sql_text.quoting import identifier

ROWS, SLOW_ROWS = 16_384, 2_048  # rows of a run on a worker; of functions that take long
LOOKED_UP = {"clio_cluster", "clio_centroids"}  # functions that read fitted models


@dataclass
class Stages:
    """What Spark makes for one build.

    split: into how many partitions rows are shuffled. memory: of a worker's DuckDB.
    """

    spark: SparkSession
    con: duckdb.DuckDBPyConnection
    engine: Engine
    lake: Lake
    relations: Mapping[str, Relation]
    split: int
    memory: str

    def makes(self, relation: Relation) -> bool:
        """Whether Spark makes it and writes it: not where it is a view that is as cheap to make again."""
        return self._in_parts(relation) and not self._is_inline(relation)

    def _in_parts(self, relation: Relation) -> bool:
        return parts.can_be_split(relation, self.relations)

    def _is_inline(self, relation: Relation) -> bool:
        """A view by conversation: each task that reads it makes it again, which needs no shuffle."""
        return relation.kind == "view" and relation.by == ("conversation_id",) and self._in_parts(relation)

    def write(self, relation: Relation, place: Path) -> None:
        """Make a relation, and write it to its place in the lake."""
        made = self.made(relation)
        self.put(made.distinct() if relation.repeats else made, place, self._types_of(relation))

    def put(self, rows: DataFrame, place: Path, types: Mapping[str, str]) -> None:
        """Write rows to a place in the lake, whole or not at all. types: column -> DuckDB's type."""
        rows.write.mode("overwrite").parquet(f"file://{place}")
        self.lake.finish(place, types)

    def made(self, relation: Relation) -> DataFrame:
        """A relation, made of the rows of its inputs part by part."""
        steps, shares = self._plan(relation)
        growing = [share for share in shares.values() if share.how != "whole"]
        whole = [name for name, share in shares.items() if share.how == "whole"]
        return self.run(
            relation.name,
            [(step.name, step.sql) for step in steps],
            {share.name: self._keyed(share, relation.by) for share in growing},
            {share.name: self._types(share.name) for share in growing},
            once={share.name: self._grain(share.name) for share in growing if share.how == "following"},
            whole=self._whole(whole, models=any(step.functions & LOOKED_UP for step in steps)),
            rows=SLOW_ROWS if any(step.slow for step in steps) else ROWS,
        )

    def run(
        self,
        name: str,
        steps: Sequence[tuple[str, str]],
        inputs: Mapping[str, DataFrame],
        types: Mapping[str, Mapping[str, str]],
        output: str | None = None,
        once: Mapping[str, tuple[str, ...]] | None = None,
        whole: Mapping[str, bytes] | None = None,
        rows: int = ROWS,
        shuffled: bool = True,
    ) -> DataFrame:
        """The answer to `output`, by default the last step, on workers. inputs: rows with their `KEY`.

        types: of their columns. once and whole: as a `Work` and its worker take them. shuffled: bring equal keys
        together; else each row may be alone.
        """
        packed = _packed(inputs, types)
        if shuffled:
            packed = packed.repartition(self.split, KEY).sortWithinPartitions(KEY)
        runtime = {**asdict(self.engine.runtime), "precision": self.engine.precision or "auto", "pay": False}
        answer = output or f"from {identifier(steps[-1][0])}"
        work = Work(name, tuple(steps), types, once or {}, answer, rows, runtime, self.memory)
        given = dict(whole or {})
        schema = worker.schema(work, given, to_arrow_schema(packed.schema))
        work = replace(work, output=_fit_for_spark(work.output, schema))
        schema = worker.schema(work, given, to_arrow_schema(packed.schema))
        return packed.mapInArrow(_body(work, self.spark, given), from_arrow_schema(schema, prefer_timestamp_ntz=True))

    def _plan(self, relation: Relation) -> tuple[list[Relation], dict[str, Share]]:
        """The steps that a part runs, in order, the relation last, and the inputs that none of them makes."""
        steps: list[Relation] = []
        inputs: dict[str, Share] = {}

        def visit(each: Relation) -> None:
            for share in parts.shares(each, self.relations):
                other = self.relations.get(share.name)
                if other and share.how == "split" and other.by == relation.by and self._is_inline(other):
                    if other not in steps:
                        visit(other)
                else:
                    inputs.setdefault(share.name, share)
            steps.append(each)

        visit(relation)
        return steps, inputs

    def _keyed(self, share: Share, key: Sequence[str]) -> DataFrame:
        """The rows of an input with the key of the part that each goes to."""
        rows, hashed = self.frame(share.name), f.xxhash64(*key).alias(KEY)
        if share.how == "split":
            return rows.select("*", hashed)
        return rows.join(self.frame(share.after).select(*share.on, hashed).distinct(), list(share.on))

    def frame(self, name: str) -> DataFrame:
        """A relation, or `source`, as rows of Spark."""
        relation = self.relations.get(name)
        if relation is not None and self._is_inline(relation):
            return self.made(relation)
        made = name == "source" or (relation is not None and self.makes(relation))
        place = self.lake.shown(name) if made else self.lake.export(name, self._content(name))
        return self.spark.read.parquet(f"file://{place}")

    def _grain(self, name: str) -> tuple[str, ...]:
        return parts.grain(self.relations[name]) if name in self.relations else ("conversation_id",)

    def _content(self, name: str) -> str:
        query = f"select count(*), sum(md5_number_lower(cast(rows as varchar))) from {identifier(name)} as rows"
        return str(self.con.execute(query).fetchall())

    def _types(self, name: str) -> dict[str, str]:
        rows = self.con.execute(f"select column_name, column_type from (describe {identifier(name)})").fetchall()
        return {column: str(type_) for column, type_ in rows}

    def _types_of(self, relation: Relation) -> dict[str, str]:
        """Of a relation that the warehouse has not yet: found by binding its SQL."""
        rows = self.con.execute(f"select column_name, column_type from (describe {relation.sql}\n)").fetchall()
        return {column: str(type_) for column, type_ in rows}

    def _whole(self, names: Sequence[str], models: bool) -> dict[str, bytes]:
        """Small inputs as Arrow streams, and the fitted models where they are looked up."""
        queries = {name: f"from {identifier(name)}" for name in names}
        if models:
            queries[MODELS] = f"from {MODELS} where model in (select model from cluster_models)"
        return {name: _stream(self.con.sql(query).to_arrow_table()) for name, query in queries.items()}


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _body(
    work: Work, spark: SparkSession, whole: Mapping[str, bytes]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function for mapInArrow: its code is that of the package on the worker, its data are sent."""
    sent: Any = spark.sparkContext.broadcast(dict(whole))

    def body(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from clio_sql.spark import worker

        return worker.made(work, sent.value, batches)

    return body


def _packed(inputs: Mapping[str, DataFrame], types: Mapping[str, Mapping[str, str]]) -> DataFrame:
    """All inputs as one: rows with their key, the name of the input, and a struct for each input."""
    frames = [
        rows.select(
            KEY,
            f.lit(name).alias(INPUT),
            f.struct(*[f.col(f"`{column}`") for column in types[name]]).alias(f"of_{name}"),
        )
        for name, rows in inputs.items()
    ]
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), frames)


def _fit_for_spark(query: str, schema: pa.Schema) -> str:
    """The query with lists of a fixed size as lists: Spark has no such type."""
    fixed = [field.name for field in schema if pa.types.is_fixed_size_list(field.type)]
    if not fixed:
        return query
    casts = ", ".join(f"{identifier(name)}::float[] as {identifier(name)}" for name in fixed)
    return f"select * replace ({casts}) from ({query})"
