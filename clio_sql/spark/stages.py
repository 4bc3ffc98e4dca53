"""Makes relations on Spark: brings together the rows of each part, and lets workers run the packaged SQL on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from clio_sql.analysis import parts
from clio_sql.analysis.catalog import Incremental, Relation
from clio_sql.analysis.parts import Share
from clio_sql.engine import Engine
from clio_sql.spark import worker
from clio_sql.spark.lake import KEYS, Lake
from clio_sql.spark.worker import INPUT, KEY, MODELS, Work
from clio_sql.sql_text.quoting import identifier
from clio_sql.warehouse.database import scalar

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

    def reaches(self, name: str) -> bool:
        """Whether workers have the rows of a relation, so that the driver need not read all of them."""
        relation = self.relations.get(name)
        return relation is not None and self._in_parts(relation)

    def _in_parts(self, relation: Relation) -> bool:
        """Not where a provider is asked that costs money: the driver has its key, its budget and what it answered."""
        is_paid = relation.asks and self.engine.paid is not None
        return parts.can_be_split(relation, self.relations) and not is_paid

    def _is_inline(self, relation: Relation) -> bool:
        """A view by conversation: each task that reads it makes it again, which needs no shuffle."""
        return relation.kind == "view" and relation.by == ("conversation_id",) and self._in_parts(relation)

    def write(self, relation: Relation, place: Path, made_from: str) -> Path:
        """Make a relation, and write it to its place in the lake. Returns where it lies.

        made_from: its SQL, and the inputs that each row sees. One that works row by row takes over what the version
        before has, from the same, of rows that have not changed; where none has, it is that version.
        """
        self.lake.begin(place)
        by = relation.incremental
        if by is None:
            made = self.made(relation)
            self.put(made.distinct() if relation.repeats else made, place, self._types_of(relation))
            return place
        self._seen(by).write.parquet(f"file://{place / KEYS}")
        seen, before = self.read(place / KEYS), self.lake.shown(relation.name)
        if before is None or self.lake.made_from(before) != made_from:
            rows = self.made(relation)
        else:
            done = self.read(before / KEYS)
            todo = seen.join(done, ["key", "changed"], "left_anti")
            if todo.isEmpty() and seen.count() == done.count():
                self.lake.begin(place)
                return before
            same = seen.join(done, ["key", "changed"], "left_semi").select(f.col("key").alias(by.key))
            kept = self.read(before).join(same, by.key, "left_semi")
            rows = kept.unionByName(self.made(relation, todo.select(f.col("key").alias(by.key))))
        self.put(rows, place, self._types_of(relation), made_from)
        return place

    def put(self, rows: DataFrame, place: Path, types: Mapping[str, str], made_from: str = "") -> None:
        """Write rows to a place in the lake that was begun, whole or not at all. types: column -> DuckDB's type."""
        rows.write.mode("append").parquet(f"file://{place}")
        self.lake.finish(place, types, made_from)

    def narrow(self, name: str, kept: DataFrame) -> None:
        """Take out of what the warehouse reads under that name the conversations and segments not in `kept`."""
        before = self.lake.shown(name)
        if before is None or "conversation_id" not in self.lake.types(before):
            return
        place = self.lake.place(name, f"{before} {self.lake.shown('source')}")
        self.lake.begin(place)
        rows, ids = self.read(before), kept.select("conversation_id")
        whole = f.regexp_replace("conversation_id", "#[0-9]+$", "").alias(KEY)
        others = rows.join(ids, "conversation_id", "left_anti").select("*", whole)
        segments = others.join(ids.select(f.col("conversation_id").alias(KEY)), KEY, "left_semi").drop(KEY)
        there = rows.join(ids, "conversation_id", "left_semi").unionByName(segments)
        self.put(there, place, self.lake.types(before))
        self.lake.show(name, place)

    def seen(self, by: Incremental, place: Path) -> None:
        """Write to a place in the lake key and changed: what the rows of each key are now."""
        self.lake.begin(place)
        self.put(self._seen(by), place, {"key": "varchar", "changed": "varchar"})

    def asked(self, by: Incremental, work: str, rows: int, place: Path) -> None:
        """Write to a place in the lake rows of an input, and as work_place the place of each.

        work: a table of the warehouse with key and place. rows: about how many lie in one file.
        """
        self.lake.begin(place)
        keys = self.read(self.lake.copied(f"select key, place from {work}", place / KEYS))
        places = keys.select(f.col("key").alias(by.key), f.col("place").alias("work_place"))
        found = self.frame(by.input).join(places, by.key)
        count = int(scalar(self.con, f"select count(*) from {work}"))
        files = found.repartition(1 + count // rows, (f.col("work_place") / rows).cast("int"))
        types = {**self._types(by.input), "work_place": "bigint"}
        self.put(files.sortWithinPartitions("work_place"), place, types)

    def _seen(self, by: Incremental) -> DataFrame:
        """key and changed: what the rows of each key are now, in few bytes."""
        hashed = f.xxhash64(f.coalesce(f.col(by.changed), f.lit(""))).cast("decimal(38, 0)")
        changed = f.concat_ws(" ", f.count("*"), f.sum(hashed))
        return self.frame(by.input).groupBy(f.col(by.key).alias("key")).agg(changed.alias("changed"))

    def made(self, relation: Relation, todo: DataFrame | None = None) -> DataFrame:
        """A relation, made of the rows of its inputs part by part. todo: keys; only what is made of their rows."""
        steps, shares = self._plan(relation)
        growing = [share for share in shares.values() if share.how != "whole"]
        whole = [name for name, share in shares.items() if share.how == "whole"]
        inputs = {share.name: self._keyed(share, relation.by) for share in growing}
        if todo is not None:
            inputs = _narrowed(relation, inputs, todo)
        made = self.run(
            relation.name,
            [(step.name, step.sql) for step in steps],
            inputs,
            {share.name: self._types(share.name) for share in growing},
            once={share.name: self._grain(share.name) for share in growing if share.how == "following"},
            whole=self._whole(whole, models=any(step.functions & LOOKED_UP for step in steps)),
            rows=SLOW_ROWS if any(step.slow for step in steps) else ROWS,
        )
        return made if todo is None else made.join(todo, todo.columns, "left_semi")

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
        runtime = {**asdict(self.engine.runtime), "provider": "local", "base_url": None, "pay": False}
        runtime["precision"] = self.engine.precision or "auto"
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
        rows, hashed = self.frame(share.name), _hashed(key)
        if share.how == "split":
            return rows.select("*", hashed)
        return rows.join(self.frame(share.after).select(*share.on, hashed).distinct(), list(share.on))

    def frame(self, name: str) -> DataFrame:
        """A relation, or `source`, as rows of Spark."""
        relation = self.relations.get(name)
        if relation is not None and self._is_inline(relation):
            return self.made(relation)
        made = relation is None or self.makes(relation)
        return self.read((self.lake.shown(name) if made else None) or self.lake.export(name, self._content(name)))

    def read(self, place: Path) -> DataFrame:
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
        return {name: self.sent(query) for name, query in queries.items()}

    def sent(self, query: str) -> bytes:
        """The rows of a query as an Arrow stream, which workers are sent as data."""
        return _stream(self.con.sql(query).to_arrow_table())


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


def _hashed(key: Sequence[str]) -> Column:
    """The `KEY` of a row: the same for all segments of a conversation."""
    whole = f.regexp_replace("conversation_id", parts.SEGMENT, "")
    return f.xxhash64(*[whole if name == "conversation_id" else f.col(name) for name in key]).alias(KEY)


def _narrowed(relation: Relation, inputs: Mapping[str, DataFrame], todo: DataFrame) -> dict[str, DataFrame]:
    """The rows of the parts that these keys lie in; of the input that the work goes by, only rows of these keys."""
    by = relation.incremental
    assert by is not None
    if by.input in inputs:
        exact = {by.input: inputs[by.input].join(todo, by.key, "left_semi")}
        touched = exact[by.input].select(KEY).distinct()
    elif relation.by == (by.key,):
        exact, touched = {}, todo.select(_hashed(relation.by)).distinct()
    else:
        return dict(inputs)
    return {name: exact.get(name, rows.join(touched, KEY, "left_semi")) for name, rows in inputs.items()}


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
    """The query without what Spark has no type for: lists of a fixed size as lists, unsigned numbers as decimals."""
    fit = {field.name: type_ for field in schema if (type_ := _type_of_spark(field.type))}
    if not fit:
        return query
    casts = ", ".join(f"{identifier(name)}::{type_} as {identifier(name)}" for name, type_ in fit.items())
    return f"select * replace ({casts}) from ({query})"


def _type_of_spark(type_: pa.DataType) -> str | None:
    if pa.types.is_fixed_size_list(type_):
        return "float[]"
    if pa.types.is_list(type_) and (of := _type_of_spark(type_.value_type)):
        return f"{of}[]"
    return "decimal(20, 0)" if pa.types.is_uint64(type_) else None
