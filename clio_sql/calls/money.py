"""The limits on calls in flight and on dollars spent."""

from __future__ import annotations

import threading

RECOVERY_S = 1.0  # limits are halved at most once per this time: one burst of 429s is one event
CROWDED = 0.25  # share of the last replies that were 429s, above which the limit does not grow


class Throttle:
    """How many calls may be in flight: halved on 429 or 529, one more with each answer.

    A few 429s among many answers hardly slow it, as it grows back within a second; when they are many
    it stays low, and when they are all there is, nothing is sent before `closed_until`. Times are
    monotonic seconds, given by the caller.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        self.share = 0.0  # share of the last replies (about 16) that were 429 or 529
        self.streak = 0  # 429s since the last answer
        self.halved = float("-inf")
        self.closed_until = 0.0

    def limited(self, now: float, wait: float) -> None:
        """A 429 or 529 came; its call may be sent again after `wait` seconds."""
        self.share += (1 - self.share) / 16
        self.streak += 1
        if now - self.halved >= RECOVERY_S:
            self.limit, self.halved = max(1.0, self.limit / 2), now
        if self.streak >= min(8.0, self.limit):
            self.closed_until = max(self.closed_until, now + wait)

    def answered(self) -> None:
        """The server took a call."""
        self.share -= self.share / 16
        self.streak = 0
        if self.share < CROWDED:
            self.limit = min(float(self.most), self.limit + 1)


class Purse:
    """The money of a run: what was spent, and what calls in flight may cost at worst. Thread-safe."""

    def __init__(self, max_usd: float) -> None:
        self.max_usd = max_usd
        self.spent = 0.0
        self.reserved = 0.0
        self._lock = threading.Lock()

    def take(self, usd: float) -> bool:
        """Reserve `usd` if everything spent and reserved stays within the budget."""
        with self._lock:
            fits = self.spent + self.reserved + usd <= self.max_usd
            self.reserved += usd if fits else 0.0
        return fits

    def reset(self) -> None:
        """Start a new run with nothing spent; calls in flight stay reserved."""
        with self._lock:
            self.spent = 0.0

    def settle(self, reserved: float, spent: float) -> None:
        """Release what `take` reserved and book the real cost."""
        with self._lock:
            self.reserved -= reserved
            self.spent += spent
