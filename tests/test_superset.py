"""A real Superset reads published.duckdb: server up, database, datasets and a chart over its REST API, data back.

    python -m pytest -m slow tests/test_superset.py

Superset lives in an environment of its own, which the first run makes (a minute or two, from PyPI).
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from venvs import venv

from clio_sql.analysis import catalog
from clio_sql.published.superset import CHARTS, write

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

# The newest that work together; `apache-superset[duckdb]` asks for others.
REQUIREMENTS = [
    "apache-superset==6.1.0", "duckdb-engine==0.17.0", "duckdb==2.0.0", "flask-caching==2.3.1",
    "cachelib==0.13.0", "cachetools==6.2.1", "rich==13.9.4",
]  # fmt: skip
PUBLISHED = sorted(relation.name for relation in catalog.load() if relation.published)
CHART = """
    select breakdown, value, sum(conversations) as asked from cluster_facets
    group by all order by asked desc, breakdown, value limit 20
"""
QUERIES = (
    "select name, users, share from clusters where parent_id is null order by share desc, name",
    "select clusters.name, period, cluster_trends.users from cluster_trends join clusters using (facet, cluster_id) "
    "order by all",
    "select facet, reason, conversations from held_back order by all",
)


class Superset:
    """A client of its REST API, logged in."""

    def __init__(self, address: str) -> None:
        self.address = address
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)
        self._headers = {"Referer": address}
        who = {"username": "admin", "password": "admin", "provider": "db"}
        self._headers["Authorization"] = f"Bearer {self.post('security/login', who)['access_token']}"
        self._headers["X-CSRFToken"] = self.get("security/csrf_token/")["result"]

    def get(self, path: str) -> Any:
        return self._ask(path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._ask(path, json.dumps(body).encode())

    def upload(self, path: str, file: Path) -> None:
        """Import a file, over what is there."""
        mark = "----------clio"
        parts = {"overwrite": b"true", 'formData"; filename="clio.zip': file.read_bytes()}
        body = b"".join(
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
            for name, value in parts.items()
        )
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        self._send(f"api/v1/{path}", body + f"--{mark}--\r\n".encode(), self._headers | kind)

    def page(self, path: str) -> str:
        """A page as a browser gets it."""
        return self._send(path, None, self._headers).decode()

    def _ask(self, path: str, data: bytes | None) -> Any:
        # a GET that says it is JSON and has no body is a bad request to it
        headers = self._headers | ({"Content-Type": "application/json"} if data else {})
        return json.loads(self._send(f"api/v1/{path}", data, headers))

    def _send(self, path: str, data: bytes | None, headers: dict[str, str]) -> bytes:
        request = urllib.request.Request(f"{self.address}/{path}", data, headers)
        try:
            with self._opener.open(request, timeout=120) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()[:1000]}") from None


@pytest.fixture(scope="module")
def published(demo_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy: Superset holds its file open."""
    return Path(shutil.copy(demo_out / "published.duckdb", tmp_path_factory.mktemp("bi")))


@pytest.fixture(scope="module")
def superset(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    command = venv(request.config, "superset", REQUIREMENTS) / "superset"
    home = tmp_path_factory.mktemp("superset")
    config = home / "superset_config.py"
    config.write_text(
        f"SECRET_KEY = {os.urandom(32).hex()!r}\n"
        f"SQLALCHEMY_DATABASE_URI = 'sqlite:///{home / 'superset.db'}'\n"
        "TALISMAN_ENABLED = False\n"
    )
    environment = {
        **os.environ,
        "SUPERSET_CONFIG_PATH": str(config),
        "SUPERSET_HOME": str(home),
        "FLASK_APP": "superset.app:create_app()",
    }
    who = ("--username", "admin", "--firstname", "a", "--lastname", "b", "--email", "a@example.com")
    for arguments in (("db", "upgrade"), ("fab", "create-admin", *who, "--password", "admin"), ("init",)):
        done = subprocess.run([command, *arguments], env=environment, capture_output=True, text=True, timeout=580)
        assert done.returncode == 0, f"superset {arguments[0]}: {done.stderr[-2000:]}"
    port = free_port()
    with (home / "log").open("w") as log:
        # one process, no reloader: terminating it leaves nothing behind
        server = subprocess.Popen(
            [command, "run", "-p", str(port), "--with-threads", "--no-reload"], env=environment, stdout=log, stderr=log
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/health", server, home / "log")
        yield Superset(address)
    finally:
        server.terminate()
        server.wait(30)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"no answer from {address}: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def database(superset: Superset, published: Path) -> int:
    return superset.post(
        "database/",
        {
            "database_name": "clio",
            "sqlalchemy_uri": f"duckdb:///{published}",
            "expose_in_sqllab": True,
            "allow_dml": True,  # so that what refuses to write is the file
            "extra": json.dumps({"engine_params": {"connect_args": {"read_only": True}}}),
        },
    )["id"]


@pytest.fixture(scope="module")
def datasets(superset: Superset, database: int) -> dict[str, int]:
    """Name -> id of a dataset on each published table."""
    return {
        name: superset.post("dataset/", {"database": database, "schema": "main", "table_name": name})["id"]
        for name in PUBLISHED
    }


def rows(path: Path, query: str) -> list[dict[str, Any]]:
    """What DuckDB itself answers, with times as Superset writes them in JSON."""
    with duckdb.connect(str(path), read_only=True) as con:
        answer = con.execute(query)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, map(as_json, row), strict=True)) for row in answer.fetchall()]


def as_json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def test_it_lists_every_published_table(superset, database):
    found = superset.get(f"database/{database}/tables/?q=(force:!f,schema_name:main)")["result"]
    assert sorted(table["value"] for table in found) == PUBLISHED


def test_a_dataset_has_the_columns_of_its_table(superset, datasets, published):
    for name, dataset in datasets.items():
        columns = superset.get(f"dataset/{dataset}")["result"]["columns"]
        with duckdb.connect(str(published), read_only=True) as con:
            assert {c["column_name"] for c in columns} == {row[0] for row in con.execute(f"describe {name}").fetchall()}


def test_a_charts_data_equals_the_sql(superset, datasets, published):
    dataset = datasets["cluster_facets"]
    query = {
        "columns": ["breakdown", "value"],
        "metrics": [{"expressionType": "SQL", "sqlExpression": "sum(conversations)", "label": "asked"}],
        "orderby": [["asked", False], ["breakdown", True], ["value", True]],
        "row_limit": 20,
    }
    context = {
        "datasource": {"id": dataset, "type": "table"},
        "queries": [query],
        "result_format": "json",
        "result_type": "full",
        "force": True,
    }
    chart = superset.post(
        "chart/",
        {
            "slice_name": "Requests by breakdown",
            "viz_type": "table",
            "datasource_id": dataset,
            "datasource_type": "table",
            "params": json.dumps({"viz_type": "table", "datasource": f"{dataset}__table"}),
            "query_context": json.dumps(context),
        },
    )["id"]
    [answer] = superset.get(f"chart/{chart}/data/")["result"]
    expected = rows(published, CHART)
    print(f"chart {chart}: {len(answer['data'])} rows, the first {answer['data'][0]}")
    assert len(expected) > 5 and answer["data"] == expected


@pytest.mark.parametrize("query", QUERIES)
def test_sql_lab_equals_the_sql(superset, database, published, query):
    asked = {"database_id": database, "schema": "main", "sql": query, "runAsync": False, "queryLimit": 1000}
    answer = superset.post("sqllab/execute/", asked)["data"]
    expected = rows(published, query)
    print(f"SQL Lab: {len(answer)} rows")
    assert expected or "held_back" in query
    assert [{**row, **({"period": row["period"][:10]} if "period" in row else {})} for row in answer] == expected


def test_the_dashboard_is_imported_and_opens(superset, published, tmp_path):
    file = write(published.parent, tmp_path / "clio.zip")
    for _ in range(2):  # the second replaces the first
        superset.upload("dashboard/import/", file)
    found = superset.get("dashboard/clio")["result"]
    charts = {chart["slice_name"]: chart["id"] for chart in superset.get("dashboard/clio/charts")["result"]}
    assert set(charts) == {chart.name for chart in CHARTS}
    assert len(superset.get("dashboard/clio/datasets")["result"]) == len({chart.dataset for chart in CHARTS})
    assert found["published"] and "Topics" in found["position_json"]
    top = rows(published, "select name, sum(conversations) as n from clusters where parent_id is null group by 1")
    for name, chart in charts.items():
        [answer] = superset.get(f"chart/{chart}/data/")["result"]
        print(f"{name}: {len(answer['data'])} rows")
        assert answer["data"] or name == "Held back"
        if name == "Topics":
            assert {(row["name"], row["sum_conversations"]) for row in answer["data"]} == {
                (row["name"], row["n"]) for row in top
            }
    assert "<title>" in superset.page(f"superset/dashboard/{found['id']}/")  # its script draws the charts


def test_nothing_can_be_written(superset, database):
    asked = {"database_id": database, "schema": "main", "sql": "create table t as select 1 as a", "runAsync": False}
    with pytest.raises(AssertionError, match="does not allow for DDL/DML"):
        superset.post("sqllab/execute/", asked)
