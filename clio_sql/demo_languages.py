"""Conversations of 20 known topics in 15 languages, to measure what an analysis finds. Everything is invented.

The experiment is Clio's (arXiv 2412.13678, on reconstructing known topics from synthetic chats): how many
conversations get back to their topic by the names of the clusters alone. Topics are equally frequent, and so
are languages within each. The sentences are in `demo_languages.json`: for each topic at least four wordings in
every language and nine in English, where `{this|that}` is one of the two. A user keeps one language. Nothing
is planted. The same seed gives the same rows.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from clio_sql import demo
from clio_sql.errors import UsageError

MATERIAL: dict[str, Any] = json.loads((files("clio_sql") / "demo_languages.json").read_text("utf-8"))
TOPICS = tuple(topic["topic"] for topic in MATERIAL["topics"])
LANGUAGES: dict[str, str] = {code: spoken["name"] for code, spoken in MATERIAL["languages"].items()}
MINIMUM = len(TOPICS) * len(LANGUAGES)  # each topic in each language once
MAX_TURNS = 4
SHARED = demo.SCHEMA.names[:5]  # no label, costs or ratings
SCHEMA = pa.schema([*map(demo.SCHEMA.field, SHARED), pa.field("topic", pa.string()), pa.field("language", pa.string())])

FIRST_TURNS = ("{ask}", "{ask}", "{ask}", "{open} {ask}", "{ask}\n{close}", "{open} {ask}\n{close}")
UNSPACED = ("zh", "ja")  # no blank between sentences
# Where small letters and swapped letters are what people type. Turkish has rules of its own for small letters.
CARELESS = ("en", "es", "fr", "de", "pt", "it", "pl", "ru")


def write(path: str | Path, conversations: int = 3000, seed: int = 0) -> None:
    """Write that many conversations to a Parquet file: the columns of the demo with `topic` and `language` as labels.

    language: its English name. Raises UsageError where there would be a topic and language without a conversation.
    """
    if conversations < MINIMUM:
        raise UsageError(
            f"demo: {conversations} conversations are too few for {len(TOPICS)} topics in {len(LANGUAGES)} languages; "
            f"allowed: {MINIMUM} or more. Ask for more."
        )
    demo.write_batches(path, SCHEMA, conversations, lambda start, size: _batch(start, size, conversations, seed))


def _batch(start: int, size: int, conversations: int, seed: int) -> pa.Table:
    """The conversations from number `start` on."""
    rng = np.random.default_rng([seed, start, MINIMUM])
    cell = rng.permutation(np.arange(start, start + size) % MINIMUM)
    topic, language = np.divmod(cell, len(LANGUAGES))
    speakers = max(1, round(conversations / 2 / len(LANGUAGES)))
    rank = language + len(LANGUAGES) * demo.heavy_tailed(rng, size, speakers)
    offsets = np.concatenate([[0], np.cumsum(2 * np.minimum(rng.geometric(0.6, size), MAX_TURNS))])
    columns = demo.columns_of(rng, start, rank, np.full(size, True), _contents(rng, cell, offsets), offsets)
    labels = [np.array(TOPICS, object)[topic], np.array([*LANGUAGES.values()], object)[language]]
    return pa.table([*columns, *map(pa.array, labels)], schema=SCHEMA)


def _contents(rng: np.random.Generator, cell: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The text of every message, conversation after conversation, user and assistant in turn."""
    lengths = np.diff(offsets)
    of_message = np.repeat(cell, lengths)
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)  # position of a message in its conversation
    turn = np.where(place == 0, 0, 2 - place % 2)  # 0 the request, 1 a reply, 2 what the user asks next
    contents = np.empty(offsets[-1], object)
    for number in range(MINIMUM):
        topic, code = MATERIAL["topics"][number // len(LANGUAGES)], [*LANGUAGES][number % len(LANGUAGES)]
        slots = {**MATERIAL["languages"][code], "ask": topic[code]}
        first = [each.replace(" ", "") for each in FIRST_TURNS] if code in UNSPACED else FIRST_TURNS
        for kind, options in enumerate((first, slots["reply"], slots["follow"])):
            at = np.flatnonzero((of_message == number) & (turn == kind))
            texts = demo.say(options, slots, len(at), rng)
            contents[at] = demo.as_typed(texts, rng) if kind != 1 and code in CARELESS else texts
    return contents
