"""What a run says besides its tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from clio_sql.builder import Builder, Changes, paid
from clio_sql.engine import Engine
from clio_sql.sources import Source
from clio_sql.warehouse import places
from clio_sql.warehouse.database import inside, one
from clio_sql.warehouse.erase import Erased


class Outcome(NamedTuple):
    """What a run says besides its tree.

    left_out: (reason, rows). held_back: facet -> reasons, without counts. unanswered: (status, calls of this run or
    refusals kept from earlier ones). conversations: what came, changed and went since the last run. fits: facet ->
    why its clusters were fitted again; only facets that were. waiting: facet -> why they will be, once enough users
    came or went. corrections: (kind, cluster, facet, why not) of those that do not hold. untimed: rows without a
    readable time. mended: rows with half a character. erased: what was removed with the conversations that vanished.
    rewritten: relations whose SQL is not that of the last build. again: conversations that were answered once more,
    though they did not change. segments: how many there are, and of how many conversations; None without `segment_by`.
    """

    left_out: list[tuple[str, int]]
    held_back: dict[str, list[str]]
    unanswered: list[tuple[str, int]]
    conversations: Changes
    fits: dict[str, str]
    waiting: dict[str, str]
    corrections: Sequence[tuple[str, str, str, str]] = ()
    untimed: int = 0
    mended: int = 0
    erased: Erased | None = None
    rewritten: tuple[str, ...] = ()
    again: int = 0
    segments: tuple[int, int] | None = None


def outcome(
    con: duckdb.DuckDBPyConnection, engine: Engine, source: Source, erased: Erased | None, built: Builder
) -> Outcome:
    """What there is to say about a build that was published."""
    with inside(con, built.schema):
        left_out = con.execute("from left_out").fetchall()
        query = "select facet, list(distinct reason order by reason) from suppressed group by facet"
        held_back = dict(con.execute(query).fetchall())
        unanswered = con.execute(
            "select status, count(distinct if(status = 'invalid', conversation_id || facet, conversation_id)) "
            "from facet_values where status in ('refused', 'invalid') group by status order by status desc"
        ).fetchall()
        query = "select kind, cluster_id, facet, reason from correction_states where not applied order by all"
        corrections = con.execute(query).fetchall()
        fits, waiting = _reasons(con, "reason"), _reasons(con, "waiting")
        query = (
            "select count(*), count(distinct whole_id) from segments semi join transcripts using (conversation_id) "
            "cross join settings where segment_by is not null"
        )
        segments = one(con, query)
    changes = built.changes.get("facet_values", Changes(0, 0, 0))  # replaced SQL need not be incremental
    return Outcome(
        left_out=[*source.left_out, *left_out],
        held_back=held_back,
        unanswered=[*unanswered, *sorted(paid.failures(engine).items())],
        conversations=changes._replace(vanished=erased.conversations if erased else changes.vanished),
        fits=fits if "fits" in built.made else {},
        waiting=waiting,
        corrections=corrections,
        untimed=source.untimed,
        mended=source.mended,
        erased=erased,
        rewritten=rewritten(con, built.schema),
        again=built.again.get("facet_values", 0),
        segments=segments if segments[0] else None,
    )


def rewritten(con: duckdb.DuckDBPyConnection, schema: str) -> tuple[str, ...]:
    """Relations whose SQL, apart from comments, differs from that of the published build before, if there is one."""
    query = (
        "select files from clio_state.builds where result = 'published' and name is not distinct from ? "
        "order by build desc limit 2"
    )
    found = [files for (files,) in con.execute(query, [places.name_of(schema)]).fetchall()]
    if len(found) < 2:
        return ()
    now, before = found
    return tuple(sorted(name for name in {*now, *before} if now.get(name) != before.get(name)))


def _reasons(con: duckdb.DuckDBPyConnection, column: str) -> dict[str, str]:
    """Facet -> why its clusters were fitted again, or wait."""
    query = f"select facet, {column} from fits where {column} is not null order by facet"
    return dict(con.execute(query).fetchall())
