"""Real conversations: what comes of the data sets in `CLIO_TEST_DATA`, with their labels joined from outside."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, here
from warehouse import members, people, read, recounted

from clio_sql.words import words

MIN_USERS = 10
PUBLISHED = ("clusters", "cluster_facets", "cluster_trends", "held_back", "about")


@pytest.fixture(scope="session", params=["sgd_dev", pytest.param("banking77", marks=pytest.mark.slow)])
def out(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `clio-sql run` wrote for a data set; a link to the data lies beside."""
    folder = tmp_path_factory.mktemp(request.param)
    done = here("run", data / f"{request.param}.parquet", "--into", folder)
    assert done.returncode == 0, done.stderr
    (folder / "input.parquet").symlink_to(data / f"{request.param}.parquet")
    return folder


def test_conversations_are_with_those_of_their_label(out):
    query = f"""
        select sum(n) filter (place = 1) / sum(n)
        from (
            select count(*) as n, row_number() over (partition by cluster_id order by count(*) desc, label) as place
            from assignments join read_parquet('{out / "input.parquet"}') using (conversation_id)
            where facet = 'request'
            group by cluster_id, label
        )"""
    ((share,),) = read(out, query)
    wanted = 0.9 if "sgd_dev" in str(out) else 0.7  # banking77 has 77 labels that are near to each other
    assert share >= wanted


LISTED = re.sub("--.*", "", (ROOT / "sql" / "steps" / "clio_topics.sql").read_text("utf-8").lower())
TOPICS = sorted(re.findall(r"'((?:[^']|'')+)'", LISTED), key=len, reverse=True)


def test_there_are_three_levels(out):
    levels = read(out, "select distinct level from clusters order by 1", "published.duckdb")
    assert levels == [(0,), (1,), (2,)]
    ((tops,),) = read(
        out, "select count(*) from clusters where level = 2 and cluster_id <> '(other)'", "published.duckdb"
    )
    assert 5 <= tops <= 10


def test_every_published_cluster_is_counted_rightly(out):
    assert len(recounted(out)) > 30


def test_no_published_word_is_one_that_too_few_people_used(out):
    inside = members(out)
    said = {
        conversation: set(letters(value))
        for conversation, value in read(out, "select conversation_id, value from facet_values where facet = 'request'")
    }
    lemmas = {word: words.word(word).lemma for of in said.values() for word in of}
    rows = read(out, "select facet, cluster_id, name, description from clusters", "published.duckdb")
    looked_up = 0
    for facet, cluster, *texts in rows:
        if cluster == "(other)":
            continue
        for text in texts:
            assert text and not re.search(r"[\d@#]", text)
        said_of = " ".join(texts).lower()
        for topic in TOPICS:  # of a reviewed list: they need no support
            said_of = re.sub(rf"\b{topic}\b", " ", said_of)
        for word in set(letters(said_of)):
            known = words.word(word)
            if known.stop or known.ordinary:
                continue
            looked_up += 1
            users = {
                conversation: user
                for conversation, user in inside[facet, cluster].items()
                if known.lemma in {lemmas[each] for each in said.get(conversation, ())}
            }
            assert people(users) >= MIN_USERS, word
    assert looked_up


def letters(text: str | None) -> list[str]:
    """Every run of letters, with hyphens and apostrophes inside, in lower case."""
    return re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*", (text or "").lower().replace("’", "'"))


def by_command(path: Path, query: str) -> list[dict]:
    """The answer of the `duckdb` command of duckdb-cli 1.5.6."""
    duckdb_cli = Path(sys.executable).parent / "duckdb"
    assert "1.5.6" in subprocess.run([duckdb_cli, "--version"], capture_output=True, text=True).stdout
    done = subprocess.run([duckdb_cli, "-readonly", "-json", path, "-c", query], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "[]")


def reads_the_same(out: Path) -> None:
    path = out / "published.duckdb"
    with duckdb.connect(str(path), read_only=True) as con:
        for table in PUBLISHED:
            columns = "* replace (epoch_us(built_at) as built_at)" if table == "about" else "*"
            query = f"select columns(*)::varchar from (select {columns} from {table}) order by all"
            relation = con.sql(query)
            here = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
            assert (here or table == "held_back") and by_command(path, query) == here, table


def test_the_published_file_is_read_by_the_older_command(out):
    reads_the_same(out)


def test_the_demo_too_is_read_by_the_older_command(demo_out):
    reads_the_same(demo_out)
