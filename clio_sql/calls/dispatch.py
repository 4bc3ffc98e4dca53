"""Sends calls: bounded concurrency that adapts, retries, and one commit for replies that arrived together.

One event loop in one thread, for the life of its `Dispatcher`. A call keeps its slot among those in
flight until its reply is committed, so that a kill loses no more replies than were in flight.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from clio_sql.calls.jobs import Job
from clio_sql.calls.messages import Answer, Outcome, read_reply
from clio_sql.calls.money import Purse, Throttle
from clio_sql.calls.replies import OVER_BUDGET
from clio_sql.calls.servers import Server, trouble
from clio_sql.errors import ClioError, ProviderError, Stopped

RETRIES = 4  # further tries after a 5xx, a timeout or a lost connection
GRACE_S = 5.0  # time for calls in flight to finish once nothing new is started
PATIENCE_S = 3600.0  # after this long without one answer, only rate limits, the run ends
GROUP_S = 0.006  # replies within this time are committed together: a commit costs about 4 ms of CPU


Keep = Callable[[list[tuple[Job, Outcome]]], dict[Job, Job]]


class Dispatcher:
    """Sends jobs to a model server, at most `concurrency` at a time.

    clients: of the server's SDK, without their own retries, used in turn. keep: commits finished jobs and
    settles their cost with the purse; called in its own thread; a job is done once it has returned, unless it is
    given back with the job that repairs it, which is sent next.
    """

    def __init__(
        self,
        server: Server,
        clients: list[Any],
        keep: Keep,
        purse: Purse,
        concurrency: int,
        stop: threading.Event,
    ) -> None:
        self.clients, self._keep, self._purse, self._stop = clients, keep, purse, stop
        self._server, self._turns = server, deque(clients)
        self.throttle = Throttle(concurrency)
        self.flying = 0
        self._ready: deque[Job] = deque()
        self._jobs: set[Job] = set()
        self._finished: queue.SimpleQueue[tuple[Job, Outcome] | None] = queue.SimpleQueue()
        self._keeping = 0  # jobs that the writer has and has not committed
        self._answered_at = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.new_event_loop()
        self._writer = threading.Thread(target=self._write, name="clio-store", daemon=True)
        self._writer.start()
        self._thread = threading.Thread(target=self._run, name="clio-calls", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def submit(self, jobs: list[Job]) -> None:
        """Send these jobs; callable from any thread."""
        self._loop.call_soon_threadsafe(self._enqueue, jobs)

    def halt(self, reason: ClioError) -> None:
        """Start no more of the submitted jobs: their futures fail with `reason`, those in flight
        after they were given `GRACE_S` to be answered and stored. From any thread."""
        self._loop.call_soon_threadsafe(self._drain, reason)

    def run(self, coroutine: Any) -> concurrent.futures.Future[Any]:
        """Run a coroutine on the loop; from any other thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """End the thread and its connections; open jobs fail with Stopped."""
        if not self._thread.is_alive():
            return
        self.run(self._shut()).result(GRACE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(GRACE_S)
        self._finished.put(None)
        self._writer.join(GRACE_S)
        self._loop.close()

    async def _shut(self) -> None:
        self._drain(Stopped("the connection was closed before all calls were answered."), grace=0.0)
        await asyncio.sleep(0.01)  # lets cancelled tasks end
        while self._keeping:
            await asyncio.sleep(0.01)
        for client in self.clients:
            await client.close()

    def _enqueue(self, jobs: list[Job]) -> None:
        if not self._jobs:
            self._answered_at = time.monotonic()
        self._jobs.update(jobs)
        self._ready.extend(jobs)
        self._start()

    def _start(self) -> None:
        """Start the jobs that may start now."""
        while self._ready and self.flying < int(self.throttle.limit):
            if self._stop.is_set():
                return self._drain(Stopped("stopped."))
            wait = self.throttle.closed_until - time.monotonic()
            if wait > 0:
                return self._later(wait)
            if not self._purse.take(self._ready[0].worst):
                return None if self.flying else self._over_budget()  # a call in flight may cost less than reserved
            job = self._ready.popleft()
            self.flying += 1
            job.task = self._loop.create_task(self._fly(job))
        return None

    def _later(self, wait: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(wait, self._start)

    def _over_budget(self) -> None:
        """The next call may cost more than is left: it and all waiting calls are not made."""
        while self._ready:
            job = self._ready.popleft()
            self._resolve(job, Outcome(Answer(None, "over_budget", OVER_BUDGET)))

    async def _fly(self, job: Job) -> None:
        job.attempts += 1
        started = time.monotonic()
        self._turns.rotate(-1)
        try:
            message = await self._server.ask(self._turns[0], job.call.body)
        except asyncio.CancelledError:
            return self._land(job, Stopped("stopped before this call was answered."))
        except Exception as error:
            return self._failed(job, error, time.monotonic() - started)
        self._answered_at = time.monotonic()
        self.throttle.answered()
        outcome = read_reply(message, job.call)
        self._finish(job, outcome._replace(latency_s=self._answered_at - started))
        return None

    def _failed(self, job: Job, error: Exception, took: float) -> None:
        """Wait as the server asked, retry, or give up: for this call, or for all."""
        kind, text, wait = trouble(error, job.call)
        if kind == "fatal" and job.repairs:  # such as a prompt too long with the answer in it: no reason to end the run
            return self._finish(job, Outcome(Answer(None, "failed", text), None, took))
        if kind == "fatal":
            return self._give_up(job, f"the model server refused the request ({text}).")
        if kind == "limited":
            return self._wait_for_server(job, text, wait)
        job.tries += 1
        if job.tries > RETRIES:
            failure = Outcome(Answer(None, "failed", f"{text}, {job.tries} times"), None, took)
            return self._finish(job, failure)
        return self._again(job, _backoff(0.5, job.tries, 30.0))

    def _wait_for_server(self, job: Job, text: str, wait: float | None) -> None:
        job.limited += 1
        if wait is None:
            wait = _backoff(1.0, job.limited, 60.0)
        now = time.monotonic()
        self.throttle.limited(now, wait)
        if now + wait - self._answered_at > PATIENCE_S:
            return self._give_up(
                job,
                f"the model server answers {text} and asks to wait another {wait:.0f} s. "
                "Answers so far are stored; run again later to go on.",
            )
        return self._again(job, wait * (1 + random.random() / 10))  # not all at the same moment

    def _again(self, job: Job, wait: float) -> None:
        """Free its slot and send it again after `wait` seconds."""
        self._loop.call_later(wait, self._ready_again, job)
        self._land(job)

    def _ready_again(self, job: Job) -> None:
        if job in self._jobs:  # not drained in the meantime
            self._ready.appendleft(job)
            self._start()

    def _give_up(self, job: Job, text: str) -> None:
        """End all submitted jobs: the next request would fail the same way."""
        reason = ProviderError(f"{job.call.function}: {text}")
        self._drain(reason)
        self._land(job, reason)

    def _land(self, job: Job, reason: ClioError | None = None) -> None:
        """Release the slot and the reservation of a job whose request ended without an answer."""
        self.flying -= 1
        job.task = None
        self._purse.settle(job.worst, 0.0)
        if reason is not None:
            self._resolve(job, reason)
        self._start()

    def _finish(self, job: Job, outcome: Outcome) -> None:
        """Hand a finished job to the writer; it stays in flight until committed."""
        job.task, job.answered = None, True
        self._keeping += 1
        self._finished.put((job, outcome._replace(attempts=job.attempts)))

    def _write(self) -> None:
        """Runs in its own thread until None arrives: commit jobs that arrive together."""
        while (first := self._finished.get()) is not None:
            time.sleep(GROUP_S)
            more = [self._finished.get() for _ in range(self._finished.qsize())]
            group, error, repairs = [first, *(each for each in more if each is not None)], None, {}
            try:
                repairs = self._keep(group)
            except Exception as caught:
                error = caught
            self._loop.call_soon_threadsafe(self._kept, group, error, repairs)
            if None in more:
                return

    def _kept(self, group: list[tuple[Job, Outcome]], error: Exception | None, repairs: dict[Job, Job]) -> None:
        """These jobs are committed, or `error` says why not: their slots are free, and their repairs come next."""
        self._keeping -= len(group)
        self.flying -= len(group)
        for job, outcome in group:
            if job in repairs and job.ended is None:
                self._jobs.discard(job)
                self._jobs.add(repairs[job])
                self._ready.appendleft(repairs[job])
            else:
                self._resolve(job, error or (job.ended if job in repairs and job.ended else outcome))
        if error is not None:
            self._drain(error)
        self._start()

    def _resolve(self, job: Job, result: Outcome | Exception) -> None:
        self._jobs.discard(job)
        if job.future.done():
            return
        if isinstance(result, Exception):
            job.future.set_exception(result)
        else:
            job.future.set_result(result)

    def _drain(self, reason: Exception, grace: float | None = None) -> None:
        """Fail all jobs not in flight with `reason`, and after `grace` seconds (GRACE_S) those that still are."""
        self._ready.clear()
        for job in list(self._jobs):
            job.ended = reason
            if job.task is None and not job.answered:
                self._resolve(job, reason)
        flying = [job for job in self._jobs if job.task is not None]
        self._loop.call_later(GRACE_S if grace is None else grace, self._cancel, flying)

    def _cancel(self, jobs: list[Job]) -> None:
        for job in jobs:
            if job.task is not None and job in self._jobs:
                job.task.cancel()


def _backoff(first: float, tries: int, most: float) -> float:
    """Seconds before another try: doubled each time, half of it random."""
    return min(most, first * 2 ** (tries - 1)) * (0.5 + random.random() / 2)
