"""The local auditor: rates by rule how well a text about many users protects each of them.

It looks for three things: what has the form of an identifier (a number, an address, a handle, a name), who is
meant (a noun for one person, or for a few who belong together), and what narrows that down (the only one, a
trait, an event, a certain place, a clause that says more). One person and something that narrows it down is
too much; a kind of person ('ask a doctor') is not. The nouns and the narrowing words are in `lexicons/`. The
rules see words and their order, not meaning: they are designed to refuse too much rather than too little.

Whether enough users wrote the words is not checked here but by the supported-terms rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from clio_sql.words import words

_OF_OURS = {"my", "our", "his", "her", "their"}
_DEFINITE = _OF_OURS | {"the", "this", "that", "these", "those"}
_INDEFINITE = {"a", "an", "another", "some", "one"}
_HE_SHE = {"he", "she", "him", "his", "her", "hers", "himself", "herself", "he's", "she's"}
_LINKS = {"of", "in", "at", "on", "from", "with", "beside", "above", "below", "under", "behind", "near", "next",
          "outside", "inside", "opposite", "across", "by", "to", "into", "for", "about", "and", "or", "as"}  # fmt: skip
_WHO = {"who", "whose", "whom", "who's", "where"}
_TELLING = {"a", "an", "the", "now", "my", "our", "once", *_WHO}  # after 'somebody,'
_WAS = {"was", "were", "had", "been", "has", "did", "got", "became", "went", "came", "took", "lost", "won", "left"}
_IS = {"is", "are", "be", "being", "feel", "feels", "get", "gets", "feeling", "getting"}
_REPORTS = {"asked", "wanted", "sought", "needed", "requested", "mentioned", "discussed", "used", "based", "related"}
_COUNTS = {"two", "three", "four", "five", "six", "seven", "eight", "nine", "both", "few"}
_NOT_SUPERLATIVE = {"best", "latest", "nearest", "interest", "request", "test", "rest", "guest", "west", "forest",
                    "honest", "contest", "protest", "harvest", "modest", "quest", "invest", "suggest"}  # fmt: skip
_REACH = 4  # words between 'the' and the noun
_AFTER = 7  # words after the noun that may say more

_UNITS = "zero|oh|one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_NUMBER = rf"(?:{_UNITS}|{_TEENS}|{_TENS})"
_ORDINAL = (
    rf"(?:first|second|third|\w+(?:eenth|tieth)|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
    rf"|(?:{_TENS})-\w+)"
)
_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_BUILT = (  # what a capitalised name of a place or organisation ends with
    r"(?:Street|Road|Lane|Row|Hill|Avenue|Square|Court|Close|Drive|Way|House|Hall|School|College|University|Clinic"
    r"|Hospital|Church|Club|Farm|Mill|Dental|Surgery|Practice|Pharmacy|Bakery|Inn|Hotel|Lab|Laboratory|Creek|Bridge"
    r"|Park|Lake|Valley|Island|Family|Lions|Rovers|United)"
)
_WORD = r"[^\W\d_][\w'’-]*"
_CAPITALS = "".join(letter for letter in map(chr, range(0x2000)) if letter.isupper())  # of all scripts that have them
_BIG = rf"[{_CAPITALS}][\w'’-]*[^\W\d_A-Z]"  # a capitalised word; 'ATM' is not one

_IDENTIFIERS = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"\d|\w@|@\w|(?i:https?:|www\.)", "a number, an address or a handle"),
        (r"\w_\w|[^\W\d_]{2,}\.[^\W\d_]{2,}", "looks like a handle or a file"),
        (r"(?i:\bdot (?:com|org|net|edu|co|io)\b)", "an address spelled out"),
        (rf"(?i:\b{_NUMBER}(?:[ -](?:{_NUMBER}|double|triple)){{2,}}\b)", "a number spelled out"),
        (rf"(?i:\b(?:{_TENS})-(?:{_UNITS})\b|\b(?:nineteen|twenty) (?:{_TEENS}|{_TENS})\b)", "an exact number"),
        (rf"(?i:\b{_NUMBER}-?(?:\w+-)?years?-old\b)", "an exact age"),
        (rf"(?i:\b{_ORDINAL} (?:of )?{_MONTH}\b|\b{_MONTH},? (?:the )?{_ORDINAL}\b)", "an exact date"),
        (r"\b(?i:my name is|calls? (?:him|her|them|my)sel(?:f|ves)) \w", "a name that is said to be one"),
        (r"\b(?i:named|called) [^\W\d_a-z]", "a name that is said to be one"),
        (r"\b(?i:someone|somebody|person|man|woman|friend|user) (?i:named|called) \w", "a name that is said to be one"),
        (r"\b(?i:mr|mrs|ms|miss|dr|prof|sir|madame|herr|frau|señora?)\.? [^\W\d_a-z]", "a title with a name"),
        (r"\b(?i:mr|mrs|ms|dr|prof)\.? \w", "a title with a name"),
        (rf"\b[{_CAPITALS}]\. ?{_BIG}", "an initial with a name"),
    )
)


class Token(NamedTuple):
    """A word of a sentence in lower case with its lemma, or a comma ('', ','). genitive: it ended in 's."""

    text: str
    lemma: str
    genitive: bool


def rate(text: str) -> dict[str, object]:
    """How privacy-preserving a text is, by rule: {'rating': 1 to 5, 'reason': str}; the reason quotes nothing.

    1: an identifier by its form. 2: a name, or one person or household narrowed down. 3: a certain person about
    whom nothing else is said. 4: words that are not in the public word list, or
    are about what people keep to themselves. 5: ordinary words only.
    """
    text = text.replace("’", "'")
    for pattern, reason in _IDENTIFIERS:
        if pattern.search(text):
            return {"rating": 1, "reason": reason}
    if _full_name(text):
        return {"rating": 2, "reason": "looks like a full name"}
    sentences = [_tokens(sentence) for sentence in re.split(r"[.!?;:]+(?:\s|$)", text)]
    if any(map(_narrowed, sentences)):
        return {"rating": 2, "reason": "tells of one person or household"}
    if any(person.certain and not person.generic for tokens in sentences for person in _people(tokens)):
        return {"rating": 3, "reason": "speaks of a certain person"}
    said = re.findall(r"[^\W\d_][\w'-]*", text.lower())
    if any(not words.plain(word) for word in said):
        return {"rating": 4, "reason": "words that are not in the public word list"}
    if any(words.word(word).sensitive for word in said):
        return {"rating": 4, "reason": "words for what people keep to themselves"}
    return {"rating": 5, "reason": "ordinary words only"}


# Names


def _full_name(text: str) -> bool:
    """Two unknown capitalised words in a row, one with an initial or after a noun for a person, or a place's name."""
    if _title_cased(text):
        return False
    for sentence in re.split(r"[.!?;:]\s+", text):
        found = list(re.finditer(_WORD, sentence))
        for first, second in pairwise(found):
            if sentence[first.end() : second.start()] != " ":
                continue
            one, two = first[0], second[0]
            if _unknown(one) and (_unknown(two) or re.fullmatch("[A-Z]", two)):
                return True
            if _unknown(two) and _class(one.lower()):
                return True
            if first.start() and re.fullmatch(_BIG, one) and re.fullmatch(_BUILT, two):
                return True
        if re.search(rf"\b(?:the|at) {_BIG} {_BIG}", sentence) and not _built_of_known(sentence):
            return True
    return False


def _built_of_known(sentence: str) -> bool:
    """Names after 'the' or 'at' that begin with a word of a large part of the world."""
    return bool(re.search(r"\b(?:the|at) (?:United|European|New|North|South|East|West|World|Middle)\b", sentence))


def _unknown(word: str) -> bool:
    """A capitalised word, no abbreviation, that is not in the public word list."""
    return bool(re.fullmatch(_BIG, word)) and not words.plain(word.lower().removesuffix("'s"))


def _title_cased(text: str) -> bool:
    """All longer words are capitalised, so capitals say nothing."""
    long = [word for word in re.findall(_WORD, text) if len(word) > 3]
    return len(long) > 2 and all(word[0].isupper() and words.plain(word.lower()) for word in long)


# People


class Person(NamedTuple):
    """A noun for a person at `place` of a sentence. certain: 'the', 'my', somebody's. before: words up to the noun."""

    place: int
    kind: str
    certain: bool
    before: tuple[str, ...]
    first: str  # the determiner, '' where there is none
    genitive: bool
    of_somebody: bool  # 'the vicar's daughter', 'our choir's conductor'

    @property
    def generic(self) -> bool:
        return self.kind == "generic"


@cache
def _narrowing(kind: str) -> frozenset[str]:
    line = next(line for line in words.lexicon("narrowing") if line.startswith(f"{kind}: "))
    return frozenset(line.partition(": ")[2].split())  # a word may be of several kinds


_SUFFIX = re.compile(r"\w{2,}(?:woman|man|keeper|maker|master|mistress|worker|ologist|ician|smith|herd|monger)|ex-\w+")
_NO_PERSON = {"human", "woman", "german", "roman", "talisman", "ottoman", "remaster", "webmaster"}


def _class(word: str) -> str:
    """The class of a noun for a person, '' for any other word."""
    kind = words.classes("people").get(word, "")
    return kind or ("trades" if _SUFFIX.fullmatch(word) and word not in _NO_PERSON else "")


def _tokens(sentence: str) -> list[Token]:
    found = []
    for match in re.finditer(rf"{_WORD}|,", sentence):
        text = match[0].lower().rstrip("'-")
        genitive = bool(re.search(r"[^s]'s$|s's$", text)) and text not in _HE_SHE | {"who's", "it's", "that's", "let's"}
        text = text.removesuffix("'s") if genitive else text
        found.append(Token(text, words.lemma(text, ("en",)), genitive))
    return found


def _people(tokens: list[Token]) -> Iterator[Person]:
    """Everyone whom a sentence mentions in the singular, and couples, families and twins."""
    for place, token in enumerate(tokens):
        kind = _class(token.text)
        if not kind or _is_compound(tokens, place, kind):
            continue
        before: list[str] = []
        certain, first, of_somebody = False, "", False
        for earlier in reversed(tokens[max(0, place - _REACH - 1) : place]):
            if earlier.text in _LINKS or earlier.text == ",":
                break
            if earlier.genitive:
                certain = of_somebody = True
                break
            if earlier.text in _DEFINITE | _INDEFINITE:
                first, certain = earlier.text, earlier.text in _DEFINITE
                break
            before.append(earlier.text)
        yield Person(place, kind, certain, tuple(before), first, token.genitive, of_somebody)


def _is_compound(tokens: list[Token], place: int, kind: str) -> bool:
    """'user account', 'child support': the noun only says what kind of thing the next one is."""
    if tokens[place].genitive or place + 1 >= len(tokens) or kind in ("office", "marked", "group"):
        return False
    after = tokens[place + 1]
    if after.text in {",", *_WHO, *_WAS} or words.stop(after.text) or _is_past(after) or after.text.endswith("ly"):
        return False
    return not _class(after.text) or tokens[place].text in {"child", "student"}


def _is_past(token: Token) -> bool:
    """'was', 'married', 'wrote'; not what a text about many users says of them: 'asked'."""
    if token.text in _REPORTS:
        return False
    irregular = token.text != token.lemma and not token.text.endswith(("s", "ing", "er", "est"))
    return token.text in _WAS or token.text.endswith("ed") or (irregular and not _class(token.lemma))


def _narrowed(tokens: list[Token]) -> bool:
    """Whether a sentence is about one person or household."""
    return (
        _speaks_of_one(tokens)
        or _few_who_share(tokens)
        or any(
            _unique(tokens, person) or _one_of_a_place(tokens, person) or _more_is_told(tokens, person)
            for person in _people(tokens)
        )
    )


def _speaks_of_one(tokens: list[Token]) -> bool:
    """'he' or 'her' in a text about many; what is ours in a place; a private matter that a certain place knows."""
    texts = [token.text for token in tokens]
    for place, (text, after) in enumerate(zip(texts, [*texts[1:], ""], strict=False)):
        if text == "one" and (place == 0 or texts[place - 1] == ",") and after in _IS | _WAS | {"has", "of"}:
            return True
        alternative = "or" in texts[max(0, place - 1) : place + 2]  # 'his or her' is anyone
        if text in _HE_SHE and not alternative:
            return True
        if text == "our" and any(word in _narrowing("place") - {"house", "flat", "kitchen", "shop", "team", "class"}
                                 for word in texts[place + 1 : place + 4]):  # fmt: skip
            return True
        if text == "next" and texts[place + 1 : place + 2] == ["door"]:
            return True
    matters = any(token.lemma in _narrowing("matter") for token in tokens)
    return matters and _certain_place(tokens)


def _certain_place(tokens: list[Token]) -> bool:
    """'the whole parish', 'our school': a determiner and, within reach, a noun for a place."""
    for place, token in enumerate(tokens):
        if token.text in _DEFINITE | {"next"} or token.genitive:
            for later in tokens[place + 1 : place + 1 + _REACH]:
                if later.text in _LINKS or later.text == ",":
                    break
                if later.text in _narrowing("place"):
                    return True
    return False


def _few_who_share(tokens: list[Token]) -> bool:
    """'three people in the county', 'the two women who': so few that they can be counted."""
    for place, token in enumerate(tokens):
        if token.text not in _COUNTS:
            continue
        for later in tokens[place + 1 : place + 1 + _REACH]:
            if later.text == "people" or (later.text != later.lemma and _class(later.lemma)):
                told = _relative(tokens, place) or _certain_place(tokens) or _happened(tokens)
                if told or token.text == "both" or (tokens[place - 1].text in _DEFINITE and place):
                    return True
    return False


def _unique(tokens: list[Token], person: Person) -> bool:
    """The only one, the oldest, one of the users, a single user."""
    superlative = any(word.endswith("est") and len(word) > 4 and word not in _NOT_SUPERLATIVE for word in person.before)
    if superlative or set(person.before) & _narrowing("unique") or person.first == "one":
        return True
    texts = [token.text for token in tokens[max(0, person.place - 4) : person.place]]
    return texts[-3:-1] == ["one", "of"] or texts[-2:] == ["one", "of"]


def _one_of_a_place(tokens: list[Token], person: Person) -> bool:
    """A relative of someone, or something of a mayor's: no other can be meant."""
    if person.generic:
        return False
    if person.of_somebody:
        return True
    after = tokens[person.place + 1].text if person.place + 1 < len(tokens) else ""
    return person.genitive and person.certain and (person.kind in ("office", "marked") or bool(_class(after)))


def _more_is_told(tokens: list[Token], person: Person) -> bool:
    """A trait, an event, a certain place or a clause beside a certain person; two of them beside any other person."""
    trait = bool(set(person.before) & _narrowing("attribute")) or person.kind == "marked"
    clause = _relative(tokens, person.place)
    happened = _happened(tokens, person.place)
    with_trait = any(token.text in _narrowing("attribute") for token in tokens[person.place + 1 :][:_AFTER])
    somewhere = _certain_place(tokens)
    known = person.certain or (person.kind == "group" and person.place > 0)
    if person.generic and not person.first:
        return False
    if person.generic and person.certain:
        return clause and happened
    if known:
        matter = person.genitive and any(token.lemma in _narrowing("matter") for token in tokens)
        return trait or clause or happened or somewhere or matter or with_trait or _linked(tokens, person.place)
    told = trait + (clause and _past_after(tokens, person.place)) + happened + with_trait + clause * trait
    return told + somewhere >= 2 or (happened and clause)


def _relative(tokens: list[Token], place: int) -> bool:
    """'who', an apposition, or what happened ('released from prison'), right after."""
    after = [token.text for token in tokens[place + 1 : place + 5]]
    comma = after.index(",") if "," in after else -1
    said = next((token for token in tokens[place + 1 :][:2] if not token.text.endswith("ly")), None)
    happened = said is not None and said.lemma in _narrowing("event") and _is_past(said)
    return bool(_WHO & set(after)) or happened or (-1 < comma < len(after) - 1 and after[comma + 1] in _TELLING)


def _linked(tokens: list[Token], place: int) -> bool:
    """'on the corner', 'with the glass eye': a link and something certain."""
    after = [token.text for token in tokens[place + 1 : place + 3]]
    return len(after) == 2 and after[0] in _LINKS - {"and", "or", "about", "as", "to", "for"} and after[1] in _DEFINITE


def _past_after(tokens: list[Token], place: int) -> bool:
    """A past tense soon after; 'is depressed' is not one."""
    near = tokens[place : place + 1 + _AFTER]
    return any(_is_past(token) and earlier.text not in _IS for earlier, token in pairwise(near))


def _happened(tokens: list[Token], place: int = -1) -> bool:
    """Something that happens to few people, anywhere after; or any past tense soon after a person."""
    later = tokens[place + 1 :]
    events = any(token.lemma in _narrowing("event") and token.text != token.lemma for token in later)
    return events or (place >= 0 and _past_after(tokens, place))
