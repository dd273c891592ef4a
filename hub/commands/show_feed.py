"""What `hub feed` prints: for a distributor's clerk, who knows the file and not the hub."""

from collections import Counter
from pathlib import Path
from typing import Any

from rich.text import Text

from hub.commands.feed import Checked
from hub.commands.feed_learn import as_yaml
from hub.commands.printing import MARKS, out, table
from hub.commands.printing import as_json as _json
from hub.commands.quarantine_fix import Fixed

_SHOWN = 50


def checked(found: Checked, *, as_json: bool) -> None:
    """Counts first, then how the file was read, then every fault with its place."""
    if as_json:
        _json(found.shape())
        return
    head = found.head
    mark = MARKS["ok"] if found.good else MARKS["error"]
    out.print(Text.assemble(mark, f" {found.file}"))
    if head is not None:
        told = ", ".join(f"{name} {value}" for name, value in head.evidence.items())
        out.print(f"   read as {head.format}, a report of {_KINDS[head.kind]}: {told}")
        out.print(
            f"   lines: {found.read:,} read, {found.accepted:,} good, {found.quarantined:,} to be "
            f"corrected, {found.ignored:,} left out (totals and the like)"
        )
    for warning in head.warnings if head is not None else []:
        out.print(Text.assemble("   ", MARKS["warning"], f" {warning}"))
    if found.faults:
        _faults(found)


def _faults(found: Checked) -> None:
    if found.faults[0]["line"] is None:
        only = found.faults[0]
        out.print(f"   nothing of the file can be taken ({only['rule']}): {only['message']}")
        out.print(f"   what to do: {only.get('remedy', '')}")
        return
    rows = table("#line", "column", "value", "rule", "what is wrong")
    for fault in found.faults[:_SHOWN]:
        rows.add_row(
            str(fault["line"]), fault["column"], fault["value"] or "(empty)", fault["rule"],
            fault["message"],
        )  # fmt: skip
    out.print(rows)
    if len(found.faults) > _SHOWN:
        rest = Counter(fault["rule"] for fault in found.faults[_SHOWN:])
        told = ", ".join(f"{rule} {number:,}" for rule, number in rest.most_common())
        out.print(f"and {len(found.faults) - _SHOWN:,} more: {told}")


_KINDS = {
    "pos": "sales",
    "inventory": "stock",
    "claim": "claims",
    "activity": "sales and stock",
    "shipment": "shipments",
}


def learned(keys: dict[str, Any], notes: list[str], path: Path | None, *, as_json: bool) -> None:
    """The proposed profile, ready to be kept as a file."""
    if as_json:
        _json({"profile": keys, "notes": notes, "file": None if path is None else str(path)})
    elif path is None:
        out.print(as_yaml(keys, notes), end="")
    else:
        for note in notes:
            out.print(Text.assemble(MARKS["warning"], f" {note}"))
        out.print(f"wrote {path}")


def answered(found: Checked, made: list[Path], *, as_json: bool) -> None:
    """What was written for the sender."""
    if as_json:
        _json({**found.shape(), "lines": [], "files": [str(path) for path in made]})
        return
    out.print(f"{found.accepted:,} lines are good, {len(found.faults):,} faults")
    for path in made:
        out.print(f"wrote {path}")


def exported(rows: int, path: Path, *, as_json: bool) -> None:
    if as_json:
        _json({"rows": rows, "file": str(path)})
    else:
        out.print(f"wrote {rows:,} rows to {path}; correct cells, then: hub quarantine fix {path}")


def fixed(report: Fixed, *, as_json: bool) -> None:
    """Which rows a correction frees, or has freed, and what is still wrong with the others."""
    if as_json:
        _json(report.shape())
        return
    done = "freed" if report.done else "would be freed (do it with --yes)"
    out.print(f"{len(report.freed):,} rows {done}, {report.left:,} go on waiting")
    rows = table("#id", "record", "still wrong")
    for number, record, faults in report.rows[:_SHOWN]:
        told = "; ".join(f"{f['column']}: {f['message']}" for f in faults) or "nothing"
        rows.add_row(str(number), record, told)
    out.print(rows)
    if report.for_profile:
        out.print(f"for files to come, write into the profile: {report.for_profile}")
