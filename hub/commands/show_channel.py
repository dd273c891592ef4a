"""What the commands about reports over time print."""

from typing import Any

from hub.commands.feed_versions import Difference
from hub.commands.period import Period
from hub.commands.printing import as_json as _json
from hub.commands.printing import out, table
from hub.commands.siso import Balances

_SHOWN = 50


def versions(reports: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _json({"reports": reports})
        return
    rows = table("report", "system", "of", "period", "#version", "status", "#lines", "file")
    for one in reports:
        told = f"{one['period_start']}..{one['period_end']}" if one["period_end"] else "unknown"
        superseded = f" by {one['superseded_by']}" if one["superseded_by"] else ""
        rows.add_row(
            *(one["id"], one["distributor"], one["report"], told, str(one["version"] or "")),
            *(one["status"] + superseded, str(one["lines_read"] or 0), one["file"]),
        )
    out.print(rows)
    for one in reports:
        if one["reason"]:
            out.print(f"{one['id']} {one['status']}: {one['reason']}")


def difference(found: Difference, *, as_json: bool) -> None:
    if as_json:
        _json(found.shape())
        return
    out.print(
        f"{found.old} → {found.new}: {len(found.added):,} lines more, {len(found.removed):,} less, "
        f"{len({one['record_id'] for one in found.changed}):,} changed, {found.same:,} the same"
    )
    rows = table("line", "what", "before", "after")
    told = [
        *((one["record_id"], "removed", _brief(one), "") for one in found.removed),
        *((one["record_id"], "added", "", _brief(one)) for one in found.added),
        *(
            (one["record_id"], one["column"], _cell(one["before"]), _cell(one["after"]))
            for one in found.changed
        ),
    ]
    for row in told[:_SHOWN]:
        rows.add_row(*row)
    if told:
        out.print(rows)
    if len(told) > _SHOWN:
        out.print(f"and {len(told) - _SHOWN:,} more; all with --json")
    for name, (before, after) in found.sums.items():
        out.print(f"{name}: {before} → {after}")


def _brief(line: dict[str, Any]) -> str:
    parts = (line.get(name) for name in ("sku", "quantity", "on_hand", "amount", "currency"))
    return " ".join(str(part) for part in parts if part is not None)


def _cell(value: Any) -> str:
    return "(empty)" if value is None else str(value)


def periods(found: list[Period], *, as_json: bool) -> None:
    if as_json:
        _json({"periods": [one.shape() for one in found]})
        return
    rows = table("period", "state", "#entries", "#units", "#of them restated")
    for one in found:
        closed = f"closed {one.closed_at:%Y-%m-%d} by {one.closed_by}" if one.closed_at else "open"
        rows.add_row(
            one.period, closed, f"{one.entries:,}", f"{one.units:,}", f"{one.restated_units:,}"
        )
    out.print(rows)


def balances(found: Balances, *, as_json: bool) -> None:
    if as_json:
        _json(found.shape())
        return
    out.print(", ".join(f"{number} {status}" for status, number in found.by_status.items()) or "-")
    names = ("opening", "sales_in", "sales_out", "returns", "in_transit", "closing", "gap")
    rows = table("system", "sku", "period", *(f"#{n}" for n in names), "#weeks", "most likely")
    for one in found.rows[:_SHOWN]:
        causes = one["causes"]
        first = f"{causes[0]['cause']} ({causes[0]['share']:.0%})" if causes else ""
        rows.add_row(
            *(one["distributor"], one["sku"], one["period"]),
            *("" if one[n] is None else f"{one[n]:,}" for n in names),
            *("" if one["weeks_of_supply"] is None else f"{one['weeks_of_supply']:.1f}", first),
        )
    if found.rows:
        out.print(rows)
    for one in found.rows[:_SHOWN]:
        for number, cause in enumerate(one["causes"], start=1):
            out.print(
                f"{one['distributor']} {one['sku']} {number}. {cause['cause']}: removes "
                f"{cause['removes']:,} of {abs(one['gap']):,}; {cause['evidence']}"
            )


def calendar(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _json({"reports": found})
        return
    rows = table("system", "report", "period", "due", "state", "#days late", "told")
    for one in found:
        days = "" if one["days_late"] is None else str(one["days_late"])
        rows.add_row(
            *(one["distributor"], one["report"], f"{one['period_start']}..{one['period_end']}"),
            *(one["due_at"][:16], one["state"], days, one["escalation"] or ""),
        )
    out.print(rows)


def waived(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        _json(told)
    else:
        out.print("{distributor}/{report} of {period_end} need not come".format(**told))


def unmatched(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _json({"resellers": found})
        return
    rows = table("system", "account", "reseller", "postal code", "#lines", "amount", "may be")
    for one in found[:_SHOWN]:
        amounts = ", ".join(f"{amount} {currency}" for currency, amount in one["amounts"].items())
        candidates = "; ".join(f"{c['id']} {c['name']}" for c in one["candidates"])
        rows.add_row(
            *(one["distributor"], one["reseller_account"] or "", one["reseller_name"] or ""),
            *(one["reseller_postal_code"] or "", f"{one['lines']:,}", amounts),
            candidates or "nobody known",
        )
    out.print(rows)
    if found:
        out.print("Say who is who in the file that `accounts` in hub.yaml names, then: hub sync")
