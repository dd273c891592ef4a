"""Undo: the inverse of what was written, as a plan of its own.

Before-images come from the ledger, what records say now from their systems, read in batches. What
somebody edited since is left alone and stands in the plan as skipped, with the reason.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

from sqlalchemy import Engine

from hub.config import ObjectMapping, Settings
from hub.connectors.contract import Connector, ObjectSpec
from hub.errors import HubError
from hub.models.database import reading, writing
from hub.models.operations import UNDO
from hub.models.runs import Run
from hub.sync.changes import PlannedChange
from hub.sync.ledger import record_calls
from hub.sync.plan import store_plan
from hub.sync.storing import Plan
from hub.sync.undo.inverse import Record, inverse
from hub.sync.undo.made import children_of, first_told
from hub.sync.undo.now import Now, look
from hub.sync.undo.remaking import with_records
from hub.sync.undo.written import Written, written_by


def make_undo(
    engine: Engine,
    settings: Settings,
    run: Run,
    connectors: Mapping[str, Connector],
    targets: Sequence[str],
    *,
    at_once: bool = False,
) -> Plan:
    """Store the plan that takes back what the targets wrote, the last change first. `at_once`: it
    is to be applied in this very run.

    `targets` are numbers of runs, names of plans, ids of changes. Changes of the plan that carry a
    refusal are what is left alone. Raises HubError when a target names nothing that was written,
    and what the connectors raise.
    """
    with reading(engine) as conn:
        written = written_by(conn, targets)
    by_object: dict[tuple[str, str], list[Written]] = {}
    for one in written:
        by_object.setdefault((one.system, one.object), []).append(one)
    found: dict[tuple[str, ...], list[PlannedChange]] = {}
    leaving: set[Record] = set()
    # What hangs on a record was written after it, and is judged before it.
    for (system, obj), records in sorted(by_object.items(), key=_last_change, reverse=True):
        mapping = _mapping(settings, system, obj)
        made = [one for one in records if one.was_made]
        now = _look(engine, run, connectors[system], obj, mapping, records)
        with reading(engine) as conn:
            told = first_told(conn, system, obj, made) if made else {}
            children = children_of(conn, system, mapping, made) if made else {}
        for one in sorted(records, key=lambda one: one.changes[-1], reverse=True):
            found[one.changes] = inverse(
                one, now, mapping, leaving, told, children, creates=settings.undo.creates
            )
            if any(c.op == "delete" and c.refusal is None for c in found[one.changes]):
                leaving.add((one.system, one.object, one.record_id))
    backwards = sorted(found, key=lambda changes: changes[-1], reverse=True)
    changes = [change for key in backwards for change in found[key]]
    with reading(engine) as conn:
        changes = with_records(conn, settings, changes)
    with writing(engine) as conn:
        return store_plan(
            conn, settings, run, _together(changes), connectors, UNDO, at_once=at_once
        )


def _last_change(of_object: tuple[tuple[str, str], Sequence[Written]]) -> str:
    return max(one.changes[-1] for one in of_object[1])


def _look(
    engine: Engine,
    run: Run,
    connector: Connector,
    obj: str,
    mapping: ObjectMapping,
    records: Sequence[Written],
) -> Now:
    """What the records say now: of those that were made everything mapped, of others what was
    written. What a system tells without a trace (links) is left out: reading it costs calls, and
    it changes by itself."""
    now = Now()
    for whole, group in groupby(
        sorted(records, key=lambda one: one.was_made), key=lambda one: one.was_made
    ):
        part = [one for one in group if one.op != "delete"]
        if not part:
            continue
        names = {name for one in part for name in one.fields}
        spec = ObjectSpec(obj, tuple(sorted({*names, *(mapping.all_fields if whole else ())})))
        volatile = set(connector.volatile_fields(spec))
        shown = {shape.name for shape in connector.describe(obj)}
        fields = tuple(name for name in spec.fields if name in shown and name not in volatile)
        now.add(look(connector, ObjectSpec(obj, fields), [one.record_id for one in part]))
    with writing(engine) as conn:
        record_calls(conn, run, connector.system, f"undo/{obj}", connector.calls)
    connector.calls.restart()
    return now


def _mapping(settings: Settings, system: str, obj: str) -> ObjectMapping:
    mapping = settings.mappings.get(system, {}).get(obj)
    if mapping is None:
        raise HubError(
            f"{system}/{obj} was written and is not mapped any more.",
            remedy="put the object back into `mappings`, or name single changes of other objects",
        )
    return mapping


def _together(changes: Sequence[PlannedChange]) -> list[PlannedChange]:
    """What is left alone goes to the end: what is sent stays in its order, in whole batches."""
    return sorted(changes, key=lambda change: change.refusal is not None)
