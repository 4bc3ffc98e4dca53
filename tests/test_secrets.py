"""No error quotes a cell: what DuckDB says of a value, and what our functions say of an argument that is data."""

from __future__ import annotations

import duckdb
import pytest

import clio_sql
from clio_sql.failures import explained

SECRET = "Zebulon Quxley, HIV since 2019 ("
OURS = f"Python exception occurred while executing the UDF: ClioError: {SECRET}"
FAULTS = [
    *(f"cell::{kind}" for kind in ("int", "date", "json", "uuid", "time", "interval", "int[]", "enum('a')")),
    *("regexp_matches('a', cell)", "strptime(cell, '%Y')", "json_extract(cell, '$.a')", "from_base64(cell)"),
    *("clio_cluster([1.0], cell)", "clio_centroids(cell)"),
    *(
        "clio_extract('x', map {cell: {'kind': 'text'}})",
        "clio_extract('x', {'tone': {'question': 'q', 'kind': cell}})",
    ),
    "clio_extract('x', map {cell: {'question': 'q', 'kind': cell}})",
]


@pytest.fixture(scope="module")
def con():
    with clio_sql.connect() as con:
        yield con


@pytest.mark.parametrize("cell", [SECRET, OURS], ids=["a text", "a text that reads like an error of ours"])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_error_quotes_a_cell(con, fault, cell):
    con.execute("create or replace temp table cells as select ? as cell", [cell])
    with pytest.raises(duckdb.Error) as found:
        con.execute(f"select {fault} from cells").fetchall()
    told = str(explained(found.value, "a step"))
    assert not [piece for at in range(len(SECRET) - 11) if (piece := SECRET[at : at + 12]) in told]
