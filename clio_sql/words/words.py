"""What is known about a word: its lemma, and whether it is ordinary, a function word or vague.

Ordinary words are those of the English Hunspell dictionary (as spylls ships it) that are not
also a person's name, a place or a brand: the dictionary capitalises those, so
'mark', 'rose' and 'apple' are not ordinary although they are words. Its flags say which words
have the endings of verbs and nouns. Lemmas come from simplemma, tried in the order of `LANGUAGES`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from clio_sql.words import dictionaries

LANGUAGES = ("en", "es", "fr", "de", "pt", "it")
OTHER_SCRIPTS = ("ar", "hi", "ja", "ko", "ru", "zh")  # of these the function words are known too
_PREFIXES = {"re": "A", "un": "U", "dis": "E", "in": "I", "de": "C", "con": "F", "pro": "K"}  # and their flags
_LIGHT = re.compile("[\u3041-\u309fー]+|[\u3400-\u4dbf\u4e00-\u9fff]")  # hiragana alone is mostly grammar
_PARTICLE = re.compile(  # of Korean, at the end of a word of at least three syllables
    "(?<=[\uac00-\ud7af]{2})(?:에서는|으로는|에서|에게|으로|까지|부터|이나|에는|하고|[은는이가을를에의와과도만로])$"
)


class Word(NamedTuple):
    """lemma: lower case. ordinary: in the public word list. stop: a function word. vague: says nothing.

    task: in `lexicons/task_words.txt`, whose words need no support by users. sensitive: its kind in
    `lexicons/sensitive_*.txt`, None for any other word. part: its part of speech in English, see `part`.
    """

    lemma: str
    ordinary: bool
    stop: bool
    vague: bool
    task: bool
    sensitive: str | None
    part: str | None


def lexicon(name: str) -> list[str]:
    """The lines of `lexicons/<name>.txt` without comments and blank lines."""
    text = (files("clio_sql.words") / "lexicons" / f"{name}.txt").read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@cache
def _dictionary() -> tuple[frozenset[str], frozenset[str]]:
    """Stems of the English dictionary: those written in lower case, and those written with a capital."""
    # spylls itself also prepares misspellings of each word, which takes half a second
    text = (files("spylls.hunspell") / "data" / "en" / "en_US.dic").read_text("utf-8")
    stems = [line.partition("/")[0].strip() for line in text.splitlines()[1:]]  # 'stem/flags' after the number of lines
    return (
        frozenset(stem for stem in stems if stem.islower()),
        frozenset(stem.lower() for stem in stems if stem[:1].isupper()),
    )


@cache
def _flags() -> dict[str, str]:
    """Word -> its flags in the English dictionary: M of a noun (has 's), D and G of a verb (has -ed, -ing), …"""
    text = (files("spylls.hunspell") / "data" / "en" / "en_US.dic").read_text("utf-8")
    entries = [line.partition("/") for line in text.splitlines()[1:]]
    return {stem.strip(): flags.split(" ")[0].strip() for stem, _, flags in entries if stem.islower()}


@cache
def _function_words() -> frozenset[str]:
    from stop_words import get_stop_words

    english = [word for line in lexicon("function_words") for word in line.split()]
    listed = [language for language in (*LANGUAGES, *OTHER_SCRIPTS) if language != "en"]
    others = [word for language in listed for word in get_stop_words(language)]
    others += [word for line in lexicon("function_words_other_scripts") for word in line.split()]
    content = {word for line in lexicon("english_first") for word in line.split()}
    return frozenset(english) | (frozenset(others) - content)


@cache
def _vague() -> frozenset[str]:
    return frozenset(word for line in lexicon("vague") for word in line.split())


def _says_little(text: str) -> bool:
    return text in _function_words() or bool({text, lemma(text)} & _vague()) or bool(_LIGHT.fullmatch(text))


def common(text: str) -> bool:
    """True for a word that the English dictionary has in lower case, inflected or not."""
    return bool({text, lemma(text, ("en",))} & _dictionary()[0])


def proper(text: str) -> bool:
    """True for a word that the English dictionary has capitalised."""
    return text in _dictionary()[1]


@cache
def _task() -> frozenset[str]:
    return frozenset(word for line in lexicon("task_words") for word in line.split())


@cache
def sensitive_words() -> dict[str, str]:
    """word -> its kind, for all languages; a word of several kinds has the first."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        found = classes(f"sensitive_{language}") | found
    return found


@cache
def classes(name: str) -> dict[str, str]:
    """word -> its class, or the first of several, from a lexicon whose lines are 'class: words'."""
    found: dict[str, str] = {}
    for line in lexicon(name):
        kind, _, listed = line.partition(": ")
        for word in listed.split():
            found.setdefault(word, kind)
    return found


def personal(word: str) -> bool:
    """True for a noun for one person, a trait, a private matter or a small place ('vicar', 'blind', 'parish').

    Although ordinary, it can identify someone, so it passes only if enough users wrote it.
    """
    person = classes("people").get(word, "generic") != "generic"
    return person or classes("narrowing").get(word) in ("attribute", "matter", "place")


def lemma(word: str, languages: tuple[str, ...] = LANGUAGES) -> str:
    """The dictionary form of a lower-cased word, lower-cased; the word itself if none is known."""
    if "\uac00" <= word[-1:] <= "\ud7af":
        return _PARTICLE.sub("", word)
    return dictionaries.lemma(word, languages).lower() if word else word


def ordinary(word: str) -> bool:
    """True for an English dictionary word, inflected or not, that is not the name of anyone or anything.

    A hyphenated word is ordinary when the dictionary has it, or all of its parts
    are ordinary or function words.
    """
    common, names = _dictionary()
    forms = {word, lemma(word, ("en",))}
    if forms & names:
        return False
    if forms & common:
        return True
    return "-" in word and all(part in _function_words() or ordinary(part) for part in word.split("-"))


def _parts(text: str) -> list[str]:
    """A word split at its hyphens and apostrophes: "j'ai" says as little as its parts."""
    return [text] if text in _function_words() else [part for part in re.split("[-']", text) if part]


@lru_cache(maxsize=200_000)
def stop(text: str) -> bool:
    """True for a function word, or one made of them."""
    parts = _parts(text)
    return bool(parts) and all(part in _function_words() for part in parts)


@lru_cache(maxsize=200_000)
def plain(text: str) -> bool:
    """True for an ordinary word or a function word; only in English, whose dictionary is loaded at once."""
    return stop(text) or ordinary(text)


def _flags_of(stem: str) -> set[str]:
    """The flags of a stem, and of it without a prefix that the dictionary allows: 'unblock' is 'block' with U."""
    found = set(_flags().get(stem, ""))
    for prefix, flag in _PREFIXES.items():
        rest = _flags().get(stem[len(prefix) :], "") if stem.startswith(prefix) else ""
        found |= set(rest) if flag in rest else set()
    return found


def part(text: str) -> str | None:
    """The part of speech of an English word, where its endings tell. None for any other word.

    'verb' ('accepts'), 'verb or noun' ('watch'), 'past' ('declined', 'got'), 'ing' ('paying') or 'adjective' ('cheap').
    """
    stem = lemma(text, ("en",))
    flags = _flags_of(stem)
    inflected = {f"{stem}{stem[-1:]}ed", re.sub("e$", "ing", stem)} - {
        stem,
        "ed",
    }  # 'topped' and 'taking' stand for themselves
    if {"D", "G"} & flags or ("S" in flags and "M" not in flags) or inflected & _flags().keys():
        if text in (stem, f"{stem}s", f"{stem}es") or text.endswith("ies"):
            return "verb or noun" if "M" in flags else "verb"
        return "ing" if text.endswith("ing") else "past"
    return "adjective" if {"P", "T", "Y"} & flags and not {"M", "S"} & flags else None


def task(text: str) -> bool:
    """True for a task word in any form, or a word made of such and function words."""
    return all({part, lemma(part, ("en",))} & _task() or stop(part) for part in _parts(text)) and bool(text)


def sensitive(text: str) -> str | None:
    """The kind of a word about what people keep to themselves: of the word, its dictionary form, or a part of it."""
    kinds = sensitive_words()
    forms = [form for part in (text, *_parts(text)) for form in (part, lemma(part))]
    return next((kinds[form] for form in forms if form in kinds), None)


@lru_cache(maxsize=200_000)
def word(text: str) -> Word:
    """Everything that is known about one lower-cased word.

    The lemma of a sensitive word is the word itself, unless its dictionary form is sensitive too: 'depressed'
    is not supported by 'depressing'.
    """
    parts = _parts(text)
    vague = bool(parts) and all(map(_says_little, parts))
    kind = None if stop(text) else sensitive(text)
    form = lemma(text) if kind is None or lemma(text) in sensitive_words() else text
    return Word(form, ordinary(text), stop(text), vague, kind is None and task(text), kind, part(text))
