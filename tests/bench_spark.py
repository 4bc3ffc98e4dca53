"""Time and memory of a run on Spark and on one machine: of the driver, of a worker, and of each step, at several sizes.

    python tests/bench_spark.py [--sizes 20000 100000] [--workers 0 1 2] [--parts 8] [--into FOLDER]

Each is a run of its own process over the demo's generator: without a worker `clio-sql run`, else `clio-sql spark` on a
`local-cluster` of so many executors with one core each. Prints a row a step that takes at least a second somewhere: its
seconds, and how many core seconds the workers and the driver took of them, which hold on a busy machine too. Then the
peak of resident memory of the driver (its Python and its JVM) and of the largest worker (its Python, and the JVM of its
executor), the bytes that lie in OUT, and how many published tables are not those of one machine. With --into the
folders stay, and what is there already is not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from warehouse import tables

from clio_sql import demo
from clio_sql.builder import progress
from clio_sql.run.analyse import analyse

SHOWN = 1.0  # seconds
SALT = "0123456789abcdef" * 4  # ids and margins of two folders are equal only under one
CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.executor.memory": "1g",
}
PEAKS = {
    "driver: Python": "peak of the driver's Python, GB",
    "driver: JVM": "peak of the driver's JVM, GB",
    "worker: Python": "peak of a worker's Python, GB",
    "worker: JVM": "peak of an executor's JVM, GB",
}


class Timed(progress.Steps):
    """Steps whose time is kept: name -> seconds, and core seconds of workers and driver, in the order they came."""

    def __init__(self, used: Callable[[], tuple[float, float]]) -> None:
        super().__init__()
        self.seconds: dict[str, tuple[float, float, float]] = {}
        self.used, self.before = used, (0.0, 0.0)

    def begin(self, relation: str, rows: int | None) -> None:
        self.before = self.used()
        super().begin(relation, rows)

    def end(self, rows: int, skipped: bool) -> None:
        workers, driver = (now - before for now, before in zip(self.used(), self.before, strict=True))
        self.seconds[self.relation] = (time.monotonic() - self._since, workers, driver)
        super().end(rows, skipped)


class Watch(threading.Thread):
    """Of this process and those below it: the largest resident memory by what they are, in GB, and core seconds."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peaks = dict.fromkeys(PEAKS, 0.0)
        self.cores: dict[int, tuple[str, float]] = {}  # process -> what it is, and core seconds

    def run(self) -> None:
        while True:
            self.look()
            time.sleep(0.5)

    def look(self) -> None:
        for process, kind, resident, cores in _below(os.getpid()):
            self.peaks[kind] = max(self.peaks[kind], resident)
            self.cores[process] = (kind, cores)

    def used(self) -> tuple[float, float]:
        """Core seconds of all workers and of the driver until now."""
        self.look()
        there = list(self.cores.values())
        return tuple(sum(cores for kind, cores in there if kind.startswith(of)) for of in ("worker", "driver"))


def _below(root: int) -> Iterator[tuple[int, str, float, float]]:
    parents, kinds, sizes, cores = {}, {}, {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            sizes[int(folder.name)] = int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e9
        except OSError:  # it has ended
            continue
        parents[int(folder.name)] = int(fields[1])
        cores[int(folder.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        is_java, of_worker = words[0].endswith(b"java"), b"CoarseGrainedExecutorBackend" in b" ".join(words)
        if is_java:
            kinds[int(folder.name)] = "worker: JVM" if of_worker else "driver: JVM"
        elif any(b"pyspark" in word for word in words[1:]):
            kinds[int(folder.name)] = "worker: Python"
    kinds[root] = "driver: Python"
    for process, kind in kinds.items():
        above = process
        while above != root and above in parents:
            above = parents[above]
        if above == root:
            yield process, kind, sizes[process], cores[process]


def run(chats: Path, workers: int, parts: int, folder: Path) -> None:
    """Analyse, and write what was measured to `folder`/measured.json."""
    watch = Watch()
    timed, out = Timed(watch.used), folder / "out"
    watch.start()
    began = time.monotonic()
    if workers:
        import clio_sql.spark
        from clio_sql.spark.session import session

        conf = [f"{name}={value}" for name, value in CONF.items()]
        with session(f"local-cluster[{workers},1,2048]", conf) as spark:
            clio_sql.spark.run(spark, str(chats), out, breakdowns=["plan"], parts=parts, reporter=timed)
    else:
        analyse(str(chats), out, timed, breakdowns=["plan"])
    whole = time.monotonic() - began
    sizes = {name: size(out / name) for name in ("lake", "warehouse.duckdb")}
    measured = {"seconds": timed.seconds, "whole": [whole, *watch.used()], "peaks": watch.peaks, "sizes": sizes}
    (folder / "measured.json").write_text(json.dumps(measured), "utf-8")


def size(path: Path) -> float:
    """GB on disk of a file or a folder, if it is there."""
    files = [each for each in (path, *path.rglob("*")) if each.is_file()]
    return sum(each.stat().st_size for each in files) / 1e9


def table(runs: Sequence[tuple[int, int]], found: Sequence[dict]) -> Iterator[str]:
    """runs: conversations and workers of each column."""
    machines = {0: "one machine", 1: "1 worker"}
    columns = [f"{count:,}, {machines.get(workers, f'{workers} workers')}" for count, workers in runs]
    yield f"| seconds (core seconds of workers, of the driver) | {' | '.join(columns)} |"
    yield f"|---|{'---:|' * len(runs)}"
    for name in dict.fromkeys(name for each in found for name in each["seconds"]):
        seconds = [each["seconds"].get(name, (0.0, 0.0, 0.0)) for each in found]
        if max(max(each) for each in seconds) >= SHOWN:
            yield f"| `{name}` | {' | '.join(map(told, seconds))} |"
    rows = [("all", [told(each["whole"]) for each in found])]
    rows += [(said, [f"{each['peaks'][name]:.2f}" for each in found]) for name, said in PEAKS.items()]
    rows += [(f"`{name}`, GB", [f"{each['sizes'][name]:.3f}" for each in found]) for name in found[0]["sizes"]]
    rows += [("published tables that differ from one machine's", [each["differ"] for each in found])]
    yield from (f"| {said} | {' | '.join(values)} |" for said, values in rows)


def told(seconds: Sequence[float]) -> str:
    whole, workers, driver = seconds
    return f"{whole:.1f} ({workers:.1f}, {driver:.1f})"


def differ(folder: Path, one: Path) -> str:
    """The names of published tables that are not equal, or how many are."""
    if folder == one or not (one / "out").exists():
        return ""
    here, there = tables(one / "out"), tables(folder / "out")
    return ", ".join(f"`{name}`" for name, rows in here.items() if there[name] != rows) or f"none of {len(here)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1], help="0: one machine, without Spark")
    parser.add_argument("--parts", type=int, default=8)
    parser.add_argument("--into", type=Path)
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        run(given.run, given.workers[0], given.parts, given.into)
        return
    runs = [(count, workers) for count in given.sizes for workers in given.workers]
    with tempfile.TemporaryDirectory() as scratch:
        into = (given.into or Path(scratch)).absolute()
        into.mkdir(parents=True, exist_ok=True)
        found = []
        for count, workers in runs:
            chats, folder = into / f"{count}.parquet", into / f"{count}-{workers}"
            folder.mkdir(exist_ok=True)
            if not chats.exists():
                demo.write(chats, count)
            if not (folder / "measured.json").exists():
                own = ["--run", chats, "--workers", workers, "--parts", given.parts, "--into", folder]
                command = [sys.executable, __file__, *map(str, own)]
                subprocess.run(command, check=True, env={**os.environ, "CLIO_SALT": SALT})
            measured = json.loads((folder / "measured.json").read_text("utf-8"))
            found.append({**measured, "differ": differ(folder, into / f"{count}-0")})
    print("\n".join(table(runs, found)))


if __name__ == "__main__":
    main()
