"""clio_word: what is known about one word, for the supported-terms rule."""

from __future__ import annotations

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.udfs import WORDS, Function
from clio_sql.words import person_names, words

TYPE = (
    "STRUCT(lemma VARCHAR, ordinary BOOLEAN, stop BOOLEAN, vague BOOLEAN, task BOOLEAN, sensitive VARCHAR, "
    "part VARCHAR, name VARCHAR)"
)
ARROW = pa.struct(
    {
        "lemma": pa.string(), "ordinary": pa.bool_(), "stop": pa.bool_(), "vague": pa.bool_(),
        "task": pa.bool_(), "sensitive": pa.string(), "part": pa.string(), "name": pa.string(),
    }
)  # fmt: skip


def word(engine: Engine, given: pa.ChunkedArray) -> pa.Array:
    """One lower-cased word -> what is known about it; a noun for one person is not ordinary here."""
    engine.check()
    return pa.array([_known(text) for text in given.to_pylist()], type=ARROW)


def _known(text: str) -> dict[str, object]:
    known, name = words.word(text), person_names.kind(text)
    form = text if name in ("given", "surname", "handle") else known.lemma  # 'Lucía' is not a form of 'lucir'
    ordinary = known.ordinary and not words.personal(text)
    return {**known._replace(ordinary=ordinary, lemma=form)._asdict(), "name": name}


FUNCTION = Function("clio_word", ["VARCHAR"], TYPE, word, code=(*WORDS, "words/person_names.py"))
