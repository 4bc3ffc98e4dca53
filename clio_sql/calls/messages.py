"""A call in the form of the Messages API, its key, and how a reply to it is read.

The key of a call is sha256 over canonical JSON of function, provider, base URL, the whole body of the
request (model, every parameter, the full rendered prompt, the answer schema) and the version of the
code that rendered it and will check the answer. If any of them changes, it is another call.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from string import Template
from typing import Any, NamedTuple

from clio_sql.calls.loose import values
from clio_sql.calls.prices import Usage

SHOWN = 4_000  # characters of an answer that its repair shows to the model
NOTHING = "(no answer)"  # shown in place of an empty one, which no server takes


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
    complaint: what the model is told about an answer that cannot be read, with $error for the reason; empty: nothing,
        and the answer is not asked for again. No part of the key.
    """

    function: str
    body: dict[str, Any]
    check: Callable[[Any], Any]
    inputs: tuple[str, ...] = ()
    version: str = ""
    answer_tokens: int = 100
    complaint: str = ""

    def key(self, provider: str, base_url: str) -> str:
        """64 hex digits, which are also a legal `custom_id` of a batch."""
        parts = [self.function, provider, base_url, self.body, self.version]
        canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def repair(self, said: str, error: str | None) -> Call:
        """The call that shows the model its own answer and what is wrong with it: another prompt, and so another key.

        It is asked once: it has no repair itself.
        """
        complaint = Template(self.complaint).safe_substitute(error=error)
        more = [{"role": "assistant", "content": said.strip() or NOTHING}, {"role": "user", "content": complaint}]
        return replace(self, body={**self.body, "messages": [*self.body["messages"], *more]}, complaint="")

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
    said: the text of a malformed answer that a repair is to show to the model, else None.
    """

    answer: Answer
    usage: Usage | None = None
    latency_s: float = 0.0
    attempts: int = 0
    batch_id: str | None = None
    said: str | None = None


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
    text = _text(message)
    try:
        value = _checked(text, call)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate cannot be stored
    except UnicodeError:
        why = "the answer is not valid Unicode"
    except ValueError as error:
        why = str(error)
    except Exception as error:  # a bug in the check must not end a run that was paid for
        why = f"the answer could not be checked ({type(error).__name__})"
    else:
        return Outcome(Answer(value), usage)
    said = text[:SHOWN].encode("utf-8", "replace").decode() if call.complaint else None
    return _without("malformed", why, usage)._replace(said=said)


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
