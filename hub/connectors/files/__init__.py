"""Files: a partner without an API gets its leads as one file, and answers in files of its own.

The lead file holds all leads the partner has now, and is replaced as a whole: it is the record of
what the partner was told, as a CRM would be, so that the same plan and outcomes serve both.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import ClassVar

import polars as pl

from hub.config import Settings
from hub.connectors.comparing import COMPARED, changed_there
from hub.connectors.contract import (
    RECORD_ID,
    RESERVED,
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
from hub.connectors.files.answers import FIELDS, Answer, answers
from hub.connectors.files.config import FilesSystem
from hub.connectors.files.folder import Place
from hub.connectors.files.sheet import meant, read, written
from hub.connectors.outcomes import pending
from hub.connectors.paging import empty_rows, text_frame
from hub.errors import FeedUnreadable, HubError, SchemaChanged, StopSync, SystemUnreachable

__all__ = ["FilesConnector"]

LEADS = "leads"
Table = dict[str, dict[str, str | None]]
"""Key of a lead → column of the lead file → value."""


class FilesConnector:
    """One partner's lead file and answers. Files make no API calls: the minimum is 0.

    A record is a line of the lead file, its id the hub's key. All changes of a plan are written in
    one file or none of them is.
    """

    config_model = FilesSystem
    rows_per_apply: ClassVar[int] = 1_000_000

    def __init__(self, system: str, config: FilesSystem, settings: Settings) -> None:
        self.system = system
        self.calls = CallMeter()
        self._config = config
        self._file = Place(system, settings.resolve(config.leads.path), config.leads.options)
        told = config.answers
        self._answers = (
            None if told is None else Place(system, settings.resolve(told.path), told.options)
        )
        mapping = settings.mappings.get(system, {}).get(LEADS)
        push = mapping.push if mapping is not None else None
        self._columns = () if push is None else tuple(push.all_fields)
        self._key = "" if push is None or push.create is None else push.create.key

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:
        return [self._finding(spec) for spec in specs]

    def describe(self, obj: str) -> Sequence[FieldShape]:
        if obj != LEADS:
            return []
        return [
            *(FieldShape(name, "text", unique=name == self._key) for name in self._columns),
            *(FieldShape(name, "text", writable=False) for name in FIELDS),
        ]

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:
        """All lines when a file is not as it was, nothing when all are. The cursor is a digest."""
        self._require(spec)
        if cursor is not None and not cursor.startswith("files:"):
            raise StopSync(
                f"{self.system}: the cursor of the files cannot be read.",
                remedy="run `hub sync --full`",
            )
        content = self._file.content()
        files = self._answers.contents() if self._answers is not None else []
        now = _digest([("", content or b""), *files])
        if now == cursor:
            yield Batch(empty_rows(spec.fields), now)
            return
        if content is None and cursor is not None:
            raise SystemUnreachable(
                f"{self.system}: the lead file {self._file.name} is gone.",
                remedy="put it back: it is the record of what the partner was told",
            )
        yield Batch(self._rows(spec, self._table(content), files), now)

    def fetch(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        self._require(spec)
        wanted = set(record_ids)
        table = self._table(self._file.content())
        files = self._answers.contents() if self._answers is not None else []
        rows = self._rows(spec, {key: row for key, row in table.items() if key in wanted}, files)
        yield Batch(rows.filter(pl.col(RECORD_ID).is_in(record_ids)), None)

    def present(self, spec: ObjectSpec) -> Iterator[pl.Series]:  # noqa: ARG002
        yield pl.Series(list(self._table(self._file.content())), dtype=pl.String)

    def trace(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        """What is not in the file is gone: the file is always whole."""
        known = self._table(self._file.content())
        gone = [record_id for record_id in record_ids if record_id not in known]
        yield from self.fetch(spec, [r for r in record_ids if r in known])
        columns = (*RESERVED, *spec.fields)
        values = {RECORD_ID: gone, "is_deleted": ["true"] * len(gone)}
        empty: list[str | None] = [None] * len(gone)
        yield Batch(text_frame(columns, [values.get(name, empty) for name in columns]), None)

    def volatile_fields(self, spec: ObjectSpec) -> tuple[str, ...]:  # noqa: ARG002
        """None: a file that changed is read again in full."""
        return ()

    def volatile(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        return iter(())

    def compare_calls(self, obj: str, rows: int, *, asked: bool) -> int:  # noqa: ARG002
        """None: what a folder holds is known here."""
        return 0

    def opening_calls(self, writes: Collection[Write], *, anew: bool) -> int:  # noqa: ARG002
        return 0

    def write_calls(self, obj: str, rows: int, op: Operation = "create") -> int:  # noqa: ARG002
        return 0

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        try:
            table = self._table(self._file.content())
            before = {key: dict(row) for key, row in table.items()}
            outcomes = [_applied(table, change) for change in changes]
            if table != before:
                self._file.replace(self._text(table))
        except HubError as err:
            yield from pending(changes, err)
            return
        yield from outcomes

    def close(self) -> None:
        return None

    # -- files and tables -------------------------------------------------------------------------

    def _table(self, content: bytes | None) -> Table:
        """The lead file. Raises FeedUnreadable when somebody has made something else of it."""
        if content is None:
            return {}
        rows = read(self._config.leads.path, content, self._config.leads.delimiter)
        header = rows[0][1] if rows else []
        if rows and self._key not in header:
            raise FeedUnreadable(
                f"{self._file.name}: no column headed {self._key}.",
                remedy="remove the file and run `hub sync --full`, or name the key as it was",
            )
        lines = (dict(zip(header, map(meant, cells), strict=False)) for _, cells in rows[1:])
        return {str(line[self._key]): line for line in lines if line.get(self._key)}

    def _text(self, table: Table) -> bytes:
        rows = [[row.get(name) for name in self._columns] for _, row in sorted(table.items())]
        leads = self._config.leads
        return written(leads.path, self._columns, rows, leads.delimiter)

    def _rows(
        self, spec: ObjectSpec, table: Table, files: Sequence[tuple[str, bytes]]
    ) -> pl.DataFrame:
        """One row per lead with the last answer to it, and one per line that names no such lead."""
        told = [] if self._config.answers is None else list(answers(self._config.answers, files))
        last = {answer.key: answer for answer in told if answer.key in table}
        lost = [answer for answer in told if answer.key not in table]
        records: list[tuple[str, dict[str, str | None]]] = [
            (key, {**row, **(last[key].values if key in last else {})})
            for key, row in table.items()
        ]
        records += [(answer.line, dict(answer.values)) for answer in lost]
        return _frame(spec, records)

    def _require(self, spec: ObjectSpec) -> None:
        known = [shape.name for shape in self.describe(spec.name)]
        missing = [name for name in spec.fields if name not in known]
        if missing or not known:
            raise SchemaChanged(
                f"{self.system}/{spec.name}: no such field: {', '.join(missing) or 'any'}.",
                remedy=f"map `{LEADS}` with: {', '.join(known) or 'the columns of the lead file'}",
            )

    def _finding(self, spec: ObjectSpec) -> Finding:
        try:
            self._require(spec)
            leads = len(self._table(self._file.content()))
            told: list[Answer] = []
            if self._answers is not None and self._config.answers is not None:
                told = list(answers(self._config.answers, self._answers.contents()))
        except HubError as err:
            return Finding(spec.name, "error", err.message, err.remedy)
        return Finding(spec.name, "ok", f"{leads} leads in the file, {len(told)} answers")


def _applied(table: Table, change: Change) -> Outcome:
    """Write one change into the table."""
    if change.op == "create" and change.key is not None:
        name, key = change.key
        table[key] = {**table.get(key, {}), **change.fields, name: key}
        return Outcome(change.id, "applied", key)
    key = str(change.record_id)
    if change.op == "update" and key not in table:
        return Outcome(
            change.id,
            "stale",
            key,
            "not_found",
            f"the lead {key} is not in the file.",
            "nothing: the next sync reads what became of it",
        )
    if change.compare and change.op in COMPARED and key in table:
        moved = changed_there(change, table[key])
        if moved is not None:
            return moved
    if change.op == "update":
        table[key] = {**table[key], **change.fields}
    else:
        table.pop(key, None)
    return Outcome(change.id, "applied", key)


def _frame(spec: ObjectSpec, records: Iterable[tuple[str, dict[str, str | None]]]) -> pl.DataFrame:
    listed = list(records)
    reserved: list[Sequence[str | None]] = [
        [key for key, _ in listed],
        [None] * len(listed),
        ["false"] * len(listed),
        [None] * len(listed),
    ]
    values = [[row.get(name) for _, row in listed] for name in spec.fields]
    return text_frame((*RESERVED, *spec.fields), [*reserved, *values])


def _digest(files: Iterable[tuple[str, bytes]]) -> str:
    digest = blake2b(digest_size=16)
    for name, content in files:
        digest.update(f"{name}\x1f{len(content)}\x1f".encode())
        digest.update(content)
    return f"files:{digest.hexdigest()}"
