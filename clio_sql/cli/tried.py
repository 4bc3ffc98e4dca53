"""Prints what came of trying a facet: figures anywhere, what users wrote on a terminal only."""

from __future__ import annotations

import sys

import typer

from clio_sql.errors.printable import printable
from clio_sql.run.trying import Tried, as_json

MOST = 20  # different answers that are listed
WIDEST = 100  # characters of an answer, and of what its user wrote
GUESSED = "guessed by rule from the request alone; with --provider anthropic or openai a language model answers"
HIDDEN = "Ten answers to look at are private, and shown on a terminal only."


def print_tried(tried: Tried, json: bool) -> None:
    """Print the figures, and on a terminal the answers to look at, which are private."""
    if json:
        typer.echo(as_json(tried))
        return
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    share = tried.answered / tried.conversations if tried.conversations else 0.0
    if on_terminal:
        typer.echo("Private: not gated, and in words of users. Do not pass on.")
    typer.echo(
        f"{tried.facet}: {tried.conversations} conversations, {tried.answered} answered ({share:.0%}), "
        f"{len(tried.answers)} different answers"
    )
    _answers(tried, on_terminal)
    for status, count in tried.missing:
        typer.echo(f"  {count:>5}  no answer: {status}")
    typer.echo(_cost(tried))
    if tried.provider == "local" and tried.kind != "text":
        typer.echo(f"Answers are {GUESSED}.", err=True)
    if not on_terminal:
        typer.echo(HIDDEN, err=True)
        return
    _shown(tried)


def _answers(tried: Tried, on_terminal: bool) -> None:
    """Each answer and how often it was given; one that is no choice of the facet only on a terminal, if two have it."""
    listed = [(value, count) for value, count, choice in tried.answers if choice or (on_terminal and count > 1)]
    for value, count in listed[:MOST]:
        typer.echo(f"  {count:>5}  {_short(value)}")
    if rest := tried.answered - sum(count for _, count in listed[:MOST]):
        why = "" if on_terminal else ", not listed: they may hold words of users"
        typer.echo(f"  {rest:>5}  other answers{why}")


def _cost(tried: Tried) -> str:
    if tried.provider == "local":
        return "cost: 0 calls, 0 tokens, $0 (no language model)"
    kept = f"; {tried.kept} kept in the warehouse" if tried.kept else ""
    return f"cost: {tried.calls} calls, {tried.tokens_in:,} tokens in, {tried.tokens_out:,} out, ${tried.usd:.4f}{kept}"


def _shown(tried: Tried) -> None:
    typer.echo("")
    typer.echo(f"{len(tried.shown)} of these answers, each with what its user wrote first:")
    for answer in tried.shown:
        typer.echo(f"  {_short(answer.value) if answer.value is not None else f'no answer: {answer.status}'}")
        typer.echo(f"      of: {_short(answer.said or '')}")


def _short(text: str) -> str:
    plain = printable(" ".join(text.split()))
    return plain if len(plain) <= WIDEST else f"{plain[: WIDEST - 1]}…"
