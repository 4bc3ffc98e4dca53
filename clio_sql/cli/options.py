"""The options of the command line, each written once for all commands that take it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

MODEL_PANEL = "Who answers"
COLUMN_PANEL = "Columns of the input, if they have other names"


def _format(given: str | None) -> str | None:
    from clio_sql.sources.adapters import FORMATS

    if given is not None and given not in FORMATS:
        raise typer.BadParameter(f"{given!r} is not one of: {', '.join(FORMATS)}.")
    return given


def _model(type_: Any, help: str, metavar: str | None = None) -> Any:
    return Annotated[
        type_ | None, typer.Option(metavar=metavar, help=help, show_default=False, rich_help_panel=MODEL_PANEL)
    ]


def _column(help: str) -> Any:
    return Annotated[
        str | None, typer.Option(metavar="NAME", help=help, show_default=False, rich_help_panel=COLUMN_PANEL)
    ]


OUT = Annotated[Path, typer.Argument(help="The folder that a run wrote, or OUT/NAME.", show_default=False)]
FOLDER = Annotated[Path, typer.Argument(metavar="FOLDER", help="An analysis folder.", show_default=False)]
OWN_FOLDER = Annotated[Path | None, typer.Argument(metavar="[FOLDER]", help="An analysis folder.", show_default=False)]
INTO = Annotated[
    Path,
    typer.Option(metavar="OUT", help="Folder for warehouse.duckdb (private) and published.duckdb; created if missing."),
]
MASTER = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Of Spark, such as spark://host:7077; by default what spark-submit says."),
]
CONF = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="A setting of Spark; may be repeated.", show_default=False),
]
SHARED = Annotated[
    Path, typer.Option(metavar="OUT", help="Folder that driver and workers reach under one path.", show_default=False)
]
REFIT = Annotated[
    bool, typer.Option("--refit", help="Fit the clusters again from the current ones, and rebuild the tree.")
]
PARQUET = Annotated[bool, typer.Option("--parquet", help="Also write the published tables to OUT/parquet/.")]
DEPTH = Annotated[int | None, typer.Option(min=1, help="Levels of the tree to print; all by default.")]
INPUT = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        help="Parquet, JSONL, JSON or CSV file, a folder, glob or .zip of them, file.duckdb::schema.table, "
        "chat.db::table (SQLite), or postgresql://…::schema.table.",
        show_default=False,
    ),
]
ANALYSIS = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Folder of .sql files that replace packaged ones.", show_default=False),
]
ANALYSES = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FOLDER",
        help="The folder of each analysis; may be repeated. The packaged SQL needs none.",
        show_default=False,
    ),
]
NAME = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="One of several analyses of OUT: it publishes to OUT/NAME.", show_default=False),
]
FORMAT = Annotated[
    str | None,
    typer.Option(metavar="FORMAT", callback=_format, help="Format of the input; found from its columns by default."),
]
BREAKDOWN = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Column to break clusters down by; may be repeated.")
]
MEASURE = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Column of numbers to summarise per cluster: a cost, a rating; may be repeated."),
]
PRIVACY_UNIT = Annotated[
    Literal["user", "conversation"],
    typer.Option(help="conversation: each counts as one user, for input without a user column."),
]
USER = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The one user of all of INPUT; or the end of the paths of its files, with {user}: 'logs/{user}/**'.",
        show_default=False,
    ),
]

SINCE = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only conversations that began at or after it: 2026-03-01T12:00:00Z, or a date."),
]
UNTIL = Annotated[str | None, typer.Option(metavar="TIME", help="Only conversations that began before it; as --since.")]

ENCODING = Annotated[
    str | None, typer.Option(metavar="NAME", help="Encoding of text; UTF-8 or UTF-16 by default.", show_default=False)
]
MAX_BAD_ROWS = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Unreadable rows that may be left out; by default 10, or 1% of all if that is more.",
        show_default=False,
    ),
]
ALLOW_VIEWS = Annotated[
    bool, typer.Option("--allow-views", help="Read a view of a DuckDB or SQLite file, which runs the SQL in it.")
]

PROVIDER = _model(
    str,
    "local (default: no language model, no cost), anthropic or openai; keys: ANTHROPIC_API_KEY, OPENAI_API_KEY.",
    "NAME",
)
MODEL = _model(str, "Extracts, chooses parents and audits; openai has no default.", "MODEL")
NAMING_MODEL = _model(str, "Names, proposes and merges.", "MODEL")
BASE_URL = _model(str, "A server that speaks the Messages API (anthropic) or Chat Completions (openai).", "URL")
CONCURRENCY = _model(int, "Calls in flight at once; at most 32 by default.")
MAX_USD = _model(float, "Most dollars that a run may cost; 10 by default.")
BATCH = _model(bool, "Half price through Message Batches, within 24 hours.")
RETRY_FAILED = _model(bool, "Ask again for answers that were refused.")
PRECISION = _model(str, "Of packaged embedding models: auto (default), int8, bfloat16 or float32.", "NAME")
DEVICE = _model(str, "Where embedding models compute: auto (default), cpu, cuda or mps.", "NAME")
EMBEDDING_MODEL = _model(str, "A sentence-transformers model, by name or folder.", "MODEL")

ID_COLUMN = _column("Conversation id.")
USER_COLUMN = _column("User id, the privacy unit.")
TIME_COLUMN = _column("When.")
MESSAGES_COLUMN = _column("List of messages.")
ROLE_COLUMN = _column("Role, if a row is a message.")
CONTENT_COLUMN = _column("Text, if a row is a message.")
PROMPT_COLUMN = _column("What the user wrote, if a row is an exchange.")
RESPONSE_COLUMN = _column("What was answered, if a row is an exchange or a request.")
