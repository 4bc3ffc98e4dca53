"""The command line: `clio-sql`."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clio_sql.cli import options
from clio_sql.cli.failures import hush, tell
from clio_sql.errors import SqlError, Stopped, UsageError

if TYPE_CHECKING:  # imported where it is needed: it takes a second
    from contextlib import AbstractContextManager

    from pyspark.sql import SparkSession

    from clio_sql.run.outcome import Outcome

AGAIN = {  # status of what was not answered -> what that means for the next run
    "refused": "--retry-failed asks again",
    "invalid": "answers that fit no such question; the other answers of these conversations count",
}

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich" if sys.stdout is not None and sys.stdout.isatty() else None,  # plain where it is piped
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What do people use our assistant for? Clio as SQL, inside DuckDB.",
    epilog="Exit codes: 0 done, 1 any other error, 2 wrong usage, 3 the input, 4 the SQL, 5 the model, "
    "6 a check failed and nothing was published, 7 the database or folder, 8 a signal to alert on, 130 stopped.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"clio-sql {version('clio-sql')}, duckdb {version('duckdb')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the versions and exit.")
    ] = False,
) -> None: ...


@app.command()
def run(
    input: options.INPUT,
    into: options.INTO = Path("out"),
    analysis: options.ANALYSIS = None,
    name: options.NAME = None,
    refit: options.REFIT = False,
    source: options.FORMAT = None,
    breakdown: options.BREAKDOWN = None,
    measure: options.MEASURE = None,
    privacy_unit: options.PRIVACY_UNIT = "user",
    user: options.USER = None,
    since: options.SINCE = None,
    until: options.UNTIL = None,
    encoding: options.ENCODING = None,
    max_bad_rows: options.MAX_BAD_ROWS = None,
    allow_views: options.ALLOW_VIEWS = False,
    parquet: options.PARQUET = False,
    depth: options.DEPTH = None,
    provider: options.PROVIDER = None,
    model: options.MODEL = None,
    naming_model: options.NAMING_MODEL = None,
    base_url: options.BASE_URL = None,
    concurrency: options.CONCURRENCY = None,
    max_usd: options.MAX_USD = None,
    batch: options.BATCH = None,
    retry_failed: options.RETRY_FAILED = None,
    embedding_model: options.EMBEDDING_MODEL = None,
    precision: options.PRECISION = None,
    device: options.DEVICE = None,
    id_column: options.ID_COLUMN = None,
    user_column: options.USER_COLUMN = None,
    time_column: options.TIME_COLUMN = None,
    messages_column: options.MESSAGES_COLUMN = None,
    role_column: options.ROLE_COLUMN = None,
    content_column: options.CONTENT_COLUMN = None,
    prompt_column: options.PROMPT_COLUMN = None,
    response_column: options.RESPONSE_COLUMN = None,
) -> None:
    """Analyse INPUT: write warehouse.duckdb, published.duckdb and report.html, and print the tree.

    Running it again continues where it stopped, and does only what is new. Clusters keep their ids and names.

    \b
    Examples:
      clio-sql run chats.parquet --into out
      clio-sql run chats.parquet --into out --refit
      clio-sql run chats.csv --user-column account --breakdown plan --measure cost_usd --measure rating
      clio-sql run 'transcripts/**/*.jsonl' --user 'transcripts/{user}/**'
      clio-sql run prod.duckdb::main.chats --analysis our_sql
      clio-sql run chats.parquet --analysis our_sql --name product
      clio-sql run postgresql://reader@db/prod::public.chats --since 2026-10-01
      clio-sql run chats.parquet --provider anthropic --max-usd 25
      clio-sql run chats.parquet --provider openai --base-url http://localhost:8000 --model qwen3-8b
    """
    _analyse(input, into, depth, analysis=analysis, name=name, parquet=parquet, refit=refit, **_given(locals()))


@app.command()
def spark(
    input: Annotated[
        str,
        typer.Argument(
            metavar="INPUT", help="A table of Spark, or the path of a Parquet file or folder.", show_default=False
        ),
    ],
    into: options.SHARED,
    master: options.MASTER = None,
    conf: options.CONF = None,
    parts: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Partitions of a shuffle; by default two for each task at a time."),
    ] = None,
    worker_memory: Annotated[
        str, typer.Option(metavar="SIZE", help="Of DuckDB in each Python worker; the models need about 1 GB more.")
    ] = "1GB",
    analysis: options.ANALYSIS = None,
    refit: options.REFIT = False,
    source: options.FORMAT = None,
    breakdown: options.BREAKDOWN = None,
    measure: options.MEASURE = None,
    since: options.SINCE = None,
    until: options.UNTIL = None,
    parquet: options.PARQUET = False,
    depth: options.DEPTH = None,
    provider: options.PROVIDER = None,
    model: options.MODEL = None,
    naming_model: options.NAMING_MODEL = None,
    base_url: options.BASE_URL = None,
    concurrency: options.CONCURRENCY = None,
    max_usd: options.MAX_USD = None,
    batch: options.BATCH = None,
    retry_failed: options.RETRY_FAILED = None,
    embedding_model: options.EMBEDDING_MODEL = None,
    precision: options.PRECISION = None,
    device: options.DEVICE = None,
    id_column: options.ID_COLUMN = None,
    user_column: options.USER_COLUMN = None,
    time_column: options.TIME_COLUMN = None,
    messages_column: options.MESSAGES_COLUMN = None,
) -> None:
    """Analyse a table on a Spark cluster: what `run` writes, and OUT/lake/ with the conversations (private).

    The same SQL files run on the workers, so clio-sql must be installed there. Needs the extra `spark`. A provider that
    costs money is asked by the driver alone: transcripts pass through it, at most 2,048 at a time and without user ids,
    and are not kept there; no key is sent to a worker. Safety mode is refused.

    \b
    Examples:
      clio-sql spark lake.chats --into /shared/out --master spark://host:7077
      clio-sql spark /shared/chats --into /shared/out --breakdown plan --conf spark.executor.memory=2g
      clio-sql spark lake.chats --into /shared/out --provider anthropic --max-usd 250
    """
    from clio_sql.builder.progress import Steps

    mapped = {
        "conversation_id": id_column,
        "user_id": user_column,
        "created_at": time_column,
        "messages": messages_column,
    }
    given = locals()
    runtime = {name: given[name] for name in RUNTIME}
    with _session(master, conf) as made:
        from clio_sql.spark import run as analyse

        outcome = analyse(
            made, input, into, analysis,
            breakdowns=tuple(breakdown or ()), measures=tuple(measure or ()), format=source,
            columns={name: column for name, column in mapped.items() if column},
            since=since, until=until, refit=refit, parquet=parquet, parts=parts, worker_memory=worker_memory,
            reporter=Steps(), **{name: value for name, value in runtime.items() if value is not None},
        )  # fmt: skip
    _tell(outcome, into, into, depth)


@app.command()
def plan(
    input: options.INPUT,
    into: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Folder of an earlier run: calls that it paid for are free.")
    ] = None,
    analysis: options.ANALYSIS = None,
    source: options.FORMAT = None,
    breakdown: options.BREAKDOWN = None,
    measure: options.MEASURE = None,
    privacy_unit: options.PRIVACY_UNIT = "user",
    user: options.USER = None,
    since: options.SINCE = None,
    until: options.UNTIL = None,
    encoding: options.ENCODING = None,
    max_bad_rows: options.MAX_BAD_ROWS = None,
    allow_views: options.ALLOW_VIEWS = False,
    provider: options.PROVIDER = "anthropic",
    model: options.MODEL = None,
    naming_model: options.NAMING_MODEL = None,
    base_url: options.BASE_URL = None,
    concurrency: options.CONCURRENCY = None,
    max_usd: options.MAX_USD = None,
    batch: options.BATCH = None,
    retry_failed: options.RETRY_FAILED = None,
    embedding_model: options.EMBEDDING_MODEL = None,
    precision: options.PRECISION = None,
    device: options.DEVICE = None,
    id_column: options.ID_COLUMN = None,
    user_column: options.USER_COLUMN = None,
    time_column: options.TIME_COLUMN = None,
    messages_column: options.MESSAGES_COLUMN = None,
    role_column: options.ROLE_COLUMN = None,
    content_column: options.CONTENT_COLUMN = None,
    prompt_column: options.PROMPT_COLUMN = None,
    response_column: options.RESPONSE_COLUMN = None,
) -> None:
    """Print what `run` would ask and cost, before anything is paid. Nothing is sent and nothing written.

    \b
    Examples:
      clio-sql plan chats.parquet
      clio-sql plan chats.parquet --into out --batch
    """
    from clio_sql.cli.tables import print_plan
    from clio_sql.run.plan import plan as planned

    print_plan(planned(input, into, analysis=analysis, **_given(locals())))


@app.command()
def inspect(
    input: options.INPUT,
    source: options.FORMAT = None,
    privacy_unit: options.PRIVACY_UNIT = "user",
    since: options.SINCE = None,
    until: options.UNTIL = None,
    user: options.USER = None,
    encoding: options.ENCODING = None,
    max_bad_rows: options.MAX_BAD_ROWS = None,
    allow_views: options.ALLOW_VIEWS = False,
    id_column: options.ID_COLUMN = None,
    user_column: options.USER_COLUMN = None,
    time_column: options.TIME_COLUMN = None,
    messages_column: options.MESSAGES_COLUMN = None,
    role_column: options.ROLE_COLUMN = None,
    content_column: options.CONTENT_COLUMN = None,
    prompt_column: options.PROMPT_COLUMN = None,
    response_column: options.RESPONSE_COLUMN = None,
) -> None:
    """Print how INPUT is understood, and its first conversation as it would be read. Nothing is written.

    \b
    Examples:
      clio-sql inspect chats.parquet
      clio-sql inspect chats.csv --user-column account --messages-column chat
    """
    from clio_sql.sources.understood import inspect as understood

    for line in understood(input, **_reading(locals())):
        typer.echo(line)


@app.command()
def demo(
    into: options.INTO = Path("out"),
    parquet: options.PARQUET = False,
    depth: options.DEPTH = None,
    conversations: Annotated[
        int | None, typer.Option(metavar="N", help="How many to make up; by default 1500, or 3000 with --languages.")
    ] = None,
    languages: Annotated[
        bool, typer.Option("--languages", help="20 known topics in 15 languages, as columns `topic` and `language`.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same conversations.")] = 0,
    only_write: Annotated[bool, typer.Option("--only-write", help="Write the file and stop.")] = False,
) -> None:
    """Analyse made-up conversations: write OUT/demo.parquet, then do what `run` does.

    \b
    Examples:
      clio-sql demo --into out
      clio-sql demo --into big --conversations 1000000 --only-write
      clio-sql demo --into world --languages
    """
    from clio_sql import demo, demo_languages
    from clio_sql.run.folders import folders

    with folders(into, into):
        if languages:
            demo_languages.write(into / "demo.parquet", 3000 if conversations is None else conversations, seed)
        else:
            demo.write(into / "demo.parquet", 1500 if conversations is None else conversations, seed)
    if only_write:
        print(into / "demo.parquet")
        return
    _analyse(
        str(into / "demo.parquet"),
        into,
        depth,
        parquet=parquet,
        breakdowns=("plan",),
        measures=() if languages else demo.MEASURES,
    )
    usual = 3000 if languages else 1500
    if (conversations or usual) < usual:
        typer.echo(
            f"{conversations:,} conversations are too few for the demo: most topics have fewer users than it takes to "
            f"publish them. The usual {usual:,} show more.",
            err=True,
        )


@app.command()
def tree(
    out: options.OUT,
    facet: Annotated[str | None, typer.Option(help="Only this facet.", show_default=False)] = None,
    depth: options.DEPTH = None,
) -> None:
    """Print the published tree of OUT.

    \b
    Examples:
      clio-sql tree out --depth 1
      clio-sql tree out --facet request
    """
    from clio_sql.cli.tables import print_tree

    print_tree(out, facet, depth)


@app.command()
def signals(
    out: options.OUT,
    facet: Annotated[str | None, typer.Option(help="Only this facet.", show_default=False)] = None,
    alert: Annotated[
        str | None,
        typer.Option(
            metavar="SIGNALS", help="Exit with 8 where one is there: new, spiking, rising, steady, cooling, fading."
        ),
    ] = None,
) -> None:
    """Print which clusters are new, spiking, rising, cooling or fading, by the last complete periods of OUT.

    \b
    Examples:
      clio-sql signals out
      clio-sql signals out --alert new,spiking
    """
    from clio_sql.cli.signals import ALERT, print_signals

    if print_signals(out, facet, alert):
        raise typer.Exit(ALERT)


@app.command()
def correct(
    out: options.OUT,
    facet: Annotated[str | None, typer.Option(help="Only this facet.", show_default=False)] = None,
) -> None:
    """Print a corrections.sql with the ids and names of the published clusters of OUT, to edit.

    As printed it corrects nothing. Save it as corrections.sql in the analysis folder and uncomment what you mean: a new
    name, a cluster to hide, to merge into another, to move under another parent, or to keep whole.

    \b
    Examples:
      clio-sql correct out > our_sql/corrections.sql
      clio-sql correct out --facet request
      clio-sql check our_sql --into out
    """
    from clio_sql.cli.correct import lines

    for line in lines(out, facet):
        typer.echo(line)


@app.command()
def report(
    out: options.OUT,
    safety: Annotated[
        bool, typer.Option("--safety", help="Only a private safety report, or why there is none.")
    ] = False,
) -> None:
    """Write OUT/report.html again from OUT/published.duckdb: one page that opens without a network.

    Of an analysis in safety mode it is OUT/safety-report.html, for its owner alone.

    \b
    Examples:
      clio-sql report out
      clio-sql report private --safety
    """
    from clio_sql.published.report import require_safety, write

    if safety:
        require_safety(out)
    typer.echo(write(out))


@app.command()
def sql(
    out: options.OUT,
    command: Annotated[
        str | None, typer.Option("--command", "-c", metavar="SQL", help="Run these statements and exit.")
    ] = None,
    published: Annotated[bool, typer.Option("--published", help="Open published.duckdb, not the warehouse.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the result to this file: .csv, .tsv, .json, .jsonl or .parquet."),
    ] = None,
) -> None:
    """Run SQL on the warehouse of OUT, read-only, with the functions loaded: a prompt, -c, or standard input.

    Tables are drawn on a terminal; elsewhere results are CSV.

    \b
    Examples:
      clio-sql sql out
      clio-sql sql out -c "select name, users from clusters where level = 2"
      clio-sql sql out --published < questions.sql > answers.csv
      clio-sql sql out --published -c "from clusters" --output clusters.parquet
    """
    from clio_sql.cli.shell import run

    run(out, command, published, output)


@app.command()
def evaluate(
    input: options.INPUT,
    label: Annotated[
        str, typer.Option(metavar="COLUMN", help="Column of INPUT with the known topic.", show_default=False)
    ],
    into: Annotated[Path, typer.Option(metavar="OUT", help="The folder that a run wrote, or OUT/NAME.")] = Path("out"),
    id_column: options.ID_COLUMN = None,
    replicates: Annotated[int, typer.Option(min=0, max=10_000, help="How often users are drawn for intervals.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same users.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line per facet.")] = False,
    embedding_model: options.EMBEDDING_MODEL = None,
) -> None:
    """Measure the clusters of OUT by topics that are known: purity, ARI, V-measure, and how far names alone lead back.

    INPUT has the conversation ids of the run, and a label. Figures only are printed, no texts; they are not gated, so
    they are for those who may read the warehouse. Nothing is written.

    \b
    Examples:
      clio-sql evaluate world/demo.parquet --label topic --into world
      clio-sql evaluate labels.csv --label intent --id-column thread --into out --json
    """
    from clio_sql.cli.tables import print_evaluations
    from clio_sql.run.evaluate import evaluate as evaluated

    runtime = {"embedding_model": embedding_model} if embedding_model else {}
    found = evaluated(input, into, label, id_column=id_column, replicates=replicates, seed=seed, **runtime)
    print_evaluations(found, as_json)


@app.command()
def forget(
    out: options.OUT,
    user: Annotated[list[str] | None, typer.Option(metavar="ID", help="A user id; may be repeated.")] = None,
    users: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with one user id per line; - reads standard input.")
    ] = None,
    analysis: options.ANALYSES = None,
    master: options.MASTER = None,
    conf: options.CONF = None,
) -> None:
    """Erase users from OUT: every row, and every stored call that had their texts. All figures are rebuilt.

    All analyses of OUT are rebuilt; one whose SQL is not given is withdrawn until it runs again. If the given SQL
    belongs to none of them, nothing is erased.
    No later run reads them again. Nothing is paid: what must be asked again is held back until the next `run`.
    What `spark` wrote is rebuilt on Spark.

    \b
    Examples:
      clio-sql forget out --user 8d3a71
      clio-sql forget out --users ids.txt --analysis our_sql
      clio-sql forget /shared/out --user 8d3a71 --master spark://host:7077
    """
    from clio_sql.builder.progress import Steps
    from clio_sql.run.forget import forget as forgotten
    from clio_sql.run.forget import given
    from clio_sql.warehouse.places import is_of_spark

    ids = given(user or (), users)
    if not is_of_spark(out):
        told = forgotten(out, ids, Steps(), analysis=analysis)
    else:
        with _session(master, conf) as made:
            from clio_sql.spark import forget as forgotten_there

            told = forgotten_there(made, out, ids, analysis, reporter=Steps())
    for line in told.lines():
        typer.echo(line, err=True)


@app.command()
def trace(
    out: options.OUT,
    cluster: Annotated[
        str, typer.Argument(metavar="CLUSTER", help="A cluster_id of safety.duckdb.", show_default=False)
    ],
    facet: Annotated[str | None, typer.Option(help="Its facet, if several have that id.", show_default=False)] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Conversations to show at most; all by default.")] = None,
) -> None:
    """Show the conversations of a cluster, one JSON line each; who asked, and when, is recorded in the warehouse.

    Works only if the analysis ran in safety mode, for those who may read and write its warehouse.duckdb.

    \b
    Examples:
      clio-sql trace out c00012
      clio-sql trace out p1_0003 --facet request --limit 20
    """
    from clio_sql.run.trace import trace as traced

    for line in traced(out, cluster, facet, limit):
        typer.echo(line)


@app.command()
def functions() -> None:
    """List the SQL functions with what they do.

    \b
    Example:
      clio-sql functions
    """
    from clio_sql.register import MACROS, describe, macro_text

    for macro in (*MACROS, "clio_compare"):
        typer.echo(describe(macro_text(macro)).rsplit(" [", 1)[0])


@app.command()
def models(
    analysis: options.OWN_FOLDER = None,
) -> None:
    """List the relations in build order: name, kind, inputs, and by what it can be made in parts; with FOLDER, its own.

    \b
    Examples:
      clio-sql models
      clio-sql models our_sql
    """
    from clio_sql.analysis import catalog

    packaged = {relation.name: relation.sql for relation in catalog.load()}
    for relation in catalog.load(analysis):
        kind = relation.kind if relation.folder == "models" else relation.folder
        mark = (
            "" if packaged.get(relation.name) == relation.sql else "overridden" if relation.name in packaged else "new"
        )
        line = f"{relation.name:<21} {kind:<10} " + (f"{mark:<11}" if analysis else "")
        key = f"  [by {', '.join(relation.by)}]" if relation.by else ""
        typer.echo(f"{line}{', '.join(relation.inputs)}{key}".rstrip())


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A new folder.", show_default=False)],
    taxonomy: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Also write a fixed taxonomy to place conversations in: uses."),
    ] = None,
    pack: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Also ask the questions of a pack: outcome, autonomy, work or safety; may be repeated."
        ),
    ] = None,
) -> None:
    """Write a small analysis folder: settings.sql, facets.sql and conversations.sql, with comments on what to change.

    With --pack a folder that is there gets the questions of the packs in its facets.sql; all else in it stays as it is.

    \b
    Examples:
      clio-sql init our_sql
      clio-sql init our_sql --taxonomy uses
      clio-sql init our_sql --pack outcome --pack work
      clio-sql init our_safety --pack safety
    """
    from clio_sql.analysis import init as scaffold

    for path in scaffold.init(folder, taxonomy, pack or ()):
        typer.echo(path)


@app.command("try")
def try_(
    facet: Annotated[str, typer.Argument(metavar="FACET", help="A facet of facets.sql.", show_default=False)],
    input: options.INPUT,
    into: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Folder of an earlier run: answers that it paid for are free, new ones kept."),
    ] = None,
    analysis: options.ANALYSIS = None,
    conversations: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many are asked about.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON line.")] = False,
    source: options.FORMAT = None,
    privacy_unit: options.PRIVACY_UNIT = "user",
    user: options.USER = None,
    since: options.SINCE = None,
    until: options.UNTIL = None,
    encoding: options.ENCODING = None,
    max_bad_rows: options.MAX_BAD_ROWS = None,
    allow_views: options.ALLOW_VIEWS = False,
    provider: options.PROVIDER = None,
    model: options.MODEL = None,
    base_url: options.BASE_URL = None,
    concurrency: options.CONCURRENCY = None,
    max_usd: options.MAX_USD = None,
    retry_failed: options.RETRY_FAILED = None,
    embedding_model: options.EMBEDDING_MODEL = None,
    precision: options.PRECISION = None,
    device: options.DEVICE = None,
    id_column: options.ID_COLUMN = None,
    user_column: options.USER_COLUMN = None,
    time_column: options.TIME_COLUMN = None,
    messages_column: options.MESSAGES_COLUMN = None,
    role_column: options.ROLE_COLUMN = None,
    content_column: options.CONTENT_COLUMN = None,
    prompt_column: options.PROMPT_COLUMN = None,
    response_column: options.RESPONSE_COLUMN = None,
) -> None:
    """Ask one facet of 30 conversations of INPUT: how many get an answer, which answers, at what cost.

    The conversations are always the same ones for a seed. Figures are not gated, so they are for those who may read
    INPUT; ten answers are shown beside what was written, on a terminal only.

    \b
    Examples:
      clio-sql try language chats.parquet
      clio-sql try solved chats.parquet --analysis our_sql --provider anthropic --max-usd 0.10
      clio-sql try solved chats.parquet --analysis our_sql --provider anthropic --into out --json
    """
    from clio_sql.builder.progress import Steps
    from clio_sql.cli.tried import print_tried
    from clio_sql.run.trying import try_facet

    given = {name: value for name, value in locals().items() if name in RUNTIME and value is not None}
    tried = try_facet(
        facet, input, Steps(), into, conversations=conversations, analysis=analysis, runtime=given, **_reading(locals())
    )
    print_tried(tried, as_json)


@app.command()
def check(
    analysis: options.FOLDER,
    into: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Folder of an earlier run: finds corrections of clusters that are gone, too."),
    ] = None,
) -> None:
    """Find what is wrong with the SQL of FOLDER, without running it: file, line and what to do. `run` does this too.

    \b
    Examples:
      clio-sql check our_sql
      clio-sql check our_sql --into out
    """
    from clio_sql.analysis import check as findings

    relations = findings.checked(analysis)
    if into is not None and (lost := findings.lost(analysis, into)):
        raise SqlError("\n".join(map(str, lost)))
    typer.echo(f"{analysis}: nothing wrong found; {len(relations)} relations.")


@app.command("compile")
def compile_(
    analysis: options.OWN_FOLDER = None,
) -> None:
    """Print the SQL of each relation in build order, formatted.

    \b
    Examples:
      clio-sql compile
      clio-sql compile our_sql
    """
    from clio_sql.analysis import check as findings
    from clio_sql.analysis import compiled

    for statement in compiled.statements(findings.checked(analysis)):
        typer.echo(statement)


@app.command()
def builds(out: options.OUT) -> None:
    """List the runs of OUT: when, how it ended, how much, at what cost, and which SQL changed.

    \b
    Example:
      clio-sql builds out
    """
    from clio_sql.cli.tables import print_builds
    from clio_sql.run.record import listed

    print_builds(listed(out))


@app.command(context_settings={"ignore_unknown_options": True})  # -1 is not an option
def diff(
    out: options.OUT,
    before: Annotated[str, typer.Argument(metavar="A", help="Number of a build, last, or -1: the one before.")] = "-1",
    after: Annotated[str, typer.Argument(metavar="B", help="As A.")] = "last",
) -> None:
    """Show what changed between the published files of build A and build B: clusters new, gone, grown, …

    \b
    Examples:
      clio-sql diff out
      clio-sql diff out 3 last
    """
    from clio_sql.published.diff import lines

    for line in lines(out, before, after):
        typer.echo(line)


@app.command("export-dbt")
def export_dbt(
    folder: Annotated[Path, typer.Argument(help="Where the project goes; created if missing.", show_default=False)],
    analysis: options.ANALYSIS = None,
) -> None:
    """Write the analysis as a dbt project, which `dbt build` runs to the same published tables.

    \b
    Examples:
      clio-sql export-dbt our_dbt
      clio-sql export-dbt our_dbt --analysis our_sql
    """
    from clio_sql.analysis import check as findings
    from clio_sql.dbt.export import export

    written = export(folder, findings.checked(analysis))
    typer.echo(f"{len(written)} files in {folder}; its README.md says how to build it.", err=True)


@app.command("export-superset")
def export_superset(
    out: options.OUT,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="The .zip to write; OUT/superset.zip by default.", show_default=False),
    ] = None,
) -> None:
    """Write a file that Superset imports: OUT/published.duckdb as datasets with metrics, and a dashboard.

    \b
    Examples:
      clio-sql export-superset out
      superset import-dashboards --path out/superset.zip --username admin
    """
    from clio_sql.published.superset import write

    typer.echo(write(out, file))


@app.command()
def mcp(
    out: options.OUT,
    max_rows: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="Rows of an answer at most.")] = 200,
    max_seconds: Annotated[
        float, typer.Option(min=0.1, max=600, metavar="N", help="A query that takes longer is stopped.")
    ] = 10,
) -> None:
    """Serve OUT/published.duckdb to an AI agent, over the Model Context Protocol on standard input and output.

    Its tools read that file alone: tree, search, cluster, compare, signals, tables, and read-only SQL. Needs the extra
    `mcp`.

    \b
    Examples:
      clio-sql mcp out
      claude mcp add clio -- clio-sql mcp /absolute/path/out
    """
    from clio_sql.mcp.worker import Limits

    try:
        from clio_sql.mcp.server import serve
    except ImportError:
        raise UsageError("mcp needs the extra 'mcp'. Install it: pip install 'clio-sql[mcp]'.") from None
    serve(out, Limits(rows=max_rows, seconds=max_seconds))


RUNTIME = (
    "provider", "model", "naming_model", "base_url", "concurrency", "max_usd", "batch", "retry_failed",
    "embedding_model", "precision", "device",
)  # fmt: skip
READING = ("source", "privacy_unit", "user", "since", "until", "encoding", "max_bad_rows", "allow_views")
COLUMNS = {
    "conversation_id": "id_column",
    "user_id": "user_column",
    "created_at": "time_column",
    "messages": "messages_column",
    "role": "role_column",
    "content": "content_column",
    "prompt": "prompt_column",
    "response": "response_column",
}


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Options of a command as `analyse` takes them: the runtime, and how to read the input."""
    return {
        "runtime": {name: options[name] for name in RUNTIME if options[name] is not None},
        "breakdowns": tuple(options["breakdown"] or ()),
        "measures": tuple(options["measure"] or ()),
        **_reading(options),
    }


def _reading(options: dict[str, Any]) -> dict[str, Any]:
    """How to read the input."""
    return {
        **{name: options[name] for name in READING},
        "columns": {name: options[option] for name, option in COLUMNS.items() if options[option]},
    }


def _analyse(input: str, into: Path, depth: int | None, name: str | None = None, **settings: Any) -> None:
    from clio_sql.builder.progress import Steps
    from clio_sql.run.analyse import analyse
    from clio_sql.warehouse.places import folder

    outcome = analyse(input, into, Steps(), name=name, **settings)
    _tell(outcome, into, folder(into, name), depth)


def _session(master: str | None, conf: list[str] | None) -> AbstractContextManager[SparkSession]:
    """A session of Spark, if the extra is there."""
    try:
        from clio_sql.spark.session import session
    except ImportError:
        raise UsageError("Spark needs the extra 'spark'. Install it: pip install 'clio-sql[spark]'.") from None
    return session(master, conf or ())


def _tell(outcome: Outcome, into: Path, out: Path, depth: int | None) -> None:
    """Print what a run says, and the tree that it published to `out`."""
    from clio_sql.cli.summary import lines
    from clio_sql.cli.tables import print_tree
    from clio_sql.published.files import is_safety

    for line in lines(outcome):
        typer.echo(line, err=True)
    for reason, rows in outcome.left_out:
        typer.echo(f"left out of the input: {rows:,} with {reason}", err=True)
    if outcome.mended:
        typer.echo(f"repaired in the input: {outcome.mended:,} with half a character, now U+FFFD", err=True)
    if outcome.untimed:
        typer.echo(f"in no trend: {outcome.untimed:,} without a readable time from 1900 to 2199", err=True)
    for status, count in outcome.unanswered:
        typer.echo(f"not answered: {count:,} {status}; {AGAIN.get(status, 'run again to ask again')}", err=True)
    with suppress(BrokenPipeError):  # the reader has seen enough; the paths go to the other stream
        print_tree(out, None, depth, outcome.held_back)
    if is_safety(out):
        files = f"{out / 'safety.duckdb'}, {out / 'safety-report.html'}"
        typer.echo(f"Not gated, for authorised people only: {files}. Private: {into / 'warehouse.duckdb'}.", err=True)
        return
    typer.echo(f"Report: {out / 'report.html'}.", err=True)
    typer.echo(f"For BI tools: {out / 'published.duckdb'}. Private: {into / 'warehouse.duckdb'}.", err=True)


def main() -> None:
    """Run the command line; every error goes to standard error, without a traceback, and has an exit code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if stream is not None:  # closed
            ascii = not stream.isatty() and codecs.lookup(stream.encoding).name == "ascii"  # a locale without any é
            stream.reconfigure(encoding="utf-8" if ascii else None, errors="replace")  # type: ignore[union-attr]
    hush()
    try:
        code = app(prog_name="clio-sql", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os._exit(0)
    except SystemExit as left:  # click's own way to leave where the reader has
        if isinstance(left.__context__, BrokenPipeError):
            os._exit(0)
        raise
    except KeyboardInterrupt:
        code = tell(Stopped("stopped."))
    except BaseException as error:  # a panic of a library is no Exception
        code = tell(error)
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
