"""A strict stand-in for the Messages and Batches APIs, and for Chat Completions, on loopback, with real sockets.

It refuses what the real APIs refuse (sampling parameters, prefill, unknown fields, schemas that structured
output does not know, a missing version or key), answers deterministically from the prompt, counts and
keeps what it received, and misbehaves on demand. `Server()` runs it in a thread; as a command it runs
in a process of its own: `python tests/messages_server.py --latency 0.2` prints its URL.

On demand, all settable while it runs:
    latency     seconds from every request to its reply
    faults      a deque of faults for the next requests, in order; None is a good answer
    share       {fault: share} of all requests, spread evenly by their running number
    when        function(request body) -> fault or None, looked at first
    raw         function(request body) -> text of the answer, or None for the server's own
    per_second  requests a second above which it says 429
    batch_s     seconds until a batch has ended
    openai      whether Chat Completions refuses what OpenAI itself refuses, or takes what vLLM takes

Faults: '429', '429:SECONDS', '529', '500', '503', '400' … '413', 'drop', 'slow:SECONDS', 'refuse',
'truncate', 'not_json', 'nothing', 'wrong_enum', 'extra_field', 'missing_field', 'non_english', 'empty', 'fenced',
'thinking', 'no_usage', 'expired', 'errored', 'canceled' (the last three in batches), and those of SLOPPY.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import threading
import time
from collections import Counter, deque
from typing import Any

KEY = "test-key-7f3a"
VERSIONS = ("2023-06-01", "2026-10-21")
ALLOWED = {
    "model", "max_tokens", "system", "messages", "thinking", "output_config", "metadata", "stop_sequences",
    "service_tier",
}  # fmt: skip
SAMPLING = {"temperature", "top_p", "top_k"}
KEYWORDS = {"type", "properties", "required", "additionalProperties", "items", "enum", "description"}
ERRORS = {
    400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
    404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 500: "api_error",
    503: "api_error", 529: "overloaded_error",
}  # fmt: skip


class Refused(Exception):
    """A request that the API would answer with an error status."""

    def __init__(
        self, status: int, message: str, headers: dict[str, str] | None = None, code: str | None = None
    ) -> None:
        self.status, self.message, self.headers, self.code = status, message, headers or {}, code


class Server:
    """The server, in a thread of its own; `url` is its base URL. Use as a context manager."""

    def __init__(self, latency: float = 0.0, port: int = 0) -> None:
        self.latency = latency
        self.faults: deque[str | None] = deque()
        self.share: dict[str, float] = {}
        self.when: Any = None
        self.raw: Any = None
        self.per_second: float | None = None
        self.batch_s = 0.0
        self.openai = False
        self.received: list[dict] = []  # bodies of all requests to /v1/messages, in order
        self.times: list[float] = []  # when each came, monotonic seconds
        self.answered: Counter[str] = Counter()  # function -> good answers given
        self.statuses: Counter[int] = Counter()
        self.batches: dict[str, dict] = {}
        self.polled = 0  # how often it was asked for a batch
        self.in_flight = self.most_in_flight = 0
        self._number = 0
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(port,), daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self, port: int) -> None:
        asyncio.set_event_loop(self._loop)
        serve = asyncio.start_server(self._connection, "127.0.0.1", port, limit=1 << 20, backlog=512)
        server = self._loop.run_until_complete(serve)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    @property
    def requests(self) -> int:
        """How many requests reached /v1/messages, whatever came of them."""
        return len(self.times)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ", 2)
                pairs = [line.partition(":") for line in head[1:] if line]
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                reply = await self._reply(method, path, headers, body)
                if reply is None:
                    writer.transport.abort()
                    return
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _reply(self, method: str, path: str, headers: dict, body: bytes) -> bytes | None:
        if path == "/_counts":
            return _http(200, self._counts())
        try:
            _check_headers(headers, path)
            if (method, path) == ("POST", "/v1/messages"):
                return await self._message(json.loads(body))
            if (method, path) == ("POST", "/v1/chat/completions"):
                return await self._chat(json.loads(body))
            return _http(200, *self._batch(method, path, body))
        except Refused as refused:
            self.statuses[refused.status] += 1
            error = _error(refused.status, refused.message)
            if path == "/v1/chat/completions":
                error = {"error": error["error"] | {"code": refused.code, "param": None}}
            return _http(refused.status, error, refused.headers)

    async def _chat(self, chat: dict) -> bytes | None:
        """As a message: the same answers, faults and counts."""
        reply = await self._message(message_request(chat, self.openai))
        return None if reply is None else _http(200, completion(json.loads(reply.partition(b"\r\n\r\n")[2])))

    def _counts(self) -> dict:
        return {
            "requests": self.requests, "answered": dict(self.answered),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "most_in_flight": self.most_in_flight,
        }  # fmt: skip

    async def _message(self, request: dict) -> bytes | None:
        self.received.append(request)
        self.times.append(time.monotonic())
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            fault = self._fault(request) or ""
            slow = float(fault.partition(":")[2]) if fault.startswith("slow") else self.latency
            due = self.times[-1] + slow  # the answer is made meanwhile: latency is from request to reply
            try:
                reply = None if fault == "drop" else self.message(request, fault)
            finally:
                if slow:
                    await asyncio.sleep(due - time.monotonic())
            if reply is None:
                return None
        finally:
            self.in_flight -= 1
        self.statuses[200] += 1
        return _http(200, reply)

    def _fault(self, request: dict) -> str | None:
        self._number += 1
        if self.when is not None and (fault := self.when(request)):
            return fault
        if self.faults:
            return self.faults.popleft()
        if self.per_second is not None:
            recent = sum(1 for moment in self.times[-2000:] if moment > self.times[-1] - 1.0)
            if recent > self.per_second:
                return "429:1"
        for fault, share in self.share.items():
            if int(self._number * share) > int((self._number - 1) * share):
                return fault
        return None

    def message(self, request: dict, fault: str = "") -> dict:
        """The reply to one request, or Refused."""
        check_request(request)
        status, _, wait = fault.partition(":")
        if status.isdigit():
            raise Refused(int(status), "this request is not valid", {"retry-after": wait} if wait else None)
        schema = request["output_config"]["format"]["schema"]
        function = function_of(schema)
        self.answered[function] += 1
        text = self.raw(request) if self.raw else None
        if text is None:
            text = spoil(answer(request, schema, function), schema, fault)
        return _message(request, text, fault)

    def _batch(self, method: str, path: str, body: bytes) -> tuple[Any, dict[str, str]]:
        parts = path.split("?")[0].strip("/").split("/")
        if parts[:3] != ["v1", "messages", "batches"]:
            raise Refused(404, "no such path")
        if method == "POST" and len(parts) == 3:
            return self._new_batch(json.loads(body)), {}
        batch = self.batches.get(parts[3]) if len(parts) > 3 else None
        if batch is None:
            raise Refused(404, "no such batch")
        if method == "POST" and parts[4:] == ["cancel"]:
            batch["canceled"] = True
        self.polled += 1
        if parts[4:] == ["results"]:
            lines = [json.dumps(line) for line in self._results(batch)]
            return "\n".join(lines).encode() + b"\n", {"content-type": "application/x-jsonl"}
        return self._show_batch(parts[3], batch), {}

    def _new_batch(self, body: dict) -> dict:
        if set(body) != {"requests"} or not 0 < len(body["requests"]) <= 100_000:
            raise Refused(400, "requests: 1 to 100000 of them, and nothing else")
        ids = [request["custom_id"] for request in body["requests"]]
        if len(set(ids)) < len(ids) or not all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids):
            raise Refused(400, "custom_id: unique, of 1 to 64 letters, digits, _ and -")
        for request in body["requests"]:
            if set(request) != {"custom_id", "params"}:
                raise Refused(400, "requests: custom_id and params, and nothing else")
        batch_id = f"msgbatch_{len(self.batches):04d}"
        self.batches[batch_id] = {"requests": body["requests"], "made": time.monotonic(), "canceled": False}
        return self._show_batch(batch_id, self.batches[batch_id])

    def _show_batch(self, batch_id: str, batch: dict) -> dict:
        ended = batch["canceled"] or time.monotonic() - batch["made"] >= self.batch_s
        kinds = Counter(line["result"]["type"] for line in self._results(batch)) if ended else Counter()
        names = ("succeeded", "errored", "canceled", "expired")
        url = f"{self.url}/v1/messages/batches/{batch_id}/results" if ended else None
        return {
            "id": batch_id, "type": "message_batch", "processing_status": "ended" if ended else "in_progress",
            "request_counts": {
                "processing": 0 if ended else len(batch["requests"]), **{name: kinds[name] for name in names}
            },
            "created_at": "2026-11-21T00:00:00Z", "expires_at": "2026-11-22T00:00:00Z",
            "ended_at": "2026-11-21T01:00:00Z" if ended else None, "archived_at": None,
            "cancel_initiated_at": None, "results_url": url,
        }  # fmt: skip

    def _results(self, batch: dict) -> list[dict]:
        """In an order of its own, and computed once."""
        if "results" not in batch:
            batch["results"] = [self._result(request) for request in reversed(batch["requests"])]
        return batch["results"]

    def _result(self, request: dict) -> dict:
        fault = self._fault(request["params"]) or ""
        result: dict = {"type": fault}
        if fault == "errored":
            result["error"] = _error(500, "this request is not valid")
        if fault not in ("errored", "expired", "canceled"):
            try:
                result = {"type": "succeeded", "message": self.message(request["params"], fault)}
            except Refused as refused:
                result = {"type": "errored", "error": _error(refused.status, refused.message)}
        return {"custom_id": request["custom_id"], "result": result}


def _http(status: int, body: Any, headers: dict[str, str] | None = None) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"content-type": "application/json", "content-length": str(len(content)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + content


def _error(status: int, message: str) -> dict:
    return {"type": "error", "error": {"type": ERRORS.get(status, "api_error"), "message": message}}


def _message(request: dict, text: str, fault: str) -> dict:
    content = [{"type": "text", "text": text}]
    if fault == "thinking":
        content.insert(0, {"type": "thinking", "thinking": "Let me see.", "signature": "x"})
    reason = {"refuse": "refusal", "truncate": "max_tokens"}.get(fault, "end_turn")
    prompt = sum(len(block["text"]) for block in request["system"])
    prompt += sum(len(message["content"]) for message in request["messages"])
    usage = {
        "input_tokens": prompt // 4, "output_tokens": max(1, len(text) // 4),
        "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
    }  # fmt: skip
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": request["model"], "content": content,
        "stop_reason": reason, "stop_sequence": None, "usage": None if fault == "no_usage" else usage,
    }  # fmt: skip


CHAT = {"model", "messages", "response_format", "max_completion_tokens"}
OWN = {"model", "messages", "response_format", "max_tokens", "temperature", "seed", "chat_template_kwargs"}


def message_request(chat: dict, openai: bool) -> dict:
    """A request of Chat Completions as one of the Messages API; refuses what the API refuses."""
    allowed = CHAT if openai else OWN
    if set(chat) != allowed:
        raise Refused(400, f"Unsupported parameter: {min(set(chat) ^ allowed)} is not supported with this model")
    form = chat["response_format"]
    if form["type"] != "json_schema" or set(form["json_schema"]) != {"name", "strict", "schema"}:
        raise Refused(400, "response_format: json_schema is required")
    first, *messages = chat["messages"]
    if first["role"] != "system" or not isinstance(first["content"], str):
        raise Refused(400, "messages: the first one is of the role system")
    if not openai and (chat["temperature"], chat["chat_template_kwargs"]) != (0.0, {"enable_thinking": False}):
        raise Refused(400, "temperature: 0")
    return {
        "model": f"claude-{chat['model']}", "max_tokens": chat["max_completion_tokens" if openai else "max_tokens"],
        "system": [{"type": "text", "text": first["content"]}], "messages": messages,
        "output_config": {"format": {"type": "json_schema", "schema": form["json_schema"]["schema"]}},
    }  # fmt: skip


def completion(message: dict) -> dict:
    """A reply of the Messages API as one of Chat Completions; a tenth of the prompt was cached."""
    reason = {"refusal": "stop", "max_tokens": "length"}.get(message["stop_reason"], "stop")
    text = "".join(block["text"] for block in message["content"] if block["type"] == "text")
    refused = message["stop_reason"] == "refusal"
    said = {"role": "assistant", "content": None if refused else text, "refusal": "I cannot." if refused else None}
    usage = message["usage"] and {
        "prompt_tokens": message["usage"]["input_tokens"], "completion_tokens": message["usage"]["output_tokens"],
        "prompt_tokens_details": {"cached_tokens": message["usage"]["input_tokens"] // 10},
    }  # fmt: skip
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "model": message["model"].removeprefix("claude-"),
        "choices": [{"index": 0, "message": said, "finish_reason": reason}], "usage": usage,
    }  # fmt: skip


def _check_headers(headers: dict, path: str) -> None:
    if path == "/v1/chat/completions":
        if not headers.get("authorization", "").startswith("Bearer "):
            raise Refused(401, "You didn't provide an API key")
        return
    # SDK 2.12 sends the key as a bearer token; older ones, and most other clients, as x-api-key.
    if KEY not in (headers.get("x-api-key"), headers.get("authorization", "").removeprefix("Bearer ")):
        raise Refused(401, "invalid x-api-key")
    if headers.get("anthropic-version") not in VERSIONS:
        raise Refused(400, "anthropic-version: header is required")


def check_request(request: dict) -> None:
    """Refuse what the API refuses."""
    if SAMPLING & set(request):
        raise Refused(400, f"{min(SAMPLING & set(request))}: not supported by this model")
    if set(request) - ALLOWED:
        raise Refused(400, f"{min(set(request) - ALLOWED)}: extra inputs are not permitted")
    if type(request.get("max_tokens")) is not int or request["max_tokens"] < 1:
        raise Refused(400, "max_tokens: a positive integer is required")
    if not str(request.get("model", "")).startswith("claude-"):
        raise Refused(404, f"model: {request.get('model')}")
    messages = request.get("messages") or []
    if not messages or messages[-1].get("role") != "user":
        raise Refused(400, "messages: the last one must be of the role user")
    if not all(isinstance(one.get("content"), str) and one["content"].strip() for one in messages):
        raise Refused(400, "messages: text content blocks must be non-empty")
    if [one["role"] for one in messages] != (["user", "assistant"] * len(messages))[: len(messages)]:
        raise Refused(400, "messages: roles must alternate, beginning with user")  # as chat templates of models want it
    if request.get("thinking") not in ({"type": "disabled"}, {"type": "adaptive"}, None):
        raise Refused(400, "thinking: budget_tokens is not supported by this model")
    check_schema(request["output_config"]["format"]["schema"])
    if len(json.dumps(request)) > 32_000_000:
        raise Refused(413, "request exceeds the maximum size")


def check_schema(schema: dict) -> None:
    """Refuse a schema outside of what structured output knows."""
    if set(schema) - KEYWORDS:
        raise Refused(400, f"output_config.format.schema: {min(set(schema) - KEYWORDS)} is not supported")
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            raise Refused(400, "output_config.format.schema: additionalProperties must be false")
        if set(schema.get("required", ())) != set(schema["properties"]):
            raise Refused(400, "output_config.format.schema: all properties must be required")
        for part in schema["properties"].values():
            check_schema(part)
    elif schema.get("type") == "array":
        check_schema(schema["items"])
    elif schema.get("type") not in ("string", "integer", "number", "boolean") or schema.get("enum") == []:
        raise Refused(400, "output_config.format.schema: unknown type or empty enum")


def function_of(schema: dict) -> str:
    """Which task a schema belongs to: it is all that tells them apart on the wire."""
    names = frozenset(schema["properties"])
    known = {
        frozenset({"reason", "rating"}): "audit", frozenset({"description", "name"}): "name",
        frozenset({"names"}): "names", frozenset({"parent"}): "choose",
    }  # fmt: skip
    return known.get(names, "extract")


def data_of(request: dict) -> str:
    """What stands between the two marked lines; refuses a prompt without them. A repair comes after them."""
    content = request["messages"][0]["content"]
    fence = r"^<<(\w{16})\n(.*)\n\1>>$"
    match = re.search(fence, content, re.DOTALL | re.MULTILINE)
    if match is None:
        raise Refused(400, "the data is not fenced")
    return match[2]


def answer(request: dict, schema: dict, function: str) -> dict:
    """A sensible answer out of the prompt alone."""
    data = data_of(request)
    if function == "extract":
        return {facet: _facet(facet, data, part) for facet, part in schema["properties"].items()}
    if function == "audit":
        rating = 1 if re.search(r"@|\d{4}|\b(Mr|Mrs|Dr)\b", data) else 5
        return {"reason": "It tells a topic and no person.", "rating": rating}
    lists = json.loads(data)
    if function == "name":
        return _naming(lists)
    if function == "choose":
        return {"parent": _nearest(lists)}
    n = int(re.search(r"about (\d+)", request["messages"][0]["content"])[1])
    distinct = list(dict.fromkeys(" ".join(name.split(". ")[0].split()[:10]) for name in lists["names"]))
    kept = min(n, len(distinct))
    return {"names": [distinct[i * len(distinct) // kept] for i in range(kept)]}


def _facet(facet: str, data: str, part: dict) -> Any:
    if facet == "language":
        return "English"
    number = int(hashlib.md5(data.encode()).hexdigest(), 16)
    if "enum" in part:
        english = "English" in part["enum"]
        return "English" if english else part["enum"][number % min(2, len(part["enum"]))]
    words = re.findall(r"[a-z]{3,}", re.sub(r"<[^>]*>|\b(user|assistant|human)\b:?", " ", data.lower()))
    return "The user asked about " + (" ".join(words[:12]) or "something") + "."


def _naming(lists: dict) -> dict:
    """A name out of the given terms, so that it is supported by enough users."""
    terms = [re.sub(r" \([a-z0-9% ]+\)$", "", phrase) for phrase in lists.get("terms") or lists["group"]]
    free = [term for term in terms if term not in lists["taken"]] or terms
    texts = " ".join(lists["group"]).lower()
    common = [word for word, _ in Counter(re.findall(r"[a-z]{4,}", texts)).most_common(2)]
    words = free[:2] or common or ["text"]
    name = " and ".join(words) if len(" ".join(words).split()) < 9 else words[0]
    return {
        "description": f"The users asked about {words[0]}. Most of them wanted {words[-1]}.",
        "name": name[0].upper() + name[1:],
    }


def _nearest(lists: dict) -> int:
    mine = set(lists["group"].lower().split())
    shared = [(len(mine & set(one["name"].lower().split())), -one["number"]) for one in lists["parents"]]
    return -max(shared)[1]


SLOPPY = {  # what small local models make of an answer: style -> how it is written
    "sentence_before": lambda good: f"Sure! Here is the JSON you asked for:\n{json.dumps(good)}",
    "sentence_after": lambda good: f"{json.dumps(good)}\n\nI hope this helps {{let me know}}.",
    "fenced_in_words": lambda good: f"The answer:\n```json\n{json.dumps(good, indent=2)}\n```\nDone.",
    "thinks_aloud": lambda good: f"<think>The user {{maybe}} wants 5 stars.\n</think>\n{json.dumps(good)}",
    "thinks_in_json": lambda good: f"<think>{json.dumps(dict.fromkeys(good, 'hm'))}</think>{json.dumps(good)}",
    "more_keys": lambda good: json.dumps({"reasoning": "It says so.", **good, "confidence": 0.9}),
    "trailing_comma": lambda good: json.dumps(good)[:-1] + ",}",
    "single_quotes": lambda good: str(good),
    "keys_without_quotes": lambda good: re.sub(r'"(\w+)": ', r"\1: ", json.dumps(good)),
    "other_letters": lambda good: json.dumps(
        {name.title(): one.upper() if isinstance(one, str) else str(one) for name, one in good.items()}
    ),
    "numbers_as_text": lambda good: json.dumps({name: str(one) for name, one in good.items()}),
}


def spoil(good: dict, schema: dict, fault: str) -> str:
    """The text of an answer, made wrong as `fault` says."""
    if fault in SLOPPY:
        return SLOPPY[fault](good)
    first = next(iter(good))
    if fault == "wrong_enum":
        good = {key: "no such" if "enum" in schema["properties"][key] else one for key, one in good.items()}
    if fault == "extra_field":
        good = {**good, "extra": "x"}
    if fault == "missing_field":
        good = {key: one for key, one in good.items() if key != first}
    if fault == "empty":
        good = {key: "" if isinstance(one, str) else one for key, one in good.items()}
    if fault == "non_english":
        good = {key: "用户想要预订餐厅" if isinstance(one, str) else one for key, one in good.items()}
    text = json.dumps(good)
    if fault == "fenced":
        return f"```json\n{text}\n```"
    if fault == "nothing":
        return ""
    if fault == "not_json":
        return "Here is what I found: it is about a restaurant."
    return text[: len(text) // 2] if fault in ("truncate", "refuse") else text


def main() -> None:
    """Run until standard input ends, so that no server outlives the process that started it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--share", action="append", default=[], help="FAULT=SHARE, as in 429=0.1")
    given = parser.parse_args()
    with Server(given.latency, given.port) as server:
        server.share = {name: float(share) for name, _, share in (one.rpartition("=") for one in given.share)}
        print(server.url, flush=True)
        while input_line():
            pass


def input_line() -> str:
    """A line of standard input; empty at its end."""
    import sys

    return sys.stdin.readline()


if __name__ == "__main__":
    main()
