"""Measures a run by known labels: how pure its clusters are, and whether their names alone lead back to the labels."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from clio_sql.errors import InputError, StateError
from clio_sql.errors.explained import explained
from clio_sql.errors.quotable import names, quoted
from clio_sql.register import connect
from clio_sql.run.scores import Counts, Figure, figures
from clio_sql.sources.adapters import USUAL
from clio_sql.sources.inputs import Input, Reading, Stumbled, opened
from clio_sql.sql_text.quoting import identifier
from clio_sql.warehouse import places, private
from clio_sql.warehouse.database import one, scalar
from clio_sql.warehouse.state import whole

NEEDED = ("memberships", "suppressed", "hierarchy", "facet_values")  # relations of a run that was finished
STEPS = ("judged", "nearest_labels", "holders", "name_pairs")  # files of sql/evaluation, in order
MOST_LABELS = 1_000
USERS = "select count(distinct drawn) from judged where facet = ? and starts_with(drawn, 'user ')"
FOUND = """
    with placed as (
        select conversation_id from memberships where level = 0 union select conversation_id from suppressed
    )
    select count(*), count(distinct label), count(placed.conversation_id)
    from labels left join placed using (conversation_id)"""


class Evaluation(NamedTuple):
    """What was measured of one facet. elsewhere: labelled conversations that OUT does not have."""

    facet: str
    label: str
    conversations: int
    users: int
    topics: int
    base_clusters: int
    published: int
    elsewhere: int
    replicates: int
    seed: int
    figures: list[Figure]


def evaluate(
    input: str,
    out: Path,
    label: str,
    *,
    id_column: str | None = None,
    replicates: int = 500,
    seed: int = 0,
    **runtime: Any,
) -> list[Evaluation]:
    """Compare what a run left in `out` with the column `label` of `input`, for each clustered facet. Writes nothing.

    Rows are matched by conversation id; rows without a label, and conversations whose rows have several, are left out.
    A column `language` gives the languages, else the facet of that name.
    Raises InputError for a column that is missing, ids that do not match, or a folder without a finished run.
    """
    path, schema, _ = places.located(out)
    with private.alone(), closing(_opened(path, **runtime)) as con:
        try:
            _require_run(con, out, schema)
            elsewhere = _labelled(con, input, label, id_column, out)
            for step in STEPS:
                con.execute(f"create temp table {step} as {_sql(step)}")
            facets = [facet for (facet,) in con.execute("select distinct facet from judged order by facet").fetchall()]
            return [_evaluated(con, facet, label, elsewhere, replicates, seed) for facet in facets]
        except duckdb.Error as error:
            raise explained(error, "evaluation") from error


def _sql(step: str) -> str:
    return files("clio_sql.sql").joinpath("evaluation", f"{step}.sql").read_text("utf-8")


def _opened(path: Path, **runtime: Any) -> duckdb.DuckDBPyConnection:
    """The warehouse, read-only and with the functions; what is made of it is temporary."""
    try:
        con = connect(path, read_only=True, **runtime)
    except duckdb.Error:
        raise StateError(f"{path}: cannot be opened; another process may be writing it. Wait for it to end.") from None
    con.execute("set enable_progress_bar = false")
    return con


def _require_run(con: duckdb.DuckDBPyConnection, out: Path, schema: str) -> None:
    if schema in places.schemas(con):
        con.execute(f"set search_path = '{schema},main'")
    there = {name for (name,) in con.execute("select table_name from information_schema.tables").fetchall()}
    if not set(NEEDED) <= there or scalar(con, "select count(*) from hierarchy") == 0:
        raise InputError(
            f"{out}: no run has published a cluster here, so there is nothing to evaluate. "
            f"Run it first: clio-sql run INPUT --into {out}."
        )


def _labelled(con: duckdb.DuckDBPyConnection, path: str, label: str, id_column: str | None, out: Path) -> int:
    """Make the table `labels`; how many of its conversations are not in the warehouse. Raises InputError."""
    try:
        where = _read(con, path, label, id_column, Reading())
    except Stumbled:
        where = _read(con, path, label, id_column, Reading(careful=True))
    labelled, values, known = one(con, FOUND)
    if not labelled:
        raise InputError(
            f"{where}: no conversation id has one value in {quoted(label)}: rows lack one of the two, or "
            "contradict one another. Give another --label or --id-column."
        )
    if values > MOST_LABELS:
        raise InputError(
            f"{where}: {quoted(label)} has {values:,} different values, so it names no topics; "
            f"allowed: {MOST_LABELS:,} at most. Give another --label."
        )
    if not known:
        raise InputError(
            f"{where}: none of its {labelled:,} conversation ids is in {out}. A conversation is matched by the id that "
            f"the run read; `clio-sql sql {out} -c 'select conversation_id from conversations limit 3'` shows some. "
            "Give the file that was analysed, or --id-column NAME."
        )
    return int(labelled - known)


def _read(con: duckdb.DuckDBPyConnection, path: str, label: str, id_column: str | None, reading: Reading) -> str:
    """Read the ids, labels and languages of the input into `labels`. What to call the input in errors."""
    with opened(con, path, reading) as given:
        ids, labels = _id_column(given, id_column), _column(given, label, "--label")
        language = given.column("language")
        if given.load is not None:
            given.load(None, "", "")
        spoken = f"{identifier(language)}::varchar" if language else "null::varchar"
        con.execute(
            f"create temp table labels as with given as (select "
            f"nullif(trim({whole(f'{identifier(ids)}::varchar')}), '') as conversation_id, "
            f"nullif(trim({identifier(labels)}::varchar), '') as label, nullif(trim({spoken}), '') as language "
            f"from {given.relation}) {_sql('labels')}"
        )
        return given.where


def _id_column(given: Input, named: str | None) -> str:
    if named:
        return _column(given, named, "--id-column")
    found = next(filter(None, map(given.column, USUAL["conversation_id"])), None)
    if found is None:
        raise InputError(
            f"{given.where}: no column has conversation ids, by which rows are matched to the run; known are "
            f"{', '.join(USUAL['conversation_id'])}. There is: {names(given.types)}. Give --id-column NAME. Ids "
            "that the run made from the content of rows cannot be matched: give the rows ids, and run again."
        )
    return found


def _column(given: Input, name: str, option: str) -> str:
    found = given.column(name)
    if found is None:
        near = difflib.get_close_matches(name.lower(), [column.lower() for column in given.types], n=3)
        meant = [column for column in given.types if column.lower() in near]
        told = f"The nearest is {names(meant)}" if meant else f"There is: {names(given.types)}"
        raise InputError(f"{given.where}: it has no column {quoted(name)}. {told}. Change {option}.")
    return found


def _evaluated(
    con: duckdb.DuckDBPyConnection, facet: str, label: str, elsewhere: int, replicates: int, seed: int
) -> Evaluation:
    counts = _counts(con, facet)
    users = scalar(con, USERS, [facet])
    measured = figures(counts, replicates, seed) + list(_named(con, facet))
    return Evaluation(
        facet, label, int(counts.conversations.sum()), users, counts.labels, len(counts.published) - 1,
        int(counts.published.sum()), elsewhere, replicates, seed, measured,
    )  # fmt: skip


def _counts(con: duckdb.DuckDBPyConnection, facet: str) -> Counts:
    """The rows of `judged` of one facet as numbers."""
    columns: pa.Table = con.sql("from judged where facet = ?", params=[facet]).to_arrow_table()
    drawn, clusters, labels, languages = (
        _numbered(columns[name]) for name in ("drawn", "cluster_id", "label", "language")
    )
    published = np.zeros(len(clusters.known) + 1, bool)
    published[clusters.numbers[columns["published"].to_numpy(zero_copy_only=False)]] = True
    nearest = np.full(len(published), -1)
    query = "select cluster_id, label from nearest_labels where facet = ?"
    for cluster, near in con.execute(query, [facet]).fetchall():
        if cluster in clusters.known:
            nearest[clusters.known[cluster]] = labels.known[near]
    clusters.numbers[clusters.numbers < 0] = len(clusters.known)  # in no base cluster
    return Counts(
        drawn.numbers, clusters.numbers, labels.numbers, languages.numbers,
        columns["conversations"].to_numpy(), published, nearest, _holders(con, facet, clusters.known),
        tuple(languages.known), len(labels.known),
    )  # fmt: skip


class Numbered(NamedTuple):
    """Values as numbers: value -> number; and the number of each row, -1 for None."""

    known: dict[str, int]
    numbers: np.ndarray


def _numbered(values: pa.ChunkedArray) -> Numbered:
    encoded = values.combine_chunks().dictionary_encode()
    known = {value: number for number, value in enumerate(encoded.dictionary.to_pylist())}
    return Numbered(known, np.array(encoded.indices.fill_null(-1), dtype=np.int64))


def _holders(con: duckdb.DuckDBPyConnection, facet: str, known: Mapping[str, int]) -> dict[int, np.ndarray]:
    """Level -> the number of the cluster that holds each base cluster; 0 for those that are held back."""
    rows = con.execute(
        "select level, base_cluster_id, dense_rank() over (partition by level order by cluster_id) - 1 "
        "from holders where facet = ? order by level desc",
        [facet],
    ).fetchall()
    found: dict[int, np.ndarray] = {}
    for level, base, number in rows:
        holders = found.setdefault(level, np.zeros(len(known) + 1, dtype=np.int64))
        if base in known:
            holders[known[base]] = number
    return found


def _named(con: duckdb.DuckDBPyConnection, facet: str) -> Iterator[Figure]:
    """What hangs on the names alone, by level: users play no part in it."""
    query = "select level, siblings, others, repeated, alike from name_pairs where facet = ? order by level desc"
    for level, *values in con.execute(query, [facet]).fetchall():
        for measure, value in zip(
            ("siblings_alike", "others_alike", "names_repeated", "names_alike"), values, strict=True
        ):
            if value is not None:
                yield Figure(measure, level, None, float(value))
