"""`hub feed …`: argument parsing and printing only."""

from pathlib import Path

import click

from hub.commands.options import answering


@click.group()
def feed() -> None:
    """Distributors' files: looked at before they are sent or taken, and over time."""


@feed.command("check")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--profile", metavar="P", help="A profile: its name, or its file.")
@click.option("--period", metavar="MONTH", help="What it is of: 2026-03, or DAY..DAY.")
@answering
def feed_check(
    file: Path, profile: str | None, period: str | None, config: Path, as_json: bool
) -> int:
    """Read a file as a sync would, and say what is wrong where."""
    from hub.commands.feed import check, named_profile
    from hub.commands.show_feed import checked

    found = check(file, named_profile(profile, config.parent), period, keep_lines=as_json)
    checked(found, as_json=as_json)
    return 0 if found.good else 1


@feed.command("learn")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--profile", metavar="P", help="The profile so far, to be brought up to the file.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it.")
@answering
def feed_learn(
    file: Path, profile: str | None, out: Path | None, config: Path, as_json: bool
) -> int:
    """Propose a profile for files like this one."""
    from hub.commands.feed import named_profile
    from hub.commands.feed_learn import as_yaml, propose, write
    from hub.commands.show_feed import learned

    keys, notes = propose(file, named_profile(profile, config.parent))
    if out is not None:
        write(out, as_yaml(keys, notes))
    learned(keys, notes, out, as_json=as_json)
    return 0


@feed.command("answer")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--profile", metavar="P", help="A profile: its name, or its file.")
@click.option("--period", metavar="MONTH", help="What it is of: 2026-03, or DAY..DAY.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path())
@answering
def feed_answer(
    file: Path, profile: str | None, period: str | None, out: Path, config: Path, as_json: bool
) -> int:
    """Write what goes back to the sender: the bad lines, and the acknowledgement of EDI."""
    from hub.commands.feed import named_profile
    from hub.commands.feed_answer import answer
    from hub.commands.show_feed import answered

    found, made = answer(file, named_profile(profile, config.parent), period, out)
    answered(found, made, as_json=as_json)
    return 0 if found.good else 1


@feed.command("versions")
@click.option("--system", metavar="NAME", help="Only this distributor.")
@answering
def feed_versions(system: str | None, config: Path, as_json: bool) -> int:
    """Which reports came, which of several of a period holds, and since when."""
    from hub.commands import show_channel
    from hub.commands.feed_versions import versions

    show_channel.versions(versions(config, system), as_json=as_json)
    return 0


@feed.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--profile", metavar="P", help="Of files: a profile, its name or its file.")
@answering
def feed_diff(old: str, new: str, profile: str | None, config: Path, as_json: bool) -> int:
    """What differs between two files, or two reports (rp_…) that were taken."""
    from hub.commands import show_channel
    from hub.commands.feed_versions import diff

    show_channel.difference(diff(old, new, profile, config), as_json=as_json)
    return 0


@feed.command("unmatched")
@answering
def feed_unmatched(config: Path, as_json: bool) -> int:
    """Resellers in sales that nobody knows for certain, the costliest first."""
    from hub.commands import show_channel
    from hub.commands.feed_unmatched import unmatched
    from hub.commands.warehouse import open_workplace

    show_channel.unmatched(unmatched(open_workplace(config)), as_json=as_json)
    return 0
