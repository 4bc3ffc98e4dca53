"""What the columns of a published table are for, in the words of BI tools: keys, times, dimensions and measures.

Everything follows from names, types and comments, so a published table of one's own is described too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

COUNTS = ("BIGINT", "HUGEINT", "INT", "INTEGER", "SMALLINT")
FRACTIONS = ("DOUBLE", "FLOAT", "DECIMAL")
TIMES = ("DATE", "TIMESTAMP")
PLACES = ("x", "y")  # on the map: neither a group nor a sum
LEVEL = "level"
AT_MOST = ("users",)  # somebody may be in several rows, so they are not added: what is certain is the largest number


class Column(NamedTuple):
    """role: time, dimension, measure, or none. aggregate: how a measure is put together, '' for others."""

    name: str
    type: str
    comment: str
    role: str
    aggregate: str = ""


def columns(types: Mapping[str, str], comments: Mapping[str, str], grain: Collection[str] = ()) -> list[Column]:
    """Each column with its role. types: name -> SQL type. grain: names of the columns that identify a row."""
    return [Column(name, type_, comments.get(name, ""), *_role(name, type_, grain)) for name, type_ in types.items()]


def _role(name: str, type_: str, grain: Collection[str]) -> tuple[str, str]:
    base = re.split(r"\W", type_.upper())[0]
    if base in TIMES:
        return "time", ""
    if name in PLACES:
        return "none", ""
    if base in COUNTS and name != LEVEL and name not in grain:
        return "measure", "max" if name in AT_MOST else "sum"
    if base in FRACTIONS and name not in grain:
        return "measure", "average"
    return "dimension", ""


def grain_of(text: str) -> list[str]:
    """The columns of a header's grain; none where a table has one row."""
    return [] if text in ("", "one row") else [part.strip() for part in text.split(",")]


def key(grain: Sequence[str]) -> str:
    """SQL of one text that identifies a row."""
    return "concat_ws('/', " + ", ".join(grain) + ")"
