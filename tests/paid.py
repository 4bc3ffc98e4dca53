"""Runs of the pipeline on the stand-in server: many distinct prompts, few distinct answers, small thresholds."""

from __future__ import annotations

import io
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import chats
import duckdb
from messages_server import KEY, Server, answer, data_of, function_of
from rich.console import Console

from clio_sql.analysis.catalog import load
from clio_sql.builder.progress import Steps
from clio_sql.run.analyse import analyse
from clio_sql.run.outcome import Outcome

SUBJECTS = {
    "cooking": ("vegetable soup", "sourdough bread", "birthday cake", "lemon sauce"),
    "fixing": ("leaking kitchen tap", "broken garden fence", "squeaking front door", "blocked bathroom drain"),
    "planting": ("tomato seeds", "winter garlic", "climbing roses", "apple tree"),
    "training": ("morning running plan", "shoulder strength exercises", "swimming technique", "weekend cycling route"),
}
ASKS = ("tell me the best way of {} a {} at home", "explain each step of {} a {} slowly", "help with {} a {} well")
SMALL = {
    "min_users": 5, "min_conversations": 8, "conversations_per_cluster": 20, "top_clusters": 3, "neighbourhood": 6,
    "threshold_margin": 0,
    "naming_sees": "'texts'",  # the longer prompts; what names see by default has tests of its own
}  # fmt: skip


HOBBIES = list(SUBJECTS)
# Questions whose right answers are planted: see `planted`
PLANTED = """-- One row per facet.
-- kind: view
-- grain: facet
select
    facet::varchar as facet, question::varchar as question, kind::varchar as kind, choices::varchar[] as choices,
    clustered::boolean as clustered, ''::varchar as criteria
from (
    values
        ('request', 'What does the user want?', 'text', [], true),
        ('hobby', 'Which hobby is it about?', 'category', ['cooking', 'fixing', 'planting', 'training'], false),
        ('outdoors', 'Is it done outdoors?', 'category', ['yes', 'no'], false),
        ('effort', 'How much effort does it take, from 1 to 5?', 'score', [], false)
) as facets(facet, question, kind, choices, clustered)
"""


def right(text: str) -> dict[str, str]:
    """The right answers about a conversation of `rows`."""
    hobby = next(each for each in HOBBIES if f"{each} a" in text)
    outdoors = "yes" if hobby in ("planting", "training") else "no"
    return {"hobby": hobby, "outdoors": outdoors, "effort": str(1 + HOBBIES.index(hobby))}


def planted(reliability: float) -> Callable[[dict[str, Any]], str | None]:
    """For `Server.raw`: of the answers to PLANTED that share is right, the others are drawn from all possible ones."""

    def raw(body: dict[str, Any]) -> str | None:
        schema = body["output_config"]["format"]["schema"]
        if function_of(schema) != "extract":
            return None
        data, said = data_of(body), answer(body, schema, "extract")
        for facet, value in right(data).items():
            if facet in said:
                drawn = random.Random(f"{facet} {data}")
                possible = {"hobby": HOBBIES, "outdoors": ["yes", "no"]}.get(facet, ["1", "2", "3", "4", "5"])
                given = value if drawn.random() < reliability else drawn.choice(possible)
                said[facet] = int(given) if facet == "effort" else given
        return json.dumps(said)

    return raw


def rows(count: int, users: int = 60) -> list[dict[str, Any]]:
    """Conversations that all differ, in what comes after the twelve words that the server answers with."""
    rng = random.Random(7)
    asked = []
    for number in range(count):
        verb = rng.choice(list(SUBJECTS))
        text = rng.choice(ASKS).format(verb, rng.choice(SUBJECTS[verb]))
        row = chats.chat(number, f"u{rng.randrange(users)}", f"Please {text} before dinner is served today.")
        row["messages"][1]["content"] = f"Here is how, in {number} steps."
        asked.append(row)
    return asked


def written(path: Path, count: int, users: int = 60) -> Path:
    return chats.write(path, rows(count, users))


def folder(path: Path, facets: dict[str, str] | None = None, **settings: Any) -> Path:
    """An analysis folder with small thresholds, and `facets.sql` with some text replaced by another."""
    path.mkdir(exist_ok=True)
    packaged = {relation.name: relation.sql for relation in load()}
    text = packaged["settings"]
    for name, value in (SMALL | settings).items():
        text, found = re.subn(rf"(?m)^    [^\n]*::(\w+) as {name}\b", rf"    {value}::\1 as {name}", text)
        assert found == 1, name
    (path / "settings.sql").write_text(text)
    if facets:
        text = packaged["facets"]
        for old, new in facets.items():
            assert old in text
            text = text.replace(old, new)
        (path / "facets.sql").write_text(text)
    return path


def run(path: Path, out: Path, server: Server, analysis: Path, **runtime: Any) -> Outcome:
    """What `clio-sql run` does, in this process, so that the embedding model is loaded once."""
    steps = Steps(Console(file=io.StringIO()))
    told = {"provider": "anthropic", "base_url": server.url} | runtime
    return analyse(str(path), out, steps, analysis=analysis, runtime=told)


def command(path: Path, out: Path, server: Server, analysis: Path, *more: object) -> list[str]:
    """The same as a command."""
    return [
        sys.executable, "-m", "clio_sql.cli", "run", str(path), "--into", str(out), "--analysis", str(analysis),
        "--provider", "anthropic", "--base-url", server.url, *map(str, more),
    ]  # fmt: skip


def environment(**more: str) -> dict[str, str]:
    return os.environ | {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_LOG": "debug"} | more


def cli(*arguments: Any, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), env=environment(**more), capture_output=True, text=True, timeout=300)


@contextmanager
def asked(server: Server) -> Iterator[Counter[str]]:
    """Within, how many requests of each function reach the server; counted at the end."""
    counts: Counter[str] = Counter()
    before, batches = len(server.received), len(server.batches)
    yield counts
    bodies = server.received[before:]
    for batch in list(server.batches.values())[batches:]:
        bodies = bodies + [request["params"] for request in batch["requests"]]
    counts.update(task(body) for body in bodies)


def task(body: dict[str, Any]) -> str:
    return function_of(body["output_config"]["format"]["schema"])


def given(body: dict[str, Any]) -> Any:
    """What stands between the marks of a prompt, read as JSON where it is that."""
    return json.loads(data_of(body)) if task(body) not in ("extract", "audit") else data_of(body)


def state(out: Path, query: str) -> list[tuple]:
    return chats.warehouse(out, query)


def tables(out: Path) -> dict[str, list[tuple]]:
    """All that is published but the places on the map: an embedding's last digits depend on which texts went
    through the model with it, and the layout turns on them."""
    found = chats.published(out)
    return found | {"clusters": [row[:-2] for row in found["clusters"]]}


def every_value(out: Path) -> Iterator[tuple[str, str]]:
    """(schema.table, every value in it as text) of a warehouse: tables alone, as views only show them again."""
    with duckdb.connect(str(out), read_only=True) as con:
        names = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        for schema, name in names:
            table = f"{schema}.{name}"
            found = con.execute(f"select cast(entry as varchar) from {table} as entry").fetchall()
            yield table, "\n".join(text for (text,) in found)
