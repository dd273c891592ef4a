"""Feeds: the reports distributors drop as files, read once each, by the bytes they hold."""

from collections.abc import Collection, Iterator, Sequence

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
from hub.connectors.feed.canonical import FIELDS, KINDS, REPORT
from hub.connectors.feed.config import FeedSystem
from hub.connectors.feed.configured import Reports
from hub.connectors.feed.files import Ledger
from hub.connectors.feed.preflight import findings, require
from hub.connectors.feed.taking import Taking, refused
from hub.connectors.outcomes import rejected
from hub.connectors.paging import empty_rows
from hub.errors import FeedUnreadable

__all__ = ["FeedConnector"]


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
        self._reports = Reports(system, config, settings, self.calls)
        archive = settings.resolve(settings.archive)
        self._taking = Taking(system, archive, config.settle_seconds)

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:
        return list(findings(self._reports, self._taking.copies, specs))

    def describe(self, obj: str) -> Sequence[FieldShape]:
        return [
            FieldShape(name, KINDS.get(column, "text"), writable=False)
            for name, column in FIELDS.get(obj, {}).items()
        ]

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:
        """Each new file in one batch or several; the last of a file carries the cursor.

        `modified_at` is the newest report date of the batch.
        """
        require(self.system, spec)
        ledger = Ledger.read(cursor, self.system)
        told, unreadable = cursor, list[FeedUnreadable]()
        for named in self._reports:
            if not named.speaks_of(spec.name):
                continue
            for file in named.drop.files():
                if ledger.knows(file):
                    continue
                try:
                    for batch in self._taking.batches(named, file, spec, ledger):
                        told = batch.cursor or told
                        yield batch
                except FeedUnreadable as err:
                    unreadable.append(err)
                    if spec.name == REPORT:
                        yield Batch(refused(named, file, spec, err), None, file.path)
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
        self._taking.close()


def _together(errors: Sequence[FeedUnreadable]) -> FeedUnreadable:
    if len(errors) == 1:
        return errors[0]
    return FeedUnreadable(" ".join(err.message for err in errors), remedy=errors[0].remedy)
