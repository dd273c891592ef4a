"""The JSON that others rely on: one function per documented shape."""

from typing import Any

from hub.commands.undoing import Undo
from hub.sync.batch import LandReport
from hub.sync.dispositions import DISPOSITIONS
from hub.sync.pipeline import STEPS, SyncReport
from hub.sync.plan import Plan
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


def plan_shape(plan: Plan) -> dict[str, Any]:
    return {
        "plan": plan.plan,
        "created_at": plan.created_at.isoformat(),
        "config_hash": plan.config_hash,
        "calls": plan.calls,
        "changes": [
            {
                "id": plan.change_id(seq),
                "system": change.system,
                "object": change.object,
                "op": change.op,
                "record_id": change.record_id,
                "hub_id": change.hub_id,
                "fields": change.fields,
                **({} if change.refusal is None else {"refused": vars(change.refusal)}),
            }
            for seq, change in enumerate(plan.changes, 1)
        ],
    }


def undo_shape(report: Undo) -> dict[str, Any]:
    """As a plan; what is left alone stands apart from what is sent."""
    told = plan_shape(report.plan)
    sent = [change for change in told["changes"] if "refused" not in change]
    refused = [change for change in told["changes"] if "refused" in change]
    left = [change for change in refused if change["refused"]["code"] != AS_BEFORE]
    return {
        **told,
        "changes": sent,
        "left": left,
        "as_before": len(refused) - len(left),
        "outcomes": report.outcomes,
    }


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
