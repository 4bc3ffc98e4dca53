"""A whole run beside BERTopic and plain k-means, on the same texts and embeddings: time, and what the clusters hold.

    pip install bertopic
    python tests/bench_topics.py demo.parquet [FILE ...] [--repeats 3]

Each file is a labelled one, as `clio-sql demo` writes it or those in CLIO_TEST_DATA. A run makes texts and embeddings,
with packaged settings; BERTopic as it comes is given both, and so is scikit-learn's KMeans, with as many clusters as
the run has. first: seconds in a process of its own, with loading and compiling what is needed; again: those of a second
time in the same process. Both are medians, taken in turns; of a run all steps after those that read, extract and embed,
so from the texts to the report. purity: share of all conversations that are in a cluster whose commonest label is
theirs; one that is in no cluster is in none of its label. The run's is of its base clusters, before anything is held
back. top: adjusted Rand index against the labels at the top level: of the run's tree; of BERTopic reduced to as many
topics; of k-means with as many clusters, the median of several seeds. It is taken on the conversations that the run
shows, for all three.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from bench_growth import Timed
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from clio_sql.run import analyse

SEEDS = 9  # of k-means
GIVEN = ("source", "conversations", "sampled_conversations", "screened", "facet_values", "embeddings")


def ours(file: Path, into: Path) -> float:
    """Seconds of a run from the texts on."""
    steps = Timed()
    analyse.analyse(str(file), into, steps, runtime={"provider": "local"})
    return sum(seconds for step, seconds in steps.seconds.items() if step not in GIVEN)


def bertopic(texts: Sequence[str], vectors: np.ndarray, topics: int | None = None) -> tuple[float, list[int]]:
    """Seconds, and the topic of each text, -1 for none."""
    from bertopic import BERTopic

    began = time.monotonic()
    found, _ = BERTopic(nr_topics=topics, calculate_probabilities=False).fit_transform(list(texts), embeddings=vectors)
    return time.monotonic() - began, [int(topic) for topic in found]


def k_means(vectors: np.ndarray, k: int, seed: int = 0) -> tuple[float, list[int]]:
    began = time.monotonic()
    labels = KMeans(k, random_state=seed).fit(vectors).labels_
    return time.monotonic() - began, labels.tolist()


def purity(clusters: Sequence[Any], labels: Sequence[str]) -> float:
    counted: dict[Any, Counter[str]] = defaultdict(Counter)
    for cluster, label in zip(clusters, labels, strict=True):
        if cluster not in (-1, None):
            counted[cluster][label] += 1
    return sum(max(counts.values()) for counts in counted.values()) / len(labels)


def twice(name: str, file: Path, folder: Path, k: int) -> list[float]:
    """Seconds of two runs in a process of their own. folder: holds given.npz."""
    command = [sys.executable, __file__, "--one", name, "--folder", str(folder), "--clusters", str(k), str(file)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1])


def one(name: str, file: Path, folder: Path, k: int) -> list[float]:
    """What `twice` runs."""
    if name == "clio-sql":
        with tempfile.TemporaryDirectory() as temporary:
            return [ours(file, Path(temporary) / str(again)) for again in range(2)]
    given = np.load(folder / "given.npz")
    texts, vectors = given["texts"].tolist(), given["vectors"]
    runs = {"BERTopic": lambda: bertopic(texts, vectors), "k-means": lambda: k_means(vectors, k)}
    return [runs[name]()[0] for _ in range(2)]


def compared(file: Path, repeats: int) -> list[str]:
    """Rows of the table for one file."""
    seconds: dict[str, list[list[float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        ours(file, folder / "out")
        texts, embedded, labels, base, top = zip(*_rows(file, folder / "out"), strict=True)
        vectors = np.array(embedded, dtype=np.float32)
        np.savez(folder / "given.npz", texts=np.array(texts), vectors=vectors)
        for _ in range(repeats):
            for name in ("clio-sql", "BERTopic", "k-means"):
                seconds[name].append(twice(name, file, folder, len(set(base))))
    shown = [place for place, cluster in enumerate(top) if cluster is not None]
    wanted = len({top[place] for place in shown})

    def rand(tops: Sequence[Any]) -> float:
        return float(adjusted_rand_score([labels[place] for place in shown], [tops[place] for place in shown]))

    topics, (_, reduced) = bertopic(texts, vectors)[1], bertopic(texts, vectors, wanted + 1)  # one is that of no topic
    k_base, k_tops = k_means(vectors, len(set(base)))[1], [k_means(vectors, wanted, seed)[1] for seed in range(SEEDS)]
    found = {
        "clio-sql": (base, rand(top)),
        "BERTopic": (topics, rand(reduced)),
        "k-means": (k_base, statistics.median(map(rand, k_tops))),
    }
    lines = []
    for name, (clusters, index) in found.items():
        cells = []
        for taken, theirs in zip(*(zip(*seconds[each], strict=True) for each in (name, "BERTopic")), strict=True):
            mine = statistics.median(taken)
            cells.append(f"{mine:.1f} s | {mine / statistics.median(theirs):.2f}")
        number = len(set(clusters) - {-1, None})
        lines.append(
            f"| {file.stem}, {len(texts):,} | {name} | {' | '.join(cells)} "
            f"| {number} | {purity(clusters, labels):.3f} | {index:.3f} |"
        )
    return lines


def _rows(file: Path, out: Path) -> list[tuple[str, list[float], str, str, str | None]]:
    """Text, vector, label, base cluster and top cluster, None where it is not shown, of each conversation."""
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(
            f"""
            with top as (
                select conversation_id, cluster_id from clio.memberships
                where facet = 'request' and level = (select max(level) from clio.hierarchy where facet = 'request')
            )
            select answered.value, embeddings.embedding, chats.label, assignments.cluster_id, top.cluster_id
            from clio.embeddings as embeddings
            inner join clio.facet_values as answered using (conversation_id, facet)
            inner join clio.assignments as assignments using (conversation_id, facet)
            inner join '{file}' as chats using (conversation_id)
            left join top using (conversation_id)
            where facet = 'request' order by md5(conversation_id)"""
        ).fetchall()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", help="Parquet with conversation_id and label")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", choices=["clio-sql", "BERTopic", "k-means"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--clusters", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(asked.one, asked.files[0], asked.folder, asked.clusters)))
        return
    print("| data | of | first | of BERTopic's | again | of BERTopic's | clusters | purity | top |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for file in asked.files:
        print("\n".join(compared(file, asked.repeats)), flush=True)


if __name__ == "__main__":
    main()
