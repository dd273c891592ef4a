"""`hub plan …` and `hub outstanding …`: argument parsing and printing only."""

from pathlib import Path
from typing import Any

import click

from hub.commands.options import answering, config_option, json_option, reporting

_KINDS = ("create", "update", "clear", "delete", "erase", "skip", "blocked")


@click.group(invoke_without_command=True)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="A page to send.")
@config_option
@json_option
@click.pass_context
def plan(ctx: click.Context, html: Path | None, config: Path, as_json: bool) -> None:
    """Compare what the CRMs should say with what they were last seen to say."""
    if ctx.invoked_subcommand is None:
        _make_plan(html, config, as_json)
        return
    if html is not None:
        raise click.UsageError("--html of a stored plan stands behind `show PLAN`.")
    # What stands before a subcommand holds for it, unless it says otherwise itself.
    told = {"config": str(config), "as_json": as_json}
    ctx.default_map = dict.fromkeys(plan.commands, told)


@reporting
def _make_plan(html: Path | None, config: Path, as_json: bool) -> int:
    from hub.commands.planning import make
    from hub.commands.warehouse import open_workplace

    place = open_workplace(config)
    made = make(place)
    if made.plan is None:
        from hub.commands.outstanding import summarized
        from hub.commands.show_plan import nothing

        nothing(made, summarized(place), as_json=as_json)
        return 0
    _show_plan(place, made.plan, html, as_json)
    return 1 if made.status == "braked" else 0


def _show_plan(place: Any, name: str, html: Path | None, as_json: bool, **wanted: Any) -> None:
    from hub.commands import reviewing, show_plan
    from hub.commands.outstanding import summarized

    asked = reviewing.Wanted(**wanted)
    found = reviewing.review(place, name, asked)
    if html is not None:
        from hub.commands.plan_page import write_page

        shown = write_page(place, name, html, asked)
        click.echo(f"wrote {html} with {shown:,} changes", err=True)
    left = summarized(place)
    if as_json:
        show_plan.plan_json(found.plan, reviewing.streamed(place, name, asked), left)
    else:
        show_plan.review(found, left)


@plan.command("list")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@answering
def plan_list(limit: int, config: Path, as_json: bool) -> int:
    """The newest plans, and how they stand."""
    from hub.commands import reviewing, show_plan
    from hub.commands.warehouse import open_workplace

    show_plan.plans(reviewing.listing(open_workplace(config), limit), as_json=as_json)
    return 0


@plan.command("show")
@click.argument("plan_name", metavar="PLAN")
@click.option("--system", metavar="NAME", help="Only this system.")
@click.option("--object", "obj", metavar="NAME", help="Only this object.")
@click.option("--op", type=click.Choice(_KINDS), help="Only this kind of change.")
@click.option("--field", metavar="NAME", help="Only changes that write this field.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="A page to send.")
@answering
def plan_show(
    plan_name: str, system: str | None, obj: str | None, op: str | None, field: str | None,
    html: Path | None, config: Path, as_json: bool,
) -> int:  # fmt: skip
    """A stored plan: counts, surprises, changes; or those of one system, object, kind, field."""
    from hub.commands.warehouse import open_workplace

    asked = {"system": system, "object": obj, "op": op, "field": field}
    _show_plan(open_workplace(config), plan_name, html, as_json, **asked)
    return 0


@plan.command("approve")
@click.argument("plan_name", metavar="PLAN")
@click.option("--by", "who", required=True, metavar="NAME", help="Who lets it pass.")
@click.option("--why", default="", help="For those who read it later.")
@click.option("--release", "released", multiple=True, metavar="BRAKE", help="A tripped brake.")
@config_option
@reporting
def plan_approve(
    plan_name: str, who: str, why: str, released: tuple[str, ...], config: Path
) -> int:
    """Let a plan pass that waits for approval, or has tripped a brake."""
    from hub.commands.reviewing import approve
    from hub.commands.warehouse import open_workplace

    passed = approve(open_workplace(config), plan_name, who, why, released)
    click.echo(f"{passed.plan} is approved; `hub apply {passed.plan}` or the next sync writes it")
    return 0


@plan.command("reject")
@click.argument("plan_name", metavar="PLAN")
@click.option("--by", "who", required=True, metavar="NAME", help="Who lets it not pass.")
@click.option("--why", required=True, help="For those who read it later.")
@config_option
@reporting
def plan_reject(plan_name: str, who: str, why: str, config: Path) -> int:
    """Let a plan not pass: what it holds back is not planned again until it differs."""
    from hub.commands.reviewing import reject
    from hub.commands.warehouse import open_workplace

    number = reject(open_workplace(config), plan_name, who, why)
    click.echo(f"{plan_name} is rejected, {number:,} changes dismissed")
    return 0


@click.group()
def outstanding() -> None:
    """Changes that were refused or cannot be sent, until somebody sees to them."""


@outstanding.command("list")
@answering
def outstanding_list(config: Path, as_json: bool) -> int:
    """What is outstanding, since when, how often asked, in the system's own words."""
    from hub.commands.outstanding import listing
    from hub.commands.show_outstanding import outstanding as show_them
    from hub.commands.warehouse import open_workplace

    show_them(listing(open_workplace(config)), as_json=as_json)
    return 0


@outstanding.command("dismiss")
@click.argument("change")
@click.option("--why", required=True, help="For those who read it later.")
@click.option("--by", "who", default="", metavar="NAME", help="Who says so.")
@config_option
@reporting
def outstanding_dismiss(change: str, why: str, who: str, config: Path) -> int:
    """Say that a change need not be written; it comes back when something about it differs."""
    from hub.commands.outstanding import dismiss
    from hub.commands.warehouse import open_workplace

    dismiss(open_workplace(config), change, who or "dismissed", why)
    click.echo(f"{change} is dismissed")
    return 0
