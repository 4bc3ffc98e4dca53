"""Removes identifiers from a text by rule: the local provider does this where a model would be instructed to.

A rule removes more than it must rather than less, and knows only patterns: a name in the
middle of a sentence passes here, and is stopped by the supported-terms rule later. No rule
takes more than linear time: each begins with something that matches in few places.
"""

from __future__ import annotations

import re

_NAME = r"[A-ZÀ-ÖØ-Þ][\w'’-]+"
_NAMES = rf"{_NAME}(?:[ \t]+(?:(?:van|von|de|da|di|del|la|le|bin|al)[ \t]+)*{_NAME}){{0,3}}"
# After 'my name is' a name may be in lower case: one word, and a second unless it continues the sentence.
_GO_ON = r"and|but|from|in|on|at|i|y|en|tengo|quiero|et|je|de|und|aus|ich|mit|e|eu|do|da|io|ho|sono"
_SMALL = rf"[^\W\d_][\w'’-]*(?:[ \t]+(?!(?i:{_GO_ON})\b)[^\W\d_][\w'’-]+)?"
_STREET = r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|square|terrace)"
_CALLE = r"(?:calle|avenida|av\.|plaza|paseo|rue|avenue|boulevard|rua|praça|travessa|via|viale|piazza|corso)"
_OF = r"(?:(?:de|del|du|des|da|do|dos|della|dei|la|las|los|le|les)\s+)*"

_GREETING = r"hi|hello|hey|dear|hallo|liebe[rs]?|hola|bonjour|olá|ciao|caro|cara"
_NO_NAME = (  # may follow a greeting with a capital
    r"(?:There|Can|Could|Would|Will|Please|What|How|Where|When|Why|Who|Is|Are|Do|Does|My|The|This|It|We|You|Just|Need"
    r"|Looking|Want|Help|Good|World|All|Everyone|Team|Sir|Madam|Quiero|Necesito|Quero|Vorrei|Ich|Je|Me)\b"
)
_CLOSING = (
    r"thanks|thank you|cheers|regards|best|sincerely|yours|love|gracias|saludos?|atentamente|merci|cordialement"
    r"|danke|grüßen?|gruß|mfg|lg|obrigad[oa]|abraços?|cumprimentos|atenciosamente|grazie|saluti"
)
_CALLED = (
    r"my (?:full )?name is|my name['’]s|je m['’]appelle|mon nom est|me llamo|mi nombre es|ich hei(?:ß|ss)e"
    r"|mein name ist|meu nome é|(?:eu )?me chamo|mi chiamo|il mio nome è"
)

# What must be in a text for a rule to find anything: seen at once, where the rules look at every word.
_NEEDS = {
    "link": re.compile(r"://|[wW]{3}\."),
    "at": re.compile("[@＠]"),
    "dot": re.compile(r"\w\.\w"),
    "digit": re.compile(r"\d"),
    "called": re.compile(r"[aAoO][mM]|[pP][pP][eE][lL]|[lL][aA][mM]|[hH][eE][ıiIİ]", re.I),
    "name": re.compile(r"[ \t][A-ZÀ-ÖØ-Þ][\w'’-]"),
    "last": re.compile(r"[A-ZÀ-ÖØ-Þ][\w'’-]+[ \t]*[.!]?[ \t]*$", re.M),
}

# In this order: patterns that contain others (an address contains a number) come first.
_RULES = tuple(
    (needs, re.compile(pattern, flags))
    for needs, pattern, flags in (
        ("link", r"(?:https?://|\bwww\.)\S+", re.I),
        ("at", r"(?<!\S)[^\s@＠]*[@＠](?:\S*[^\s.,;:!?)])?", 0),  # anything with an at sign: an address, or a handle
        ("dot", r"\b[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/\S*", 0),
        ("dot", r"\b[\w-]{1,63}\.(?:com|org|net|edu|gov|info|io|co\.uk|fr|eu|br)\b", re.I),
        ("digit", rf"\b\d{{1,6}}[a-z]?\s{{1,3}}(?:\w{{1,40}}\s{{1,3}}){{1,3}}{_STREET}\b\.?", re.I),
        ("digit", r"\b\w{0,40}(?:straße|strasse|str\.|weg|platz|allee|gasse)\s{0,3}\d{1,5}\s?[a-z]?\b", re.I),
        ("digit", rf"\b(?i:{_CALLE})\s(?i:{_OF}){_NAME}(?:\s{_NAME}){{0,3}},?\s(?:n[º°o.]{{1,2}}\s?)?\d{{1,5}}\b", 0),
        (
            "digit",
            rf"\b\d{{1,5}},?\s(?:bis\s)?(?i:rue|avenue|boulevard|place|chemin|allée|impasse|quai)\s(?i:{_OF}){_NAMES}",
            0,
        ),
        ("digit", r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b", re.I),
        ("digit", r"(?<![A-Za-z0-9])(?=[A-Z]{0,63}\d)(?=\d{0,63}[A-Z])[A-Z0-9]{6,}", re.I),
        ("digit", r"\+?\(?\d(?:[\s().\-‐-―/_,:·]{0,4}\d){4,}", 0),
        ("called", rf"\b(?i:{_CALLED})[ \t]+(?:{_NAMES}|{_SMALL})", 0),
        ("name", rf"\b(?i:i am called|call me)[ \t]+{_NAMES}", 0),
        (
            "name",
            rf"\b(?i:i am|i['’]m|this is|ich bin|je suis|soy|sou|sono)[ \t]+{_NAMES}(?=\s*(?:[,.!]|$|from\b|and\b))",
            0,
        ),
        ("name", rf"\b(?i:mr|mrs|ms|miss|dr|prof|herr|frau|señora?|sr|sra|monsieur|madame)\.?[ \t]+{_NAMES}", 0),
        ("name", rf"^[ \t]*(?i:{_GREETING})[ \t]+(?:{_NAMES}[ \t]*[,!.]|(?!{_NO_NAME}){_NAME}(?=[ \t]+[a-z]))", re.M),
        ("last", rf"\b(?i:{_CLOSING})\b[,.!]?\s{{0,4}}[-–—]?[ \t]?{_NAMES}[ \t]*[.!]?[ \t]*$", re.M),
        ("last", rf"[-–—~][ \t]?{_NAMES}[ \t]*$", re.M),
    )
)


def redact(text: str) -> str:
    """`text` without e-mails, URLs, handles, addresses, account and phone numbers, and self-given names."""
    holds = _holds(text)
    for needs, rule in _RULES:
        if needs in holds and (without := rule.sub(" ", text)) != text:
            text, holds = without, _holds(without)
    return re.sub(r"[ \t]{2,}", " ", text).strip()


def _holds(text: str) -> set[str]:
    return {needs for needs, seen in _NEEDS.items() if seen.search(text)}
