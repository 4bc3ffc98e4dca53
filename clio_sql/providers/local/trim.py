"""What a user asks for, cut out of their own words by rule."""

from __future__ import annotations

import html
import re
from functools import lru_cache

from clio_sql.words.redact import redact

LONGEST = 240  # characters of a trimmed request; two sentences of ordinary length
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
_TURN = re.compile(r"<user>\n(.*?)\n</user>", re.S)
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+")
_ASKS = re.compile(
    r"\?|\b(?:can|could|would|will) you\b|\bi(?:'d| would)? (?:want|need|like|wish|am looking|'m looking)\b"
    r"|\b(?:i'?d|i would) (?:like|love|want)\b|\bi'?m (?:looking|trying|interested)\b|\bplease\b|\bhow (?:do|can|to)\b"
    r"|^(?:find|book|get|show|tell|give|write|make|help|check|search|reserve|look|explain|fix|create|translate)\b",
    re.I,
)
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


def user_turns(transcript: str) -> list[str]:
    """The user's turns of a transcript as `transcripts.sql` writes it, in order, unescaped."""
    turns = [html.unescape(turn[:READ]) for turn in _TURN.findall(transcript)]
    return turns if turns or "<" in transcript else [transcript[:READ]]


def own(turn: str) -> str:
    """The user's request in a turn: without reminders, code and quoted context; only what follows a label for it."""
    text = _ANSWER_LABEL.sub("", _QUOTED.sub("\n", _REMINDER.sub("\n", turn)).strip())
    after = _QUESTION_LABEL.split(text)[-1]
    return after if _says_something(after) else text


def without_addresses(text: str) -> str:
    """A text without links, tags and what stands for a picture or a file."""
    return _ADDRESS.sub(" ", text)


def _trim(sentence: str) -> str:
    before, sentence = None, _POLITE.sub(" ", sentence.replace("’", "'"))
    while before != sentence:
        before, sentence = sentence, _OPENING.sub("", sentence, count=1)
    return _CLOSING.sub("", sentence).strip(' \t,;:-–—*#>"')


@lru_cache(maxsize=16)  # request and task look at the same turns
def _said(turn: str) -> list[tuple[str, bool]]:
    """The sentences of a turn without polite phrases, each with True if it asks for something."""
    sentences = [(sentence, _trim(sentence)) for sentence in _SENTENCE.split(redact(own(turn)))]
    return [(trimmed, bool(_ASKS.search(raw.strip()))) for raw, trimmed in sentences if _says_something(trimmed)]


def _says_something(text: str) -> bool:
    """Two words, or four letters of a script without spaces."""
    wide = re.search(r"[\u0e00-\u0eff\u3040-\u30ff\u4e00-\u9fff]", text)
    return len(re.findall(r"\w+", text)) >= 2 or bool(wide and len(text) >= 4)


def _cut(text: str) -> str | None:
    """At most LONGEST characters, ending with a whole word; None for nothing."""
    if len(text) > LONGEST:
        text = text[:LONGEST].rsplit(" ", 1)[0]
    return text.strip(" .!?") or None


def request(turns: list[str]) -> str | None:
    """What the user wants overall: the first turn that says something. None if none does.

    Whole turns beat asking sentences alone: on banking77 79% against 72% of conversations
    are then in a cluster of their label. Of a turn that is too long it takes the beginning, if that asks for
    something, else the last sentences that do: the text before them is a story, or was pasted.
    """
    for turn in turns:
        said = _said(turn)
        if said:
            return _cut(" ".join(text for text, _ in _asking(said)))
    return _cut(redact(own(turns[0]))) if turns else None


def _asking(said: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """The sentences of a request: all, or, beyond LONGEST characters, those from the last one that asks.

    A sentence of few words says little without the one before it.
    """
    asks = [place for place, (_, asks) in enumerate(said) if asks]
    if sum(len(text) + 1 for text, _ in said) <= LONGEST or not asks or asks[0] == 0:
        return said
    last = asks[-1]
    return said[last - 1 if len(said[last][0].split()) < FEW else last :]


def task(turns: list[str]) -> str | None:
    """What the assistant is asked to do: the first asking sentence, or the first at all. None if there is none."""
    for turn in turns:
        said = _said(turn)
        if said:
            return _cut(next((text for text, asks in said if asks), said[0][0]))
    return request(turns)
