"""Which names of an input may appear in an error: those that look like column names. Others may be data."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST = 20  # names in one error
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9]*(?:[_.:/-][A-Za-z0-9_]+)*_*")
DIGITS, HEX = re.compile(r"\d"), re.compile(r"[0-9a-fA-F-]{8,}")
# A name of several words is shown if all its words are in this list
WORDS = frozenset(
    [
        "account",
        "agent",
        "amount",
        "answer",
        "app",
        "assistant",
        "at",
        "body",
        "bot",
        "category",
        "channel",
        "chat",
        "city",
        "client",
        "code",
        "comment",
        "company",
        "content",
        "conversation",
        "cost",
        "country",
        "created",
        "customer",
        "date",
        "day",
        "email",
        "end",
        "feedback",
        "first",
        "from",
        "full",
        "group",
        "history",
        "hash",
        "id",
        "index",
        "input",
        "instruction",
        "key",
        "language",
        "last",
        "latency",
        "level",
        "line",
        "list",
        "message",
        "messages",
        "model",
        "name",
        "number",
        "of",
        "organization",
        "output",
        "parent",
        "person",
        "phone",
        "plan",
        "position",
        "price",
        "product",
        "project",
        "prompt",
        "question",
        "rating",
        "reply",
        "request",
        "response",
        "role",
        "row",
        "score",
        "sender",
        "session",
        "source",
        "start",
        "status",
        "subject",
        "tag",
        "team",
        "tenant",
        "text",
        "thread",
        "time",
        "timestamp",
        "title",
        "to",
        "tokens",
        "tool",
        "topic",
        "total",
        "trace",
        "turn",
        "type",
        "updated",
        "url",
        "user",
        "utc",
        "value",
        "version",
        "year",
        "zone",
    ]
)
# What is never a column name, so that a line with it is not a header
DATA = re.compile(
    r"""\S@\S                                        # an address
    | ^[\s\d.,:+()/TZ-]*\d[\s\d.,:+()/TZ-]*$         # a number, a time
    | ^[0-9a-fA-F-]{32,36}$                         # a hash, a UUID
    | ^\s*[\[{"] | ^https?: | [.?!]$ | \S+(\s\S+){5}  # JSON, a sentence
    """,
    re.VERBOSE,
)


def is_name(text: str) -> bool:
    """Whether a text looks like the name of a column, and not like an address, a number or a user's words."""
    words = re.split(r"[ _]", text.lower())
    if len(text) > 40 or (HEX.fullmatch(text) and DIGITS.search(text)):
        return False
    known = len(words) <= 4 and all(word in WORDS for word in words)
    return known or (NAME.fullmatch(text) is not None and len(DIGITS.findall(text)) <= 4)


def quoted(text: str) -> str:
    """A text for an error, in quotes if it looks like a name; otherwise only its length."""
    return repr(text) if is_name(text) else f"(a text of {len(text)} characters)"


def names(given: Iterable[str]) -> str:
    """Names for an error, at most 20 of them; for texts that do not look like names only the length."""
    given = list(given)
    shown = [name if is_name(name) else f"(a text of {len(name)} characters)" for name in given[:MOST]]
    return ", ".join([*shown, f"… {len(given) - MOST} more"] if len(given) > MOST else shown)


def are_data(names: Iterable[str]) -> bool:
    """Whether what should be column names is a line of data: one of them does not look like a name."""
    return any(DATA.search(name) for name in names)
