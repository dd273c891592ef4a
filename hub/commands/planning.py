"""`hub plan` and `hub apply`: the plan from what is known now, and carrying out a stored one."""

from hub.commands.warehouse import Workplace
from hub.models.database import exclusive
from hub.sync.apply import ApplyReport, apply_plan
from hub.sync.ledger import Stopwatch, begin_run, end_run
from hub.sync.pipeline import connected, derive
from hub.sync.plan import Plan, make_plan


def make(place: Workplace) -> Plan:
    """Bring the model up to date with what has landed, and plan. Asks no outside system."""
    engine, settings = place.engine, place.settings
    with exclusive(engine), connected(settings, list(settings.systems)) as connectors:
        run = begin_run(engine, "plan", settings.config_hash)
        watch = Stopwatch()
        derive(engine, settings, run, watch, full=False)
        rows_per_write = {name: c.rows_per_write for name, c in connectors.items()}
        plan = make_plan(engine, settings, run, rows_per_write)
        end_run(engine, run, "done", seconds=watch.seconds)
    return plan


def carry_out(place: Workplace, plan: str) -> ApplyReport:
    """Write a stored plan. Raises ConfigError when it is not open."""
    engine, settings = place.engine, place.settings
    with exclusive(engine), connected(settings, list(settings.systems)) as connectors:
        run = begin_run(engine, "apply", settings.config_hash)
        watch = Stopwatch()
        try:
            with watch.lap("apply"):
                report = apply_plan(engine, settings, run, plan, connectors)
        except BaseException as err:
            end_run(engine, run, "failed", error=str(err), seconds=watch.seconds)
            raise
        end_run(engine, run, "done", seconds=watch.seconds)
    return report
