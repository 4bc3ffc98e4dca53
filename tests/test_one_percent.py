"""One percent more conversations: only the new ones are asked for, counted where the requests arrive."""

from __future__ import annotations

from pathlib import Path

import bench_one_percent as bench
import pytest


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_one_percent_more_is_asked_for_the_new_ones_alone(data: Path, tmp_path: Path):
    most, everything = bench.by_claude(data / "banking77.parquet", tmp_path)
    wanted = bench.new(tmp_path / "most.parquet", tmp_path / "all.parquet")
    assert 0.009 * most.conversations < wanted <= everything.conversations - most.conversations
    assert everything.calls["extract"] == wanted
    assert most.calls["extract"] > 9_000 and most.calls["name"] > 100
    # a name that too few people's words support any more, or that failed before, is asked again; the tree stays
    assert everything.calls["name"] + everything.calls["audit"] <= 0.1 * (most.calls["name"] + most.calls["audit"])
    assert most.calls["names"] and not everything.calls["names"]  # broader ones, proposed or merged
