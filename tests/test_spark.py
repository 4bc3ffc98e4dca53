"""The sample that Spark writes out of a lake, as the manual has it, read by a run.

    python -m pytest -m slow -n 0 tests/test_spark.py

Needs Java 17 (Debian: openjdk-17-jre-headless). Spark lives in an environment of its own, which the first run makes.
"""

from __future__ import annotations

import subprocess

import duckdb
import pytest
from conftest import cli
from test_readme import python_example
from venvs import venv

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

LAKE = """
from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    .config("spark.sql.warehouse.dir", "warehouse").config("spark.sql.shuffle.partitions", 4).getOrCreate()
)
spark.sql("create database lake")
spark.read.parquet("lake.parquet").write.saveAsTable("lake.chats")
"""


def test_a_sample_that_spark_wrote_is_read(pytestconfig, tmp_path):
    """One row a message: conversations come whole, and about as many as wanted."""
    duckdb.sql(
        f"""
        copy (
            select 'c' || i // 2 as conversation_id, 'u' || i // 2 % 200 as user_id, i % 2 as turn,
                if(i % 2 = 0, 'user', 'assistant') as role, 'How do I bake bread, recipe ' || i // 2 || '?' as content,
                timestamp '2026-03-01 02:00:00' + to_minutes(i) as created_at
            from range(4000) as t(i)
        ) to '{tmp_path}/lake.parquet'
        """
    )
    sample = python_example("clio_sql/README.md", "From a lake, with Spark").replace("2_000_000", "600")
    (tmp_path / "sample.py").write_text(f"{LAKE}\n{sample}")
    python = venv(pytestconfig, "spark", ["pyspark==4.0.5"]) / "python"
    done = subprocess.run([python, "sample.py"], cwd=tmp_path, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr[-2000:]

    found = duckdb.sql(f"from '{tmp_path}/sample/*.parquet'").fetchall()
    conversations = {row[0] for row in found}
    assert 500 < len(conversations) < 700 and len(found) == 2 * len(conversations)
    done = cli("run", tmp_path / "sample", "--into", tmp_path / "out", "--provider", "local")
    assert done.returncode == 0, done.stderr
    assert f"{len(conversations)} conversations" in done.stdout + done.stderr
