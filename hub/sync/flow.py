"""One sync under way: land, resolve, unify, govern, plan, apply, until nothing is left to plan.

A pass that made records is followed by another one, which reads just these back by their ids: only
their system knows all that a new record says, and its search index may not know them yet.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine

from hub.checks.laws import LawResult
from hub.config import Settings
from hub.connectors import connect
from hub.connectors.contract import Connector
from hub.errors import HubError, QuotaSpent
from hub.models.database import exclusive, reading
from hub.models.runs import Run
from hub.policy.partners import problems
from hub.policy.settings import load_policy
from hub.sync.apply import ApplyReport, apply_plan
from hub.sync.batch import LandReport
from hub.sync.derivation import Derivation, Progress, in_silence
from hub.sync.land import land, land_named
from hub.sync.ledger import DONE, FAILED, PAUSED, SETTLE, UNAPPROVED, begin_run, end_run
from hub.sync.plan import make_plan
from hub.sync.report import SyncReport, calls_of
from hub.sync.storing import BRAKED, Plan
from hub.sync.verdict import braked, judge

_PASSES = 3

Scope = Mapping[str, Sequence[str]]
"""System → its objects to pull."""
Clock = Callable[[], datetime]
"""The moment a run begins at (aware UTC): all that a run knows of time."""


def wall_clock() -> datetime:
    return datetime.now(UTC)


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
    progress: Progress = in_silence,
    clock: Clock = wall_clock,
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
        progress: Progress = in_silence,
        clock: Clock = wall_clock,
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

    def derivation(self, *, full: bool = False) -> Derivation:
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
        report.calls = calls_of(self.engine, report.runs)
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
