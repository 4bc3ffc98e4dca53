"""Names and texts as SQL writes them; every one that comes from outside goes through here."""

from __future__ import annotations


def identifier(name: str) -> str:
    """A quoted identifier, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A quoted string, whatever is in it."""
    return "'" + text.replace("'", "''") + "'"
