"""The command line: `clio-sql`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from clio_sql.errors import Stopped
from clio_sql.failures import tell

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What do people use our assistant for? Clio as SQL, inside DuckDB.",
    epilog="Exit codes: 0 done, 1 any other error, 2 wrong usage, 3 the input, 4 the SQL, 5 the model, "
    "6 a check failed and nothing was published, 7 the database or folder, 130 stopped.",
)

OUT = Annotated[Path, typer.Argument(help="The folder that a run wrote.", show_default=False)]
INTO = Annotated[
    Path,
    typer.Option(metavar="OUT", help="Folder for warehouse.duckdb (private) and published.duckdb; made if missing."),
]
DEPTH = Annotated[int | None, typer.Option(min=1, help="Levels of the tree to print; all by default.")]


def _column(help: str):
    panel = "Columns of the input, where they have other names"
    return Annotated[str | None, typer.Option(metavar="NAME", help=help, show_default=False, rich_help_panel=panel)]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"clio-sql {version('clio-sql')}, duckdb {version('duckdb')}")
        raise typer.Exit


def _format(given: str | None) -> str | None:
    from clio_sql.adapters import FORMATS

    if given is not None and given not in FORMATS:
        raise typer.BadParameter(f"{given!r} is not one of: {', '.join(FORMATS)}.")
    return given


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the versions and exit.")
    ] = False,
) -> None: ...


@app.command()
def run(
    input: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="Parquet, JSONL, JSON or CSV file, a folder or glob of Parquet, or file.duckdb::schema.table.",
            show_default=False,
        ),
    ],
    into: INTO = Path("out"),
    source: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT", callback=_format, help="Format of the input; found from its columns by default."
        ),
    ] = None,
    breakdown: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Column to break clusters down by; may be repeated."),
    ] = None,
    privacy_unit: Annotated[
        Literal["user", "conversation"],
        typer.Option(help="conversation: each counts as a person; where there is no user column."),
    ] = "user",
    embedding_model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="A sentence-transformers model, by name or folder.")
    ] = None,
    depth: DEPTH = None,
    id_column: _column("Conversation id.") = None,
    user_column: _column("User id, the privacy unit.") = None,
    time_column: _column("When.") = None,
    messages_column: _column("List of messages.") = None,
    role_column: _column("Role, where a row is a message.") = None,
    content_column: _column("Text, where a row is a message.") = None,
) -> None:
    """Analyse INPUT: write warehouse.duckdb and published.duckdb, and print the tree.

    Running it again goes on where it was stopped, and does only what is new.

    \b
    Examples:
      clio-sql run chats.parquet --into out
      clio-sql run chats.csv --user-column account --breakdown plan
      clio-sql run prod.duckdb::main.chats
    """
    columns = {
        "conversation_id": id_column,
        "user_id": user_column,
        "created_at": time_column,
        "messages": messages_column,
        "role": role_column,
        "content": content_column,
    }
    _analyse(
        input,
        into,
        depth,
        embedding_model=embedding_model,
        source=source,
        privacy_unit=privacy_unit,
        breakdowns=tuple(breakdown or ()),
        columns={key: value for key, value in columns.items() if value},
    )


@app.command()
def demo(into: INTO = Path("out"), depth: DEPTH = None) -> None:
    """Analyse made-up conversations: write OUT/demo.parquet, then do what `run` does.

    \b
    Example:
      clio-sql demo --into out
    """
    from clio_sql.analyse import writable
    from clio_sql.demo import write

    writable(into)
    write(into / "demo.parquet")
    _analyse(str(into / "demo.parquet"), into, depth, breakdowns=("plan",))


@app.command()
def tree(
    out: OUT,
    facet: Annotated[str | None, typer.Option(help="Only this facet.", show_default=False)] = None,
    depth: DEPTH = None,
) -> None:
    """Print the published tree of OUT.

    \b
    Examples:
      clio-sql tree out --depth 1
      clio-sql tree out --facet request
    """
    from clio_sql.screen import print_tree

    print_tree(out, facet, depth)


@app.command()
def functions() -> None:
    """List the SQL functions with what they do.

    \b
    Example:
      clio-sql functions
    """
    from clio_sql.register import MACROS, describe, macro_text

    for macro in MACROS:
        typer.echo(describe(macro_text(macro)).rsplit(" [", 1)[0])


@app.command()
def models() -> None:
    """List the relations in build order: name, kind, inputs.

    \b
    Example:
      clio-sql models
    """
    from clio_sql import project

    for relation in project.load():
        kind = "published" if relation.published else relation.kind
        typer.echo(f"{relation.name:<18} {kind:<10} {', '.join(relation.inputs)}".rstrip())


def _analyse(input: str, into: Path, depth: int | None, **options) -> None:
    from clio_sql.analyse import analyse
    from clio_sql.progress import Steps
    from clio_sql.screen import print_tree

    told = analyse(input, into, Steps(), **options)
    for reason, rows in told.left_out:
        typer.echo(f"left out of the input: {rows:,} with {reason}", err=True)
    print_tree(into, None, depth, told.held_back)
    typer.echo(f"For BI tools: {into / 'published.duckdb'}. Private: {into / 'warehouse.duckdb'}.", err=True)


def main() -> None:
    """Run the command line; every error is told on standard error, without a traceback, and has an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        code = app(standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os._exit(0)
    except Exception as error:
        code = tell(error)
    except KeyboardInterrupt:
        code = tell(Stopped("stopped."))
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
