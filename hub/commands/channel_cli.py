"""`hub period …`, `hub siso` and `hub calendar …`: argument parsing and printing only."""

from pathlib import Path

import click

from hub.commands.options import answering


@click.group()
def period() -> None:
    """Months of sales: what is restated of a closed one is booked in the first one still open."""


@period.command("list")
@answering
def period_list(config: Path, as_json: bool) -> int:
    """Months with what is booked in them, and which are closed."""
    from hub.commands import show_channel
    from hub.commands.period import periods
    from hub.commands.warehouse import open_workplace

    show_channel.periods(periods(open_workplace(config)), as_json=as_json)
    return 0


@period.command("close")
@click.argument("month")
@click.option("--by", required=True, metavar="NAME", help="Who closes it.")
@answering
def period_close(month: str, by: str, config: Path, as_json: bool) -> int:
    """Close a month: nothing more is booked in it."""
    from hub.commands import show_channel
    from hub.commands.period import close
    from hub.commands.warehouse import open_workplace

    show_channel.periods(close(open_workplace(config), month, by), as_json=as_json)
    return 0


@period.command("reopen")
@click.argument("month")
@answering
def period_reopen(month: str, config: Path, as_json: bool) -> int:
    """Open the last closed month again."""
    from hub.commands import show_channel
    from hub.commands.period import reopen
    from hub.commands.warehouse import open_workplace

    show_channel.periods(reopen(open_workplace(config), month), as_json=as_json)
    return 0


@click.command("siso")
@click.option("--system", metavar="NAME", help="Only this distributor.")
@click.option("--sku", metavar="SKU", help="Only this product, also when its balance is good.")
@click.option("--period", "month", metavar="MONTH", help="Of this month; else the newest counted.")
@click.option("--all", "everything", is_flag=True, help="Good balances, too.")
@answering
def siso(
    system: str | None, sku: str | None, month: str | None, everything: bool, config: Path,
    as_json: bool,
) -> int:  # fmt: skip
    """Sell-in against sell-out: where counted stock is off, by how much, and most likely why."""
    from hub.commands import show_channel
    from hub.commands.siso import balances
    from hub.commands.warehouse import open_workplace

    found = balances(open_workplace(config), system, sku, month, everything=everything)
    show_channel.balances(found, as_json=as_json)
    return 1 if found.by_status.get("exception") else 0


@click.group()
def calendar() -> None:
    """Reports that distributors owe: due, late, missing."""


@calendar.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that came, too.")
@answering
def calendar_list(everything: bool, config: Path, as_json: bool) -> int:
    """Reports that are overdue or due next."""
    from hub.commands import show_channel
    from hub.commands.siso import calendar
    from hub.commands.warehouse import open_workplace

    show_channel.calendar(calendar(open_workplace(config), everything=everything), as_json=as_json)
    return 0


@calendar.command("waive")
@click.argument("report", metavar="SYSTEM/REPORT")
@click.argument("period_end", metavar="DAY")
@click.option("--by", required=True, metavar="NAME")
@click.option("--why", required=True, metavar="REASON")
@answering
def calendar_waive(
    report: str, period_end: str, by: str, why: str, config: Path, as_json: bool
) -> int:
    """Say that the report of the period that ends on DAY need not come."""
    from hub.commands import show_channel
    from hub.commands.siso import waive
    from hub.commands.warehouse import open_workplace

    show_channel.waived(waive(open_workplace(config), report, period_end, by, why), as_json=as_json)
    return 0
