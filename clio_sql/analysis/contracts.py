"""What `settings`, `facets`, `taxonomy`, `corrections` must hold, whoever wrote them; checked once they are built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from math import inf, isfinite
from typing import Any, NamedTuple

import duckdb

from clio_sql.analysis import corrections, taxonomies
from clio_sql.errors import SqlError
from clio_sql.errors.quotable import quoted
from clio_sql.providers import KINDS, without_choices

WITHOUT_RULE = ("flag", "min_accounts")  # settings that may be anything, but must be there
FACET_KINDS = (*KINDS, "taxonomy")  # the last is asked of nobody: the answers to another facet are placed in it
CLUSTERED = ("text", "taxonomy")
TOO_FEW = """
    select
        extract_sample, (select count(*) from screened where kept),
        exists (select 1 from asked_facets where asked = 'sample'),
        exists (select 1 from asked_facets where kind = 'text'),
        exists (select 1 from last_proxy_answers)
    from settings"""
OF_THE_INPUT = "privacy_unit"  # told beside the settings, and no column of them


class Rule(NamedTuple):
    """A row of `sql/contracts/setting_rules.sql`."""

    setting: str
    least: float | None
    above_least: bool
    most: float | None
    choices: list[str] | None
    null_means: str | None
    protects_less: str | None

    def allows(self, value: Any) -> bool:
        if value is None:
            return self.null_means is not None
        if self.choices:
            return value in self.choices
        if not isinstance(value, int | float | Decimal):
            return False
        least, most = -inf if self.least is None else self.least, inf if self.most is None else self.most
        return isfinite(value) and least <= value <= most and not (self.above_least and value == least)

    def allowed(self) -> str:
        """What may be given, in words."""
        if self.choices:
            return ", ".join(self.choices)
        if self.above_least:
            span = f"above {self.least:g}" + ("" if self.most is None else f", and {self.most:g} at most")
        else:
            span = f"{self.least:g} " + ("or more" if self.most is None else f"to {self.most:g}")
        return span if self.null_means is None else f"null ({self.null_means}), or {span}"


def rules_sql() -> str:
    """The query for the rules of all settings."""
    return (files("clio_sql.sql") / "contracts" / "setting_rules.sql").read_text("utf-8")


@cache
def _rules() -> tuple[Rule, ...]:
    with duckdb.connect(config={"temp_directory": ""}) as con:
        return tuple(Rule(*row) for row in con.execute(rules_sql()).fetchall())


def check(con: duckdb.DuckDBPyConnection, name: str, paid: bool = True) -> None:
    """Raise SqlError if the relation of that name, just built, breaks its contract. Others pass."""
    if told := problems(con, name, paid):
        raise SqlError("\n".join(told))


def problems(con: duckdb.DuckDBPyConnection, name: str, paid: bool = True) -> list[str]:
    """Everything wrong with the rows of a relation that has a contract, each with what to do."""
    if name not in CONTRACTS:
        return []
    try:
        if found := list(CONTRACTS[name](con)):
            return found
        return list(
            _no_screener(con) if name == "settings" and not paid else _no_choices(con, paid) if name == "facets" else ()
        )
    except duckdb.BinderException as error:
        column = str(error).partition('column "')[2].partition('"')[0]
        if not column:  # of another type, which is told of that file
            raise
        return [f"{name}.sql: column {column!r} is missing. Add it to the select."]


def _settings(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    rules = [rule for rule in _rules() if rule.setting != OF_THE_INPUT]
    names = [*WITHOUT_RULE, *(rule.setting for rule in rules)]
    rows = con.execute(f"select {', '.join(names)} from settings").fetchall()
    if len(rows) != 1:
        yield f"settings.sql: {len(rows)} rows; there must be exactly one. Change the select."
        return
    given = dict(zip(names, rows[0], strict=True))
    for rule in rules:
        value = given[rule.setting]
        if not rule.allows(value):
            is_ = "" if rule.choices else "is "
            yield f"settings.sql: {rule.setting} {is_}{_value(value)}; allowed: {rule.allowed()}. Change the value."
    if given["mode"] == "safety" and given["round_to"] != 1:
        yield "settings.sql: mode 'safety' counts exactly; set round_to to 1, or mode to 'insight'."
    yield from _sampled(given)
    if given["epsilon"] is not None:
        yield from _noise(given["mode"], given["epsilon"])


def _sampled(given: Mapping[str, Any]) -> Iterator[str]:
    if given["extract_sample"] is not None and given["mode"] == "safety":
        yield (
            "settings.sql: mode 'safety' asks about every conversation, since a regression misses what is rare; set "
            "extract_sample to null, or mode to 'insight'."
        )
    if given["text_by"] == "rule" and given["naming_sees"] == "texts":
        yield (
            "settings.sql: text_by 'rule' keeps what users wrote, and naming_sees 'texts' shows it to the model that "
            "names; set naming_sees to 'terms', or text_by to 'model'."
        )


def _noise(mode: str, epsilon: float) -> Iterator[str]:
    if mode == "safety":
        yield "settings.sql: mode 'safety' counts exactly; set epsilon to null, or mode to 'insight'."
    elif find_spec("opendp") is None:
        yield (
            f"settings.sql: epsilon is {epsilon}, and noise needs the extra dp. Install it: pip install "
            "'clio-sql[dp]', or set epsilon to null."
        )


def _too_few(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """A sample that is larger than what it is drawn from, or that a regression could learn nothing from."""
    wanted, there, asked, texts, drawn = con.execute(TOO_FEW).fetchall()[0]
    if not asked or wanted is None:
        return
    if wanted > there and not drawn:  # an erasure that leaves fewer must not fail
        yield (
            f"settings.sql: extract_sample is {wanted:,}, and {there:,} conversations are analysed; allowed: 1 to "
            f"{there:,}, or null, which asks about all of them. Change the value."
        )
    if not texts:
        yield (
            "facets.sql: extract_sample needs a facet of kind text, whose answers a regression goes by, such as "
            "request. Add one, or set extract_sample to null in settings.sql."
        )


def _no_screener(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    if con.execute("select screener from settings").fetchone() != (None,):
        yield (
            "settings.sql: screener is a question, which the local provider cannot answer. Run with "
            "--provider anthropic or openai, or set it to null."
        )


def _no_choices(con: duckdb.DuckDBPyConnection, paid: bool) -> Iterator[str]:
    query = "select facet, choices from facets where kind = 'category' order by facet"
    for facet, choices in con.execute(query).fetchall():
        if problem := without_choices(facet, choices, paid):
            yield f"facets.sql: facet {_value(facet)} {problem}"


def _facets(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    rows = con.execute(
        "select facet::varchar, question, kind, choices, clustered, criteria from facets order by facet"
    ).fetchall()
    if not rows:
        yield "facets.sql: no rows; give at least one facet."
    names = [row[0] for row in rows]
    for name in dict.fromkeys(names):
        if not name:
            yield "facets.sql: a facet has no name. Give each its own name."
        elif names.count(name) > 1:
            yield f"facets.sql: facet {quoted(name)} appears {names.count(name)} times. Give each its own name."
    for facet, question, kind, _, clustered, _ in rows:
        yield from _one_of(f"facets.sql: facet {_value(facet)} has kind", kind, FACET_KINDS)
        if not question:
            yield f"facets.sql: facet {_value(facet)} has no question. Write one."
        if clustered is None:
            yield f"facets.sql: facet {_value(facet)} has no value for clustered; allowed: true, false. Change the row."
        if clustered and kind not in CLUSTERED:
            yield f"facets.sql: facet {_value(facet)} is clustered; only one of kind text or taxonomy can be."


def _one_of(what: str, given: object, allowed: tuple[str, ...]) -> Iterator[str]:
    if given not in allowed:
        yield f"{what} {_value(given)}; allowed: {', '.join(allowed)}. Change the row."


def _value(given: object) -> str:
    return quoted(given) if isinstance(given, str) else repr(given)


CONTRACTS: dict[str, Callable[[duckdb.DuckDBPyConnection], Iterator[str]]] = {
    "settings": _settings,
    "facets": _facets,
    "taxonomy_sizes": taxonomies.wrong,
    "corrections": corrections.wrong,
    "renamed_clusters": corrections.unshown,
    "sample_transcripts": _too_few,
}
