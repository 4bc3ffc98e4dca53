"""A language model, through a server of either API (`calls/servers.py`): prompts out, checked answers in.

The instructions are `udfs/prompts/*.txt`: above the line `---` is what is the same for every request of an
analysis (and cached by the server), below it the part that varies. Whatever comes from conversations
is put between two lines with a mark that its writer cannot know: a hash of the whole text.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from clio_sql.calls import Calls
from clio_sql.calls.messages import Answer, Call
from clio_sql.calls.replies import Progress, Step
from clio_sql.providers.prompted import answers as form
from clio_sql.providers.protocol import Broaden, Choose, Extract, Name, Question
from clio_sql.runtime import MODEL, NAMING_MODEL

PROMPT_VERSION = "1"  # raised when rendering or checking changes although no prompt does
TRANSCRIPT_TOKENS = 8_000  # four characters each; longer transcripts lose their middle
TEXTS = 20  # members, and as many neighbours, in one naming prompt
TEXT_CHARACTERS = 400  # of one of them
TERMS = 60
BANDS = ("most", "about half", "some")  # of the users: from 60%, from 30%, fewer
SHARE = re.compile(r"(.*) \((\d+)%\)", re.DOTALL)
AGAIN = "Too few people of the group used the words of the list avoid: use none of them, in no form. "
CRITERIA = "one that says what the users wanted, specific and plain"


class Prompted:
    """The providers `anthropic` and `openai`. calls: makes paid calls. model: answers extract, choose and audit;
    naming_model: name, propose and merge."""

    paid = True

    def __init__(
        self,
        calls: Calls,
        model: str = MODEL,
        naming_model: str = NAMING_MODEL,
        transcript_tokens: int = TRANSCRIPT_TOKENS,
    ) -> None:
        self.calls, self.transcript_tokens = calls, transcript_tokens
        self.model, self.naming_model = model, naming_model
        self._failed = Counter[str]()
        for wanted in (model, naming_model):
            calls.price(wanted)  # an unknown price is found before any work

    def extract(self, requests: list[Extract]) -> list[Answer]:
        """All facets of a conversation in one call."""
        return self._answer("extract", requests)

    def name(self, requests: list[Name]) -> list[Answer]:
        """A description and a name for each group."""
        return self._answer("name", requests)

    def propose(self, requests: list[Broaden]) -> list[Answer]:
        """About n broader names."""
        return self._answer("propose", requests)

    def merge(self, requests: list[Broaden]) -> list[Answer]:
        """About n distinct names out of a longer list."""
        return self._answer("merge", requests)

    def choose(self, requests: list[Choose]) -> list[Answer]:
        """The best parent, always one of those given."""
        return self._answer("choose", requests)

    def audit(self, texts: list[str]) -> list[Answer]:
        """How privacy-preserving each text is."""
        return self._answer("audit", texts)

    def requests(self, function: str, requests: Sequence[Any]) -> list[Call]:
        """The calls of these requests, not made: for `Calls.plan` and `Calls.fill`. A request that needs
        no call (one parent to choose from) has none."""
        return [call for request in requests if (call := self._call(function, request)) is not None]

    def begin(self) -> None:
        """Start a new run: see `Calls.begin`."""
        self.calls.begin()
        self._failed = Counter[str]()

    def close(self) -> None:
        """End the thread and the connections to the server."""
        self.calls.close()

    def send(self, function: str, requests: Sequence[Any]) -> None:
        """Create the Message Batches of these requests and do not wait."""
        self.calls.send(self.requests(function, requests))

    def fill(
        self,
        function: str,
        requests: Sequence[Any],
        max_error_ratio: float | None,
        told: Callable[[int], None],
        step: Step,
    ) -> Counter[str]:
        """Get the answers of these requests into the store; their statuses. told: is given how many more are done."""
        shown = 0

        def progress(now: Progress) -> None:
            nonlocal shown
            told(now.done - shown)
            shown = now.done

        self.calls.progress = progress
        try:
            return self.calls.fill(self.requests(function, requests), max_error_ratio, step)
        finally:
            self.calls.progress = None

    def failures(self) -> Counter[str]:
        """How many answers of this run failed, by status; a refusal is an answer."""
        return self._failed

    def _answer(self, function: str, requests: Sequence[Any]) -> list[Answer]:
        calls = [self._call(function, request) for request in requests]
        answered = self.calls.answer([call for call in calls if call is not None])
        self._failed.update(answer.status for answer in answered if answer.status not in ("ok", "refused"))
        paid = iter(answered)
        return [_without_call(function, request) or next(paid) for request in requests]

    def _call(self, function: str, request: Any) -> Call | None:
        if _without_call(function, request) is not None:
            return None
        return RENDER[function](self, request)

    def _extract(self, request: Extract) -> Call:
        questions = "\n".join(_question(facet, question) for facet, question in request.questions.items())
        transcript = shorten(request.transcript, self.transcript_tokens)
        schema, check = form.facets(request.questions)
        long = sum(question.kind == "text" for question in request.questions.values())
        short = len(request.questions) - long
        return self._made(
            "extract", self.model, schema, check, (request.transcript,),
            max_tokens=100 + 250 * long + 40 * short, answer_tokens=10 + 24 * long + 6 * short,
            data=fence(transcript, request.transcript), questions=questions,
        )  # fmt: skip

    def _name(self, request: Name) -> Call:
        members, neighbours = request.members[:TEXTS], request.neighbours[:TEXTS]
        schema, check = form.naming()
        data = {"group": _clip(members) or _by_share(request.terms[:TERMS])}
        data["nearby"] = _clip(neighbours) if members else _by_share(neighbours)
        if members:
            data["terms"] = request.terms[:TERMS]
        data["taken"] = request.taken[:TERMS]
        if request.avoid:
            data["avoid"] = request.avoid[:TERMS]
        return self._made(
            "name", self.naming_model, schema, check, (*members, *neighbours),
            max_tokens=500, answer_tokens=90, data=_json_fence(data), criteria=_criteria(request.criteria),
            again=AGAIN if request.avoid else "", instructions="name" if members else "name_terms",
        )  # fmt: skip

    def _propose(self, request: Broaden) -> Call:
        return self._broaden("propose", request, *form.names(request.n))

    def _merge(self, request: Broaden) -> Call:
        return self._broaden("merge", request, *form.names(request.n, len(set(request.names))))

    def _broaden(self, function: str, request: Broaden, schema: dict[str, Any], check: form.Check) -> Call:
        return self._made(
            function, self.naming_model, schema, check, tuple(request.names),
            max_tokens=200 + 60 * request.n, answer_tokens=10 + 10 * request.n,
            data=_json_fence({"names": request.names}), n=str(request.n),
            criteria=_criteria(request.criteria),
        )  # fmt: skip

    def _choose(self, request: Choose) -> Call:
        # Shuffled, so that no parent gains from its position, but always the same way, so that it is one call.
        parents = sorted(set(request.parents), key=lambda parent: _mark(f"{request.name}\n{parent}"))
        schema, check = form.choice(parents)
        numbered = [{"number": number, "name": parent} for number, parent in enumerate(parents, start=1)]
        return self._made(
            "choose", self.model, schema, check, (request.name, *parents), max_tokens=60, answer_tokens=8,
            data=_json_fence({"group": request.name, "parents": numbered}),
        )  # fmt: skip

    def _audit(self, text: str) -> Call:
        schema, check = form.audit()
        return self._made(
            "audit", self.model, schema, check, (text,), max_tokens=250, answer_tokens=35,
            data=fence(text, text),
        )  # fmt: skip

    def _made(
        self, function: str, model: str, schema: dict[str, Any], check: form.Check, inputs: tuple[str, ...],
        max_tokens: int, answer_tokens: int, data: str, instructions: str = "", **words: str,
    ) -> Call:  # fmt: skip
        fixed, variable = prompt(instructions or function)
        system = {"type": "text", "text": fixed.substitute(words), "cache_control": {"type": "ephemeral"}}
        body = {
            "model": model,
            "max_tokens": max_tokens,
            "system": [system],
            "messages": [{"role": "user", "content": variable.substitute(words, data=data)}],
            "thinking": {"type": "disabled"},
            "output_config": {"format": {"type": "json_schema", "schema": schema}},
        }
        return Call(function, body, check, inputs, PROMPT_VERSION, answer_tokens, complaint())


RENDER: dict[str, Callable[[Prompted, Any], Call]] = {
    "extract": Prompted._extract,
    "name": Prompted._name,
    "propose": Prompted._propose,
    "merge": Prompted._merge,
    "choose": Prompted._choose,
    "audit": Prompted._audit,
}


def _without_call(function: str, request: Any) -> Answer | None:
    """The answer if there is nothing to ask: no parent or one, no name, no question; else None."""
    if function == "choose" and len(set(request.parents)) < 2:
        parents = list(request.parents)
        return Answer(parents[0]) if parents else Answer(None, "failed", "there is no parent to choose from")
    if function in ("propose", "merge") and not (request.names and request.n >= 1):
        return Answer(None, "failed", "there are no names, or fewer than one is wanted")
    if function == "name" and not (request.members or request.terms):
        return Answer(None, "failed", "there is neither a text nor a phrase to name from")
    if function == "extract" and not request.questions:
        return Answer({})
    return None


@cache
def prompt(function: str) -> tuple[Template, Template]:
    """The fixed instructions of a function and the part that varies."""
    text = (files("clio_sql.udfs") / "prompts" / f"{function}.txt").read_text(encoding="utf-8")
    fixed, _, variable = text.partition("\n---\n")
    return Template(fixed.strip()), Template(variable.strip())


@cache
def complaint() -> str:
    """What the model is told about an answer that cannot be read, with $error for the reason."""
    return (files("clio_sql.udfs") / "prompts" / "repair.txt").read_text(encoding="utf-8").strip()


def shorten(text: str, tokens: int) -> str:
    """`text` itself, or its two ends with a mark of how much was left out, at four characters a token."""
    room = 4 * tokens
    if len(text) <= room:
        return text
    kept = max(0, room - 60) // 2  # the mark takes up to 60 characters
    end = text[len(text) - kept :]
    return f"{text[:kept]}\n[… {len(text) - 2 * kept} characters left out here …]\n{end}"


def fence(shown: str, whole: str) -> str:
    """`shown` between two lines with the mark of `whole`, which no text can contain on purpose: writing
    it down changes it."""
    mark = _mark(whole)
    return f"<<{mark}\n{shown}\n{mark}>>"


def _json_fence(data: dict[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False)
    return fence(text, text)


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _clip(texts: list[str]) -> list[str]:
    return [text if len(text) <= TEXT_CHARACTERS else text[:TEXT_CHARACTERS] + "…" for text in texts]


def _by_share(phrases: list[str]) -> list[str]:
    """Phrases with their shares in words, those of most users first, each band in alphabetical order.

    The order of the phrases by how telling they are, and shares in numbers, depend on single users.
    """
    banded = [_band(phrase) for phrase in phrases]
    return [f"{phrase} ({BANDS[band]})" if band < len(BANDS) else phrase for band, phrase in sorted(banded)]


def _band(phrase: str) -> tuple[int, str]:
    """The number of the band of a phrase with a share, as `name_requests` writes it; the last one where it has none."""
    found = SHARE.fullmatch(phrase)
    if found is None:
        return len(BANDS), phrase
    return (0 if int(found[2]) >= 60 else 1 if int(found[2]) >= 30 else 2), found[1]


def _criteria(criteria: str) -> str:
    """What completes the sentence 'A good name here is', as given by the facet."""
    return " ".join(criteria.split()).rstrip(".") or CRITERIA


def _question(facet: str, question: Question) -> str:
    """One line of the prompt. Long lists of choices are only in the schema, since they cost tokens."""
    if question.kind == "score":
        return f"- {facet}: {question.question} (1 to 5)"
    if question.kind == "category" and 0 < len(question.choices) <= 12:
        return f"- {facet}: {question.question} (one of: {'; '.join(question.choices)})"
    return f"- {facet}: {question.question}"
