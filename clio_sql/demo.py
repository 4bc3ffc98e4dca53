"""Demo conversations: what people ask an assistant, with planted hazards. Everything is invented.

Twelve topics in four domains, of unequal size, each with several things people ask for, in
five languages (four fifths English), over 90 days, by users of whom a few write much and many
little. The sentences are in `demo_topics.json`: an option may hold `{slots}`, which are filled
with options in turn. The same seed gives the same rows.

Planted, always the same number of them however many conversations there are, so that tests can
look for what must never be published:

- 40 private facts (names, addresses, account numbers, e-mail addresses, phone numbers), each
  once, in an ordinary conversation: `planted_facts`;
- `HEAVY_USER`, who writes 60 near-identical conversations about something no one else writes about;
- `RARE_TOPIC`: 30 conversations of only four users, `RARE_USERS`;
- 40 chats that go on with a request on another topic (`TWO_REQUESTS`); `label` is the topic of the first;
- one user id in fifty is NULL.

Planted to be seen: half of the conversations on `SPIKE_TOPIC` fall into one week, the last whole one; `cost_usd`
depends on the topic, and `rating`, 1 to 5, which four in ten leave out, is lowest for `POOR_TOPIC`. On some topics
the assistant calls tools (`TOOLS`), one of which fails often; only `RARE_USERS` get `RARE_TOOL`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from clio_sql.errors import UsageError

MATERIAL: dict[str, Any] = json.loads((files("clio_sql") / "demo_topics.json").read_text("utf-8"))
TOPICS: dict[str, str] = {topic["topic"]: topic["domain"] for topic in MATERIAL["topics"]}
LANGUAGES = tuple(MATERIAL["languages"])
MEASURES = ("cost_usd", "rating")
PLANS = ("free",) * 7 + ("pro",) * 3 + ("team",)

BATCH = 20_000  # conversations held at a time; one row group
MINIMUM = 300  # fewer leave no room for the hazards among ordinary conversations
DAYS = 90
START = datetime(2026, 3, 2)
MAX_TURNS = 12
SPIKE_TOPIC, POOR_TOPIC = "device trouble", "home repair"
SPIKE_DAY, SPIKE_SHARE = 77, 1 / 2  # Monday of the last week that the demo covers
NULL_USERS = 0.02
TWO_REQUESTS = 40

SCHEMA = pa.schema(
    {
        "conversation_id": pa.string(),
        "user_id": pa.string(),
        "created_at": pa.timestamp("us"),
        "messages": pa.list_(pa.struct({"role": pa.string(), "content": pa.string()})),
        "plan": pa.string(),
        "label": pa.string(),
        "cost_usd": pa.float64(),
        "rating": pa.int32(),
        "tools_used": pa.list_(pa.struct({"name": pa.string(), "ok": pa.bool_()})),
    }
)

CREATED_AT = SCHEMA.get_field_index("created_at")

# How a first turn is composed; the commoner patterns are listed more than once.
FIRST_TURNS = (
    "{ask}",
    "{open} {ask}",
    "{ask} {more}",
    "{ask} {more}",
    "{more} {ask}",
    "{ask} {want}",
    "{open} {ask} {more}",
    "{open} {more} {ask} {close}",
    "{ask} {more} {want}",
    "{more} {ask} {want} {close}",
    "{open} {ask} {want} {close}",
)


TOOLS = {  # topic -> tool, share of its conversations that call it, share of these in which it fails
    "debugging code": ("run_python", 0.6, 0.4),
    "spreadsheets and sql": ("run_python", 0.6, 0.1),
    "trip planning": ("web_search", 0.6, 0.1),
    "device trouble": ("web_search", 0.5, 0.1),
}
RARE_TOOL = "theorbo_tuner"


def user_id(rank: int) -> str:
    """The id of the user of that rank: opaque, and different for every rank below 2**32."""
    return f"u{(rank * 2_654_435_761 + 3_141_592_653) % 2**32:08x}"


HEAVY_TOPIC, RARE_TOPIC = (hazard["topic"] for hazard in MATERIAL["hazards"])
HEAVY_USER, *RARE_USERS = (user_id(rank) for rank in range(5))
HEAVY_WORD, RARE_WORD = "brimblewick", "theorbo"  # in each of their conversations, and in no other


class Fact(NamedTuple):
    """A private fact: `text` is what to search for, `sentence` what its owner wrote."""

    kind: str  # name, address, account, email or phone
    text: str
    sentence: str


FACT_SENTENCES = {
    "name": ("My name is {}.", "I am {}, by the way.", "Best regards, {}", "Please sign it with {}."),
    "address": ("I live at {}.", "My address is {}.", "It is for our place, {}.", "Send it to {}."),
    "account": ("My account number is {}.", "It is about account {}.", "My customer number is {}."),
    "email": ("My e-mail is {}.", "You can reach me at {}.", "Please write to {} as well."),
    "phone": ("My phone number is {}.", "Call me on {} if that is easier.", "My mobile: {}"),
}
GIVEN = [a + b for a in ("Vel", "Tor", "Mir", "Kel", "Jun") for b in ("mina", "vette", "anric", "olde")]
FAMILY = [a + b for a in ("Brask", "Quill", "Marl", "Oster") for b in ("wold", "mere", "gate", "hurst", "by", "ley")]


def planted_facts(seed: int = 0) -> list[Fact]:
    """The 40 facts of that seed, eight of each kind, all different, composed from parts."""
    rng = np.random.default_rng([seed, 0, 40])
    given, family = rng.permutation(GIVEN), rng.permutation(FAMILY)
    digits = rng.integers(0, 10_000, (8, 3))
    lines = rng.permutation(100)
    texts = {
        "name": [f"{given[i]} {family[i]}" for i in range(8)],
        "address": [f"{digits[i, 0] % 900 + 11} {family[i + 8]} Lane, {family[i]}ton" for i in range(8)],
        "account": [f"{i + 1}{digits[i, 0]:04d} {digits[i, 1]:04d} {digits[i, 2]:04d}" for i in range(8)],
        "email": [f"{given[i + 8]}.{family[i + 16]}@example.com".lower() for i in range(8)],
        "phone": [f"+1 {212 + 7 * i} 555 01{lines[i]:02d}" for i in range(8)],
    }
    return [
        Fact(kind, text, FACT_SENTENCES[kind][i % len(FACT_SENTENCES[kind])].format(text))
        for kind, of_kind in texts.items()
        for i, text in enumerate(of_kind)
    ]


def write(path: str | Path, conversations: int = 1500, seed: int = 0) -> None:
    """Write that many conversations to a Parquet file, a batch at a time; the file appears when it is complete.

    Besides the columns of `conversations` it has `plan` and `label`, the topic, for tests and benchmarks.
    """
    if conversations < MINIMUM:
        raise UsageError(
            f"demo: {conversations} conversations leave no room for the planted ones; "
            f"allowed: {MINIMUM} or more. Ask for more."
        )
    write_batches(path, SCHEMA, conversations, lambda start, size: _batch(start, size, conversations, seed))


def write_batches(
    path: str | Path, schema: pa.Schema, conversations: int, batch: Callable[[int, int], pa.Table]
) -> None:
    """Write `batch(start, size)` for all conversations to a Parquet file; the file appears when it is complete."""
    part = Path(f"{path}.part")
    try:
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            for start in range(0, conversations, BATCH):
                writer.write_table(batch(start, min(BATCH, conversations - start)))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _batch(start: int, size: int, conversations: int, seed: int) -> pa.Table:
    """The conversations from number `start` on; the first batch has all the hazards."""
    rng = np.random.default_rng([seed, start])
    topic, rank = _who_asks_what(rng, size, people=round(conversations / 2), hazards=start == 0)
    language = np.maximum(rank * 7 % 20 - 15, 0)  # 16 users in 20 write English
    ordinary = topic < len(TOPICS)
    turns = np.minimum(rng.geometric(0.4, size), MAX_TURNS)
    offsets = np.concatenate([[0], np.cumsum(2 * turns)])
    contents = _contents(rng, topic, language, offsets)
    if start == 0:
        _plant(rng, planted_facts(seed), contents, np.flatnonzero(ordinary & (language == 0)), offsets)
        rows = np.flatnonzero(ordinary & (language == 0) & (turns < MAX_TURNS))
        contents, offsets = _going_on(np.random.default_rng([seed, 0, 24]), rows, topic, contents, offsets)
    labels = np.array([*TOPICS, HEAVY_TOPIC, RARE_TOPIC], object)
    columns = columns_of(rng, start, rank, ordinary, contents, offsets)
    columns[CREATED_AT] = _spiking(rng, columns[CREATED_AT], labels[topic] == SPIKE_TOPIC)
    measures, tools = _measures(rng, topic, turns), _tools(seed, start, labels[topic])
    return pa.table([*columns, pa.array(labels[topic]), *measures, tools], schema=SCHEMA)


def _tools(seed: int, start: int, labels: np.ndarray) -> pa.Array:
    """The tools that each conversation called, NULL if none; drawn apart, so that nothing else depends on them."""
    calls, fails = np.random.default_rng([seed, start, 5]).random((2, len(labels)))
    found: list[list[dict[str, Any]] | None] = []
    for label, call, fail in zip(labels.tolist(), calls.tolist(), fails.tolist(), strict=True):
        tool, share, failing = TOOLS.get(label, (RARE_TOOL, float(label == RARE_TOPIC), 0.0))
        found.append([{"name": tool, "ok": fail >= failing}] if call < share else None)
    return pa.array(found, SCHEMA.field("tools_used").type)


def _going_on(
    rng: np.random.Generator, rows: np.ndarray, topic: np.ndarray, contents: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Contents and offsets with a second request, on another topic, and its answer at the end of some of `rows`."""
    chosen = np.sort(rng.choice(rows, TWO_REQUESTS, replace=False))
    other = (topic[chosen] + rng.integers(1, len(TOPICS), TWO_REQUESTS)) % len(TOPICS)
    more = _contents(rng, other, np.zeros(TWO_REQUESTS, int), np.arange(TWO_REQUESTS + 1) * 2)
    places = np.repeat(offsets[chosen + 1], 2)
    return np.insert(contents, places, more), offsets + 2 * np.searchsorted(chosen, np.arange(len(offsets)))


def _spiking(rng: np.random.Generator, created_at: pa.Array, topical: np.ndarray) -> pa.Array:
    """The times, with half of those of a topic in the last whole week."""
    times = created_at.to_numpy().copy()
    moved = topical & (rng.random(len(times)) < SPIKE_SHARE)
    seconds = rng.integers(SPIKE_DAY * 86_400, (SPIKE_DAY + 7) * 86_400, len(times))
    times[moved] = np.datetime64(START, "us") + seconds[moved].astype("timedelta64[s]")
    return pa.array(times)


def _measures(rng: np.random.Generator, topic: np.ndarray, turns: np.ndarray) -> list[pa.Array]:
    """What each conversation cost in dollars, and how its user rated it, if at all."""
    names = np.array([*TOPICS, HEAVY_TOPIC, RARE_TOPIC], object)[topic]
    dollars = 0.004 * turns * (1 + topic % 4) * rng.lognormal(0, 0.5, len(topic))
    liked = rng.random(len(topic)) < np.where(names == POOR_TOPIC, 0.25, 0.8)
    stars = np.where(liked, rng.integers(4, 6, len(topic)), rng.integers(1, 4, len(topic)))
    silent = rng.random(len(topic)) < 0.4
    return [pa.array(dollars.round(4)), pa.array(stars.astype("int32"), mask=silent)]


def columns_of(
    rng: np.random.Generator,
    start: int,
    rank: np.ndarray,
    ordinary: np.ndarray,
    contents: np.ndarray,
    offsets: np.ndarray,
) -> list[pa.Array]:
    """The columns of a batch but for its labels. A few users are NULL, where `ordinary`."""
    size = len(rank)
    nobody = ordinary & (rng.random(size) < NULL_USERS)
    seconds = np.sort(rng.integers(0, DAYS * 86_400, size))
    roles = np.tile(np.array(["user", "assistant"], object), offsets[-1] // 2)
    messages = pa.StructArray.from_arrays([pa.array(roles), pa.array(contents)], ["role", "content"])
    return [
        pa.array([f"c{number:08d}" for number in range(start, start + size)]),
        pa.array([None if null else user_id(r) for r, null in zip(rank.tolist(), nobody, strict=True)]),
        pa.array(np.datetime64(START, "us") + seconds.astype("timedelta64[s]")),
        pa.ListArray.from_arrays(offsets.astype("int32"), messages),
        pa.array(np.array(PLANS, object)[rank % len(PLANS)]),
    ]


def _who_asks_what(rng: np.random.Generator, size: int, people: int, hazards: bool) -> tuple[np.ndarray, np.ndarray]:
    """A topic number and the rank of a user for each conversation, in random order."""
    planted_topics, planted_ranks, first = [], [], 0
    for number, hazard in enumerate(MATERIAL["hazards"], start=len(TOPICS)):
        count = hazard["conversations"] * hazards
        planted_topics += [number] * count
        planted_ranks += [first + i % hazard["users"] for i in range(count)]
        first += hazard["users"]
    ordinary = size - len(planted_topics)
    weights = np.cumsum([topic["weight"] for topic in MATERIAL["topics"]])
    counts = np.diff(np.round(weights / weights[-1] * ordinary).astype(int), prepend=0)
    topics = np.concatenate([np.repeat(np.arange(len(TOPICS)), counts), planted_topics]).astype(int)
    ranks = np.concatenate([first + heavy_tailed(rng, ordinary, people), planted_ranks]).astype(int)
    order = rng.permutation(size)
    return topics[order], ranks[order]


def heavy_tailed(rng: np.random.Generator, n: int, people: int) -> np.ndarray:
    """n ranks below `people`, of whom a few write much; similar at any size.

    The density at share p of all users is proportional to 1 / (p + 1/80).
    """
    shares = (81 ** rng.random(n) - 1) / 80
    return (shares * people).astype(int)


def _contents(rng: np.random.Generator, topic: np.ndarray, language: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The text of every message, conversation after conversation, user and assistant in turn."""
    cells, base, count = _cells()
    drawn = rng.random(len(topic)) * count[topic, language]
    lengths = np.diff(offsets)
    cell = np.repeat(base[topic, language] + drawn.astype(int), lengths)
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)  # position of a message in its conversation
    contents = np.empty(offsets[-1], object)
    for number, (of_topic, slots) in enumerate(cells):
        mine = cell == number
        for options, where in (
            (FIRST_TURNS, place == 0),
            (slots["follow"], (place > 0) & (place % 2 == 0)),
            (slots["reply"], place % 2 == 1),
        ):
            at = np.flatnonzero(mine & where)
            texts = say(options, slots, len(at), rng)
            as_is = of_topic >= len(TOPICS) or options is slots["reply"]
            contents[at] = texts if as_is else as_typed(texts, rng)
    return contents


def _cells() -> tuple[list[tuple[int, dict[str, Any]]], np.ndarray, np.ndarray]:
    """(topic, slots) of every intent in every language; where those of each (topic, language) begin; how many."""
    everything = MATERIAL["topics"] + MATERIAL["hazards"]
    cells: list[tuple[int, dict[str, Any]]] = []
    base, count = np.zeros((2, len(everything), len(LANGUAGES)), int)
    for number, topic in enumerate(everything):
        for code, language in enumerate(LANGUAGES):
            spoken = topic.get(language, {"intents": []})
            base[number, code], count[number, code] = len(cells), len(spoken["intents"])
            for intent in spoken["intents"]:
                cells.append((number, {**MATERIAL["languages"][language], **spoken, **intent}))
    return cells, base, count


def say(options: Sequence[str], slots: Mapping[str, Sequence[str]], n: int, rng: np.random.Generator) -> np.ndarray:
    """n texts, each one of `options` with its `{slots}` filled from `slots` in turn, and one of each `{this|that}`."""
    drawn = rng.integers(len(options), size=n)
    texts = np.array(options, object)[drawn]
    for i, option in enumerate(options):
        at = np.flatnonzero(drawn == i)
        if "{" not in option or not len(at):
            continue
        texts[at] = ""
        for odd, piece in enumerate(re.split(r"\{([^{}]+)\}", option)):
            if odd % 2:
                piece = say(piece.split("|") if "|" in piece else slots[piece], slots, len(at), rng)
            texts[at] += piece
    return texts


def as_typed(texts: np.ndarray, rng: np.random.Generator) -> list[str]:
    """As users type: a third without capitals and full stop, one in ten with two letters swapped."""
    casual, slip = rng.random((2, len(texts)))
    typed = [text.lower().rstrip(".") if c < 0.33 else text for text, c in zip(texts, casual, strict=True)]
    return [_swap(text, 10 * s) if s < 0.1 else text for text, s in zip(typed, slip, strict=True)]


def _swap(text: str, where: float) -> str:
    """Two neighbouring letters swapped at that share of the text; digits and signs stay."""
    i = int(where * (len(text) - 1))
    pair = text[i : i + 2]
    return text[:i] + pair[::-1] + text[i + 2 :] if pair.isalpha() else text


def _plant(
    rng: np.random.Generator,
    facts: Sequence[Fact],
    contents: np.ndarray,
    rows: np.ndarray,
    offsets: np.ndarray,
) -> None:
    """Put each fact into a conversation of its own: three in four in the first turn, else in the last."""
    for i, (fact, row) in enumerate(zip(facts, rng.choice(rows, len(facts), replace=False), strict=True)):
        at = offsets[row + 1] - 2 if i % 4 == 3 else offsets[row]
        parts = [fact.sentence, contents[at]]
        contents[at] = " ".join(parts if i % 2 else parts[::-1])
