"""clio_match: pairs of what belongs together best, each thing in one pair at most."""

from __future__ import annotations

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.errors import ClioError
from clio_sql.udfs import Function


def match(engine: Engine, *columns: pa.ChunkedArray) -> pa.Array:
    """owners, things, scores, three lists of one length -> BOOLEAN[]: which pairs are settled.

    The pair with the highest score first, then the highest whose owner and thing are both free, and so on. Of equal
    scores the earlier pair is first. ClioError if the lists differ in length.
    """
    settled = []
    for owners, things, scores in zip(*(column.to_pylist() for column in columns), strict=True):
        engine.check()
        if not len(owners) == len(things) == len(scores):
            raise ClioError(
                f"clio_match: {len(owners)} owners, {len(things)} things and {len(scores)} scores; "
                "the three lists must have one length."
            )
        settled.append(_settled(owners, things, scores))
    return pa.array(settled, type=pa.list_(pa.bool_()))


def _settled(owners: list[str], things: list[str], scores: list[float]) -> list[bool]:
    found, busy, gone = [False] * len(owners), set(), set()
    for place in sorted(range(len(owners)), key=lambda place: -scores[place]):
        if owners[place] not in busy and things[place] not in gone:
            busy.add(owners[place])
            gone.add(things[place])
            found[place] = True
    return found


FUNCTION = Function("clio_match", ["VARCHAR[]", "VARCHAR[]", "DOUBLE[]"], "BOOLEAN[]", match)
