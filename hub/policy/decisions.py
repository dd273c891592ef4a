"""The decision log: outcome, rule, policy version, inputs and every candidate, append-only."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from hub.models.database import take_numbers
from hub.models.golden import decision
from hub.models.runs import Run


@dataclass(frozen=True)
class Decision:
    """Why something is as it is. Candidates are dicts with at least `id` and `verdict`."""

    entity: str
    entity_id: str
    kind: str
    outcome: str
    rule: str
    inputs: dict[str, Any]
    candidates: list[dict[str, Any]] = field(default_factory=list)


def record(
    conn: Connection, decisions: Sequence[Decision], policy_version: str, run: Run
) -> list[int]:
    """Store decisions; returns their numbers in order."""
    if not decisions:
        return []
    numbers = list(take_numbers(conn, "decision", len(decisions)))
    conn.execute(
        decision.insert(),
        [
            {
                "id": number,
                "entity": made.entity,
                "entity_id": made.entity_id,
                "kind": made.kind,
                "outcome": made.outcome,
                "rule": made.rule,
                "policy_version": policy_version,
                "inputs": _json(made.inputs),
                "candidates": _json(made.candidates),
                "run": run.number,
                "at": run.started_at,
            }
            for number, made in zip(numbers, decisions, strict=True)
        ],
    )
    return numbers


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
