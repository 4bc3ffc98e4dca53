"""Which sentence of a text asks for something: by question marks, question words, imperatives and 'I want'.

The words are in `words/lexicons/asking.txt`.

What stands around a request loses: greetings, pasted code, logs, quoted text, letters, and whatever was pasted behind
'translate this:'. Sentences end where ICU says that they do, in any script.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from clio_sql.words.words import lexicon

MARK, CUE, SHORT, PASTED = 2, 2, -1, -8  # what counts for a sentence, and against it
FEW = 5  # words; fewer say little beside another sentence
SYMBOLS = 0.12  # share of signs of code, from which a line is code
_ENDS = re.compile(r"[.!?…]\s|[\n\u0589\u061f\u06d4\u0964\u0965\u1362\u1367\u17d4\u104b\u3002\uff01\uff0e\uff1f\uff61]")
_MARKED = re.compile(r"[?？؟፧]")
_SIGNS = re.compile(r"[{}()\[\];=<>_\\|$#*/+&^~`@%]")
_WORD = re.compile(r"[^\W\d_](?:[\w'’-]*\w)?")
_MARKS = re.compile(r"""[{}()\[\];=<>_\\|$#*/+&^~`@%"“„«「『']""")
_LINES = re.compile(
    r"^\W{0,3}(?:\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d)"  # a log begins with a time
    r"|^\W{0,3}(?:ERROR|WARN(?:ING)?|INFO|DEBUG|FATAL|TRACE|Traceback|Exception|Caused by)\b\W"
    r"|^\s*at [\w.$]+\(|^\s*File \"[^\"]*\", line \d|\b\w+(?:Error|Exception): "
    r"|^\s*(?:From|To|Cc|Subject|Sent|Date|Von|An|Betreff|De|Para|Asunto|Objet): "  # a mail
    r"|[;{}]\s*$"
)
_QUOTED = re.compile(r"""^\s*(?:["“„«「『].*["”“»」』]|'[^']*'|>.*)\s*[.,]?\s*$""", re.S)
_HANDS_OVER = re.compile(r"[:：]\s*$|\b(?:this|following|below)\b[^.:：]{0,40}[:：]\s", re.I)


class Sentence(NamedTuple):
    """text: as written. asks: how surely it asks, not at all from 0 down. pasted: not the user's own words."""

    text: str
    asks: int
    pasted: bool


class _Cues(NamedTuple):
    """Of `asking.txt`: first word -> the phrases that begin with it, as words; letters; and words of greetings."""

    start: dict[str, list[tuple[str, ...]]]
    anywhere: dict[str, list[tuple[str, ...]]]
    part: list[str]
    greeting: frozenset[str]


@cache
def _cues() -> _Cues:
    found: dict[str, list[str]] = {}
    for line in lexicon("asking"):
        kind, phrases = line.split(": ", 1)
        found.setdefault(kind, []).extend(phrase.strip() for phrase in phrases.split("|"))
    starts, anywhere = _by_first(found["start"]), _by_first(found["anywhere"])
    return _Cues(starts, anywhere, found["part"], frozenset(found["greeting"]))


def _by_first(phrases: list[str]) -> dict[str, list[tuple[str, ...]]]:
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        first, *rest = phrase.split()
        by_first.setdefault(first, []).append(tuple(rest))
    return by_first


def split(text: str) -> list[str]:
    """The sentences of a text, by ICU; a line ends one."""
    if not _ENDS.search(text):
        return [text]
    from icu4py.breakers import SentenceBreaker

    return [text[start:end] for start, end in SentenceBreaker(text, "und").segments()]


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text that say something, in order, and how surely each asks."""
    parts = split(text)
    if len(parts) == 1:
        return [Sentence(text, asks(text), False)]
    foreign = bool(_LINES.search(text) or _MARKS.search(text))
    read, handed = [], False
    for place, part in enumerate(parts):
        if part.isspace():
            handed = handed and place + 1 < len(parts) - 2  # the last paragraph is the user's again
            continue
        pasted = handed or (foreign and _foreign(part))
        read.append(Sentence(part, asks(part) + (PASTED if pasted else 0), pasted))
        handed = handed or (not pasted and bool(_HANDS_OVER.search(part)))
    return read


def asks(sentence: str) -> int:
    """MARK for a question mark, CUE for words that ask, less for a sentence of hardly a word."""
    words = [word.replace("’", "'") for word in _WORD.findall(sentence.casefold())]
    spoken = (MARK if _MARKED.search(sentence) else 0) + (CUE if _cued(sentence, words) else 0)
    return spoken + SHORT if spoken and len(words) < FEW and sentence.isascii() else spoken


def _cued(sentence: str, words: list[str]) -> bool:
    start, anywhere, parts, _ = _cues()
    if words and _begins(start, words, 0):
        return True
    if any(word in anywhere and _begins(anywhere, words, place) for place, word in enumerate(words)):
        return True
    return not sentence.isascii() and any(part in sentence for part in parts)


def _begins(phrases: dict[str, list[tuple[str, ...]]], words: list[str], at: int) -> bool:
    """Whether one of the phrases stands at that word."""
    found = phrases.get(words[at], ())
    return any(tuple(words[at + 1 : at + 1 + len(rest)]) == rest for rest in found)


def greets(sentence: str) -> bool:
    """True for a sentence of words of greetings and thanks alone."""
    words = _WORD.findall(sentence.casefold())
    return bool(words) and len(words) <= 12 and all(word.replace("’", "'") in _cues().greeting for word in words)


def _foreign(sentence: str) -> bool:
    """Whether it looks like code, a log, part of a mail, or a quotation."""
    if _LINES.search(sentence) or _QUOTED.match(sentence):
        return True
    return len(_SIGNS.findall(sentence)) > max(3, SYMBOLS * len(sentence))
