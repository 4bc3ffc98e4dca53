"""What `settings` and `facets` must hold, whoever wrote them: looked at as soon as they are built."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from clio_sql.errors import SqlError
from clio_sql.providers import KINDS

MODES = ("insight",)
POSITIVE = (
    "conversations_per_cluster", "max_base_clusters", "min_base_clusters", "least_per_cluster", "points_per_cluster",
    "levels", "top_clusters", "neighbourhood", "sample_texts", "max_texts_per_user", "term_conversations",
)  # fmt: skip
SHARES = ("refit_growth", "refit_far_share", "keep_name_similarity", "regrow_share")
PERIODS = ("day", "week", "month", "quarter")


def check(con: duckdb.DuckDBPyConnection, name: str, paid: bool = True) -> None:
    """Raise SqlError if the relation of that name, just built, breaks its contract. Others pass."""
    if name in CONTRACTS:
        try:
            CONTRACTS[name](con)
            if name == "settings" and not paid:
                _no_screener(con)
        except duckdb.BinderException as error:
            column = str(error).partition('column "')[2].partition('"')[0]
            raise SqlError(f"{name}.sql: column {column!r} is missing. Add it to the select.") from None


def _settings(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        f"select mode, period, min_users, round_to, seed, {', '.join((*POSITIVE, *SHARES))} from settings"
    ).fetchall()
    if len(rows) != 1:
        raise SqlError(f"settings.sql: {len(rows)} rows; there must be exactly one. Change the select.")
    mode, period, _, _, _, *sizes = rows[0]
    _one_of("settings.sql: mode", mode, MODES)
    _one_of("settings.sql: period", period, PERIODS)
    for name, value in zip(SHARES, sizes[len(POSITIVE) :], strict=True):
        if value is None or value <= 0:
            raise SqlError(f"settings.sql: {name} is {value}; it must be above 0. Change the value.")
    for name, value in zip(POSITIVE, sizes, strict=False):
        if value is None or value < 1:
            raise SqlError(f"settings.sql: {name} is {value}; it must be 1 or more. Change the value.")


def _no_screener(con: duckdb.DuckDBPyConnection) -> None:
    if con.execute("select screener from settings").fetchone() != (None,):
        raise SqlError(
            "settings.sql: screener is a question, and the local provider understands none. Run with "
            "--provider anthropic, or set it to null."
        )


def _facets(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select facet, question, kind, choices, clustered, criteria from facets order by facet"
    ).fetchall()
    if not rows:
        raise SqlError("facets.sql: no rows; give at least one facet.")
    names = [row[0] for row in rows]
    for facet, question, kind, _, clustered, _ in rows:
        if not facet or names.count(facet) > 1:
            raise SqlError(
                f"facets.sql: facet {facet!r} stands {names.count(facet)} times. Give each a name of its own."
            )
        _one_of(f"facets.sql: facet {facet!r} has kind", kind, KINDS)
        if not question:
            raise SqlError(f"facets.sql: facet {facet!r} has no question. Write one.")
        if clustered and kind != "text":
            raise SqlError(f"facets.sql: facet {facet!r} is clustered but of kind {kind}; only text can be clustered.")


def _one_of(what: str, given: object, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise SqlError(f"{what} {given!r}; allowed: {', '.join(allowed)}. Change the row.")


CONTRACTS: dict[str, Callable[[duckdb.DuckDBPyConnection], None]] = {"settings": _settings, "facets": _facets}
