"""Printing what `hub match` took a file for, and what came of it."""

from typing import TYPE_CHECKING

from hub.commands.printing import as_json as print_json
from hub.commands.printing import out, table

if TYPE_CHECKING:
    from hub.commands.match import MatchReport


def matched(report: "MatchReport", *, as_json: bool) -> None:
    if as_json:
        names = ("records", "clusters", "pairs", "seconds")
        print_json({name: getattr(report, name) for name in names})
        return
    taken = table("field", "column")
    if report.columns.record_id:
        taken.add_row("id", report.columns.record_id)
    for field, header in report.columns.fields.items():
        taken.add_row(field, header)
    out.print(taken)
    out.print(
        f"{report.records:,} records, {report.clusters:,} clusters; "
        f"{report.pairs:,} pairs compared in {report.seconds:.1f} s, weights {report.model}"
    )
