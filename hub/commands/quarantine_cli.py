"""`hub quarantine …`: argument parsing and printing only."""

from pathlib import Path

import click

from hub.commands import show
from hub.commands.options import answering


@click.group()
def quarantine() -> None:
    """Rows held back, each with all its reasons."""


@quarantine.command("list")
@answering
def quarantine_list(config: Path, as_json: bool) -> int:
    """What waits, by system, object and rule."""
    from hub.commands.quarantine import listing
    from hub.commands.warehouse import open_workplace

    show.quarantine_list(listing(open_workplace(config)), as_json=as_json)
    return 0


@quarantine.command("show")
@click.argument("number", type=int)
@answering
def quarantine_show(number: int, config: Path, as_json: bool) -> int:
    """One row as it was told, with its faults."""
    from hub.commands.quarantine import one
    from hub.commands.warehouse import open_workplace

    show.quarantine_row(one(open_workplace(config), number), as_json=as_json)
    return 0


@quarantine.command("retry")
@click.argument("numbers", type=int, nargs=-1)
@answering
def quarantine_retry(numbers: tuple[int, ...], config: Path, as_json: bool) -> int:
    """Check waiting rows again (all, or those named); what is good now is landed."""
    from hub.commands.quarantine import again
    from hub.commands.warehouse import open_workplace

    show.landed(again(open_workplace(config), numbers), as_json=as_json)
    return 0


@quarantine.command("export")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--system", metavar="NAME", help="Only this system.")
@click.option("--object", "obj", metavar="NAME", help="Only this object.")
@answering
def quarantine_export(
    out: Path, system: str | None, obj: str | None, config: Path, as_json: bool
) -> int:
    """Write waiting rows as CSV, to be corrected and taken back by `fix`."""
    from hub.commands.quarantine_fix import export
    from hub.commands.show_feed import exported
    from hub.commands.warehouse import open_workplace

    exported(export(open_workplace(config), out, system, obj), out, as_json=as_json)
    return 0


@quarantine.command("fix")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Rows that say this.")
@click.option("--set", "sets", multiple=True, metavar="COLUMN=VALUE", help="What is right.")
@click.option("--yes", is_flag=True, help="Do it; without, only say which rows would be freed.")
@answering
def quarantine_fix(
    file: Path | None, where: tuple[str, ...], sets: tuple[str, ...], yes: bool, config: Path,
    as_json: bool,
) -> int:  # fmt: skip
    """Correct waiting rows: by a CSV that `export` wrote, or by a rule for all it explains."""
    from hub.commands.quarantine_fix import fix
    from hub.commands.show_feed import fixed
    from hub.commands.warehouse import open_workplace

    report = fix(open_workplace(config), file, where, sets, do=yes)
    fixed(report, as_json=as_json)
    return 0 if report.left == 0 else 1
