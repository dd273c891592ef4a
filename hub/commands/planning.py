"""`hub plan` and `hub apply`: the plan from what is known now, and carrying out a stored one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hub.commands.warehouse import Workplace
from hub.connectors.contract import Connector
from hub.models.database import exclusive
from hub.models.runs import Run
from hub.sync.apply import ApplyReport, apply_plan
from hub.sync.ledger import DONE, FAILED, PAUSED, Stopwatch, begin_run, end_run
from hub.sync.pipeline import connected, derive
from hub.sync.plan import Plan, make_plan

FINISHED = frozenset(("applied", "skipped"))


def make(place: Workplace) -> Plan:
    """Bring the model up to date with what has landed, and plan. Asks no outside system."""
    engine, settings = place.engine, place.settings
    with exclusive(engine), connected(settings, list(settings.systems)) as connectors:
        run = begin_run(engine, "plan", settings.config_hash)
        watch = Stopwatch()
        with failing_by_name(place, run, watch):
            derive(engine, settings, run, watch, full=False)
            write_calls = {name: c.write_calls for name, c in connectors.items()}
            plan = make_plan(engine, settings, run, write_calls)
        end_run(engine, run, DONE, seconds=watch.seconds)
    return plan


def carry_out(place: Workplace, plan: str) -> ApplyReport:
    """Write a stored plan. Raises ConfigError when it is not open.

    The run fails when a change of the plan was not written.
    """
    engine, settings = place.engine, place.settings
    with exclusive(engine), connected(settings, list(settings.systems)) as connectors:
        run = begin_run(engine, "apply", settings.config_hash)
        return carrying_out(place, run, plan, connectors, Stopwatch())


def carrying_out(
    place: Workplace, run: Run, plan: str, connectors: Mapping[str, Connector], watch: Stopwatch
) -> ApplyReport:
    """Write a stored plan in a run that has begun, and end the run."""
    with failing_by_name(place, run, watch), watch.lap("apply"):
        report = apply_plan(place.engine, place.settings, run, plan, connectors)
    left = {name: n for name, n in report.outcomes.items() if name not in FINISHED}
    faults = [f"{s}: {PAUSED}: {said}" for s, said in report.paused.items()]
    faults += [f"{number} changes {name}" for name, number in left.items()]
    only_paused = bool(report.paused) and set(left) == {"pending"}
    status = (PAUSED if only_paused else FAILED) if left else DONE
    end_run(place.engine, run, status, error="; ".join(faults), seconds=watch.seconds)
    return report


@contextmanager
def failing_by_name(place: Workplace, run: Run, watch: Stopwatch) -> Iterator[None]:
    """An error inside ends the run as failed, with its text."""
    try:
        yield
    except BaseException as err:
        error = str(err) or type(err).__name__
        end_run(place.engine, run, FAILED, error=error, seconds=watch.seconds)
        raise
