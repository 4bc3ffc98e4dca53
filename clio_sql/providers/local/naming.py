"""Names without a language model: a phrase that users wrote, chosen from those that enough of them wrote."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import NamedTuple

import numpy as np

from clio_sql.calls.messages import Answer
from clio_sql.providers.protocol import Name
from clio_sql.vectors.embedding import Embedder
from clio_sql.words import words

LOOKED_AT = 25  # terms, the most telling first
MEMBERS = 50
DESCRIBED = 6  # phrases of a description
LONGEST = 10  # words of a name
FULLER = 1.15  # a phrase of several words makes a better title than one word
WEAK = 1 / 3  # of the best score; a phrase below it adds nothing to a name
GIVEN_SHARE = re.compile(r"(.*?)(?: \((\d+)%\))?", re.S)  # of a term, see name_requests
MOST, HALF = 0.6, 0.35  # from this share of the members: 'most', 'about half'; below: 'some'


class Phrase(NamedTuple):
    """A supported phrase: how well it names the group, how many members hold it, whether a sibling owns it."""

    text: str
    score: float
    share: float
    taken: bool


def name(request: Name, embedder: Embedder) -> Answer:
    """Name and description of one group; 'failed' if no supported phrase is its own."""
    phrases = _phrases(request, embedder)
    title = _title(phrases)
    if title is None:
        return Answer(None, "failed", "no phrase that enough people used sets this group apart")
    title = _cased(title, request.members)
    return Answer(
        {"name": title[:1].upper() + title[1:], "description": _cased(_description(phrases), request.members)}
    )


def texts(requests: list[Name]) -> list[str]:
    """All texts that are embedded to name these groups."""
    return [term for request in requests for term, _ in _shares(request)]


def _shares(request: Name) -> list[tuple[str, float]]:
    """The terms considered, and the share of the group that uses each: as given, else counted in its members."""
    members = [_flat(member) for member in request.members[:MEMBERS]]
    found = []
    for given in [term for term in request.terms if term.strip()][:LOOKED_AT]:
        parts = GIVEN_SHARE.fullmatch(given)
        assert parts is not None  # any text has the first part
        term, percent = parts.groups()
        share = int(percent) / 100 if percent else sum(f" {term} " in text for text in members) / max(1, len(members))
        found.append((term, share))
    return found


def _phrases(request: Name, embedder: Embedder) -> list[Phrase]:
    """The considered terms, best name first.

    Closeness to the mean of the group's terms, where fuller ones count more, lets fuller phrases win ('check my
    balance' over 'balance'); the
    share of members, the position in the list and ordinary words weigh less. No member's text decides, so that
    it cannot be told which of two phrases a certain member wrote.
    """
    terms = _shares(request)
    if not terms:
        return []
    vectors = embedder.encode([term for term, _ in terms])
    centre = np.array([max(share, 0.01) * len(term.split()) ** 1.5 for term, share in terms]) @ vectors
    closeness = vectors @ (centre / np.linalg.norm(centre))
    taken = set(request.taken)
    phrases = []
    for rank, ((term, share), near) in enumerate(zip(terms, closeness, strict=True)):
        weight = max(share, 0.01) ** 0.1 * (1 + rank) ** -0.1
        weight *= (1.0 if _plain(term) else 0.8) * (FULLER if " " in term else 1.0)
        phrases.append(Phrase(term, round(float(near) * weight, 6), share, term in taken))
    return sorted(phrases, key=lambda phrase: (-phrase.score, phrase.text))


def _title(phrases: list[Phrase]) -> str | None:
    """One phrase that no sibling owns, or two joined by 'and' if one alone is taken or says too little."""
    if not phrases:
        return None
    best = phrases[0]
    strong = [phrase for phrase in phrases if phrase.score >= best.score * WEAK]
    own = next((phrase for phrase in strong if not phrase.taken and (phrase is best or _lemmas(phrase.text))), None)
    if own is not None and (own is best or _overlap(best, own)):
        about = max(phrase.share for phrase in phrases if phrase is own or _overlap(phrase, own))
        partner = _partner(own, strong) if about < MOST else None
        return _joined(own, partner)
    partner = own or _partner(best, strong)
    return _joined(best, partner) if partner else None


def _partner(phrase: Phrase, others: list[Phrase]) -> Phrase | None:
    """The best other phrase about something else that is as common: the other half of a mixed group."""
    return next(
        (o for o in others if o.share >= phrase.share / 2 and _lemmas(o.text) and not _overlap(phrase, o)), None
    )


def _joined(first: Phrase, second: Phrase | None) -> str:
    title = f"{first.text} and {second.text}" if second else first.text
    return title if len(title.split()) <= LONGEST else first.text


def _overlap(first: Phrase, second: Phrase) -> bool:
    return bool(_lemmas(first.text) & _lemmas(second.text))


def _lemmas(text: str) -> set[str]:
    known = [words.word(token) for token in text.replace("-", " ").split()]
    return {word.lemma for word in known if not word.stop and not word.vague}


def _plain(term: str) -> bool:
    return all(words.plain(token) for token in term.split())


def _cased(text: str, members: list[str]) -> str:
    """Names and abbreviations as most members wrote them: 'ATM', 'Visa'. Ordinary words stay in lower case."""
    seen = Counter(re.findall(r"[^\W\d_]+", " ".join(members)))

    def spelling(match: re.Match[str]) -> str:
        token = match[0]
        if not token.islower() or _plain(token):
            return token
        forms = (token, token.capitalize(), token.upper())
        return max(forms, key=lambda form: (seen[form], form))

    return re.sub(r"[^\W\d_]+", spelling, text)


def _flat(text: str) -> str:
    """Lower-cased words between single spaces, as `clio_words` splits them."""
    return " " + " ".join(re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*", text.lower().replace("’", "'"))) + " "


def _description(phrases: list[Phrase]) -> str:
    """Two sentences with the main phrases and, in words, how common they are."""
    main: list[Phrase] = []  # no two about the same thing; the commonest first
    for phrase in sorted(phrases, key=lambda phrase: (-phrase.share * phrase.score, phrase.text)):
        if phrase.share > 0 and not any(_overlap(phrase, other) for other in main) and _lemmas(phrase.text):
            main.append(phrase)
    main = sorted(main[:DESCRIBED], key=lambda phrase: -phrase.share) or phrases[:1]
    first = f"{_amount(main[0].share).capitalize()} of these conversations mention '{main[0].text}'."
    if len(main) == 1:
        return f"{first} No other phrase is shared by enough people."
    rest = "; ".join(
        f"{amount} mention {_listed([phrase.text for phrase in group])}"
        for amount, group in groupby(main[1:], key=lambda phrase: _amount(phrase.share))
    )
    return f"{first} {rest[:1].upper()}{rest[1:]}."


def _listed(texts: list[str]) -> str:
    quoted = [f"'{text}'" for text in texts]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def gist(text: str) -> str:
    """The content of one of our texts, without words that all descriptions share: the name and quoted phrases."""
    quoted = re.findall(r"(?<= )'(.+?)'(?=[ .,;])", text)
    return ". ".join([text.split(". ", 1)[0], *quoted]) if quoted else text


def _amount(share: float) -> str:
    return "most" if share >= MOST else "about half" if share >= HALF else "some"
