"""Which plan may be applied: the one that waits, unless something was landed or decided since; and
a named one if it is still what was planned."""

from sqlalchemy import Connection, exists, or_, select

from hub.config import Settings
from hub.errors import ConfigError
from hub.models.operations import ERASURE, SYNC, ops_batch, ops_plan, ops_watermark
from hub.models.runs import Run
from hub.policy.settings import load_policy
from hub.sync.plan import basis
from hub.sync.stored import digest_now, parts_of
from hub.sync.storing import BRAKED, OPEN, WAITING


def open_plan(conn: Connection) -> str | None:
    """The stored plan that waits to be applied, no undo; None when none does, or when something has
    been landed or decided since it was made: it would write what is no longer wanted."""
    since = ops_plan.c.run
    outdated = or_(
        exists().where(ops_batch.c.run > since), exists().where(ops_watermark.c.run > since)
    )
    return conn.scalar(
        select(ops_plan.c.plan)
        .where(ops_plan.c.status.in_((OPEN, WAITING)), ops_plan.c.kind == SYNC, ~outdated)
        .order_by(ops_plan.c.run.desc())
    )


def applicable(conn: Connection, settings: Settings, run: Run, plan: str) -> int:
    """The run that made the plan. Raises ConfigError when the plan is not to be applied: it is
    not there, was dealt with, has expired, was made by another configuration, or was changed."""
    row = conn.execute(select(ops_plan).where(ops_plan.c.plan == plan)).first()
    again = "run `hub plan` and apply the plan it names"
    if row is None:
        raise ConfigError(plan, "plan", "no such plan.", remedy=again)
    if row.status == BRAKED:
        reasons = "; ".join(part.reason or "" for part in parts_of(conn, plan) if part.brakes)
        raise ConfigError(
            plan,
            "plan",
            f"this plan is braked ({reasons}).",
            remedy=f"look at it with `hub plan show {plan}`, then release the brake with `hub plan "
            "approve`, naming it",
        )
    if row.status not in (OPEN, WAITING):
        raise ConfigError(plan, "plan", f"this plan is {row.status} already.", remedy=again)
    if row.expires_at <= run.started_at:
        expired = f"this plan has expired at {row.expires_at:%Y-%m-%d %H:%M} UTC."
        raise ConfigError(plan, "plan", expired, remedy=again)
    now = basis(settings, load_policy(settings))
    same = (row.config_hash, row.basis) == (settings.config_hash, now)
    # What is to be erased follows from no mapping.
    if not same and row.kind != ERASURE:
        changed = "the configuration has changed since this plan was made."
        raise ConfigError(plan, "plan", changed, remedy=again)
    if row.run != run.number and digest_now(conn, plan, row.basis) != row.digest:
        raise ConfigError(
            plan,
            "plan",
            "its changes are not those that were planned: somebody has changed them in the "
            "warehouse.",
            remedy=again,
        )
    return int(row.run)
