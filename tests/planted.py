"""Small worlds for the attacks: who asked what, in which cluster; built by the real pipeline into a published file.

Only the clustering is as the world says (column `cluster` of its rows), so that a test knows who is where.
Everything after it, naming, gates, hierarchy, publishing, is the packaged SQL and the local provider.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from shared import once
from warehouse import analyse, built, changed

from clio_sql import demo
from clio_sql.analysis import catalog
from clio_sql.analysis.catalog import Relation
from clio_sql.engine import Engine

MONDAY = datetime(2026, 3, 2, 12)
CLUSTERED = """-- One row a conversation: in the cluster that the test put it in.
-- kind: table
-- grain: conversation_id, facet
select
    conversation_id, user_id, 'request'::varchar as facet, metadata['cluster']::varchar as cluster_id,
    0::float as distance, null::varchar as runner_up, null::float as runner_up_distance
from segments
"""
ASKS = ("How do I {} {}?", "Please explain how to {} {}.", "I want to {} {}.", "Can you help me to {} {}?")
# What makes each person's text one of its own: near-identical texts of a few count for one of them.
DETAILS = (
    "in a kitchen",
    "before the weekend",
    "without money",
    "after a storm",
    "on board of a train",
    "for a school fair",
    "without electricity",
    "as a present",
    "using only a phone",
    "despite heavy rain",
    "at an office party",
    "early in the morning",
    "as a surprise",
    "like professionals do",
    "in front of an audience",
    "with one hand",
    "since the old way failed",
    "under strict rules",
    "during exams",
    "near a lake",
    "next to a stove",
    "for beginners",
    "at high altitude",
    "in a garage",
    "out of boredom",
    "for a bet",
    "in ten minutes",
    "during a power cut",
    "from memory",
)


@dataclass(frozen=True)
class Asked:
    """Some people who ask for one thing: `each` conversations of each of `users`; user None is nobody.

    alike: all in the same words. cost: of each conversation, the measure; None: it has none. requests: of each
    conversation, all for that thing.
    """

    cluster: str
    what: str
    users: tuple[str | None, ...]
    each: int = 2
    plan: str = "free"
    week: int = 0
    alike: bool = False
    cost: float | None = None
    requests: int = 1


def people(first: int, count: int) -> tuple[str, ...]:
    """Opaque ids, as in the demo: 'u' and eight hexadecimal digits."""
    return tuple(demo.user_id(rank) for rank in range(first, first + count))


def detail(place: int) -> str:
    more, first = divmod(place, len(DETAILS))
    return DETAILS[first] if not more else f"{DETAILS[first]} {DETAILS[(first + more) % len(DETAILS)]}"


def rows(world: list[Asked]) -> list[dict[str, Any]]:
    found = []
    for part, asked in enumerate(world):
        for number, (place, user) in enumerate(each for each in enumerate(asked.users) for _ in range(asked.each)):
            text = f"How do I {asked.what}?"
            if not asked.alike:
                text = ASKS[number % len(ASKS)].format(asked.what, detail(number if user is None else place + 7 * part))
            # the answer makes each transcript one of its own
            messages = [{"role": "user", "content": text}, {"role": "assistant", "content": f"Part {part}.{number}"}]
            for more in range(1, asked.requests):
                again = ASKS[more % len(ASKS)].format(asked.what, detail(place + more))
                messages.append({"role": "user", "content": again})
            created = MONDAY + timedelta(weeks=asked.week, minutes=len(found))
            found.append(
                {"conversation_id": f"k{part:02d}-{number:04d}", "user_id": user, "created_at": created,
                 "messages": messages, "plan": asked.plan, "cluster": asked.cluster, "cost": asked.cost}
            )  # fmt: skip
    return found


@dataclass(frozen=True)
class Rules:
    """How a world is published. settings: replaced values, as SQL. wrapped: relation -> SQL with {sql} in it.

    replaced: relation -> SQL in its place. prepare: as `warehouse.analyse` takes it. check: False where a rule is
    taken out, as its check would stop the publishing.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    wrapped: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[..., object] | None = None
    check: bool = True

    def relations(self) -> list[Relation]:
        settings = {"levels": 2, "top_clusters": 2, "round_to": 1, "near_identical": 0.99, "period": "'week'"}
        settings |= self.settings
        replaced = {"found_assignments": CLUSTERED} | dict(self.replaced)
        found = []
        for relation in changed(**settings):
            if relation.name in replaced:
                text = replaced[relation.name]
                own = catalog.parse(relation.name, relation.folder, text)
                relation = replace(own, columns=relation.columns, types=relation.types)
            if relation.name in self.wrapped:
                relation = replace(relation, sql=self.wrapped[relation.name].format(sql=f"(\n{relation.sql}\n)"))
            found.append(relation)
        return found


def corrections(*rows: str) -> str:
    """A corrections.sql of these clusters of `request`: each row is id, kind and target, as SQL."""
    values = ", ".join(f"('request', {row}, 'test@example.com', 'a test')" for row in rows)
    columns = ("facet", "cluster_id", "kind", "target", "who", "why")
    return (
        "-- One row per correction.\n-- kind: view\n-- grain: facet, cluster_id, kind\n"
        f"select {', '.join(f'{column}::varchar as {column}' for column in columns)}\n"
        f"from (values {values}) as given ({', '.join(columns)})\n"
    )


def publish(world: list[Asked] | list[dict[str, Any]], out: Path, rules: Rules) -> Path:
    """Build the world in a folder, as `clio-sql run` does; a folder that was built in before goes on from there.

    The world is built once under the packaged rules, and nothing of it is published. From a copy, only what other
    rules change is built again, and all is checked and published: what comes is what a fresh build makes. `prepare`
    can change what no fingerprint knows, such as the model: that world is built anew.
    """
    out.mkdir(parents=True, exist_ok=True)
    given = rows(world) if world and isinstance(world[0], Asked) else world
    _write(given, out)
    if rules.prepare is None and not (out / "warehouse.duckdb").exists():
        key = hashlib.sha256(repr(given).encode()).hexdigest()[:16]
        shutil.copy(once(f"worlds/{key}", lambda folder: _built(given, folder)) / "warehouse.duckdb", out)
    analyse(
        out / "chats.parquet", out, rules.relations(), prepare=rules.prepare or _nothing, check=rules.check,
        measures=_measures(given),
    )  # fmt: skip
    return out


def _nothing(con: duckdb.DuckDBPyConnection, engine: Engine) -> None: ...


def _built(given: list[dict[str, Any]], folder: Path) -> None:
    _write(given, folder)
    built(folder / "chats.parquet", folder, Rules().relations(), _measures(given))


def _measures(given: list[dict[str, Any]]) -> tuple[str, ...]:
    return ("cost",) if any(row.get("cost") is not None for row in given) else ()


def _write(given: list[dict[str, Any]], out: Path) -> None:
    message = pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))
    schema = pa.schema(
        {"conversation_id": pa.string(), "user_id": pa.string(), "created_at": pa.timestamp("us"),
         "messages": message, "plan": pa.string(), "cluster": pa.string(), "cost": pa.float64()}
    )  # fmt: skip
    pq.write_table(pa.Table.from_pylist(given, schema), out / "chats.parquet")
