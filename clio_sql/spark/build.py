"""One build whose relations are made on Spark where they can be made in parts, and by the driver where not."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files

from clio_sql.analysis import parts
from clio_sql.analysis.catalog import Incremental, Relation
from clio_sql.builder import Builder
from clio_sql.builder.incremental import Inputs
from clio_sql.spark.stages import SLOW_ROWS, Stages

GROWING = set(parts.GROWING)
IN_A_FILE = 8 * SLOW_ROWS  # of rows whose prompts the driver asks


@dataclass
class LakeInputs(Inputs):
    """Inputs that workers have the rows of: the driver reads ids and hashes of all, and in full what it asks about."""

    stages: Stages
    asked_at_once = SLOW_ROWS

    def seen(self, by: Incremental) -> str:
        if not self.stages.reaches(by.input):
            return super().seen(by)
        place = self.stages.lake.place("_seen", by.input)
        self.stages.seen(by, place)
        return self.stages.lake.reading(place)

    @contextmanager
    def work(self, by: Incremental) -> Iterator[str]:
        if not self.stages.reaches(by.input):
            with super().work(by) as work:
                yield work
            return
        place = self.stages.lake.place("_asked", by.input)
        try:
            self.stages.asked(by, "temp.clio_work", IN_A_FILE, place)
            yield f"({self.stages.lake.reading(place)})"
        finally:
            shutil.rmtree(place, ignore_errors=True)


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
    builder.stages, builder.inputs = stages, LakeInputs(stages.con, stages)
    return builder
