"""One object under way into the warehouse: whatever is read of it is landed and accounted for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import polars as pl
from sqlalchemy import Connection, Engine, func, select

from hub.config import Settings, SystemBase
from hub.connectors.ahead import read_ahead
from hub.connectors.contract import IS_DELETED, RECORD_ID, Batch, Connector
from hub.models.database import reading, writing
from hub.models.operations import ops_batch, ops_quarantine
from hub.models.runs import Run
from hub.sync.archive import archive_path
from hub.sync.batch import LandReport, land_batch
from hub.sync.drift import watched
from hub.sync.judging import Judged, Prepared, judged, prepared
from hub.sync.ledger import Stopwatch, record_calls
from hub.sync.periods import by_period, period_of
from hub.sync.targets import Target, move_cursor, target_in

_TOLD_AT_MOST = 1_000_000


@dataclass
class Landing:
    """Where one object lands in one run, the connector it is read by, and the report of it."""

    engine: Engine
    settings: Settings
    run: Run
    connector: Connector
    target: Target
    watch: Stopwatch = field(default_factory=Stopwatch)

    def __post_init__(self) -> None:
        self.report = LandReport(self.target.system, self.target.object, seconds=self.watch.seconds)

    @classmethod
    def of(
        cls, engine: Engine, settings: Settings, run: Run, connector: Connector, obj: str
    ) -> "Landing":
        target = target_in(settings, connector.system, obj)
        return cls(engine, settings, run, connector, target)

    @property
    def config(self) -> SystemBase:
        return self.settings.systems[self.target.system]

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """What is asked of the system within the block is charged to `name/OBJECT`."""
        try:
            yield
        finally:
            step = f"{name}/{self.target.object}"
            with writing(self.engine) as conn:
                record_calls(conn, self.run, self.target.system, step, self.connector.calls)
            self.connector.calls.restart()

    def learn_volatile_fields(self) -> None:
        """Ask which fields change without a trace, so that rows are landed with their hash."""
        fields = self.connector.volatile_fields(self.target.spec)
        self.target = replace(self.target, volatile=tuple(sorted(fields)))

    def learn_shape(self) -> None:
        """Look at the fields of the object and note what changed about them. Raises SchemaChanged
        when the mapping's contract is to land nothing then."""
        described = self.connector.describe(self.target.object)
        self.target = watched(self.engine, self.run, self.target, described)

    def knows_nothing(self) -> bool:
        """Whether no record of the object was ever landed, nor waits as a bad one."""
        with reading(self.engine) as conn:
            return not any(
                conn.execute(
                    select(table.c.record_id)
                    .where(
                        table.c.system == self.target.system, table.c.object == self.target.object
                    )
                    .limit(1)
                ).first()
                for table in (self.target.table, ops_quarantine)
            )

    def take(self, batches: Iterator[Batch], *, first: bool = False) -> pl.DataFrame:
        """Land every batch; returns record_id and is_deleted of all rows, in the order read.

        `first`: nothing was known before, so what these batches have not told yet is new, and what
        becomes of it is found out while the batch before it is being stored.
        """
        told = [pl.DataFrame(schema={RECORD_ID: pl.String, IS_DELETED: pl.String})]
        parted = (part for batch in batches for part in by_period(batch, self.target))

        def ahead() -> Iterator[Batch | Prepared | Judged]:
            for batch in parted:
                if batch.rows.is_empty():
                    yield batch
                    continue
                made = prepared(batch, self.target)
                unseen = first and _adds_only(batch, told)
                told.append(batch.rows.select(RECORD_ID, IS_DELETED))
                yield judged(self.engine, self.target, made, unseen=True) if unseen else made

        with read_ahead(ahead()) as coming:
            while True:
                with self.watch.lap("pull"):
                    found = next(coming, None)
                if found is None:
                    return pl.concat(told)
                if isinstance(found, Batch):
                    self._go_on_after(found)
                    continue
                if isinstance(found, Prepared):
                    with self.watch.lap("check"):
                        found = judged(self.engine, self.target, found)
                self._land(found)

    def _go_on_after(self, nothing: Batch) -> None:
        """Most pulls bring no rows: they then cost no more than the cursor they tell."""
        if nothing.cursor is not None:
            with writing(self.engine) as conn:
                move_cursor(conn, self.target, self.run, nothing.cursor)

    def _land(self, found: Judged) -> None:
        target = self.target
        with reading(self.engine) as conn:
            sequence = next_sequence(conn, self.run, target)
        root = self.settings.resolve(self.settings.archive)
        period = period_of(found.batch.rows, target)
        path = archive_path(root, target.system, target.object, self.run.number, sequence, period)
        land_batch(self.engine, target, self.run, found, path, self.report, self.watch)


def _adds_only(batch: Batch, told: Sequence[pl.DataFrame]) -> bool:
    """Whether no record of the batch is among those told. Of very many told ones it takes less to
    ask the warehouse, so they are then not looked through."""
    if sum(rows.height for rows in told) > _TOLD_AT_MOST:
        return False
    known = pl.concat(told)[RECORD_ID]
    return not batch.rows[RECORD_ID].is_in(known.implode()).any()


def next_sequence(conn: Connection, run: Run, target: Target) -> int:
    """The number of the next archived batch of an object within a run."""
    listed = select(func.count()).where(
        ops_batch.c.run == run.number,
        ops_batch.c.system == target.system,
        ops_batch.c.object == target.object,
    )
    return int(conn.scalar(listed) or 0) + 1
