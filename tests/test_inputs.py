"""What a file that nobody checked may do: cost a row, be refused by name and line; never be quoted or run."""

from __future__ import annotations

import gzip
import json
import sqlite3
import stat
import zipfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clio_sql.errors import ClioError, InputError, UsageError
from clio_sql.errors.quotable import names
from clio_sql.sources import read, text_files
from clio_sql.sources.limits import Limits

HEADER = "conversation_id,user_id,role,content"


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        yield connection


def chat(id_, text="hello", user="u"):
    # `user` may be an object with an id: whether it is one is looked up in the files
    return {"conversation_id": str(id_), "user": user, "messages": [{"role": "user", "content": text}]}


def written(path: Path, *rows: object) -> Path:
    """A file of objects and of lines as they are, text or bytes."""
    parts = [
        row if isinstance(row, bytes) else (row if isinstance(row, str) else json.dumps(row)).encode() for row in rows
    ]
    path.write_bytes(b"".join(part + b"\n" for part in parts))
    return path


def ids(con):
    rows = con.execute("select conversation_id from clio.source order by conversation_id::int").fetchall()
    return [id_ for (id_,) in rows]


def texts_of(con):
    rows = con.execute("select messages[1].content from clio.source order by conversation_id").fetchall()
    return [text for (text,) in rows]


def refused(con, path, **arguments) -> str:
    with pytest.raises(ClioError) as caught:
        read(con, path, **arguments)
    return str(caught.value)


# One bad row


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"conversation_id": "x", "messages": {}}', "messages that are no JSON list"),
        ('{"conversation_id": "x", "messages": "hi"}', "messages that are no JSON list"),
        ('{"conversation_id": "x", "conversation_id": "y", "messages": []}', "a key twice in one object"),
        (b'{"conversation_id": "x", "messages": [{"role": "user", "content": "caf\xe9"}]}', "invalid UTF-8"),
        ('{"conversation_id": "x", "messages": [{"role"', "no valid JSON"),
        ("[" * 100_000, "no valid JSON"),
        ("12", "no JSON object"),
        ('["x"]', "no JSON object"),
    ],
)
def test_a_bad_row_is_left_out_with_its_line(con, tmp_path, bad, reason):
    path = written(tmp_path / "a.jsonl", chat(1), "", bad, chat(2))
    found = read(con, path)
    assert found.left_out == ((f"{reason} (line 3)", 1),) and found.rows == 2 and ids(con) == ["1", "2"]
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read(con, packed).left_out == found.left_out
    assert f"line 3 has {reason}; of 3 rows 0 may be left out" in refused(con, path, max_bad_rows=0)


def test_a_line_that_is_cut_off(con, tmp_path):
    path = written(tmp_path / "a.jsonl", chat(1), chat(2))
    path.write_bytes(path.read_bytes()[:-20])
    assert read(con, path).left_out == (("an end that is cut off (line 2)", 1),)
    array = tmp_path / "a.json"
    array.write_text(json.dumps([chat(1), chat(2)], indent=1)[:-30])
    found = read(con, array)
    assert found.rows == 1 and found.left_out[0][0].startswith("an end that is cut off (line 1")
    table = written(tmp_path / "a.csv", HEADER, '1,u,user,"a\n\n""b"""', '2,u,user,"c')
    assert read(con, table).left_out == (("an end that is cut off (line 5)", 1),)


def test_half_an_emoji_is_mended_and_its_row_stays(con, tmp_path):
    half = json.dumps(chat(1)).replace("hello", r"a \ud83d b \ud83d\ude00 \\ud83d \ude00")
    found = read(con, written(tmp_path / "a.jsonl", half, chat(2)))
    assert (found.rows, found.mended, found.left_out) == (2, 1, ())
    query = "select messages[1].content from clio.source where conversation_id = '1'"
    assert con.execute(query).fetchall() == [("a \ufffd b 😀 \\ud83d \ufffd",)]
    array = tmp_path / "b.json"
    array.write_text(f"[\n {half},\n {json.dumps(chat(2), indent=1)}]")
    assert read(con, array).mended == 1 and con.execute(query).fetchall() == [("a \ufffd b 😀 \\ud83d \ufffd",)]


@pytest.mark.parametrize(
    ("rows", "bad", "allowed"), [(20, 10, True), (20, 11, False), (1100, 11, True), (1100, 12, False)]
)
def test_ten_rows_or_one_percent_may_be_left_out(con, tmp_path, rows, bad, allowed):
    path = written(tmp_path / "a.jsonl", *["{]" if i < bad else chat(i) for i in range(rows)])
    if allowed:
        found = read(con, path)
        assert found.rows == rows - bad and found.left_out == (("no valid JSON (line 1, line 2, line 3, …)", bad),)
    else:
        message = refused(con, path)
        assert "line 1 has no valid JSON, and" in message and "--max-bad-rows" in message
        assert read(con, path, max_bad_rows=bad).rows == rows - bad


def test_of_several_files_each_is_named_with_its_own_lines(con, tmp_path):
    (tmp_path / "0.jsonl").write_bytes(b"")  # costs nothing
    written(tmp_path / "a.jsonl", chat(1), "{", chat(2))
    written(tmp_path / "b.jsonl", "", chat(3), '{"messages": 3}')
    found = read(con, tmp_path)
    assert ids(con) == ["1", "2", "3"]
    assert found.left_out == (
        ("messages that are no JSON list (b.jsonl line 3)", 1),
        ("no valid JSON (a.jsonl line 2)", 1),
    )


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("2,u,user", text_files.UNEVEN),
        ("2,u,user,a,b", text_files.UNEVEN),
        (b"2,u,user,\xe9", "invalid UTF-8"),
    ],
)
def test_a_bad_row_of_csv(con, tmp_path, bad, reason):
    path = written(tmp_path / "a.csv", HEADER, '1,u,user,"a\n\n""b"""', bad, "3,u,user,c")
    found = read(con, path)
    assert found.left_out == ((f"{reason} (line 5)", 1),)
    assert texts_of(con) == ['a\n\n"b"', "c"]


def test_a_quote_that_is_not_closed_is_refused_with_its_line(con, tmp_path):
    path = written(tmp_path / "a.csv", HEADER, "1,u,user,a", '2,u,user,"b', "3,u,user,c", "4,u,user")
    assert "line 3 cannot be read as CSV" in refused(con, path)


def test_a_cell_that_is_no_list_is_left_out_of_a_table(con, tmp_path):
    path = tmp_path / "a.parquet"
    con.execute(
        f"""copy (select 'c' || i as conversation_id, 'u' as user_id,
        if(i = 3, '{{}}', '[{{"role": "user", "content": "x"}}]') as messages from range(5) t(i)) to '{path}'"""
    )
    assert read(con, path).left_out == (("messages that are no JSON list (row 4)", 1),)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(st.just(None), st.text(), st.binary(max_size=20)), max_size=12))
def test_whatever_stands_between_them_good_rows_are_read(rows):
    """Any bytes on lines between good rows cost no good row, and each is counted or blank."""
    import tempfile

    junk = [row if isinstance(row, bytes) else (row or "").encode() for row in rows]
    junk = [b"\xff" + row.replace(b"\n", b"").replace(b"\r", b"") for row in junk]
    good = [json.dumps(chat(i)).encode() for i in range(13)]
    mixed = [line for pair in zip(good, [*junk, *[b""] * 13], strict=False) for line in pair]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        Path(folder, "a.jsonl").write_bytes(b"\n".join([good[0], *mixed]))
        try:
            found = read(con, f"{folder}/a.jsonl", max_bad_rows=20)
        except InputError as error:  # two lines that are not UTF-8, and nothing beyond ASCII: perhaps CP1252
            assert "CP1252" in str(error) and len(junk) > 1
        else:
            assert found.rows == 14 and sum(count for _, count in found.left_out) == len(junk)


# Encodings


TEXTS = ("café – “ok”", "naïve")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json"])
def test_what_other_programs_write_is_read(con, tmp_path, encoding, kind):
    rows = [chat(number, text) for number, text in enumerate(TEXTS)]
    text = {
        "csv": f"sep=;\r\n{HEADER.replace(',', ';')}\r\n" + "".join(f"{n};u;user;{t}\r\n" for n, t in enumerate(TEXTS)),
        "tsv": HEADER.replace(",", "\t") + "\r\n" + "".join(f"{n}\tu\tuser\t{t}\r\n" for n, t in enumerate(TEXTS)),
        "jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\r\n" for row in rows),
        "json": json.dumps(rows, ensure_ascii=False, indent=1),
    }[kind]
    (tmp_path / f"a.{kind}").write_bytes(text.encode(encoding))
    assert read(con, tmp_path / f"a.{kind}").left_out == ()
    assert texts_of(con) == list(TEXTS)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_cp1252_is_named_and_read_if_asked_for(con, tmp_path, kind):
    rows = [
        f"{n},u,user,{t}" if kind == "csv" else json.dumps(chat(n, t), ensure_ascii=False) for n, t in enumerate(TEXTS)
    ]
    path = written(
        tmp_path / f"a.{kind}", *[row.encode("cp1252") for row in ([HEADER] if kind == "csv" else []) + rows]
    )
    assert f"line {2 if kind == 'csv' else 1} is not UTF-8; the file looks like CP1252" in refused(con, path)
    assert read(con, path, encoding="windows-1252").rows == 2
    assert texts_of(con) == list(TEXTS)
    assert "is not utf-16" in refused(con, path, encoding="utf-16")
    with pytest.raises(UsageError, match="--encoding 'klingon' is not known"):
        read(con, path, encoding="klingon")
    with pytest.raises(UsageError, match="is not known"):
        read(con, path, encoding="zip")


def test_what_is_rewritten_is_private_and_gone_in_the_end(tmp_path, monkeypatch):
    seen = []
    real = text_files._private

    def private(path):
        with real(path):
            modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)]
            seen.append((path.parent.parent, *modes))
        path.unlink()
        return real(path)

    monkeypatch.setattr(text_files, "_private", private)
    left = tmp_path / ".w-input-of-a-killed-run"
    left.mkdir()
    path = written(tmp_path / "a.jsonl", chat(1), "{")
    with duckdb.connect(str(tmp_path / "w.duckdb")) as con:
        read(con, path)
    assert seen == [(tmp_path, 0o600, 0o700)]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.jsonl", "w.duckdb"]


# Folders, archives, databases


def test_a_folder_and_a_glob_of_any_one_kind(con, tmp_path):
    (tmp_path / "x").mkdir()
    written(tmp_path / "x" / "a.jsonl", chat(1))
    (tmp_path / "b.json").write_text(json.dumps([chat(2), chat(3)]))
    (tmp_path / "c.ndjson.gz").write_bytes(gzip.compress(json.dumps(chat(4) | {"plan": "pro"}).encode()))
    for ignored in ("_SUCCESS", ".hidden.json", "README.md"):
        (tmp_path / ignored).write_text("{")
    assert read(con, tmp_path, breakdowns=["plan"]).rows == 4 and ids(con) == ["1", "2", "3", "4"]
    assert read(con, f"{tmp_path}/**/*.jsonl").rows == 1
    folder = tmp_path / "csv"
    folder.mkdir()
    written(folder / "a.csv", HEADER, "1,u,user,a")
    (folder / "b.csv.gz").write_bytes(gzip.compress(b"content;role;conversation_id;user_id\nb;user;2;u\n"))
    assert read(con, f"{folder}/a.csv").rows == 1
    assert "files of 2 kinds, csv, json" in refused(con, tmp_path)


def zipped(path, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def test_a_zip_with_one_file_of_data(con, tmp_path):
    content = json.dumps([chat(1)])
    more = {"chat.html": "x", "__MACOSX/x.json": "{", ".DS_Store": "x"}
    path = zipped(tmp_path / "a.zip", **{"data/conversations.json": content}, **more)
    assert read(con, path).rows == 1
    path = zipped(tmp_path / "b.zip", **{"../../evil.json": content})
    assert read(con, path).rows == 1 and not list(tmp_path.parent.parent.glob("evil*"))
    path = zipped(tmp_path / "c.zip", **{"conversations.json": content, "user.json": "{}"})
    assert "it has 2 files that can be read (.json). Name one" in refused(con, path)
    assert read(con, f"{path}::conversations.json").rows == 1
    assert "no file in it can be read" in refused(con, zipped(tmp_path / "d.zip", **{"a.txt": "x"}))
    (tmp_path / "e.zip").write_bytes(b"PK but not really")
    assert "it cannot be unpacked" in refused(con, tmp_path / "e.zip")


@pytest.fixture
def sqlite(tmp_path):
    path = tmp_path / "webui.db"
    with sqlite3.connect(path) as db:
        db.execute('create table chat (id text, "user_id" text, created_at bigint, messages json, picture blob)')
        rows = [(i, "u", 1_767_225_600 + i, json.dumps(chat(i)["messages"]), b"\xff") for i in range(3)]
        db.executemany("insert into chat values (?, ?, ?, ?, ?)", rows)
        db.execute("create table config (id integer)")
        db.execute("create view peek as select * from chat")
    db.close()
    return path


def test_a_table_of_sqlite(con, sqlite):
    mapped = {"conversation_id": "id"}
    assert read(con, f"{sqlite}::chat", columns=mapped).rows == 3
    query = "select conversation_id, user_id, created_at::varchar, messages[1].content from clio.source order by 1"
    assert con.execute(query).fetchall()[1] == ("1", "u", "2026-01-01 00:00:01", "hello")
    assert "which table? There is: main.chat, main.config, main.peek" in refused(con, sqlite)
    assert "--allow-views" in refused(con, f"{sqlite}::peek", columns=mapped)
    assert read(con, f"{sqlite}::peek", columns=mapped, allow_views=True).rows == 3
    message = refused(con, f"{sqlite}::chat", columns=mapped, limits=Limits(max_row_bytes=50))
    assert "a row is longer than 50 bytes" in message
    sqlite.write_bytes(sqlite.read_bytes()[:5000])
    assert "cannot be read as a SQLite database" in refused(con, f"{sqlite}::chat")


@pytest.fixture
def hostile(tmp_path):
    """A DuckDB file whose view reads a file of this machine, and macros with names of DuckDB's functions."""
    secret = written(tmp_path / "secret.csv", "zebulon", "1")
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as db:
        db.execute(
            "create table chats as select 'c' as conversation_id, 'u' as user_id, 'user' as role, 'x' as content"
        )
        db.execute("create macro to_json(x) as 'evil'")
        db.execute("create macro trim(x) as 'evil'")
        db.execute("create view calm as from chats")
        db.execute(f"create view spy as select *, (select zebulon from '{secret}') as plan from chats")
        db.execute("create table made (conversation_id int, role varchar as ('user'), content varchar, user_id int)")
    return path


def test_a_view_of_somebody_elses_file_runs_only_if_allowed_and_locked(con, hostile):
    assert read(con, f"{hostile}::chats").rows == 1
    assert con.execute("select conversation_id, messages[1].content from clio.source").fetchall() == [("c", "x")]
    for name in ("calm", "spy"):
        message = refused(con, f"{hostile}::{name}")
        assert f"{name} is a view" in message and "--allow-views" in message
    assert "made is a table with generated columns" in refused(con, f"{hostile}::made")
    assert read(con, f"{hostile}::calm", allow_views=True).rows == 1
    message = refused(con, f"{hostile}::spy", allow_views=True)
    assert "the view spy cannot be read (PermissionException). It may read nothing outside" in message
    assert con.execute("select count(*) from duckdb_databases() where not internal").fetchone() == (1,)
    assert con.execute("select count(*) from duckdb_tables() where table_name like 'clio_input%'").fetchone() == (0,)


# Bombs


def test_a_packed_file_that_becomes_too_large(con, tmp_path):
    row = json.dumps(chat(1, "x" * 100)) + "\n"
    bomb = (row * 600_000).encode()
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(bomb, 9))
    assert path.stat().st_size * 250 < len(bomb)
    message = refused(con, path)
    assert "it becomes more than 200 times as large" in message and "max_expansion in settings.sql" in message
    packed = zipped(tmp_path / "a.zip", **{"a.jsonl": bomb})
    assert "it becomes more than 200 times as large" in refused(con, packed)
    table = tmp_path / "a.parquet"
    con.execute(f"copy (select 'c' conversation_id, repeat('x', 100000000) messages) to '{table}' (compression zstd)")
    assert "it becomes more than 200 times as large" in refused(con, table)


def test_one_row_that_is_too_long_is_refused_before_it_is_held(con, tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(chat(1, "x" * 40_000_000)).encode(), 1))
    assert "a row is longer than 16,777,216 bytes" in refused(con, path)


def test_many_keys_are_refused_before_they_are_columns(con, tmp_path):
    many = {f"k{number}": number for number in range(450)}
    for path in (
        written(tmp_path / "a.jsonl", chat(1) | many),
        written(tmp_path / "b.jsonl", *[chat(i) | {f"k{i}": 1, f"l{i}": [1]} for i in range(300)]),
        written(
            tmp_path / "c.csv", ",".join([HEADER, *many]), ",".join(["1", "u", "user", "x", *map(str, many.values())])
        ),
    ):
        message = refused(con, path)
        assert "columns or keys; at most 400 are allowed" in message and "max_columns in settings.sql" in message
    row = chat(1) | dict.fromkeys(list(many)[:30], 1)
    path = written(tmp_path / "e.jsonl", row)
    assert "it has 33 columns" in refused(con, path, limits=Limits(max_columns=32))
    assert read(con, path, limits=Limits(max_columns=33)).rows == 1
    con.execute(f"copy (select {', '.join(f'1 as k{n}' for n in range(30))}) to '{tmp_path / 'd.parquet'}'")
    assert "it has 30 columns" in refused(con, tmp_path / "d.parquet", limits=Limits(max_columns=20))


# What an error may say


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_keys_that_differ_by_case_alone_are_named(con, tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        written(path, HEADER + ",User_Id", "1,u,user,x,v")
    else:
        written(path, {"user_id": "u"} | chat(1), chat(2) | {"User_Id": "v"})
    assert "the columns User_Id, user_id differ only by upper and lower case" in refused(con, path)


def test_keys_within_a_message_may_differ_by_case(con, tmp_path):
    row = chat(1) | {"extra": {"a": 1, "A": 2}, "n": 3}
    found = read(con, written(tmp_path / "a.jsonl", row))
    assert found.rows == 1 and found.metadata == ("n",)


SECRETS = (
    "zoe@example.org", "+47 912 34 567", "I have HIV", "Zoe Zebulon", "3f2b8c1d9e", "O'Brien; drop table x", "זואי",
)  # fmt: skip


def test_what_looks_like_a_column_is_named_and_nothing_else():
    for name in ("user_id", "userId", "gen_ai.input.messages", "User ID", "created at", "k1", "_id", "chat-id"):
        assert names([name]) == name
    for secret in SECRETS:
        assert names([secret]) == f"(a text of {len(secret)} characters)"
    assert names([f"k{number}" for number in range(22)]).endswith("k19, … 2 more")


def broken(secret: str) -> dict[str, bytes]:
    """Files that are refused, each with the secret in a cell, a key, a header or a name."""
    quoted, row = json.dumps(secret), json.dumps(chat(secret, secret, secret))
    return {
        "no_header.csv": f'1,user,{quoted}\n2,user,"{secret}"\n'.encode(),
        "no_header_words.csv": f'"{secret}",hello,user\n"{secret}",you,user\n'.encode(),
        "keys.json": f'{{{quoted}: {{"messages": []}}, "a": {{}}}}'.encode(),
        "keys_lines.jsonl": json.dumps({secret.upper(): 2, secret.lower(): 2}).encode(),
        "twice.jsonl": f"{{{quoted}: 1, {quoted}: 2}}\n".encode(),
        "cut.jsonl": row[:-3].encode(),
        "cut.json": b"[" + row[:-3].encode(),
        "inner.json": f'[{{"messages": [{quoted} 1]}}, {row}]'.encode(),
        "text.jsonl": f"{secret}\n{secret}\n".encode(),
        "latin.csv": f"{HEADER}\n".encode() + f"1,{secret},user,é\n2,{secret},user,è\n".encode("latin-1", "replace"),
        "latin.jsonl": (row + "\n").encode() * 20 + b'{"\xe9": ' + f"{quoted}\n".encode() * 20,
        "uneven.csv": f'{HEADER}\n1,"{secret}"\n'.encode(),
        "quote.csv": f'{HEADER}\n1,"{secret},user,x\n2,{secret}'.encode(),
        "list.csv": f'conversation_id,messages\n1,"{secret}"\n'.encode(),
        "list.jsonl": json.dumps({"messages": {secret: secret}}).encode(),
        "no_text.jsonl": json.dumps({"messages": [{secret: secret}], "user": secret}).encode(),
        "no_user.jsonl": json.dumps({"messages": [{"role": "user", "content": secret}]}).encode(),
        "a.parquet": f"PAR1{secret}".encode(),
        "a.duckdb": secret.encode() * 1000,
        "a.sqlite": b"SQLite format 3\0" + secret.encode() * 1000,
        "a.zip": secret.encode(),
        "a.jsonl.gz": secret.encode(),
        "many.jsonl": json.dumps({f"{secret}{number}": 1 for number in range(450)}).encode(),
        "meta.jsonl": json.dumps(chat(1) | {"metadata": {secret: secret}}).encode(),
    }


@pytest.mark.parametrize("secret", SECRETS[:5])
def test_no_error_quotes_what_stands_in_a_file(con, tmp_path, secret):
    for name, content in broken(secret).items():
        (tmp_path / name).write_bytes(content)
        message = refused(con, tmp_path / name, **({"breakdowns": ["gone"]} if name == "meta.jsonl" else {}))
        assert secret.lower() not in message.lower(), name


def test_a_csv_without_a_header_is_told_so(con, tmp_path):
    path = written(tmp_path / "a.csv", "c1,zoe@example.org,user,hi there", "c2,x,user,y")
    assert "its first line is not a header" in refused(con, path)
