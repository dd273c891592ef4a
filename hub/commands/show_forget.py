"""Printing of erasures: what of whom is gone from where, never who."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from hub.commands.printing import as_json as _json
from hub.commands.printing import out as _out
from hub.commands.printing import table as _table

if TYPE_CHECKING:
    from hub.commands.forgetting import Forgotten


def forgotten(report: "Forgotten", *, as_json: bool) -> None:
    if as_json:
        _json(asdict(report))
        return
    table = _table("where", "#rows", title="Erased" if report.carried_out else "To be erased")
    for name, rows in sorted(report.tables.items()):
        table.add_row(name, f"{rows:,}")
    for name, rows in sorted(report.files.items()):
        table.add_row(f"archive {name}", f"{rows:,}")
    _out.print(table if report.tables or report.files else "Nothing of this person is kept here.")
    if report.to_erase:
        _out.print("\nTo be erased in their systems, for good:")
        for system, obj, record_id in report.to_erase:
            _out.print(f"{system}/{obj} {record_id}")
    if report.plan is not None:
        _out.print(
            f"{report.plan} does it in {report.calls:,} calls, once it is approved: "
            f"hub plan approve {report.plan} --by NAME, then hub apply {report.plan}",
            soft_wrap=True,
        )
    if report.remaining:
        _out.print("\nStill in their systems, to be deleted there:")
        for system, obj, record_id in report.remaining:
            _out.print(f"{system}/{obj} {record_id}")
