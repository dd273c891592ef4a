"""`hub review`: what stewards judge, what would follow, and what they decided."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.commands.warehouse import Workplace
from hub.identity.mentions import Entity
from hub.models.database import deciding, exclusive, reading
from hub.models.identity import identity_decision
from hub.stewardship.decisions import Decision, Judgement, listing, withdraw
from hub.stewardship.importing import import_file
from hub.stewardship.judging import Judged, Wish, judge_one, named
from hub.stewardship.names import Side, written
from hub.stewardship.preview import Preview, preview
from hub.sync.changes import PlannedChange
from hub.sync.pipeline import connected


def _now() -> datetime:
    return datetime.now(UTC)


def judged(place: Workplace, wish: Wish) -> dict[str, Any]:
    """Store a judgement. Raises HubError, Contradiction among them."""
    with deciding(place.engine, identity_decision) as conn:
        return _judged(judge_one(conn, wish, _now()))


def imported(place: Workplace, file: Path) -> dict[str, Any]:
    """Store the judgements of a file, or none and the faults of all its lines."""
    found = import_file(place.engine, file, _now())
    return {
        "stored": sum(one.new for one in found.judged),
        "standing_already": sum(not one.new for one in found.judged),
        "decisions": [_judged(one) for one in found.judged],
        "faults": [vars(fault) for fault in found.faults],
    }


def withdrawn(place: Workplace, number: int, by: str, why: str | None) -> dict[str, Any]:
    """Take a judgement back. Raises HubError when it does not stand."""
    named(by)
    with deciding(place.engine, identity_decision) as conn:
        withdraw(conn, number, by, why, _now())
    return {"decision": number, "withdrawn_by": by, "why": why}


def decisions(place: Workplace, *, everything: bool) -> dict[str, Any]:
    with reading(place.engine) as conn:
        return {"decisions": listing(conn, everything=everything)}


def previewed(
    place: Workplace, judgement: Judgement, a: str, b: str, entity: Entity | None
) -> dict[str, Any]:
    """What would follow from a judgement. Asks no outside system, writes nothing."""
    wish = Wish(judgement, a, b, by="preview", why="preview", entity=entity)
    engine, settings = place.engine, place.settings
    with exclusive(engine), connected(settings, list(settings.systems)) as connectors:
        write_calls = {name: c.write_calls for name, c in connectors.items()}
        found = preview(engine, settings, write_calls, wish, _now())
    return _previewed(found)


# -- shapes ------------------------------------------------------------------------------------


def _judged(one: Judged) -> dict[str, Any]:
    return {"decision": one.number, "new": one.new, **_bound(one.decision, one.a, one.b)}


def _bound(decision: Decision, a: Side, b: Side) -> dict[str, Any]:
    left, right = decision.pairs[0]
    sides = {"a": (a, left), "b": (b, right)}
    return {
        "entity": decision.entity,
        "judgement": decision.judgement,
        "pairs": len(decision.pairs),
        **{
            name: {"asked": side.asked, "hub_id": side.hub_id, "record": written(row)}
            for name, (side, row) in sides.items()
        },
    }


def _previewed(found: Preview) -> dict[str, Any]:
    one = found.judged
    return {
        **_bound(one.decision, one.a, one.b),
        "stands_already": not one.new,
        "model": [
            {
                "table": change.table,
                "key": change.key,
                "op": _op(change.before, change.after),
                "fields": change.fields,
            }
            for change in found.rows
        ],
        "planned": [_planned(change) for change in found.planned],
        "dropped": [_planned(change) for change in found.dropped],
        "calls": {"with": found.calls, "without": found.calls_without},
    }


def _op(before: Any, after: Any) -> str:
    if before is None:
        return "insert"
    return "delete" if after is None else "update"


def _planned(change: PlannedChange) -> dict[str, Any]:
    return {
        "system": change.system,
        "object": change.object,
        "op": change.op,
        "record_id": change.record_id,
        "hub_id": change.hub_id,
        "fields": change.fields,
    }
