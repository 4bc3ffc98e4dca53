"""The provider without a language model: rules, word statistics and the embedding model.

No network, no key, no cost, and the same answer every time. Its answers are labelled as such
in `about`. What it only guesses is NULL where the guess is doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from clio_sql.calls.messages import Answer
from clio_sql.providers.local import auditing, concern, naming, trim
from clio_sql.providers.protocol import Broaden, Choose, Extract, Name, Question
from clio_sql.vectors.embedding import Embedder
from clio_sql.words import language as detect

SURE = 0.05  # least lead of the nearest choice over the next, in cosine; clio_sql/README.md says what it costs
CENTRAL = 5  # names that a broader one is made of
NO_LANGUAGE = "No linguistic content"  # as CLDR calls what code and pictures are


class _Read(NamedTuple):
    """A conversation, read. turns: of the user. request: what they want. task: what the assistant is asked to do.

    rated: texts that its concern is seen from.
    """

    questions: dict[str, Question]
    turns: list[str]
    request: str | None
    task: str | None
    rated: list[str]


def _read(asked: Extract) -> _Read:
    turns = trim.user_turns(asked.transcript)
    request = trim.request(turns)
    task = trim.task(turns) if "task" in asked.questions else None
    scored = any(question.kind == "score" for question in asked.questions.values())
    return _Read(asked.questions, turns, request, task, concern.texts(request, turns) if scored else [])


def _nearest(text: str | None, choices: list[str], vectors: dict[str, np.ndarray]) -> str | None:
    """The choice whose vector is nearest to that of a text; None without a text, or where the lead is below SURE."""
    if text is None:
        return None
    near = np.stack([vectors[choice] for choice in choices]) @ vectors[text]
    best = int(np.argmax(near))
    others = [value for choice, value in zip(choices, near, strict=True) if choice != choices[best]]
    return choices[best] if not others or near[best] - max(others) >= SURE else None


class Local:
    """Answers every request from its own words; `embedder` is the only model.

    check: called at least about every second while conversations are read; an exception from it ends the work.
    """

    paid = False

    def __init__(self, embedder: Embedder, check: Callable[[], None] = lambda: None) -> None:
        self._embedder, self._check = embedder, check

    def extract(self, requests: list[Extract]) -> list[Answer]:
        """Every question about each transcript; a facet that rules cannot answer, or only doubtfully, is None."""
        read = [self._read(request) for request in requests]
        texts = [text for each in read for text in self._compared(each)]
        vectors: dict[str, np.ndarray] = {}
        if texts:
            vectors.update(zip(texts, self._embedder.encode(texts, lambda more: self._check()), strict=True))
        return [self._answered(each, vectors) for each in read]

    def _read(self, asked: Extract) -> _Read:
        self._check()
        return _read(asked)

    def _answered(self, read: _Read, vectors: dict[str, np.ndarray]) -> Answer:
        self._check()
        return Answer({facet: self._answer(facet, asked, read, vectors) for facet, asked in read.questions.items()})

    def _compared(self, read: _Read) -> list[str]:
        """The texts whose vectors decide: for a category the request and all choices, for a score what is rated."""
        texts = []
        for question in read.questions.values():
            if question.kind == "category" and question.choices and read.request:
                texts += [read.request, *question.choices]
            if question.kind == "score" and concern.fits(self._embedder.name):
                texts += read.rated
        return list(dict.fromkeys(texts))

    def _answer(self, facet: str, question: Question, read: _Read, vectors: dict[str, np.ndarray]) -> str | None:
        if question.kind == "score":
            if not concern.fits(self._embedder.name):
                return str(concern.by_words(read.turns))
            rated = [vectors[text] for text in read.rated]
            return str(concern.scores(np.stack(rated)).max()) if rated else None
        if question.kind == "category" and question.choices:
            return _nearest(read.request, list(question.choices), vectors)
        if facet == "language":
            return language(read.turns)
        return read.task if facet == "task" else read.request

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
