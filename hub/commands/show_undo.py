"""Printing of undos: what is put back, what is left alone, what stays undone."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from hub.commands import show
from hub.commands.printing import as_json as _json
from hub.commands.printing import out as _out
from hub.commands.printing import table as _table

if TYPE_CHECKING:
    from hub.commands.undoing import Undo

_SHOWN = 40


def undo(report: "Undo", *, as_json: bool) -> None:
    left = report.left
    if as_json:
        from hub.commands.shapes import undo_shape

        _json(undo_shape(report))
        return
    if report.plan.plan is None:
        _out.print("Nothing to take back: every record says what it said before.")
        return
    from hub.commands.show_plan import undo as show_plan

    show_plan(report.plan, report.changes[:_SHOWN], len(report.changes) - _SHOWN)
    if left:
        _out.print(f"\n{len(left):,} left alone, each with its reason above and in `ops_change`.")
    if report.applied is not None:
        show.outcomes(report.outcomes, as_json=False)


def listing(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _json(rows)
        return
    if not rows:
        _out.print("Nothing is undone.")
        return
    table = _table("undone by", "system", "object", "field", "#records", "since")
    for row in rows[:_SHOWN]:
        what = row["field"] or Text("the record itself", style="dim")
        number, since = f"{row['records']:,}", f"{row['at']:%Y-%m-%d %H:%M}"
        table.add_row(row["plan"], row["system"], row["object"], what, number, since)
    _out.print(table)
    if len(rows) > _SHOWN:
        _out.print(f"… and {len(rows) - _SHOWN:,} more; --json has them all")
    _out.print("Not written again while the hub would write the same. End it: hub undo --lift PLAN")


def lifted(number: int, *, as_json: bool) -> None:
    if as_json:
        _json({"lifted": number})
        return
    _out.print(f"{number:,} lifted: the next plan writes them if they are still wanted.")
