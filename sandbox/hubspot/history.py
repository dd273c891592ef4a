"""Past values of properties, for reads that ask for `propertiesWithHistory`."""

from collections.abc import Mapping, Sequence

from sandbox.hubspot.db import Database
from sandbox.hubspot.records import Raw, Stored
from sandbox.hubspot.schema import ObjectType
from sandbox.hubspot.times import iso

_BASE = (
    "INSERT INTO history SELECT ?1, ?2, ?3, ?4, ?5, 'IMPORT' WHERE NOT EXISTS "
    "(SELECT 1 FROM history WHERE object = ?1 AND record_id = ?2 AND property = ?3)"
)


class History:
    """Only changes are written down; a value that never changed is its own history."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(
        self,
        kind: ObjectType,
        before: Stored | None,
        record_id: int,
        values: Mapping[str, Raw],
        at: int,
    ) -> None:
        """Write down new values, and under them the loaded ones they replace."""
        if before is not None:
            self._db.executemany(
                _BASE,
                [
                    (kind.name, record_id, name, before.created, before.values[name])
                    for name in values
                    if before.values.get(name) is not None
                ],
            )
        self._db.executemany(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, 'INTEGRATION')",
            [(kind.name, record_id, name, at, value) for name, value in values.items()],
        )

    def forget(self, kind: ObjectType, record_id: int) -> None:
        self._db.execute(
            "DELETE FROM history WHERE object = ? AND record_id = ?", (kind.name, record_id)
        )

    def of(
        self, kind: ObjectType, current: Stored, names: Sequence[str]
    ) -> dict[str, list[dict[str, str]]]:
        """Values of each property, newest first; a cleared one reads as empty text."""
        found: dict[str, list[dict[str, str]]] = {}
        for name in names:
            rows: list[tuple[int, Raw, str]] = self._db.execute(
                "SELECT at, value, source FROM history WHERE object = ? AND record_id = ? "
                "AND property = ? ORDER BY rowid DESC",
                (kind.name, current.id, name),
            ).fetchall()
            if not rows and current.values.get(name) is not None:
                rows = [(current.created, current.values[name], "IMPORT")]
            found[name] = [
                {"value": _shown(value), "timestamp": iso(at), "sourceType": source}
                for at, value, source in rows
            ]
        return found


def _shown(value: Raw) -> str:
    if value is None:
        return ""
    return iso(value) if isinstance(value, int) else value
