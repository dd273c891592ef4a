"""Records of one object as rows of text: reserved columns first, then the fields of the spec."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from hub.connectors.contract import RESERVED, ObjectSpec
from hub.connectors.paging import text_frame
from hub.connectors.rest.config import DeletedField, DeletedList, RestObject
from hub.connectors.rest.places import ABSENT, at, steps
from hub.connectors.rest.values import text_of
from hub.errors import SchemaChanged, StopSync

TRUE, FALSE = "true", "false"


class Rows:
    """How the records of one spec are read."""

    def __init__(self, system: str, spec: ObjectSpec, config: RestObject) -> None:
        self.subject, self.object, self.fields = f"{system}/{spec.name}", spec.name, spec.fields
        self._config = config
        self._columns = (*RESERVED, *spec.fields)
        self._id = steps(config.id)
        self._read = [
            (name, field.path, steps(field.path), field.kind, field.unit)
            for name, field in ((name, config.fields[name]) for name in spec.fields)
        ]

    def frame(self, records: Sequence[Any]) -> pl.DataFrame:
        values: list[list[str | None]] = [[] for _ in self._columns]
        for record in records:
            cells = (
                self.id_of(record),
                self.stamp_of(record),
                TRUE if self.is_gone(record) else FALSE,
                self._merged_into(record),
                *self._texts(record),
            )
            for column, cell in zip(values, cells, strict=True):
                column.append(cell)
        return text_frame(self._columns, values)

    def gone(self, records: Sequence[Any], deleted: DeletedList) -> pl.DataFrame:
        """Entries of the list of deleted records as rows that tell of nothing but the deletion."""
        way = steps(deleted.id or self._config.id)
        survivor = steps(deleted.merged_into) if deleted.merged_into is not None else None
        unit = self._config.modified.unit if self._config.modified is not None else "iso"
        values: list[list[str | None]] = [[] for _ in self._columns]
        for record in records:
            cells = [
                self._text_id(record, way, f"objects.{self.object}.deleted.id"),
                text_of(at(record, steps(deleted.at)), "datetime", unit),
                TRUE,
                text_of(at(record, survivor), "text") if survivor is not None else None,
                *(None for _ in self.fields),
            ]
            for column, cell in zip(values, cells, strict=True):
                column.append(cell)
        return text_frame(self._columns, values)

    def id_of(self, record: Any) -> str:
        return self._text_id(record, self._id, f"objects.{self.object}.id")

    def stamp_of(self, record: Any) -> str | None:
        """When the record changed, canonical; None where the system does not tell."""
        modified = self._config.modified
        if modified is None:
            return None
        told = at(record, steps(modified.path))
        if told is ABSENT or told is None:
            raise StopSync(
                f"{self.subject}: no time of change at '{modified.path}' in record "
                f"{self.id_of(record)}.",
                remedy=f"correct `objects.{self.object}.modified.path`, or leave `modified` out",
            )
        return text_of(told, "datetime", modified.unit)

    def is_gone(self, record: Any) -> bool:
        deleted = self._config.deleted
        if not isinstance(deleted, DeletedField):
            return False
        told = at(record, steps(deleted.path))
        return told is not ABSENT and told is not None and told is not False and told != ""

    def _merged_into(self, record: Any) -> str | None:
        deleted = self._config.deleted
        if not isinstance(deleted, DeletedField) or deleted.merged_into is None:
            return None
        return text_of(at(record, steps(deleted.merged_into)), "text")

    def _texts(self, record: Any) -> list[str | None]:
        texts = []
        for name, path, way, kind, unit in self._read:
            value = at(record, way)
            if value is ABSENT and not self._config.absent_is_empty:
                raise SchemaChanged(
                    f"{self.subject}: field {name} is not at '{path}' in record "
                    f"{self.id_of(record)}.",
                    remedy=f"correct `objects.{self.object}.fields.{name}`, take it out of the "
                    "mapping, or set `absent_is_empty: true` if empty fields are left out there",
                )
            texts.append(text_of(value, kind, unit))
        return texts

    def _text_id(self, record: Any, way: tuple[str, ...], key: str) -> str:
        told = at(record, way)
        if isinstance(told, str | int) and not isinstance(told, bool) and told != "":
            return str(told)
        raise StopSync(
            f"{self.subject}: no record id at '{'.'.join(way)}' in a record.",
            remedy=f"correct `{key}`, the place of the id in a record",
        )
