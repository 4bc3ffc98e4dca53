"""Made-up `published.duckdb` files of any size, with the columns and comments that a run writes."""

from __future__ import annotations

from pathlib import Path

import duckdb

from clio_sql.analysis import catalog
from clio_sql.register import macro_text
from clio_sql.sql_text.quoting import literal

RIGHT_TO_LEFT, EMOJI, LONG = "ترتيب رحلة \u202e txt.exe", "plan a 🎂 party 👩🏽‍🚀 \U0001f9ff", "x" * 10_000
HOSTILE = (
    "<script>window.ran = 1; alert(1)</script>",
    "</script><script>window.ran = 1</script>",
    "<!--<script>",
    "<img src=x onerror='window.ran = 1'>",
    "<b>bold</b> <a href='https://example.com/'>link</a> &lt;i&gt; &amp; {{script}} %{x} $\\alpha$",
    "quotes \" ' ` \\ \\u003c",
    RIGHT_TO_LEFT,
    EMOJI,
    "nul \0 tab \t line \n \u2028 \u2029 end",
    LONG,
)

WORDS = (
    "book plan compare write fix explain check translate summarise draft find cancel learn cook repair train "
    "choose install design debug query schedule budget invest paint plant bake review sort measure"
)
THINGS = (
    "flights hotels recipes essays python scripts unit tests spreadsheets cover letters phone plans bread lawns "
    "budgets mortgages exams chess openings bus tickets concerts apartments therapists songs movies weather maps "
    "circuits contracts invoices lectures poems logos servers databases puzzles workouts gardens headlines"
)
USUAL = {  # breakdown -> value -> its usual share
    "concern": {"1": 0.9, "2": 0.1, "4": 0.02},
    "language": {"English": 0.6, "German": 0.2, "Japanese": 0.1},
    "length": {"short": 0.5, "medium": 0.3, "long": 0.2},
    "month": {"2026-03": 0.3, "2026-04": 0.4, "2026-05": 0.3},
    "plan": {"value 0": 0.4, "value 1": 0.3, "value 2": 0.3},
    "turns": {"1": 0.5, "2 to 3": 0.4, "10 or more": 0.1},
}


def write(folder: Path, leaves: int, tops: int = 10, facets: tuple[str, ...] = ("request",), levels: int = 3) -> Path:
    """A tree of `leaves` base clusters below `tops`, a week's trend, breakdowns; the same every time."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "published.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute("select setseed(0.5)")
        middle = max(tops, round((leaves * tops) ** 0.5)) if levels == 3 else tops
        for facet in facets:
            _clusters(con, facet, leaves, middle, tops, levels)
        _about(con)
        _derived(con)
        _comments(con)
    return folder


def write_intents(folder: Path) -> Path:
    """400 base clusters below 20: months and countries are told of few of them, all is English.

    What is told of a base cluster is told of all above it, as the rules of suppression have it.
    """
    write(folder, 400, 20)
    change(
        folder,
        "update about set period = 'month'",
        "delete from cluster_facets where breakdown in ('month', 'plan')",
        "update cluster_facets set conversations = (select conversations from clusters where clusters.cluster_id = "
        "cluster_facets.cluster_id), share = 1, lift = 1, value = 'English' where value = 'English'",
        "delete from cluster_facets where breakdown = 'language' and value <> 'English'",
        "insert into cluster_facets "
        "select facet, cluster_id, 'country', country, 5 * round(conversations * part / 5), null, part, part / usual "
        "from clusters, (values ('India', 0.2), ('Brazil', 0.15), ('Japan', 0.05)) as of(country, usual), "
        "lateral (select least(0.9, usual * (0.5 + (md5_number(cluster_id || country) % 100) / 100)) as part) "
        "where conversations * part >= case level when 0 then 40 when 1 then 90 else 60 end",
        "delete from cluster_trends",
        "insert into cluster_trends select facet, cluster_id, (date '2026-01-01' + to_months(month::integer))::date, "
        "5 * round(conversations / 40 * (1 + ((md5_number(cluster_id) % 100)::double / 100 - 0.5) * month / 4)), null, "
        "month between 1 and 6 from clusters, range(8) as months(month) "
        "where level > 0 and (level = 2 or md5_number(cluster_id) % 3 = 0)",
    )
    return folder


def as_safety(folder: Path) -> Path:
    """The same as `safety.duckdb`, with findings about flags and requests of several accounts."""
    change(
        folder,
        "update about set mode = 'safety', round_to = 1",
        "create table safety_gaps as select facet, level, cluster_id, name, conversations::bigint as conversations, "
        "2.5::double as mean_concern, 0.125::double as flag_rate, 1.5::double as gap, "
        "if(cluster_id like '%1', 'under_flagged', null) as finding, null::varchar as no_finding_because, "
        "0.25::double as correlation from clusters where level = 0",
        "create table coordinated_use as select facet, cluster_id, 'chat-' || cluster_id as first_conversation_id, "
        "'Write a review of the kettle shop' as request, 6::bigint as accounts, 12::bigint as conversations, "
        "2::bigint as wordings, timestamp '2026-03-02' as first_at, timestamp '2026-03-09' as last_at "
        "from clusters where level = 0 limit 3",
    )
    (folder / "published.duckdb").rename(folder / "safety.duckdb")
    return folder


def make(con: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Published tables without rows."""
    types = {relation.name: relation.types for relation in catalog.load()}
    for name in names:
        con.execute(f"create table {name} ({', '.join(f'{column} {type_}' for column, type_ in types[name].items())})")


def rename(folder: Path, names: tuple[str, ...]) -> None:
    """Give the largest clusters, their descriptions and a breakdown's values these names, at every level."""
    with duckdb.connect(str(folder / "published.duckdb")) as con:
        for place, name in enumerate(names):
            con.execute(
                "update clusters set name = ?, description = ? where cluster_id in (select cluster_id from clusters "
                "where cluster_id <> '(other)' qualify row_number() over "
                "(partition by level order by conversations desc, cluster_id) = ?)",
                [name, name, place + 1],
            )
            con.execute("update cluster_facets set value = ? where value = ?", [name, f"value {place}"])


# Bread over bread over two, cake over cake over cake, and drinks over tea over tea beside wine over wine.
ONLY_CHILDREN = """
    create table clusters as
    from (values
        ('t1', null, 2, 'Bread', 50, 30, 0.5, true), ('m1', 't1', 1, 'Bread', 50, 30, 0.5, false),
        ('c1', 'm1', 0, 'Rolls', 30, 15, 0.3, false), ('c2', 'm1', 0, 'Toast', 20, 15, 0.2, false),
        ('t2', null, 2, 'Cake', 30, 20, 0.3, true), ('m2', 't2', 1, 'Cake', 30, 20, 0.3, true),
        ('c3', 'm2', 0, 'Cake', 30, 20, 0.3, false),
        ('t3', null, 2, 'Drinks', 20, 10, 0.2, false),
        ('m3', 't3', 1, 'Tea', 10, 10, 0.1, true), ('c4', 'm3', 0, 'Tea', 10, 10, 0.1, false),
        ('m4', 't3', 1, 'Wine', 10, 10, 0.1, true), ('c5', 'm4', 0, 'Wine', 10, 10, 0.1, false)
    ) t(cluster_id, parent_id, level, name, conversations, users, share, only_child)
    select 'request' as facet, *, false as loose"""


def change(folder: Path, *statements: str) -> None:
    with duckdb.connect(str(folder / "published.duckdb")) as con:
        for statement in statements:
            con.execute(statement)


def _clusters(con: duckdb.DuckDBPyConnection, facet: str, leaves: int, middle: int, tops: int, levels: int) -> None:
    parent = {1: "null", 2: "'t' || t", 3: "'m' || m"}[levels]
    above = ", sum(conversations), avg(x), avg(y), avg(taste) from leaf group by all"
    cells = ", ".join(f"('{name}', '{value}', {share})" for name, of in USUAL.items() for value, share in of.items())
    con.execute(f"""
        create or replace temp table leaf as
        select
            'c' || lpad(i::varchar, 5, '0') as cluster_id,
            -- neighbouring ids lie in one region, so that the map has regions as a layout of names has
            (i * {middle} // {leaves}) as m, (m * {tops} // {middle}) as t,
            5 * round(4 + 60 * power(random(), 3)) as conversations,
            0.75 * sqrt((t + 1) / {tops}) as far, 0.2 * sqrt((m * 0.618) % 1) as near,
            far * sin(t * 2.4) + near * sin(m * 2.4) + 0.06 * (random() + random() - 1) as x,
            far * cos(t * 2.4) + near * cos(m * 2.4) + 0.06 * (random() + random() - 1) as y,
            random() as taste
        from range({leaves}) as r(i);
        create or replace temp table node as
        select cluster_id, 0 as level, {parent} as parent_id, conversations, x, y, taste from leaf
        {f"union all select 'm' || m, 1, 't' || t {above}" if levels == 3 else ""}
        {f"union all select 't' || t, {levels - 1}, null {above}" if levels > 1 else ""};
        create table if not exists clusters (facet varchar, level integer, cluster_id varchar, parent_id varchar,
            name varchar, description varchar, conversations bigint, users bigint, share double, x float, y float,
            name_source varchar, loose boolean, only_child boolean);
        insert into clusters
        select {literal(facet)}, level, cluster_id, parent_id,
            upper(verb[1]) || verb[2:] || ' ' || things[1] || ' and ' || things[2] as name,
            'Most of these conversations asked for help with ' || lower(name) || '. Some asked how long it takes.',
            conversations, 5 * round(conversations * 0.16) as users,
            conversations / sum(conversations) filter (parent_id is null) over (), x, y,
            if(cluster_id = 't0', 'renamed', 'found'),
            md5_number(cluster_id) % 7 = 0, false
        from (
            select
                *, string_split('{WORDS}', ' ')[1 + (md5_number(cluster_id) % 30)::bigint] as verb,
                list_transform(['a', 'b'], lambda salt: string_split('{THINGS}', ' ')[
                    1 + (md5_number(salt || cluster_id) % 40)::bigint]) as things
            from node
        );
        create table if not exists cluster_facets (facet varchar, cluster_id varchar, breakdown varchar, value varchar,
            conversations bigint, users bigint, share double, lift double);
        insert into cluster_facets
        select {literal(facet)}, cluster_id, breakdown, value, 5 * round(conversations * part / 5), 10, part,
            part / usual
        from node cross join (values {cells}) as usual(breakdown, value, usual),
        lateral (select least(0.98, usual * (0.4 + 1.6 * (md5_number(cluster_id || value) % 1000) / 1000)) as part)
        where part * conversations >= 10;
        create table if not exists cluster_trends (
            facet varchar, cluster_id varchar, period date, conversations bigint, users bigint,
            complete boolean);
        insert into cluster_trends
        select {literal(facet)}, cluster_id, date '2026-03-02' + (7 * week)::integer,
            5 * round(conversations / 60 * (1 + (taste - 0.5) * week / 6)) as shown, 10, true
        from node cross join range(13) as weeks(week) where shown >= 20;
        create table if not exists cluster_measures (facet varchar, cluster_id varchar, measure varchar,
            conversations bigint, mean double, median double, percentile_90 double);
        insert into cluster_measures
        select {literal(facet)}, cluster_id, measure, conversations, mean, mean, nullif(2 * mean, 8)
        from node cross join (values ('cost_usd', 0.012), ('rating', 4)) as measures(measure, mean)
        where conversations >= 20;
        create table if not exists held_back (facet varchar, reason varchar, clusters integer, conversations bigint);
        insert into held_back values ({literal(facet)}, 'too_few_users', 12, 240),
            ({literal(facet)}, 'unsupported_terms', 5, 180);
    """)


def _about(con: duckdb.DuckDBPyConnection) -> None:
    settings = next(relation for relation in catalog.load() if relation.name == "settings")
    con.execute(f"""
        create table about as
        select timestamp '2026-11-20 10:00:00' as built_at, 'a test' as made_by, 'local' as provider,
            'user' as privacy_unit, null::date as trends_from, null::date as trends_until,
            * exclude (screener) replace (
                'week' as period,
                coalesce(min_users_cell, min_users) as min_users_cell,
                coalesce(min_conversations_cell, min_conversations) as min_conversations_cell
            )
        from ({settings.sql})
    """)


def _derived(con: duckdb.DuckDBPyConnection) -> None:
    """What is made of the other published tables alone, by the packaged SQL."""
    for macro in ("clio_two_sided", "clio_pairs", "clio_compared", "clio_signals"):
        con.execute(macro_text(macro).replace("create or replace macro", "create or replace temp macro"))
    for relation in catalog.load():
        if relation.name in ("signals", "cluster_comparisons"):
            con.execute(f"create table {relation.name} as {relation.sql}")


def _comments(con: duckdb.DuckDBPyConnection) -> None:
    for relation in catalog.load():
        if relation.published and relation.name != "about":
            for column, comment in relation.columns.items():
                con.execute(f"comment on column {relation.name}.{column} is {literal(comment or '')}")
