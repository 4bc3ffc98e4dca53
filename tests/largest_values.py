"""Writes `clio_sql/vectors/largest_minilm.npy` and `largest_e5.npy`: how large each number between the layers gets.

    python tests/largest_values.py

In int8 these say by how much the large ones are divided (`vectors/encoder.py`): per layer the largest absolute value of
each number that goes into its attention, then of each that goes into its wide product. They are taken from the
invented conversations in 15 languages of `clio-sql demo --languages`, whole, in fours and first messages alone, and
from the generated sentences of `language_map.py`; so no text of anybody is in them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import numpy as np
from language_map import sentences

from clio_sql import demo_languages
from clio_sql.vectors import e5, embedding, encoder

FOLDER = Path(embedding.__file__).parent


def texts() -> list[str]:
    """Some 500 texts of all lengths, the same every time."""
    with tempfile.TemporaryDirectory() as folder:
        demo_languages.write(f"{folder}/demo.parquet")
        whole = (
            "select array_to_string([m.role || ': ' || m.content for m in messages], chr(10)) as t "
            f"from '{folder}/demo.parquet' order by md5(t) limit 150"
        )
        first = f"select distinct messages[1].content as t from '{folder}/demo.parquet' order by md5(t) limit 200"
        conversations, requests = ([text for (text,) in duckdb.execute(query).fetchall()] for query in (whole, first))
    fours = [" ".join(conversations[start : start + 4]) for start in range(0, 60, 4)]
    return conversations + requests + fours + sentences(150)


def largest(parts: encoder.Parts, given: list[str]) -> np.ndarray:
    """(2 * layers, width), float16."""
    own = encoder.Encoder(parts, "float32")
    run = encoder.compiled(encoder.graph(parts, "float32", probed=True), "float32")
    found = np.zeros((2 * parts.layers, own.words.shape[1]), np.float32)
    for text in given:
        ids = np.array([own.tokenizer.encode(text).ids])
        results = run([own.words[ids] + own.places[: ids.shape[1]]])
        found = np.maximum(found, [np.abs(results[place + 1]).max(axis=0) for place in range(len(found))])
    return found.astype(np.float16)


def main() -> None:
    given, folder, path = texts(), embedding._packaged_weights(), e5.file()
    assert folder and path, "install 'clio-sql[offline]'"
    np.save(FOLDER / "largest_minilm.npy", largest(encoder.parts_in(folder), given))
    parts, normal = e5.read(path)
    np.save(FOLDER / "largest_e5.npy", largest(parts, [e5.PROMPT + text.translate(normal) for text in given]))


if __name__ == "__main__":
    main()
