"""Printing versions of the weights and what they would change."""

from collections.abc import Mapping
from typing import Any

from hub.commands.printing import as_json as print_json
from hub.commands.printing import out, table


def trained(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    learned = "learned from" if report["learned_from_decisions"] else "too few to learn from"
    out.print(f"{report['pairs']:,} candidate pairs; {report['decisions']:,} decisions, {learned}")
    if report["version"] is None:
        out.print(f"The {report['entity']} weights in use, {report['base']}, are the best known.")
        return
    _effect(report["effect"])
    out.print(
        f"\n{report['entity']} weights {report['version']} beside {report['base']}. Use them with: "
        f"hub match approve {report['version']} --by NAME",
        soft_wrap=True,
    )


def _effect(effect: Mapping[str, Any]) -> None:
    counted = effect["entities"]
    out.print(
        f"Entities: {counted['before']:,} → {counted['after']:,}; {effect['merged']:,} merged, "
        f"{effect['split']:,} split, {effect['records_moved']:,} records with another id"
    )
    if not effect["largest"]:
        return
    shown = table("", "id", "name", "other id", "name", "money", title="\nThe dearest")
    for one in effect["largest"]:
        money = ", ".join(f"{amount} {code}" for code, amount in one["money"].items()) or "—"
        ends = (one["hub_id"], one["name"] or "—", one["other_id"], one["other_name"] or "—")
        shown.add_row(one["kind"], *ends, money)
    out.print(shown)


def approved(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    out.print(
        f"{report['entity']} weights {report['version']} are in use from the next plan or sync on, "
        f"instead of {report['before']}",
        soft_wrap=True,
    )


def versions(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    shown = table("entity", "version", "made", "#decisions", "would merge/split", "approved", "")
    for one in report["versions"]:
        effect, approval = one["effect"], one["approved"]
        shown.add_row(
            *(one["entity"], one["version"], (one["made_at"] or "shipped")[:10]),
            "—" if one["decisions"] is None else f"{one['decisions']:,}",
            f"{effect['merged']}/{effect['split']}" if effect else "—",
            f"{approval['by']}, {approval['at'][:10]}" if approval else "—",
            "in use" if one["in_use"] else "",
        )
    out.print(shown)
