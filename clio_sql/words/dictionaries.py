"""The dictionaries of simplemma: word -> dictionary form, for one language after the other.

Unpacking those of six languages takes seven seconds and 400 MB. So they are kept, unpacked, as tries in the
user's cache folder (20 MB, written by the first process that needs them), from which later ones read within
milliseconds. Where nothing can be written there, they are unpacked in memory.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

if TYPE_CHECKING:
    from simplemma import Lemmatizer
    from simplemma.strategies import DictionaryLookupStrategy
    from simplemma.strategies.dictionaries import DictionaryFactory


def lemma(word: str, languages: tuple[str, ...]) -> str:
    """The dictionary form in the first of the languages that knows the word; else the word itself."""
    return _lemmatizer().lemmatize(word, lang=languages)


def known(word: str, languages: tuple[str, ...]) -> bool:
    """Whether the dictionary of one of the languages has the word."""
    composed = normalize("NFC", word)
    return any(_lookup().get_lemma(composed, language) is not None for language in languages)


@cache
def _lemmatizer() -> Lemmatizer:
    from simplemma import Lemmatizer
    from simplemma.strategies import DefaultStrategy

    return Lemmatizer(lemmatization_strategy=DefaultStrategy(dictionary_factory=_dictionaries()))


@cache
def _lookup() -> DictionaryLookupStrategy:
    from simplemma.strategies import DictionaryLookupStrategy

    return DictionaryLookupStrategy(_dictionaries())


@cache
def _dictionaries() -> DictionaryFactory:
    """From the cache folder; unpacked in memory where it is not ours to write to."""
    from platformdirs import user_cache_path
    from simplemma import __version__
    from simplemma.strategies.dictionaries import DefaultDictionaryFactory

    folder = user_cache_path("clio-sql") / f"simplemma-{__version__}"
    return _tries(folder) if _is_ours(folder) else DefaultDictionaryFactory()


def _is_ours(folder: Path) -> bool:
    """Whether only this user can write to the folder, which is made if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        there = folder.stat()
    except OSError:
        return False
    return there.st_uid == os.getuid() and not there.st_mode & 0o022 and os.access(folder, os.W_OK)


def _tries(folder: Path) -> DictionaryFactory:
    from simplemma.strategies.dictionaries.trie_dictionary_factory import TrieDictionaryFactory

    class Tries(TrieDictionaryFactory):
        """Those of the library; a file is there whole or not at all, also where two processes write it."""

        __slots__ = ()

        def _write_trie_to_disk(self, lang: str, trie: Any) -> None:
            with tempfile.TemporaryDirectory(dir=folder) as draft:
                trie.save(f"{draft}/trie")
                os.replace(f"{draft}/trie", folder / f"{lang}.dic")

    return Tries(disk_cache_dir=str(folder))
