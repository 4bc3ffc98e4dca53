"""Reads a table of Spark into `source`: the SQL that reads a file of that shape, in three steps on workers.

A row becomes a conversation by itself. Then rows with one id lie together, which says whose they are. Then those of one
user do, which says which of them are one conversation; rows without a user go by their first request.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import to_arrow_schema

from clio_sql.builder import Changes
from clio_sql.errors import InputError
from clio_sql.sources import Source, adapters, reader
from clio_sql.sources.inputs import Input
from clio_sql.spark.stages import Stages
from clio_sql.spark.worker import KEY
from clio_sql.warehouse import host, state

LAST = "last_source"  # as it was read for the last build that was published
ADAPTED = {name: type_ for name, type_ in host.COLUMNS["source"].items() if name not in ("parts", "names_nobody")}
FOUND = {"position": "bigint", **ADAPTED, "needs_id": "boolean"}
# As `users`: the user and the conversation of a row, and by what it is brought together with others
USERS = {
    "row_conversation_id": "varchar", "row_user_id": "varchar", "row_created_at": "timestamp", "spelled": "varchar",
    "names_nobody": "boolean", "is_repeated": "boolean", "together": "varchar",
}  # fmt: skip
# A position that depends on the row alone: Spark knows none in a file. Which of equal rows comes first does not matter.
GIVEN = """
    select (md5_number_lower(concat(digest, '-', ordinal)) >> 1)::bigint as position, * exclude (digest, ordinal)
    from (
        select
            *, md5(concat_ws(chr(31), conversation_id, user_id, created_at, messages, metadata)) as digest,
            row_number() over (partition by digest) as ordinal
        from adapted
    )"""
FIRST_REQUEST = """md5(coalesce(list_filter(
    given.messages, lambda message: message.role is distinct from 'system' and trim(message.content) <> ''
)[1].content, ''))"""
NAMED = f"""
    select
        given.*, users.conversation_id as row_conversation_id, users.user_id as row_user_id,
        users.created_at as row_created_at, users.spelled, users.names_nobody, users.is_repeated,
        coalesce('user ' || users.user_id, min({FIRST_REQUEST}) over (partition by users.conversation_id)) as together
    from given inner join users using (position)"""


def read(
    stages: Stages,
    rows: DataFrame,
    where: str,
    *,
    format: str | None,
    columns: Mapping[str, str],
    breakdowns: Sequence[str],
    measures: Sequence[str],
    since: str | None,
    until: str | None,
) -> tuple[Source, Changes]:
    """Write `source` to the lake, and describe it as `sources.read` does. where: the table's name in errors.

    Changes: of the conversations since the last build that was published.
    """
    given = _input(rows, where)
    chosen = reader.choose(given, columns, format)
    if not chosen.row_is_a_conversation:
        raise InputError(
            f"{where}: read as {chosen.name}, a row is {chosen.a_row_is}. On Spark each row must be a conversation: "
            "write a table with a list of messages first, such as with collect_list over struct(time, role, content)."
        )
    bounds = reader.bounds(given, chosen, columns, reader.moment("since", since), reader.moment("until", until))
    merged = _merged(stages, _named(stages, _adapted(stages, rows, given, chosen, columns, bounds), chosen))
    before = stages.lake.shown(LAST)
    now = _written(stages, merged)
    changes = Changes(0, 0, 0) if before in (None, now) else _changes(stages, before, now)
    return _described(stages, given, chosen, breakdowns, measures), changes


def forget(stages: Stages) -> None:
    """Take the conversations of forgotten users out of `source`."""
    kept = f"select * from read where not {state.is_forgotten('user_id', '')}"
    types = host.COLUMNS["source"]
    keyed = stages.frame("source").withColumn(KEY, f.monotonically_increasing_id())
    steps, inputs = [("kept", kept)], {"read": keyed}
    _written(stages, stages.run("source", steps, inputs, {"read": types}, whole=_noted(stages), shuffled=False))


def _written(stages: Stages, rows: DataFrame) -> Path:
    """Let the warehouse read these rows as `source`. Returns where they lie."""
    place = stages.lake.folder / "source" / "reading"
    stages.lake.begin(place)
    stages.put(rows, place, host.COLUMNS["source"])
    kept = stages.lake.place("source", _content(stages, place))
    shutil.rmtree(kept, ignore_errors=True)
    place.rename(kept)
    stages.lake.show("source", kept)
    return kept


def _noted(stages: Stages) -> dict[str, bytes]:
    """Who was forgotten, as a hash of their ids, and its salt: sent to workers as data, so that no log has it."""
    return {name: stages.sent(f"from {state.SCHEMA}.{name}") for name in ("forgotten", "salt")}


def _input(rows: DataFrame, where: str) -> Input:
    empty = to_arrow_schema(rows.schema).empty_table()
    with duckdb.connect() as con:
        con.register("given", empty)
        types = con.execute("select column_name, column_type from (describe from given)").fetchall()
    return Input(where, "rows_in", {name: str(type_) for name, type_ in types})


def _adapted(
    stages: Stages, rows: DataFrame, given: Input, chosen: adapters.Adapter, columns: Mapping[str, str], bounds: str
) -> DataFrame:
    raw = adapters.raw(given, chosen, columns, bounds)
    adapted = (
        f"with raw as ({raw}) select {', '.join(f'{name}::{type_} as {name}' for name, type_ in ADAPTED.items())} "
        f"from (\n{chosen.sql}\n) where {bounds or 'true'}"
    )
    keyed = rows.withColumn(KEY, f.monotonically_increasing_id())
    return stages.run("source", [("adapted", adapted)], {"rows_in": keyed}, {"rows_in": given.types}, shuffled=False)


def _named(stages: Stages, adapted: DataFrame, chosen: adapters.Adapter) -> DataFrame:
    keyed = adapted.withColumn(KEY, f.xxhash64("conversation_id"))
    forgotten = " or ".join(state.is_forgotten(spelling, "") for spelling in ("user_id", "spelled"))
    steps = [
        ("given", f"select *, {chosen.needs_id} as needs_id from ({GIVEN})"),
        ("users", adapters.steps(forgotten)["users"]),
        ("named", NAMED),
    ]
    return stages.run("source", steps, {"adapted": keyed}, {"adapted": ADAPTED}, whole=_noted(stages))


def _merged(stages: Stages, named: DataFrame) -> DataFrame:
    keyed = named.withColumn(KEY, f.xxhash64("together"))
    taken = ", ".join(FOUND)
    users = (
        "select position, row_conversation_id as conversation_id, row_user_id as user_id, "
        "row_created_at as created_at, spelled, names_nobody, is_repeated from named"
    )
    rest = [(name, sql) for name, sql in adapters.steps().items() if name != "users"]
    steps = [("given", f"select {taken} from named"), ("users", users), *rest]
    listed = ", ".join(f"{name}::{type_} as {name}" for name, type_ in host.COLUMNS["source"].items())
    return stages.run("source", steps, {"named": keyed}, {"named": {**FOUND, **USERS}}, f"select {listed} from merged")


def _hashed(stages: Stages, place: Path) -> DataFrame:
    """conversation_id and hash of each row there."""
    rows = stages.spark.read.parquet(f"file://{place}")
    maps = ("metadata", "numbers")
    columns = [f.to_json(f.sort_array(f.map_entries(name))) if name in maps else f.col(name) for name in rows.columns]
    return rows.select("conversation_id", f.xxhash64(*columns).alias("hash"))


def _content(stages: Stages, place: Path) -> str:
    """A hash of the rows, in any order."""
    return str(tuple(_hashed(stages, place).agg(f.count("*"), _total()).collect()[0]))


def _total() -> Column:
    return f.sum(f.col("hash").cast("decimal(38, 0)"))


def _changes(stages: Stages, before: Path, now: Path) -> Changes:
    """How many conversations came, changed and went."""
    old, new = (
        _hashed(stages, place).where("conversation_id is not null").groupBy("conversation_id").agg(_total().alias(name))
        for place, name in ((before, "was"), (now, "now"))
    )
    both = old.join(new, "conversation_id", "full_outer")
    count = [f.count(f.when(f.expr(condition), 1)) for condition in ("was is null", "was <> now", "now is null")]
    return Changes(*both.agg(*count).collect()[0])


def _without_texts(stages: Stages) -> str:
    """`source` for whoever only counts, in which messages say no more than who wrote and whether there is a text."""
    told = "lambda message: struct_pack(role := message.role, content := if(message.content = '', '', 'text'))"
    steps = [("told", f"select * replace (list_distinct(list_transform(messages, {told})) as messages) from read")]
    keyed, types = stages.frame("source").withColumn(KEY, f.monotonically_increasing_id()), host.COLUMNS["source"]
    place = stages.lake.folder / "source" / "counting"
    stages.lake.begin(place)
    stages.put(stages.run("source", steps, {"read": keyed}, {"read": types}, shuffled=False), place, types)
    return f"({stages.lake.reading(place)})"


def _described(
    stages: Stages,
    given: Input,
    chosen: adapters.Adapter,
    breakdowns: Sequence[str],
    measures: Sequence[str],
) -> Source:
    asked = tuple(breakdowns), tuple(measures)

    def without_text() -> str:
        return f"read as {chosen.name}, none of its conversations has a message with text. Map the right column"

    found, metadata = reader.counted(stages.con, _without_texts(stages), given.where, asked, without_text)
    return Source(
        chosen.name, found["rows"], "user", *asked, metadata, tuple(given.types),
        untimed=found["untimed"],
        conversations=found["conversations"],
        users=found["users"],
        merged=found["rows"] - found["conversations"],
        silent=found["conversations"] - found["texts"],
        nameless=found["nameless"],
        first=found["first"],
        last=found["last"],
    )  # fmt: skip
