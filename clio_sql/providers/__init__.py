"""The providers that answer the model functions: one class each, all with the same six methods."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import duckdb

from clio_sql.calls.messages import Answer
from clio_sql.providers.protocol import (
    KINDS,
    STATUSES,
    Broaden,
    Choose,
    Extract,
    Name,
    PaidProvider,
    Provider,
    Question,
    without_choices,
)  # fmt: skip
from clio_sql.runtime import Runtime, base_url_of

if TYPE_CHECKING:
    from clio_sql.vectors.embedding import Embedder

__all__ = [
    "KINDS", "STATUSES", "Answer", "Broaden", "Choose", "Extract", "Name", "PaidProvider", "Provider", "Question",
    "provider", "require", "without_choices",
]  # fmt: skip


def require(runtime: Runtime) -> None:
    """Raise ProviderError for a missing key, or a model without a price, before anything is read or written."""
    if runtime.provider != "local":
        provider(runtime, _nothing, threading.Event(), _nothing, _nothing)
        from clio_sql.calls.servers import SERVERS

        SERVERS[runtime.provider](base_url_of(runtime.base_url, runtime.provider)).require_key()


def _nothing() -> NoReturn:
    raise AssertionError("nothing is asked yet")


def provider(
    runtime: Runtime,
    cursor: Callable[[], duckdb.DuckDBPyConnection],
    stop: threading.Event,
    embedder: Callable[[], Embedder],
    check: Callable[[], None],
) -> Provider:
    """The provider that `runtime` names. cursor: opens a cursor on the database that keeps paid answers.

    check: raises where the user has asked to stop.
    """
    if runtime.provider != "local":
        from clio_sql.calls import Calls
        from clio_sql.providers.prompted import Prompted

        calls = Calls(
            cursor,
            provider=runtime.provider,
            base_url=runtime.base_url,
            max_usd=runtime.max_usd,
            concurrency=runtime.concurrency,
            batch=runtime.batch,
            stop=stop,
            retry_failed=runtime.retry_failed,
            pay=runtime.pay,
        )
        return Prompted(calls, runtime.model, runtime.naming_model)
    from clio_sql.providers.local import Local

    return Local(embedder(), check)
