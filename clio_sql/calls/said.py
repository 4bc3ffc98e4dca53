"""What a model server says about an error, only in words of its protocol: the rest may repeat a prompt or the key."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from importlib.resources import files

KINDS = (
    "api_error", "authentication_error", "billing_error", "invalid_request_error", "not_found_error",
    "overloaded_error", "permission_error", "rate_limit_error", "request_too_large", "timeout_error",
)  # fmt: skip
LONGEST = 300  # characters that are shown
GAP = "…"
PART = re.compile(r"[^\s:,;!?()\[\]{}<>'\"`=*/]+")
COUNT = re.compile(r"\b\d{1,7}(?= tokens)|(?<=[<>] )\d{1,7}\b|\b\d{1,2}\b")  # counts and indices
NOTHING = "the server gave no reason that may be shown"


def kind(name: object) -> str:
    """The kind of an error with a space before it, '' if it is not one of the API's."""
    return f" {name}" if name in KINDS else ""


def said(message: object, known: Collection[str] = ()) -> str:
    """The message, with … for everything but words of the protocol, words in `known`, and counts."""
    if not isinstance(message, str):
        return NOTHING
    text = " ".join(message.split())[: 4 * LONGEST]
    counts = {found.span() for found in COUNT.finditer(text)}
    told = PART.sub(lambda part: part[0] if part.span() in counts or _is_plain(part[0], known) else GAP, text)
    told = re.sub(rf"{GAP}(\W*{GAP})+", GAP, told)[:LONGEST]
    return told if re.search(r"\w", told) else NOTHING


def _is_plain(part: str, known: Collection[str]) -> bool:
    """Whether it is a word of the protocol, one of `known`, or a path of such words and indices."""
    pieces = part.lower().split(".")
    return part in known or all(not piece or piece in _words() or re.fullmatch(r"\d\d?", piece) for piece in pieces)


@cache
def _words() -> frozenset[str]:
    text = (files("clio_sql.calls") / "server_words.txt").read_text("utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
