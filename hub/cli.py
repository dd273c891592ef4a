"""The `hub` command: argument parsing and printing only.

Exit codes: 0 done, 1 done with failures, 2 could not start. With `--json`, stdout holds nothing but
JSON; progress and errors go to stderr.
"""

from pathlib import Path

import click

from hub import __version__
from hub.commands import show, show_setup
from hub.commands.channel_cli import calendar, period, siso
from hub.commands.feed_cli import feed
from hub.commands.match_cli import match
from hub.commands.options import answering, config_option, json_option, reporting
from hub.commands.plan_cli import outstanding, plan
from hub.commands.quarantine_cli import quarantine
from hub.commands.review_cli import review


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hub")
def main() -> None:
    """The partner hub: every partner system in, one partner model, deals and leads back out."""


@main.command()
@click.option("--records", type=click.IntRange(20), default=2000, show_default=True)
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("demo"))
@click.option("--seed", default=7, show_default=True, help="Another number is another world.")
@click.option("--ui", "with_ui", is_flag=True, help="Open Dagster on the result.")
@json_option
@reporting
def demo(records: int, folder: Path, seed: int, with_ui: bool, as_json: bool) -> int:
    """Start two local CRMs, fill them, sync, and show what came of it."""
    from hub.commands.demo import run_demo

    with show.progress(quiet=as_json) as say:
        report = run_demo(folder, records, seed, say)
    show.demo(report, as_json=as_json)
    if with_ui:
        from hub.commands.sandbox import sandbox_running
        from hub.commands.ui import run_ui

        with sandbox_running(folder):
            return run_ui(folder / "hub.yaml")
    return 0 if report.first.status == report.second.status == "done" else 1


@main.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path())
@reporting
def init(folder: Path) -> int:
    """Write a commented hub.yaml and policy.yaml."""
    from hub.commands.init import write_templates

    for file in write_templates(folder):
        click.echo(f"wrote {file}")
    return 0


@main.command()
@answering
def doctor(config: Path, as_json: bool) -> int:
    """Check configuration, credentials, permissions, fields, database and quotas."""
    from hub.commands.doctor import examine
    from hub.commands.warehouse import open_workplace

    report = examine(open_workplace(config, sound=False))
    show_setup.doctor(report, as_json=as_json)
    return 0 if all(system.healthy for system in report) else 1


@main.command()
@click.option("--plan", "dry", is_flag=True, help="Only say what there is to do.")
@click.option("--system", metavar="NAME", help="Only this system.")
@answering
def provision(dry: bool, system: str | None, config: Path, as_json: bool) -> int:
    """Make the fields that the mappings name, and grant them to the hub's user."""
    from hub.commands.provision import provision as make
    from hub.commands.warehouse import open_workplace

    found = make(open_workplace(config), only=system, dry=dry)
    show_setup.provision(found, as_json=as_json)
    return 0 if all(one.done for one in found) else 1


@main.command()
@click.option("--only", metavar="SYSTEM[/OBJECT]", help="Pull only this.")
@click.option("--full", is_flag=True, help="Read and derive everything anew, retry refused writes.")
@click.option(
    "--reconcile", is_flag=True, help="Compare the ids known with those there, due or not."
)
@click.option("--no-apply", is_flag=True, help="Stop after the plan: write nothing.")
@answering
def sync(
    only: str | None, full: bool, reconcile: bool, no_apply: bool, config: Path, as_json: bool
) -> int:
    """Pull, check, unify, apply the rules, and write back what the CRMs should say."""
    from hub.commands.warehouse import open_workplace
    from hub.sync import pipeline

    place = open_workplace(config)
    with show.progress(quiet=as_json) as say:
        report = pipeline.sync(
            *(place.engine, place.settings),
            only=only,
            full=full,
            reconcile=reconcile,
            apply=not no_apply,
            progress=say,
        )
    show.sync(report, as_json=as_json)
    return 0 if report.status == "done" else 1


@main.command()
@click.argument("plan_name", metavar="PLAN")
@answering
def apply(plan_name: str, config: Path, as_json: bool) -> int:
    """Write the changes of a plan; each ends in one outcome."""
    from hub.commands.planning import FINISHED, carry_out
    from hub.commands.warehouse import open_workplace

    report = carry_out(open_workplace(config), plan_name)
    show.outcomes(report.outcomes, as_json=as_json)
    for wait in report.waits:
        click.echo(wait, err=True)
    return 0 if set(report.outcomes) <= FINISHED else 1


@main.command()
@click.argument("targets", metavar="[RUN|PLAN|CHANGE]...", nargs=-1)
@click.option(
    "--apply", "apply_now", is_flag=True, help="Write it at once; otherwise only plan it."
)
@click.option("--lift", "lifting", is_flag=True, help="Let the hub write again what was undone.")
@click.option("--list", "listed", is_flag=True, help="Show what is undone and not written again.")
@answering
def undo(
    targets: tuple[str, ...], apply_now: bool, lifting: bool, listed: bool, config: Path,
    as_json: bool,
) -> int:  # fmt: skip
    """Take back what was written: the inverse plan, without what somebody edited since."""
    from hub.commands import show_undo, undoing
    from hub.commands.planning import FINISHED
    from hub.commands.warehouse import open_workplace

    place = open_workplace(config)
    if listed:
        show_undo.listing(undoing.listing(place), as_json=as_json)
        return 0
    if lifting:
        show_undo.lifted(undoing.lift(place, targets), as_json=as_json)
        return 0
    report = undoing.undo(place, targets, apply=apply_now)
    show_undo.undo(report, as_json=as_json)
    return 0 if set(report.outcomes) <= FINISHED else 1


@main.command()
@click.argument("email")
@click.option("--plan", "dry", is_flag=True, help="Only say what would be erased, and where.")
@click.option("--in", "systems", multiple=True, metavar="SYSTEM", help="Plan to erase there, too.")
@answering
def forget(email: str, dry: bool, systems: tuple[str, ...], config: Path, as_json: bool) -> int:
    """Erase a person from warehouse and archive, and never let the person in again."""
    from hub.commands import show_forget
    from hub.commands.forgetting import forget as erase
    from hub.commands.warehouse import open_workplace

    report = erase(open_workplace(config), email, plan=dry, systems=systems)
    show_forget.forgotten(report, as_json=as_json)
    return 0


@main.command()
@click.option("--as-of", required=True, metavar="TIME", help="Such as 2027-01-15T06:00:00Z.")
@click.option("--into", required=True, metavar="URL", help="A new database.")
@answering
def replay(as_of: str, into: str, config: Path, as_json: bool) -> int:
    """Work out again, in another database, what the warehouse held at a moment."""
    from hub.commands import show_replay
    from hub.commands.replaying import replayed
    from hub.commands.warehouse import open_workplace

    with show.progress(quiet=as_json) as say:
        report = replayed(open_workplace(config), as_of, into, say)
    show_replay.replayed(report, as_json=as_json)
    return 0


@main.command()
@answering
def status(config: Path, as_json: bool) -> int:
    """The last sync, the laws, the systems, and what waits for someone."""
    from hub.commands.status import status as of
    from hub.commands.warehouse import open_workplace

    report = of(open_workplace(config))
    show.status(report, as_json=as_json)
    return 0 if all(law["holds"] for law in report["laws"]) else 1


@main.command()
@click.argument("action", type=click.Choice(["accept"]), required=False)
@click.argument("name", metavar="SYSTEM/OBJECT", required=False)
@answering
def schema(action: str | None, name: str | None, config: Path, as_json: bool) -> int:
    """The fields of each object as last seen, and what changed; `accept` what holds one back."""
    from hub.commands import schema as commands
    from hub.commands.warehouse import open_workplace

    place = open_workplace(config)
    if action == "accept":
        show_setup.accepted(commands.accept(place, name), as_json=as_json)
    else:
        show_setup.schema(commands.listing(place), as_json=as_json)
    return 0


@main.command()
@click.argument("entity")
@click.argument("hub_id", metavar="ID")
@answering
def explain(entity: str, hub_id: str, config: Path, as_json: bool) -> int:
    """Every field of a golden row: value, source row, rule; and the decisions about it."""
    from hub.commands.explain import explain as of
    from hub.commands.warehouse import open_workplace

    show.explanation(of(open_workplace(config), entity, hub_id), as_json=as_json)
    return 0


@main.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path, exists=True), default=Path("demo"))
@click.option("--faults", type=click.Path(path_type=Path), help="What is to go wrong: a YAML file.")
@reporting
def sandbox(folder: Path, faults: Path | None) -> int:
    """Bring a demo folder's CRMs up again, on the addresses in its hub.yaml."""
    from hub.commands.sandbox import serve_forever

    return serve_forever(folder, faults)


@main.command()
@click.option("--port", default=3000, show_default=True)
@config_option
@reporting
def ui(port: int, config: Path) -> int:
    """Start the Dagster UI on the same warehouse."""
    from hub.commands.ui import run_ui

    return run_ui(config, port)


main.add_command(quarantine)
main.add_command(review)
main.add_command(match)
main.add_command(plan)
main.add_command(outstanding)
main.add_command(feed)
main.add_command(period)
main.add_command(siso)
main.add_command(calendar)


@main.group()
def db() -> None:
    """The warehouse."""


@db.command("upgrade")
@config_option
@reporting
def db_upgrade(config: Path) -> int:
    """Bring the warehouse to this program's schema."""
    from hub.config import load_config
    from hub.models.database import check_reachable, open_engine
    from hub.models.schema import upgrade

    engine = open_engine(load_config(config).warehouse_url)
    check_reachable(engine)
    click.echo(f"schema revision {upgrade(engine)}")
    return 0


if __name__ == "__main__":
    main()
