"""Feeds: the reports distributors drop as files, read once each, by the bytes they hold."""

from collections.abc import Iterator, Sequence

import polars as pl

from hub.config import Settings
from hub.connectors.contract import (
    Batch,
    CallMeter,
    Change,
    FieldShape,
    Finding,
    ObjectSpec,
    Outcome,
)
from hub.connectors.feed.config import FeedReport, FeedSystem
from hub.connectors.feed.files import Drop, DroppedFile, Ledger, digest_of
from hub.connectors.feed.lines import FIELDS, KINDS, normalised, rows_of
from hub.connectors.feed.profile import Profile, load_profile
from hub.connectors.feed.table import read_table
from hub.connectors.outcomes import rejected
from hub.connectors.paging import empty_rows
from hub.errors import ConfigError, FeedUnreadable, HubError, SchemaChanged

__all__ = ["FeedConnector"]

_MOST_CACHED_LINES = 1_000_000


class FeedConnector:
    """One distributor's drop folder. Reading files makes no API calls: the minimum is 0.

    Objects: `pos_line`, and `reseller` and `end_customer` derived from the same lines. A file is
    taken once: the same bytes under another name are skipped, a file whose bytes changed is read
    again in full. An unreadable file is left untaken and named after all others were read.
    """

    config_model = FeedSystem
    rows_per_apply = 1

    def __init__(self, system: str, config: FeedSystem, settings: Settings) -> None:
        self.system = system
        self.calls = CallMeter()
        self._config, self._settings = config, settings
        self._tables: dict[str, pl.DataFrame] = {}
        self._digests: dict[DroppedFile, str] = {}

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
        """One batch per new file. `modified_at` is the newest report date in the file."""
        self._require(spec)
        ledger = Ledger.read(cursor, self.system)
        told, unreadable = cursor, list[FeedUnreadable]()
        for name, report in self._config.reports.items():
            profile = load_profile(report.profile, self._settings)
            drop = Drop(self.system, name, self._settings.resolve(report.path))
            for file in drop.files():
                if ledger.knows(file):
                    continue
                try:
                    digest, lines = self._lines(drop, file, profile, ledger)
                except FeedUnreadable as err:
                    unreadable.append(err)
                    continue
                ledger.take(file, digest)
                if lines is not None:
                    told = ledger.text()
                    yield Batch(rows_of(lines, spec.name, spec.fields), told, file.path)
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

    def write_calls(self, rows: int) -> int:
        return rows

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        for change in changes:
            yield rejected(
                change,
                "read_only",
                f"{self.system} is a feed: the hub only reads it.",
                "take `push` out of the mapping of this object",
            )

    def close(self) -> None:
        self._tables.clear()
        self._digests.clear()

    def _lines(
        self, drop: Drop, file: DroppedFile, profile: Profile, ledger: Ledger
    ) -> tuple[str, pl.DataFrame | None]:
        """The digest of a file and, unless these bytes were taken before, its lines."""
        digest, content = self._digests.get(file), None
        if digest is None:
            content = drop.content(file)
            digest = self._digests[file] = digest_of(content)
        if ledger.holds(digest):
            return digest, None
        cached = self._tables.get(digest)
        if cached is None:
            content = drop.content(file) if content is None else content
            cached = normalised(read_table(content, profile, file.path), profile, file.name)
            if sum(table.height for table in self._tables.values()) < _MOST_CACHED_LINES:
                self._tables[digest] = cached
        return digest, cached

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
            drop = Drop(self.system, name, self._settings.resolve(report.path))
            found = list(drop.files())
            if found:
                read_table(drop.content(found[-1]), profile, found[-1].path)
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


def _together(errors: Sequence[FeedUnreadable]) -> FeedUnreadable:
    if len(errors) == 1:
        return errors[0]
    return FeedUnreadable(" ".join(err.message for err in errors), remedy=errors[0].remedy)
