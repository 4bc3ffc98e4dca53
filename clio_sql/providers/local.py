"""The provider without a language model: rules, word statistics and the embedding model.

No network, no key, no cost, and the same answer every time. What it makes is labelled so
in `about`. It sees words, not meaning, and so it clusters other languages by language.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from clio_sql import words
from clio_sql.embedding import Embedder
from clio_sql.providers import Answer, Broaden, Choose, Extract, Name, Question, naming, trim

READ_FOR_LANGUAGE = 2_000  # characters of the user's turns; more changes nothing


class Local:
    """Answers every request from its own words; `embedder` is the only model."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def extract(self, requests: list[Extract]) -> list[Answer]:
        """Every question about each transcript; a facet that cannot be answered by rule is None."""
        return [Answer(self._answers(request)) for request in requests]

    def _answers(self, request: Extract) -> dict[str, str | None]:
        turns = trim.user_turns(request.transcript)
        return {facet: self._answer(facet, question, turns) for facet, question in request.questions.items()}

    def _answer(self, facet: str, question: Question, turns: list[str]) -> str | None:
        if question.kind == "score":
            return concern(turns)
        if question.kind == "category" and question.choices:
            return self._nearest(trim.request(turns), list(question.choices))
        if facet == "language":
            return language(turns)
        return trim.task(turns) if facet == "task" else trim.request(turns)

    def _nearest(self, text: str | None, choices: list[str]) -> str | None:
        if text is None:
            return None
        return choices[int(np.argmax(self._embedder.encode(choices) @ self._embedder.encode([text])[0]))]

    def name(self, requests: list[Name]) -> list[Answer]:
        """A supported phrase that sets the group apart, and a description in supported phrases."""
        return [naming.name(request, self._embedder) for request in requests]

    def propose(self, requests: list[Broaden]) -> list[Answer]:
        """The most central of each of `n` groups of the names: its own words stand for the broader one."""
        return [Answer(self._central(request.names, request.n)) for request in requests]

    merge = propose

    def choose(self, requests: list[Choose]) -> list[Answer]:
        """The parent whose embedding is nearest."""
        return [Answer(self._nearest(request.name, request.parents)) for request in requests]

    def audit(self, texts: list[str]) -> list[Answer]:
        """Rated by rule, see `rate`."""
        return [Answer(rate(text)) for text in texts]

    def _central(self, names: list[str], n: int) -> list[str]:
        distinct = sorted(set(names))
        if len(distinct) <= n:
            return distinct
        from sklearn.cluster import AgglomerativeClustering

        vectors = self._embedder.encode(distinct)
        groups = AgglomerativeClustering(n_clusters=n, linkage="ward").fit_predict(vectors)
        return [distinct[_medoid(vectors, np.flatnonzero(groups == group))] for group in range(n)]


def _medoid(vectors: np.ndarray, rows: np.ndarray) -> int:
    """The row nearest to the mean of `rows`; the first of equals."""
    return int(rows[np.argmax(vectors[rows] @ vectors[rows].mean(axis=0))])


@cache
def _language_names() -> dict[str, str]:
    from babel import Locale

    return dict(Locale("en").languages)


def language(turns: list[str]) -> str | None:
    """The human language of the user's turns, its full English name; None where there are too few letters."""
    text = " ".join(turns)[:READ_FOR_LANGUAGE]
    if len(re.findall(r"[^\W\d_]", text)) < 3:
        return None
    import py3langid

    code, _ = py3langid.classify(text)
    return _language_names().get(code)


@cache
def _concerns() -> list[tuple[int, re.Pattern[str]]]:
    lines = (line.split(": ", 1) for line in words.lexicon("concern"))
    return [(int(score), re.compile(rf"\b{re.escape(phrase)}", re.I)) for score, phrase in lines]


def concern(turns: list[str]) -> str:
    """'1' to '5': the highest score of a phrase of `lexicons/concern.txt` that the user wrote, else '1'."""
    text = " ".join(turn[: trim.READ] for turn in turns)
    return str(max((score for score, pattern in _concerns() if pattern.search(text)), default=1))


_IDENTIFIES = re.compile(
    r"\S+@\S+|https?://|www\.|(?<!\w)@\w|\d|\b(?:my name is|named|called)\s+[A-Z]"
    r"|\b(?:mr|mrs|ms|dr|prof)\.?\s+[A-Z]",
    re.I,
)
_CAPITALISED = re.compile(r"(?<=[a-z,;] )[A-Z][\w'-]+")


def rate(text: str) -> dict[str, object]:
    """How privacy-preserving a text is, by rule: {'rating': 1 to 5, 'reason': str}.

    1: numbers, addresses or handles, or a name said to be one. 2: two capitalised unknown words
    in a row. 4: single words that are not in the public word list. 5: ordinary words only.
    Whether enough people used the words is not its business but the supported-terms rule's.
    """
    if _IDENTIFIES.search(text):
        return {"rating": 1, "reason": "a number, an address, a handle or a title with a name"}
    capitals = [match for match in _CAPITALISED.findall(text) if not words.word(match.lower()).ordinary]
    if any(f"{first} {second}" in text for first, second in zip(capitals, capitals[1:], strict=False)):
        return {"rating": 2, "reason": "looks like a full name"}
    unknown = [w for w in re.findall(r"[^\W\d_][\w'-]*", text.lower()) if not _plain(w)]
    if unknown:
        return {"rating": 4, "reason": "words that are not in the public word list"}
    return {"rating": 5, "reason": "ordinary words only"}


def _plain(text: str) -> bool:
    known = words.word(text)
    return known.ordinary or known.stop
