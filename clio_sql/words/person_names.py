"""Whether a word may be part of a person's name, whatever its case.

Given names and surnames are those of all locales of Faker (MIT), about eighty countries in their own scripts. A list of
names also has ordinary words: a word that is in a dictionary or on a map is a name only next to another name.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache
from importlib import import_module
from pkgutil import iter_modules

from clio_sql.words import dictionaries, words

KINDS = ("given", "surname", "handle", "either", "unknown", "title")
_ONE = re.compile("[\u4e00-\u9fff\uac00-\ud7af]")  # a letter of Chinese or Korean
_HONOURED = re.compile("[\uac00-\ud7af]+[씨님](?:이|가|은|는|을|를|의|과|와|에게|께)?")  # 'Mr Kim's' in Korean
_CERTAIN = 3  # locales that list a word: then it is a name, even if a dictionary of another language has it
# Endings of Slavic, Greek, Turkish, Georgian or Icelandic surnames, and those that other words share.
_SURNAME = re.compile(
    r"\w{3,}(?:ski|skiy|skaya|wicz|czyk|czak|enko|ović|ovic|ević|evic|shvili|oğlu|oglu|poulos|idis|s?dottir)"
)
_LIKE_ONE = re.compile(
    r"\w{3,}(?:ska|sky|chuk|ová|ova|dóttir|akis|nathan|murthy|swamy|sson|[qk]v?ist|berg|feld|stein|thal|hofer|huber|mann)"
)


def _parts(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text.lower().replace("’", "'"))


def _plain(text: str) -> str:
    """Without accents: as typed on a keyboard that lacks them."""
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


@cache
def _listed() -> tuple[Counter[str], Counter[str]]:
    """Given names and surnames, each with the number of locales that list it."""
    import faker.providers.person as person

    given, surnames = Counter[str](), Counter[str]()
    for module in iter_modules(person.__path__):
        provider = import_module(f"{person.__name__}.{module.name}").Provider
        for found, sign in ((given, "first_name"), (surnames, "last_name")):
            names = {part for name in _attributes(provider, sign) for part in _parts(name) if _long_enough(part)}
            found.update(names | {_plain(name) for name in names})
    return given, surnames


def _long_enough(text: str) -> bool:
    """Two letters, or one of Chinese or Korean, whose surnames have one."""
    return len(text) > 1 or bool(_ONE.fullmatch(text))


def _attributes(provider: type, sign: str) -> list[str]:
    lists = [getattr(provider, name) for name in dir(provider) if sign in name and "format" not in name]
    entries = [entry for listed in lists if isinstance(listed, (tuple, list, dict, set)) for entry in listed]
    return [name for entry in entries for name in (entry if isinstance(entry, tuple) else (entry,))]


@cache
def _things() -> frozenset[str]:
    """Places, brands, software and terms: words that are in a list of names but are not people."""
    from zoneinfo import available_timezones

    from babel import Locale

    listed = {word for line in words.lexicon("not_people") for word in line.partition(": ")[2].split()}
    named = [zone.rpartition("/")[2] for zone in available_timezones()]
    for locale in map(Locale, words.LANGUAGES):
        named += [*locale.territories.values(), *locale.languages.values()]
    return frozenset(
        listed | {name.lower() for name in named if name.isalpha()}
    )  # 'St. Helena' does not make 'Helena' a place


@cache
def _titles() -> frozenset[str]:
    people = frozenset(word for word, kind in words.classes("people").items() if kind in ("kin", "plain"))
    return people | {word for line in words.lexicon("titles") for word in line.split()}


@cache
def _either() -> frozenset[str]:
    return frozenset(word for line in words.lexicon("names_that_are_words") for word in line.split())


def _is_word(text: str) -> bool:
    """An English dictionary word, a task word, or a private matter; or listed as both a word and a name."""
    if text in _either() or words.common(text):
        return True
    known = words.word(text)
    return known.task or known.sensitive is not None


def _known_abroad(text: str) -> bool:
    return not words.proper(text) and dictionaries.known(text, words.LANGUAGES[1:])


@cache
def _first() -> frozenset[str]:
    return frozenset(word for line in words.lexicon("names_first") for word in line.split())


@lru_cache(maxsize=200_000)
def kind(text: str) -> str | None:
    """What a lower-cased word may be in a name; None if it is an ordinary word or the name of a thing.

    given, surname: a name and nothing else. handle: made of a name and more. either: a name that is also a word.
    unknown: in no dictionary and no list. title: means that a name follows.
    """
    text = text.removesuffix("'s")
    if text in _titles():
        return "title"
    if words.stop(text):
        return "either" if text in _either() else None  # 'Will', 'May'
    if not _long_enough(text) or text in _things():
        return None
    parts = text.split("-")
    kinds = [_of_name(part) for part in parts]
    return kinds[0] if len(parts) == 1 else _joined(kinds)


def _joined(kinds: list[str | None]) -> str | None:
    """For a word with hyphens: a name if one part is one and no part is an ordinary word."""
    return None if None in kinds else next((kind for kind in kinds if kind in ("given", "surname")), "unknown")


def _of_name(text: str) -> str | None:
    given, surnames = (found[text] for found in _listed())
    if _ONE.fullmatch(text):  # 'flower' and 'spring' are given names too, so these alone are not names
        return "surname" if surnames else None
    if text in _first() or _HONOURED.fullmatch(text) or (_ONE.fullmatch(text[0]) and _holds_a_name(text)):
        return "given"
    if _SURNAME.fullmatch(text) and not _is_word(text):
        return "surname"
    if not given and not surnames:
        return _unlisted(text)
    if _is_word(text) or (max(given, surnames) < _CERTAIN and _known_abroad(text)):
        return "either"
    return "given" if given >= surnames else "surname"


def _unlisted(text: str) -> str | None:
    """For a word that no list of names has."""
    if _is_word(text):
        return None
    if words.lemma(text) != text or _known_abroad(text):
        return None
    return "surname" if _LIKE_ONE.fullmatch(text) else "handle" if _holds_a_name(text) else "unknown"


def _holds_a_name(text: str) -> bool:
    """'luciahernandez', 'kowalskijane': a given name and a surname of at least four letters, none an English word."""
    given, surnames = _listed()
    if _ONE.fullmatch(text[:1]):
        return text[0] in surnames and len(text) < 5 and (text[1:] in given or words.lemma(text)[1:] in given)
    halves = [(text[:cut], text[cut:]) for cut in range(4, len(text) - 3)]
    return any(
        ((one in given and two in surnames) or (one in surnames and two in given))
        and not words.common(one) and not words.common(two)
        for one, two in halves
    )  # fmt: skip
