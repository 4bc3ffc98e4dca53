"""Text that is safe on a terminal: nothing in it can move the cursor or reverse lines."""

from __future__ import annotations

import unicodedata

LONGEST = 2_000  # characters of a value on a terminal
KEPT = "\n\t"
JOINERS = "‌‍"  # join letters in some scripts, and emoji


def printable(text: str) -> str:
    r"""The text with every character that could control a terminal or reverse lines written as \x1b or \u202e."""
    return "".join(char if _is_printable(char) else char.encode("unicode_escape").decode() for char in text)


def _is_printable(char: str) -> bool:
    return char.isprintable() or char in KEPT or char in JOINERS or unicodedata.category(char) in ("Zs", "Mn")
