"""`hub match …` on the command line: a file, or the weights of the warehouse."""

from pathlib import Path
from typing import Any, Literal

import click

from hub.commands import show
from hub.commands.options import answering, json_option, reporting

FILE = "file"
"""The command that `hub match FILE` stands for."""

_entity = click.option("--entity", type=click.Choice(["company", "contact"]), required=True)


class _FileOrCommand(click.Group):
    """What is no command is a file: `hub match FILE` needs none. `./train` is a file, too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *self.get_help_option_names(ctx)):
            args = [FILE, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_FileOrCommand, options_metavar="[FILE --entity … --out FILE]")
def match() -> None:
    """Which rows of a CSV, Parquet or XLSX file are the same company or person; or the weights.

    hub match FILE --entity company|contact --out FILE: see hub match file --help.
    """


@match.command(FILE, hidden=True)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--entity", type=click.Choice(["company", "contact"]), required=True)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The result."
)
@click.option("--column", "columns", multiple=True, metavar="FIELD=HEADER", help="What is what.")
@click.option("--source", metavar="HEADER", help="The column that tells the system of a row.")
@click.option("--country", metavar="CODE", help="The country of rows that name none: DE, US.")
@click.option("--model", type=click.Path(path_type=Path), help="Weights kept from another file.")
@click.option("--save-model", type=click.Path(path_type=Path), help="Where to keep the weights.")
@click.option(
    "--engine",
    type=click.Choice(["embedded", "spark"]),
    default="embedded",
    help="Where the work is done: in this process, or on Spark (the extra `spark`).",
)
@click.option(
    "--spark-master", metavar="URL", help="The cluster, spark://host:7077; else this machine."
)
@json_option
@reporting
def match_file(
    file: Path, entity: Literal["company", "contact"], out: Path, columns: tuple[str, ...],
    source: str | None, country: str | None, model: Path | None, save_model: Path | None,
    engine: str, spark_master: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Which rows of a CSV, Parquet or XLSX file are the same company or person."""
    from hub.commands.match import MatchOptions, columns_told, run_match
    from hub.commands.show_match import matched

    options = MatchOptions(
        columns_told(columns), source, country, model, save_model, engine, spark_master
    )
    with show.progress(quiet=as_json) as say:
        report = run_match(file, entity, out, options, say)
    matched(report, as_json=as_json)
    return 0


@match.command()
@_entity
@answering
def train(entity: Any, config: Path, as_json: bool) -> int:
    """Fit weights to the records and the stewards' decisions: a version to be approved."""
    from hub.commands.show_weights import trained
    from hub.commands.warehouse import open_workplace
    from hub.commands.weights import train as fit

    with show.progress(quiet=as_json) as say:
        found = fit(open_workplace(config), entity, say)
    trained(found, as_json=as_json)
    return 0


@match.command()
@click.argument("version")
@click.option("--entity", type=click.Choice(["company", "contact"]), help="If both have it.")
@click.option("--by", metavar="NAME", required=True, help="Who approves.")
@click.option("--why", metavar="TEXT", help="Why.")
@answering
def approve(
    version: str, entity: Any, by: str, why: str | None, config: Path, as_json: bool
) -> int:
    """Use a version of the weights from the next run on; an earlier one to go back to it."""
    from hub.commands.show_weights import approved
    from hub.commands.warehouse import open_workplace
    from hub.commands.weights import approve as put_in_use

    found = put_in_use(open_workplace(config), version, entity, by, why)
    approved(found, as_json=as_json)
    return 0


@match.command()
@answering
def versions(config: Path, as_json: bool) -> int:
    """The weights there are, what each would change, and which are in use."""
    from hub.commands.show_weights import versions as shown
    from hub.commands.warehouse import open_workplace
    from hub.commands.weights import versions as of

    shown(of(open_workplace(config)), as_json=as_json)
    return 0
