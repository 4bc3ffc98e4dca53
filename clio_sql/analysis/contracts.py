"""What `settings` and `facets` must hold, whoever wrote them: looked at as soon as they are built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from math import inf

import duckdb

from clio_sql.errors import SqlError
from clio_sql.errors.quotable import quoted
from clio_sql.providers import KINDS

MODES = ("insight", "safety")
POSITIVE = (
    "conversations_per_cluster", "max_base_clusters", "min_base_clusters", "least_per_cluster", "points_per_cluster",
    "levels", "top_clusters", "neighbourhood", "sample_texts", "max_texts_per_user", "term_conversations",
    "conversations_per_user", "template_users", "template_conversations", "fit_repeats",
    "max_row_bytes", "max_columns", "max_expansion", "term_band",
)  # fmt: skip
AT_LEAST = {
    "max_message_characters": 200, "max_transcript_characters": 200,  # less is little but the cut's mark
    "seed": 0, "template_words": 3, "threshold_margin": 0,
}  # fmt: skip
THRESHOLDS = {  # name: least and most; NULL publishes nothing
    "min_users": (0, inf), "min_conversations": (0, inf), "max_user_share": (0, 1), "max_text_share": (0, 1),
    "sensitive_share": (0, 1), "min_users_named": (0, inf), "min_audit_rating": (0, 5),
    "round_to": (1, inf),
}  # fmt: skip
ABOVE_ZERO = {  # name: most
    "refit_growth": inf, "refit_far_share": inf, "refit_least_share": inf, "keep_name_similarity": 1,
    "regrow_share": inf,
}  # fmt: skip
MAX_EPSILON = 20.0  # above, noise hides nobody
PERIODS = ("day", "week", "month", "quarter")
CHOICES = {
    "mode": MODES, "period": PERIODS, "sample_by": ("conversation", "message"), "tree_by": ("names", "centroids"),
    "sample_strata": PERIODS, "threshold_margin_of": ("words", "all"), "naming_sees": ("terms", "texts"),
}  # fmt: skip
MAY_BE_NULL = ("tree_by", "sample_strata")
OTHERS = (
    *CHOICES,
    "sample_conversations",
    "epsilon",
    "flag",
    "near_identical",
    "min_accounts",
    "max_error_ratio",
    "template_share",
)


def check(con: duckdb.DuckDBPyConnection, name: str, paid: bool = True) -> None:
    """Raise SqlError if the relation of that name, just built, breaks its contract. Others pass."""
    if told := problems(con, name, paid):
        raise SqlError("\n".join(told))


def problems(con: duckdb.DuckDBPyConnection, name: str, paid: bool = True) -> list[str]:
    """All that is wrong with the rows of a relation that has a contract, each with what to do."""
    if name not in CONTRACTS:
        return []
    try:
        found = list(CONTRACTS[name](con))
        return found if paid or found or name != "settings" else list(_no_screener(con))
    except duckdb.BinderException as error:
        column = str(error).partition('column "')[2].partition('"')[0]
        return [f"{name}.sql: column {column!r} is missing. Add it to the select."]


def _settings(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    names = (*OTHERS, *THRESHOLDS, *AT_LEAST, *POSITIVE, *ABOVE_ZERO)
    rows = con.execute(f"select {', '.join(names)} from settings").fetchall()
    if len(rows) != 1:
        yield f"settings.sql: {len(rows)} rows; there must be exactly one. Change the select."
        return
    given = dict(zip(names, rows[0], strict=True))
    mode, wanted = given["mode"], given["sample_conversations"]
    for name, choices in CHOICES.items():
        if given[name] is not None or name not in MAY_BE_NULL:
            yield from _one_of(f"settings.sql: {name}", given[name], choices)
    if wanted is not None and wanted < 1:
        yield f"settings.sql: sample_conversations is {wanted}; allowed: null (all), or 1 or more. Change the value."
    if mode == "safety" and given["round_to"] != 1:
        yield "settings.sql: mode 'safety' counts exactly; set round_to to 1, or mode to 'insight'."
    if given["epsilon"] is not None:
        yield from _noise(mode, given["epsilon"])
    for name, (least, most) in THRESHOLDS.items():
        if given[name] is not None and not least <= given[name] <= most:
            allowed = f"null (nothing is published), or {least} " + ("or more" if most == inf else f"to {most}")
            yield f"settings.sql: {name} is {given[name]}; allowed: {allowed}. Change the value."
    for name, most in ABOVE_ZERO.items():
        if given[name] is None or not 0 < given[name] <= most or given[name] == inf:
            allowed = "above 0" if most == inf else f"above 0, and {most} at most"
            yield f"settings.sql: {name} is {given[name]}; it must be {allowed}. Change the value."
    if given["max_error_ratio"] is not None and not 0 <= given["max_error_ratio"] <= 1:
        ratio = given["max_error_ratio"]
        yield f"settings.sql: max_error_ratio is {ratio}; allowed: null (never stops), or 0 to 1. Change the value."
    if given["template_share"] is None or not 0 <= given["template_share"] <= 1:
        yield f"settings.sql: template_share is {given['template_share']}; allowed: 0 to 1. Change the value."
    for name, least in {**AT_LEAST, **dict.fromkeys(POSITIVE, 1)}.items():
        if given[name] is None or given[name] < least:
            yield f"settings.sql: {name} is {given[name]}; it must be {least} or more. Change the value."


def _noise(mode: str, epsilon: float) -> Iterator[str]:
    if mode == "safety":
        yield "settings.sql: mode 'safety' counts exactly; set epsilon to null, or mode to 'insight'."
    elif not 0 < epsilon <= MAX_EPSILON:
        yield f"settings.sql: epsilon is {epsilon}; allowed: null, or above 0 up to {MAX_EPSILON:g}. Change the value."
    elif find_spec("opendp") is None:
        yield (
            f"settings.sql: epsilon is {epsilon}, and noise needs the extra dp. Install it: pip install "
            "'clio-sql[dp]', or set epsilon to null."
        )


def _no_screener(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    if con.execute("select screener from settings").fetchone() != (None,):
        yield (
            "settings.sql: screener is a question, and the local provider understands none. Run with "
            "--provider anthropic, or set it to null."
        )


def _facets(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    rows = con.execute(
        "select facet, question, kind, choices, clustered, criteria from facets order by facet"
    ).fetchall()
    if not rows:
        yield "facets.sql: no rows; give at least one facet."
    names = [row[0] for row in rows]
    for name in dict.fromkeys(names):
        if not name:
            yield "facets.sql: a facet has no name. Give each a name of its own."
        elif names.count(name) > 1:
            yield f"facets.sql: facet {quoted(name)} stands {names.count(name)} times. Give each a name of its own."
    for facet, question, kind, _, clustered, _ in rows:
        yield from _one_of(f"facets.sql: facet {_value(facet)} has kind", kind, KINDS)
        if not question:
            yield f"facets.sql: facet {_value(facet)} has no question. Write one."
        if clustered is None:
            yield f"facets.sql: facet {_value(facet)} has no clustered; allowed: true, false. Change the row."
        if clustered and kind != "text":
            yield f"facets.sql: facet {_value(facet)} is clustered; only one of kind text can be."


def _one_of(what: str, given: object, allowed: tuple[str, ...]) -> Iterator[str]:
    if given not in allowed:
        yield f"{what} {_value(given)}; allowed: {', '.join(allowed)}. Change the row."


def _value(given: object) -> str:
    return quoted(given) if isinstance(given, str) else repr(given)


CONTRACTS: dict[str, Callable[[duckdb.DuckDBPyConnection], Iterator[str]]] = {"settings": _settings, "facets": _facets}
