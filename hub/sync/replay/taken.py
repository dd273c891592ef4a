"""Taking again the steps that a run had taken, in their order."""

from typing import cast

from sqlalchemy import Engine, select

from hub.config import Settings
from hub.golden.unify import unify
from hub.identity import resolve
from hub.identity.mentions import Entity
from hub.models.database import reading, writing
from hub.models.operations import ops_step
from hub.models.runs import Run
from hub.models.watermarks import move_watermark
from hub.policy.govern import govern
from hub.policy.settings import load_policy
from hub.sync.plan import basis
from hub.sync.settling import settle_agreements


def take_again(source: Engine, into: Engine, settings: Settings, run: Run) -> int:
    """Resolve, unify and govern as the run did; of a plan only what it settles. Returns how many
    steps."""
    with reading(source) as conn:
        noted = select(ops_step).where(ops_step.c.run == run.number).order_by(ops_step.c.id)
        steps = conn.execute(noted).all()
    for step in steps:
        # Behind `@` stands under which configuration.
        kind, _, of = str(step.step).partition("@")[0].partition("/")
        if kind == "resolve":
            resolve(into, run, cast(Entity, of), full=step.whole)
        elif kind == "unify":
            unify(into, settings, run, of, full=step.whole)
        elif kind == "govern":
            govern(into, settings, run, of, full=step.whole)
        else:
            _settle(into, settings, run, whole=step.whole)
    return len(steps)


def _settle(into: Engine, settings: Settings, run: Run, *, whole: bool) -> None:
    policy = load_policy(settings)
    with writing(into) as conn:
        settle_agreements(conn, settings, policy)
        move_watermark(conn, basis(settings, policy), run, whole=whole)
