"""The whole flow: land, resolve, unify, govern, plan, apply, until nothing is left to plan.

`hub sync` and the Dagster job call the same functions. A pass that made records is followed by
another one, which reads them back: only their system knows all that a new record says.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine, select

from hub.checks import laws
from hub.checks.laws import LawResult
from hub.config import Settings
from hub.connectors import connect
from hub.connectors.contract import Connector
from hub.errors import HubError
from hub.golden.unify import ENTITIES, unify
from hub.identity import resolve
from hub.identity.mentions import Entity
from hub.models.database import exclusive, reading
from hub.models.operations import ops_call
from hub.models.runs import Run
from hub.policy.govern import SUBJECTS, govern
from hub.policy.settings import load_policy
from hub.sync.apply import ApplyReport, apply_plan
from hub.sync.land import LandReport, land
from hub.sync.ledger import Stopwatch, begin_run, end_run
from hub.sync.plan import Plan, differences, make_plan, refused_digests

STEPS = ("pull", "land", "check", "resolve", "unify", "govern", "plan", "apply")
RESOLVED: tuple[Entity, ...] = ("company", "contact")
_PASSES = 3

Progress = Callable[[str], None]


@dataclass
class SyncReport:
    """All passes of one sync: figures added up, and how the laws stand."""

    runs: list[int] = field(default_factory=list)
    status: str = "done"
    landed: list[LandReport] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    applied: list[ApplyReport] = field(default_factory=list)
    laws: list[LawResult] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    calls: dict[str, dict[str, int]] = field(default_factory=dict)
    watch: Stopwatch = field(default_factory=Stopwatch)

    @property
    def outcomes(self) -> dict[str, int]:
        total = dict.fromkeys(laws.OUTCOMES, 0)
        for report in self.applied:
            for outcome, number in report.outcomes.items():
                total[outcome] += number
        return total


@contextmanager
def connected(settings: Settings, systems: Sequence[str]) -> Iterator[dict[str, Connector]]:
    """Connectors of the named systems, closed at the end."""
    with ExitStack() as stack:
        connectors = {}
        for system in systems:
            connector = connect(settings, system)
            stack.callback(connector.close)
            connectors[system] = connector
        yield connectors


def sync(
    engine: Engine,
    settings: Settings,
    *,
    only: str | None = None,
    full: bool = False,
    apply: bool = True,
    progress: Progress = lambda _: None,
) -> SyncReport:
    """Run the flow once. `only`: `SYSTEM` or `SYSTEM/OBJECT`. Raises only if it cannot start.

    A system that fails is named in `troubles` and the report is `failed`, while the others go on;
    nothing is written to a system whose own state could not be read.
    """
    scope = pull_scope(settings, only)
    report = SyncReport()
    load_policy(settings)
    with exclusive(engine), connected(settings, list(settings.systems)) as connectors:
        for number in range(_PASSES):
            kind = "sync" if number == 0 else "settle"
            run = begin_run(engine, kind, settings.config_hash)
            report.runs.append(run.number)
            try:
                made = _one_pass(
                    engine,
                    settings,
                    run,
                    connectors,
                    scope,
                    report,
                    full=full and number == 0,
                    apply=apply,
                    progress=progress,
                )
            except BaseException as err:
                end_run(engine, run, "failed", error=str(err), seconds=report.watch.seconds)
                raise
            failed = "failed" if report.troubles else "done"
            end_run(
                engine,
                run,
                failed,
                error="; ".join(report.troubles),
                seconds=report.watch.seconds,
            )
            if not made:
                break
        _conclude(engine, settings, report, applied=apply)
    return report


def pull_scope(settings: Settings, only: str | None) -> dict[str, list[str]]:
    """System → objects to pull. Raises HubError when `only` names nothing."""
    everything = {s: list(objects) for s, objects in settings.mappings.items()}
    if only is None:
        return everything
    system, _, obj = only.partition("/")
    if system not in everything or (obj and obj not in everything[system]):
        known = list(everything) + [f"{s}/{o}" for s in everything for o in everything[s]]
        raise HubError(f"Nothing is named '{only}'.", remedy=f"use one of: {', '.join(known)}")
    return {system: [obj] if obj else everything[system]}


def _one_pass(
    engine: Engine,
    settings: Settings,
    run: Run,
    connectors: dict[str, Connector],
    scope: dict[str, list[str]],
    report: SyncReport,
    *,
    full: bool,
    apply: bool,
    progress: Progress,
) -> bool:
    """One run of all steps; true when it made records that must be read back."""
    readable = _land_all(engine, settings, run, connectors, scope, report, full, progress)
    derive(engine, settings, run, report.watch, full=full, progress=progress)
    progress("plan")
    with report.watch.lap("plan"):
        rows_per_write = {name: c.rows_per_write for name, c in connectors.items()}
        plan = make_plan(engine, settings, run, rows_per_write, retry_refused=full)
    report.plans.append(plan)
    if plan.plan is None or not apply:
        return False
    progress(f"apply {len(plan.changes)} changes")
    with report.watch.lap("apply"):
        writable = {name: connectors[name] for name in connectors if name in readable}
        done = apply_plan(engine, settings, run, plan.plan, writable)
    report.applied.append(done)
    return done.created > 0


def _land_all(
    engine: Engine,
    settings: Settings,
    run: Run,
    connectors: dict[str, Connector],
    scope: dict[str, list[str]],
    report: SyncReport,
    full: bool,
    progress: Progress,
) -> set[str]:
    """Land every object in scope; returns the systems whose state is known."""
    readable = set(connectors)
    for system, objects in scope.items():
        for obj in objects:
            progress(f"pull {system}/{obj}")
            try:
                landed = land(engine, settings, run, connectors[system], obj, full=full)
            except HubError as err:
                report.troubles.append(f"{system}/{obj}: {err}")
                readable.discard(system)
                break
            report.landed.append(landed)
            for name, seconds in landed.seconds.items():
                total = report.watch.seconds
                total[name] = total.get(name, 0.0) + seconds
    return readable


def derive(
    engine: Engine,
    settings: Settings,
    run: Run,
    watch: Stopwatch,
    *,
    full: bool,
    progress: Progress = lambda _: None,
) -> None:
    """Resolve, unify, govern: everything that needs no outside system."""
    for entity in RESOLVED:
        progress(f"resolve {entity}")
        with watch.lap("resolve"):
            resolve(engine, run, entity, full=full)
    for entity in ENTITIES:
        progress(f"unify {entity}")
        with watch.lap("unify"):
            unify(engine, settings, run, entity, full=full)
    for subject in SUBJECTS:
        progress(f"govern {subject}")
        with watch.lap("govern"):
            govern(engine, settings, run, subject, full=full)


def _conclude(engine: Engine, settings: Settings, report: SyncReport, *, applied: bool) -> None:
    with reading(engine) as conn:
        left = left_to_do(engine, settings) if applied and not report.troubles else 0
        report.laws = [
            laws.conservation(conn, report.runs),
            laws.fixpoint(left),
            laws.identity(conn),
            laws.honesty(conn, report.runs, report.troubles),
            laws.frugality(conn, report.runs),
        ]
        for row in conn.execute(select(ops_call).where(ops_call.c.run.in_(report.runs))):
            spent = report.calls.setdefault(row.system, {"used": 0, "minimum": 0})
            spent["used"] += row.used
            spent["minimum"] += row.minimum
    if report.troubles or not all(law.holds for law in report.laws):
        report.status = "failed"


def left_to_do(engine: Engine, settings: Settings) -> int:
    """Changes that planning again would want, leaving out those a CRM has refused."""
    with reading(engine) as conn:
        refused = refused_digests(conn)
        wanted = differences(conn, settings, load_policy(settings))
        return sum(change.digest not in refused for change in wanted)
