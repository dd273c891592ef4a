"""Printing what stewards see: judgements and what follows from them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from hub.commands.printing import as_json as print_json
from hub.commands.printing import out, table

_SHOWN = 40
# How people call what changes, in the order they care for it.
_SUBJECTS = {
    "identity_event": "Hub ids",
    "registration": "Registrations",
    "lead_assignment": "Lead routing",
    "partner": "Partners and tiers",
    "company": "Companies",
    "contact": "Persons",
    "lead": "Leads",
    "opportunity": "Opportunities",
    "pos_line": "Reported sales",
}
_QUIET = {"crosswalk", "lineage", "identity_alias", "decision"}


_ASKED = {
    "join": "one or two?",
    "split": "does it belong?",
    "conflict": "contradiction",
    "tie": "one deal?",
}


def queue(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    if not report["items"]:
        out.print("Nothing is in doubt.")
        return
    shown = table("question", "a", "b", "#log-odds", "#doubt", "money at stake")
    for item in report["items"]:
        money = ", ".join(f"{amount} {code}" for code, amount in item["money"].items()) or "—"
        forbids = f" ({item['forbidden_by']})" if item["forbidden_by"] else ""
        shown.add_row(
            f"{_ASKED[item['kind']]}{forbids}",
            f"{item['a']['name'] or ''}\n{item['a']['asked']}",
            f"{item['b']['name'] or ''}\n{item['b']['asked']}",
            *(f"{item['log_odds']:+.2f}", f"{item['doubt']:.0%}", money),
        )
    out.print(shown)
    out.print(
        f"\n{report['waiting']:,} wait, {len(report['items']):,} are shown. "
        "Look at one: hub review explain A B; what follows: hub review preview same|different A B",
        soft_wrap=True,
    )
    if report["without_rate"]:
        codes = ", ".join(report["without_rate"])
        out.print(f"Ordered as if one unit of each were worth the same: {codes} (matching.rates)")


def explanation(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    sides = " and ".join(_side(report[name]) for name in ("a", "b"))
    deals = report["entity"] == "deal"
    now = ("tied" if deals else "together") if report["together"] else "apart"
    out.print(f"{sides}: {now} now, weights {report['weights']}", soft_wrap=True)
    shown = table("field", "a", "b", "what that is", "#log-odds")
    shown.add_row("", "", "", "before looking: most candidates differ", f"{report['bias']:+.2f}")
    for field in report["fields"]:
        weight = "forbids it" if field["forbids"] else f"{field['weight']:+.2f}"
        shown.add_row(
            *(field["title"], _text(field["left"]), _text(field["right"]), field["words"], weight)
        )
    out.print(shown)
    whole = report["all_records"]
    beside = "Against the customer's other opportunities" if deals else "All records of both sides"
    out.print(
        f"These two records: {report['log_odds']:+.2f}, {report['probability']:.1%} likely the "
        f"same. {beside}: {whole['log_odds']:+.2f}, that is {whole['band']}.",
        soft_wrap=True,
    )
    for one in report["decided"]:
        out.print(f"Decided: {one['told']}", soft_wrap=True)


def judged(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    sides = " and ".join(_side(report[name]) for name in ("a", "b"))
    told = "stands already" if not report["new"] else "takes effect with the next plan or sync"
    how = "one" if report["judgement"] == "same" else "two"
    out.print(f"decision {report['decision']}: {sides} are {how}; {told}", soft_wrap=True)


def imported(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for fault in report["faults"]:
        where = Text(f"line {fault['line']} ", style="red")
        out.print(where.append(f"{fault['message']} {fault['remedy']}", style="default"))
    if report["faults"]:
        out.print(f"{len(report['faults']):,} lines are wrong; nothing was stored")
        return
    out.print(
        f"{report['stored']:,} judgements stored, {report['standing_already']:,} stood already"
    )


def withdrawn(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    out.print(f"decision {report['decision']} is withdrawn; the next plan or sync decides anew")


def decisions(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    shown = table("#id", "judgement", "a", "b", "by", "on", "why")
    for one in report["decisions"]:
        gone = one["withdrawn"]
        why = one["why"] or "—"
        if gone:
            why += f" (withdrawn by {gone['by'] or 'somebody'})"
        shown.add_row(
            *(str(one["id"]), one["judgement"], one["left"], one["right"], one["by"]),
            *(one["at"][:10], why),
        )
    out.print(shown if report["decisions"] else "Nothing has been decided.")


def preview(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    sides = " and ".join(_side(report[name]) for name in ("a", "b"))
    how = "one" if report["judgement"] == "same" else "two"
    out.print(f"If {sides} were {how}:", soft_wrap=True)
    if not (report["model"] or report["planned"] or report["dropped"]):
        out.print("nothing would change.")
        return
    by_table: dict[str, list[Mapping[str, Any]]] = {}
    for change in report["model"]:
        by_table.setdefault(change["table"], []).append(change)
    loud = sorted(set(by_table) - _QUIET, key=lambda t: (t not in _SUBJECTS, t))
    for name in [*_SUBJECTS, *(t for t in loud if t not in _SUBJECTS)]:
        if name in by_table:
            _rows(_SUBJECTS.get(name, name), by_table[name], events=name == "identity_event")
    _crm("CRM fields that the next plan would write", report["planned"])
    _crm("… and would not write any more", report["dropped"])
    beside = Counter(change["table"] for change in report["model"] if change["table"] in _QUIET)
    if beside:
        told = ", ".join(f"{number:,} in {name}" for name, number in sorted(beside.items()))
        out.print(f"\nRows beside these: {told} (all of them: --json)")
    calls = report["calls"]
    out.print(f"The next plan would take {calls['with']} calls instead of {calls['without']}.")


def _side(side: Mapping[str, Any]) -> str:
    """A side as it was asked for, and the record that stands for it."""
    beside = side["record"] if side["asked"] != side["record"] else side["hub_id"]
    return f"{side['asked']} ({beside})" if beside else str(side["asked"])


def _rows(title: str, changes: Sequence[Mapping[str, Any]], *, events: bool) -> None:
    shown = table("id", "", "field", "before", "after", title=f"\n{title}: {len(changes):,}")
    for change in changes[:_SHOWN]:
        after = {name: cell["after"] for name, cell in change["fields"].items()}
        if events:
            shown.add_row(after["hub_id"], after["kind"], "", "", after.get("other_id", ""))
            continue
        where = (_id(change), change["op"])
        for name, cell in change["fields"].items():
            if name not in change["key"]:
                shown.add_row(*where, name, _text(cell["before"]), _text(cell["after"]))
                where = ("", "")
    out.print(shown)
    _more(len(changes))


def _crm(title: str, changes: Sequence[Mapping[str, Any]]) -> None:
    if not changes:
        return
    out.print(Text(f"\n{title}: {len(changes):,}", style="bold"))
    for change in changes[:_SHOWN]:
        record = change["record_id"] or change["hub_id"]
        why = next(iter(change["fields"].values()))["why"]
        where = f"{change['system']}/{change['object']}/{record}"
        out.print(Text(f"{change['op']} {where} ").append(f"({why})", style="dim"), soft_wrap=True)
        for name, cell in change["fields"].items():
            out.print(f"    {name}: {_text(cell['before'])} → {_text(cell['after'])}")
    _more(len(changes))


def _more(number: int) -> None:
    if number > _SHOWN:
        out.print(f"… and {number - _SHOWN:,} more; --json has them all")


def _id(change: Mapping[str, Any]) -> str:
    return " ".join(str(part) for part in change["key"].values())


def _text(value: Any) -> str:
    return "—" if value is None or value == "" else str(value)
