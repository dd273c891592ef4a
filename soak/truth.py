"""What the CRMs' own stores hold, read past their APIs and past the connectors.

Only how told text becomes typed columns, and which rows are valid, is asked of the hub itself: the
soak is about nothing being missed or invented on the way, and the conversion has tests of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from hub.checks.convert import convert
from hub.checks.schemas import ROW, validate
from hub.config import ObjectMapping, Settings
from hub.connectors.contract import RECORD_ID
from hub.models.sources import SOURCES
from sandbox.hubspot.records import column, table
from sandbox.hubspot.schema import ObjectType, Role
from sandbox.hubspot.store import HubSpotStore, known_type
from sandbox.salesforce.schema import NUMBER_TYPES
from sandbox.salesforce.store import SalesforceStore
from sandbox.seed import hubspot_file, salesforce_file

Value = str | int | float | None
_LINK = "associations/"


@dataclass
class ObjectTruth:
    """One object as it is: `rows` typed like its source table, valid and living ones only.

    `told`: record id → what is said in the fields that the hub writes. `invalid` are living records
    that no source table may hold. `gone` are deleted records that can still be seen in the store.
    """

    rows: pl.DataFrame
    told: dict[str, dict[str, str]]
    invalid: set[str]
    gone: set[str] = field(default_factory=set)


Truth = dict[tuple[str, str], ObjectTruth]


def read_truth(folder: Path, settings: Settings) -> Truth:
    """(system, object) → what is the case. Nothing may be serving the folder."""
    truth: Truth = {}
    org = SalesforceStore(salesforce_file(folder))
    portal = HubSpotStore(hubspot_file(folder))
    try:
        for system, objects in settings.mappings.items():
            kind = settings.systems[system].kind
            for obj, mapping in objects.items():
                if kind == "salesforce":
                    told, gone = _salesforce_rows(org, obj, mapping.all_fields)
                elif kind == "hubspot":
                    told, gone = _hubspot_rows(portal, obj, mapping.all_fields)
                else:
                    continue
                truth[system, obj] = _typed(told, gone, mapping)
    finally:
        portal.close()
        org.close()
    return truth


def erased(folder: Path) -> Callable[[str], bool]:
    """Whether an address was deleted for privacy in HubSpot, which never lets it in again."""

    def holds(address: str) -> bool:
        portal = HubSpotStore(hubspot_file(folder))
        try:
            return portal.blocklist.holds(address)
        finally:
            portal.close()

    return holds


def _typed(
    told: Mapping[str, Sequence[str | None]], gone: set[str], mapping: ObjectMapping
) -> ObjectTruth:
    frame = pl.DataFrame(told, schema=dict.fromkeys(told, pl.String))
    typed = convert(frame, mapping.pull, mapping.values, SOURCES[mapping.source])
    split = validate(mapping.source, typed)
    ids = frame[RECORD_ID].to_list()
    bad = {ids[row] for row in split.faults[ROW].unique()}
    good = split.good.with_columns(
        pl.Series(RECORD_ID, [ids[row] for row in split.good_rows], dtype=pl.String)
    )
    said = {
        record: {
            name: value for name, value in zip(mapping.told_fields, values, strict=True) if value
        }
        for record, *values in frame.select(RECORD_ID, *mapping.told_fields).iter_rows()
    }
    return ObjectTruth(good, said, bad, gone)


# -- Salesforce ----------------------------------------------------------------------------------


def _salesforce_rows(
    store: SalesforceStore, obj: str, fields: Sequence[str]
) -> tuple[dict[str, list[str | None]], set[str]]:
    sobject = store.schema.get(obj)
    if sobject is None:
        raise LookupError(obj)
    kinds = {}
    for name in fields:
        known = sobject.any_field(name)
        if known is None:
            raise LookupError(f"{obj}.{name}")
        kinds[name] = known.type
    columns = ", ".join(f'"{name}"' for name in ("Id", *fields))
    rows = store.db.execute(f'SELECT {columns} FROM "{obj}" WHERE "IsDeleted" = 0').fetchall()
    told: dict[str, list[str | None]] = {RECORD_ID: [str(row[0]) for row in rows]}
    for place, name in enumerate(fields, start=1):
        told[name] = [_salesforce_text(kinds[name], row[place]) for row in rows]
    gone = store.db.execute(f'SELECT "Id" FROM "{obj}" WHERE "IsDeleted" = 1')
    return told, {str(row[0]) for row in gone}


def _salesforce_text(kind: str, value: Value) -> str | None:
    if value is None:
        return None
    if kind == "boolean":
        return "true" if value else "false"
    if kind in NUMBER_TYPES:
        return plain_number(value)
    if kind == "datetime":
        return str(value).replace("+0000", "Z")
    return str(value)


def plain_number(value: Value) -> str:
    text = format(Decimal(str(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# -- HubSpot -------------------------------------------------------------------------------------


def _hubspot_rows(
    store: HubSpotStore, obj: str, fields: Sequence[str]
) -> tuple[dict[str, list[str | None]], set[str]]:
    kind = known_type(obj)
    plain = [name for name in fields if not name.startswith(_LINK)]
    columns = ", ".join(column(kind, name) for name in plain)
    rows = store.db.execute(
        f"SELECT id, {columns} FROM {table(kind)} WHERE archived_at IS NULL"
    ).fetchall()
    told: dict[str, list[str | None]] = {RECORD_ID: [str(row[0]) for row in rows]}
    for place, name in enumerate(plain, start=1):
        definition = store.catalog.property(kind, name)
        if definition is None:
            raise LookupError(f"{obj}.{name}")
        told[name] = [_hubspot_text(definition.type, row[place]) for row in rows]
    for name in fields:
        if name.startswith(_LINK):
            found = _linked(store, kind, name)
            told[name] = [found.get(int(row[0])) for row in rows]
    gone = store.db.execute(f"SELECT id FROM {table(kind)} WHERE archived_at IS NOT NULL")
    return told, {str(row[0]) for row in gone}


def _hubspot_text(kind: str, value: Value) -> str | None:
    if value is None or value == "":
        return None
    if kind == "datetime":
        return datetime.fromtimestamp(int(value) / 1000, UTC).isoformat().replace("+00:00", "Z")
    if kind == "number":
        return plain_number(value)
    return str(value)


def _linked(store: HubSpotStore, kind: ObjectType, name: str) -> dict[int, str]:
    """Record → the associated record of the lowest id, by the label that the field names."""
    _, to, label = name.split("/")
    other = known_type(to)
    wanted = [
        link
        for link in store.catalog.link_types(kind, other)
        if (label == "any" and link.role is Role.PLAIN)
        or (label == "primary" and link.role is Role.PRIMARY)
        or link.name == label
    ]
    if len(wanted) != 1:
        raise LookupError(f"{kind.name}: {name} is no one association")
    rows = store.db.execute(
        "SELECT from_id, min(to_id) FROM link WHERE from_type = ? AND to_type = ? "
        "AND category = ? AND type_id = ? GROUP BY from_id",
        (kind.name, other.name, wanted[0].category, wanted[0].type_id),
    )
    return {row[0]: str(row[1]) for row in rows}
