"""The Messages API on the wire: a call, its key, and how replies and errors are read.

The key of a call is sha256 over canonical JSON of function, provider, base URL, the whole body of the
request (model, every parameter, the full rendered prompt, the answer schema) and the version of the
code that rendered it and will check the answer. If any of them changes, it is another call.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

from clio_sql.calls.loose import values
from clio_sql.calls.prices import Usage
from clio_sql.calls.said import kind, said
from clio_sql.errors import ProviderError

LIMITED = (429, 529)  # the server is busy, the call is not wrong: does not use up retries
AGAIN = (408, 409, 425)  # like 5xx and connection errors: worth another try
SHARD = 2  # calls in flight through one client


@dataclass(frozen=True, slots=True)
class Call:
    """One model call to be made.

    function: 'extract', 'name', … for the record and the key.
    body: the request as `messages.create` takes it.
    check: turns the parsed JSON of an answer into the value; raises ValueError with a reason that
        quotes neither the answer nor the prompt.
    inputs: the users' texts that went in, for `call_inputs`.
    version: of the code that rendered and checks.
    answer_tokens: the likely length of the answer (as Claude 4.5 counts), used only for estimates.
    """

    function: str
    body: dict[str, Any]
    check: Callable[[Any], Any]
    inputs: tuple[str, ...] = ()
    version: str = ""
    answer_tokens: int = 100

    def key(self, provider: str, base_url: str) -> str:
        """64 hex digits, which are also a legal `custom_id` of a batch."""
        parts = [self.function, provider, base_url, self.body, self.version]
        canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def text(self) -> str:
        """Everything the model is given to read, including the schema of the answer."""
        system = "".join(block["text"] for block in self.body.get("system", ()))
        schema = json.dumps(self.body["output_config"]["format"]["schema"], separators=(",", ":"))
        return system + schema + "".join(message["content"] for message in self.body["messages"])


class Answer(NamedTuple):
    """What came of one request. `value` is None unless `status` is 'ok'; `error` never quotes a text."""

    value: Any
    status: str = "ok"
    error: str | None = None


class Outcome(NamedTuple):
    """An answer, and what it took to get it.

    usage: None where no reply came. latency_s: of the last try, in seconds. attempts: requests sent, 429s too.
    """

    answer: Answer
    usage: Usage | None = None
    latency_s: float = 0.0
    attempts: int = 0
    batch_id: str | None = None


def read_reply(message: Any, call: Call) -> Outcome:
    """Check a reply of any shape: a server may ignore the schema, or send something else entirely.

    `stop_reason` comes first: a refused or truncated answer need not be JSON. Never raises.
    """
    usage = _usage(message)
    reason = getattr(message, "stop_reason", None)
    if reason == "refusal":
        return _without("refused", "the model refused", usage)
    if reason in ("max_tokens", "model_context_window_exceeded"):
        return _without("truncated", f"the answer was cut ({reason})", usage)
    if reason not in ("end_turn", "stop_sequence"):
        return _without("malformed", "the reply has no known stop_reason", usage)
    try:
        value = _checked(_text(message), call)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate cannot be stored
    except UnicodeError:
        return _without("malformed", "the answer is not valid Unicode", usage)
    except ValueError as error:
        return _without("malformed", str(error), usage)
    except Exception as error:  # a bug in the check must not end a run that was paid for
        return _without("malformed", f"the answer could not be checked ({type(error).__name__})", usage)
    return Outcome(Answer(value), usage)


def _without(status: str, error: str, usage: Usage | None) -> Outcome:
    return Outcome(Answer(None, status, error), usage)


def _text(message: Any) -> str:
    """The text blocks, picked by type: a thinking block may come before them."""
    blocks = getattr(message, "content", None)
    blocks = blocks if isinstance(blocks, list) else []
    texts = [getattr(block, "text", None) for block in blocks if getattr(block, "type", None) == "text"]
    return "".join(text for text in texts if isinstance(text, str))


def _checked(text: str, call: Call) -> Any:
    """The value of the JSON in the answer that passes the check, the fullest where several do.

    Raises ValueError with the first reason where none passes, or where it is not clear which one is meant: a model may
    quote JSON of the conversation beside its own.
    """
    passing: list[Any] = []
    first: ValueError | None = None
    for found in values(text):
        try:
            passing.append(call.check(found))
        except ValueError as error:
            first = first or error
    if not passing:
        raise first or ValueError("the answer is not JSON")
    fullest = [value for value in passing if _size(value) == max(map(_size, passing))]
    if any(value != fullest[0] for value in fullest):
        raise ValueError("the answer holds several objects that fit")
    return fullest[0]


def _size(value: Any) -> int:
    return len(value) if isinstance(value, dict) else 1


def _usage(message: Any) -> Usage | None:
    """The tokens the reply says it used; None unless it gives whole numbers."""
    usage = getattr(message, "usage", None)
    names = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    counts = [getattr(usage, name, None) for name in names]
    if not all(type(count) is int and 0 <= count < 10**9 for count in counts[:2]):
        return None
    caches = [count if type(count) is int and 0 <= count < 10**9 else 0 for count in counts[2:]]
    return Usage(counts[0], counts[1], *caches)


def parse_body(text: bytes) -> Any:
    """A reply as `read_reply` takes it, None if it is not JSON; ten times faster than the SDK's models."""
    try:
        return json.loads(text, object_hook=lambda fields: SimpleNamespace(**fields))
    except (ValueError, RecursionError):
        return None


class Trouble(NamedTuple):
    """How to handle an exception of the SDK. kind: limited, again or fatal; wait: seconds that the
    server asked for, or None; text: the message, without any part of the prompt."""

    kind: str
    text: str
    wait: float | None = None


def trouble(error: Exception, call: Call | None = None) -> Trouble:
    """Classify an error of a request: wait for the server, try again, or give up at once."""
    import anthropic

    if not isinstance(error, anthropic.APIStatusError):
        return Trouble("again", "no answer in time" if _timed_out(error) else "the connection failed")
    status = error.status_code
    label = f"{status}{kind(getattr(error, 'type', None))}"
    if status in LIMITED:
        return Trouble("limited", label, _retry_after(error.response.headers))
    if status in AGAIN or status >= 500:
        return Trouble("again", label)
    return Trouble("fatal", f"{label}: {_server_message(error, call)}")


def _timed_out(error: Exception) -> bool:
    import anthropic

    return isinstance(error, anthropic.APITimeoutError)


def _retry_after(headers: Any) -> float | None:
    """Seconds; the header holds a number of them or a date. None if it is absent or neither."""
    value = headers.get("retry-after")
    try:
        return max(0.0, float(value))
    except (TypeError, ValueError):
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _server_message(error: Any, call: Call | None) -> str:
    """What the server said about the request, without any part of a conversation or the key."""
    return said(getattr(error, "api_message", None), (call.body["model"],) if call else ())


def require_key() -> str:
    """The API key, only from the environment."""
    key = os.environ.get("ANTHROPIC_API_KEY", "").strip()
    if not key:
        raise ProviderError(
            "provider anthropic needs a key: set the environment variable ANTHROPIC_API_KEY "
            "(any word for a server that asks for none)."
        )
    return key


def clients(base_url: str, timeout_s: float, concurrency: int) -> list[Any]:
    """The SDK's async clients, which do not wait, retry or trace on their own.

    One for every `SHARD` calls in flight: for each request the HTTP pool below checks all of its idle
    connections, which at 64 of them is a quarter of all CPU time.
    """
    import ssl

    import anthropic

    # At level DEBUG (ANTHROPIC_LOG=debug) the SDK logs whole requests, transcripts and all.
    logger = logging.getLogger("anthropic")
    logger.setLevel(max(logger.getEffectiveLevel(), logging.INFO))
    trust = ssl.create_default_context() if base_url.startswith("https:") else False  # made once: 20 ms
    return [
        anthropic.AsyncAnthropic(
            api_key=require_key(), base_url=base_url, max_retries=0, timeout=timeout_s, open_telemetry=False,
            http_client=anthropic.DefaultAsyncHttpxClient(base_url=base_url, timeout=timeout_s, verify=trust),
        )
        for _ in range(-(-concurrency // SHARD))
    ]  # fmt: skip
