"""Printing what is set up in the systems: findings, provisioning, fields that changed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from hub.commands import printing
from hub.commands.printing import MARKS, out, table

if TYPE_CHECKING:  # `hub --help` must not wait for what only a sync needs
    from hub.commands.doctor import SystemFindings
    from hub.commands.provision import SystemProvision

_SHOWN_EVENTS = 30
_SHOWN_LEFT = 10


def doctor(report: Sequence["SystemFindings"], *, as_json: bool) -> None:
    if as_json:
        shape = [{"system": s.system, "findings": [vars(f) for f in s.findings]} for s in report]
        printing.as_json(shape)
        return
    found = table("system", "subject", "", "finding", "remedy")
    for system in report:
        for finding in system.findings:
            mark = MARKS[finding.severity]
            found.add_row(system.system, finding.subject, mark, finding.message, finding.remedy)
    out.print(found)


def provision(found: "list[SystemProvision]", *, as_json: bool) -> None:
    if as_json:
        from hub.commands.provision import provision_shape

        printing.as_json(provision_shape(found))
        return
    items = table("system", "object", "name", "", "detail", "remedy")
    for one in found:
        for item in (i for i in one.items if i.action != "present"):
            mark = Text(item.action, style="red" if item.action == "conflict" else "green")
            items.add_row(one.system, item.object, item.name, mark, item.detail, item.remedy)
    if items.row_count:
        out.print(items)
    for one in found:
        _provisioned(one)


def _provisioned(one: "SystemProvision") -> None:
    told = f"{one.system}: {sum(item.action == 'present' for item in one.items)} present"
    if one.to_do:
        told += f", {one.to_do} {'made' if one.made else 'to do'} in {one.calls} calls"
    elif one.done:
        told += ", nothing to do"
    out.print(told)
    if one.error is not None:
        out.print(Text("error ", style="red").append(str(one.error), style="default"))


def schema(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        printing.as_json(report)
        return
    objects = table("system", "object", "#fields", "#mapped", "contract", "since", "held back by")
    for o in report["objects"]:
        numbers = (str(o["fields"]), str(o["mapped"]))
        held = "; ".join(o["held"]) or "—"
        objects.add_row(o["system"], o["object"], *numbers, o["on_drift"], o["since"], held)
    out.print(objects)
    events = table(
        *("#run", "system", "object", "field", "event", "before", "after", "mapped"),
        title="\nWhat changed",
    )
    for e in report["events"][:_SHOWN_EVENTS]:
        where = (str(e["run"]), e["system"], e["object"], e["field"], e["event"])
        events.add_row(*where, e["before"] or "—", e["after"] or "—", "yes" if e["mapped"] else "")
    if events.row_count:
        out.print(events)


def accepted(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        printing.as_json(report)
        return
    where = f"{report['system']}/{report['object']}"
    out.print(f"{where}: accepted as it is now, {report['accepted']} differences settled")


def fields_changed(systems: Sequence[Mapping[str, Any]]) -> None:
    """The lines of `hub status` about fields, when there is something to say."""
    changed = sum(system["fields_changed"] for system in systems)
    held = [f"{system['system']}/{obj}" for system in systems for obj in system["held"]]
    left = [f"{system['system']}/{told}" for system in systems for told in system["left_alone"]]
    flaps = [f"{system['system']}/{told}" for system in systems for told in system["flapping"]]
    if left:
        more = f" and {len(left) - _SHOWN_LEFT} more" if len(left) > _SHOWN_LEFT else ""
        shown = ", ".join(left[:_SHOWN_LEFT])
        out.print(f"Left as somebody changed them (drift: flag): {shown}{more}")
    for flap in flaps:
        out.print(f"Goes back and forth: {flap}")
    if changed:
        out.print(f"Mapped fields that changed: {changed} (hub schema)")
    if held:
        out.print(f"Held back since fields changed: {', '.join(held)} (hub schema)")
