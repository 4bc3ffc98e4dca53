"""How well answers are read that a model writes loosely: `python tests/sloppy.py` prints the table of the README.

The stand-in server writes each style alone, and all of them mixed at the same odds. How an answer is written is drawn
from its prompt, so that the table is the same each time.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from messages_server import KEY, SLOPPY, Server

import clio_sql

CHATS = 60
CHOICES = ("low", "high", "very high")
QUESTIONS = f"""map {{
    'request': {{'question': 'What is wanted?', 'kind': 'text', 'choices': null::varchar[]}},
    'task': {{'question': 'What is done?', 'kind': 'text', 'choices': null}},
    'urgency': {{'question': 'How urgent?', 'kind': 'category', 'choices': {list(CHOICES)}}},
    'concern': {{'question': 'How harmful?', 'kind': 'score', 'choices': null}}}}"""
NOTHING_SAID = ("nothing", "not_json")  # an empty answer, and a sentence without any JSON
MIXED = ("mixed", [*SLOPPY, *NOTHING_SAID])
SHARES = (0.1, 0.2, 0.3, 0.4)
HEAD = ("| style | of the answers | facets ok | wrong | asked again |", "|---|---:|---:|---:|---:|")


class Row(NamedTuple):
    """What came of one style. ok: share of facets that have an answer; wrong: facets with another answer than the
    model's; again: calls that asked for an answer once more."""

    style: str
    share: float
    ok: float
    wrong: int
    again: int

    def line(self) -> str:
        """The row of the table."""
        style = self.style.replace("_", " ")
        return f"| {style} | {self.share:.0%} | {100 * self.ok:.1f}% | {self.wrong} | {self.again} |"


def asked(server: Server) -> list[tuple[dict[str, str], str]]:
    """(facets, status) of each of the chats."""
    with clio_sql.connect(provider="anthropic", base_url=server.url, max_usd=100) as con:
        rows = con.execute(
            f"select unnest([clio_extract_raw('User: chat ' || i, cast(to_json({QUESTIONS}) as varchar))], "
            f"recursive := true) from range({CHATS}) as t(i)"
        ).fetchall()
    return [(value or {}, status) for value, status, _ in rows]


@cache
def told_well(server: Server) -> list[dict[str, str]]:
    """The answers to the chats as the server means them."""
    server.when = None
    return [facets for facets, _ in asked(server)]


def measured(server: Server, style: str, share: float) -> Row:
    """The chats asked with that share of answers in that style."""
    styles = dict([MIXED]).get(style, [style])

    def drawn(request: dict) -> str | None:
        chance = random.Random(f"7 {request['messages']}")
        return chance.choice(styles) if chance.random() < share else None

    good = told_well(server)
    server.when, before = drawn, server.requests
    loose = [facets for facets, _ in asked(server)]
    server.when = None
    pairs = [
        (facet, found.get(facet), right[facet]) for found, right in zip(loose, good, strict=True) for facet in right
    ]
    given = [pair for pair in pairs if pair[1] is not None]
    return Row(style, share, len(given) / len(pairs), sum(map(_is_wrong, given)), server.requests - before - CHATS)


def _is_wrong(pair: tuple[str, str, str]) -> bool:
    """Whether a text says anything else, in whatever letters, or a category is not exactly the one that is meant."""
    facet, found, right = pair
    return found != right if facet == "urgency" else found.casefold() != right.casefold()


def rows(server: Server) -> Iterator[Row]:
    """The rows of the table."""
    for style in [*SLOPPY, *NOTHING_SAID]:
        yield measured(server, style, 1.0)
    for share in SHARES:
        yield measured(server, MIXED[0], share)


def main() -> None:
    """Print the table."""
    os.environ["ANTHROPIC_API_KEY"] = KEY
    with Server() as server:
        print("\n".join([*HEAD, *(row.line() for row in rows(server))]))


if __name__ == "__main__":
    main()
