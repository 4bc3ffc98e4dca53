"""Names without a language model: the best phrase of those that enough users wrote, and what else they wrote.

Which phrase is best is decided in SQL (`cluster_terms`, `cluster_titles`): it comes first, and those that another
cluster is called by are marked as taken. No member's text decides here, so that it cannot be told which of two
phrases a certain member wrote; texts are read only to see whether most write 'ATM' or 'atm'.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import NamedTuple

from clio_sql.calls.messages import Answer
from clio_sql.providers.protocol import Name
from clio_sql.words import dictionaries, language, words

LOOKED_AT = 25  # phrases, the best first
DESCRIBED = 6  # phrases of a description
GIVEN_SHARE = re.compile(r"(.*?)(?: \((\d+)%\))?", re.S)  # of a term, see name_requests
KANA = re.compile("[\u3041-\u30ff]")
MOST, HALF = 0.6, 0.35  # from this share of the users: 'most', 'about half'; below: 'some'


class Phrase(NamedTuple):
    """A supported phrase and the share of the group's users who wrote it."""

    text: str
    share: float


def name(request: Name) -> Answer:
    """Name and description of one group; 'failed' if no supported phrase is its own."""
    avoided, taken = set(request.avoid), set(request.taken)
    phrases = [phrase for phrase in _phrases(request) if not avoided & set(phrase.text.split())]
    own = [phrase for phrase in phrases if phrase.text not in taken]
    telling = [phrase for phrase in own if _lemmas(phrase.text)]  # 'good things' say nothing
    title = next(iter(telling or own), None)
    if title is None:
        return Answer(None, "failed", "no phrase that enough people used sets this group apart")
    called = _cased(title.text, request.members)
    described = _cased(_description(title, phrases, request.members), request.members)
    return Answer({"name": called[:1].upper() + called[1:], "description": described})


def _phrases(request: Name) -> list[Phrase]:
    """The terms considered, and the share of the group that uses each: as given, else counted in its members."""
    members = [_flat(member) for member in request.members]
    found = []
    for given in [term for term in request.terms if term.strip()][:LOOKED_AT]:
        parts = GIVEN_SHARE.fullmatch(given)
        assert parts is not None  # any text has the first part
        term, percent = parts.groups()
        share = int(percent) / 100 if percent else sum(f" {term} " in text for text in members) / max(1, len(members))
        found.append(Phrase(term, share))
    return found


def _lemmas(text: str) -> set[str]:
    known = [words.word(token) for token in text.replace("-", " ").split()]
    return {word.lemma for word in known if not word.stop and not word.vague}


def _cased(text: str, members: list[str]) -> str:
    """Names and abbreviations as most members wrote them: 'ATM', 'Visa'. Ordinary words stay in lower case."""
    seen = Counter(re.findall(r"[^\W\d_]+", " ".join(members)))

    def spelling(match: re.Match[str]) -> str:
        token = match[0]
        if not token.islower() or words.plain(token):
            return token
        forms = (token, token.capitalize(), token.upper())
        return max(forms, key=lambda form: (seen[form], form))

    return re.sub(r"[^\W\d_]+", spelling, text)


def _flat(text: str) -> str:
    """Lower-cased words between single spaces, as `clio_words` splits them."""
    return " " + " ".join(re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*", text.lower().replace("’", "'"))) + " "


def _description(title: Phrase, phrases: list[Phrase], members: list[str]) -> str:
    """What the group is about and how it varies, in whole sentences; and in which language, if it is not English."""
    others: list[Phrase] = []  # no two about the same thing
    for phrase in phrases:
        said = set().union(*(_lemmas(other.text) for other in (title, *others)))
        if len(others) < DESCRIBED - 1 and phrase.share > 0 and not _lemmas(phrase.text) <= said:
            others.append(phrase)
    sentences = [f"Users write about '{title.text}'."]
    if others:
        ordered = sorted(others, key=lambda phrase: -phrase.share)
        varies = "; ".join(
            f"{amount} mention {_listed([phrase.text for phrase in group])}"
            for amount, group in groupby(ordered, key=lambda phrase: _amount(phrase.share))
        )
        sentences.append(f"{varies[:1].upper()}{varies[1:]}.")
    else:
        sentences.append("No other phrase is shared by enough people.")
    spoken = language.detected(" ".join(phrase.text for phrase in (title, *phrases)))
    if spoken == "zh" and 2 * sum(bool(KANA.search(member)) for member in members) > len(members):
        spoken = "ja"  # of whose phrases some have no kana
    if spoken not in (None, "en") and (known := language.name(spoken)):
        gloss = next((phrase.text for phrase in phrases if _is_english(phrase.text, spoken)), None)
        sentences.append(f"Most of it is in {known}; in English: '{gloss}'." if gloss else f"Most of it is in {known}.")
    return " ".join(sentences)


def _is_english(text: str, spoken: str) -> bool:
    """True where an English dictionary has each word, and that of the other language not all of them."""
    tokens = re.split(r"[ '-]+", text)
    if spoken not in (*words.LANGUAGES, *words.OTHER_SCRIPTS) or not all(map(_in_english, tokens)):
        return False
    return spoken in words.OTHER_SCRIPTS or not all(dictionaries.known(token, (spoken,)) for token in tokens)


def _in_english(token: str) -> bool:
    return dictionaries.known(token, ("en",))


def _listed(texts: list[str]) -> str:
    quoted = [f"'{text}'" for text in texts]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def gist(text: str) -> str:
    """The content of one of our texts, without words that all descriptions share: the name and quoted phrases."""
    quoted = re.findall(r"(?<= )'(.+?)'(?=[ .,;])", text)
    return ". ".join([text.split(". ", 1)[0], *quoted]) if quoted else text


def _amount(share: float) -> str:
    return "most" if share >= MOST else "about half" if share >= HALF else "some"
