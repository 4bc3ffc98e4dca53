"""Writes a new analysis folder: the packaged files that are most often changed, with words on what to change."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from clio_sql.analysis import catalog
from clio_sql.errors import StateError
from clio_sql.warehouse import private

HINTS = {
    "settings": """
        Yours: this file stands in for the packaged settings.sql. Change a value, then look with clio-sql check.
        The first to change: min_users and min_conversations (how many people a topic needs to be shown; lower
        shows more and protects less), conversations_per_cluster (smaller finds finer topics), period and
        sample_conversations (try an analysis on a few thousand first; a bigger sample contains the smaller).
        Keep every column: others read them. A null threshold publishes nothing.
    """,
    "facets": """
        Yours: this file stands in for the packaged facets.sql. A row is one question about every conversation.
        Change the words of a question, take a row out, or add one of a name of its own, such as
            ('language_level', 'How well does the user write?', 'category', ['beginner', 'fluent'], false, '')
        Kinds are text (a sentence; the only one that can be clustered), category (one of choices; any word where
        that is empty) and score (1 to 5). Ask for no detail that could tell who the user is.
        With a paid model all questions of a conversation are one call: a changed word asks all of them again.
    """,
    "conversations": """
        Yours: this file stands in for the packaged conversations.sql, which cleans the rows that came in (source).
        To analyse a part of them, add a condition where it says so below; columns of the input that clio-sql does
        not know are in metadata, as text. Keep the columns and one row an id. A NULL user counts as nobody.
    """,
}
CONDITION = "    -- a part only? for example: and metadata['plan'] = 'pro' and created_at >= timestamp '2026-01-01'\n"


def init(folder: Path) -> list[Path]:
    """Write `settings.sql`, `facets.sql` and `conversations.sql` into a new folder, all or none; their paths.

    Raises StateError where the folder holds anything already, or cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise StateError(f"{folder}: there is a file of that name. Give a new folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise StateError(f"{folder}: cannot be written ({error.strerror}). Give another folder.") from None
    try:
        for name in HINTS:
            (draft / f"{name}.sql").write_text(text(name), "utf-8")
        private.share(draft)
        os.rename(draft, folder)  # takes the place of an empty folder, of no other
    except OSError:
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:5]) if folder.is_dir() else "something"
        raise StateError(f"{folder}: is not empty ({there}). Nothing was written; give a new folder.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return [folder / f"{name}.sql" for name in HINTS]


def text(name: str) -> str:
    """The packaged file with the hints below its header."""
    sql = next(relation.sql for relation in catalog.load() if relation.name == name)
    hints = "".join(f"-- {line.removeprefix(' ' * 8)}\n" for line in HINTS[name].strip("\n").rstrip().split("\n"))
    header, grain, body = sql.partition("-- grain:")
    grain_line, _, query = body.partition("\n")
    if name == "conversations":
        query = query.replace("where conversation_id is not null\n", f"where conversation_id is not null\n{CONDITION}")
    return f"{header}{grain}{grain_line}\n--\n{hints}{query}\n"
