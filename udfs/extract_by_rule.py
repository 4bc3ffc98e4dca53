"""clio_extract_by_rule: answers as the provider local gives them, whoever answers else."""

from __future__ import annotations

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.providers import Extract
from clio_sql.providers.local import Local
from clio_sql.udfs import Function
from clio_sql.udfs.extract import FUNCTION as ASKED
from clio_sql.udfs.extract import questions_of


def extract_by_rule(engine: Engine, transcripts: pa.ChunkedArray, questions: pa.ChunkedArray) -> pa.Array:
    """MAP facet -> answer, NULL where the rules have none or a doubtful one; questions: as `extract` takes them."""
    kind = pa.map_(pa.string(), pa.string())
    if engine.collects:
        return pa.array([[]] * len(transcripts), type=kind)
    local = Local(engine.embedder, engine.check)
    requests = [
        Extract(transcript, questions_of(asked, free=False))
        for transcript, asked in zip(transcripts.to_pylist(), questions.to_pylist(), strict=True)
    ]
    answers = [answer.value for answer in local.extract(requests)]
    engine.advance("extract_by_rule", len(answers))
    return pa.array(answers, type=kind)


FUNCTION = Function(
    "clio_extract_by_rule",
    ["VARCHAR", "VARCHAR"],
    "MAP(VARCHAR, VARCHAR)",
    extract_by_rule,
    code=("udfs/extract.py", *ASKED.code),
)
