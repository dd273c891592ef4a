"""A small channel that was synced once, and what can be done to it without leaving a trace."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from channel_folder import MOMENT, make_start, served
from databases import PostgresServer
from sqlalchemy import Engine, Row, Table, select

from hub.commands.warehouse import Workplace, open_workplace
from hub.connectors.contract import Write
from hub.models import metadata
from hub.models.database import reading, rehearsing
from hub.models.identity import crosswalk
from hub.sync.costs import Cost
from hub.sync.derivation import derive
from hub.sync.ledger import Stopwatch, begin_run
from hub.sync.pipeline import sync
from hub.sync.plan import make_plan
from hub.sync.stored import changes_of

ADA = "Ada Vogt"
Key = tuple[str, str, str]


class _CallPerChange:
    rows_per_apply = 1000

    def opening_calls(self, writes: Collection[Write], *, anew: bool) -> int:  # noqa: ARG002
        return 0

    def write_calls(self, obj: str, rows: int, op: str = "create") -> int:  # noqa: ARG002
        return rows

    def compare_calls(self, obj: str, rows: int, *, asked: bool) -> int:  # noqa: ARG002
        return 0


class _AnySystem(Mapping[str, Cost]):
    """A call per change, whatever the system."""

    def __getitem__(self, system: str) -> Cost:
        return _CallPerChange()

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


CALLS = _AnySystem()


@dataclass
class Desk:
    """A steward's desk: the warehouse of a synced channel, time moving on by minutes."""

    place: Workplace
    now: datetime = field(default=MOMENT)

    @property
    def engine(self) -> Engine:
        return self.place.engine

    def later(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def next_plan(self) -> list[Row[Any]]:
        """What the next `hub plan` does: its changes."""
        run = begin_run(self.engine, "plan", self.place.settings.config_hash, self.later())
        derive(self.engine, self.place.settings, run, Stopwatch(), full=False)
        plan = make_plan(self.engine, self.place.settings, run, CALLS)
        with reading(self.engine) as conn:
            return list(changes_of(conn, plan.plan)) if plan.plan is not None else []

    def ids(self, entity: str) -> dict[Key, str]:
        x = crosswalk.c
        query = select(x.system, x.object, x.record_id, x.hub_id).where(x.entity == entity)
        with reading(self.engine) as conn:
            return {(s, o, r): hub_id for s, o, r, hub_id in conn.execute(query)}

    @contextmanager
    def rehearsal(self) -> Iterator["Desk"]:
        """The same desk; what is done on it is undone at the end."""
        with rehearsing(self.engine) as stage:
            yield Desk(Workplace(self.place.settings, stage), self.now)


def everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables as they are stored."""
    with reading(engine) as conn:
        return {
            table.name: sorted(map(tuple, conn.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def rows_by_key(engine: Engine, table: Table) -> dict[tuple[Any, ...], dict[str, Any]]:
    keys = [c.name for c in table.primary_key.columns]
    with reading(engine) as conn:
        rows = [dict(row) for row in conn.execute(select(table)).mappings()]
    return {tuple(row[k] for k in keys): row for row in rows}


@contextmanager
def synced_desk(folder: Path, records: int, server: PostgresServer | None) -> Iterator[Desk]:
    """A channel of so many records, synced to the end; its CRMs are down again."""
    start = folder / "start"
    make_start(start, records)
    with served(start, folder / "channel") as crms:
        config = crms.folder / "hub.yaml"
        if server is None:
            yield _synced(config)
            return
        with server.database() as url:
            told = config.read_text().replace("sqlite:///hub.db", url)
            config.write_text(told)
            desk = _synced(config)
            yield desk
            desk.engine.dispose()


def _synced(config: Path) -> Desk:
    place = open_workplace(config)
    assert sync(place.engine, place.settings, clock=lambda: MOMENT).status == "done"
    return Desk(place)
