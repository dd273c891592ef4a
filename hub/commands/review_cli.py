"""`hub review …` on the command line: argument parsing and printing only."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hub.commands import show_review
from hub.commands.options import answering

_JUDGEMENTS = click.Choice(["same", "different"])
_ENTITIES = click.Choice(["company", "contact", "deal"])
_entity = click.option(
    "--entity",
    type=_ENTITIES,
    help="Which is meant, where two leads are named: a lead speaks of a company and of a person.",
)
_by = click.option("--by", metavar="NAME", required=True, help="Who decides.")


@click.group()
def review() -> None:
    """Judge which records are the same, see first what follows, and take it back."""


@review.command("list")
@click.option("--entity", type=_ENTITIES, help="Only these.")
@click.option("--limit", type=click.IntRange(0), default=25, show_default=True, help="0: all.")
@answering
def list_(entity: Any, limit: int, config: Path, as_json: bool) -> int:
    """What the weights are in doubt about, ordered by the money that hangs on it and the doubt."""
    from hub.commands.review import listed
    from hub.commands.warehouse import open_workplace

    show_review.queue(listed(open_workplace(config), entity, limit), as_json=as_json)
    return 0


@review.command()
@click.argument("a")
@click.argument("b")
@_entity
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Draw it into this file, too."
)
@answering
def explain(a: str, b: str, entity: Any, html: Path | None, config: Path, as_json: bool) -> int:
    """What speaks for and against A and B being the same: fields, levels, weights, in words."""
    from hub.commands.review import explained
    from hub.commands.warehouse import open_workplace

    found = explained(open_workplace(config), a, b, entity, html)
    show_review.explanation(found, as_json=as_json)
    return 0


@review.command()
@click.argument("judgement", type=_JUDGEMENTS)
@click.argument("a")
@click.argument("b")
@_entity
@answering
def preview(judgement: Any, a: str, b: str, entity: Any, config: Path, as_json: bool) -> int:
    """Everything that a judgement would change, here and in the CRMs; writes nothing."""
    from hub.commands.review import previewed
    from hub.commands.warehouse import open_workplace

    found = previewed(open_workplace(config), judgement, a, b, entity)
    show_review.preview(found, as_json=as_json)
    return 0


def _judging(judgement: Any) -> Callable[..., int]:
    def judging(a: str, b: str, by: str, why: str, entity: Any, config: Path, as_json: bool) -> int:
        from hub.commands.review import judged
        from hub.commands.warehouse import open_workplace
        from hub.stewardship.judging import Wish

        wish = Wish(judgement, a, b, by, why, entity)
        show_review.judged(judged(open_workplace(config), wish), as_json=as_json)
        return 0

    return judging


def _add(judgement: str, told: str) -> None:
    command = answering(_judging(judgement))
    for option in (
        _entity,
        click.option("--why", metavar="TEXT", required=True, help="What the next steward asks."),
        _by,
        click.argument("b"),
        click.argument("a"),
    ):
        command = option(command)
    review.command(judgement, help=told)(command)


_add("same", "A and B are one: whatever the weights say, from the next run on.")
_add("different", "A and B are two: nothing joins them, directly or through others.")


@review.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@answering
def import_(file: Path, config: Path, as_json: bool) -> int:
    """Judgements from a CSV file: judgement,a,b,by,why. All of them, or none and every fault."""
    from hub.commands.review import imported
    from hub.commands.warehouse import open_workplace

    found = imported(open_workplace(config), file)
    show_review.imported(found, as_json=as_json)
    return 1 if found["faults"] else 0


@review.command()
@click.argument("number", metavar="ID", type=int)
@_by
@click.option("--why", metavar="TEXT", help="Why it does not hold any more.")
@answering
def withdraw(number: int, by: str, why: str | None, config: Path, as_json: bool) -> int:
    """Take a judgement back: from the next run on the weights decide again."""
    from hub.commands.review import withdrawn
    from hub.commands.warehouse import open_workplace

    show_review.withdrawn(withdrawn(open_workplace(config), number, by, why), as_json=as_json)
    return 0


@review.command()
@click.option("--all", "everything", is_flag=True, help="Also those that were withdrawn.")
@answering
def decisions(everything: bool, config: Path, as_json: bool) -> int:
    """The judgements that stand, with who, when and why."""
    from hub.commands.review import decisions as of
    from hub.commands.warehouse import open_workplace

    show_review.decisions(of(open_workplace(config), everything=everything), as_json=as_json)
    return 0
