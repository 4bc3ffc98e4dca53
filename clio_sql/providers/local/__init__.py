"""The provider without a language model: rules, word statistics and the embedding model.

No network, no key, no cost, and the same answer every time. Its answers are labelled as such
in `about`. It sees words, not meaning, so it clusters other languages by language.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from clio_sql.calls.messages import Answer
from clio_sql.providers.local import auditing, naming, trim
from clio_sql.providers.protocol import Broaden, Choose, Extract, Name, Question
from clio_sql.vectors.embedding import Embedder
from clio_sql.words import language as detect
from clio_sql.words import words

CENTRAL = 5  # names that a broader one is made of
NO_LANGUAGE = "No linguistic content"  # as CLDR calls what code and pictures are


class Local:
    """Answers every request from its own words; `embedder` is the only model."""

    paid = False

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def extract(self, requests: list[Extract]) -> list[Answer]:
        """Every question about each transcript; a facet that rules cannot answer is None."""
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
        return [naming.name(request) for request in requests]

    def propose(self, requests: list[Broaden]) -> list[Answer]:
        """`n` groups of the names by Ward's linkage, each called by its most central names."""
        return [Answer(self._broader(request.names, request.n)) for request in requests]

    merge = propose

    def choose(self, requests: list[Choose]) -> list[Answer]:
        """The parent whose embedding is nearest to that of the name."""
        texts = list(dict.fromkeys(text for request in requests for text in (request.name, *request.parents)))
        gists = dict(zip(texts, self._gists(texts), strict=True)) if texts else {}
        answers = []
        for request in requests:
            near = np.stack([gists[parent] for parent in request.parents]) @ gists[request.name]
            answers.append(Answer(request.parents[int(np.argmax(near))]))
        return answers

    def close(self) -> None: ...

    def audit(self, texts: list[str]) -> list[Answer]:
        """Rated by rule, see `auditing.rate`."""
        return [Answer(auditing.rate(text)) for text in texts]

    def _broader(self, names: list[str], n: int) -> list[str]:
        distinct = sorted(set(names))
        if len(distinct) <= n:
            return distinct
        from sklearn.cluster import AgglomerativeClustering

        vectors = self._gists(distinct)
        groups = AgglomerativeClustering(n_clusters=n, linkage="ward").fit_predict(vectors)
        return ["; ".join(_central(distinct, vectors, groups == group)) for group in range(n)]

    def _gists(self, texts: list[str]) -> np.ndarray:
        """Unit vectors, shape (len(texts), d): of a text, or the mean over those that `_broader` joined."""
        parts = [[naming.gist(part) for part in text.split("; ")] for text in texts]
        ends = np.cumsum([len(of_text) for of_text in parts])
        vectors = np.split(self._embedder.encode([part for of_text in parts for part in of_text]), ends[:-1])
        means = [of_text.mean(axis=0) for of_text in vectors]
        return np.stack([mean / max(float(np.linalg.norm(mean)), 1e-9) for mean in means])


def _central(names: list[str], vectors: np.ndarray, inside: np.ndarray) -> list[str]:
    """At most CENTRAL names of a group, those nearest to its mean first."""
    rows = np.flatnonzero(inside)
    near = (vectors[rows] @ vectors[rows].mean(axis=0)).round(5)  # ties are broken alphabetically
    return [names[row] for row in rows[np.argsort(-near, kind="stable")][:CENTRAL]]


def language(turns: list[str]) -> str | None:
    """The human language of the user's turns, its full English name; see `words/language.py`.

    NO_LANGUAGE where they hold code, addresses or pictures alone. None if it cannot be said: too few words, doubtful.
    """
    text = ""
    for turn in turns:  # as much as a detector reads
        if len(text) < detect.READ:
            text = f"{text} {trim.own(turn)}"
    if not re.search(r"[^\W\d_]", trim.without_addresses(text)):
        return NO_LANGUAGE if re.search(r"[^\W\d_]", " ".join(turns)) else None
    code = detect.detected(text)
    return detect.name(code) if code else None


@cache
def _concerns() -> list[tuple[int, re.Pattern[str]]]:
    """Score -> any phrase of that score; the highest first."""
    phrases: dict[int, list[str]] = {}
    for line in words.lexicon("concern"):
        score, phrase = line.split(": ", 1)
        phrases.setdefault(int(score), []).append(re.escape(phrase))
    return [(score, re.compile(rf"\b(?:{'|'.join(phrases[score])})", re.I)) for score in sorted(phrases, reverse=True)]


def concern(turns: list[str]) -> str:
    """'1' to '5': the highest score of a phrase of `lexicons/concern.txt` that the user wrote, else '1'."""
    text = " ".join(turn[: trim.READ] for turn in turns)
    return str(next((score for score, pattern in _concerns() if pattern.search(text)), 1))
