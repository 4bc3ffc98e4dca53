"""clio_word: what is known of one word, for the supported-terms rule."""

from __future__ import annotations

import pyarrow as pa
from clio_sql.udfs import Function

from clio_sql import words
from clio_sql.engine import Engine

TYPE = "STRUCT(lemma VARCHAR, ordinary BOOLEAN, stop BOOLEAN, vague BOOLEAN)"
ARROW = pa.struct([("lemma", pa.string()), ("ordinary", pa.bool_()), ("stop", pa.bool_()), ("vague", pa.bool_())])


def word(engine: Engine, given: pa.ChunkedArray) -> pa.Array:
    """One lower-cased word -> STRUCT(lemma, ordinary, stop, vague); a noun for one person is not ordinary here."""
    engine.check()
    return pa.array([_known(text) for text in given.to_pylist()], type=ARROW)


def _known(text: str) -> dict[str, object]:
    known = words.word(text)
    return known._replace(ordinary=known.ordinary and not words.personal(text))._asdict()


FUNCTION = Function("clio_word", ["VARCHAR"], TYPE, word)
