"""What holds a plan back: parts that need somebody's approval, and brakes that have tripped.

What was approved once stays so, change by change, until the approved plan expires: what is left of
it after an interruption needs no second look.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, exists, func, select

from hub.config import Settings
from hub.models.operations import ops_approval, ops_change, ops_plan
from hub.models.runs import Run
from hub.models.sources import SOURCES
from hub.planning import Above
from hub.sync.storing import Part

APPROVAL, BRAKE = "approval", "brake"
SHARE, CLEARS, EMPTIED = "share", "clears", "zero_rows"
BRAKES = (SHARE, CLEARS, EMPTIED)
APPROVED = "approved"


@dataclass(frozen=True)
class Holding:
    """Judges the parts of a plan that looks at what moved after run `since`."""

    settings: Settings
    run: Run
    since: int

    def of(self, conn: Connection, plan: str, parts: Sequence[Part]) -> None:
        """Note on each part what holds it back, if anything does."""
        emptied = list(self._emptied(conn)) if any(part.to_send for part in parts) else []
        for part in parts:
            if not part.to_send:
                continue
            self._count(conn, part)
            tripped = {**self._tripped(conn, part), **({EMPTIED: emptied[0]} if emptied else {})}
            if tripped and not self._passed(conn, plan, part, tuple(tripped)):
                part.hold, part.brakes = BRAKE, tuple(tripped)
                part.reason = "; ".join(tripped.values())
                continue
            reason = self._needs_approval(part)
            if reason and not self._passed(conn, plan, part, ()):
                part.hold, part.reason = APPROVAL, reason

    def _count(self, conn: Connection, part: Part) -> None:
        """How many records there are matters from a certain number of changes on."""
        if part.to_send >= self.settings.plans.brake_of(*part.where).least:
            table = SOURCES[self.settings.mappings[part.system][part.object].source]
            part.records = _living(conn, table, part.system, part.object)

    def _tripped(self, conn: Connection, part: Part) -> dict[str, str]:
        """Name of each brake → what tripped it. What is written for the first time may be much."""
        brake = self.settings.plans.brake_of(*part.where)
        if part.records is None or not _written_before(conn, part):
            return {}
        where, found = f"{part.system}/{part.object}", {}
        of_all = f"of {part.records:,} records"
        if part.to_send > brake.share * part.records:
            found[SHARE] = (
                f"{where}: {part.to_send:,} changes, more than {brake.share:.0%} {of_all}"
            )
        if part.emptying >= brake.least and part.emptying > brake.clears * part.records:
            found[CLEARS] = (
                f"{where}: {part.emptying:,} records lose a field, more than "
                f"{brake.clears:.0%} {of_all}"
            )
        return found

    def _emptied(self, conn: Connection) -> Iterator[str]:
        """Objects that had rows and have none any more."""
        for system, objects in self.settings.mappings.items():
            for obj, mapping in objects.items():
                table = SOURCES[mapping.source]
                here = (table.c.system == system, table.c.object == obj)
                if conn.scalar(select(exists().where(*here, table.c.is_deleted.is_(False)))):
                    continue
                lately = select(func.count()).where(*here, table.c.run > self.since)
                gone = int(conn.scalar(lately) or 0)
                if gone >= self.settings.plans.brake_of(system, obj).emptied:
                    yield f"{system}/{obj}: all of its {gone:,} records have gone"

    def _needs_approval(self, part: Part) -> str | None:
        rule = self.settings.plans.approval_of(*part.where)
        if rule == "auto":
            return None
        where = f"{part.system}/{part.object}"
        if isinstance(rule, Above):
            if part.to_send <= rule.above:
                return None
            return f"{where}: {part.to_send:,} changes, more than {rule.above:,} need approval"
        return f"{where}: every change needs approval"

    def _passed(self, conn: Connection, plan: str, part: Part, brakes: Sequence[str]) -> bool:
        """Whether somebody has let pass every change of the part before, these brakes named."""
        let = conn.execute(
            select(ops_approval.c.plan, ops_approval.c.released)
            .join(ops_plan, ops_plan.c.plan == ops_approval.c.plan)
            .where(
                ops_approval.c.verdict == APPROVED,
                ops_approval.c.digest == ops_plan.c.digest,
                ops_plan.c.expires_at > self.run.started_at,
            )
        )
        plans = [row.plan for row in let if set(brakes) <= set(row.released.split(";"))]
        if not plans:
            return False
        new, old = ops_change.alias("new"), ops_change.alias("old")
        seen = exists().where(
            old.c.digest == new.c.digest, old.c.fields == new.c.fields, old.c.plan.in_(plans)
        )
        unseen = select(func.count()).where(
            new.c.plan == plan,
            new.c.system == part.system,
            new.c.object == part.object,
            new.c.outcome == "pending",
            ~seen,
        )
        return not conn.scalar(unseen)


def _living(conn: Connection, table: Table, system: str, obj: str) -> int:
    here = (table.c.system == system, table.c.object == obj, table.c.is_deleted.is_(False))
    return int(conn.scalar(select(func.count()).select_from(table).where(*here)) or 0)


def _written_before(conn: Connection, part: Part) -> bool:
    c = ops_change.c
    applied = (c.outcome == "applied", c.system == part.system, c.object == part.object)
    return bool(conn.scalar(select(exists().where(*applied))))
