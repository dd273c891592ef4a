"""The whole flow: land, resolve, unify, govern, plan, apply, until nothing is left to plan.

`sync` takes all steps in one go, Dagster one asset at a time; both through the same `Flow`. A pass
that made records is followed by another one, which reads just these back by their ids: only their
system knows all that a new record says, and its search index may not know them yet.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, select

from hub.checks import laws
from hub.checks.laws import LawResult
from hub.config import Settings
from hub.connectors import connect
from hub.connectors.contract import Connector
from hub.errors import HubError, QuotaSpent
from hub.golden.unify import ENTITIES, unify
from hub.identity import ResolveReport, resolve
from hub.identity.mentions import Entity
from hub.models.database import exclusive, reading
from hub.models.operations import ops_call
from hub.models.runs import Run
from hub.policy.govern import SUBJECTS, govern
from hub.policy.partners import partner_systems, problems
from hub.policy.settings import load_policy
from hub.sync.apply import ApplyReport, apply_plan
from hub.sync.batch import LandReport
from hub.sync.land import land, land_named
from hub.sync.ledger import (
    DONE,
    FAILED,
    PAUSED,
    SETTLE,
    SYNC,
    UNAPPROVED,
    Stopwatch,
    begin_run,
    end_run,
)
from hub.sync.plan import differences, make_plan
from hub.sync.settled import standing
from hub.sync.stored import undecided
from hub.sync.storing import BRAKED, Plan

STEPS = ("pull", "land", "check", "resolve", "unify", "govern", "plan", "apply")
RESOLVED: tuple[Entity, ...] = ("company", "contact")
_PASSES = 3

Progress = Callable[[str], None]
Scope = Mapping[str, Sequence[str]]
"""System → its objects to pull."""


Clock = Callable[[], datetime]
"""The moment a run begins at (aware UTC): all that a run knows of time."""


def _silent(_message: str) -> None:
    return None


def _wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class SyncReport:
    """All passes of one sync: figures added up, and how the laws stand.

    `troubles` are failures, `pauses` the systems whose allowance of calls was used up, `waits` the
    changes that nobody has approved yet; all name the system and the remedy.
    """

    runs: list[int] = field(default_factory=list)
    status: str = DONE
    landed: list[LandReport] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    applied: list[ApplyReport] = field(default_factory=list)
    laws: list[LawResult] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    pauses: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    calls: dict[str, dict[str, int]] = field(default_factory=dict)
    watch: Stopwatch = field(default_factory=Stopwatch)

    @property
    def outcomes(self) -> dict[str, int]:
        """Changes by outcome: of those sent, and of those a plan would not send."""
        total = dict.fromkeys(laws.OUTCOMES, 0)
        counted = [*(plan.unsent for plan in self.plans), *(a.outcomes for a in self.applied)]
        for outcomes in counted:
            for outcome, number in outcomes.items():
                total[outcome] += number
        return total

    @property
    def faults(self) -> list[str]:
        """Everything that keeps the sync from being green, but for the laws."""
        return [*self.troubles, *self.pauses, *self.waits]


def sync(
    engine: Engine,
    settings: Settings,
    *,
    only: str | None = None,
    full: bool = False,
    reconcile: bool = False,
    apply: bool = True,
    progress: Progress = _silent,
    clock: Clock = _wall_clock,
) -> SyncReport:
    """Run the flow once. `only`: `SYSTEM` or `SYSTEM/OBJECT`. Raises only if it cannot start.

    `full` reads everything again; `reconcile` compares ids and fields that change without a trace
    even where that is not due. A system that fails is named in `troubles` and the report is
    `failed`, while the others go on; one whose allowance of calls is used up is named in `pauses`.
    Nothing is written to a system whose own state could not be read.
    """
    scope = pull_scope(settings, only)
    with opened(engine, settings, SYNC, progress, clock) as flow:
        flow.one_pass(scope, full=full, reconcile=reconcile, apply=apply)
        flow.settle()
        flow.conclude(applied=apply)
    return flow.report


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


@contextmanager
def opened(
    engine: Engine,
    settings: Settings,
    kind: str,
    progress: Progress = _silent,
    clock: Clock = _wall_clock,
) -> Iterator["Flow"]:
    """A flow under the one-writer lock, its first ledger run of `kind` begun.

    The ledger run is closed at the end: `failed` when the block raised, when a trouble was noted,
    or when a law was found broken; `paused: quota` when nothing worse than that happened.
    """
    load_policy(settings)
    with exclusive(engine), connected(settings, list(settings.systems)) as connectors:
        flow = Flow(engine, settings, connectors, kind, progress, clock)
        try:
            yield flow
        except BaseException as err:
            flow.end(error=str(err) or type(err).__name__)
            raise
        flow.end()


class Flow:
    """One sync under way: its steps, in the order of the flow, and the account of them."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        connectors: Mapping[str, Connector],
        kind: str,
        progress: Progress = _silent,
        clock: Clock = _wall_clock,
    ) -> None:
        self.engine, self.settings = engine, settings
        self.report = SyncReport()
        self._clock = clock
        self._connectors, self._progress = connectors, progress
        self._unread: set[tuple[str, str]] = set()
        self._spent: set[str] = set()
        self.run = self._begin(kind)

    def land(
        self, system: str, obj: str, *, full: bool = False, reconcile: bool = False
    ) -> LandReport:
        """Pull and land one object. Raises what its connector raises."""
        self._progress(f"pull {system}/{obj}")
        self._unread.add((system, obj))
        with self._noting_pauses(f"{system}/{obj}"):
            landed = land(
                *(self.engine, self.settings, self.run, self._connectors[system], obj),
                full=full,
                compare=reconcile,
            )
        self._unread.discard((system, obj))
        self.report.landed.append(landed)
        self.report.watch.add(landed.seconds)
        return landed

    def derivation(self, *, full: bool = False) -> "Derivation":
        return Derivation(
            self.engine, self.settings, self.run, self.report.watch, full, self._progress
        )

    def plan(self, *, full: bool = False, apply: bool = True) -> Plan:
        """Plan what all systems should be told; `full` also tries again what was refused. `apply`:
        it is to be written at once. A plan that is braked is a trouble."""
        self._progress("plan")
        with self.report.watch.lap("plan"):
            plan = make_plan(
                *(self.engine, self.settings, self.run, self._connectors),
                full=full,
                at_once=apply,
            )
        self.report.plans.append(plan)
        self.report.troubles += self._partners_in_doubt()
        if plan.plan is not None and plan.status == BRAKED:
            self.report.troubles.append(braked(plan.plan, plan))
        return plan

    def _partners_in_doubt(self) -> list[str]:
        """Partners' systems that get nothing, because it is not certain whose they are."""
        with reading(self.engine) as conn:
            found = problems(conn)
        written = {
            system
            for system, objects in self.settings.mappings.items()
            if any(mapping.push is not None for mapping in objects.values())
        }
        told = {f"{s}: {problem}" for s, problem in found.items() if s in written}
        return sorted(told.difference(self.report.troubles))

    def apply(self, plan: str, systems: Iterable[str]) -> ApplyReport:
        """Write the changes of a stored plan to `systems`, but for those that were not read, or
        whose allowance is used up, and for what waits for approval."""
        left = {system for system, _ in self._unread} | self._spent
        writable = {s: self._connectors[s] for s in systems if s not in left}
        with self.report.watch.lap("apply"):
            done = apply_plan(self.engine, self.settings, self.run, plan, writable)
        self.report.applied.append(done)
        self._spent |= set(done.paused)
        self.report.pauses += [f"{s}: {PAUSED}: {said}" for s, said in done.paused.items()]
        self.report.waits += [wait for wait in done.waits if wait not in self.report.waits]
        for found in (done.made, done.moved):
            for key, records in found.items():
                self._to_read.setdefault(key, []).extend(records)
        return done

    def one_pass(
        self, scope: Scope, *, full: bool = False, reconcile: bool = False, apply: bool = True
    ) -> None:
        """All steps once. A system that cannot be read is a trouble; the others go on."""
        for system, objects in scope.items():
            for obj in objects:
                try:
                    self.land(system, obj, full=full, reconcile=reconcile)
                except QuotaSpent:
                    break
                except HubError as err:
                    self.report.troubles.append(f"{system}/{obj}: {err}")
                    break
        self.derive_and_write(full=full, apply=apply)

    def derive_and_write(self, *, full: bool = False, apply: bool = True) -> None:
        """The steps after landing."""
        self.derivation(full=full).all()
        plan = self.plan(full=full, apply=apply)
        if plan.plan is None or not apply:
            return
        if plan.status == BRAKED:
            self.report.applied.append(ApplyReport({"pending": sum(p.to_send for p in plan.parts)}))
        else:
            self._progress(f"apply {plan.total} changes")
            self.apply(plan.plan, self._connectors)

    def settle(self) -> int:
        """Further passes, each a ledger run, until one makes no record and meets none that
        somebody has changed since; returns how many."""
        for number in range(_PASSES - 1):
            if not self._to_read:
                return number
            to_read = self._to_read
            self.end()
            self.run = self._begin(SETTLE)
            self._read_back(to_read)
            self.derive_and_write()
        return _PASSES - 1

    def _read_back(self, to_read: Mapping[tuple[str, str], Sequence[str]]) -> None:
        for (system, obj), records in to_read.items():
            if system in self._spent:  # the next sync reads them as news
                continue
            self._progress(f"read back {system}/{obj}")
            connector = self._connectors[system]
            try:
                with self._noting_pauses(f"{system}/{obj}"):
                    landed = land_named(
                        self.engine, self.settings, self.run, connector, obj, records
                    )
            except QuotaSpent:
                continue
            except HubError as err:
                self.report.troubles.append(f"{system}/{obj}: {err}")
                continue
            self.report.landed.append(landed)
            self.report.watch.add(landed.seconds)

    def conclude(self, *, applied: bool = True) -> list[LawResult]:
        """Ask the laws; a broken one fails the sync. `applied`: whether it was meant to write."""
        report = self.report
        report.laws = judge(
            *(self.engine, self.settings, report.runs, report.troubles),
            pauses=report.pauses,
            waits=report.waits,
            applied=applied,
        )
        report.calls = _calls(self.engine, report.runs)
        report.status = self._standing()
        return report.laws

    def _standing(self) -> str:
        """Paused only when nothing worse has happened."""
        report = self.report
        if report.troubles or not all(law.holds or law.waits for law in report.laws):
            return FAILED
        if report.pauses:
            return PAUSED
        return UNAPPROVED if report.waits else DONE

    def end(self, *, error: str | None = None) -> None:
        """Close the current ledger run."""
        end_run(
            self.engine,
            self.run,
            FAILED if error else self._standing(),
            error="; ".join([*self.report.faults, *([error] if error else [])]),
            seconds=self.report.watch.seconds,
        )

    def raise_if_paused(self, system: str = "") -> None:
        """Raises QuotaSpent when the allowance of `system` (empty: of any) is used up."""
        for pause in self.report.pauses:
            where, _, said = pause.partition(f": {PAUSED}: ")
            if not system or where.partition("/")[0] == system:
                raise QuotaSpent(f"{where}: {said}")

    @contextmanager
    def _noting_pauses(self, where: str) -> Iterator[None]:
        try:
            yield
        except QuotaSpent as err:
            self.report.pauses.append(f"{where}: {PAUSED}: {err}")
            raise

    def _begin(self, kind: str) -> Run:
        run = begin_run(self.engine, kind, self.settings.config_hash, self._clock())
        self.report.runs.append(run.number)
        self._to_read: dict[tuple[str, str], list[str]] = {}
        return run


@dataclass
class Derivation:
    """Resolve, unify, govern: the steps that need no outside system."""

    engine: Engine
    settings: Settings
    run: Run
    watch: Stopwatch
    full: bool = False
    progress: Progress = _silent

    def resolve(self, entity: Entity) -> ResolveReport:
        self.progress(f"resolve {entity}")
        with self.watch.lap("resolve"):
            return resolve(self.engine, self.run, entity, full=self.full)

    def unify(self, entity: str) -> int:
        self.progress(f"unify {entity}")
        with self.watch.lap("unify"):
            return unify(self.engine, self.settings, self.run, entity, full=self.full)

    def govern(self, subject: str) -> int:
        self.progress(f"govern {subject}")
        with self.watch.lap("govern"):
            return govern(self.engine, self.settings, self.run, subject, full=self.full)

    def all(self) -> None:
        for resolved in RESOLVED:
            self.resolve(resolved)
        for entity in ENTITIES:
            self.unify(entity)
        for subject in SUBJECTS:
            self.govern(subject)


def derive(
    engine: Engine,
    settings: Settings,
    run: Run,
    watch: Stopwatch,
    *,
    full: bool,
    progress: Progress = _silent,
) -> None:
    """Resolve, unify, govern, for a run of the caller's own."""
    Derivation(engine, settings, run, watch, full, progress).all()


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
            laws.isolation(conn, list(partner_systems(settings)), runs),
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


def _calls(engine: Engine, runs: Sequence[int]) -> dict[str, dict[str, int]]:
    calls: dict[str, dict[str, int]] = {}
    with reading(engine) as conn:
        for row in conn.execute(select(ops_call).where(ops_call.c.run.in_(runs))):
            spent = calls.setdefault(row.system, {"used": 0, "minimum": 0})
            spent["used"] += row.used
            spent["minimum"] += row.minimum
    return calls
