"""How well clusters match known labels, with intervals from drawing users anew. numpy on counts, no texts.

A table here is an array of numbers of conversations, clusters × labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

CENTRE = 95  # per cent of the draws that an interval holds
LEAST = 10  # users of a language that is told apart
LOWEST = {"adjusted_rand_index": -0.5}  # of other measures 0; the highest is 1


class Figure(NamedTuple):
    """One measure. level, language: of which, None for all. low, high: the interval; None where users play no part."""

    measure: str
    level: int | None
    language: str | None
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Counts:
    """The labelled conversations of one facet: of each user, base cluster, label and language.

    drawn, cluster, label, language, conversations: one number per row; clusters, labels and users are numbered from
    0, and language is -1 where it is not known. published, nearest: of each base cluster whether it is published, and
    the label nearest to its name, -1 if it has none. holders: level -> the cluster of that level that holds each base
    cluster. The last base cluster is none at all: conversations without an answer.
    """

    drawn: np.ndarray
    cluster: np.ndarray
    label: np.ndarray
    language: np.ndarray
    conversations: np.ndarray
    published: np.ndarray
    nearest: np.ndarray
    holders: Mapping[int, np.ndarray]
    languages: tuple[str, ...]
    labels: int

    @property
    def users(self) -> int:
        return int(self.drawn.max()) + 1

    @cached_property
    def told_apart(self) -> list[int]:
        """The numbers of the languages that at least LEAST users write, by name."""
        pairs = np.unique(np.stack([self.language, self.drawn]), axis=1)[0]
        users = np.bincount(pairs[pairs >= 0], minlength=len(self.languages))
        return sorted(np.flatnonzero(users >= LEAST).tolist(), key=self.languages.__getitem__)


def figures(counts: Counts, replicates: int, seed: int) -> list[Figure]:
    """Every measure with an interval: how far it strays where as many users are drawn with replacement.

    The clusters stay what they are: an interval says how much hangs on who happened to write. A user who is drawn
    twice makes purity and the Rand index look better, so the draws are moved by the difference of their mean from the
    value, which removes the bias (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 10); the
    interval holds the middle 95% of them, and ends where the measure does.
    """
    rng = np.random.default_rng(seed)
    once = np.ones(counts.users)
    found = list(_measured(counts, once))
    drawn = [[value for *_, value in _measured(counts, _times(rng, counts.users))] for _ in range(replicates)]
    values = np.array([value for *_, value in found])
    lowest = np.array([LOWEST.get(measure, 0) for measure, *_ in found])
    lows, highs = np.clip(_intervals(values, np.array(drawn)), lowest, 1) if drawn else np.full((2, len(found)), np.nan)
    return [
        Figure(*measure, *(None if np.isnan(end) else float(end) for end in ends))
        for measure, *ends in zip(found, lows, highs, strict=True)
    ]


def _intervals(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The lower and the upper ends. drawn: draws × measures; NaN where nobody drawn writes the language."""
    moved = drawn - np.nanmean(drawn, axis=0) + values
    return np.nanpercentile(moved, ((100 - CENTRE) / 2, (100 + CENTRE) / 2), axis=0)


def _times(rng: np.random.Generator, users: int) -> np.ndarray:
    """How often each user is among as many that are drawn with replacement."""
    return np.bincount(rng.integers(users, size=users), minlength=users)


def _measured(counts: Counts, times: np.ndarray) -> Iterator[tuple[str, int | None, str | None, float]]:
    """(measure, level, language, value), always in the same order. times: how often each user is drawn."""
    weights = counts.conversations * times[counts.drawn]
    table = _table(counts.cluster, counts.label, weights, (len(counts.published), counts.labels))
    shown = table[counts.published]
    yield "base_purity", None, None, _share(table[:-1].max(axis=1).sum(), table.sum())
    yield "held_back", None, None, 1 - _share(shown.sum(), table.sum())
    for level, holders in counts.holders.items():
        held = np.zeros((holders.max() + 1, counts.labels))
        np.add.at(held, holders[counts.published], shown)
        yield "adjusted_rand_index", level, None, adjusted_rand(held)
        yield "v_measure", level, None, v_measure(held)
    right = weights * (counts.nearest[counts.cluster] == counts.label)
    yield "reconstructed", None, None, _share(right.sum(), table.sum())
    yield "reconstructed_of_published", None, None, _share(right.sum(), shown.sum())
    known, size = counts.language >= 0, len(counts.languages)
    found, all_of = (np.bincount(counts.language[known], each[known], size) for each in (right, weights))
    for place in counts.told_apart:
        yield "reconstructed", None, counts.languages[place], _share(found[place], all_of[place])


def _table(rows: np.ndarray, columns: np.ndarray, weights: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.bincount(rows * shape[1] + columns, weights, shape[0] * shape[1]).reshape(shape)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def adjusted_rand(table: np.ndarray) -> float:
    """1 where clusters are labels, about 0 by chance (Hubert and Arabie 1985). sklearn's takes no weights."""
    inside, rows, columns, everything = (
        (counts * (counts - 1)).sum() / 2 for counts in (table, table.sum(axis=1), table.sum(axis=0), table.sum())
    )
    expected = rows * columns / everything if everything else 0.0
    most = (rows + columns) / 2
    return float((inside - expected) / (most - expected)) if most != expected else 1.0


def v_measure(table: np.ndarray) -> float:
    """The harmonic mean of homogeneity and completeness, 0 to 1 (Rosenberg and Hirschberg 2007)."""
    both, rows, columns = (_entropy(counts) for counts in (table, table.sum(axis=1), table.sum(axis=0)))
    return float(2 * (rows + columns - both) / (rows + columns)) if rows + columns else 1.0


def _entropy(counts: np.ndarray) -> float:
    shares = counts[counts > 0] / max(1, counts.sum())
    return float(-(shares * np.log(shares)).sum())
