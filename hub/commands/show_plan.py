"""Printing plans: tables for people, a stream of JSON for machines."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.text import Text
from sqlalchemy import Row

from hub.commands.printing import as_json as _json
from hub.commands.printing import out as _out
from hub.commands.printing import table as _table
from hub.commands.reasons import Told, reasons
from hub.commands.reviewing import Review
from hub.commands.shapes import change_shape, plan_head
from hub.commands.show_outstanding import still_outstanding
from hub.sync.changes import KINDS, PlannedChange
from hub.sync.stored import as_planned
from hub.sync.storing import BRAKED, OPEN, WAITING, Part, Plan

_COLOURS = {"create": "green", "update": "cyan", "clear": "yellow", "blocked": "red"}
_STANDING = {OPEN: "green", WAITING: "yellow", BRAKED: "red"}
_LONGEST = 60


def plan_json(plan: Plan, changes: Iterable[Row[Any]], left: Mapping[str, Any]) -> None:
    """The documented shape, its changes written one by one as they are read. `left`: what is
    outstanding, of whatever plan."""
    head = json.dumps({**plan_head(plan), "outstanding": left}, indent=2, ensure_ascii=False)
    sys.stdout.write(head[: head.rindex("}")].rstrip() + ',\n  "changes": [')
    between = "\n    "
    for row in changes:
        text = json.dumps(change_shape(row), default=str, ensure_ascii=False)
        sys.stdout.write(between + text)
        between = ",\n    "
    sys.stdout.write("]\n}\n" if between == "\n    " else "\n  ]\n}\n")


def nothing(plan: Plan, left: Mapping[str, Any], *, as_json: bool) -> None:
    """A plan without changes: that is good only when nothing is outstanding."""
    if as_json:
        plan_json(plan, (), left)
    elif left["changes"]:
        _out.print("Nothing to write but what was refused or cannot be sent.")
        still_outstanding(left)
    else:
        _out.print("Nothing to write: every CRM says what it should.")


def review(found: Review, left: Mapping[str, Any]) -> None:
    """Counts first, then what is unusual, then changes, the most unusual first; and what is
    outstanding, of whatever plan."""
    plan = found.plan
    _head(plan)
    _parts(plan.parts)
    _surprises(found)
    _changes(found.changes, found.names)
    more = found.matching - len(found.changes)
    if more > 0:
        _out.print(f"… and {more:,} more; see `hub plan show {plan.plan} --help`")
    for row in found.decisions:
        said = f": {row.why}" if row.why else ""
        let_go = f", brakes released: {row.released}" if row.released else ""
        _out.print(f"{row.verdict} by {row.who} at {row.at:%Y-%m-%d %H:%M} UTC{let_go}{said}")
    still_outstanding(left)
    _what_next(plan)


def _head(plan: Plan) -> None:
    told = Text(str(plan.plan), style="bold").append("  ")
    told.append(plan.status, style=_STANDING.get(plan.status, "default"))
    expires = f", expires {plan.expires_at:%Y-%m-%d %H:%M} UTC" if plan.expires_at else ""
    told.append(f"  made {plan.created_at:%Y-%m-%d %H:%M} UTC{expires}", style="not bold")
    _out.print(told)


def _parts(parts: Sequence[Part]) -> None:
    heads = [f"#{_verb(kind)}" for kind in KINDS if any(part.kinds[kind] for part in parts)]
    shown = [kind for kind in KINDS if any(part.kinds[kind] for part in parts)]
    holds = any(part.hold for part in parts)
    last = ("held back",) if holds else ()
    table = _table("system", "object", *heads, "#calls to open", "#to write", "#to compare", *last)
    for part in parts:
        counts = (_counted(kind, part.kinds[kind]) for kind in shown)
        cost = part.calls
        calls = (f"{cost.opening:,}", f"{cost.writing:,}", f"{cost.comparing:,}")
        held = Text(part.hold or "", style="red" if part.hold == "brake" else "yellow")
        table.add_row(part.system, part.object, *counts, *calls, *([held] if holds else []))
    _out.print(table)
    for reason in dict.fromkeys(part.reason for part in parts if part.hold and part.reason):
        _out.print(Text("held back ", style="yellow").append(str(reason), style="default"))


def _verb(kind: str) -> str:
    return "skipped" if kind == "skip" else kind


def _counted(kind: str, number: int) -> Text:
    if not number:
        return Text("·", style="dim")
    return Text(f"{number:,}", style=_COLOURS.get(kind, "default"))


def _surprises(found: Review) -> None:
    notes = [
        f"{_called(row, found.names)}: {note['message']}"
        for row in found.changes
        for note in json.loads(row.notes or "[]")
    ]
    if not (found.unusual or notes):
        return
    _out.print(Text("\nSurprises, the largest first", style="bold"))
    for line in [*found.unusual, *notes]:
        _out.print(Text("  • ", style="yellow").append(line, style="default"), soft_wrap=True)


def _called(change: Row[Any] | PlannedChange, names: Mapping[str, str]) -> str:
    name = names.get(change.hub_id)
    told = f"{change.system}/{change.object} {change.record_id or change.hub_id}"
    return f"{told} “{name}”" if name else told


def _changes(rows: Sequence[Row[Any]], names: Mapping[str, str]) -> None:
    if rows:
        _out.print(Text("\nChanges, the most unusual first", style="bold"))
    for row in rows:
        _change(as_planned(row), names)


def _change(change: PlannedChange, names: Mapping[str, str]) -> None:
    """The record, then each reason with the fields below it: nothing is cut to a column."""
    colour = f"bold {_COLOURS.get(change.kind, 'default')}"
    head = Text(f"\n{_verb(change.kind)} ", style=colour)
    _out.print(head.append(_called(change, names), style="not bold default"), soft_wrap=True)
    if change.refusal is not None:
        said = f"  not sent: {change.refusal.message} {change.refusal.remedy}"
        _out.print(Text(said, style="red"), soft_wrap=True)
    width = max((len(name) for name in change.fields), default=0)
    for reason in reasons(change.fields, names):
        said = "; ".join(filter(None, (reason.why, reason.origin)))
        _out.print(Text(f"  {said}", style="dim"), soft_wrap=True)
        for told in reason.fields:
            _out.print(_line(told, width), soft_wrap=True)


def _line(told: Told, width: int) -> Text:
    line = Text(f"    {told.field:<{width}}  ")
    if told.before is not None:
        line.append(_value(told.before)).append(" → ")
    line.append(_value(told.after))
    return line.append(f"  {told.origin}" if told.origin else "", style="dim")


def undo(plan: Plan, changes: Sequence[PlannedChange], more: int) -> None:
    """The plan of an undo, in its order: what is put back, what is left alone."""
    _head(plan)
    _parts(plan.parts)
    for change in changes:
        _change(change, {})
    if more > 0:
        _out.print(f"… and {more:,} more; --json has them all")
    _what_next(plan)


def _value(text: str | None) -> Text:
    if text is None:
        return Text("—", style="dim")
    return Text(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def cost(plan: Plan) -> str:
    opening = sum(part.calls.opening for part in plan.parts)
    comparing = sum(part.calls.comparing for part in plan.parts)
    told = [
        *([f"{opening:,} of them to sign in and to ask for fields"] if opening else []),
        *([f"{comparing:,} to compare records before they are updated"] if comparing else []),
    ]
    return f"{plan.calls:,} calls" + (f" ({', '.join(told)})" if told else "")


def _what_next(plan: Plan) -> None:
    to_send = sum(part.to_send for part in plan.parts)
    name = plan.plan
    if plan.status in (WAITING, BRAKED):
        brakes = dict.fromkeys(brake for part in plan.held for brake in part.brakes)
        release = "".join(f" --release {brake}" for brake in brakes)
        _out.print(f"\nLet it pass: hub plan approve {name} --by NAME{release}", soft_wrap=True)
        _out.print(f"Or not: hub plan reject {name} --by NAME --why REASON", soft_wrap=True)
    if plan.status in (OPEN, WAITING):
        told = f"\n{name}: {to_send:,} changes in {cost(plan)}. "
        _out.print(f"{told}Write them with: hub apply {name}", soft_wrap=True)
    else:
        _out.print(f"\n{name}: {to_send:,} changes in {cost(plan)}; {plan.status}.", soft_wrap=True)


# -- lists -------------------------------------------------------------------------------------


def plans(found: Sequence[Plan], *, as_json: bool) -> None:
    if as_json:
        _json({"plans": [plan_head(plan) for plan in found]})
        return
    table = _table("plan", "status", "made (UTC)", "expires (UTC)", "#changes", "#calls", "what")
    for plan in found:
        what = ", ".join(f"{number:,} {kind}" for kind, number in sorted(plan.kinds.items()))
        status = Text(plan.status, style=_STANDING.get(plan.status, "dim"))
        expires = f"{plan.expires_at:%Y-%m-%d %H:%M}" if plan.expires_at else "—"
        made = f"{plan.created_at:%Y-%m-%d %H:%M}"
        table.add_row(
            str(plan.plan), status, made, expires, f"{plan.total:,}", f"{plan.calls:,}", what
        )
    _out.print(table if found else "No plan was made yet. Run: hub plan")
