"""Identifiers taken out of a text by rule: what the local provider does where a model would be told to.

A rule removes more than it must rather than less, and knows only patterns: a name in the
middle of a sentence passes here, and is stopped by the supported-terms rule later.
"""

from __future__ import annotations

import re

_NAME = r"[A-ZÀ-ÖØ-Þ][\w'’-]+"
_NAMES = rf"{_NAME}(?:\s+(?:(?:van|von|de|da|di|del|la|le|bin|al)\s+)*{_NAME}){{0,3}}"
_STREET = r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|square|terrace)"

# In this order: what holds others (an address holds a number) comes first.
_RULES = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"\b(?:https?://|www\.)\S+", re.I),
        (r"\S+@\S+\.\w+", 0),
        (r"(?<!\w)@\w[\w.]*", 0),
        (rf"\b\d+[a-z]?\s+(?:\w+\s+){{1,3}}{_STREET}\b\.?", re.I),
        (r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b", 0),
        (r"\b(?=\w*\d)(?=\w*[A-Za-z])\w{6,}\b", 0),
        (r"\+?\(?\d(?:[\s().\-/]*\d){4,}", 0),
        (
            rf"\b(?i:my (?:full )?name is|my name's|i am called|call me|je m'appelle|mon nom est|me llamo|mi nombre es|"
            rf"ich hei(?:ß|ss)e|mein name ist|meu nome é|me chamo|mi chiamo|il mio nome è)\s+{_NAMES}",
            0,
        ),
        (rf"\b(?i:i am|i'm|this is|ich bin|je suis|soy|sou|sono)\s+{_NAMES}(?=\s*(?:[,.!]|$|from\b|and\b))", 0),
        (rf"\b(?i:mr|mrs|ms|miss|dr|prof|herr|frau|señora?|sr|sra|monsieur|madame)\.?\s+{_NAMES}", 0),
        (rf"^\s*(?i:hi|hello|hey|dear|hallo|hola|bonjour|olá|ciao)\s+{_NAMES}\s*[,!.]", re.M),
        (
            rf"(?i:\b(?:thanks|thank you|cheers|regards|best|sincerely|yours|gracias|merci|danke|grüße|obrigad[oa]|grazie))"
            rf"[,.!]?\s*[-–—]?\s*{_NAMES}\s*[.!]?\s*$",
            re.M,
        ),
        (rf"[-–—]\s*{_NAMES}\s*$", re.M),
    )
)


def redact(text: str) -> str:
    """`text` without e-mails, URLs, handles, addresses, account and phone numbers, and self-given names."""
    for rule in _RULES:
        text = rule.sub(" ", text)
    return re.sub(r"[ \t]{2,}", " ", text).strip()
