"""Land: batches that are in memory already, into the warehouse and the archive."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import polars as pl
from sqlalchemy import Engine

from bench.figures import Lap, timed
from bench.scene import Batches, Scene
from hub.config import ObjectMapping, SystemBase
from hub.connectors.contract import (
    RECORD_ID,
    Batch,
    CallMeter,
    Change,
    FieldShape,
    Finding,
    ObjectSpec,
    Outcome,
    Write,
)
from hub.models.runs import Run
from hub.sync.land import land
from hub.sync.ledger import begin_run, end_run

EVERY = 100
# The column that an increment changes in one row of a hundred.
_EDITED = {
    "company": ("city",),
    "contact": ("job_title",),
    "lead": ("city", "name"),
    "opportunity": ("name",),
    "pos_line": ("product_name",),
}


class Replaying:
    """A connector whose answers are in memory."""

    config_model: ClassVar[type[SystemBase]] = SystemBase
    rows_per_apply = 1

    def __init__(self, system: str, batches: Mapping[str, Sequence[Batch]]) -> None:
        self.system = system
        self.calls = CallMeter()
        self._batches = batches

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:  # noqa: ARG002
        return []

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:  # noqa: ARG002
        return iter(self._batches[spec.name])

    def fetch(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:  # noqa: ARG002
        return iter(())

    def describe(self, obj: str) -> Sequence[FieldShape]:  # noqa: ARG002
        return ()

    def present(self, spec: ObjectSpec) -> Iterator[pl.Series]:
        return (batch.rows[RECORD_ID] for batch in self._batches[spec.name])

    def trace(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:  # noqa: ARG002
        return iter(())

    def volatile_fields(self, spec: ObjectSpec) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def volatile(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        return iter(())

    def opening_calls(self, writes: Collection[Write], *, anew: bool) -> int:  # noqa: ARG002
        return 0

    def write_calls(self, obj: str, rows: int, op: str = "create") -> int:  # noqa: ARG002
        return rows

    def compare_calls(self, obj: str, rows: int, *, asked: bool) -> int:  # noqa: ARG002
        return 0

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:  # noqa: ARG002
        return iter(())

    def close(self) -> None:
        return None


def landed(engine: Engine, scene: Scene, batches: Batches) -> tuple[Run, Lap, dict[str, int]]:
    """Land everything as one run; the run, the time, and rows by disposition."""
    run = begin_run(engine, "sync", scene.settings.config_hash)
    found: dict[str, int] = {}
    with timed() as lap:
        for system in scene.settings.systems:
            mine = {obj: several for (owner, obj), several in batches.items() if owner == system}
            connector = Replaying(system, mine)
            for obj in mine:
                report = land(engine, scene.settings, run, connector, obj, full=True)
                for disposition, rows in report.dispositions.items():
                    found[disposition] = found.get(disposition, 0) + rows
    end_run(engine, run, "done", seconds={})
    return run, lap, found


def edited(scene: Scene, batches: Batches) -> Batches:
    """The same batches, one row of a hundred told differently."""
    return {
        (system, obj): [
            replace(b, rows=_edited_rows(b.rows, scene.settings.mappings[system][obj]))
            for b in several
        ]
        for (system, obj), several in batches.items()
    }


def _edited_rows(rows: pl.DataFrame, mapping: ObjectMapping) -> pl.DataFrame:
    fields = {column: field for field, column in mapping.pull.items()}
    name = next(fields[c] for c in _EDITED[mapping.source] if c in fields)
    turn = pl.int_range(pl.len()) % EVERY == EVERY // 2
    other = pl.concat_str(pl.col(name).fill_null("-"), pl.lit(" (moved)"))
    return rows.with_columns(pl.when(turn).then(other).otherwise(name).alias(name))
