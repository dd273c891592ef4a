"""Plan: what each CRM should say minus what it was last seen to say.

A plan is made of changes, each one record with its fields before and after and the reason. It is
stored before anything is written, portion by portion as it is made. A change that a CRM refused is
not planned again while nothing about it differs (see `hub.sync.settled`): it stays outstanding in
the ledger.
"""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, Engine

from hub.config import Settings
from hub.models.database import reading, writing
from hub.models.runs import Run
from hub.models.watermarks import move_watermark, versioned, watermark
from hub.policy.settings import Policy, load_policy
from hub.sync.changes import PlannedChange
from hub.sync.costs import Costs
from hub.sync.differences import differences
from hub.sync.duplicates import with_duplicates
from hub.sync.holding import Holding
from hub.sync.origins import traced
from hub.sync.settled import Sieve, portions
from hub.sync.settling import settle_agreements
from hub.sync.stored import resolve, supersede, superseding
from hub.sync.storing import Draft, Plan, store
from hub.sync.surprises import amounts_of, weighed


def make_plan(
    engine: Engine,
    settings: Settings,
    run: Run,
    costs: Costs,
    *,
    full: bool = False,
    at_once: bool = True,
) -> Plan:
    """Compare desired with last-seen state of all systems and store the difference.

    Looks at what moved since the last plan; at everything when the mappings or the policy changed,
    or when `full`, which also tries again what was refused; a refused change is also tried again
    by itself, after longer and longer pauses. `costs`: system → what calls cost there. `at_once`:
    the plan is to be applied in this very run, which has just read the records, so that they need
    not be compared again before they are written. What earlier plans had not done is superseded: it
    is in this plan if it is still wanted. A plan that waits for somebody's decision stays, and is
    returned again, while it is all that is wanted.
    """
    policy = load_policy(settings)
    step = basis(settings, policy)
    draft = Draft(run, settings, step, costs, at_once)
    with reading(engine) as conn, writing(engine) as out:
        since = 0 if full else watermark(conn, step)
        sieve = Sieve(conn, run.started_at, full)
        found = differences(conn, settings, policy, since)
        wanted = (
            _explained(conn, settings, asked)
            for portion in portions(found)
            for asked in portions(sieve.passed(portion))
        )
        holding = Holding(settings, run, since)
        settle_agreements(out, settings, policy)
        with superseding(out, draft) as keep:
            plan = keep(store(out, draft, wanted, holding.of))
        resolve(out, run, plan, sieve.standing)
        move_watermark(out, step, run, whole=since == 0)
    return plan


def store_plan(
    conn: Connection,
    settings: Settings,
    run: Run,
    changes: Iterable[PlannedChange],
    costs: Costs,
    kind: str,
    *,
    at_once: bool,
) -> Plan:
    """Store changes that somebody has asked for by name as an open plan, in place of the plan of
    its kind that was open: no brake and no approval is asked about them. `at_once`: it is to be
    applied in this very run."""
    draft = Draft(run, settings, basis(settings, load_policy(settings)), costs, at_once, kind)
    plan = store(conn, draft, portions(changes), lambda *_: None)
    supersede(conn, run, plan.plan, kind)
    return plan


def basis(settings: Settings, policy: Policy) -> str:
    """The name of the planning step under these mappings and this policy."""
    return versioned("plan", _mappings_text(settings), policy.model_dump_json())


def _explained(
    conn: Connection, settings: Settings, changes: list[PlannedChange]
) -> list[PlannedChange]:
    """Changes of one object with the source of each value, and what is unusual about them."""
    mapping = settings.mappings[changes[0].system][changes[0].object]
    if mapping.push is None:
        return changes
    amounts = amounts_of(mapping.push)
    found = with_duplicates(conn, mapping, traced(conn, mapping.push, changes))
    return [weighed(change, amounts) for change in found]


def _mappings_text(settings: Settings) -> str:
    return json.dumps(
        {
            s: {o: m.model_dump(mode="json") for o, m in objects.items()}
            for s, objects in settings.mappings.items()
        },
        sort_keys=True,
    )
