"""Who answers the model functions: one class a provider, all with the same seven methods.

Every method takes a list of requests and returns one `Answer` a request, in the same
order. A provider never raises for one bad request: that is a status.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import duckdb

from clio_sql.runtime import Runtime

KINDS = ("text", "category", "score")  # of a question; a score is 1 to 5
STATUSES = ("ok", "refused", "truncated", "malformed", "failed", "over_budget")


class Answer(NamedTuple):
    """What came of one request. `value` is None unless `status` is 'ok'; `error` never quotes a text."""

    value: Any
    status: str = "ok"
    error: str | None = None


class Question(NamedTuple):
    """One facet asked of a conversation. kind: text, category or score (1 to 5)."""

    question: str
    kind: str = "text"
    choices: tuple[str, ...] = ()


class Extract(NamedTuple):
    """One transcript and all its questions, answered together. value: dict facet -> str or None."""

    transcript: str
    questions: dict[str, Question]


class Name(NamedTuple):
    """One group to name. value: dict with 'name' and 'description'.

    terms: supported phrases, the most telling first. taken: phrases that fit a sibling
    better and so may describe, but not name, this group. avoid: words that the answer may not hold.
    """

    members: list[str]
    neighbours: list[str]
    criteria: str
    terms: list[str]
    taken: list[str]
    avoid: list[str]


class Broaden(NamedTuple):
    """Names to propose broader ones for, or to merge into about `n`. value: list of str."""

    names: list[str]
    n: int
    criteria: str


class Choose(NamedTuple):
    """One name and the parents to choose from. value: str, always one of `parents`."""

    name: str
    parents: list[str]


class Provider(Protocol):
    """What the functions need of a provider."""

    def extract(self, requests: list[Extract]) -> list[Answer]: ...
    def name(self, requests: list[Name]) -> list[Answer]: ...
    def propose(self, requests: list[Broaden]) -> list[Answer]: ...
    def merge(self, requests: list[Broaden]) -> list[Answer]: ...
    def choose(self, requests: list[Choose]) -> list[Answer]: ...

    def audit(self, texts: list[str]) -> list[Answer]:
        """value: dict with 'rating' (1 names a person, 5 nothing identifying) and 'reason'."""
        ...


def require(runtime: Runtime) -> None:
    """Raise ProviderError for a missing key, or a model without a price, before anything is read or written."""
    provider(runtime, _no_database, threading.Event())
    if runtime.provider == "anthropic":
        from clio_sql.calls.messages import require_key

        require_key()


def _no_database() -> duckdb.DuckDBPyConnection:
    raise AssertionError("nothing is asked yet")


def provider(runtime: Runtime, cursor: Callable[[], duckdb.DuckDBPyConnection], stop: threading.Event) -> Provider:
    """The provider that `runtime` names. cursor: makes a cursor of the database that keeps paid answers."""
    if runtime.provider == "anthropic":
        from clio_sql.calls import Calls
        from clio_sql.providers.claude import Claude

        calls = Calls(
            cursor,
            base_url=runtime.base_url,
            max_usd=runtime.max_usd,
            concurrency=runtime.concurrency,
            batch=runtime.batch,
            stop=stop,
            retry_failed=runtime.retry_failed,
            pay=runtime.pay,
        )
        return Claude(calls, runtime.model, runtime.naming_model)
    from clio_sql.embedding import embedder
    from clio_sql.providers.local import Local

    return Local(embedder(runtime.embedding_model))
