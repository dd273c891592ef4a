"""A Singer tap for HubSpot, as published, has to see the sandbox's account as it is."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from singer import Pulled, Tap
from tls_front import TlsFront
from venvs import environment

from sandbox.clock import Clock
from sandbox.hubspot import HubSpotStore, Switches, create_app
from sandbox.requestlog import RequestLog
from sandbox.server import ThreadedServer

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
TOKEN = "pat-na1-demo-0000"
OBJECTS = ("companies", "contacts", "deals", "leads")
LINKS = "contact_company_associations"
AWKWARD = 'Zoë "the first", 東京\nsecond line \\ 🚀'


@dataclass
class Seen:
    """What the tap said, and what the account held at that moment."""

    properties: dict[str, set[str]]
    first: Pulled
    held_first: dict[str, dict[str, Any]]
    second: Pulled
    held_second: dict[str, dict[str, Any]]
    links: set[tuple[str, str, int]]
    refused: list[str]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("tap")
    store, clock = HubSpotStore(), Clock(frozen_at=NOON)
    store.load(*_world())
    app = create_app(
        store,
        system="acme_hubspot",
        log=RequestLog(None),
        clock=clock,
        switches=Switches(),
    )
    home = environment("tap-hubspot")
    with ThreadedServer(app) as portal, TlsFront({"api.hubapi.com": portal.port}, folder) as tls:
        config = {
            "access_token": TOKEN,
            "start_date": "2020-01-01T00:00:00Z",
            "associations": {"contact": ["company"]},
        }
        env = {"HTTPS_PROXY": tls.url, "PYTHONPATH": str(_trust(tls.authority, home, folder))}
        tap = Tap(home / "bin" / "tap-hubspot", folder, config, env, "--catalog")
        catalog = tap.discover()
        first = tap.pull(catalog, _selected)
        held_first = {name: _held(store, name) for name in OBJECTS}
        clock.advance(timedelta(hours=1))
        _change(portal.url)
        second = tap.pull(catalog, _selected, first.state)
        yield Seen(
            properties={
                stream["stream"]: set(stream["schema"]["properties"]["properties"]["properties"])
                for stream in catalog["streams"]
                if stream["stream"] in OBJECTS
            },
            first=first,
            held_first=held_first,
            second=second,
            held_second={name: _held(store, name) for name in OBJECTS},
            links={
                (str(contact), str(company), type_id)
                for contact, company, type_id in store.db.execute(
                    "SELECT from_id, to_id, type_id FROM link "
                    "WHERE from_type = 'contacts' AND to_type = 'companies'"
                )
            },
            refused=tls.refused,
        )


def _trust(authority: Path, home: Path, folder: Path) -> Path:
    """A copy of the environment's own `certifi` that knows one authority more.

    The tap's HTTP session reads no variable for its authorities, but it asks this package.
    """
    (shipped,) = home.glob("lib/python*/site-packages/certifi")
    copied = Path(shutil.copytree(shipped, folder / "trust" / "certifi"))
    with (copied / "cacert.pem").open("a") as bundle:
        bundle.write(os.linesep + authority.read_text())
    return copied.parent


def _world() -> tuple[dict[str, Any], list[Any]]:
    """250 companies, each changed a second after the one before, and a few of everything else."""

    def made(n: int, **properties: object) -> dict[str, Any]:
        return {
            "id": n,
            "createdAt": NEW_YEAR + timedelta(seconds=n),
            "properties": properties,
        }

    objects = {
        "companies": [
            made(n, name=f"Company {n}" if n > 1 else AWKWARD, zip=f"{n:05d}", annualrevenue=n)
            for n in range(1, 251)
        ],
        "contacts": [
            made(n, email=f"p{n}@example.com", firstname="Zoë", lastname=f"P {n}")
            for n in range(1001, 1011)
        ],
        "deals": [
            made(
                2001,
                dealname="Deal",
                dealstage="closedwon",
                amount="1234.56",
                closedate="2024-12-31T00:00:00Z",
            )
        ],
        "leads": [made(3001, hs_lead_name="Lead")],
    }
    defined = "HUBSPOT_DEFINED"
    links = [
        ("contacts", 1000 + n, "companies", n, defined, 1 if n % 2 else 279) for n in range(1, 9)
    ]
    return objects, [*links, ("leads", 3001, "contacts", 1001, defined, 578)]


def _selected(stream: dict[str, Any]) -> dict[str, Any]:
    return {"selected": stream["stream"] in (*OBJECTS, LINKS, "owners")}


def _held(store: HubSpotStore, name: str) -> dict[str, dict[str, Any]]:
    """The records of a table by id: the properties, moments as milliseconds, and both stamps."""
    cursor = store.db.execute(f'SELECT * FROM "record_{name}" WHERE archived_at IS NULL')
    columns = [column[0].removeprefix("p_") for column in cursor.description]
    rows = (dict(zip(columns, values, strict=True)) for values in cursor.fetchall())
    return {
        str(row.pop("id")): {key: row[key] for key in columns if key not in ("id", "archived_at")}
        for row in rows
    }


def _told(record: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
    """What the tap says of a record, in the form of the table."""
    said = {
        **record["properties"],
        "created": record["createdAt"],
        "updated": record["updatedAt"],
    }
    return {
        name: _millis(said[name]) if isinstance(value, int) else said[name]
        for name, value in held.items()
    }


def _millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _change(url: str) -> None:
    """A company is edited, one made, a contact edited."""
    records = f"{url}/crm/v3/objects"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    company = {"properties": {"phone": "1"}}
    answers = [
        requests.patch(f"{records}/companies/7", json=company, headers=headers),
        requests.post(f"{records}/companies", json={"properties": {"name": "N"}}, headers=headers),
        requests.patch(f"{records}/contacts/1003", json=company, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [200, 201, 200]


def test_the_tap_discovers_every_property_of_the_account(seen: Seen) -> None:
    for name in OBJECTS:
        held = set(next(iter(seen.held_first[name].values()))) - {"created", "updated"}
        assert held <= seen.properties[name]


@pytest.mark.parametrize("name", OBJECTS)
def test_a_full_sync_by_the_tap_equals_the_account(seen: Seen, name: str) -> None:
    told, held = seen.first.by_id(name), seen.held_first[name]
    assert len(seen.first.rows[name]) == len(held)
    assert {key: _told(row, held[key]) for key, row in told.items()} == held


def test_the_tap_reads_all_associations_with_their_types(seen: Seen) -> None:
    told = [
        (row["from_id"], row["to_id"], row["association_type_id"]) for row in seen.first.rows[LINKS]
    ]
    assert len(told) == len(set(told)) == 12
    assert set(told) == seen.links


def test_the_tap_reads_the_owners(seen: Seen) -> None:
    assert len(seen.first.rows["owners"]) == 3


def test_an_incremental_sync_searches_what_changed_and_the_last_row_again(seen: Seen) -> None:
    new = seen.held_second["companies"].keys() - seen.held_first["companies"].keys()
    assert [row["id"] for row in seen.second.rows["companies"]] == ["250", "7", *new]
    assert [row["id"] for row in seen.second.rows["contacts"]] == ["1010", "1003"]


@pytest.mark.parametrize("name", OBJECTS)
def test_full_and_incremental_sync_together_equal_the_account(seen: Seen, name: str) -> None:
    told, held = seen.first.by_id(name) | seen.second.by_id(name), seen.held_second[name]
    assert {key: _told(row, held[key]) for key, row in told.items()} == held


def test_the_tap_asked_no_other_host(seen: Seen) -> None:
    assert seen.refused == []
