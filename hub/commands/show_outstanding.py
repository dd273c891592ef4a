"""Printing what is outstanding: row by row, or in a few lines beside a plan and in the status."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.commands.printing import as_json as _json
from hub.commands.printing import out as _out
from hub.commands.printing import table as _table


def still_outstanding(left: Mapping[str, Any]) -> None:
    """How much, since when, and for which reasons; nothing when nothing is."""
    if not left["changes"]:
        return
    told = f"{left['changes']:,} changes, the oldest since {left['oldest']}"
    _out.print(f"Outstanding: {told} (hub outstanding list)")
    for one in left["reasons"]:
        where = f"{one['system']}/{one['object']}"
        said = f"{one['changes']:,} × {where} {one['code']}, since {one['oldest']}"
        _out.print(f"  {said}: {one['example']}", soft_wrap=True)


def outstanding(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        _json(report)
        return
    rows = report["outstanding"]
    if not rows:
        _out.print("Nothing is outstanding.")
        return
    now = datetime.now(UTC)
    table = _table(
        *("change", "system", "object", "record", "age", "#asked", "again in", "what is wrong"),
        "what to do",
    )
    for row in rows:
        again = _span(row["next"] - now) if row["next"] else "when it differs"
        age = _span(now - row["since"]) if row["since"] else "—"
        record = row["record_id"] or row["hub_id"]
        said = f"{row['code']}: {row['message']}" if row["code"] else row["message"]
        table.add_row(
            *(row["id"], row["system"], row["object"], record, age),
            *(str(row["attempts"]), again, said or "—", row["remedy"] or "—"),
        )
    _out.print(table)
    _out.print(f"\n{len(rows):,} outstanding. Let one be: hub outstanding dismiss CHANGE --why …")


def _span(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"
