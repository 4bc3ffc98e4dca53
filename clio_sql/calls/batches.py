"""Message Batches: a step's missing calls at half price, within hours instead of seconds.

The id of each batch is in `clio_state.batches` from the moment it is known, so that a run that was
stopped or killed meanwhile collects the results when it is run again. Results come in any order and are
matched by `custom_id`, which is the key of the call. Expired and failed requests are left to the caller.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from clio_sql.calls.jobs import Job
from clio_sql.calls.messages import Call, read_reply
from clio_sql.calls.prices import cost
from clio_sql.calls.servers import trouble
from clio_sql.calls.store import Row, now
from clio_sql.errors import ProviderError, Stopped

if TYPE_CHECKING:
    from clio_sql.calls import Calls

MAX_REQUESTS = 100_000  # the API's limits for one batch
MAX_BYTES = 250_000_000  # the API says 256 MB; the difference leaves room for the envelope
POLL_S = (2.0, 30.0)  # seconds between two polls: the first, growing by half up to the second
KEEP = 500  # results committed at a time


def run_batches(door: Calls, missing: dict[str, Call], last: bool = True) -> set[str]:
    """Get `missing` (key -> call) answered into the store; returns the keys that the budget did not allow.

    Batches that already run at the provider come first. The worst-case cost of a batch must fit
    the budget, so a tight budget is spent in several rounds. last: no later part of the step will need
    anything else in these batches.
    """
    left = dict(missing)
    while left:
        running = {}
        for batch_id, function, keys in _running(door):
            if jobs := {key: door.job(key, left.pop(key), door.held.pop(key, 0.0)) for key in keys if key in left}:
                running[batch_id] = (function, jobs)
        _finish(door, running, last)
        if left and not send(door, left):
            return set(left)
    return set()


def _running(door: Calls) -> list[tuple[str, str, list[str]]]:
    return door.store.open_batches(door.provider, door.base_url)


def send(door: Calls, missing: dict[str, Call]) -> bool:
    """Create batches for calls of `missing` that the budget allows and no batch holds yet. Returns whether any were."""
    known = {key for _, _, keys in _running(door) for key in keys}
    affordable = _afford(door, {key: call for key, call in missing.items() if key not in known})
    for jobs in split(affordable):
        try:
            _create(door, jobs)
        except BaseException:
            for job in affordable:
                door.purse.settle(door.held.pop(job.key), 0.0)
            raise
    return bool(affordable)


def _afford(door: Calls, left: dict[str, Call]) -> list[Job]:
    """As many of `left`, in order, as the budget allows at worst-case cost, which is reserved."""
    jobs = []
    for key, call in left.items():
        job = Job(key, call, door.worst(call, batch=True))
        if not door.purse.take(job.worst):
            break
        door.held[key] = job.worst
        jobs.append(job)
    return jobs


def split(jobs: list[Job]) -> Iterator[list[Job]]:
    """Split into pieces that fit the API's limits for one batch."""
    piece: list[Job] = []
    size = 0
    for job in jobs:
        length = len(json.dumps(job.call.body)) + len(job.key) + 40  # escaped: no smaller than what is sent
        if piece and (len(piece) >= MAX_REQUESTS or size + length > MAX_BYTES):
            yield piece
            piece, size = [], 0
        piece.append(job)
        size += length
    if piece:
        yield piece


def _create(door: Calls, jobs: list[Job]) -> str:
    """Send one batch and remember its id."""
    _go_on(door)
    requests = [{"custom_id": job.key, "params": job.call.body} for job in jobs]
    batches = door.dispatcher().clients[0].messages.batches
    # A lost connection leaves open whether the batch exists, and a second one would be paid for again.
    created = _ask(door, lambda: batches.create(requests=requests), jobs[0].call, lost_is_fatal=True)
    keys = [job.key for job in jobs]
    door.store.begin_batch(created.id, jobs[0].call.function, door.provider, door.base_url, keys)
    return created.id


def _finish(door: Calls, sent: dict[str, tuple[str, dict[str, Job]]], last: bool) -> None:
    """Wait for these batches (id -> function, jobs), collecting each as soon as it has ended."""
    wait, waiting = POLL_S[0], dict(sent)
    total = sum(len(jobs) for _, jobs in sent.values())
    while waiting:
        processing = 0
        for batch_id, (function, jobs) in list(waiting.items()):
            batch = _retrieve(door, batch_id)
            if batch is None or batch.processing_status == "ended":
                del waiting[batch_id]
                _take(door, batch, batch_id, jobs, function, last)
            else:
                processing += max(0, len(jobs) - _ended(batch))
        door.show(function, total - processing, total)
        if waiting:
            _sleep(door, wait, len(waiting))
            wait = min(POLL_S[1], wait * 1.5)


def _ended(batch: Any) -> int:
    counts = batch.request_counts
    return counts.succeeded + counts.errored + counts.canceled + counts.expired


def _retrieve(door: Calls, batch_id: str) -> Any:
    """The batch, or None if the provider no longer knows it."""
    batches = door.dispatcher().clients[0].messages.batches
    try:
        return _ask(door, lambda: batches.retrieve(batch_id))
    except ProviderError as error:
        if " 404 " in f" {error} ".replace("(", " "):
            return None
        raise


def _take(door: Calls, batch: Any, batch_id: str, jobs: dict[str, Job], function: str, last: bool) -> None:
    """Store the results of an ended batch; safe to interrupt and start again.

    A later part of the step may need results that are not needed now: until then the batch stays open.
    """
    stored = door.store.of_batch(batch_id)
    results = [] if batch is None or not batch.results_url else _ask(door, lambda: _results(door, batch_id))
    group, ended = [], True
    for result in results:
        if result.custom_id in stored or result.result.type != "succeeded":
            continue
        job = jobs.pop(result.custom_id, None)
        if job is None:
            ended = ended and last
            if last:
                door.store.put([_orphan(door, result, batch_id, function)], {})
            continue
        outcome = read_reply(result.result.message, job.call)
        group.append((job, outcome._replace(attempts=1, batch_id=batch_id)))
        if len(group) >= KEEP:
            door.keep(group)
            group = []
    if group:
        door.keep(group)
    for job in jobs.values():  # expired, errored, canceled or gone: nothing was charged
        door.purse.settle(job.worst, 0.0)
    if ended:
        door.store.end_batch(batch_id)


async def _results(door: Calls, batch_id: str) -> list[Any]:
    stream = await door.dispatcher().clients[0].messages.batches.results(batch_id)
    return [result async for result in stream]


def _orphan(door: Calls, result: Any, batch_id: str, function: str) -> Row:
    """The row of an answer to a prompt that is no longer asked: useless, but paid for."""
    message = result.result.message
    usage = read_reply(message, Call(function, {}, lambda value: value)).usage
    usd = cost(door.price(message.model), usage, batch=True) if usage else 0.0
    counts = (usage.input or 0, usage.output or 0, *usage[2:]) if usage else (0, 0, 0, 0)
    error = "answered by a batch after its prompt had changed"
    return Row(
        result.custom_id, function, door.provider, message.model, "failed", None, error,
        *counts, usd, 0.0, 1, batch_id, now(),
    )  # fmt: skip


def _ask(door: Calls, request: Callable[[], Any], call: Call | None = None, lost_is_fatal: bool = False) -> Any:
    """The result of a request to the Batches API, retried as long as there is hope."""
    tries = 0
    while True:
        try:
            return door.dispatcher().run(request()).result()
        except Exception as error:
            met = trouble(error, call)
            tries += met.kind == "again"
            lost = lost_is_fatal and not hasattr(error, "status_code")
            if met.kind == "fatal" or lost or tries > 4:
                raise ProviderError(
                    f"Message Batches: the server could not be reached ({met.text}). What was sent goes on "
                    "there; run again to collect its results."
                ) from None
            _sleep(door, met.wait if met.wait is not None else min(60.0, 2.0**tries), 0)


def _sleep(door: Calls, seconds: float, running: int) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        _go_on(door, running)
        time.sleep(min(0.1, max(0.0, end - time.monotonic())))


def _go_on(door: Calls, running: int = 0) -> None:
    if door.stop.is_set():
        going = f"; {running} batches go on at the provider" if running else ""
        raise Stopped(f"stopped{going}. Run again to collect their results.")
