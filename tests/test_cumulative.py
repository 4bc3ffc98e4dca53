"""A log of requests that hold the history so far gives what its conversations give, over a whole run on real ones."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from conftest import here
from warehouse import published, read

pytestmark = pytest.mark.slow

# One row a request: all messages up to the user's, and the answer beside them; shuffled.
REQUESTS = """
    select {id} as session_id, user_id as "user", created_at + to_minutes(turn) as created,
        messages[:turn] as messages, messages[turn + 1] as response
    from (select *, unnest(list_filter(
        range(1, len(messages) + 1), lambda turn: messages[turn].role = 'user'
    )) as turn from '{file}')
    order by md5(concat(conversation_id, turn))
"""
SAID = "select user_id, messages from conversations order by all"
PURITY = """
    select sum(n) filter (place = 1) / sum(n) from (
        select count(*) as n, row_number() over (partition by cluster_id order by count(*) desc, label) as place
        from assignments inner join conversations using (conversation_id)
        -- without ids a conversation is found by what was said
        inner join (
            select user_id, messages, any_value(label) as label from read_parquet('{file}') group by all
        ) as theirs
            on theirs.user_id is not distinct from conversations.user_id and theirs.messages = conversations.messages
        where facet = 'request' group by cluster_id, label
    )"""


@pytest.fixture(scope="module")
def runs(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of a run on sgd_dev, and of runs on its requests, with a session id and without one."""
    folder = tmp_path_factory.mktemp("cumulative")
    original = data / "sgd_dev.parquet"
    inputs = {"whole": f"select conversation_id, user_id, created_at, messages from '{original}'"} | {
        name: REQUESTS.format(id=id_, file=original)
        for name, id_ in (("requests", "conversation_id"), ("without_ids", "null::varchar"))
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLIO_SALT", "0123456789abcdef" * 4)
        for name, query in inputs.items():
            duckdb.sql(f"copy ({query}) to '{folder / name}.parquet'")
            done = here("run", folder / f"{name}.parquet", "--into", folder / name)
            assert done.returncode == 0, done.stderr
    return {name: folder / name for name in inputs}


def test_requests_with_a_session_id_publish_what_their_conversations_do(runs):
    whole, requests = (
        published(con, "main", {"about": "built_at, source_format"})
        for con in (duckdb.connect(str(runs[name] / "published.duckdb")) for name in ("whole", "requests"))
    )
    assert whole == requests and len(whole["clusters"]) > 30


def test_requests_without_any_id_are_the_same_conversations(runs, data):
    whole, without = runs["whole"], runs["without_ids"]
    assert read(without, SAID) == read(whole, SAID)
    purity = PURITY.format(file=data / "sgd_dev.parquet")
    ((before,),), ((after,),) = read(whole, purity), read(without, purity)
    assert abs(before - after) <= 0.02
