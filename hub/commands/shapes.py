"""The JSON that others rely on: one function per documented shape."""

import json
from typing import Any

from sqlalchemy import Row

from hub.commands.undoing import Undo
from hub.sync.batch import LandReport
from hub.sync.changes import KINDS, PlannedChange
from hub.sync.dispositions import DISPOSITIONS
from hub.sync.report import STEPS, SyncReport
from hub.sync.storing import Part, Plan
from hub.sync.undone import AS_BEFORE


def sync_shape(report: SyncReport) -> dict[str, Any]:
    dispositions = dict.fromkeys(DISPOSITIONS, 0)
    for landed in report.landed:
        for name, rows in landed.dispositions.items():
            dispositions[name] += rows
    return {
        "run": report.runs[0],
        "status": report.status,
        "read": sum(landed.read for landed in report.landed),
        "dispositions": dispositions,
        "outcomes": report.outcomes,
        "calls": report.calls,
        "seconds": {step: round(report.watch.seconds.get(step, 0.0), 3) for step in STEPS},
        "troubles": report.faults,
        "laws": [{"law": law.law, "holds": law.holds, "detail": law.detail} for law in report.laws],
    }


def plan_head(plan: Plan) -> dict[str, Any]:
    """A plan in figures: all of `hub plan --json` but its changes."""
    return {
        "plan": plan.plan,
        "created_at": plan.created_at.isoformat(),
        "config_hash": plan.config_hash,
        "calls": plan.calls,
        "status": plan.status if plan.plan is not None else None,
        "expires_at": plan.expires_at.isoformat() if plan.expires_at else None,
        "parts": [part_shape(part) for part in plan.parts],
    }


def part_shape(part: Part) -> dict[str, Any]:
    return {
        "system": part.system,
        "object": part.object,
        "kinds": {kind: part.kinds[kind] for kind in KINDS},
        "fields": part.fields,
        "calls": {
            "open": part.calls.opening,
            "write": part.calls.writing,
            "compare": part.calls.comparing,
        },
        "hold": part.hold,
        "brakes": list(part.brakes),
        "reason": part.reason,
    }


def change_shape(row: Row[Any]) -> dict[str, Any]:
    """A stored change. `op` is how the plan counts it, `sends` what is sent to the system;
    `refused` says why nothing is, `answer` what more there is to say of the outcome."""
    unsent = row.kind in ("skip", "blocked")
    said = {"message": row.message, "remedy": row.remedy, "code": row.code}
    more = {"refused": said} if unsent else {"answer": said} if row.code else {}
    return {
        "id": row.id,
        "system": row.system,
        "object": row.object,
        "op": row.kind,
        "sends": None if unsent else row.op,
        "record_id": row.record_id,
        "hub_id": row.hub_id,
        "fields": json.loads(row.fields),
        "notes": json.loads(row.notes) if row.notes else [],
        "outcome": row.outcome,
        **more,
    }


def undo_shape(report: Undo) -> dict[str, Any]:
    """As a plan; what is left alone stands apart from what is sent."""
    told = [_undone(change) for change in report.changes]
    refused = [change for change in told if "refused" in change]
    left = [change for change in refused if change["refused"]["code"] != AS_BEFORE]
    plan = report.plan
    return {
        "plan": plan.plan,
        "created_at": plan.created_at.isoformat(),
        "config_hash": plan.config_hash,
        "calls": plan.calls,
        "changes": [change for change in told if "refused" not in change],
        "left": left,
        "as_before": len(refused) - len(left),
        "outcomes": report.outcomes,
    }


def _undone(change: PlannedChange) -> dict[str, Any]:
    names = ("system", "object", "op", "record_id", "hub_id", "fields")
    refusal = change.refusal
    refused = {} if refusal is None else {"refused": vars(refusal)}
    return {"id": change.id, **{name: getattr(change, name) for name in names}, **refused}


def landed_shape(reports: list[LandReport]) -> list[dict[str, Any]]:
    return [
        {
            "system": report.system,
            "object": report.object,
            "read": report.read,
            "dispositions": report.dispositions,
            "faults": report.faults,
        }
        for report in reports
    ]
