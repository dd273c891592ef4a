"""Printing: the same facts as tables for people or JSON for machines, never both."""

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from hub.commands.printing import as_json as _json
from hub.commands.printing import out as _out
from hub.commands.printing import table as _table
from hub.commands.show_outstanding import still_outstanding
from hub.commands.show_setup import fields_changed
from hub.errors import HubError

if TYPE_CHECKING:  # `hub --help` must not wait for what only a sync needs
    from hub.commands.demo import DemoReport
    from hub.sync.batch import LandReport
    from hub.sync.report import SyncReport

_err = Console(stderr=True, highlight=False, markup=False)
_COLOURS = {"done": "green", "paused: quota": "yellow", "paused: approval": "yellow"}
_SHOWN_ROWS = 30


def error(err: HubError) -> None:
    """An error of ours: what is wrong, then what to do, each on one line that can be searched."""
    _err.print(
        Text("error: ", style="bold red").append(err.message, style="default"), soft_wrap=True
    )
    if err.remedy:
        _err.print(
            Text("remedy: ", style="bold").append(err.remedy, style="default"), soft_wrap=True
        )


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yields a function that shows the step being worked on: a spinner on a terminal."""
    if quiet or not _err.is_terminal:
        yield lambda _: None
        return
    with _err.status("starting") as spinner:
        yield spinner.update


def _holds(holds: bool) -> Text:
    return Text("holds", style="green") if holds else Text("BROKEN", style="red")


# -- sync --------------------------------------------------------------------------------------


def sync(report: "SyncReport", *, as_json: bool) -> None:
    if as_json:
        from hub.commands.shapes import sync_shape

        _json(sync_shape(report))
        return
    _rows_read(report.landed)
    _outcomes(report)
    laws([vars(law) for law in report.laws])
    for trouble in report.troubles:
        _out.print(Text("trouble ", style="red").append(trouble, style="default"), soft_wrap=True)
    for pause in report.pauses:
        _out.print(Text("paused ", style="yellow").append(pause, style="default"), soft_wrap=True)
    for wait in report.waits:
        _out.print(Text("waits ", style="yellow").append(wait, style="default"), soft_wrap=True)
    colour = _COLOURS.get(report.status, "red")
    _out.print(Text(f"\nrun {report.runs[0]} ").append(report.status, style=colour))


def landed(reports: Sequence["LandReport"], *, as_json: bool) -> None:
    if as_json:
        from hub.commands.shapes import landed_shape

        _json(landed_shape(list(reports)))
        return
    _rows_read(reports)


def _rows_read(reports: Sequence["LandReport"]) -> None:
    summed: dict[tuple[str, str], list[int]] = {}
    shown = ("new", "changed", "unchanged", "quarantined", "superseded", "suppressed", "deleted")
    for report in reports:
        row = summed.setdefault((report.system, report.object), [0] * (len(shown) + 1))
        row[0] += report.read
        for place, name in enumerate(shown, 1):
            row[place] += report.dispositions[name]
    table = _table("system", "object", "#read", *(f"#{name}" for name in shown), title="Rows read")
    for (system, obj), numbers in summed.items():
        table.add_row(system, obj, *(_number(n) for n in numbers))
    _out.print(table)
    whole = [f"{report.system}/{report.object}" for report in reports if report.whole]
    if whole:
        _out.print(f"All records of any date: {', '.join(whole)}")


def _number(value: int) -> Text:
    return Text(f"{value:,}") if value else Text("·", style="dim")


def _outcomes(report: "SyncReport") -> None:
    planned: Counter[tuple[str, str, str]] = Counter()
    for plan in report.plans:
        for part in plan.parts:
            planned.update({(*part.where, kind): n for kind, n in part.kinds.items()})
    table = _table("system", "object", "operation", "#changes", title="\nPlanned")
    for key, number in planned.items():
        table.add_row(*key, f"{number:,}")
    _out.print(table if planned else "\nPlanned: nothing to write")
    outcomes(report.outcomes, as_json=False)


def outcomes(found: Mapping[str, int], *, as_json: bool) -> None:
    if as_json:
        from hub.checks.laws import OUTCOMES

        _json({"outcomes": {**dict.fromkeys(OUTCOMES, 0), **found}})
        return
    shown = ", ".join(f"{name} {number:,}" for name, number in found.items() if number)
    _out.print(f"Outcomes: {shown or 'none'}")


def laws(judged: Sequence[Mapping[str, Any]]) -> None:
    table = _table("law", "", "how it shows", title="\nLaws")
    for law in judged:
        table.add_row(law["law"], _holds(law["holds"]), law["detail"])
    _out.print(table)


# -- status ------------------------------------------------------------------------------------


def status(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        _json(report)
        return
    run = report["run"]
    if not run:
        _out.print("Nothing was synced yet. Run: hub sync")
        return
    _out.print(f"run {run['run']} {run['status']}, {run['started_at']} → {run['finished_at']}")
    _systems(report["systems"])
    _entities(report["entities"])
    laws(report["laws"])
    _out.print(f"\nIn quarantine: {report['quarantine']:,} rows (hub quarantine list)")
    fields_changed(report["systems"])
    outcomes(report["changes"], as_json=False)
    still_outstanding(report["outstanding"])
    for one in report["reports"]:
        if one["state"] in ("late", "missing"):
            _out.print(
                f"{one['distributor']}/{one['report']} of {one['period_end']} is {one['state']}, "
                f"it was due on {one['due_at'][:10]} (hub calendar list)"
            )
    if report["undone"]:
        _out.print(f"Undone and not written again: {report['undone']:,} (hub undo --list)")


def _systems(systems: Sequence[Mapping[str, Any]]) -> None:
    table = _table(
        *("system", "kind", "last read", "#rows", "#calls", "#minimum", "#quota"),
        *("#deleted", "#merged", "#hidden"),
        title="\nSystems",
    )
    for system in systems:
        quota = f"{system['quota_used']}/{system['quota_limit']}" if system["quota_limit"] else "—"
        table.add_row(
            system["system"],
            system["kind"],
            system["last_sync"] or "never",
            f"{system['rows_read']:,}",
            f"{system['calls_used']:,}",
            f"{system['calls_minimum']:,}",
            quota,
            *(_number(system[name]) for name in ("deleted", "merged", "hidden")),
        )
    _out.print(table)
    for system in systems:
        if system["hidden"]:
            _out.print(
                Text("warning ", style="yellow").append(
                    f"{system['system']}: {system['hidden']:,} records are neither shown to our "
                    "user nor told to be deleted; see `gone` in the src_ tables",
                    style="default",
                ),
                soft_wrap=True,
            )


def _entities(entities: Sequence[Mapping[str, Any]]) -> None:
    table = _table("entity", "#source rows", "#golden rows", title="\nPartner model")
    for entity in entities:
        table.add_row(entity["entity"], f"{entity['source_rows']:,}", f"{entity['golden_rows']:,}")
    _out.print(table)


# -- quarantine, explain -----------------------------------------------------------------------


def quarantine_list(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        _json(report)
        return
    table = _table("system", "object", "column", "rule", "#faults")
    for rule in report["rules"]:
        table.add_row(
            rule["system"], rule["object"], rule["column"], rule["rule"], str(rule["faults"])
        )
    _out.print(table)
    rows = _table("#id", "record", "column", "value", "rule", "what is wrong", title="\nRows")
    for row in report["rows"][:_SHOWN_ROWS]:
        for fault in row["faults"]:
            rows.add_row(
                str(row["id"]),
                f"{row['system']}/{row['object']}/{row['record_id']}",
                *(fault["column"], fault["value"] or "—", fault["rule"], fault["message"]),
            )
    _out.print(rows)
    _out.print(f"\n{report['waiting']:,} rows wait. One whole row: hub quarantine show ID")


def quarantine_row(row: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        _json(row)
        return
    _out.print(f"row {row['id']} ({row['status']}): {row['system']}/{row['object']}")
    origin = row["origin"] or row["archive"] or "the system"
    _out.print(f"record {row['record_id']} from {origin}", soft_wrap=True)
    faults = _table("column", "value", "rule", "what is wrong", title="\nFaults")
    for fault in row["faults"]:
        faults.add_row(fault["column"], fault["value"] or "—", fault["rule"], fault["message"])
    _out.print(faults)
    told = _table("field", "value", title="\nAs told")
    for name, value in row["told"].items():
        told.add_row(name, value or "—")
    _out.print(told)


def explanation(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        _json(report)
        return
    asked = f" (asked as {report['asked']})" if report["asked"] != report["id"] else ""
    _out.print(f"{report['entity']} {report['id']}{asked}")
    table = _table("field", "value", "source row", "rule")
    for field in report["fields"]:
        table.add_row(field["field"], str(field["value"]), field.get("source", "—"), field["rule"])
    _out.print(table)
    _out.print(f"\nSource rows: {', '.join(report['source_rows']) or 'none of its own'}")
    for made in report["decisions"]:
        _out.print(f"\n{made['at']}: {made['kind']} → {made['outcome']} by {made['rule']}")
        for candidate in made["candidates"]:
            _out.print(f"    {candidate['id']}: {candidate['verdict']}{_evidence(candidate)}")


def _evidence(candidate: Mapping[str, Any]) -> str:
    """The sum of evidence and its parts, where a candidate was weighed."""
    if "log_odds" not in candidate:
        return ""
    parts = [f"{name} {level} {weight:+g}" for name, (level, weight) in candidate["fields"].items()]
    return f" ({', '.join([format(candidate['log_odds'], '+.2f'), *parts])})"


# -- demo --------------------------------------------------------------------------------------


def demo(report: "DemoReport", *, as_json: bool) -> None:
    from hub.commands.shapes import sync_shape

    if as_json:
        _json(
            {
                "dir": str(report.folder),
                "first": sync_shape(report.first),
                "second": sync_shape(report.second),
                "writes_in_second": report.writes_in_second,
                "status": report.status,
                "rep_view": {"before": report.before, "after": report.after, **report.hero},
            }
        )
        return
    _rows_read(report.first.landed)
    _entities(report.status["entities"])
    _outcomes(report.first)
    laws([vars(law) for law in report.first.laws])
    _rep_view(report)
    again = sync_shape(report.second)
    _out.print(
        f"\nSynced again at once: {again['read']:,} rows read, "
        f"{again['dispositions']['changed']} changed, {report.writes_in_second} write calls "
        "(by the servers' own log)."
    )
    folder, hub = report.folder, _command()
    _out.print(
        f"\nAll of it is under {folder}/. To go on:\n"
        f"  {hub} sandbox --dir {folder}               # the CRMs, up again\n"
        f"  {hub} sync   --config {folder}/hub.yaml    # in another terminal\n"
        f"  {hub} status --config {folder}/hub.yaml\n"
        f"  {hub} ui     --config {folder}/hub.yaml    # Dagster on http://127.0.0.1:3000"
    )


def _command() -> str:
    """How this command was called, so that what we print can be typed."""
    called = Path(sys.argv[0])
    return "hub" if shutil.which("hub") or not called.parts[:-1] else str(called)


def _rep_view(report: "DemoReport") -> None:
    hero = report.hero
    _out.print(
        Text("\nThe rep's view", style="bold").append(
            f": {hero['opportunity_name']}", style="not bold"
        )
    )
    _out.print(
        f"{hero['partner_name']} registered it in HubSpot for "
        f"“{hero['registered_customer_name']}”; in Salesforce the customer is "
        f"“{hero['customer_name']}”."
    )
    table = _table("Salesforce field", "before", "after")
    for name in report.after:
        table.add_row(name, report.before[name] or "—", report.after[name] or "—")
    _out.print(table)
