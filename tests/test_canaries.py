"""No word or id that only a few users wrote is published, exactly or nearly so, even if the model repeats it."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import duckdb
import pytest
from attack_cliopatra import FACET_VALUES
from planted import ASKS, MONDAY, Rules, detail, publish
from test_privacy import Recorder, decoded

from clio_sql.engine import Engine
from clio_sql.providers import Answer, Name

TOPICS = """
bake sourdough bread
write a cover letter
sort a list in a program
tune an old guitar
plan a trip by train
water tomato plants
learn irregular verbs
repair a bicycle brake
paint a garden fence
pay less income tax
train for a marathon
knit a warm scarf
solve linear equations
feed a hungry kitten
photograph the night sky
clean a coffee machine
choose a used laptop
fold a paper crane
brew ginger tea
insulate an attic roof
teach a dog to sit
play chess openings
organise a birthday party
sharpen kitchen knives
""".strip().splitlines()
EACH = 125  # conversations of a topic, each of a user of its own
WITH_CANARY = 75  # of them
SIZES = (1, 2, 3, 5, 9)  # users who write one canary
NEAR = 2  # letters that may differ
WORD_FOR_WORD = {"facet_values": FACET_VALUES}
SAID = re.compile(r"It is about (\S+)\.")


def canary(rng: random.Random) -> str:
    """An invented word, or a made-up id."""
    word = "".join(rng.choice("bdgklmpqrvxz") + rng.choice("aeiouy") for _ in range(5))
    return word if rng.random() < 0.7 else f"{word[:4]}-{rng.randrange(10**6):06d}-{word[4:6]}".upper()


def world(topics: int) -> tuple[list[str], list[dict[str, Any]]]:
    """The canaries, and the conversations of so many topics, each with canaries of its own."""
    rng, found, rows = random.Random(topics), [], []
    for number, topic in enumerate(TOPICS[:topics]):
        said: list[str] = []
        for size in cycle(SIZES):
            if len(said) >= WITH_CANARY:
                break
            found.append(canary(rng))
            said += [found[-1]] * size
        for place in range(EACH):
            about = f" It is about {said[place]}." if place < WITH_CANARY else ""
            text = ASKS[place % len(ASKS)].format(topic, detail(place)) + about
            rows.append(_row(f"{number:02d}-{place:03d}", f"c{number:02d}", text))
    return found, rows


def _row(number: str, cluster: str, text: str) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": f"Part {number}."}]
    return {
        "conversation_id": f"k{number}", "user_id": f"u{number}", "created_at": MONDAY + timedelta(days=len(number)),
        "messages": messages, "plan": "free", "cluster": cluster,
    }  # fmt: skip


def telling(con: duckdb.DuckDBPyConnection, engine: Engine) -> None:
    """A model that describes a cluster by canaries of what it reads, and an auditor that sees nothing in it."""

    def name(request: Name, real: Answer) -> Answer:
        read = [found[1] for text in request.members if (found := SAID.search(text))]
        said = [word for word in read if word.lower() not in request.avoid][:3]
        return Answer({**real.value, "description": f"They said {', '.join(said)}."}) if said and real.value else real

    Recorder(engine, name=name, audit=lambda request, real: Answer({"rating": 5, "reason": ""}))


def found_in(out: Path, canaries: list[str]) -> list[tuple[str, str]]:
    """(canary, what is published) that differ in at most `NEAR` letters; of words, and of two or three joined."""
    words = re.findall(r"[^\W_]+", decoded(out / "published.duckdb"))
    joined = {"".join(words[start : start + length]) for start in range(len(words)) for length in (1, 2, 3)}
    plain = [re.sub(r"\W", "", canary.lower()) for canary in canaries]
    return duckdb.execute(
        "select canary, said from (select unnest(?) as canary), (select unnest(?) as said) "
        f"where abs(len(said) - len(canary)) <= {NEAR} and levenshtein(said, canary) <= {NEAR}",
        [plain, sorted(joined)],
    ).fetchall()


@pytest.mark.parametrize("topics", [4, pytest.param(len(TOPICS), marks=pytest.mark.slow)])
def test_no_canary_is_published(topics, tmp_path):
    canaries, rows = world(topics)
    out = publish(rows, tmp_path / "on", Rules(replaced=WORD_FOR_WORD, prepare=telling))
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from clusters where level = 0").fetchone() == (topics,)
    assert found_in(out, canaries) == []


def test_without_the_rule_of_words_they_are(tmp_path):
    canaries, rows = world(2)
    said, passed = "cast([] as varchar[]) as unsupported", "true as passes, null::varchar as reason"
    wrapped = {"first_names": f"select * replace ({said}) from {{sql}}",
               "name_audits": f"select * replace ({passed}) from {{sql}}"}  # fmt: skip
    out = publish(rows, tmp_path / "off", Rules({}, wrapped, WORD_FOR_WORD, telling, check=False))
    assert len({canary for canary, _ in found_in(out, canaries)}) >= 4
