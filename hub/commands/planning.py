"""`hub plan` and `hub apply`: the plan from what is known now, and carrying out a stored one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from hub.commands.warehouse import Workplace
from hub.connectors.contract import Connector
from hub.errors import HubError
from hub.models.database import exclusive
from hub.models.runs import Run
from hub.sync.apply import ApplyReport, apply_plan
from hub.sync.derivation import derive
from hub.sync.flow import connected
from hub.sync.land import land_named
from hub.sync.ledger import DONE, FAILED, PAUSED, UNAPPROVED, Stopwatch, begin_run, end_run
from hub.sync.plan import make_plan
from hub.sync.storing import Plan

FINISHED = frozenset(("applied", "skipped"))


def make(place: Workplace) -> Plan:
    """Bring the model up to date with what has landed, and plan. Asks no outside system."""
    engine, settings = place.engine, place.settings
    with exclusive(engine), connected(settings, list(settings.systems)) as connectors:
        run = begin_run(engine, "plan", settings.config_hash)
        watch = Stopwatch()
        with failing_by_name(place, run, watch):
            derive(engine, settings, run, watch, full=False)
            plan = make_plan(engine, settings, run, connectors, at_once=False)
        end_run(engine, run, DONE, seconds=watch.seconds)
    return plan


def carry_out(place: Workplace, plan: str, at: datetime | None = None) -> ApplyReport:
    """Write a stored plan, `at` a moment (aware UTC; None: now). Raises ConfigError when it cannot
    be applied as it is.

    The run fails when a change of the plan was not written, and is paused when all that was not
    waits for an allowance of calls or for approval.
    """
    engine, settings = place.engine, place.settings
    with exclusive(engine), connected(settings, list(settings.systems)) as connectors:
        run = begin_run(engine, "apply", settings.config_hash, at)
        return carrying_out(place, run, plan, connectors, Stopwatch())


def carrying_out(
    place: Workplace, run: Run, plan: str, connectors: Mapping[str, Connector], watch: Stopwatch
) -> ApplyReport:
    """Write a stored plan in a run that has begun, and end the run."""
    with failing_by_name(place, run, watch), watch.lap("apply"):
        report = apply_plan(place.engine, place.settings, run, plan, connectors)
        unread = list(_read_again(place, run, report, connectors))
    left = {name: n for name, n in report.outcomes.items() if name not in FINISHED}
    faults = [f"{s}: {PAUSED}: {said}" for s, said in report.paused.items()]
    faults += unread
    faults += [*report.waits, *(f"{number} changes {name}" for name, number in left.items())]
    end_run(place.engine, run, _standing(report), error="; ".join(faults), seconds=watch.seconds)
    return report


def _read_again(
    place: Workplace, run: Run, report: ApplyReport, connectors: Mapping[str, Connector]
) -> Iterator[str]:
    """Land what the records say now that somebody had changed since the plan, so that the next plan
    starts from it. Yields what could not be read, in words."""
    for (system, obj), records in report.moved.items():
        if system in report.paused:  # the next sync reads them as news
            continue
        try:
            land_named(place.engine, place.settings, run, connectors[system], obj, records)
        except HubError as err:
            yield f"{system}/{obj}: {err}"


def _standing(report: ApplyReport) -> str:
    left = set(report.outcomes) - FINISHED
    if left == {"pending"} and report.paused:
        return PAUSED
    if left == {"pending"} and report.waits:
        return UNAPPROVED
    return FAILED if left else DONE


@contextmanager
def failing_by_name(place: Workplace, run: Run, watch: Stopwatch) -> Iterator[None]:
    """An error inside ends the run as failed, with its text."""
    try:
        yield
    except BaseException as err:
        error = str(err) or type(err).__name__
        end_run(place.engine, run, FAILED, error=error, seconds=watch.seconds)
        raise
