"""A call in flight, and waiting for many of them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from clio_sql.calls.messages import Call, Outcome
from clio_sql.errors import Stopped

COLLECT = 10_000  # new objects between two garbage collections while calls are in flight


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Context in which garbage is collected rarely: collecting took a fifth of the sending time."""
    before = gc.get_threshold()
    if before[0]:  # otherwise it is switched off
        gc.set_threshold(max(COLLECT, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Job:
    """A call in flight: `future` becomes its Outcome, or an error that ends the run.

    worst: the most it can cost in dollars. tries: failures that spend the retry budget. hashes: of the
    texts that go in, for the store. repairs: the key of the call whose malformed answer it is to repair, if any: the
    job of that call and this one have one future, which waits for this one. asked: the key that was asked for.
    ended: why no repair of it may be started any more.
    """

    __slots__ = (
        "answered", "asked", "attempts", "call", "ended", "future", "hashes", "key", "limited", "repairs", "task",
        "tries", "worst",
    )  # fmt: skip

    def __init__(
        self, key: str, call: Call, worst: float, hashes: tuple[str, ...] = (), repairs: str | None = None
    ) -> None:
        self.key, self.call, self.worst, self.hashes, self.repairs = key, call, worst, hashes, repairs
        self.asked = repairs or key
        self.future: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        self.ended: Exception | None = None
        self.attempts = self.tries = self.limited = 0
        self.task: asyncio.Task[None] | None = None
        self.answered = False  # it has its outcome, which is being committed


class Group:
    """Waits for many jobs without polling each. `error` is the first that is not Stopped, if any."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        jobs = list(jobs)
        self.left = len(jobs)
        self.statuses: Counter[str] = Counter()
        self.error: BaseException | None = None
        self._lock, self._done = threading.Lock(), threading.Event()
        for job in jobs:
            job.future.add_done_callback(self._ended)

    def _ended(self, future: concurrent.futures.Future[Outcome]) -> None:
        with self._lock:
            error = future.exception()
            if error is None:
                self.statuses[future.result().answer.status] += 1
            elif self.error is None or isinstance(self.error, Stopped):
                self.error = error
            self.left -= 1
            if self.left == 0:
                self._done.set()

    def wait(self, seconds: float) -> bool:
        """Wait that many seconds; returns whether all jobs have ended."""
        return self._done.wait(seconds)
