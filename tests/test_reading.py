"""--since and --until, and tables of a real PostgreSQL server."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import duckdb
import postgres_server
import pytest
from chats import chat, chats, published, write
from conftest import here
from hypothesis import given
from hypothesis import strategies as st

from clio_sql.errors import InputError, UsageError
from clio_sql.sources import inputs, moment, postgres, read
from clio_sql.sources.adapters import adapter, raw

BOTH = {"since": "2026-03-03", "until": "2026-03-06"}


def ids(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [id_ for (id_,) in con.execute("select conversation_id from clio.source order by 1").fetchall()]


@pytest.fixture
def con():
    with duckdb.connect() as con:
        yield con


@pytest.fixture
def file(tmp_path):
    rows = [chat(day, "u", "hi", created_at=f"2026-03-{day + 1:02d}T00:00:00") for day in range(9)]
    times = [None, "soon"]
    return write(
        tmp_path / "a.jsonl", rows + [chat(90 + n, "u", "hi", created_at=time) for n, time in enumerate(times)]
    )


def test_since_is_the_first_moment_and_until_the_first_one_after(con, file):
    source = read(con, file, **BOTH)
    assert ids(con) == ["c2", "c3", "c4"] and source.rows == 3
    told = {"no time, which --since and --until need": 2, "a time outside --since and --until": 6}
    assert dict(source.left_out) == told
    read(con, file, since="2026-03-03T00:00:00.000001")
    assert ids(con)[0] == "c3" and len(ids(con)) == 6
    read(con, file, until="2026-03-03T01:00:00+01:00")  # the same moment, told from Paris
    assert ids(con) == ["c0", "c1"]
    assert read(con, file).left_out == () and len(ids(con)) == 11


@given(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_a_moment_is_the_same_in_every_time_zone(at, minutes):
    there = at.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    assert datetime.fromisoformat(moment("since", there.isoformat())) == at
    assert datetime.fromisoformat(moment("since", at.isoformat())) == at


def test_a_conversation_of_many_rows_is_kept_whole_or_left_out_by_its_first_message(con, tmp_path):
    said = [
        {"conversation_id": f"c{day}", "user_id": "u", "created_at": f"2026-03-{day + later:02d}",
         "role": "user", "content": f"{day} {later}"}
        for day in range(1, 8) for later in (0, 1)
    ]  # fmt: skip
    source = read(con, write(tmp_path / "a.jsonl", said), **BOTH)
    assert ids(con) == ["c3", "c4", "c5"]
    assert con.execute("select distinct len(messages) from clio.source").fetchall() == [(2,)]
    assert dict(source.left_out) == {"a time outside --since and --until": 4}


def test_parquet_skips_what_is_out_of_range(con, tmp_path):
    path = str(tmp_path / "a.parquet")
    con.execute(
        f"copy (select 'c' || i as conversation_id, 'u' as user_id, timestamp '2026-01-01' + to_days(i::int) as "
        f"created_at, [{{'role': 'user', 'content': 'hi'}}] as messages from range(60) t(i)) to '{path}'"
    )
    with inputs.opened(con, path) as opened:
        query = raw(opened, adapter("canonical"), {}, "created_at >= timestamp '2026-02-01'")
        plan = con.execute(f"explain {query}").fetchall()[0][1]
    scan = plan[plan.index("READ_PARQUET") if "READ_PARQUET" in plan else plan.index("PARQUET_SCAN") :]
    assert "Filters" in scan and "created_at" in scan, plan
    assert read(con, path, since="2026-02-01").rows == 29


@pytest.mark.parametrize(
    ("bounds", "kind", "told"),
    [
        ({"since": "yesterday"}, UsageError, "--since 'yesterday' is not a time. Allowed: 2026-03-01"),
        ({"since": "2026-03-01", "until": "2026-03-01"}, UsageError, "is not before"),
        ({"since": "2030-01-01"}, InputError, "no conversation is within --since and --until (2 have no readable time"),
    ],
)
def test_bounds_that_leave_nothing_are_told_and_change_nothing(con, file, bounds, kind, told):
    read(con, file)
    with pytest.raises(kind) as error:
        read(con, file, **bounds)
    assert told in str(error.value) and len(ids(con)) == 11


def test_without_a_column_of_times_it_is_told(con, tmp_path):
    rows = [{key: value for key, value in row.items() if key != "created_at"} for row in chats(3)]
    with pytest.raises(InputError, match="--time-column NAME"):
        read(con, write(tmp_path / "a.jsonl", rows), since="2026-01-01")


def test_a_row_that_is_wrong_is_told_by_its_line_in_the_file(con, tmp_path):
    rows = [chat(day, "u", "hi", created_at=f"2026-03-{day + 1:02d}") for day in range(5)]
    rows[4]["messages"] = "none"
    found = read(con, write(tmp_path / "a.jsonl", rows), since="2026-03-03")
    assert found.rows == 2 and ("messages that are no JSON list (line 5)", 1) in found.left_out


def test_a_run_tells_what_was_left_out(tmp_path):
    rows = chats(240)
    file = write(tmp_path / "a.jsonl", [*rows, chat(900, "u", "hi", created_at=None)])
    done = here("run", file, "--into", tmp_path / "out", "--until", "2026-03-22", "--parquet")
    assert done.returncode == 0, done.stderr
    assert "left out of the input: 1 with no time, which --since and --until need" in done.stderr
    assert "with a time outside --since and --until" in done.stderr
    assert (tmp_path / "out" / "parquet" / "clusters.parquet").exists() and published(tmp_path / "out")


# --- PostgreSQL


@pytest.mark.parametrize("path", ["postgresql://localhost", "postgres://"])
def test_a_url_that_is_none_is_told(con, path):
    with pytest.raises(InputError, match=r"Allowed: postgresql://user@host/database::schema\.table"):
        read(con, path)


def test_a_password_is_in_no_error(con):
    pytest.importorskip("adbc_driver_postgresql")
    with pytest.raises(InputError) as error:
        read(con, "postgresql://me:Zebulon@127.0.0.1:9/prod::public.chats")
    assert "Zebulon" not in str(error.value) and "'prod'" in str(error.value)


def test_without_the_driver_the_extra_is_named(con, monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(InputError, match=r"pip install 'clio-sql\[postgres\]'"):
        read(con, "postgresql://me@127.0.0.1/prod::public.chats")


def test_parts_of_a_url():
    url, table = "postgresql://me:p%2F@[::1]:5432/prod?host=/run/pg", "a.b::c"
    found = postgres.URL.fullmatch(f"{url}::{table}")
    assert (found["url"], found["table"], found["database"]) == (url, table, "prod")


TABLES = """
create schema prod; create type prod.turn as (role text, content text);
create table prod.chats (conversation_id uuid default gen_random_uuid(), user_id bigint, created_at timestamptz,
    messages jsonb, plan varchar(10), price numeric(8, 2), tags text[]);
insert into prod.chats (user_id, created_at, messages, plan, price, tags)
    select i, '2026-03-01T01:00:00+02'::timestamptz + i * interval '1 day',
        '[{"role": "user", "content": "héllo"}, {"role": "assistant", "content": "x"}]', 'free', 1.5, array['a', 'b']
    from generate_series(0, 29) i;
insert into prod.chats (user_id, created_at, messages) values (99, null, '[{"role": "user", "content": "hi"}]');
create view prod.typed as
    select conversation_id, user_id, array[row('user', 'hi')::prod.turn] as messages from prod.chats;
create table prod.said (conversation_id int, user_id int, created_at timestamp, role text, content text);
insert into prod.said select i / 2, 1, '2026-03-01'::timestamp + i * interval '12 hours', 'user', 'hi'
    from generate_series(0, 19) i;
"""


@pytest.mark.slow
@pytest.mark.skipif(postgres_server.programs() is None, reason="no PostgreSQL server: apt-get install postgresql")
def test_tables_of_a_real_server_are_read(con):
    pytest.importorskip("adbc_driver_postgresql")
    with postgres_server.running() as url:
        subprocess.run(["psql", "-q", url, "-v", "ON_ERROR_STOP=1", "-c", TABLES], check=True)
        assert read(con, f"{url}::prod.chats").rows == 31
        query = "select messages[1].content, metadata, user_id from clio.source where created_at is not null limit 1"
        content, metadata, user = con.execute(query).fetchall()[0]
        assert content == "héllo" and metadata["plan"] == "free" and metadata["price"] == "1.50" and user.isdigit()
        source = read(con, f"{url}::prod.chats", **BOTH)
        days = con.execute("select created_at from clio.source order by 1").fetchall()
        assert [str(day) for (day,) in days] == [f"2026-03-0{day} 23:00:00" for day in (3, 4, 5)]
        assert dict(source.left_out) == {"no time, which --since and --until need": 1}
        read(con, f"{url}::typed")
        assert con.execute("select distinct messages from clio.source").fetchall()[0][0] == [
            {"role": "user", "content": "hi"}
        ]
        assert read(con, f"{url}::prod.said", **BOTH).rows == 3
        for wrong in ("", "::nope"):
            with pytest.raises(InputError, match=r"There is: prod\.chats, prod\.said, prod\.typed"):
                read(con, url + wrong)
        assert con.execute("select count(*) from duckdb_tables() where temporary").fetchall() == [(0,)]
    with pytest.raises(InputError, match="Does the server answer"):
        read(con, f"{url}::prod.chats")
