"""Relations that can be made in parts: which rows of each input a part needs. The header `-- by:` names the key.

Rows with equal values of the key lie in one part, and where it is `conversation_id` all segments of a conversation do.
A relation made in parts has the rows of all of them; with '; distinct' behind the key, equal rows once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from clio_sql.analysis.catalog import Relation
from clio_sql.errors import SqlError
from clio_sql.warehouse import host

GROWING = ("conversation_id", "user_id", "person")  # a grain with one of them: about as many rows as the input
SEGMENT = "(#[0-9]+)+$"  # behind the id of a conversation in that of a segment: they lie in one part

NO_KEY = (
    "no input of it that grows with the conversations has all columns of '-- by: {key}'. Name columns that one has, or "
    "leave the line out: it is then made as a whole."
)


class Share(NamedTuple):
    """What each part sees of one input.

    'split': the rows whose values of `on`, the key, are of that part. 'following': the rows that agree in `on` with a
    row that the part has of the input `after`. 'whole': all rows.
    """

    name: str
    how: Literal["split", "following", "whole"]
    on: tuple[str, ...] = ()
    after: str = ""


def shares(relation: Relation, relations: Mapping[str, Relation]) -> list[Share]:
    """How the inputs of a relation with a key go to its parts, in order of their names.

    Split are inputs that grow with the conversations and have the columns of the key. Those that grow and lack a column
    follow the split input that they have most of their grain in common with. All others are small, and every part sees
    them whole. Raises SqlError where no input can be split.
    """
    known = {name: _Known(name, relations) for name in relation.inputs}
    split = [each for each in known.values() if _is_split(each, relation)]
    if not split:
        raise SqlError(f"{relation.folder}/{relation.name}.sql: {NO_KEY.format(key=', '.join(relation.by))}")
    return [_share(each, split, relation.by) for each in known.values()]


def can_be_split(relation: Relation, relations: Mapping[str, Relation]) -> bool:
    """Whether it names a key by which an input can be split."""
    return any(_is_split(_Known(name, relations), relation) for name in relation.inputs)


def _is_split(each: _Known, relation: Relation) -> bool:
    return bool(relation.by) and each.grows and set(relation.by) <= each.columns


def grain(relation: Relation) -> tuple[str, ...]:
    """The columns that tell rows apart."""
    return tuple(name.strip() for name in relation.grain.split(","))


class _Known:
    """An input: a relation, or a table that a run makes itself, of which only `source` grows."""

    def __init__(self, name: str, relations: Mapping[str, Relation]) -> None:
        self.name = name
        relation = relations.get(name)
        self.columns = set(relation.columns if relation else host.COLUMNS.get(name, ()))
        self.grain = set(grain(relation)) if relation else {"conversation_id"} if name == "source" else set()
        self.is_made_in_parts = relation is not None and bool(relation.by)

    @property
    def grows(self) -> bool:
        return self.is_made_in_parts or not self.grain.isdisjoint(GROWING)


def _share(each: _Known, split: Sequence[_Known], key: tuple[str, ...]) -> Share:
    if each in split:
        return Share(each.name, "split", key)
    if each.grain.isdisjoint(GROWING):
        return Share(each.name, "whole")
    carrier = max(split, key=lambda other: len(each.grain & other.columns))  # of equals the first by name
    on = sorted(each.grain & carrier.columns)
    return Share(each.name, "following", tuple(on), carrier.name) if on else Share(each.name, "whole")
