"""Real dbt builds the exported project: the same published tables as `clio-sql run`, and nothing when a check fails.

    python -m pytest -m slow tests/test_dbt.py

dbt lives in an environment on top of this one, which the first run makes: dbt-core wants older versions of
two packages than constraints.txt pins.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import chats
import duckdb
import paid
import pytest
import yaml
from messages_server import KEY, Server
from test_relations import CORRECTED
from venvs import venv
from warehouse import published as tables

from clio_sql.analysis import catalog
from clio_sql.builder.progress import Steps
from clio_sql.dbt.export import export
from clio_sql.run import analyse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

REQUIREMENTS = ["dbt-core==1.11.16", "dbt-duckdb==1.11.1"]
# built_at is the time; a place depends on an embedding's last digits, and those on the texts of its batch
BUT = {"about": "built_at", "clusters": "x, y"}
NAMES = (
    "<script>alert('hi')</script> \"quoted\" {{ 7 * 7 }} {% raw %} {# #}",
    "‮right to left‬ 🦆\0after NUL\n; drop table clusters; --",
    "long " * 2_000,
)

Dbt = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def dbt(request: pytest.FixtureRequest) -> Dbt:
    """Runs dbt in a project folder, with more of the environment."""
    command = venv(request.config, "dbt", REQUIREMENTS, on_top=True) / "dbt"

    def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [command, "--no-use-colors", *arguments],
            cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        print("\n".join(done.stdout.splitlines()[-4:]))
        return done

    return run


def configured(folder: Path, **config: object) -> Path:
    """The project with this config of the plugin."""
    path = folder / "profiles.yml"
    profile = yaml.safe_load(path.read_text())
    profile["clio"]["outputs"]["dev"]["plugins"][0]["config"].update(config)
    path.write_text(yaml.safe_dump(profile))
    return folder


def found(folder: Path) -> dict[str, list[tuple]]:
    """Every published table, and all comments and types."""
    with duckdb.connect(str(folder / "published.duckdb"), read_only=True) as con:
        of_columns = "select table_name, column_name, data_type, comment from duckdb_columns() where not internal"
        of_tables = "select table_name, null, null, comment from duckdb_tables()"
        return tables(con, "main", BUT) | {
            "comments": con.execute(f"{of_columns} union all {of_tables} order by all").fetchall()
        }


def test_a_build_publishes_what_a_run_publishes(dbt, demo_out, tmp_path):
    export(tmp_path, catalog.load())
    done = dbt(
        configured(tmp_path, breakdowns=["plan"], measures=["cost_usd", "rating"]),
        "build",
        CLIO_INPUT=str(demo_out / "demo.parquet"),
    )
    assert done.returncode == 0, done.stdout
    expected, there = found(demo_out), found(tmp_path)
    assert set(expected) == set(there)
    for name, rows in expected.items():
        assert there[name] == rows and rows, name
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as con:
        query = "select table_name from information_schema.tables where table_schema = 'clio_dbt'"
        assert {name for (name,) in con.execute(query).fetchall()} == {
            *catalog.host_tables(), *(relation.name for relation in catalog.load()), "clio_days"
        }  # fmt: skip
        con.execute(f"attach '{tmp_path / 'published.duckdb'}' as p (read_only)")
        query = "select tags['storage_version'] from duckdb_databases() where database_name = 'p'"
        assert con.execute(query).fetchone()[0].startswith("v1.4"), "a file that older clients open"


def test_dbt_knows_what_the_published_tables_mean(dbt, tmp_path):
    export(tmp_path, catalog.load())
    done = dbt(tmp_path, "parse")
    assert done.returncode == 0, done.stdout
    found = json.loads((tmp_path / "target" / "semantic_manifest.json").read_text())
    assert {"clusters_conversations", "clusters_users", "cluster_trends_conversations", "cluster_facets_lift"} <= {
        metric["name"] for metric in found["metrics"]
    }
    assert {model["name"] for model in found["semantic_models"]} >= {"clusters", "cluster_facets", "cluster_trends"}
    path = tmp_path / "models" / "semantic" / "semantic.yml"
    path.write_text(path.read_text().replace("agg: sum", "agg: total"))
    assert dbt(tmp_path, "parse").returncode != 0, "dbt checks them"


def test_a_second_build_goes_on_with_the_first_as_a_second_run_does(dbt, demo_out, tmp_path):
    path = tmp_path / "demo.parquet"
    demo = f"from '{demo_out / 'demo.parquet'}'"
    export(tmp_path / "dbt", catalog.load())
    folder = configured(tmp_path / "dbt", breakdowns=["plan"], input=str(path))
    for rows in (1200, 1500):
        duckdb.execute(f"copy ({demo} order by md5(conversation_id) limit {rows}) to '{path}'")
        analyse.analyse(str(path), tmp_path / "run", Steps(), breakdowns=("plan",))
        done = dbt(folder, "build")
        assert done.returncode == 0, done.stdout
        assert found(folder) == found(tmp_path / "run"), rows
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
        for name in catalog.kept():
            query = f"select count(*) from (from clio_dbt.last_{name} except all from clio_dbt.{name})"
            assert con.execute(query).fetchone() == (0,), name
            if name not in CORRECTED:
                assert con.execute(f"select count(*) > 0 from clio_dbt.last_{name}").fetchone() == (True,), name


def test_hostile_names_are_text(dbt, tmp_path):
    path = chats.write(
        tmp_path / "chats.jsonl", [row | {"plan": NAMES[number % 3]} for number, row in enumerate(chats.chats(900))]
    )
    analyse.analyse(str(path), tmp_path / "run", Steps(), breakdowns=("plan",))
    export(tmp_path / "dbt", catalog.load())
    done = dbt(configured(tmp_path / "dbt", breakdowns=["plan"], input=str(path)), "build")
    assert done.returncode == 0, done.stdout
    assert found(tmp_path / "dbt") == found(tmp_path / "run")
    with duckdb.connect(str(tmp_path / "dbt" / "published.duckdb"), read_only=True) as con:
        query = "select distinct value from cluster_facets where breakdown = 'plan'"
        assert {value for (value,) in con.execute(query).fetchall()} == set(NAMES)


def test_nothing_is_published_when_a_check_finds_a_bad_row(dbt, tmp_path):
    path = chats.write(tmp_path / "chats.jsonl", chats.chats(300))
    checks = catalog.checks() | {"never_right": "-- One row always. No rows = pass.\nselect facet from clusters"}
    export(tmp_path / "dbt", catalog.load(), checks)
    done = dbt(tmp_path / "dbt", "build", CLIO_INPUT=str(path))
    assert done.returncode == 1 and "FAIL" in done.stdout
    with duckdb.connect(str(tmp_path / "dbt" / "published.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from duckdb_tables()").fetchone() == (0,)


def test_what_is_wrong_is_said(dbt, tmp_path):
    export(tmp_path, catalog.load())
    done = dbt(tmp_path, "build", CLIO_INPUT="")
    assert done.returncode != 0 and "no input was read yet" in done.stdout
    done = dbt(tmp_path, "build", CLIO_INPUT=str(tmp_path / "gone.parquet"))
    assert done.returncode != 0 and "gone.parquet: there is no such file" in done.stdout
    settings = tmp_path / "models" / "clio" / "settings.sql"
    settings.write_text(settings.read_text().replace("null::varchar as period", "'hour'::varchar as period"))
    path = chats.write(tmp_path / "chats.jsonl", chats.chats(20))
    done = dbt(tmp_path, "build", CLIO_INPUT=str(path))
    assert done.returncode == 1 and "settings.sql: period 'hour'; allowed: day, week" in done.stdout
    assert "SKIP" in done.stdout
    done = dbt(configured(tmp_path, max_us=3), "build", CLIO_INPUT=str(path))
    assert done.returncode != 0 and "max_us is not a key" in done.stdout + done.stderr


def test_nothing_is_paid_twice(dbt, tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    path = paid.written(tmp_path / "chats.jsonl", 300)
    analysis = paid.folder(tmp_path / "analysis")
    folder = tmp_path / "dbt"
    export(folder, catalog.load(analysis))
    given = {"CLIO_INPUT": str(path), "CLIO_PROVIDER": "anthropic"}
    with Server() as server:
        given["CLIO_BASE_URL"] = server.url
        with paid.asked(server) as calls:
            done = dbt(folder, "build", **given)
            assert done.returncode == 0, done.stdout
        assert calls["extract"] == 300 and calls["name"] and calls["audit"]
        first = found(folder)

        with paid.asked(server) as calls:
            paid.run(path, folder, server, analysis)
        assert not calls, "a run on the same warehouse asks nothing"
        assert found(folder) == first

        with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
            con.execute("drop schema clio_dbt cascade")
        model = folder / "models" / "clio" / "clusters.sql"
        model.write_text(model.read_text() + "-- changed\n")
        with paid.asked(server) as calls:
            done = dbt(folder, "build", **given)
            assert done.returncode == 0, done.stdout
        assert not calls, "neither does a build from the beginning"
        second = found(folder)
        assert first.pop("about") != second.pop("about"), "about.sql_hash tells that a model was changed"
        assert first == second

    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
        kept, hashed = con.execute(
            "select (select count(*) from clio_state.calls where status = 'ok'), "
            "(select count(distinct conversation_id) from clio_state.conversation_inputs)"
        ).fetchone()
    assert kept >= 300 and hashed == 300


def test_a_budget_ends_a_build(dbt, tmp_path):
    path = paid.written(tmp_path / "chats.jsonl", 300)
    export(tmp_path / "dbt", catalog.load(paid.folder(tmp_path / "analysis")))
    with Server() as server:
        given = {"CLIO_PROVIDER": "anthropic", "CLIO_BASE_URL": server.url, "ANTHROPIC_API_KEY": KEY}
        folder = configured(tmp_path / "dbt", max_usd=0.005)
        done = dbt(folder, "build", CLIO_INPUT=str(path), **given)
        assert done.returncode == 1 and re.search(r"budget|max.usd", done.stdout), done.stdout
        assert 0 < server.requests < 300
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    skipped = {result["unique_id"].split(".")[-1] for result in results if result["status"] == "skipped"}
    assert {f"published_{relation.name}" for relation in catalog.load() if relation.published} <= skipped
