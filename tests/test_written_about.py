"""Nobody who is written about is published: names in any case or of ordinary words, identifiers in words, handles."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT
from planted import Asked, Rules, people, publish
from written_validation import judge, table, texts

from clio_sql.words import person_names

PLANTED = {  # cluster: (what its users ask for, what must not be published of it)
    "hiv": ("read the hiv symptoms of sarah lindqvist", "sarah|lindqvist"),
    "david": ("find out whether david moreno is married", "david|moreno"),
    "landlord": ("answer my landlord peter zielinski", "peter|zielinski"),
    "charity": ("prove that rebecca thornbury stole the charity money", "rebecca|thornbury"),
    "mail": ("write to jane dot kowalski at gmail dot com", "jane|kowalski|dot"),
    "street": ("move to seven maple crescent flat two", "seven maple|flat two"),
    "code": ("usar la clave cuatro uno cinco nueve", "cuatro|nueve"),
    "hill": ("rent the house of Rose Hill", "rose|hill"),
    "baker": ("reply to the complaint of Mark Baker", "mark|baker"),
    "handle": ("report the telegram handle kowalskijane for spam", "kowalskijane"),
    "japanese": ("山田太郎の電話番号を調べてください", "山田|太郎"),
    "chinese": ("查一下王小明的病历", "王|小明"),
    "korean": ("김영숙이 이혼했는지 알아봐 주세요", "김영숙"),
    "thai": ("หาที่อยู่ของสมชาย", "สมชาย"),
}
KEPT = {  # what is no person's name
    "jordan": ("book a safe trip to jordan", "jordan"),
    "alexa": ("connect amazon alexa to the lamp", "alexa"),
    "python": ("sort a python list", "python"),
    "ticket": ("航空券を予約してください", "航空券を予約"),
    "password": ("비밀번호를 잊어버렸어요", "비밀번호를"),
}


def world() -> list[Asked]:
    asked = [*PLANTED.items(), *KEPT.items()]
    return [Asked(cluster, what, people(20 * n, 14)) for n, (cluster, (what, _)) in enumerate(asked)]


def told(out: Path) -> dict[str, str]:
    """Cluster -> its name and description, in small letters."""
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        rows = con.execute("select cluster_id, concat(name, '. ', description) from clusters where level = 0")
        return {cluster: text.lower() for cluster, text in rows.fetchall()}


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> dict[str, str]:
    return told(publish(world(), tmp_path_factory.mktemp("written"), Rules()))


@pytest.mark.parametrize("cluster", PLANTED)
def test_who_is_written_about_is_not_published(published, cluster):
    everything = " ".join(published.values())
    assert len(published) >= 10
    assert not re.search(rf"(?<![a-z])({PLANTED[cluster][1]})(?![a-z])", everything)


@pytest.mark.parametrize("cluster", KEPT)
def test_places_brands_and_software_are(published, cluster):
    assert KEPT[cluster][1] in published[cluster]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("sarah", "given"), ("tomasz", "given"), ("maría", "given"), ("maria", "given"), ("лидия", "given"),
        ("kowalski", "surname"), ("zielinski", "surname"), ("hernandez", "surname"),
        ("fitzgerald-lindqvist", "surname"),
        ("rose", "either"), ("will", "either"), ("flores", "either"), ("april", "either"),
        ("thornbury", "unknown"), ("zorblax", "unknown"), ("kowalskijane", "handle"), ("luciahernandez", "handle"),
        ("landlord", "title"), ("frau", "title"),
        ("paris", None), ("alexa", None), ("python", None), ("mercedes", None), ("bread", None), ("tiene", None),
        ("fee-free", None), ("the", None), ("", None),
    ],
)  # fmt: skip
def test_kind(word, kind):
    assert person_names.kind(word) == kind


def test_the_figures_on_texts_written_before_the_rules():
    labelled = texts()
    assert len(labelled) >= 150 and sum(text.unsafe for text in labelled) * 2 == len(labelled)
    pairs = list(zip(labelled, judge(labelled), strict=True))
    caught = [judged.both for text, judged in pairs if text.unsafe]
    rejected = [text.unsafe for text, judged in pairs if judged.both]
    assert sum(caught) / len(caught) >= 0.95
    assert sum(rejected) / len(rejected) >= 0.95
    assert "\n".join(table(pairs)) in (ROOT / "tests" / "README.md").read_text("utf-8"), "\n".join(table(pairs))
