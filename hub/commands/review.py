"""`hub review`: what stewards judge, what would follow, and what they decided."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.commands.naming import names_of
from hub.commands.warehouse import Workplace
from hub.config import MatchingSettings
from hub.identity.bands import band, probability
from hub.identity.model import Scored
from hub.models.database import deciding, exclusive, reading
from hub.models.identity import identity_decision
from hub.stewardship.chart import page
from hub.stewardship.decisions import Decision, Judgement, listing, withdraw
from hub.stewardship.evidence import Evidence, explain
from hub.stewardship.importing import import_file
from hub.stewardship.judging import Judged, Wish, judge_one, named
from hub.stewardship.names import JUDGED, Side, written
from hub.stewardship.pairs import nats
from hub.stewardship.preview import Preview, preview
from hub.stewardship.queue import Item, waiting
from hub.sync.changes import PlannedChange
from hub.sync.flow import connected


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


def listed(place: Workplace, entity: Scored | None, limit: int) -> dict[str, Any]:
    """What waits for a steward, the dearest doubt first; `limit` 0 is all of it."""
    matching = place.settings.matching
    with reading(place.engine) as conn:
        entities = JUDGED if entity is None else (entity,)
        found = [item for one in entities for item in waiting(conn, one, matching)]
        found.sort(key=lambda item: -item.priority)
        shown = found[:limit] if limit else found
        names = names_of(conn, {hub_id for item in shown for hub_id in (item.a, item.b)})
    codes = {code for item in shown for code in item.money}
    return {
        "waiting": len(found),
        "band": {"from": matching.review_from, "to": matching.review_to},
        "without_rate": sorted(codes - set(matching.rates)) if len(codes) > 1 else [],
        "items": [_item(item, names) for item in shown],
    }


def explained(
    place: Workplace, a: str, b: str, entity: Scored | None, html: Path | None
) -> dict[str, Any]:
    """What the weights say of two, field by field; drawn into `html` if a file is named."""
    matching = place.settings.matching
    with reading(place.engine) as conn:
        found = explain(conn, a, b, entity, matching)
    if html is not None:
        html.write_text(page(found, matching), encoding="utf-8")
    return _explained(found, matching)


def decisions(place: Workplace, *, everything: bool) -> dict[str, Any]:
    with reading(place.engine) as conn:
        return {"decisions": listing(conn, everything=everything)}


def previewed(
    place: Workplace, judgement: Judgement, a: str, b: str, entity: Scored | None
) -> dict[str, Any]:
    """What would follow from a judgement. Asks no outside system, writes nothing."""
    wish = Wish(judgement, a, b, by="preview", why="preview", entity=entity)
    engine, settings = place.engine, place.settings
    with exclusive(engine), connected(settings, list(settings.systems)) as connectors:
        found = preview(engine, settings, connectors, wish, _now())
    return _previewed(found)


# -- shapes ------------------------------------------------------------------------------------


def _item(item: Item, names: dict[str, str]) -> dict[str, Any]:
    a = written(item.row) if item.row else item.a
    return {
        "kind": item.kind,
        "entity": item.entity,
        "a": {"asked": a, "hub_id": item.a, "name": names.get(item.a)},
        "b": {"asked": item.b, "hub_id": item.b, "name": names.get(item.b)},
        "log_odds": nats(item.total),
        "probability": round(probability(item.total), 4),
        "forbidden_by": item.veto,
        "doubt": round(item.doubt, 4),
        "money": {code: str(amount) for code, amount in item.money.items()},
        "priority": round(item.priority, 2),
    }


def _explained(found: Evidence, matching: MatchingSettings) -> dict[str, Any]:
    sides = {"a": (found.a, found.left), "b": (found.b, found.right)}
    return {
        "entity": found.entity,
        "weights": found.version,
        **{
            name: {"asked": side.asked, "hub_id": side.hub_id, "record": written(row)}
            for name, (side, row) in sides.items()
        },
        "together": found.together,
        "bias": nats(found.bias),
        "fields": [{**vars(field), "weight": nats(field.weight)} for field in found.fields],
        "log_odds": nats(found.score),
        "probability": round(probability(found.score), 4),
        "all_records": {
            "pairs": found.pairs,
            "log_odds": nats(found.total),
            "band": band(found.total, matching),
        },
        "decided": [
            {"decision": edge.decision.number, "told": edge.told} for edge in found.decided
        ],
    }


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
