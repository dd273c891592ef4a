"""How the laws stand after a sync, and what is left to do."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from hub.checks import laws
from hub.checks.isolation import isolation
from hub.checks.laws import LawResult
from hub.config import Settings
from hub.models.database import reading
from hub.policy.partners import partner_systems
from hub.policy.settings import load_policy
from hub.sync.differences import differences
from hub.sync.settled import standing
from hub.sync.stored import undecided
from hub.sync.storing import BRAKED, Plan


def judge(
    engine: Engine,
    settings: Settings,
    runs: Sequence[int],
    troubles: Sequence[str],
    *,
    pauses: Sequence[str] = (),
    waits: Sequence[str] = (),
    applied: bool = True,
) -> list[LawResult]:
    """The laws that a sync of these runs can break, in the order of their numbers."""
    with reading(engine) as conn:
        left, refused = _standing(conn, settings, runs)
        return [
            laws.conservation(conn, runs),
            laws.fixpoint(left if applied else 0, paused=bool(pauses)),
            laws.identity(conn),
            isolation(conn, list(partner_systems(settings)), runs),
            laws.reversibility(conn, runs),
            laws.honesty(
                *(conn, runs, troubles),
                pauses=pauses,
                waits=[*waits, *_undecided(conn, [*troubles, *waits])],
                refused=refused,
                applied=applied,
            ),
            laws.frugality(conn, runs),
        ]


def left_to_do(engine: Engine, settings: Settings, runs: Sequence[int]) -> int:
    """Changes that planning again would want of what these runs moved, but for those refused and
    those that wait for somebody's decision."""
    with reading(engine) as conn:
        return _standing(conn, settings, runs)[0]


def _standing(conn: Connection, settings: Settings, runs: Sequence[int]) -> tuple[int, int]:
    """How much the CRMs do not say yet, of what these runs moved and of what is outstanding: what
    is still to be asked for, and what was refused."""
    since = min(runs, default=1) - 1
    return standing(conn, differences(conn, settings, load_policy(settings), since))


def braked(name: str, plan: Plan) -> str:
    """What stops a plan, in words."""
    reasons = "; ".join(dict.fromkeys(part.reason or "" for part in plan.held if part.brakes))
    brakes = dict.fromkeys(brake for part in plan.held for brake in part.brakes)
    release = " ".join(f"--release {brake}" for brake in brakes)
    return (
        f"{name} is braked, nothing of it was sent: {reasons}; see `hub plan show {name}`, then "
        f"`hub plan approve {name} --by NAME {release}`, or `hub plan reject`"
    )


def _undecided(conn: Connection, told: Sequence[str]) -> list[str]:
    """Plans that wait for a decision and are not told of yet."""
    known = " ".join(told)
    return [
        braked(str(plan.plan), plan)
        if plan.status == BRAKED
        else f"{plan.plan} waits for approval; see `hub plan show {plan.plan}`"
        for plan in undecided(conn)
        if str(plan.plan) not in known
    ]
