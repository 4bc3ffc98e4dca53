"""Writes a new analysis folder: the packaged files that are most often changed, with hints on what to change."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import duckdb

from clio_sql.analysis import catalog, packs
from clio_sql.errors import StateError, UsageError, unwritten
from clio_sql.warehouse import private

HINTS = {
    "settings": """
        This file replaces the packaged settings.sql. Change a value, then run clio-sql check.
        The first to change: thresholds ('strict' shows topics of 250 users alone), min_users and min_conversations (how
        many a topic needs to be shown; lower values show more and protect less), conversations_per_cluster (smaller
        finds finer topics), period and sample_conversations (try an analysis on a few thousand first; a bigger sample
        contains the smaller). With a paid model: extract_sample and text_by, which save most of its cost.
        Keep every column: other relations read them. A null threshold publishes nothing.
    """,
    "facets": """
        This file replaces the packaged facets.sql. One row per question that is asked about every conversation.
        Change the words of a question, remove a row, or add one with a name of its own, such as
            ('language_level', 'How well does the user write?', 'category', ['beginner', 'fluent'], false, '')
        Kinds are text (a sentence; its answers can be clustered), category (one of choices; with an empty
        list a language model may answer any word), score (1 to 5) and taxonomy (nothing is asked: the answers to
        the facet that stands as its question are placed in the nodes of taxonomy.sql).
        Ask for nothing that could tell who the user is.
        With a paid model all questions about a conversation are one call: changing a word asks all of them again.
    """,
    "conversations": """
        This file replaces the packaged conversations.sql, which cleans the rows that were read (source).
        To analyse only some of them, add a condition at the line marked below; columns of the input that clio-sql does
        not know are in metadata, as text. Keep the columns and one row per id. Rows without a user id count no user.
    """,
}
FACET = """,
        -- a tree of its own, with the nodes of taxonomy.sql; false: a breakdown of the clusters that are found
        ('%s', 'request', 'taxonomy', [], true, '')"""
CONDITION = "    -- only some? For example: and metadata['plan'] = 'pro' and created_at >= timestamp '2026-01-01'\n"


def init(folder: Path, taxonomy: str | None = None, wanted: Sequence[str] = ()) -> list[Path]:
    """Write `settings.sql`, `facets.sql` and `conversations.sql` into a new folder, all or none. Returns their paths.

    taxonomy: also write that packaged example as `taxonomy.sql`, and its facet into `facets.sql`.
    wanted: also write the questions of these packs into `facets.sql`; with `safety`, settings are in safety mode. A
    folder that has a `facets.sql` gets these questions alone, and nothing else of it changes.

    Raises StateError if the folder is not empty or cannot be written, UsageError for an unknown taxonomy or pack, and
    SqlError where a facet of a pack is there already.
    """
    wanted = packs.known(wanted)
    if wanted and taxonomy is None and (folder / "facets.sql").is_file():
        return [_add(folder, wanted)]
    written = dict(_texts(taxonomy, wanted))
    if folder.exists() and not folder.is_dir():
        raise StateError(f"{folder}: there is a file of that name. Give a new folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise StateError(f"{folder}: cannot be written ({error.strerror}). Give another folder.") from None
    try:
        for name, sql in written.items():
            (draft / f"{name}.sql").write_text(sql, "utf-8")
        private.share(draft)
        os.rename(draft, folder)  # replaces an empty folder, but no other
    except OSError:
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:5]) if folder.is_dir() else "something"
        raise StateError(f"{folder}: is not empty ({there}). Nothing was written; give a new folder.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return [folder / f"{name}.sql" for name in written]


def _add(folder: Path, wanted: Sequence[str]) -> Path:
    """Put the questions of packs into the `facets.sql` that is there, all or none. Returns its path."""
    file, settings = folder / "facets.sql", folder / "settings.sql"
    try:
        if packs.SAFETY in wanted:
            own = settings.read_text("utf-8") if settings.is_file() else text("settings")
            packs.require_safety(own, str(settings))
        made = packs.added(file.read_text("utf-8"), wanted, str(file))
        draft = file.with_name(f".{os.getpid()}-{file.name}")
        try:
            draft.write_text(made, "utf-8")
            shutil.copymode(file, draft)
            os.replace(draft, file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise unwritten(file, error, "Nothing was written; give another folder.") from None
    return file


def _texts(taxonomy: str | None, wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and text of each file."""
    example = None if taxonomy is None else _example(taxonomy)
    for name in HINTS:
        sql = text(name)
        if name == "facets" and example is not None:
            with duckdb.connect() as con:
                row = con.execute(f"select distinct facet from ({example})").fetchall()[0]
            sql = sql.replace("\n) as facets(", (FACET % row) + "\n) as facets(")
        if name == "facets" and wanted:
            sql = packs.added(sql, wanted, "facets.sql")
        if name == "settings" and packs.SAFETY in wanted:
            sql = packs.safe(sql)
        yield name, sql
    if example is not None:
        yield "taxonomy", example


def _example(name: str) -> str:
    folder = files("clio_sql.sql") / "taxonomies"
    there = sorted(file.name.removesuffix(".sql") for file in folder.iterdir() if file.name.endswith(".sql"))
    if name not in there:
        raise UsageError(
            f"--taxonomy {name!r}; allowed: {', '.join(there)}. Give one of them, or write a taxonomy.csv."
        )
    return (folder / f"{name}.sql").read_text("utf-8")


def text(name: str) -> str:
    """The packaged file with the hints below its header."""
    sql = next(relation.sql for relation in catalog.load() if relation.name == name)
    hints = "".join(f"-- {line.removeprefix(' ' * 8)}\n" for line in HINTS[name].strip("\n").rstrip().split("\n"))
    header = re.match(r"--.*\n(?:-- \w+: .*\n)+", sql)
    assert header is not None
    query = sql[header.end() :]
    if name == "conversations":
        query = query.replace("where conversation_id is not null\n", f"where conversation_id is not null\n{CONDITION}")
    return f"{header[0]}--\n{hints}{query}\n"
