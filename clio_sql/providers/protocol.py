"""What is asked of a provider and what it answers: the requests of the six functions, and the answer.

Every method takes a list of requests and returns one `Answer` per request, in the same order. A provider never raises
for one bad request: that is a status.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from clio_sql.calls import Calls
    from clio_sql.calls.messages import Answer, Call
    from clio_sql.calls.replies import Step

KINDS = ("text", "category", "score")  # of a question; a score is 1 to 5
STATUSES = ("ok", "refused", "truncated", "malformed", "failed", "over_budget")


class Question(NamedTuple):
    """One facet asked of a conversation. kind: text, category or score (1 to 5)."""

    question: str
    kind: str = "text"
    choices: tuple[str, ...] = ()


def without_choices(facet: str | None, choices: object, free: bool) -> str | None:
    """What is wrong with the choices of a category, None if nothing is.

    An empty list lets any word be the answer, if a language model answers (free). Of the local provider's answers only
    the language of a conversation is such a word.
    """
    if choices is None:
        return "is a category without choices. Give choices such as ['a', 'b'], or [] where any word may be the answer."
    if choices == [] and not free and facet != "language":
        return "is a category without choices, which the local provider cannot answer. Give choices such as ['a', 'b']."
    return None


class Extract(NamedTuple):
    """One transcript and all its questions, answered together. value: dict facet -> str or None."""

    transcript: str
    questions: dict[str, Question]


class Name(NamedTuple):
    """One group to name. value: dict with 'name' and 'description'.

    terms: supported phrases, the most telling first. taken: phrases that fit a sibling
    better and so may describe, but not name, this group. avoid: words that the answer may not contain.
    """

    members: list[str]
    neighbours: list[str]
    criteria: str
    terms: list[str]
    taken: list[str]
    avoid: list[str]


class Broaden(NamedTuple):
    """Names to propose broader ones for, or to merge into about `n`. value: list of str."""

    names: list[str]
    n: int
    criteria: str


class Choose(NamedTuple):
    """One name and the parents to choose from. value: str, always one of `parents`."""

    name: str
    parents: list[str]


class Provider(Protocol):
    """What the functions need from a provider. paid: its answers cost money and are kept in the call store."""

    paid: bool

    def extract(self, requests: list[Extract]) -> list[Answer]: ...
    def name(self, requests: list[Name]) -> list[Answer]: ...
    def propose(self, requests: list[Broaden]) -> list[Answer]: ...
    def merge(self, requests: list[Broaden]) -> list[Answer]: ...
    def choose(self, requests: list[Choose]) -> list[Answer]: ...

    def audit(self, texts: list[str]) -> list[Answer]:
        """value: dict with 'rating' (1 names a person, 5 nothing identifying) and 'reason'."""
        ...

    def close(self) -> None:
        """Close what it holds open."""
        ...


class PaidProvider(Provider, Protocol):
    """What a build also needs from a provider whose answers cost money."""

    calls: Calls

    def begin(self) -> None:
        """Start a new run: failures and money spent are counted from here on."""
        ...

    def requests(self, function: str, requests: Sequence[Any]) -> list[Call]:
        """The calls of these requests, not made."""
        ...

    def send(self, function: str, requests: Sequence[Any]) -> None:
        """Create the Message Batches of these requests and do not wait."""
        ...

    def fill(
        self,
        function: str,
        requests: Sequence[Any],
        max_error_ratio: float | None,
        told: Callable[[int], None],
        step: Step,
    ) -> Counter[str]:
        """Get the answers of these requests into the store; their statuses. told: is given how many more are done."""
        ...

    def failures(self) -> Counter[str]:
        """How many answers of this run failed, by status; a refusal is an answer."""
        ...
