"""Assets that end the flow: the plan, its application per system, settling, and the verdict."""

import json
from collections import Counter
from itertools import islice
from time import perf_counter
from typing import Any

import dagster as dg
from sqlalchemy import Connection, Row, func, select

from hub.assets import figures
from hub.assets.failures import named_failures
from hub.assets.keys import (
    PLAN,
    SETTLE,
    VERDICT,
    apply_key,
    golden_key,
    policy_key,
    pool,
    pushed_systems,
)
from hub.assets.model import GOLDEN, GOVERNED
from hub.assets.resource import HubResource
from hub.config import Settings
from hub.errors import HubError, LawBroken, StopSync
from hub.models.database import reading
from hub.models.operations import ops_change
from hub.sync.applicable import open_plan
from hub.sync.flow import Flow
from hub.sync.stored import changes_of, parts_of
from hub.sync.storing import BRAKED, Plan
from hub.sync.verdict import braked


def write_back_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    systems = pushed_systems(settings)
    return [
        _plan_asset(),
        *(_apply_asset(settings, system) for system in systems),
        _settle_asset(systems),
        _verdict_asset(),
    ]


def _plan_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=PLAN,
        group_name="write_back",
        deps=[
            *(golden_key(table.name) for tables in GOLDEN.values() for table in tables),
            *(policy_key(table.name) for table, _ in GOVERNED.values()),
        ],
        description="What each CRM should say minus what it was last seen to say: the changes, "
        "each with before, after and why. Nothing is written yet.",
        metadata={"dagster/column_schema": figures.column_schema(ops_change)},
    )
    def _plan(context: dg.AssetExecutionContext, hub: HubResource) -> dg.MaterializeResult[None]:
        with named_failures(context):
            flow = hub.flow(context)
            start = perf_counter()
            plan = flow.plan()
            if plan.plan is not None and plan.status == BRAKED:
                raise StopSync(braked(plan.plan, plan), remedy="look at the plan, then decide")
            return dg.MaterializeResult(
                metadata={**_plan_figures(flow, plan), "seconds": round(perf_counter() - start, 3)}
            )

    return _plan


def _plan_figures(flow: Flow, plan: Plan) -> figures.Metadata:
    kinds = {f"{k} {p.system}/{p.object}": n for p in plan.parts for k, n in p.kinds.items()}
    found: figures.Metadata = {
        "plan": plan.plan or "nothing to do",
        "dagster/row_count": plan.total,
        "calls_planned": plan.calls,
        "changes": figures.counts("change", dict(sorted(kinds.items()))),
    }
    if plan.plan is None:
        return found
    with reading(flow.engine) as conn:
        rows = list(islice(changes_of(conn, plan.plan), figures.PREVIEW_ROWS))
    shown = [_previewed(row) for row in rows]
    held = [{"where": "/".join(p.where), "by": p.hold, "reason": p.reason} for p in plan.held]
    found["preview"] = figures.table_of(shown, tuple(shown[0]))
    if held:
        found["held_back"] = figures.table_of(held, tuple(held[0]))
    return found


def _previewed(row: Row[Any]) -> dict[str, Any]:
    """A change without its values, which may be personal data."""
    fields = json.loads(row.fields)
    return {
        **{name: getattr(row, name) for name in ("system", "object", "kind", "hub_id")},
        "fields": ", ".join(fields),
        "why": next((cell["why"] for cell in fields.values()), ""),
    }


def _apply_asset(settings: Settings, system: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=apply_key(system),
        group_name="write_back",
        kinds={settings.systems[system].kind},
        tags={"hub/system": system},
        pool=pool(system),
        deps=[PLAN],
        description=f"The plan's changes written to `{system}`, in the largest batches its API "
        "takes, one outcome per change.",
    )
    def _apply(context: dg.AssetExecutionContext, hub: HubResource) -> dg.MaterializeResult[None]:
        with named_failures(context):
            flow = hub.flow(context)
            start = perf_counter()
            plan = _plan_to_apply(flow)
            if plan is not None and _outcomes(flow, plan, system)["pending"]:
                flow.apply(plan, [system])
            outcomes = _outcomes(flow, plan, system)
            if outcomes["pending"] > _held(flow, plan, system):
                flow.raise_if_paused(system)
                raise StopSync(
                    f"{system}: {outcomes['pending']} changes of {plan} are still pending.",
                    remedy="materialise the whole job, so that the system is read and planned anew",
                )
            return dg.MaterializeResult(
                metadata={
                    **_apply_figures(flow, plan, system, outcomes),
                    "seconds": round(perf_counter() - start, 3),
                }
            )

    return _apply


def _plan_to_apply(flow: Flow) -> str | None:
    """This run's plan; of a run that made none, the stored plan, if it is still as things stand."""
    if flow.report.plans:
        return flow.report.plans[-1].plan
    with reading(flow.engine) as conn:
        stored = open_plan(conn)
    if stored is None:
        raise HubError(
            "There is no stored plan that is still as things stand.",
            remedy="materialise plan/changes first",
        )
    return stored


def _outcomes(flow: Flow, plan: str | None, system: str) -> Counter[str]:
    with reading(flow.engine) as conn:
        rows = conn.execute(
            select(ops_change.c.outcome, func.count().label("number"))
            .where(ops_change.c.plan == plan, ops_change.c.system == system)
            .group_by(ops_change.c.outcome)
        )
        return Counter({row.outcome: row.number for row in rows})


def _held(flow: Flow, plan: str | None, system: str) -> int:
    """Changes that wait for somebody's decision: not green, but nothing is amiss here."""
    with reading(flow.engine) as conn:
        held = [p.object for p in parts_of(conn, plan or "") if p.hold and p.system == system]
        counted = select(func.count()).where(
            *(ops_change.c.plan == plan, ops_change.c.system == system),
            *(ops_change.c.object.in_(held), ops_change.c.outcome == "pending"),
        )
        return int(conn.scalar(counted) or 0)


def _apply_figures(
    flow: Flow, plan: str | None, system: str, outcomes: Counter[str]
) -> figures.Metadata:
    runs = [flow.run.number]
    with reading(flow.engine) as conn:
        return {
            "plan": plan or "nothing to do",
            "changes_applied": outcomes["applied"],
            "changes_rejected": outcomes["rejected"],
            "outcomes": figures.counts("outcome", dict(sorted(outcomes.items()))),
            **figures.calls(conn, runs, system, "apply/%"),
            **_refusals(conn, plan, system),
        }


def _refusals(conn: Connection, plan: str | None, system: str) -> figures.Metadata:
    """Refused changes by code; the CRM's own words may quote personal data."""
    columns = ("object", "record_id", "hub_id", "code", "remedy")
    rows = conn.execute(
        select(*(ops_change.c[name] for name in columns))
        .where(
            ops_change.c.plan == plan,
            ops_change.c.system == system,
            ops_change.c.outcome == "rejected",
        )
        .order_by(ops_change.c.seq)
        .limit(figures.PREVIEW_ROWS)
    )
    found = [row._asdict() for row in rows]
    return {"rejected_preview": figures.table_of(found, columns)} if found else {}


def _settle_asset(systems: list[str]) -> dg.AssetsDefinition:
    @dg.asset(
        key=SETTLE,
        group_name="write_back",
        deps=[apply_key(system) for system in systems] or [PLAN],
        description="Records that were made are read back and planned again, until a pass makes "
        "none: then a further sync has nothing to do.",
    )
    def _settle(context: dg.AssetExecutionContext, hub: HubResource) -> dg.MaterializeResult[None]:
        with named_failures(context):
            flow = hub.flow(context)
            start = perf_counter()
            report = flow.report
            passes = flow.settle()
            if report.troubles:
                raise StopSync("; ".join(report.troubles), remedy="see the message")
            flow.raise_if_paused()
            return dg.MaterializeResult(
                metadata={
                    "passes": passes,
                    "hub_runs": ", ".join(map(str, report.runs)),
                    "seconds": round(perf_counter() - start, 3),
                }
            )

    return _settle


def _verdict_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=VERDICT,
        group_name="write_back",
        deps=[SETTLE],
        description="The run as the ledger has it: green only if every law holds.",
    )
    def _verdict(context: dg.AssetExecutionContext, hub: HubResource) -> dg.MaterializeResult[None]:
        with named_failures(context):
            laws = hub.laws()
            told = "; ".join(f"{law.law}: {law.detail}" for law in laws if not law.holds)
            if told:
                raise LawBroken(told, remedy="run `hub status`; see the failed checks of this run")
            return dg.MaterializeResult(
                metadata={
                    "hub_runs": ", ".join(map(str, hub.runs())),
                    "laws": figures.table_of(
                        [{"law": law.law, "holds": "yes", "detail": law.detail} for law in laws],
                        ("law", "holds", "detail"),
                    ),
                }
            )

    return _verdict
