"""How fast the functions that compute are, each beside what it is held against, in the same process.

    python tests/bench_kernels.py embed [--texts 2000]             # against SentenceTransformer.encode, two ways
    python tests/bench_kernels.py rate [--texts 2000]              # against the processor's own matrix product
    python tests/bench_kernels.py fit [--rows 500000] [--k 1000]   # against faiss (pip install faiss-cpu)
    python tests/bench_kernels.py cluster [--rows 500000] [--k 1000]   # against one numpy product

Prints one table each: medians of so many --repeats, taken in turns, by wall clock; with --cpu in seconds of the
processor, which other programs disturb less (with OMP_NUM_THREADS=1 where they are many). Short texts are the first
messages of banking77.parquet, long ones whole transcripts of sgd_dev.parquet, both in CLIO_TEST_DATA. Vectors are made
up: groups of groups on the unit sphere, of skewed sizes.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

import clio_sql
from clio_sql.register import engine_of
from clio_sql.vectors import encoder, kmeans
from clio_sql.vectors.embedding import ENGLISH, WIDTH, _packaged_weights

FOLDER = Path(os.environ.get("CLIO_TEST_DATA") or Path(__file__).parent.parent.parent / "shared" / "data")
TEXTS = {
    "short": "select distinct messages[1].content from '{}/banking77.parquet' order by md5(messages[1].content)",
    "long": """select distinct array_to_string([m.role || ': ' || m.content for m in messages], chr(10)) as t
        from '{}/sgd_dev.parquet' order by md5(t)""",
}
LONG = 10  # a long text takes as long as so many short ones
POINTS = 256  # points a centroid that the pipeline fits on; faiss takes as many


def medians(repeats: int, cpu: bool, *runs: Callable[[], object]) -> list[float]:
    """Median seconds of each run, taken in turns after one unmeasured round."""
    clock = time.process_time if cpu else time.perf_counter
    seconds: list[list[float]] = [[] for _ in runs]
    for repeat in range(repeats + 1):
        for run, taken in zip(runs, seconds, strict=True):
            began = clock()
            run()
            if repeat:
                taken.append(clock() - began)
    return [statistics.median(taken) for taken in seconds]


def texts(kind: str, number: int) -> list[str]:
    """So many different texts, by hash; of the long ones fewer."""
    rows = duckdb.execute(TEXTS[kind].format(FOLDER)).fetchmany(number // (LONG if kind == "long" else 1))
    return [text for (text,) in rows]


def embedded(con: duckdb.DuckDBPyConnection, given: list[str]) -> np.ndarray:
    """clio_embed through SQL, with nothing remembered."""
    engine_of(con.cursor()).embedder._memory.clear()
    with con.cursor() as cursor:
        cursor.register("given", pa.table({"text": given}))
        return np.stack(cursor.execute("select clio_embed(text) as v from given").fetchnumpy()["v"])


def embed(args: argparse.Namespace) -> None:
    """clio_embed in each precision against the library, as it comes and at its best: texts a second, ratio, cosine."""
    with ExitStack() as stack:
        ours = {
            f"clio_embed, {precision}": partial(
                embedded, stack.enter_context(clio_sql.connect(embedding_model=ENGLISH, precision=precision))
            )
            for precision in filter(encoder.can, encoder.PRECISIONS)
        }
        runs = libraries() | ours
        print("texts  number  by                        texts/s  ratio  worst cosine")
        for kind in TEXTS:
            given = texts(kind, args.texts)
            kept: dict[str, np.ndarray] = {}
            seconds = medians(
                args.repeats, args.cpu,
                *(lambda name=name, run=run: kept.update({name: run(given)}) for name, run in runs.items()),  # noqa: B023
            )  # fmt: skip
            for (name, found), taken in zip(kept.items(), seconds, strict=True):
                worst = (kept["encode"] * found).sum(axis=1).min()
                speed = f"{len(given) / taken:7.0f}  {seconds[0] / taken:5.2f}"
                print(f"{kind:<5}  {len(given):6}  {name:<24}  {speed}  {worst:.5f}")


def libraries() -> dict[str, Callable[[list[str]], np.ndarray]]:
    """sentence-transformers as it comes, in bfloat16 with batches of 256, and by OpenVINO if optimum-intel is there."""
    from sentence_transformers import SentenceTransformer

    place = str(_packaged_weights())
    found = {"encode": partial(SentenceTransformer(place).encode, show_progress_bar=False)}
    best = {"encode, bfloat16": {"model_kwargs": {"dtype": "bfloat16"}}}
    if find_spec("optimum"):
        best["encode, OpenVINO"] = {"backend": "openvino"}
    for name, how in best.items():
        model = SentenceTransformer(place, **how)
        found[name] = partial(model.encode, batch_size=256, show_progress_bar=False)
    return found


def rate(args: argparse.Namespace) -> None:
    """clio_embed in bfloat16 or float32 against one large matrix product in it: operations a second, and the share."""
    import torch

    precision = next(filter(encoder.can, encoder.PRECISIONS[1:]))
    parts, side = encoder.parts_in(_packaged_weights()), 2_048
    matrix = torch.randn(side, side).to(getattr(torch, precision))
    print("texts  tokens a text  GFLOP/s of the processor  of clio_embed  share")
    with clio_sql.connect(embedding_model=ENGLISH, precision=precision) as con:
        for name in TEXTS:
            given = texts(name, args.texts)
            tokenizer = encoder.Encoder(parts, precision).tokenizer
            lengths = np.array([len(ids.ids) for ids in tokenizer.encode_batch_fast(given)])
            whole, ours = medians(
                args.repeats, args.cpu,
                lambda: [matrix @ matrix for _ in range(20)], lambda: embedded(con, given),  # noqa: B023
            )  # fmt: skip
            peak, reached = 20 * 2 * side**3 / whole / 1e9, operations(parts, lengths) / ours / 1e9
            print(f"{name:<5}  {lengths.mean():13.1f}  {peak:24.0f}  {reached:13.0f}  {reached / peak:5.2f}")


def operations(parts: encoder.Parts, lengths: np.ndarray) -> float:
    """Multiplications and additions of the linear layers and of attention, for texts of so many tokens."""
    layers = {name: weights for name, weights in parts.weights.items() if name.startswith("encoder.")}
    linear = sum(weights.size for weights in layers.values() if weights.ndim == 2)
    attention = 2 * parts.layers * WIDTH
    return float((2 * linear * lengths + 2 * attention * lengths.astype(np.float64) ** 2).sum())


def vectors(rows: int, width: int = 384, topics: int = 60, each: int = 40) -> np.ndarray:
    """Unit vectors around groups of groups; few directions carry most of what differs, as with embeddings."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(topics, 1, width)) + 0.6 * random.normal(size=(topics, each, width))
    centres = centres.reshape(-1, width).astype(np.float32)
    owner = random.choice(len(centres), rows, p=random.dirichlet(np.full(len(centres), 0.5)))
    directions = (1 / np.sqrt(1 + np.arange(width) / 20)).astype(np.float32)
    points = np.empty((rows, width), np.float32)
    for start in range(0, rows, 10_000):
        part = centres[owner[start : start + 10_000]]
        part = (part + random.standard_normal(part.shape, dtype=np.float32)) * directions
        points[start : start + 10_000] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return points


def table(con: duckdb.DuckDBPyConnection, points: np.ndarray) -> None:
    """points(i, v FLOAT[d]), in DuckDB."""
    flat = pa.FixedSizeListArray.from_arrays(pa.array(points.ravel()), points.shape[1])
    con.register("given", pa.table({"i": np.arange(len(points)), "v": flat}))
    con.execute("create table points as select * from given")
    con.unregister("given")


def fit(args: argparse.Namespace) -> None:
    """clio_fit on k * 256 of the points and clio_cluster on all, as the pipeline does, against faiss."""
    import faiss

    points = vectors(args.rows)
    kept = {}

    def theirs() -> None:
        means = faiss.Kmeans(points.shape[1], args.k, niter=20, seed=1)
        means.train(points)
        means.index.search(points, 1)
        kept["faiss"] = means.centroids

    with clio_sql.connect() as con:
        table(con, points)

        def ours() -> None:
            query = f"select clio_fit(list(v order by i), {args.k}) from points where i < {args.k * POINTS}"
            (model,) = con.execute(query).fetchone()
            con.execute(f"create or replace table placed as select i, clio_cluster(v, '{model}') as place from points")
            kept["clio"] = engine_of(con).model(model)

        seconds = medians(args.repeats, args.cpu, theirs, ours)
    print(f"{args.rows} x {points.shape[1]}, k = {args.k}\n       seconds  inertia")
    for name, taken in zip(("faiss", "clio"), seconds, strict=True):
        print(f"{name:<5}  {taken:7.2f}  {kmeans.nearest(points, kept[name])[1].mean():.4f}")
    print(f"ratio  {seconds[1] / seconds[0]:7.2f}")


def cluster(args: argparse.Namespace) -> None:
    """clio_cluster through SQL against one numpy product of all points with all centroids."""
    points = vectors(args.rows)
    centroids = points[: args.k].copy()
    with clio_sql.connect() as con:
        table(con, points)
        model = engine_of(con).save_model(centroids)
        query = f"create or replace table placed as select i, clio_cluster(v, '{model}') as place from points"
        product, ours = medians(
            args.repeats, args.cpu, lambda: points @ centroids.T, lambda: con.execute(query).fetchone()
        )
    print(f"{args.rows} x {points.shape[1]}, k = {args.k}\nproduct  clio_cluster  ratio")
    print(f"{product:7.2f}  {ours:12.2f}  {ours / product:5.2f}")


def machine() -> str:
    """The processor, its cores, and how busy it is."""
    found = Path("/proc/cpuinfo")
    lines = found.read_text().splitlines() if found.exists() else []
    name = next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor())
    return f"{name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def main() -> None:
    """Print the table that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", choices=["embed", "rate", "fit", "cluster"])
    parser.add_argument("--texts", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--k", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cpu", action="store_true", help="seconds of the processor instead of the clock's")
    args = parser.parse_args()
    print(machine() + (", seconds of the processor" if args.cpu else ""))
    {"embed": embed, "rate": rate, "fit": fit, "cluster": cluster}[args.table](args)


if __name__ == "__main__":
    main()
