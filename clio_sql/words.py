"""What is known of a word: its lemma, and whether it is ordinary, a function word or vague.

Ordinary words are those of the English Hunspell dictionary (through spylls) that are not
also somebody's name, a place or a brand: the dictionary writes those with a capital, so
'mark', 'rose' and 'apple' are not ordinary although they are words. Lemmas come from
simplemma, tried in the order of `LANGUAGES`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

LANGUAGES = ("en", "es", "fr", "de", "pt", "it")


class Word(NamedTuple):
    """lemma: lower case. ordinary: in the public word list. stop: a function word. vague: says nothing."""

    lemma: str
    ordinary: bool
    stop: bool
    vague: bool


def lexicon(name: str) -> list[str]:
    """The lines of `lexicons/<name>.txt` without comments and blanks."""
    text = (files("clio_sql") / "lexicons" / f"{name}.txt").read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@cache
def _dictionary():
    from spylls.hunspell import Dictionary

    dictionary = Dictionary.from_files("en_US")
    names = frozenset(entry.stem.lower() for entry in dictionary.dic.words if entry.stem[:1].isupper())
    return dictionary, names


@cache
def _function_words() -> frozenset[str]:
    from stop_words import get_stop_words

    english = [word for line in lexicon("function_words") for word in line.split()]
    others = [word for language in LANGUAGES if language != "en" for word in get_stop_words(language)]
    # A stop word of another language may be a content word of English ('son', 'war'): English wins.
    return frozenset(english) | frozenset(word for word in others if not ordinary(word))


@cache
def _vague() -> frozenset[str]:
    return frozenset(word for line in lexicon("vague") for word in line.split())


def lemma(word: str) -> str:
    """The dictionary form of a lower-cased word, lower-cased; the word itself where none is known."""
    import simplemma

    return simplemma.lemmatize(word, lang=LANGUAGES).lower()


def ordinary(word: str) -> bool:
    """True for an English dictionary word that is nobody's and nothing's name."""
    dictionary, names = _dictionary()
    return word not in names and bool(dictionary.lookup(word))


@lru_cache(maxsize=200_000)
def word(text: str) -> Word:
    """All that is known of one lower-cased word."""
    form = lemma(text)
    stop = text in _function_words()
    known = ordinary(text) and (form == text or form not in _dictionary()[1])
    return Word(form, known, stop, text in _vague() or form in _vague())
