"""The two APIs that model servers speak, Messages and Chat Completions: to send a call, read the reply, judge an error.

A call is written in the form of the Messages API (`Call.body`), and that is what `read_reply` reads. For a server of
Chat Completions (OpenAI, vLLM, llama.cpp, Ollama, LM Studio) both are translated here.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from clio_sql.calls.messages import Call
from clio_sql.calls.said import kind, said
from clio_sql.errors import ProviderError

LIMITED = (429, 529)  # the server is busy, the call is not wrong: does not use up retries
AGAIN = (408, 409, 425)  # like 5xx and connection errors: worth another try
SHARD = 2  # calls in flight through one client
LOOPBACK = ("localhost", "127.0.0.1", "::1")
NO_QUOTA = "insufficient_quota"  # OpenAI says 429 also where no waiting helps


class Trouble(NamedTuple):
    """How to handle an exception of an SDK. kind: limited, again or fatal; wait: seconds that the
    server asked for, or None; text: the message, without any part of the prompt."""

    kind: str
    text: str
    wait: float | None = None


class Server(Protocol):
    """One API, through the official SDK. provider: as the call store and the keys of calls name it."""

    provider: str

    def require_key(self) -> str:
        """The API key, only from the environment. Raises ProviderError where one is needed and none is set."""
        ...

    def clients(self, timeout_s: float, concurrency: int) -> list[Any]:
        """The SDK's async clients, which do not wait, retry or trace on their own.

        One for every `SHARD` calls in flight: for each request the HTTP pool below checks all of its idle
        connections, which at 64 of them is a quarter of all CPU time.
        """
        ...

    async def ask(self, client: Any, body: dict[str, Any]) -> Any:
        """Send one call; the reply as `read_reply` takes it, None if it is not JSON."""
        ...


def own(base_url: str) -> bool:
    """Whether a server is one's own, which costs nothing: this machine, or reached over plain http."""
    url = urlsplit(base_url)
    return url.scheme == "http" or url.hostname in LOOPBACK


class Messages:
    """The provider `anthropic`: Claude, or another server that speaks the Messages API."""

    provider = "anthropic"

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def require_key(self) -> str:
        """The API key, only from the environment."""
        return _key(
            "ANTHROPIC_API_KEY",
            "provider anthropic needs a key: set the environment variable ANTHROPIC_API_KEY "
            "(any word for a server that asks for none).",
        )

    def clients(self, timeout_s: float, concurrency: int) -> list[Any]:
        """AsyncAnthropic clients."""
        import anthropic

        _quiet("anthropic")
        trust = _trust(self.base_url)
        return [
            anthropic.AsyncAnthropic(
                api_key=self.require_key(), base_url=self.base_url, max_retries=0, timeout=timeout_s,
                open_telemetry=False,
                http_client=anthropic.DefaultAsyncHttpxClient(base_url=self.base_url, timeout=timeout_s, verify=trust),
            )
            for _ in range(-(-concurrency // SHARD))
        ]  # fmt: skip

    async def ask(self, client: Any, body: dict[str, Any]) -> Any:
        """Send one call; the reply as it came."""
        reply = await client.messages.with_raw_response.create(**body)
        return parse_body(await reply.read())


class ChatCompletions:
    """The provider `openai`: OpenAI, or another server that speaks Chat Completions."""

    provider = "openai"

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def require_key(self) -> str:
        """The API key, only from the environment; a server of one's own needs none."""
        require_openai()
        if own(self.base_url):
            return os.environ.get("OPENAI_API_KEY", "").strip() or "none"
        return _key(
            "OPENAI_API_KEY",
            "provider openai needs a key: set the environment variable OPENAI_API_KEY. "
            "A server of your own, reached over http, needs none: name it with --base-url.",
        )

    def clients(self, timeout_s: float, concurrency: int) -> list[Any]:
        """AsyncOpenAI clients."""
        import openai

        _quiet("openai")
        trust = _trust(self.base_url)
        return [
            openai.AsyncOpenAI(
                api_key=self.require_key(), base_url=self.base_url, max_retries=0, timeout=timeout_s,
                http_client=openai.DefaultAsyncHttpxClient(base_url=self.base_url, timeout=timeout_s, verify=trust),
            )
            for _ in range(-(-concurrency // SHARD))
        ]  # fmt: skip

    async def ask(self, client: Any, body: dict[str, Any]) -> Any:
        """Send one call, translated; the reply, translated back."""
        chat = chat_body(body, own(self.base_url))
        reply = await client.chat.completions.with_raw_response.create(**chat)
        return message_of(parse_body(reply.content))


SERVERS: dict[str, type[Messages] | type[ChatCompletions]] = {"anthropic": Messages, "openai": ChatCompletions}


def chat_body(body: dict[str, Any], own_server: bool) -> dict[str, Any]:
    """A call of the Messages API as Chat Completions takes it.

    own_server: told not to think (a field that vLLM and llama.cpp know and Ollama ignores), to answer the same way
    each time, and given `max_tokens`, as Ollama knows no other limit; OpenAI's own models refuse all three.
    """
    chat: dict[str, Any] = {
        "model": body["model"],
        "messages": [
            {"role": "system", "content": "".join(block["text"] for block in body["system"])},
            *body["messages"],
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": body["output_config"]["format"]["schema"]},
        },
    }
    if not own_server:
        return chat | {"max_completion_tokens": body["max_tokens"]}
    no_thinking = {"chat_template_kwargs": {"enable_thinking": False}}
    return chat | {"max_tokens": body["max_tokens"], "temperature": 0.0, "seed": 0, "extra_body": no_thinking}


REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


def message_of(reply: Any) -> Any:
    """A reply of Chat Completions as one of the Messages API; parts that are missing stay so. Never raises."""
    choices = getattr(reply, "choices", None)
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = getattr(choice, "message", None)
    refused = bool(getattr(message, "refusal", None))
    reason = REASONS.get(str(getattr(choice, "finish_reason", None)))
    text = SimpleNamespace(type="text", text=getattr(message, "content", None))
    return SimpleNamespace(
        stop_reason="refusal" if refused else reason,
        content=[text],
        usage=_usage(getattr(reply, "usage", None)),
    )


def _usage(usage: Any) -> Any:
    """Tokens in and out; those read from a cache are in `prompt_tokens`, and told beside the rest here."""
    entered, left = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
    cached = getattr(getattr(usage, "prompt_tokens_details", None), "cached_tokens", None)
    cached = cached if type(cached) is int and type(entered) is int and 0 <= cached <= entered else 0
    fresh = entered - cached if type(entered) is int else entered
    return SimpleNamespace(input_tokens=fresh, output_tokens=left, cache_read_input_tokens=cached)


def parse_body(text: bytes) -> Any:
    """A reply as attributes, None if it is not JSON; ten times faster than the SDK's models."""
    try:
        return json.loads(text, object_hook=lambda fields: SimpleNamespace(**fields))
    except (ValueError, RecursionError):
        return None


def trouble(error: Exception, call: Call | None = None) -> Trouble:
    """Classify an error of a request through either SDK: wait for the server, try again, or give up at once."""
    status, response = getattr(error, "status_code", None), getattr(error, "response", None)
    if not isinstance(status, int) or response is None:
        timed_out = type(error).__name__ == "APITimeoutError"
        return Trouble("again", "no answer in time" if timed_out else "the connection failed")
    label = f"{status}{kind(getattr(error, 'type', None))}"
    if getattr(error, "code", None) == NO_QUOTA:
        return Trouble("fatal", f"{status} {NO_QUOTA}: the account has no quota or credit left")
    if status in LIMITED:
        return Trouble("limited", label, _retry_after(response.headers))
    if status in AGAIN or status >= 500:
        return Trouble("again", label)
    return Trouble("fatal", f"{label}: {_server_message(error, call)}")


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
    body = getattr(error, "body", None)
    message = getattr(error, "api_message", None) or (body.get("message") if isinstance(body, dict) else None)
    return said(message, (call.body["model"],) if call else ())


def require_openai() -> None:
    """Raise ProviderError if the extra `openai` is not installed."""
    from importlib.util import find_spec

    if find_spec("openai") is None:
        raise ProviderError("provider openai needs the extra openai. Install it: pip install 'clio-sql[openai]'")


def _key(variable: str, missing: str) -> str:
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ProviderError(missing)
    return key


def _quiet(sdk: str) -> None:
    """At level DEBUG (ANTHROPIC_LOG=debug, OPENAI_LOG=debug) an SDK logs whole requests, transcripts and all."""
    logger = logging.getLogger(sdk)
    logger.setLevel(max(logger.getEffectiveLevel(), logging.INFO))


def _trust(base_url: str) -> Any:
    """What certificates are checked against, made once: it takes 20 ms."""
    import ssl

    return ssl.create_default_context() if base_url.startswith("https:") else False
