"""The JSON object in a model's answer, also where the model adds words of its own or writes it loosely.

A small local model writes a sentence before its JSON, thinks aloud, or leaves a comma behind. What is found is checked
like any other answer, and what a repair would have to invent or leave out is no answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
THINKING = re.compile(r"<(think|thinking|thought|reasoning)\b[^>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
KEY = re.compile(r"""[{,]\s*(["']?)([\w -]+)\1\s*:""")
MOST = 8  # objects of one answer that are looked at
LONGEST = 100_000  # characters of an answer that is searched


def values(text: str) -> Iterator[Any]:
    """The JSON in `text`, the strictest reading first: the whole of it, then objects within it, repaired where need be.

    Raises ValueError, with a reason that quotes nothing, where there is none, or a field is given twice.
    """
    fenced = FENCE.match(text)
    try:
        yield _DECODER.decode(fenced[1] if fenced else text)
        return
    except _Twice:
        raise
    except (ValueError, RecursionError):
        pass
    found = False
    for value in _objects(THINKING.sub(" ", text)[:LONGEST]):
        found = True
        yield value
    if not found:
        raise ValueError("the answer is not JSON")


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The objects that stand side by side in a text."""
    at, looked = text.find("{"), 0
    while at >= 0 and looked < MOST:
        looked += 1
        try:
            value, end = _DECODER.raw_decode(text, at)
            yield value
        except _Twice:
            raise
        except (ValueError, RecursionError):
            end = _end(text, at)
            if (repaired := _repaired(text[at:end])) is not None:
                yield repaired
        at = text.find("{", max(end, at + 1))


def _end(text: str, at: int) -> int:
    """Where the object that begins at `at` ends, or `at` where it is never closed: it was cut."""
    depth = 0
    for place in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    return at


def _repaired(text: str) -> dict[str, Any] | None:
    """What a repair makes of an object, where it neither invents nor leaves out a letter; else None."""
    if not text:
        return None
    import json_repair

    names = [name.strip() for _, name in KEY.findall(text)]
    if len({*names}) < len(names):
        raise _Twice("a field is given twice")
    try:
        value = json_repair.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and value and _letters(_spoken(value)) == _letters(text) else None


def _spoken(value: Any) -> str:
    """All that a value says, in order."""
    if isinstance(value, dict):
        return " ".join(f"{name} {_spoken(each)}" for name, each in value.items())
    if isinstance(value, list):
        return " ".join(map(_spoken, value))
    return value if isinstance(value, str) else json.dumps(value)


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


class _Twice(ValueError):
    """A field is given twice, so it is not clear which is meant."""


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _Twice("a field is given twice")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
