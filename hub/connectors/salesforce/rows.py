"""The rows of an object as text: which columns a statement selects, and a page of JSON as a frame.

However a record arrives, each field type has one spelling; the spelling is decided here.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl

from hub.connectors.contract import (
    IS_DELETED,
    MERGED_INTO,
    MODIFIED_AT,
    RECORD_ID,
    RESERVED,
    ObjectSpec,
)
from hub.connectors.salesforce.schema import NUMBER_TYPES, Field, Schemas, python_type
from hub.connectors.text import numbers, times

STAMP = "SystemModstamp"
_GONE = ("IsDeleted", "MasterRecordId")


class Rows:
    """What is selected of one object, and the frames of a Batch made of it.

    `gone`: statements may return records in the recycle bin, so what became of them is selected.
    Raises SchemaChanged when a field of the spec cannot be read.
    """

    def __init__(self, spec: ObjectSpec, schemas: Schemas, *, gone: bool) -> None:
        shape = schemas.of(spec.name)
        told = schemas.require(shape, spec.fields)
        self.object = shape.name
        self._spec = spec
        keys = [Field("Id", "id"), Field(STAMP, "datetime")]
        fate = [shape.fields[name] for name in _GONE if gone and name in shape.fields]
        self.fields = {field.name: field for field in (*keys, *fate, *told)}
        self.columns = tuple(self.fields)
        self._page, self._getters = _page_type(self.fields)

    @property
    def batch_columns(self) -> tuple[str, ...]:
        return (*RESERVED, *self._spec.fields)

    @property
    def select(self) -> str:
        return f"SELECT {', '.join(self.columns)} FROM {self.object}"

    def decode(self, body: bytes) -> "Page":
        """One page of a REST query."""
        page = msgspec.json.decode(body, type=self._page)
        told = {
            name: _text_column(field, list(map(self._getters[name], page.records)))
            for name, field in self.fields.items()
        }
        further = None if page.done else page.nextRecordsUrl
        return Page(self.frame(told, len(page.records)), further, page.totalSize)

    def decode_csv(self, body: bytes) -> pl.DataFrame:
        """One page of a job's results. An empty cell is a null: Salesforce has no empty texts.

        Raises ValueError or a PolarsError when the body is not the table that was asked for.
        """
        table = pl.read_csv(body, infer_schema=False, null_values=[""], encoding="utf8")
        if [name.casefold() for name in table.columns] != [n.casefold() for n in self.columns]:
            raise ValueError(f"its columns are {', '.join(table.columns)}")
        told = {
            name: spelt(field, column)
            for (name, field), column in zip(self.fields.items(), table, strict=True)
        }
        return self.frame(told, table.height)

    def frame(self, told: Mapping[str, pl.Series], height: int) -> pl.DataFrame:
        """The columns of a Batch from those selected; `merged_into` is the next merge's master."""
        deleted = told.get("IsDeleted", _repeated("false", height))
        master = told.get("MasterRecordId", _repeated(None, height))
        return pl.DataFrame(
            [
                told["Id"].alias(RECORD_ID),
                told[STAMP].alias(MODIFIED_AT),
                deleted.alias(IS_DELETED),
                master.alias(MERGED_INTO),
                *(told[name].alias(name) for name in self._spec.fields),
            ]
        )


class Page(msgspec.Struct, frozen=True):
    """A page of a query: its rows, where the next page is, and how many rows all pages have."""

    rows: pl.DataFrame
    further: str | None
    total: int


def spelt(field: Field, column: pl.Series) -> pl.Series:
    """A column of text as the wire told it, in canonical spelling."""
    if field.type in NUMBER_TYPES:
        return numbers(column)
    return times(column) if field.type == "datetime" else column


def _repeated(value: str | None, height: int) -> pl.Series:
    return pl.repeat(value, height, dtype=pl.String, eager=True)


def _text_column(field: Field, values: list[Any]) -> pl.Series:
    if field.type == "boolean":
        return pl.Series(values, dtype=pl.Boolean).cast(pl.String)
    if field.type in NUMBER_TYPES:
        values = [None if value is None else str(value) for value in values]
    return spelt(field, pl.Series(values, dtype=pl.String))


def _page_type(
    fields: Mapping[str, Field],
) -> tuple[Any, dict[str, Callable[[Any], Any]]]:
    """The struct a page decodes into, and how each column is taken out of one of its records."""
    paths = {name: tuple(name.split(".")) for name in fields}
    record = _record_type([(path, fields[name]) for name, path in paths.items()])
    page = msgspec.defstruct(
        "Page",
        [
            ("records", list[record]),  # type: ignore[valid-type]
            ("done", bool),
            ("totalSize", int, 0),
            ("nextRecordsUrl", str | None, None),
        ],
    )
    return page, {name: _getter(path) for name, path in paths.items()}


def _record_type(paths: Sequence[tuple[tuple[str, ...], Field]]) -> Any:
    """A record; what is looked up from a parent lies in a record of its own, null without one."""
    members: dict[str, Any] = {}
    for path, field in paths:
        head = path[0]
        if len(path) == 1:
            members[head] = python_type(field)
        elif head not in members:
            below = [(other[1:], of) for other, of in paths if other[0] == head and len(other) > 1]
            members[head] = _record_type(below) | None
    return msgspec.defstruct(
        "Record",
        [(f"f_{name}", kind, None) for name, kind in members.items()],
        rename={f"f_{name}": name for name in members},
        gc=False,
    )


def _getter(path: tuple[str, ...]) -> Callable[[Any], Any]:
    names = [f"f_{part}" for part in path]
    if len(names) == 1:
        return attrgetter(names[0])

    def walk(record: Any) -> Any:
        for name in names:
            if record is None:
                return None
            record = getattr(record, name)
        return record

    return walk
