"""The form an answer must have: its JSON schema for the server, and our own check of what arrives.

A server may ignore the schema, so nothing is trusted. A check takes parsed JSON and returns the value,
or raises ValueError with a reason that quotes no part of the answer.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from clio_sql.providers.protocol import Question

Check = Callable[[Any], Any]
MAX_TEXT = 1000  # characters of a facet or a description: two sentences have about 300
MAX_CATEGORY = 80
MAX_WORDS = 10  # of a name


def fields(properties: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The schema of an object with exactly these fields, as structured output requires it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def facets(questions: dict[str, Question]) -> tuple[dict[str, Any], Check]:
    """One field per facet. value: dict facet -> str, without facets whose answer cannot be used; a score is the text of
    a whole number. An answer without any facet is none."""
    schema = fields({facet: _facet_schema(question) for facet, question in questions.items()})

    def check(answer: Any) -> dict[str, str]:
        given, value, reason = _given(answer, list(questions)), {}, "the answer has none of the fields asked for"
        for facet, question in questions.items():
            if facet in given:
                try:
                    value[facet] = _facet(given[facet], question)
                except ValueError as error:
                    reason = str(error)
        if not value:
            raise ValueError(reason)
        return value

    return schema, check


def _facet_schema(question: Question) -> dict[str, Any]:
    if question.kind == "score":
        return {"type": "integer", "enum": [1, 2, 3, 4, 5]}
    if question.kind == "category" and question.choices:
        return {"type": "string", "enum": list(question.choices)}
    return {"type": "string"}


def _facet(value: Any, question: Question) -> str:
    if question.kind == "score":
        return str(_number(value, 1, 5))
    text = _text(value, MAX_CATEGORY if question.kind == "category" else MAX_TEXT)
    if question.kind != "category" or not question.choices:
        return text
    chosen = _meant(text, question.choices)
    if chosen is None:
        raise ValueError("a category is not one of its choices")
    return chosen


def _meant(text: str, allowed: Iterable[str]) -> str | None:
    """The one of `allowed` that is meant: the same, or the only one that differs in case, blanks or marks alone."""
    same = [each for each in allowed if _folded(each) == _folded(text)]
    return text if text in same else same[0] if len(same) == 1 else None


def _folded(text: str) -> str:
    """In small letters, without quotes or a full stop, a blank for - and _ within. Other marks tell C from C#."""
    bare = text.strip(" \t\r\n\"'`").removesuffix(".")
    return re.sub(r"(?<=\w)[\s_-]+(?=\w)", " ", bare).casefold()


def naming() -> tuple[dict[str, Any], Check]:
    """value: dict with 'name' (at most ten words) and 'description'; the description is written first."""

    def check(answer: Any) -> dict[str, str]:
        given = _object(answer, ["description", "name"])
        return {"name": _name(given["name"]), "description": _text(given["description"], MAX_TEXT)}

    return fields({"description": {"type": "string"}, "name": {"type": "string"}}), check


def names(n: int, most: int | None = None) -> tuple[dict[str, Any], Check]:
    """About `n` different names: from half as many (or half of `most`, if that is less) to half as many
    more. value: list of str."""
    least = max(1, math.ceil(0.5 * min(n, most if most is not None else n)))

    def check(answer: Any) -> list[str]:
        listed = _object(answer, ["names"])["names"]
        if not isinstance(listed, list):
            raise ValueError("the names are not a list")
        by_case: dict[str, str] = {}
        for name in map(_name, listed):
            by_case.setdefault(name.casefold(), name)
        distinct = list(by_case.values())
        if not least <= len(distinct) <= max(1, math.floor(1.5 * n)):
            raise ValueError(f"{len(distinct)} different names where about {n} were asked for")
        return distinct

    return fields({"names": {"type": "array", "items": {"type": "string"}}}), check


def choice(parents: list[str]) -> tuple[dict[str, Any], Check]:
    """The number of one of `parents`, from 1. value: that parent."""
    numbers = list(range(1, len(parents) + 1))

    def check(answer: Any) -> str:
        return parents[_number(_object(answer, ["parent"])["parent"], 1, len(parents)) - 1]

    return fields({"parent": {"type": "integer", "enum": numbers}}), check


def audit() -> tuple[dict[str, Any], Check]:
    """value: dict with 'rating', int from 1 to 5, and 'reason'; the reason is written first."""

    def check(answer: Any) -> dict[str, Any]:
        given = _object(answer, ["reason", "rating"])
        return {"rating": _number(given["rating"], 1, 5), "reason": _text(given["reason"], MAX_TEXT)}

    return fields({"reason": {"type": "string"}, "rating": _facet_schema(Question("", "score"))}), check


def _given(answer: Any, wanted: list[str]) -> dict[str, Any]:
    """Those of the wanted fields that are there; a model may add others, or write a name in other letters."""
    if not isinstance(answer, dict):
        raise ValueError("the answer is not an object")
    names = {name: _meant(name, answer) for name in wanted}
    return {name: answer[found] for name, found in names.items() if found is not None}


def _object(answer: Any, wanted: list[str]) -> dict[str, Any]:
    given = _given(answer, wanted)
    if len(given) < len(wanted):
        raise ValueError(f"the answer lacks {len(wanted) - len(given)} of {len(wanted)} fields")
    return given


def _number(value: Any, least: int, most: int) -> int:
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,6}\s*", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not least <= value <= most:  # True is an int to isinstance
        raise ValueError(f"a number is not a whole one from {least} to {most}")
    return value


def _text(value: Any, most: int) -> str:
    """One line of text in Latin letters, not empty."""
    if not isinstance(value, str):
        raise ValueError("a text is not a text")
    text = " ".join(value.split())
    if not text or len(text) > most:
        raise ValueError(f"a text is empty or longer than {most} characters")
    if not text.isprintable():
        raise ValueError("a text has characters that are no writing")
    letters = [character for character in text if character.isalpha()]
    strange = [letter for letter in letters if not letter.isascii()]
    latin = len(letters) - sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in strange)
    if 2 * latin < len(letters) or not any(character.isalnum() for character in text):
        raise ValueError("a text is not in English")
    return text


def _name(value: Any) -> str:
    text = _text(value, 120)
    if len(text.split()) > MAX_WORDS:
        raise ValueError(f"a name has more than {MAX_WORDS} words")
    return text
