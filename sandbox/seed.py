"""Fills a demo folder with a world: both CRMs, the distributor's reports and the answer sheet."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from sandbox.hubspot.schema import LinkType, Role
from sandbox.hubspot.store import Association, HubSpotStore, LoadedRecord, known_type
from sandbox.partner_api import PartnerStore
from sandbox.partner_api.demo import demo_records
from sandbox.salesforce.store import SalesforceStore
from sandbox.world import World
from sandbox.world.records import HubSpotRecord, LinkKind
from sandbox.world.truth import HUBSPOT, NORTHWIND, SALESFORCE

PORTAL = "bravo_portal"


def salesforce_file(folder: Path) -> Path:
    return folder / "sandbox" / f"{SALESFORCE}.sqlite"


def hubspot_file(folder: Path) -> Path:
    return folder / "sandbox" / f"{HUBSPOT}.sqlite"


def portal_file(folder: Path) -> Path:
    return folder / "sandbox" / f"{PORTAL}.sqlite"


def portal_store(folder: Path, now: datetime) -> PartnerStore:
    """The state of the partner's portal; one that is not there yet begins with its demo records."""
    file = portal_file(folder)
    is_new = not file.is_file()
    store = PartnerStore(file)
    if is_new:
        store.load(demo_records(now))
    return store


def request_log_file(folder: Path) -> Path:
    return folder / "sandbox" / "requests.jsonl"


def seed(folder: Path, world: World) -> None:
    """Replace whatever sandbox data `folder` holds by `world`. Nothing may be serving it."""
    (folder / "sandbox").mkdir(parents=True, exist_ok=True)
    for database in (salesforce_file(folder), hubspot_file(folder), portal_file(folder)):
        for file in (database, database.with_name(f"{database.name}-wal")):
            file.unlink(missing_ok=True)
        database.with_name(f"{database.name}-shm").unlink(missing_ok=True)
    request_log_file(folder).unlink(missing_ok=True)
    _load_salesforce(salesforce_file(folder), world)
    _load_hubspot(hubspot_file(folder), world)
    _write_feeds(folder / "feeds" / NORTHWIND, world.feeds)
    (folder / "truth.json").write_bytes(world.truth.to_json())


def _load_salesforce(file: Path, world: World) -> None:
    store = SalesforceStore(file)
    try:
        store.load(world.salesforce)
    finally:
        store.close()


def _load_hubspot(file: Path, world: World) -> None:
    store = HubSpotStore(file)
    try:
        objects: dict[str, Iterable[LoadedRecord]] = {
            kind: map(_loaded, records) for kind, records in world.hubspot.items()
        }
        store.load(objects, _associations(store, world))
    finally:
        store.close()


def _loaded(record: HubSpotRecord) -> LoadedRecord:
    return {
        "id": record.id,
        "properties": record.properties,
        "createdAt": record.created_at,
        "updatedAt": record.updated_at,
    }


def _associations(store: HubSpotStore, world: World) -> Iterator[Association]:
    """The world's links with the type ids of this very account."""
    types: dict[tuple[str, str, LinkKind], LinkType] = {}
    for link in world.associations:
        key = (link.from_type, link.to_type, link.kind)
        found = types.get(key)
        if found is None:
            found = types[key] = _link_type(store, *key)
        yield (
            link.from_type, link.from_id, link.to_type, link.to_id, found.category, found.type_id
        )  # fmt: skip


def _link_type(store: HubSpotStore, left: str, right: str, kind: LinkKind) -> LinkType:
    for link in store.catalog.link_types(known_type(left), known_type(right)):
        if link.name == kind or (link.role is not Role.LABEL and link.role.value == kind):
            return link
    raise LookupError(f"this HubSpot account has no {kind} association from {left} to {right}")


def _write_feeds(folder: Path, feeds: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("pos_*.csv"):
        old.unlink()
    for name, text in feeds.items():
        (folder / name).write_bytes(text.encode())
