"""How well the local auditor and the supported-terms rule tell safe texts from unsafe ones; prints a table.

`python tests/audit_validation.py [TEXTS.csv]`. The labelled texts are in `audit_texts.csv`, safe and unsafe in
pairs: an unsafe one is a safe one after a small edit. Each goes through `name_audits.sql` as the name (up to the
first full stop) and description of a cluster of its own, whose users share the words of column `supported`.

part       tune: looked at while the rules were written; held: not looked at
kind       of the unsafe text of a pair: indirect tells of somebody without a name or number
supported  words that enough users of the cluster used, beside the ordinary ones of the text: a dictionary's words but
           for nouns for one person, traits and small places

A rule 'rejects' a text when the text would not be published because of it. Recall: of the unsafe texts, those that
are rejected. Precision: of the rejected texts, those that are unsafe.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import clio_sql
from clio_sql.analysis import catalog

TEXTS = Path(__file__).parent / "audit_texts.csv"


class Text(NamedTuple):
    """One labelled text, in the order of the columns of the file."""

    part: str
    label: str
    kind: str
    supported: str
    text: str

    @property
    def unsafe(self) -> bool:
        return self.label == "unsafe"


class Judged(NamedTuple):
    """Who rejects a text: the auditor, the supported-terms rule, the two together as in a build."""

    auditor: bool
    terms: bool
    both: bool


RULES = Judged._fields


def texts(path: Path = TEXTS) -> list[Text]:
    with path.open(encoding="utf-8", newline="") as file:
        return [Text(**row) for row in csv.DictReader(file)]


def judge(labelled: Sequence[Text]) -> list[Judged]:
    """In the order given; by the packaged SQL and the local provider."""
    sql = {relation.name: relation.sql for relation in catalog.load()}
    with clio_sql.connect() as con:
        con.execute(f"create schema clio; set schema = 'clio'; create table settings as {sql['settings']}")
        con.execute(
            "create table cluster_names (facet varchar, cluster_id varchar, name varchar, description varchar, "
            "status varchar); create table supported_words (facet varchar, cluster_id varchar, lemma varchar)"
        )
        for number, text in enumerate(labelled):
            name, _, description = text.text.partition(". ")
            row = ["request", f"c{number}", name, description, "ok"]
            con.execute("insert into cluster_names values (?, ?, ?, ?, ?)", row)
            con.execute(
                "insert into supported_words select 'request', ?, clio_word(word).lemma from "
                "(select unnest(clio_tokens(?)) as word, true as told union all select unnest(clio_tokens(?)), false) "
                "where told or clio_word(word).ordinary",
                [f"c{number}", text.supported, text.text],
            )
        con.execute(
            "create table build_info as select 'local' as provider; create table name_requests as "
            "select facet, cluster_id, list(lemma) as supported from supported_words group by all"
        )
        both = con.execute(f"select cluster_id, rating, passes from ({sql['name_audits']})").fetchall()
        con.execute("update settings set min_audit_rating = 1")  # whatever the auditor says, it passes
        terms = dict(con.execute(f"select cluster_id, not passes from ({sql['name_audits']})").fetchall())
    found = {cluster: Judged(rating < 3, terms[cluster], not passes) for cluster, rating, passes in both}
    return [found[f"c{number}"] for number in range(len(labelled))]


class Score(NamedTuple):
    """Of some texts under one rule. NaN where there is nothing to take a share of."""

    recall: float
    precision: float


def score(pairs: Sequence[tuple[Text, Judged]], rule: str) -> Score:
    rejected = [text for text, judged in pairs if getattr(judged, rule)]
    caught = sum(text.unsafe for text in rejected)
    unsafe = sum(text.unsafe for text, _ in pairs)
    return Score(caught / unsafe if unsafe else float("nan"), caught / len(rejected) if rejected else float("nan"))


def report(pairs: Sequence[tuple[Text, Judged]], kinds: Sequence[str] = ("indirect",)) -> list[str]:
    """Lines of a Markdown table: part by part, all, and all of each of these kinds."""
    groups: dict[str, Callable[[Text], bool]] = {
        part: (lambda text, part=part: text.part == part) for part in dict.fromkeys(text.part for text, _ in pairs)
    }
    groups |= {"all": lambda text: True}
    groups |= {f"all, {kind}": (lambda text, kind=kind: text.kind == kind) for kind in kinds}
    lines = ["| texts | unsafe | safe | rule | recall | precision |", "|---|---|---|---|---|---|"]
    for name, belongs in groups.items():
        some = [(text, judged) for text, judged in pairs if belongs(text)]
        unsafe = sum(text.unsafe for text, _ in some)
        for rule in RULES:
            recall, precision = score(some, rule)
            lines.append(f"| {name} | {unsafe} | {len(some) - unsafe} | {rule} | {recall:.3f} | {precision:.3f} |")
    return lines


def main() -> None:
    labelled = texts(*map(Path, sys.argv[1:2]))
    print("\n".join(report(list(zip(labelled, judge(labelled), strict=True)))))


if __name__ == "__main__":
    main()
