"""Names and texts as SQL writes them; everything from outside goes through here."""

from __future__ import annotations


def identifier(name: str) -> str:
    """A quoted identifier, whatever it contains."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A quoted string, whatever it contains."""
    return "'" + text.replace("'", "''") + "'"
