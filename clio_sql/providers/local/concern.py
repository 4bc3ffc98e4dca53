"""How potentially harmful a conversation is, from 1 to 5, without a language model.

A linear model on the vector of the request, fitted on examples of this project (`tests/concern_model.py`). It works in
the space of the packaged embedding models; with another model a list of words decides, as it also does on which later
turns are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from clio_sql.providers.local import trim
from clio_sql.vectors.embedding import LANGUAGES, PACKAGED
from clio_sql.words import words

MODEL = LANGUAGES  # what the examples were embedded with; English vectors are those of ENGLISH
MOST_TURNS = 3  # later turns of one conversation that are looked at


def fits(model: str) -> bool:
    """Whether the linear model works on the vectors of an embedding model."""
    return model in PACKAGED


@cache
def weights() -> np.ndarray:
    """(4, d + 1): the log odds of 'at least 2', 3, 4 and 5 are a product with the vector, plus the last column."""
    return np.load(Path(__file__).with_name("concern.npy"))


def scores(vectors: np.ndarray) -> np.ndarray:
    """1 to 5 for each unit vector, shape (n, d): one more for each level that is likelier than not."""
    model = weights()
    return 1 + (vectors @ model[:, :-1].T + model[:, -1] > 0).sum(axis=1)


def texts(request: str | None, turns: Sequence[str]) -> list[str]:
    """What is rated of a conversation: its request, and what later turns with a word of the list ask for."""
    suspect = [turn for turn in turns[1:] if by_words([turn]) > 1][:MOST_TURNS]
    asked = [request, *(trim.request([turn]) for turn in suspect)]
    return list(dict.fromkeys(text for text in asked if text))


@cache
def _phrases() -> list[tuple[int, re.Pattern[str]]]:
    """Score -> any phrase of that score; the highest first."""
    phrases: dict[int, list[str]] = {}
    for line in words.lexicon("concern"):
        score, phrase = line.split(": ", 1)
        phrases.setdefault(int(score), []).append(re.escape(phrase))
    return [(score, re.compile(rf"\b(?:{'|'.join(phrases[score])})")) for score in sorted(phrases, reverse=True)]


def by_words(turns: Sequence[str]) -> int:
    """1 to 5: the highest score of a phrase of `lexicons/concern.txt` that the user wrote, else 1."""
    text = " ".join(turn[: trim.READ] for turn in turns).lower()
    return next((score for score, pattern in _phrases() if pattern.search(text)), 1)
