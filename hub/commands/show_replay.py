"""Printing of replays."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from hub.commands.printing import as_json as _json
from hub.commands.printing import out as _out

if TYPE_CHECKING:
    from hub.sync.replay import ReplayReport


def replayed(report: "ReplayReport", *, as_json: bool) -> None:
    if as_json:
        _json(asdict(report))
        return
    _out.print(
        f"as after run {report.last_run}: {report.runs:,} runs, {report.rows:,} rows in "
        f"{report.batches:,} batches, {report.steps:,} steps, {report.writes:,} writes",
        soft_wrap=True,
    )
    if report.other_configuration:
        runs = ", ".join(map(str, report.other_configuration))
        _out.print(
            f"These runs were made under another hub.yaml than this one, so what they held may "
            f"have been something else: {runs}",
            soft_wrap=True,
        )
