"""clio_extract: all questions about one conversation, answered together."""

from __future__ import annotations

import json
from functools import lru_cache

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.errors import ClioError
from clio_sql.errors.quotable import quoted
from clio_sql.providers import KINDS, Extract, Question, without_choices
from clio_sql.udfs import PROVIDERS, VECTORS, Function, answered

KEYS = ("question", "kind", "choices")


def extract(engine: Engine, transcripts: pa.ChunkedArray, questions: pa.ChunkedArray) -> pa.Array:
    """STRUCT(value MAP facet -> answer, status, error); `questions` is JSON and may differ between rows."""
    free = engine.paid is not None
    requests = [
        Extract(transcript, questions_of(asked, free))
        for transcript, asked in zip(transcripts.to_pylist(), questions.to_pylist(), strict=True)
    ]
    return answered(engine, "extract", requests, pa.map_(pa.string(), pa.string()))


@lru_cache(maxsize=64)
def questions_of(text: str, free: bool) -> dict[str, Question]:
    """The questions of a JSON text. free: whether a category may have any word as its answer, as only a model can give.

    Raises ClioError for what is no question.
    """
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not given:
        raise ClioError(
            "clio_extract: questions must be a struct or map from a facet to a question, "
            "such as {task: 'What is the assistant asked to do?'}."
        )
    return {facet: _question(facet, asked, free) for facet, asked in given.items()}


def _question(facet: str, asked: object, free: bool) -> Question:
    if isinstance(asked, str):
        return Question(asked)
    if not isinstance(asked, dict) or not isinstance(asked.get("question"), str):
        raise ClioError(
            f"clio_extract: facet {quoted(facet)} needs a question: a text, or a struct {{question, kind, choices}}."
        )
    if unknown := sorted(set(asked) - set(KEYS)):
        raise ClioError(
            f"clio_extract: facet {quoted(facet)} has {quoted(unknown[0])} beside its question; "
            f"allowed: {', '.join(KEYS)}. Change the question."
        )
    kind = asked.get("kind") or "text"
    if kind not in KINDS:
        raise ClioError(
            f"clio_extract: facet {quoted(facet)} has kind {quoted(str(kind))}; "
            f"allowed: {', '.join(KINDS)}. Change the question."
        )
    if kind == "category" and (problem := without_choices(facet, asked.get("choices"), free)):
        raise ClioError(f"clio_extract: facet {quoted(facet)} {problem}")
    choices = asked.get("choices") or []
    if not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        raise ClioError(
            f"clio_extract: facet {quoted(facet)} has choices that are not a list of texts, such as ['a', 'b']."
        )
    return Question(asked["question"], kind, tuple(choices))


FUNCTION = Function(
    "clio_extract",
    ["VARCHAR", "VARCHAR"],
    "MAP(VARCHAR, VARCHAR)",
    extract,
    answered=True,
    code=(
        *PROVIDERS,
        *VECTORS,
        "providers/local/trim.py",
        "providers/local/asking.py",
        "providers/local/concern.py",
        "providers/local/concern.npy",
        "words/redact.py",
        "words/words.py",
        "words/lexicons/asking.txt",
        "words/lexicons/concern.txt",
    ),
)
