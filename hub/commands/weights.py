"""`hub match train`, `approve` and `versions`: the weights that a warehouse is matched with."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from hub.commands.warehouse import Workplace
from hub.errors import HubError
from hub.identity.mentions import Entity
from hub.identity.model import load_model
from hub.identity.versions import approve as put_in_use
from hub.identity.versions import model_in_use
from hub.models.database import deciding, exclusive, reading
from hub.models.identity import identity_approval, identity_version
from hub.stewardship import training
from hub.stewardship.judging import named
from hub.stewardship.names import ENTITIES


def train(place: Workplace, entity: Entity, say: Callable[[str], None]) -> dict[str, Any]:
    """Fit weights and keep them as a version; nothing is matched by them before it is approved."""
    now = datetime.now(UTC)
    with exclusive(place.engine):
        found = training.train(place.engine, place.settings.config_hash, entity, now, say)
    return {
        "entity": entity,
        "version": found.model.version if found.model else None,
        "base": found.base,
        "pairs": found.pairs,
        "decisions": found.decisions,
        "learned_from_decisions": found.learned,
        "effect": found.effect,
    }


def approve(
    place: Workplace, version: str, entity: Entity | None, by: str, why: str | None
) -> dict[str, Any]:
    """Put a version in use. Raises HubError when there is none, or more than one, of that name."""
    named(by)
    with deciding(place.engine, identity_approval) as conn:
        held = [one for one in ENTITIES if entity in (None, one) and _known(conn, one, version)]
        if len(held) > 1:
            raise HubError(
                f"Companies and contacts both have weights of the version {version}.",
                remedy="say which are meant: --entity company or --entity contact",
            )
        mine = held[0] if held else entity or ENTITIES[0]
        before = model_in_use(conn, mine).version
        put_in_use(conn, mine, version, by, why, datetime.now(UTC))
    return {"entity": mine, "version": version, "before": before, "approved_by": by, "why": why}


def _known(conn: Connection, entity: Entity, version: str) -> bool:
    v = identity_version.c
    query = select(v.version).where(v.entity == entity, v.version == version)
    return version == load_model(entity).version or conn.scalar(query) is not None


def versions(place: Workplace) -> dict[str, Any]:
    """All versions, the shipped ones first; of each its last approval."""
    with reading(place.engine) as conn:
        return {"versions": [one for entity in ENTITIES for one in _versions(conn, entity)]}


def _versions(conn: Connection, entity: Entity) -> list[dict[str, Any]]:
    a, v = identity_approval.c, identity_version.c
    mine = select(identity_approval).where(a.entity == entity).order_by(a.id)
    approvals = {row.version: row for row in conn.execute(mine)}
    trained = select(identity_version).where(v.entity == entity).order_by(v.made_at, v.version)
    shipped = load_model(entity).version
    told: list[dict[str, Any]] = [{"version": shipped, "base": None, "made_at": None}]
    told += [
        {
            "version": row.version,
            "base": row.base,
            "made_at": row.made_at.isoformat(),
            "pairs": row.pairs,
            "decisions": row.decisions,
            "effect": json.loads(row.effect),
        }
        for row in conn.execute(trained)
    ]
    now = max(approvals.values(), key=lambda row: row.id).version if approvals else shipped
    return [
        {
            "entity": entity,
            **dict.fromkeys(("pairs", "decisions", "effect")),
            **one,
            "in_use": one["version"] == now,
            "approved": _approval(approvals.get(one["version"])),
        }
        for one in told
    ]


def _approval(row: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"by": row.approved_by, "why": row.reason, "at": row.approved_at.isoformat()}
