"""What Spark's workers do, without Spark: SQL over Arrow rows that have the key of their part; and the lake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from test_hostile import FOLDERS, WITH

from clio_sql.errors import ClioError
from clio_sql.spark import worker
from clio_sql.spark.lake import Lake
from clio_sql.spark.worker import INPUT, KEY, Work
from clio_sql.warehouse import lock

TYPES = {"asked": {"facet": "varchar", "value": "varchar"}, "names": {"facet": "varchar", "name": "varchar"}}
PACKED = pa.schema(
    {
        KEY: pa.int64(),
        INPUT: pa.string(),
        **{f"of_{name}": pa.struct(dict.fromkeys(columns, pa.string())) for name, columns in TYPES.items()},
    }
)
COUNTED = (
    "select facet, any_value(name) as name, count(*) as rows from asked left join names using (facet) group by facet"
)


def batches(rows: Sequence[tuple[int, str, tuple[str, str]]], size: int = 2) -> Iterator[pa.RecordBatch]:
    """Rows as Spark gives them: (key, input, values), sorted by key."""
    packed = [
        {KEY: key, INPUT: name, f"of_{name}": dict(zip(TYPES[name], values, strict=True))} for key, name, values in rows
    ]
    yield from pa.Table.from_pylist(packed, PACKED).to_batches(max_chunksize=size)


def work(sql: str = COUNTED, rows: int = 1, **changed: object) -> Work:
    given = {"once": {"names": ("facet",)}, "output": "from made", "runtime": {"provider": "local"}, "memory": "200MB"}
    return Work("counts", (("made", sql),), TYPES, rows=rows, **(given | changed))


def found(work: Work, rows: Sequence[tuple[int, str, tuple[str, str]]], **whole: bytes) -> list[tuple]:
    return [tuple(row.values()) for batch in worker.made(work, whole, batches(rows)) for row in batch.to_pylist()]


ROWS = [
    (1, "asked", ("a", "x")), (1, "asked", ("a", "y")), (1, "names", ("a", "A")), (1, "asked", ("a", "z")),
    (2, "asked", ("b", "x")), (3, "asked", ("c", "x")), (3, "names", ("c", "C")), (3, "asked", ("c", "y")),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("rows", [1, 2, 4, 100])
def test_no_part_is_cut_in_two(rows, size):
    cut = list(worker.cut(batches(ROWS, size), rows))
    keys = [set(table[KEY].to_pylist()) for table in cut]
    assert sorted(key for each in keys for key in each) == [1, 2, 3]
    assert [row for table in cut for row in table.to_pylist()] == pa.Table.from_batches(batches(ROWS)).to_pylist()
    assert len(cut) == 1 if 100 in (rows, size) else len(cut) > 1 or rows == 4


@pytest.mark.parametrize("rows", [1, 100])
def test_parts_have_the_rows_of_the_whole(rows):
    assert sorted(found(work(rows=rows), ROWS)) == [("a", "A", 3), ("b", None, 1), ("c", "C", 2)]


def test_a_row_that_follows_two_parts_is_there_once_where_one_run_makes_both():
    twice = [(1, "asked", ("a", "x")), (1, "names", ("a", "A")), (2, "asked", ("a", "y")), (2, "names", ("a", "A"))]
    assert found(work(rows=100), twice) == [("a", "A", 2)]
    assert found(work(rows=1), twice) == [("a", "A", 1), ("a", "A", 1)]


def test_small_inputs_are_seen_whole_and_gone_afterwards():
    sink = pa.BufferOutputStream()
    table = pa.table({"least": [2]})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    counted = f"select * from ({COUNTED}) where rows >= (select least from settings)"
    assert sorted(found(work(counted), ROWS, settings=sink.getvalue().to_pybytes())) == [("a", "A", 3), ("c", "C", 2)]
    with pytest.raises(ClioError, match="counts: CatalogException on a worker"):
        found(work(counted), ROWS)
    assert worker.schema(work(), {}, PACKED).names == ["facet", "name", "rows"]


def test_an_error_quotes_no_row_and_no_file_is_read():
    """Spark writes what a worker raises into its logs."""
    secret = [(1, "asked", ("a", "theorbo lessons in Quimper"))]
    with pytest.raises(ClioError) as raised:
        found(work("select facet, value::integer as name, 1 as rows from asked"), secret)
    assert str(raised.value) == "counts: ConversionException on a worker of Spark."
    assert raised.value.__suppress_context__ and raised.value.__cause__ is None
    for sql in ("from read_text('/etc/hostname')", "from read_csv('/etc/passwd')"):
        with pytest.raises(ClioError, match="counts: PermissionException on a worker of Spark"):
            found(work(sql), secret)


def test_sql_that_no_folder_may_hold_reads_and_writes_no_file_on_a_worker_either(tmp_path, monkeypatch):
    """Such folders are refused before Spark starts; a worker would not trust that."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(worker, "_OPENED", {})
    canary = tmp_path / "canary.txt"
    canary.write_text("alive", "utf-8")
    for name, sql in (FOLDERS | WITH).items():
        try:
            rows = found(work(sql.replace("facets", "asked")), ROWS)
        except ClioError as error:
            rows = [(str(error),)]
        assert "alive" not in str(rows), name
    assert canary.read_text("utf-8") == "alive" and list(tmp_path.iterdir()) == [canary]


# The lake


@pytest.fixture
def con(tmp_path) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(str(tmp_path / "warehouse.duckdb"))) as con:
        con.execute("create schema clio; set schema = 'clio'")
        yield con


def wrote(lake: Lake, version: str, rows: str, success: bool = True) -> Path:
    """What Spark writes of `words`; without `_SUCCESS` where it was killed."""
    place = lake.place("words", version)
    place.mkdir(parents=True)
    duckdb.sql(f"copy ({rows}) to '{place}/part-0.parquet'")
    if success:
        (place / "_SUCCESS").touch()
        lake.finish(place, {"word": "varchar", "vector": "float[2]"})
    return place


def test_the_warehouse_reads_what_spark_wrote_whole(con, tmp_path):
    lake = Lake(con, tmp_path / "lake", "clio")
    first = wrote(lake, "first", "select 'bread' as word, [1, 2]::float[] as vector")
    half = wrote(lake, "second", "select 'theorbo' as word, [1, 2]::float[] as vector", success=False)
    assert lake.is_whole(first) and not lake.is_whole(half) and lake.shown("words") is None
    lake.show("words", first)
    lock.lock(con, tmp_path / "lake")
    con.execute("create view longer as select word || '!' as word from words")
    assert con.execute("from longer").fetchall() == [("bread!",)]
    assert con.execute("select typeof(vector) from words").fetchall() == [("FLOAT[2]",)]
    with pytest.raises(duckdb.PermissionException):
        con.execute("from read_text('/etc/hostname')")
    assert (tmp_path / "lake").stat().st_mode & 0o077 == 0


def test_the_next_run_finds_it_and_removes_what_is_old(con, tmp_path):
    lake = Lake(con, tmp_path / "lake", "clio")
    lake.show("words", wrote(lake, "first", "select 'bread' as word, [1, 2]::float[] as vector"))
    con.execute("create table numbers as select 1 as number")
    lake.export("numbers", "content")
    con.close()
    lock.require_plain(tmp_path / "warehouse.duckdb")  # a view over the lake is no code of others
    with closing(duckdb.connect(str(tmp_path / "warehouse.duckdb"))) as later:
        lake = Lake(later, tmp_path / "lake", "clio")
        assert later.execute("select word from clio.words").fetchall() == [("bread",)]
        second = wrote(lake, "second", "select 'rolls' as word, [1, 2]::float[] as vector")
        lake.show("words", second)
        lake.clear({"words"})
        assert later.execute("select word from clio.words").fetchall() == [("rolls",)]
    left = [path.relative_to(tmp_path / "lake") for path in (tmp_path / "lake").rglob("*.parquet")]
    assert left == [(second / "part-0.parquet").relative_to(tmp_path / "lake")]
