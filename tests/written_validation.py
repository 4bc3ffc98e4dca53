"""How well the rules for names tell safe texts from unsafe ones by what users wrote; prints a table.

`python tests/written_validation.py`. The labelled texts are in `audit_new_texts.csv`, safe and unsafe in pairs. Each is
the name and description of a cluster of its own: `users` of its `of` users wrote `written`, the others something else.
They go through the packaged SQL from `vocabulary` to `name_audits`, with the local provider.

kind   name: somebody's, in small letters; ordinary_name: of ordinary words, by the capitals; spelled: an identifier in
       words; handle; sensitive: what people keep to themselves, written by too few, or by nobody
part   tune: looked at while the rules were written; held: not looked at. All were written before the rules
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from audit_validation import Judged, report

import clio_sql
from clio_sql.analysis import catalog

TEXTS = Path(__file__).parent / "audit_new_texts.csv"
OTHER = "what shall we do"  # says nothing
STEPS = ("words", "vocabulary", "named_words", "supported_words")


class Written(NamedTuple):
    """One labelled text, in the order of the columns of the file."""

    part: str
    label: str
    kind: str
    language: str
    users: int
    of: int
    written: str
    text: str

    @property
    def unsafe(self) -> bool:
        return self.label == "unsafe"


def texts(path: Path = TEXTS) -> list[Written]:
    with path.open(encoding="utf-8", newline="") as file:
        return [Written(**row | {"users": int(row["users"]), "of": int(row["of"])}) for row in csv.DictReader(file)]


def judge(labelled: Sequence[Written]) -> list[Judged]:
    """In the order given."""
    sql = {relation.name: relation.sql for relation in catalog.load()}
    rows = [
        (f"c{number}", f"c{number}_{user}", f"u{user}", text.written if user < text.users else OTHER)
        for number, text in enumerate(labelled)
        for user in range(text.of)
    ]
    names = [(f"c{number}", *text.text.partition(". ")[::2]) for number, text in enumerate(labelled)]
    with clio_sql.connect() as con:
        con.execute(f"create schema clio; set schema = 'clio'; create table settings as {sql['settings']}")
        con.execute("create table chats (cluster_id varchar, conversation_id varchar, user_id varchar, value varchar)")
        con.executemany("insert into chats values (?, ?, ?, ?)", rows)
        con.execute("create view assignments as select 'request' as facet, * from chats")
        con.execute("create view facet_values as select 'request' as facet, conversation_id, value from chats")
        con.execute(
            "create view independent_texts as "
            "select facet, conversation_id, true as independent, null::integer as text_number from facet_values"
        )
        con.execute("create table margins as select 's' as salt, 0 as word_margin")
        con.execute("create table phrases (facet varchar, cluster_id varchar, words varchar[], users integer)")
        columns = "facet varchar, name varchar, description varchar, base_cluster_ids varchar[]"
        con.execute(f"create table last_hierarchy ({columns})")  # nothing was published before
        con.execute("create view embeddings as from facet_values")
        con.execute("create view gated_clusters as select facet, cluster_id, true as passes, count(*) as users "
                    "from assignments group by all")  # fmt: skip
        con.execute("create table cluster_names (cluster_id varchar, name varchar, description varchar)")
        con.executemany("insert into cluster_names values (?, ?, ?)", names)
        con.execute("alter table cluster_names add column facet varchar default 'request'")
        con.execute("alter table cluster_names add column status varchar default 'ok'")
        for step in STEPS:
            con.execute(f"create table {step} as {sql[step]}")
        con.execute(
            "create table build_info as select 'local' as provider; create table name_requests as "
            "select facet, cluster_id, list(lemma) as supported from supported_words group by all"
        )
        both = con.execute(f"select cluster_id, rating, passes from ({sql['name_audits']})").fetchall()
        con.execute("update settings set min_audit_rating = 1")  # whatever the auditor says, it passes
        terms = dict(con.execute(f"select cluster_id, not passes from ({sql['name_audits']})").fetchall())
    found = {cluster: Judged(rating < 3, terms[cluster], not passes) for cluster, rating, passes in both}
    return [found[f"c{number}"] for number in range(len(labelled))]


def table(pairs: Sequence[tuple[Written, Judged]]) -> list[str]:
    """Lines of a Markdown table: by part, all, and by kind."""
    return report(pairs, ("name", "ordinary_name", "spelled", "handle", "sensitive"))


def main() -> None:
    labelled = texts()
    print("\n".join(table(list(zip(labelled, judge(labelled), strict=True)))))


if __name__ == "__main__":
    main()
