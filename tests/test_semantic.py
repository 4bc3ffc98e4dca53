"""What the published tables mean to other tools: dbt and Superset, against the tables themselves."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import duckdb
import published_file
import pytest
import yaml
from conftest import here

from clio_sql.analysis import catalog, meaning
from clio_sql.dbt import semantic
from clio_sql.published import superset
from clio_sql.published.files import open_published

PUBLISHED = {relation.name: relation for relation in catalog.load() if relation.published}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published file with a table of the analyst's own."""
    folder = published_file.write(tmp_path_factory.mktemp("meaning"), 12, tops=3, levels=3)
    published_file.change(folder, 'create table own (made date, kind varchar, "odd ""name" double, n bigint)')
    return folder


@pytest.fixture(scope="module")
def bundle(out: Path) -> dict[str, dict]:
    """What the import file holds, read as Superset reads it."""
    assert here("export-superset", out, out / "made.zip").returncode == 0
    with zipfile.ZipFile(io.BytesIO((out / "made.zip").read_bytes())) as archive:
        return {name.removeprefix("clio/"): yaml.safe_load(archive.read(name)) for name in archive.namelist()}


def of_kind(bundle: dict[str, dict], kind: str) -> list[dict]:
    return [value for name, value in bundle.items() if name.startswith(f"{kind}/")]


def test_each_column_has_a_role():
    roles = {
        name: {column.name: (column.role, column.aggregate) for column in meaning.columns(table.types, table.columns)}
        for name, table in PUBLISHED.items()
    }
    assert roles["clusters"]["conversations"] == ("measure", "sum")
    assert roles["clusters"]["users"] == ("measure", "max")  # a user may be in several clusters
    assert roles["clusters"]["level"] == ("dimension", "") and roles["clusters"]["x"] == ("none", "")
    assert roles["cluster_trends"]["period"] == ("time", "") and roles["cluster_facets"]["lift"] == (
        "measure",
        "average",
    )
    assert roles["held_back"]["clusters"] == ("measure", "sum")


def test_a_semantic_model_is_made_of_the_columns_and_comments_of_its_table():
    found = semantic.properties(catalog.load())
    models = {model["name"]: model for model in found["semantic_models"]}
    assert {"clusters", "cluster_facets", "cluster_trends", "held_back"} <= set(models) and "about" not in models
    measures = [measure["name"] for model in models.values() for measure in model["measures"]]
    assert len(measures) == len(set(measures)), "a measure is known by its name in the whole project"
    for name, model in models.items():
        table = PUBLISHED[name]
        assert model["model"] == f"ref('published_{name}')" and model["description"].startswith(table.comment)
        times = {each["name"] for each in model["dimensions"] if each["type"] == "time"}
        assert model["defaults"]["agg_time_dimension"] in times
        for each in (*model["dimensions"], *model["measures"]):
            column = each["expr"] if "agg" in each else each["name"]
            if column != "built_on":
                assert each["description"] == table.columns[column]
    assert models["cluster_facets"]["entities"][-1] == {**models["clusters"]["entities"][0], "type": "foreign"}


def test_superset_gets_every_table_with_its_comments(out, bundle):
    sets = {dataset["table_name"]: dataset for dataset in of_kind(bundle, "datasets")}
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        tables = dict(con.execute("select table_name, comment from duckdb_tables()").fetchall())
        for name, comment in tables.items():
            query = "select column_name, comment from duckdb_columns() where table_name = ? order by column_index"
            columns = [(column, text or "") for column, text in con.execute(query, [name]).fetchall()]
            assert [(each["column_name"], each["description"]) for each in sets[name]["columns"]] == columns
            assert sets[name]["description"] == (comment or "")
    assert set(sets) == {*tables, *superset.NAMED}
    assert sets["cluster_trends"]["main_dttm_col"] == "period" and not sets["about"]["metrics"]
    assert [metric["metric_name"] for metric in sets["own"]["metrics"]] == ['average_odd "name', "sum_n"]


def test_every_metric_and_chart_is_a_query_that_runs(out, bundle):
    sets = {dataset["uuid"]: dataset for dataset in of_kind(bundle, "datasets")}
    charts = of_kind(bundle, "charts")
    assert len(charts) == len(superset.CHARTS)
    with open_published(out) as con:
        for dataset in sets.values():
            source = f"({dataset['sql']})" if dataset["sql"] else dataset["table_name"]
            for metric in dataset["metrics"]:
                con.execute(f"select {metric['expression']} from {source}").fetchall()
        for chart in charts:
            dataset, params = sets[chart["dataset_uuid"]], chart["params"]
            source = f"({dataset['sql']})" if dataset["sql"] else dataset["table_name"]
            metrics = {metric["metric_name"]: metric["expression"] for metric in dataset["metrics"]}
            by = [*params["groupby"], *([params["x_axis"]] if "x_axis" in params else [])]
            where = " and ".join(each["sqlExpression"] for each in params["adhoc_filters"]) or "true"
            wanted = ", ".join([*by, *(metrics[name] for name in params["metrics"])])
            rows = con.execute(f"select {wanted} from {source} where {where} group by {', '.join(by)}").fetchall()
            assert rows or chart["slice_name"] == "Held back", chart["slice_name"]


def test_the_dashboard_shows_every_chart_once(bundle):
    (dashboard,) = of_kind(bundle, "dashboards")
    (database,) = of_kind(bundle, "databases")
    shown = [
        each["meta"]["uuid"]
        for each in dashboard["position"].values()
        if isinstance(each, dict) and each["type"] == "CHART"
    ]
    assert sorted(shown) == sorted(chart["uuid"] for chart in of_kind(bundle, "charts"))
    placed = {
        child for each in dashboard["position"].values() if isinstance(each, dict) for child in each.get("children", [])
    }
    assert placed == set(dashboard["position"]) - {"ROOT_ID", "HEADER_ID", "DASHBOARD_VERSION_KEY"}
    assert database["extra"]["engine_params"] == {"connect_args": {"read_only": True}}
    assert {dataset["database_uuid"] for dataset in of_kind(bundle, "datasets")} == {database["uuid"]}
    (chosen,) = dashboard["metadata"]["native_filter_configuration"]
    assert chosen["defaultDataMask"]["filterState"]["value"] == ["request"]


def test_the_same_file_gives_the_same_bytes(out, bundle, tmp_path):
    assert superset.write(out, tmp_path / "again.zip").read_bytes() == (out / "made.zip").read_bytes()
    assert bundle["metadata.yaml"]["type"] == "Dashboard"


def test_what_cannot_be_written_is_said(out, tmp_path):
    done = here("export-superset", tmp_path)
    assert done.returncode == 3 and "there is no published.duckdb in it" in done.stderr
    done = here("export-superset", out, tmp_path / "a.tar")
    assert done.returncode == 2 and "end with .zip" in done.stderr
    done = here("export-superset", out, tmp_path / "none" / "a.zip")
    assert done.returncode == 7 and "cannot be written" in done.stderr
