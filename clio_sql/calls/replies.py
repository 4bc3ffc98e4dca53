"""What the door for paid work hands out: counts, progress, an estimate, the limit of failures."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from clio_sql.calls.messages import Answer
from clio_sql.errors import ProviderError


class Progress(NamedTuple):
    """Where a step stands. in_flight: requests under way; limit: how many may be at the moment."""

    function: str
    done: int
    total: int
    spent_usd: float
    in_flight: int
    limit: int


class Plan(NamedTuple):
    """What a list of calls would cost before any is made: `calls` distinct, of which `stored` cost
    nothing; tokens, dollars and seconds are those of the rest. seconds: None where no such call was ever timed.
    repairs: how many of the calls ask again for an answer that cannot be read, at the share so far."""

    calls: int
    stored: int
    tokens_in: int
    tokens_out: int
    usd: float
    seconds: float | None = None
    repairs: int = 0

    def plus(self, other: Plan) -> Plan:
        """What both lists of calls would cost."""
        calls, stored = self.calls + other.calls, self.stored + other.stored
        tokens_in, tokens_out = self.tokens_in + other.tokens_in, self.tokens_out + other.tokens_out
        seconds = None if None in (self.seconds, other.seconds) else (self.seconds or 0.0) + (other.seconds or 0.0)
        repairs = self.repairs + other.repairs
        return Plan(calls, stored, tokens_in, tokens_out, self.usd + other.usd, seconds, repairs)


FAILED = ("truncated", "malformed", "failed")
OVER_BUDGET = "the budget of the run is used up"


class Step(NamedTuple):
    """What `Calls.fill` knows about the step that its calls belong to. whole: how many calls the step
    has, including those of earlier runs; before: statuses of earlier parts; last: no part comes after."""

    whole: int
    before: Counter[str]
    last: bool


class Limit(NamedTuple):
    """How many calls of a step may fail: `allowed` of `total`; `known` counts those already answered."""

    allowed: float
    total: int
    known: Counter[str]

    def passed(self, statuses: Counter[str]) -> bool:
        """Whether too many failed, including `statuses`."""
        return sum(self.known[status] + statuses[status] for status in FAILED) > self.allowed

    def check(self, function: str, statuses: Counter[str]) -> None:
        """Raise ProviderError if too many failed."""
        if self.passed(statuses):
            counts = {status: self.known[status] + statuses[status] for status in FAILED}
            listed = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
            raise ProviderError(
                f"{function}: of {self.total} calls {listed}; at most {self.allowed / self.total:.0%} may "
                "fail. See clio_state.call_errors; what was answered is stored. Run again to try the rest."
            )


def require_budget(calls: int, max_usd: float, last: bool = True) -> None:
    """Raise ProviderError if that many calls were left out because the budget is used up. last: no part comes after."""
    if calls:
        left = f"{calls:,}" if last else f"at least {calls:,}"
        raise ProviderError(
            f"the budget of ${max_usd:g} is used up; {left} calls are still to be made. What was answered is "
            "stored. Run the same command again with a higher --max-usd to go on."
        )


def statuses_of(answers: dict[str, Answer]) -> Counter[str]:
    return Counter(answer.status for answer in answers.values())
