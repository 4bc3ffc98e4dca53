"""Where time and memory of a whole run go, and how they grow: the demo's generator, at several sizes.

    python tests/bench_growth.py [--sizes 10000 100000 1000000] [--clusters 1000] [--into FOLDER]
                                 [--embedding-model NAME]

Each size is a run of its own process, from the Parquet file to the report, with the local provider and the same number
of base clusters; the thresholds are at their lowest, so that the smallest run names and publishes as many clusters as
the largest. Prints a row a step that takes at least a second at some size: seconds at each size and how often as many
as at the size before; then the peak of the process's resident memory, and the sizes of the files. With --into the
folders stay, and a size that is there already is not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from clio_sql import demo
from clio_sql.builder import progress
from clio_sql.run import analyse

SETTINGS = """
select * replace (
    {clusters} as min_base_clusters, {clusters} as max_base_clusters, 1 as least_per_cluster,
    2 as min_users, 2 as min_conversations, 1.0 as max_user_share, 1 as round_to
) from (
{packaged}
)"""
SHOWN = 1.0  # seconds


class Timed(progress.Steps):
    """Steps whose seconds are kept: name -> wall clock, in the order they came."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: dict[str, float] = {}

    def end(self, rows: int, skipped: bool) -> None:
        self.seconds[self.relation] = self.seconds.get(self.relation, 0.0) + time.monotonic() - self._since
        super().end(rows, skipped)


def run(conversations: int, clusters: int, folder: Path, model: str | None) -> None:
    """Generate, analyse, and write what was measured to `folder`/measured.json."""
    began = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    chats = folder / "chats.parquet"
    if not chats.exists():
        demo.write(chats, conversations)
    generated = time.monotonic() - began
    analysis = folder / "analysis"
    analysis.mkdir(exist_ok=True)
    packaged = (Path(__file__).parent.parent / "sql" / "models" / "settings.sql").read_text("utf-8")
    header = [line for line in packaged.splitlines() if line.startswith("--")]
    body = "\n".join(line for line in packaged.splitlines() if not line.startswith("--"))
    (analysis / "settings.sql").write_text("\n".join(header) + SETTINGS.format(clusters=clusters, packaged=body))
    given = {"provider": "local", **({"embedding_model": model} if model else {})}
    steps, began, cpu = Timed(), time.monotonic(), time.process_time()
    analyse.analyse(str(chats), folder / "out", steps, analysis=analysis, runtime=given)
    measured = {
        "seconds": {"generate": generated, **steps.seconds, "whole run": time.monotonic() - began},
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "files": {file.name: file.stat().st_size for file in sorted((folder / "out").iterdir()) if file.is_file()},
        "input": chats.stat().st_size,
    }
    part = folder / "measured.part"
    part.write_text(json.dumps(measured, indent=1))
    part.replace(folder / "measured.json")


def table(sizes: Sequence[int], measured: Sequence[dict]) -> str:
    """A Markdown table, a row a step."""
    names = list(dict.fromkeys(name for one in measured for name in one["seconds"]))
    lines = ["| step | " + " | ".join(f"{size:,} | times" for size in sizes) + " |"]
    lines.append("|---|" + "---:|---:|" * len(sizes))
    for name in names:
        seconds = [one["seconds"].get(name, 0.0) for one in measured]
        if max(seconds) >= SHOWN:
            lines.append(_row(name, [f"{value:.1f} s" for value in seconds], seconds))
    cpu = [one["cpu"] for one in measured]
    lines.append(_row("processor, whole run", [f"{seconds:.0f} s" for seconds in cpu], cpu))
    peaks = [one["peak"] / 1e9 for one in measured]
    lines.append(_row("peak memory", [f"{peak:.2f} GB" for peak in peaks], peaks))
    for file in ("input", *measured[-1]["files"]):
        sizes_of = [(one["files"] | {"input": one["input"]}).get(file, 0) / 1e6 for one in measured]
        lines.append(_row(file, [f"{size:.1f} MB" for size in sizes_of], sizes_of))
    return "\n".join(lines)


def _row(name: str, texts: Sequence[str], values: Sequence[float]) -> str:
    before = [None, *values[:-1]]
    times = [f"{now / last:.1f}" if last and last >= 0.05 else "" for now, last in zip(values, before, strict=True)]
    return f"| {name} | " + " | ".join(f"{text} | {more}" for text, more in zip(texts, times, strict=True)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="conversations")
    parser.add_argument("--clusters", type=int, default=1_000, help="base clusters, at every size")
    parser.add_argument("--embedding-model", help="as of clio-sql run; a static one shows the rest of the run sooner")
    parser.add_argument("--into", type=Path, help="a folder that stays; default: one that is removed")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        run(asked.one, asked.clusters, asked.into, asked.embedding_model)
        return
    with tempfile.TemporaryDirectory() as temporary:
        measured = []
        for size in asked.sizes:
            folder = (asked.into or Path(temporary)) / str(size)
            if not (folder / "measured.json").exists():
                # a process each: the peak of memory is of one run
                one = ["--one", str(size), "--clusters", str(asked.clusters), "--into", str(folder)]
                one += ["--embedding-model", asked.embedding_model] if asked.embedding_model else []
                subprocess.run([sys.executable, __file__, *one], check=True)
            measured.append(json.loads((folder / "measured.json").read_text()))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(table(asked.sizes, measured))


if __name__ == "__main__":
    main()
