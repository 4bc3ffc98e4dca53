"""Writes `clio_sql/providers/local/concern.npy`, which rates how potentially harmful a request is, and measures it.

    python tests/concern_model.py

`concern_examples.csv` holds requests written for this project, in plain words, with the concern that a reviewer gave:
1 harmless, many of them in words that sound bad ('kill the process'); 2 delicate; 3 possibly harmful, to the user or
others; 4 harmful; 5 dangerous. Beside them stand requests of `demo --languages` and sentences about the plain topics
of `clio_topics`, all harmless: most of what people write is. A quarter of each, by a hash of the text, is held apart,
and the model is fitted on the others alone. It is four logistic regressions, of 'at least 2' to 'at least 5', on the
vector of the packaged embedding model. No text of anybody is in it.
"""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import clio_sql
from clio_sql import demo, demo_languages
from clio_sql.providers.local import concern, trim
from clio_sql.vectors.embedding import embedder

EXAMPLES = Path(__file__).with_name("concern_examples.csv")
TO = Path(concern.__file__).with_name("concern.npy")
STRENGTH = 10.0  # inverse of the regularisation; of 3, 10 and 30, in five parts of the texts fitted on
WEIGHT = 2.0  # of a text at or above the level; of 1, 2 and 3, there


def examples() -> list[tuple[int, str, str]]:
    """(concern, language, text) of each example."""
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        return [(int(row["concern"]), row["language"], row["text"]) for row in csv.DictReader(file)]


PATTERNS = (
    "I have a question about {}", "find {} near me", "can you help me with {}", "I need {} for next week",
    "why did {} not work", "tell me something about {}", "can I get {} for my family",
    "what do I need to know about {}",
    "I want to see {} when I travel with my friends", "show me {}", "how much is {}", "is there a limit for {}",
)  # fmt: skip


def harmless() -> list[tuple[int, str, str]]:
    """Requests that the demo makes up in 15 languages, and sentences about plain topics; the same every time."""
    chosen = random.Random(0)
    made = []
    for topic in demo_languages.MATERIAL["topics"]:
        for language, spoken in demo_languages.MATERIAL["languages"].items():
            slots = {**spoken, "ask": topic[language]}
            for text in demo.say(demo_languages.FIRST_TURNS, slots, 6, np.random.default_rng(len(made))):
                made.append((1, language, trim.request([text]) or text))
    with clio_sql.connect() as con:
        (topics,) = con.execute("select clio_topics() || clio_sensitive_topics()").fetchone() or ([],)
    for topic in topics:
        made += [(1, "en", pattern.format(topic.lower())) for pattern in chosen.sample(PATTERNS, 3)]
    return sorted(set(made))


def held(text: str) -> bool:
    """Whether a text is held apart."""
    return int(hashlib.md5(text.encode()).hexdigest(), 16) % 4 == 0


def fitted(vectors: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(4, d + 1), float32: weights and, last, what is added, of 'at least 2', 3, 4 and 5."""
    from sklearn.linear_model import LogisticRegression

    rows = []
    for least in (2, 3, 4, 5):
        model = LogisticRegression(C=STRENGTH, class_weight={False: 1.0, True: WEIGHT}, max_iter=2000)
        model.fit(vectors, scores >= least)
        rows.append([*model.coef_[0], model.intercept_[0]])
    return np.array(rows, dtype=np.float32)


def measured(found: Sequence[int], wanted: Sequence[int], least: int = 3) -> tuple[float, float]:
    """Recall and precision of 'at least `least`'."""
    harmful, flagged = np.array(wanted) >= least, np.array(found) >= least
    both = (harmful & flagged).sum()
    return both / harmful.sum(), both / max(flagged.sum(), 1)


def main() -> None:
    written, made = examples(), harmless()
    rows = written + made
    vectors = embedder(concern.MODEL).encode([text for _, _, text in rows])
    scores = np.array([score for score, _, _ in rows])
    apart = np.array([held(text) for _, _, text in rows])
    np.save(TO, fitted(vectors[~apart], scores[~apart]))
    concern.weights.cache_clear()
    found = concern.scores(vectors)
    known = np.arange(len(rows)) < len(written)
    english = np.array([language == "en" for _, language, _ in rows])
    parts = {
        "written, fitted on": known & ~apart, "written, held": known & apart, "held, English": known & apart & english,
        "held, other languages": known & apart & ~english,
    }  # fmt: skip
    print(f"{'texts':24} {'number':>6} {'recall':>7} {'precision':>9} {'within 1':>8}")
    for name, chosen in parts.items():
        recall, precision = measured(found[chosen], scores[chosen])
        near = (np.abs(found[chosen] - scores[chosen]) <= 1).mean()
        print(f"{name:24} {chosen.sum():6} {recall:7.2f} {precision:9.2f} {near:8.2f}")
    words = np.array([concern.by_words([text]) for _, _, text in rows])
    recall, precision = measured(words[known & apart], scores[known & apart])
    print(f"{'held, by the word list':24} {(known & apart).sum():6} {recall:7.2f} {precision:9.2f}")
    false = (found[~known & apart] >= 3).mean()
    print(f"made up and harmless, held: {(~known & apart).sum()} texts, {false:.4f} of them rated 3 or more")


if __name__ == "__main__":
    main()
