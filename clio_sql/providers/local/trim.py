"""What a user asks for, cut out of their own words by rule."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import NamedTuple

from clio_sql.providers.local.asking import greets, sentences
from clio_sql.words.redact import redact

LONGEST = 240  # characters of a trimmed request; two sentences of ordinary length
AROUND = 240  # characters of a request with the sentences around the one that asks
FEW = 5  # words of a sentence that needs the one before it
READ = 20_000  # characters of one turn that are looked at

# What is in a turn but is not the user's request: reminders of a client, code, and retrieved or quoted text.
_REMINDER = re.compile(r"<system[-_]reminder>.*?(?:</system[-_]reminder>|\Z)", re.S | re.I)
_QUOTED = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|^>[^\n]*"
    r"|<(context|documents?|sources?|passages?|search_results|retrieved_context|knowledge|files?|code|pre)\b[^>]*>"
    r".*?(?:</\1>|\Z)",
    re.S | re.I | re.M,
)
_ADDRESS = re.compile(
    r"https?://\S+|\bwww\.\S+|data:\S+|!?\[[^\]]*\]\([^)]*\)|<[^>]*>|\[(?:image|photo|file|bild|foto)\b[^\]]*\]", re.I
)
_MAY_HOLD_ADDRESS = re.compile(r"[<\[:]|[wW]{3}\.")
_QUESTION_LABEL = re.compile(
    r"(?:^|[.!?。！？\n>])[ \t#*]*(?:(?:the |user |user's |customer |my )?(?:question|query|request|input)|frage"
    r"|pregunta|domanda|pergunta|vraag|вопрос|السؤال|问题|問題|質問|질문)[ \t*]*[:：][ \t*]*",
    re.I,
)
_ANSWER_LABEL = re.compile(
    r"\n[ \t#*]*(?:(?:your |final )?(?:answer|response|reply|output)|assistant|antwort|respuesta|réponse|risposta"
    r"|resposta|ответ|回答|答案)[ \t*]*[:：]?[ \t*]*\Z",
    re.I,
)
_SALUTATION = re.compile(
    r"^[ \t]*(?:dear|sehr geehrte[rs]?|liebe[rs]?|estimad[oa]s?|querid[oa]s?|chère?s?|prezad[oa]s?|gentile)\b",
    re.I | re.M,
)
_SIGNATURE = re.compile(
    r"(?:^|[.!?])[ \t]*(?:(?:kind |best |warm )?regards|(?:yours )?sincerely|mit freundlichen|viele grüße|saludos"
    r"|atentamente|cordialement|atenciosamente|cordiali saluti)\b[^\n]*(?:\n[^\n]*)?",
    re.I | re.M,
)
_TWO_WORDS = re.compile(r"\w\W+\w")
_WIDE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u4e00-\u9fff]")
_TAGGED = re.compile(r"<\w+>\n")
_TURN = re.compile(r"<user>\n(.*?)\n</user>", re.S)
# Said before the request. Applied repeatedly, so that 'hi, could you please help me to' is removed entirely.
_OPENING = re.compile(
    r"^\W*(?:(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening)|greetings)(?: there| again)?\b"
    r"|(?:ok|okay|so|well|yes|yeah|also|and|then|actually|sorry|excuse me|thanks|thank you)\b(?=\s*,)"
    r"|please\b|kindly\b"
    r"|(?:can|could|would|will|do) (?:you|u)(?: please| kindly| possibly)?(?: be able to)?\b"
    r"|(?:you )?(?:help|assist) me(?: out| please)?(?: to| in| with| by)?\b"
    r"|i(?:'d| would| really| just)* (?:like|love|want|wish|need|have)(?: you)? to\b"
    r"|i(?:'d| would| really| just)* (?:like|love|want|wish|need)(?: (?:some )?help)?(?: with| in)?\b"
    r"|i(?:'m| am|m) (?:just )?(?:looking|trying|hoping|planning|going|interested|searching)(?: forward)?"
    r"(?: to| for| in)?\b"
    r"|i was (?:wondering|hoping)(?: if)?(?: you)?(?: could| can)?\b"
    r"|(?:is it|would it be) possible to\b|my question is\b)\W*",
    re.I,
)
_POLITE = re.compile(
    r"\W{0,8}\b(?:s'il (?:te|vous) pla[iî]t|por favor|bitte|per favore|merci(?: d'avance| pour (?:ton|votre) aide)?"
    r"|(?:muchas )?gracias(?: por tu ayuda)?|(?:vielen )?dank(?:e)?|obrigad[oa]|grazie|thanks in advance)\b",
    re.I,
)
_CLOSING = re.compile(
    r"\W{0,8}\b(?:please|thanks(?: a lot)?|thank you(?: very much| so much)?|can you help(?: me)?)\W{0,8}$", re.I
)

# One of which is in whatever these two find: seen at once.
_POLITE_WORDS = ("pla", "por fa", "bitte", "per fa", "merci", "gracias", "dank", "obrigad", "grazie", "in advance")
_CLOSING_WORDS = ("please", "thank", "you help")


def user_turns(transcript: str) -> list[str]:
    """The user's turns of a transcript as `clio_transcript` writes it, in order, unescaped; other text is one turn."""
    turns = [html.unescape(turn[:READ]) for turn in _TURN.findall(transcript)]
    return turns if turns or _TAGGED.match(transcript) else [transcript[:READ]]


def own(turn: str) -> str:
    """The user's request in a turn: without reminders, code and quoted context; only what follows a label for it."""
    text = turn
    if "<" in text or ">" in text or "```" in text or "~~~" in text:
        text = _QUOTED.sub("\n", _REMINDER.sub("\n", text))
    if "\n" in text:
        text = _ANSWER_LABEL.sub("", text.strip())
        text = _without_letter(text)
    text = text.strip()
    if ":" not in text and "：" not in text:
        return text
    after = _QUESTION_LABEL.split(text)[-1]
    return after if _says_something(after) else text


def _without_letter(text: str) -> str:
    """A text without the letter in it, where there is more than the letter."""
    begins = _SALUTATION.search(text)
    ends = _SIGNATURE.search(text, begins.end()) if begins else None
    if begins and ends and _says_something(outside := f"{text[: begins.start()]}\n{text[ends.end() :]}"):
        return outside
    return text


def without_addresses(text: str) -> str:
    """A text without links, tags and what stands for a picture or a file."""
    return _ADDRESS.sub(" ", text) if _MAY_HOLD_ADDRESS.search(text) else text


def _trim(sentence: str) -> str:
    sentence = sentence.replace("’", "'")
    lowered = sentence.lower()
    if any(word in lowered for word in _POLITE_WORDS):
        sentence = _POLITE.sub(" ", sentence)
    while (opening := _OPENING.match(sentence)) and opening.end():
        sentence = sentence[opening.end() :]
    if any(word in lowered for word in _CLOSING_WORDS):
        sentence = _CLOSING.sub("", sentence)
    return sentence.strip(' \t,;:-–—*#>"')


class Said(NamedTuple):
    """One sentence of the user. text: without polite phrases. asks: how surely it asks. pasted: not their words."""

    text: str
    asks: int
    pasted: bool


@lru_cache(maxsize=16)  # request and task look at the same turns
def _said(turn: str) -> tuple[Said, ...]:
    """The sentences of a turn that say something."""
    found = []
    for raw, asks, pasted in sentences(redact(own(turn))):
        if not greets(raw) and _says_something(trimmed := _trim(raw.strip())):
            found.append(Said(trimmed, asks, pasted))
    return tuple(found)


def _says_something(text: str) -> bool:
    """Two words, or four letters of a script without spaces."""
    return bool(_TWO_WORDS.search(text)) or (len(text) >= 4 and bool(_WIDE.search(text)))


def _cut(text: str) -> str | None:
    """At most LONGEST characters, ending with a whole word; None for nothing."""
    if len(text) > LONGEST:
        text = text[:LONGEST].rsplit(" ", 1)[0]
    return text.strip(" .!?") or None


def request(turns: list[str]) -> str | None:
    """What the user wants overall: the sentence that asks, of the first turn that says something. None if none does.

    What the user says around it belongs to it where all of it is at most AROUND characters: on banking77 79% of
    conversations are then in a cluster of their label, and 72% with the asking sentences alone. Of more than that only
    the sentence before stays, if the one that asks has few words and says little without it.
    """
    for turn in turns:
        if said := _said(turn):
            return _cut(_in_context(said, _asking(said)))
    return _cut(redact(own(turns[0]))) if turns else None


def _asking(said: tuple[Said, ...]) -> int:
    """The place of the sentence that asks most surely, of equals the last; if none asks, the user's first."""
    most = max(each.asks for each in said)
    if most > 0:
        return max(place for place, each in enumerate(said) if each.asks == most)
    return next((place for place, each in enumerate(said) if not each.pasted), 0)


def _in_context(said: tuple[Said, ...], asking: int) -> str:
    """The sentence at `asking`, with what the user wrote around it if that is short."""
    around = [each.text for place, each in enumerate(said) if place == asking or not each.pasted]
    whole = " ".join(around)
    if len(whole) + len(_WIDE.findall(whole)) <= AROUND:  # a sign for a syllable or a word counts twice
        return whole
    text = said[asking].text
    return f"{said[asking - 1].text} {text}" if asking and len(text.split()) < FEW else text


def task(turns: list[str]) -> str | None:
    """What the assistant is asked to do: the sentence that asks, or the first at all. None if there is none.

    A sentence of few words says little without the one before it.
    """
    for turn in turns:
        if said := _said(turn):
            return _cut(said[_asking(said)].text)
    return request(turns)
