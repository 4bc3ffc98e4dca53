"""One build whose relations are made on Spark where they can be made in parts, and by the driver where not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, partial
from importlib.resources import files

from clio_sql.analysis import parts
from clio_sql.analysis.catalog import Relation
from clio_sql.builder import Builder
from clio_sql.spark.stages import Stages

GROWING = set(parts.GROWING)


@cache
def code() -> str:
    """A hash of the files that bring rows together: if one changes, what was made with it is made again."""
    there = sorted(files("clio_sql.spark").iterdir(), key=lambda file: file.name)
    texts = b"".join(file.read_bytes() for file in there if file.name.endswith(".py"))
    return hashlib.sha256(texts).hexdigest()[:16]


class SparkBuilder(Builder):
    """A `Builder` with `stages`. What Spark made from the same SQL and inputs is not made again, also after a kill."""

    stages: Stages

    def _build(self, relation: Relation, fingerprint: str) -> str:
        if not self.stages.makes(relation):
            return super()._build(relation, fingerprint)
        self.reporter.begin(relation.name, None)
        lake = self.stages.lake
        made_from = f"{fingerprint} {code()}"
        by = relation.incremental
        place = lake.place(relation.name, f"{made_from} {self._fingerprints[by.input]}" if by else made_from)
        skipped = lake.is_whole(place)
        if not skipped:
            there = self.stages.write(relation, place, made_from)
            if there == place:
                self.made.add(relation.name)
            place = there
        lake.show(relation.name, place)
        content = place.name  # to hash the rows of what grows would take the driver too long
        if GROWING.isdisjoint(parts.grain(relation)):
            content = self.records.content(relation.name)
        self.records.mark(relation.name, fingerprint, content)
        self.reporter.end(-1, skipped=skipped)
        return content

    def _content(self, name: str) -> str:
        if name == "source":
            return str(self.stages.lake.shown(name))
        return super()._content(name)


def builder_on(stages: Stages) -> Callable[..., Builder]:
    """What `clio_sql.builder.run` takes as `made`."""
    return partial(_builder, stages)


def _builder(stages: Stages, *arguments: object) -> Builder:
    builder = SparkBuilder(*arguments)  # type: ignore[arg-type]
    builder.stages = stages
    return builder
