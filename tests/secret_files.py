"""Faulty input files of every kind whose cells, keys and names of columns, tables and members are all one secret."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from clio_sql.sql_text.quoting import identifier, literal

SECRETS = {
    "words": "Zebulon Quxley asthma",
    "an address": "zebulon.quxley@example.com",
    "a phone number": "+44 7700 900723",
    "a sentence": "I have HIV since 2019 (Zebulon).",
    "JSON": '{"Zebulon": "has HIV',
}
PIECE = 8  # characters of a secret that give it away


def told(secret: str, text: str) -> list[str]:
    """The pieces of the secret that stand in the text, in whatever case."""
    pieces = {secret[at : at + PIECE].lower() for at in range(max(1, len(secret) - PIECE + 1))}
    return sorted(piece for piece in pieces if piece in text.lower())


def write(folder: Path, secret: str) -> dict[str, list[str]]:
    """Name -> the input and its options."""
    written = {**_json(secret), **_csv(secret), **_broken(secret)}
    for name, content in written.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    given = {name: [str(folder / name)] for name in written}
    for each in (_parquet, _database, _sqlite, _zip):
        given |= dict(each(folder, secret))
    return given


def _json(secret: str) -> dict[str, str | bytes]:
    def lines(*rows: object) -> str:
        return "".join(json.dumps(row) + "\n" for row in rows)

    cells = {"id": secret, "user_id": secret, "created_at": secret}
    message = {"role": secret, "content": secret}
    whole = {**cells, "messages": [message]}
    return {
        "keys.jsonl": lines(*[{secret: secret}] * 3),
        "keys_beside.jsonl": lines(*[{secret: secret, "messages": secret, "id": secret}] * 3),
        "keys_of_messages.jsonl": lines(*[{**cells, "messages": [{secret: secret}]}] * 3),
        "texts_for_messages.jsonl": lines(*[{**cells, "messages": secret}] * 3),
        "cells.jsonl": lines(*[whole] * 3),
        "cut.jsonl": lines(*[whole] * 3) + '{"id": "' + secret,
        "keys_twice.jsonl": f"{{{json.dumps(secret)}: 1, {json.dumps(secret)}: 2}}\n",
        "keys_by_case.jsonl": f"{{{json.dumps(secret)}: 1, {json.dumps(secret.swapcase())}: 2}}\n",
        "types.jsonl": lines({"id": 1, "messages": [1]}, {"id": secret, "messages": {secret: secret}}),
        "deep.jsonl": '{"id":' + "[" * 5_000 + json.dumps(secret) + "]" * 5_000 + "}\n",
        "no_utf8.jsonl": b'{"id": "\xff' + secret.encode() + b'"}\n',
        "no_json.jsonl": f"{secret}\n" * 3,
        "no_json.json": secret,
        "texts.json": json.dumps([secret, secret]),
        "nested.json": json.dumps({secret: {secret: [secret]}}),
        "cut.json": "[\n" + json.dumps(whole) + ',\n{"id": ' + secret,
    }


def _csv(secret: str) -> dict[str, str | bytes]:
    cell = identifier(secret)
    other = identifier(secret.swapcase())
    return {
        "header.csv": f"{cell},{identifier(secret + 'x')}\n{cell},{cell}\n",
        "header_twice.csv": f"{cell},{cell}\n{cell},{cell}\n",
        "header_by_case.csv": f"{cell},{other},id\n{cell},{cell},1\n",
        "no_header.csv": f"{secret}\n" * 3,
        "uneven.csv": f"id,user_id,messages\n{cell},{cell},{cell},{cell}\n{cell}\n",
        "open_quote.csv": f'id,user_id,messages\n"{secret},{secret},{secret}\nrest {secret}\n',
        "cells.csv": f"id,user_id,created_at,messages\n{cell},{cell},{cell},{cell}\n",
        "mark.csv": f"sep=;\n{cell};{cell}\n",
        "nul.csv": f"id,{cell}\n\0{secret},{secret}\n",
        "utf16.csv": f"id,{cell}\n{cell},{cell}\n".encode("utf-16"),
        "cp1252.csv": f"id,{cell}\n".encode() + b"\xe4\xf6" + secret.encode() + b"\n",
        "header.tsv": f"{secret}\t{secret}\n{secret}\t{secret}\n",
    }


def _broken(secret: str) -> dict[str, str | bytes]:
    text = secret.encode()
    return {
        "fake.parquet": b"PAR1" + text + b"PAR1",
        "fake.duckdb": text,
        "fake.db": b"SQLite format 3\0" + text * 100,
        "fake.zip": b"PK\3\4" + text * 30,
        "fake.jsonl.gz": text,
        "cut.jsonl.gz": gzip.compress((json.dumps({"id": secret}) + "\n").encode() * 500)[:-20],
    }


def _parquet(folder: Path, secret: str) -> Iterator[tuple[str, list[str]]]:
    key, value = identifier(secret), literal(secret)
    queries = {
        "cells.parquet": f"select {value} as id, {value} as user_id, {value} as messages",
        "keys.parquet": f"select {value} as {key}, {{{value}: {value}}} as {identifier(secret + 'x')}",
        "messages.parquet": f"select {value} as id, {value} as user_id, [{{{value}: {value}}}] as messages",
    }
    with duckdb.connect() as con:
        for name, query in queries.items():
            con.execute(f"copy ({query}) to {literal(str(folder / name))}")
    whole = (folder / "messages.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2] + whole[-8:])
    (folder / "damaged.parquet").write_bytes(whole[:20] + bytes(byte ^ 0x55 for byte in whole[20:80]) + whole[80:])
    yield from ((name, [str(folder / name)]) for name in (*queries, "cut.parquet", "damaged.parquet"))


def _database(folder: Path, secret: str) -> Iterator[tuple[str, list[str]]]:
    path, key, value = folder / "names.duckdb", identifier(secret), literal(secret)
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute(f"create schema {key}; create table {key}.{key} as select {value} as {key}")
        con.execute(f"create table {key}.other as select {value} as id, {value} as messages")
        con.execute(f"create view {key}.view as select error({value}) as messages")
        con.execute(f"create table generated (a varchar, {key} int generated always as (cast(a as int)))")
    yield "names.duckdb", [str(path)]
    yield "names.duckdb, none", [f"{path}::nothing"]
    for table in (secret, "other", "view", "generated"):
        yield f"names.duckdb, {table if table != secret else 'table'}", [f"{path}::{table}"]
        yield f"names.duckdb, {table if table != secret else 'table'}, allowed", [f"{path}::{table}", "--allow-views"]


def _sqlite(folder: Path, secret: str) -> Iterator[tuple[str, list[str]]]:
    path, key, view = folder / "names.db", identifier(secret), identifier(secret + "v")
    path.unlink(missing_ok=True)
    con = sqlite3.connect(path)
    con.execute(f"create table {key} ({key} text, {identifier(secret + 'x')} text)")
    con.execute(f"insert into {key} values (?, ?)", [secret, secret.encode() + b"\xff"])
    con.execute("create table other (id, user_id, messages)")
    con.execute("insert into other values (?, ?, ?)", [secret] * 3)
    con.execute(f"create view {view} as select * from nowhere")
    con.commit()
    con.close()
    damaged = bytearray(path.read_bytes())
    damaged[4_096:4_200] = b"\x99" * 104
    (folder / "damaged.db").write_bytes(damaged)
    yield "names.db", [str(path)]
    yield "damaged.db", [f"{folder / 'damaged.db'}::other"]
    for what, table in (("table", secret), ("other", "other"), ("view", secret + "v")):
        yield f"names.db, {what}", [f"{path}::{table}", "--allow-views"]


def _zip(folder: Path, secret: str) -> Iterator[tuple[str, list[str]]]:
    path = folder / "names.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(f"{secret}.jsonl", json.dumps({secret: secret}))
        packed.writestr(f"b/{secret}.csv", secret)
    yield "names.zip", [str(path)]
    yield "names.zip, a member", [f"{path}::{secret}.jsonl"]
    yield "names.zip, none", [f"{path}::nothing"]
