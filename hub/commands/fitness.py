"""How the fields of a system fit what its mappings want of them, as findings of `hub doctor`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select

from hub.connectors.contract import CallMeter, FieldShape, Finding
from hub.connectors.provision import WantedField, WantedObject, misfit, missing_choices
from hub.models.operations import ops_call
from hub.sync.ledger import newest_sync
from hub.sync.lint.faults import Fault, line_of


@dataclass(frozen=True)
class MappingFinding(Finding):
    """A finding about a mapping, and where in its file; `line` is None for a stock mapping."""

    rule: str = ""
    file: str = ""
    key: str = ""
    line: int | None = None


def mapping_finding(file: Path, fault: Fault) -> MappingFinding:
    """A fault of the linter, by where it stands."""
    told = fault.key.removeprefix("mappings.")
    line = line_of(file, fault.key)
    where = (fault.rule, str(file), fault.key, line)
    return MappingFinding(told, fault.severity, fault.message, fault.remedy, *where)


_SYNCS_A_DAY = 96
"""One every 15 minutes, as the schedule runs."""


def field_findings(obj: WantedObject, shapes: Mapping[str, FieldShape]) -> Iterator[Finding]:
    """What would be refused, cut or left out. Fields that are not there at all are the preflight's
    to name."""
    for want in obj.fields:
        there = shapes.get(want.name)
        if there is not None:
            yield from _of_field(f"{obj.name}.{want.name}", want, there)
    if obj.creates:
        named = {want.name for want in obj.fields if want.writes}
        for shape in shapes.values():
            if shape.required and shape.writable and shape.name not in named:
                yield Finding(
                    f"{obj.name}.{shape.name}",
                    "error",
                    "new records need a value, and the mapping sets none",
                    f"map it in `create.fields` of {obj.name}, or give it a default in the CRM",
                )


def _of_field(subject: str, want: WantedField, there: FieldShape) -> Iterator[Finding]:
    problem = misfit(want, there)
    if problem is not None:
        yield Finding(
            *(subject, "error", problem),
            "map another field; `hub provision` makes those that are missing, and changes none",
        )
        return
    short = missing_choices(want, there)
    if short:
        yield Finding(
            *(subject, "error", f"its list lacks: {', '.join(short)}"),
            "add them (`hub provision`), or translate them with `map` in the mapping",
        )
    longest, takes = want.length or 0, there.length
    if want.writes and not want.choices and takes is not None and takes < longest:
        yield Finding(
            *(subject, "warning", f"takes {takes} characters, {longest} may come"),
            "a longer value is refused when it is planned, not cut: make the field longer",
        )


def quota_finding(conn: Connection, system: str, calls: CallMeter) -> Finding | None:
    """What is left of the allowance beside what syncs cost; None when either is unknown."""
    runs = newest_sync(conn)
    cost = conn.scalar(
        select(func.sum(ops_call.c.used)).where(
            ops_call.c.system == system, ops_call.c.run.in_(runs)
        )
    )
    if not cost or calls.quota_used is None or calls.quota_limit is None:
        return None
    left = int(calls.quota_limit * calls.share) - calls.quota_used
    told = f"the last sync took {cost} calls; {max(left, 0)} of our share are left"
    if left < cost:
        remedy = "wait until the allowance is renewed, or raise `quota_share`"
        return Finding("cost of a sync", "error", told, remedy)
    if cost * _SYNCS_A_DAY > calls.quota_limit * calls.share:
        remedy = "every 15 minutes it would not last a day: sync less often"
        return Finding("cost of a sync", "warning", told, remedy)
    return Finding("cost of a sync", "ok", told)
