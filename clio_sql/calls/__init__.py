"""The only way to paid work: look up, deduplicate, check the budget, send, store, return.

An answered call is never paid for again: not by a second run, a view read twice, or a run that
was killed halfway. Failures are stored as failures and never served as answers; within a run a failed
call is not retried; the next run (`begin`) retries it. An answer that cannot be read is shown to the model once, with
what is wrong with it: that is a call of its own, which a run that was killed in between makes without the first.
"""

from __future__ import annotations

import json
import math
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial

from clio_sql.calls.dispatch import Dispatcher
from clio_sql.calls.jobs import Group, Job, seldom_collected
from clio_sql.calls.messages import Answer, Call, Outcome
from clio_sql.calls.money import Purse
from clio_sql.calls.prices import Price, cost, expected, price_of, tokens, worst
from clio_sql.calls.replies import OVER_BUDGET, Limit, Plan, Progress, Step, statuses_of
from clio_sql.calls.servers import SERVERS, own
from clio_sql.calls.store import CursorFactory, Row, Store, now
from clio_sql.errors import ProviderError, StateError, Stopped, UsageError
from clio_sql.runtime import base_url_of

MAX_USD = 10.0  # default: enough for the demo many times over, and not a costly mistake
CONCURRENCY = 32
TIMEOUT_S = 120.0
WHOLE = Step(0, Counter(), last=True)  # a step in one part, begun and ended in this run
UNPAID = "not stored, and nothing may be paid for; the next run asks it"
TICK_S = 0.1  # how often a waiting thread checks the stop event and shows progress


class Calls:
    """Answers calls through one model server, with everything paid for kept in the store.

    provider: `anthropic` or `openai`, the API that the server at base_url speaks.
    cursor: makes a fresh cursor of the open database that holds `clio_state`.
    max_usd: limit of a run, in dollars; calls in flight count at their worst case.
    concurrency: the most calls in flight. stop: once set, no call is started and `Stopped` is raised.
    progress: called from the waiting thread, about ten times a second, with a `Progress`.
    batch: send what `fill` misses through Message Batches. retry_failed: ask refused calls again, too.
    prices: overrides of the price table. The API key is looked up only when something is sent: stored answers
    and estimates need none. pay: if false, nothing is sent; what is not stored fails and is noted in `unpaid`.
    """

    def __init__(
        self,
        cursor: CursorFactory,
        *,
        provider: str = "anthropic",
        base_url: str | None = None,
        max_usd: float = MAX_USD,
        concurrency: int = CONCURRENCY,
        batch: bool = False,
        stop: threading.Event | None = None,
        progress: Callable[[Progress], None] | None = None,
        retry_failed: bool = False,
        pay: bool = True,
        prices: dict[str, Price] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        if concurrency < 1 or not max_usd >= 0:
            raise UsageError(
                f"concurrency is {concurrency} and max_usd {max_usd}; allowed: at least 1, and 0 or more. "
                "Change the arguments."
            )
        self.provider, self.base_url = provider, base_url_of(base_url, provider)
        self.server = SERVERS[provider](self.base_url)
        self.store = Store(cursor)
        self.purse = Purse(max_usd)
        self.batch, self.retry_failed, self.progress = batch, retry_failed, progress
        self.stop = stop or threading.Event()
        self.pay = pay
        self.unpaid: dict[str, Call] = {}  # key -> call that was needed and not stored
        self._concurrency, self._prices, self._timeout_s = concurrency, prices, timeout_s
        self._lock = threading.Lock()
        self._flying: dict[str, Job] = {}
        self._failures: dict[str, Answer] = {}
        self.held: dict[str, float] = {}  # key -> dollars reserved for it in a running batch
        self._dispatcher: Dispatcher | None = None
        self.counts: Counter[tuple[str, str]] = Counter()

    def begin(self) -> None:
        """Start a new run: nothing is spent yet, and calls that failed in the last one may be tried again."""
        self.purse.reset()
        with self._lock:
            self._failures.clear()
            self.counts.clear()

    def close(self) -> None:
        """End the thread and the connections to the server."""
        if self._dispatcher is not None:
            self._dispatcher.close()
            self._dispatcher = None

    def price(self, model: str) -> Price:
        """The price of a model; ProviderError if it has none."""
        return price_of(model, own(self.base_url), self._prices)

    def key(self, call: Call) -> str:
        """The key of a call in `clio_state.calls`."""
        return call.key(self.provider, self.base_url)

    def plan(self, calls: list[Call]) -> Plan:
        """The estimate of `calls`, nothing paid and nothing stored; half price with `batch`."""
        distinct = {self.key(call): call for call in calls}
        stored = self._stored(distinct)
        missing = {key: call for key, call in distinct.items() if key not in stored}
        due = self._due(missing)
        fresh = [call for key, call in missing.items() if key not in due]
        share = self._unread(fresh)
        made = self._planned(fresh, self.batch).plus(self._planned(list(due.values())))
        again = self._planned([call.repair(4 * call.answer_tokens * "x", "") for call in fresh if share])
        repairs = math.ceil(share * again.calls)
        seconds = self._seconds([*missing.values()], repairs)
        return Plan(
            len(distinct) + repairs, len(stored), made.tokens_in + math.ceil(share * again.tokens_in),
            made.tokens_out + math.ceil(share * again.tokens_out), made.usd + share * again.usd, seconds,
            len(due) + repairs,
        )  # fmt: skip

    def _planned(self, calls: list[Call], batch: bool = False) -> Plan:
        """The estimate of calls of which none is stored."""
        entered = left = 0
        usd = 0.0
        for call in calls:
            price, length = self.price(call.body["model"]), len(call.text())
            entered += tokens(length, price)
            left += tokens(4 * call.answer_tokens, price)
            usd += expected(price, length, call.answer_tokens, batch)
        return Plan(len(calls), 0, entered, left, usd)

    def _unread(self, calls: list[Call]) -> float:
        """Share of the calls of the same function in the store whose answer could not be read."""
        return self.store.unread(self.provider, calls[0].function, calls[0].body["model"]) if calls else 0.0

    def _seconds(self, missing: list[Call], repairs: int) -> float | None:
        """How long these calls would take at the rate of those of the same function in the store, all slots busy."""
        if not missing:
            return 0.0
        latency = self.store.latency(self.provider, missing[0].function, missing[0].body["model"])
        count = len(missing) + repairs
        return None if latency is None else count * latency / min(self._concurrency, count)

    def answer(self, calls: list[Call]) -> list[Answer]:
        """One answer a call, in order; what is not in the store is sent at once and paid for.

        A failure is a status. Raises ProviderError when the server refuses all requests (key,
        model, size), StateError when answers cannot be stored, Stopped when the stop event is set.
        """
        keys = [self.key(call) for call in calls]
        distinct = dict(zip(keys, calls, strict=True))
        replies = self._known(distinct)
        missing = {key: call for key, call in distinct.items() if key not in replies}
        if missing and not self.pay:
            self.unpaid.update(missing)
            replies.update(dict.fromkeys(missing, Answer(None, "failed", UNPAID)))
        elif missing:
            replies.update(self._send(missing))
        return [replies[key] for key in keys]

    def send(self, calls: list[Call]) -> None:
        """Create the Message Batches of a part of a step and do not wait; `fill` collects the results."""
        from clio_sql.calls.batches import send

        distinct = {self.key(call): call for call in calls}
        stored = self._known(distinct)
        missing = self._unasked({key: call for key, call in distinct.items() if key not in stored})
        if missing:
            self._require_open()
            send(self, missing)

    def fill(self, calls: list[Call], max_error_ratio: float | None = None, step: Step = WHOLE) -> Counter[str]:
        """Get all answers of a step, or a part of it, into the store (with `batch` through Message Batches).

        Returns their statuses. Stops with ProviderError as soon as more than `max_error_ratio` of the
        step's calls failed after their retries. Refusals and calls over budget do not count as failed.
        """
        distinct = {self.key(call): call for call in calls}
        replies = self._known(distinct)
        if self.batch and len(replies) < len(distinct):
            absent = {key: call for key, call in distinct.items() if key not in replies}
            replies.update(self._by_batch(absent, step.last))
        missing = {key: call for key, call in distinct.items() if key not in replies}
        limit = None
        if max_error_ratio is not None and calls:
            total = max(step.whole, len(distinct))
            limit = Limit(max_error_ratio * total, total, step.before + statuses_of(replies))
            limit.check(calls[0].function, Counter())
        if missing:
            replies.update(self._send(missing, limit))
        return statuses_of(replies)

    def _by_batch(self, missing: dict[str, Call], last: bool) -> dict[str, Answer]:
        """Replies that came through Message Batches; missing ones, and repairs, must be sent one by one."""
        from clio_sql.calls.batches import run_batches

        self._require_open()
        dear = run_batches(self, self._unasked(missing), last)
        over = Answer(None, "over_budget", OVER_BUDGET)
        return {**self._known(missing), **dict.fromkeys(dear, over)}

    def _known(self, calls: dict[str, Call]) -> dict[str, Answer]:
        """Replies that need no request: stored answers, refusals, and calls that failed in this run."""
        replies = self._stored(calls)
        with self._lock:
            replies.update({key: self._failures[key] for key in calls if key in self._failures})
        return replies

    def _stored(self, calls: dict[str, Call]) -> dict[str, Answer]:
        """Stored answers and refusals, of a call or of the one that repaired it."""
        served = {"ok"} if self.retry_failed else {"ok", "refused"}
        found = self.store.find(list(calls))
        if unread := [key for key, (status, _, _) in found.items() if status == "malformed"]:
            found |= self.store.repaired(unread)
        return {
            key: Answer(json.loads(answer) if status == "ok" and answer else None, status, error)
            for key, (status, answer, error) in found.items()
            if status in served
        }

    def _due(self, calls: dict[str, Call]) -> dict[str, Call]:
        """The repairs that are still to be made: of answers that could not be read and were shown to no model yet."""
        return {
            key: calls[key].repair(json.loads(said), error)
            for key, (status, said, error) in self.store.find(list(calls)).items()
            if status == "malformed" and said and calls[key].complaint
        }

    def _unasked(self, calls: dict[str, Call]) -> dict[str, Call]:
        """Those of these calls that themselves are to be made."""
        due = self._due(calls)
        return {key: call for key, call in calls.items() if key not in due}

    def _send(self, missing: dict[str, Call], limit: Limit | None = None) -> dict[str, Answer]:
        """Send calls and wait for them; for those that another thread is sending, only wait."""
        self._require_open()
        due = self._due(missing)
        made = {
            key: self._repair(key, due[key]) if key in due else self.job(key, call, self.worst(call))
            for key, call in missing.items()
        }
        with self._lock:
            jobs = {key: self._flying.setdefault(key, job) for key, job in made.items()}
        fresh = [job for key, job in jobs.items() if job is made[key]]
        for job in fresh:
            job.future.add_done_callback(partial(self._landed, job.asked))
        try:
            self._submit(fresh, missing)
        except BaseException as error:
            for job in fresh:  # other threads may be waiting for them
                job.future.set_exception(error)
            raise
        return self._wait(jobs, limit)

    def _landed(self, key: str, _: object) -> None:
        with self._lock:
            self._flying.pop(key, None)

    def _submit(self, jobs: list[Job], calls: dict[str, Call]) -> None:
        """Send these, except calls that another thread got answered since the look-up."""
        known = self._known({job.asked: calls[job.asked] for job in jobs})
        sender = self.dispatcher()
        for job in jobs:
            if job.asked in known:
                job.future.set_result(Outcome(known[job.asked]))
        sender.submit([job for job in jobs if job.asked not in known])

    def job(self, key: str, call: Call, worst: float, repairs: str | None = None) -> Job:
        """A job that `keep` can store. Hashed here, to keep the writing thread fast. repairs: as in `Job`."""
        return Job(key, call, worst, tuple(map(self.store.input_hash, call.inputs)), repairs)

    def _repair(self, repairs: str, call: Call) -> Job:
        """The job of a call that repairs the answer of the one with that key."""
        return self.job(self.key(call), call, self.worst(call), repairs)

    def worst(self, call: Call, batch: bool = False) -> float:
        """The most that a call can cost, in dollars."""
        size = len(call.text().encode("utf-8", "replace"))
        return worst(self.price(call.body["model"]), size, call.body["max_tokens"], batch)

    def _require_open(self) -> None:
        if self.stop.is_set():
            raise Stopped("stopped before any call was started; run again to go on.")
        self.server.require_key()
        if not self.store.writable():
            raise StateError(
                "the database is read-only and this answer is not in its store; a call whose answer cannot be "
                "stored is not paid for. Open it for writing, or ask only for what was answered before."
            )

    def dispatcher(self) -> Dispatcher:
        """The thread that sends, started with the first paid call."""
        with self._lock:
            if self._dispatcher is None:
                made = self.server.clients(self._timeout_s, self._concurrency)
                self._dispatcher = Dispatcher(self.server, made, self.keep, self.purse, self._concurrency, self.stop)
            return self._dispatcher

    def _wait(self, jobs: dict[str, Job], limit: Limit | None) -> dict[str, Answer]:
        function = next(iter(jobs.values())).call.function
        group = Group(jobs.values())
        halted = False
        with seldom_collected():
            while not group.wait(TICK_S):
                self.show(function, len(jobs) - group.left, len(jobs))
                if not halted and self.stop.is_set():
                    self.dispatcher().halt(Stopped("stopped."))
                    halted = True
                if not halted and limit is not None and limit.passed(group.statuses):
                    self.dispatcher().halt(ProviderError("too many calls failed."))
                    halted = True
        self.show(function, len(jobs) - group.left, len(jobs))
        if limit is not None:
            limit.check(function, group.statuses)
        if isinstance(group.error, Stopped):
            raise Stopped(
                f"{function}: stopped; {group.statuses.total()} of {len(jobs)} calls were answered and are "
                "stored. Run again to go on."
            )
        if group.error is not None:
            raise group.error
        return {key: job.future.result().answer for key, job in jobs.items()}

    def show(self, function: str, done: int, total: int) -> None:
        """Call the progress callback, if there is one."""
        if self.progress is not None:
            sender = self.dispatcher()
            limit = int(sender.throttle.limit)
            self.progress(Progress(function, done, total, self.purse.spent, sender.flying, limit))

    def keep(self, finished: list[tuple[Job, Outcome]]) -> dict[Job, Job]:
        """Commit finished jobs, then book their cost; from any thread. Returns the jobs that repair some of them."""
        rows = [self._row(job, outcome) for job, outcome in finished]
        self.store.put(rows, {job.key: job.hashes for job, _ in finished})
        with self._lock:
            for (job, outcome), row in zip(finished, rows, strict=True):
                self.purse.settle(job.worst, row.cost_usd)
                self.counts[job.call.function, outcome.answer.status] += 1
                if outcome.answer.status != "ok" and outcome.said is None:
                    self._failures[job.asked] = outcome.answer
        return {job: self._repaired_by(job, outcome) for job, outcome in finished if outcome.said is not None}

    def _repaired_by(self, job: Job, outcome: Outcome) -> Job:
        """The job that shows the model its malformed answer; what comes of it is what comes of the first."""
        made = self._repair(job.key, job.call.repair(outcome.said or "", outcome.answer.error))
        made.future = job.future
        return made

    def _row(self, job: Job, outcome: Outcome) -> Row:
        call, usage, (value, status, error) = job.call, outcome.usage, outcome.answer
        kept = value if status == "ok" else outcome.said
        answer = None if kept is None else json.dumps(kept, ensure_ascii=False)
        if usage is not None:
            usd = cost(self.price(call.body["model"]), usage, outcome.batch_id is not None)
        else:  # a reply without usage may have cost the maximum; no reply costs nothing
            usd = job.worst if status != "failed" else 0.0
        counts = (usage.input or 0, usage.output or 0, *usage[2:]) if usage else (0, 0, 0, 0)
        return Row(
            job.key, call.function, self.provider, call.body["model"], status, answer, error,
            *counts, usd, outcome.latency_s, outcome.attempts, outcome.batch_id, now(), job.repairs,
        )  # fmt: skip
