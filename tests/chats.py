"""Small made-up inputs for tests of the command line."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import duckdb

SECRET = "my name is Zebulon Quist"
TOPICS = (
    ("refund my order", "get my money back for a damaged parcel", "return a broken kettle to the shop"),
    ("fix a python loop", "write a python function that sorts a list", "explain a python error"),
    ("cook a lentil soup", "bake bread without yeast", "plan dinner for six people"),
)
STARTS = ("Please", "Can you", "Help me to", "I want to")
ENDS = ("", " today", " quickly", ", thanks")


def chat(number: int, user: str | None, text: str | None, **more: Any) -> dict[str, Any]:
    """One conversation of two messages in the canonical shape."""
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": "Here is how."}]
    created = f"2026-03-{1 + number % 28:02d}T10:00:00"
    row = {"conversation_id": f"c{number}", "user_id": user, "created_at": created, "messages": messages}
    return row | more


def chats(count: int, users: int = 40, seed: int = 1) -> list[dict[str, Any]]:
    """Ordinary conversations on three topics in turn."""
    rng = random.Random(seed)
    return [
        chat(
            number,
            f"u{rng.randrange(users)}",
            f"{rng.choice(STARTS)} {rng.choice(TOPICS[number % len(TOPICS)])}{rng.choice(ENDS)}",
        )
        for number in range(count)
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """The rows as JSONL."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def published(out: Path) -> dict[str, list[tuple]]:
    """Every published table, its rows in order, without `about.built_at`."""
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        tables = [name for (name,) in con.execute("select table_name from duckdb_tables() order by all").fetchall()]
        return {
            name: con.execute(
                f"select {'* exclude (built_at)' if name == 'about' else '*'} from {name} order by all"
            ).fetchall()
            for name in tables
        }


def warehouse(out: Path, query: str) -> list[tuple]:
    """What a query finds in the warehouse that a run left."""
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()
