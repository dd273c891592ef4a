"""Deciding about a plan that waits for approval or is braked: letting it pass, or not."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Engine, exists, select, update

from hub.errors import ConfigError
from hub.models.database import writing
from hub.models.operations import ops_approval, ops_change, ops_plan, ops_plan_part
from hub.sync.holding import APPROVED, BRAKES
from hub.sync.settled import DISMISSED
from hub.sync.stored import digest_now, plan_named
from hub.sync.storing import BRAKED, OPEN, REJECTED, WAITING, Plan


def approve(
    engine: Engine, name: str, who: str, why: str, released: Collection[str], now: datetime
) -> Plan:
    """Let the plan pass as it is: `hub apply`, or the next sync, writes it. Returns it.

    `released` names the brakes that are let go of. Raises ConfigError when the plan does not wait
    for a decision, has expired, is not as it was made, or has tripped a brake that is not named.
    """
    with writing(engine) as conn:
        plan = _undecided(conn, name, now)
        tripped = {brake for part in plan.held for brake in part.brakes}
        unknown = sorted(set(released) - set(BRAKES))
        if unknown:
            remedy = f"use one of: {', '.join(BRAKES)}"
            raise ConfigError(name, "release", f"there is no brake '{unknown[0]}'.", remedy=remedy)
        left = sorted(tripped - set(released))
        if left:
            raise ConfigError(
                name,
                "release",
                f"a brake has tripped that is not named: {', '.join(left)}.",
                remedy="look at the plan; if it is right, repeat with "
                + " ".join(f"--release {brake}" for brake in sorted(tripped)),
            )
        _decide(conn, name, APPROVED, who, why, sorted(tripped), now)
        here = ops_plan_part.c.plan == name
        conn.execute(update(ops_plan_part).where(here).values(hold=None))
        conn.execute(update(ops_plan).where(ops_plan.c.plan == name).values(status=OPEN))
        return plan_named(conn, name)


def reject(engine: Engine, name: str, who: str, why: str, now: datetime) -> int:
    """Let the plan not pass: what it held back is dismissed, and not planned again until something
    about it differs. Returns how many changes.

    Raises ConfigError when the plan does not wait for a decision.
    """
    with writing(engine) as conn:
        plan = _undecided(conn, name, now)
        _decide(conn, name, REJECTED, who, why, (), now)
        number = 0
        for part in plan.held:
            c = ops_change.c
            here = (c.plan == name, c.system == part.system, c.object == part.object)
            done = conn.execute(
                update(ops_change)
                .where(*here, c.outcome == "pending")
                .values(outcome="skipped", code=DISMISSED, message=f"{who}: {why}", at=now)
            )
            number += done.rowcount
        pending = exists().where(ops_change.c.plan == name, ops_change.c.outcome == "pending")
        status = OPEN if conn.scalar(select(pending)) else REJECTED
        conn.execute(update(ops_plan).where(ops_plan.c.plan == name).values(status=status))
        if status == OPEN:
            here_too = ops_plan_part.c.plan == name
            conn.execute(update(ops_plan_part).where(here_too).values(hold=None))
        return number


def _undecided(conn: Connection, name: str, now: datetime) -> Plan:
    plan = plan_named(conn, name)
    again = "run `hub plan`, and decide about the plan it names"
    if plan.status not in (WAITING, BRAKED):
        message = f"this plan is {plan.status}: there is nothing to decide."
        raise ConfigError(name, "plan", message, remedy="see `hub plan list`")
    if plan.expires_at is not None and plan.expires_at <= now:
        message = f"this plan has expired at {plan.expires_at:%Y-%m-%d %H:%M} UTC."
        raise ConfigError(name, "plan", message, remedy=again)
    stored = conn.execute(select(ops_plan).where(ops_plan.c.plan == name)).one()
    if digest_now(conn, name, stored.basis) != stored.digest:
        message = "its changes are not those that were planned."
        raise ConfigError(name, "plan", message, remedy=again)
    return plan


def _decide(
    conn: Connection,
    name: str,
    verdict: str,
    who: str,
    why: str,
    released: Collection[str],
    now: datetime,
) -> None:
    digest = conn.scalar(select(ops_plan.c.digest).where(ops_plan.c.plan == name))
    conn.execute(
        ops_approval.insert().values(
            plan=name,
            digest=digest,
            verdict=verdict,
            who=who,
            why=why or None,
            released=";".join(released),
            at=now,
        )
    )
