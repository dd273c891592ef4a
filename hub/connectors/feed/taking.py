"""Taking a file: once, by the bytes it holds, and only when it was read to its end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from hub.connectors.contract import Batch, ObjectSpec
from hub.connectors.feed.canonical import REPORT
from hub.connectors.feed.configured import Configured
from hub.connectors.feed.files import DroppedFile, Ledger
from hub.connectors.feed.originals import Copies, keep, source_of
from hub.connectors.feed.report import Head, Part, Report, Source
from hub.connectors.feed.rows import report_record_id, report_row, rows_of, says, told_of
from hub.connectors.paging import empty_rows
from hub.connectors.text import parsed_time
from hub.errors import FeedUnreadable

_MOST_CACHED_LINES = 1_000_000
_LARGEST_HEADER = 65_536


class Taking:
    """What the files of one feed say. Several objects are made of a file, which is copied and read
    once for all of them unless it is very long."""

    def __init__(self, system: str, archive: str, settle_seconds: float) -> None:
        self.system = system
        self._archive, self._settle_seconds = archive, settle_seconds
        self.copies = Copies()
        self._reports: dict[DroppedFile, Report] = {}
        self._parts: dict[str, list[Part]] = {}
        self._cached_lines = 0

    def close(self) -> None:
        self._parts.clear()
        self._reports.clear()
        self.copies.close()

    def batches(
        self, named: Configured, file: DroppedFile, spec: ObjectSpec, ledger: Ledger
    ) -> Iterator[Batch]:
        """What a file says of an object. The ledger takes it when it was read to its end."""
        if self._still_written(file):
            yield from self._not_yet(named, file, spec)
            return
        digest, copy = self.copies.of(named.drop, file)
        if named.drop.stamp(file) != file.stamp:
            self.copies.forget(file)
            yield from self._not_yet(named, file, spec)
            return
        if ledger.took(file, digest):
            ledger.touch(file)
            return
        if ledger.holds(digest) and not _is_bare_header(source_of(file, copy), copy, named):
            ledger.take(file, digest)
            if spec.name == REPORT:
                row = report_row(file, digest, "duplicate_ignored", spec.fields, named.said())
                yield Batch(row, ledger.text(), file.path)
            return
        keep(self._archive, self.system, file, digest, copy)
        report = self._reports.get(file)
        if report is None:
            report = self._reports[file] = named.opened(source_of(file, copy))
        number = _number_of(report.head, named)
        _refuse_second(report.head, number, ledger, file)
        yield from self._told(named, file, digest, report, spec, ledger, number)

    def _told(
        self, named: Configured, file: DroppedFile, digest: str, report: Report, spec: ObjectSpec,
        ledger: Ledger, number: str | None,
    ) -> Iterator[Batch]:  # fmt: skip
        report_id = report_record_id(file, digest)
        read = ignored = 0
        held: Batch | None = None
        for part in self._parts_of(digest, report):
            read, ignored = read + part.rows.height, ignored + part.ignored
            if says(part, spec.name):
                if held is not None:
                    yield held
                rows = rows_of(part, spec.name, spec.fields, report_id)
                faults = part.faults if spec.name == part.object else None
                held = Batch(rows, None, file.path, faults)
        ledger.take(file, digest, number)
        if spec.name == REPORT:
            told = told_of(report.head, named.profile, named.profile_name, read, ignored)
            row = report_row(file, digest, "taken", spec.fields, told)
            held = Batch(row, None, file.path)
        if held is None:
            held = Batch(empty_rows(spec.fields), None, file.path)
        yield Batch(held.rows, ledger.text(), held.origin, held.faults)

    def _parts_of(self, digest: str, report: Report) -> Iterator[Part]:
        """The parts of a report, kept for the next object unless they are very many."""
        known = self._parts.get(digest)
        if known is not None:
            yield from known
            return
        kept: list[Part] | None = []
        lines = 0
        for part in report.parts():
            lines += part.rows.height
            if kept is not None and self._cached_lines + lines <= _MOST_CACHED_LINES:
                kept.append(part)
            else:
                kept = None
            yield part
        if kept is not None:
            self._parts[digest] = kept
            self._cached_lines += lines

    def _still_written(self, file: DroppedFile) -> bool:
        """Whether a file was written so lately that its sender may not be done."""
        if not self._settle_seconds or file.written_at is None:
            return False
        rests = datetime.now(UTC) - parsed_time(file.written_at)
        return rests < timedelta(seconds=self._settle_seconds)

    def _not_yet(self, named: Configured, file: DroppedFile, spec: ObjectSpec) -> Iterator[Batch]:
        if spec.name == REPORT:
            told = {**named.said(), "reason": "still being written; looked at with every sync"}
            yield Batch(report_row(file, None, "growing", spec.fields, told), None, file.path)


def refused(
    named: Configured, file: DroppedFile, spec: ObjectSpec, err: FeedUnreadable
) -> pl.DataFrame:
    """The row of a report that could not be taken."""
    status = "held" if err.rule == "report_id_conflict" else "rejected"
    return report_row(file, None, status, spec.fields, {**named.said(), "reason": str(err)})


def _is_bare_header(source: Source, copy: Path, named: Configured) -> bool:
    """Whether a file is a header without lines: then only its name says which period it is of, and
    the same bytes for another month are another report."""
    if copy.stat().st_size > _LARGEST_HEADER:
        return False
    try:
        report = named.opened(source)
        bare = report.head.format not in ("x12", "edifact")
        return bare and all(part.rows.is_empty() for part in report.parts())
    except FeedUnreadable:
        return False


def _number_of(head: Head, named: Configured) -> str | None:
    """The sender's number of a report, unique among the reports of its kind."""
    if head.report_id is None:
        return None
    return f"{named.name}/{head.sender or ''}/{head.report_id}"


def _refuse_second(head: Head, number: str | None, ledger: Ledger, file: DroppedFile) -> None:
    """A report under a number that was taken must say that it replaces or changes that one."""
    if number is None or head.purpose != "original" or not ledger.has_report(number):
        return
    raise FeedUnreadable(
        f"{file.path}: report {head.report_id} was sent before with other content, and this one "
        "does not say that it replaces it.",
        remedy="ask the sender which of the two holds, and for a replacement (purpose 05) or a "
        "report number of its own",
        rule="report_id_conflict",
    )
