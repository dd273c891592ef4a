"""Feeds: the reports distributors drop as files, read once each, by the bytes they hold."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from hub.config import Settings
from hub.connectors.contract import (
    Batch,
    CallMeter,
    Change,
    FieldShape,
    Finding,
    ObjectSpec,
    Operation,
    Outcome,
    Write,
)
from hub.connectors.feed.canonical import FIELDS, KINDS, REPORT, objects_of
from hub.connectors.feed.config import FeedReport, FeedSystem
from hub.connectors.feed.drops import drop_of
from hub.connectors.feed.files import Drop, DroppedFile, Ledger
from hub.connectors.feed.fingerprint import compare
from hub.connectors.feed.originals import Copies, keep, source_of
from hub.connectors.feed.profile import Profile, load_profile
from hub.connectors.feed.reading import open_report
from hub.connectors.feed.report import Head, Part, Report, Source
from hub.connectors.feed.rows import report_record_id, report_row, rows_of, says, told_of
from hub.connectors.outcomes import rejected
from hub.connectors.paging import empty_rows
from hub.connectors.text import parsed_time
from hub.errors import ConfigError, FeedUnreadable, HubError, SchemaChanged

__all__ = ["FeedConnector"]

_MOST_CACHED_LINES = 1_000_000
_LARGEST_HEADER = 65_536


@dataclass(frozen=True)
class _Named:
    """One of the configured reports: its name, where it is dropped, how it is spelt."""

    name: str
    drop: Drop
    profile_name: str
    profile: Profile

    def speaks_of(self, obj: str) -> bool:
        return obj in objects_of(self.profile.kind)


class FeedConnector:
    """One distributor's reports. Reading files makes no API calls, the minimum is 0; asking for
    lines over HTTP takes a call a page.

    Objects: the lines of sales, stock and claims, `reseller` and `end_customer` derived from them,
    and `report`, which is a file as such. A file is taken once: the same bytes under another name
    are a duplicate and ignored, a file whose bytes changed is read again in full. A file that
    cannot be read is left untaken and named after all others were read.
    """

    config_model = FeedSystem
    rows_per_apply = 1

    def __init__(self, system: str, config: FeedSystem, settings: Settings) -> None:
        self.system = system
        self.calls = CallMeter()
        self._config, self._settings = config, settings
        self._copies = Copies()
        self._reports: dict[DroppedFile, Report] = {}
        self._parts: dict[str, list[Part]] = {}
        self._cached_lines = 0

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:
        return [
            *(self._report_finding(name, report) for name, report in self._config.reports.items()),
            *(self._object_finding(spec) for spec in specs),
        ]

    def describe(self, obj: str) -> Sequence[FieldShape]:
        return [
            FieldShape(name, KINDS.get(column, "text"), writable=False)
            for name, column in FIELDS.get(obj, {}).items()
        ]

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:
        """Each new file in one batch or several; the last of a file carries the cursor.

        `modified_at` is the newest report date of the batch.
        """
        self._require(spec)
        ledger = Ledger.read(cursor, self.system)
        told, unreadable = cursor, list[FeedUnreadable]()
        for named in self._named():
            if not named.speaks_of(spec.name):
                continue
            for file in named.drop.files():
                if ledger.knows(file):
                    continue
                try:
                    for batch in self._batches(named, file, spec, ledger):
                        told = batch.cursor or told
                        yield batch
                except FeedUnreadable as err:
                    unreadable.append(err)
                    if spec.name == REPORT:
                        yield Batch(_refused(named, file, spec, err), None, file.path)
        if ledger.text() != (told or "{}"):
            yield Batch(empty_rows(spec.fields), ledger.text())
        if unreadable:
            raise _together(unreadable)

    def fetch(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:  # noqa: ARG002
        """Nothing: lines are not addressed one by one, a file is read whole or not at all."""
        return iter(())

    def present(self, spec: ObjectSpec) -> Iterator[pl.Series]:  # noqa: ARG002
        """Nothing: a drop folder holds what was dropped last, not all that was ever reported."""
        return iter(())

    def trace(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:  # noqa: ARG002
        """Nothing: a report does not take lines of another one back."""
        return iter(())

    def volatile_fields(self, spec: ObjectSpec) -> tuple[str, ...]:  # noqa: ARG002
        """None: a file that changed is read again in full."""
        return ()

    def volatile(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        return iter(())

    def opening_calls(self, writes: Collection[Write], *, anew: bool) -> int:  # noqa: ARG002
        return 0

    def write_calls(self, obj: str, rows: int, op: Operation = "create") -> int:  # noqa: ARG002
        return rows

    def compare_calls(self, obj: str, rows: int, *, asked: bool) -> int:  # noqa: ARG002
        return 0

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        for change in changes:
            yield rejected(
                change,
                "read_only",
                f"{self.system} is a feed: the hub only reads it.",
                "take `push` out of the mapping of this object",
            )

    def close(self) -> None:
        self._parts.clear()
        self._reports.clear()
        self._copies.close()

    # -- files

    def _named(self) -> Iterator[_Named]:
        for name, report in self._config.reports.items():
            profile = load_profile(report.profile, self._settings)
            drop = drop_of(self.system, name, report, self._settings, self.calls)
            yield _Named(name, drop, report.profile, profile)

    def _batches(
        self, named: _Named, file: DroppedFile, spec: ObjectSpec, ledger: Ledger
    ) -> Iterator[Batch]:
        """What a file says of an object. The ledger takes it when it was read to its end."""
        if self._still_written(file):
            yield from self._not_yet(named, file, spec)
            return
        digest, copy = self._copies.of(named.drop, file)
        if named.drop.stamp(file) != file.stamp:
            self._copies.forget(file)
            yield from self._not_yet(named, file, spec)
            return
        if ledger.took(file, digest):
            ledger.touch(file)
            return
        if ledger.holds(digest) and not _is_bare_header(source_of(file, copy), copy, named):
            ledger.take(file, digest)
            if spec.name == REPORT:
                row = report_row(file, digest, "duplicate_ignored", spec.fields, _bare(named))
                yield Batch(row, ledger.text(), file.path)
            return
        keep(self._settings.resolve(self._settings.archive), self.system, file, digest, copy)
        report = self._reports.get(file)
        if report is None:
            report = self._reports[file] = _opened(source_of(file, copy), named)
        number = _number_of(report.head, named)
        _refuse_second(report.head, number, ledger, file)
        yield from self._told(named, file, digest, report, spec, ledger, number)

    def _told(
        self, named: _Named, file: DroppedFile, digest: str, report: Report, spec: ObjectSpec,
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
        if not self._config.settle_seconds or file.written_at is None:
            return False
        rests = datetime.now(UTC) - parsed_time(file.written_at)
        return rests < timedelta(seconds=self._config.settle_seconds)

    def _not_yet(self, named: _Named, file: DroppedFile, spec: ObjectSpec) -> Iterator[Batch]:
        if spec.name == REPORT:
            told = {**_bare(named), "reason": "still being written; looked at with every sync"}
            yield Batch(report_row(file, None, "growing", spec.fields, told), None, file.path)

    # -- findings

    def _require(self, spec: ObjectSpec) -> None:
        known = FIELDS.get(spec.name)
        if known is None:
            raise SchemaChanged(
                f"{self.system}: a feed has no object '{spec.name}'.",
                remedy=f"map one of: {', '.join(FIELDS)}",
            )
        missing = [name for name in spec.fields if name not in known]
        if missing:
            raise SchemaChanged(
                f"{self.system}/{spec.name}: no such field: {', '.join(missing)}.",
                remedy=f"map from: {', '.join(known)}",
            )

    def _report_finding(self, name: str, report: FeedReport) -> Finding:
        subject = f"report {name}"
        try:
            profile = load_profile(report.profile, self._settings)
            drop = drop_of(self.system, name, report, self._settings, self.calls)
            found = list(drop.files())
            if found:
                _, copy = self._copies.of(drop, found[-1])
                named = _Named(name, drop, report.profile, profile)
                next(_opened(source_of(found[-1], copy), named).parts(), None)
        except (ConfigError, FeedUnreadable, HubError) as err:
            return Finding(subject, "error", err.message, err.remedy)
        if not found:
            return Finding(
                subject,
                "warning",
                f"no file matches {report.path}",
                "correct the path, or ask the distributor where the reports are",
            )
        return Finding(subject, "ok", f"{len(found)} files, the newest reads as {report.profile}")

    def _object_finding(self, spec: ObjectSpec) -> Finding:
        try:
            self._require(spec)
        except SchemaChanged as err:
            return Finding(spec.name, "error", err.message, err.remedy)
        return Finding(spec.name, "ok", f"{len(spec.fields)} fields readable")


def _opened(source: Source, named: _Named) -> Report:
    """A report whose file is as its profile remembers the sender's files."""
    compare(source, named.profile)
    return open_report(source, named.profile)


def _is_bare_header(source: Source, copy: Path, named: _Named) -> bool:
    """Whether a file is a header without lines: then only its name says which period it is of, and
    the same bytes for another month are another report."""
    if copy.stat().st_size > _LARGEST_HEADER:
        return False
    try:
        report = _opened(source, named)
        bare = report.head.format not in ("x12", "edifact")
        return bare and all(part.rows.is_empty() for part in report.parts())
    except FeedUnreadable:
        return False


def _bare(named: _Named) -> dict[str, str | None]:
    return {
        "report_kind": named.profile.kind,
        "profile": named.profile_name,
        "profile_version": named.profile.version,
        "mode": named.profile.mode,
    }


def _refused(
    named: _Named, file: DroppedFile, spec: ObjectSpec, err: FeedUnreadable
) -> pl.DataFrame:
    status = "held" if err.rule == "report_id_conflict" else "rejected"
    return report_row(file, None, status, spec.fields, {**_bare(named), "reason": str(err)})


def _number_of(head: Head, named: _Named) -> str | None:
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


def _together(errors: Sequence[FeedUnreadable]) -> FeedUnreadable:
    if len(errors) == 1:
        return errors[0]
    return FeedUnreadable(" ".join(err.message for err in errors), remedy=errors[0].remedy)
