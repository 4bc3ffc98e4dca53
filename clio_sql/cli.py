"""The command line: `clio-sql`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from clio_sql.errors import ClioError, InputError, StateError, Stopped

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


def _column(help: str):
    return Annotated[str | None, typer.Option(help=help, show_default=False, rich_help_panel="Columns of the input")]


@app.command()
def run(
    input: Annotated[
        str,
        typer.Argument(
            help="Parquet, JSONL, JSON or CSV file, a folder or glob of Parquet, or file.duckdb::schema.table.",
            show_default=False,
        ),
    ],
    into: Annotated[Path, typer.Option(help="Folder for warehouse.duckdb (private) and published.duckdb.")] = Path(
        "out"
    ),
    source: Annotated[str | None, typer.Option(help="Format of the input; found from its columns by default.")] = None,
    breakdown: Annotated[
        list[str] | None, typer.Option(help="Column to break clusters down by; may be repeated.")
    ] = None,
    privacy_unit: Annotated[
        str,
        typer.Option(
            help="'user', or 'conversation' where there is no user column: then each conversation counts as a person."
        ),
    ] = "user",
    embedding_model: Annotated[
        str | None, typer.Option(help="A sentence-transformers model, by name or folder.")
    ] = None,
    depth: Annotated[int | None, typer.Option(help="Levels of the tree to print; all by default.")] = None,
    id_column: _column("Conversation id.") = None,
    user_column: _column("User id, the privacy unit.") = None,
    time_column: _column("When.") = None,
    messages_column: _column("List of messages.") = None,
    role_column: _column("Role, where a row is a message.") = None,
    content_column: _column("Text, where a row is a message.") = None,
) -> None:
    """Analyse INPUT: write warehouse.duckdb and published.duckdb, and print the tree.

    Running it again goes on where it was stopped, and does only what is new.

    Examples: [bold]clio-sql run chats.parquet --into out[/bold] ·
    [bold]clio-sql run chats.csv --user-column account --breakdown plan[/bold] ·
    [bold]clio-sql run prod.duckdb::main.chats[/bold]
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
        embedding_model,
        source=source,
        privacy_unit=privacy_unit,
        breakdowns=tuple(breakdown or ()),
        columns={key: value for key, value in columns.items() if value},
    )


@app.command()
def demo(
    into: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("out"),
    depth: Annotated[int | None, typer.Option(help="Levels of the tree to print; all by default.")] = None,
) -> None:
    """Analyse made-up conversations: writes demo.parquet into the folder, then does what `run` does.

    Example: [bold]clio-sql demo --into out[/bold]
    """
    from clio_sql.demo import write

    _make_folder(into)
    path = into / "demo.parquet"
    write(path)
    _analyse(str(path), into, depth, None, breakdowns=("plan",))


@app.command()
def tree(
    out: OUT,
    facet: Annotated[str | None, typer.Option(help="Only this facet.", show_default=False)] = None,
    depth: Annotated[int | None, typer.Option(help="Levels to print; all by default.")] = None,
) -> None:
    """Print the published tree of OUT.

    Example: [bold]clio-sql tree out --depth 1[/bold]
    """
    _print_tree(out, facet, depth)


@app.command()
def functions() -> None:
    """List the SQL functions with what they do.

    Example: [bold]clio-sql functions[/bold]
    """
    from clio_sql.register import MACROS, describe, macro_text

    for macro in MACROS:
        typer.echo(describe(macro_text(macro)).rsplit(" [", 1)[0])


@app.command()
def models() -> None:
    """List the relations in build order: name, kind, inputs.

    Example: [bold]clio-sql models[/bold]
    """
    from clio_sql import project

    for relation in project.packaged():
        kind = "published" if relation.published else relation.kind
        typer.echo(f"{relation.name:<18} {kind:<10} {', '.join(relation.inputs)}")


def _analyse(input: str, into: Path, depth: int | None, embedding_model: str | None, **reading) -> None:
    from clio_sql import build, sources
    from clio_sql.progress import Steps, interruptible
    from clio_sql.publish import publish
    from clio_sql.register import connect, engine_of

    _make_folder(into)
    steps = Steps()
    con = connect(into / "warehouse.duckdb", embedding_model=embedding_model)
    try:
        engine = engine_of(con)
        assert engine is not None

        def work() -> None:
            steps.begin("source", None)
            source = sources.read(con, input, **reading)
            steps.end(source.rows, skipped=False)
            build.describe_input(
                con, build.SCHEMA, format=source.format, privacy_unit=source.privacy_unit, breakdowns=source.breakdowns
            )
            build.run(con, reporter=steps)
            build.check(con)
            publish(con, into)

        interruptible(con, engine, work)
        _say_left_out(con)
        _say_nothing_published(con)
    finally:
        steps.stop()
        con.close()
    _print_tree(into, None, depth)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StateError(
            f"--into {folder}: cannot be written to ({error.strerror}). Give a folder that you may write to."
        ) from None


def _say_left_out(con) -> None:
    for reason, conversations in con.execute("from clio.left_out").fetchall():
        typer.echo(f"left out of the input: {conversations:,} rows with {reason}", err=True)


def _say_nothing_published(con) -> None:
    """Say why the tree is empty: the reasons, without counts that the gate would hide."""
    if con.execute("select count(*) from clio.clusters").fetchone()[0]:
        return
    reasons = con.execute("select distinct reason from clio.suppressed order by 1").fetchall()
    from clio_sql.tree import REASONS

    why = "; ".join(REASONS.get(reason, reason) for (reason,) in reasons) or "no conversations"
    typer.echo(f"Nothing is published: no cluster passes the gate ({why}).")


def _print_tree(out: Path, facet: str | None, depth: int | None) -> None:
    from clio_sql import tree as trees
    from clio_sql.publish import open_published

    con = open_published(out)
    try:
        known = trees.facets(con)
        if facet is not None and facet not in known:
            raise InputError(f"--facet {facet!r}: not published; there are: {', '.join(known) or 'none'}.")
        for name in [facet] if facet else known:
            for line in trees.text(con, name, depth):
                typer.echo(line)
            typer.echo(trees.held_back(con, name))
    finally:
        con.close()


def main() -> None:
    """Run the command line; every ClioError is one line on standard error and an exit code."""
    try:
        app(standalone_mode=False)
    except ClioError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("stopped.", Stopped.exit_code)
    except typer.Abort:
        _fail("stopped.", Stopped.exit_code)
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:
        if type(error).__module__.startswith(("click", "typer")):
            error.show()  # type: ignore[attr-defined]
            sys.exit(getattr(error, "exit_code", 2))
        if type(error).__module__.startswith("_duckdb"):
            _fail(_of_function(str(error)), 1)
        raise


def _of_function(text: str) -> str:
    """The text of an error raised inside a function, without DuckDB's words around it."""
    return text.rsplit("executing the UDF: ", 1)[-1].split(": ", 1)[-1] if "executing the UDF: " in text else text


def _fail(text: str, code: int) -> None:
    typer.echo(f"clio-sql: {text}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
