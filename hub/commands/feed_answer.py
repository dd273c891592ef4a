"""`hub feed answer`: what goes back to the sender of a file: its bad lines, and the acknowledgement
that its format has (997 or CONTRL), and for a claim the 849."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.checks.spreadsheet import harmless
from hub.commands.feed import Checked, Named, check, source_of
from hub.connectors.feed.edi import answers, edifact, envelope, interchange, x12
from hub.connectors.feed.reading import format_of
from hub.errors import FeedUnreadable

_SEND_AGAIN = "correct it and send the line again"
_HEADER = ("file", "line", "column", "value", "rule", "what is wrong", "what to do")


def answer(
    file: Path, profile: Named | None, period: str | None, folder: Path
) -> tuple[Checked, list[Path]]:
    """Check a file and write the answers beside each other into `folder`."""
    found = check(file, profile, period)
    folder.mkdir(parents=True, exist_ok=True)
    bad = folder / f"{file.stem}.bad-lines.csv"
    bad.write_text(bad_lines(found.faults, file.name), encoding="utf-8-sig", newline="")
    made = [bad]
    for suffix, text in _acknowledgements(file, found):
        path = folder / f"{file.stem}.{suffix}"
        path.write_text(text, encoding="latin-1", errors="replace", newline="")
        made.append(path)
    return found, made


def bad_lines(faults: Iterable[dict[str, Any]], file: str) -> str:
    """All faults as CSV that a spreadsheet can open without running any of it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(_HEADER)
    for fault in faults:
        told = [file, fault["line"], fault["column"], fault["value"], fault["rule"],
                fault["message"], fault.get("remedy", _SEND_AGAIN)]  # fmt: skip
        writer.writerow(["" if cell is None else harmless(str(cell)) for cell in told])
    return text.getvalue()


def _acknowledgements(file: Path, found: Checked) -> list[tuple[str, str]]:
    source, now = source_of(file), datetime.now(UTC)
    try:
        form = format_of(source)
        if form == "x12":
            marks = x12.delimiters_of(x12.opening(source), source.name)
            told = envelope.look(source, marks)
            made = [("997.edi", answers.functional_acknowledgement(told, now))]
            if any(one.code == "844" for one in told.sets):
                settled = answers.claim_answer(told, found.lines, found.faults, now)
                made.append(("849.edi", settled))
            return made
        if form == "edifact":
            service = edifact.service_string(source)
            return [("contrl.edi", answers.contrl(interchange.look(source, service), now))]
    except FeedUnreadable:
        # What cannot be taken apart has no envelope to answer to; the list of faults says so.
        return []
    return []
