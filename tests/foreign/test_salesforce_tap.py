"""A Singer tap for Salesforce, as published, has to see the sandbox's org as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from singer import Pulled, Tap
from tls_front import TlsFront
from venvs import environment

from sandbox.clock import Clock
from sandbox.requestlog import RequestLog
from sandbox.salesforce import SalesforceStore, Switches, create_app, record_id
from sandbox.server import ThreadedServer, free_port

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)
OBJECTS = ("Account", "Contact", "Lead", "Opportunity")
_NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
AWKWARD = 'Zoë "the first", 東京\nsecond line \\ 🚀'


@dataclass
class Seen:
    """What the tap said, and what the org held at that moment."""

    first: Pulled
    held_first: dict[str, dict[str, Any]]
    second: Pulled
    held_second: dict[str, dict[str, Any]]
    last_before: str
    changed: set[str]
    lead: str
    refused: list[str]
    described: dict[str, set[str]]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("tap")
    store, clock, port = SalesforceStore(None), Clock(frozen_at=NOON), free_port()
    store.load(_world())
    app = create_app(
        store,
        system="acme_salesforce",
        base_url=f"http://127.0.0.1:{port}",
        log=RequestLog(None),
        clock=clock,
        switches=Switches(page_shrink_to=200),
    )
    program = environment("tap-salesforce") / "bin" / "tap-salesforce"
    with ThreadedServer(app, port) as org, TlsFront({"login.salesforce.com": port}, folder) as tls:
        config = {
            "refresh_token": requests.post(f"{org.url}/__sandbox__/grant", json={}).json()[
                "refresh_token"
            ],
            "client_id": "demo-client-id",
            "client_secret": "demo-client-secret",
            "start_date": "2020-01-01T00:00:00Z",
            "api_type": "REST",
            "select_fields_by_default": True,
        }
        env = {
            "HTTPS_PROXY": tls.url,
            "REQUESTS_CA_BUNDLE": str(tls.authority),
            "NO_PROXY": "127.0.0.1",
        }
        tap = Tap(program, folder, config, env, "--properties")
        catalog = tap.discover()
        described = {s["stream"]: set(s["schema"]["properties"]) for s in catalog["streams"]}
        first = tap.pull(catalog, _incremental)
        held_first = {name: _held(store, name) for name in OBJECTS}
        clock.advance(timedelta(hours=1))
        changed, lead = _change(org.url, held_first)
        second = tap.pull(catalog, _incremental, first.state)
        held_second = {name: _held(store, name) for name in OBJECTS}
        last = max(held_first["Account"].values(), key=lambda row: row["SystemModstamp"])
        yield Seen(
            first, held_first, second, held_second,
            last["Id"], changed, lead, tls.refused, described,
        )  # fmt: skip


def _world() -> dict[str, list[dict[str, object]]]:
    """450 accounts, each changed a second after the one before, and a few of everything else."""
    accounts: list[dict[str, object]] = [
        {
            "Id": record_id("001", n),
            "Name": f"Company {n}" if n > 1 else AWKWARD,
            "Phone": f"030 {n:05d}",
            "AnnualRevenue": n * 1.25,
            "NumberOfEmployees": n if n % 3 else None,
            "CreatedDate": _NEW_YEAR + timedelta(seconds=n),
        }
        for n in range(1, 451)
    ]
    made: dict[str, object] = {"CreatedDate": _NEW_YEAR}
    return {
        "Account": accounts,
        "Contact": [
            {"LastName": AWKWARD, "FirstName": "Ada", "AccountId": record_id("001", n)} | made
            for n in range(1, 4)
        ],
        "Lead": [
            {"LastName": f"Lead {n}", "Company": "Acme", "Email": f"l{n}@example.com"} | made
            for n in range(3)
        ],
        "Opportunity": [
            {
                "Name": "Deal",
                "StageName": "Prospecting",
                "CloseDate": "2024-12-31",
                "Amount": 1234.56,
                "AccountId": record_id("001", 2),
            }
            | made
        ],
    }


def _incremental(stream: dict[str, Any]) -> dict[str, Any]:
    metadata = next(e["metadata"] for e in stream["metadata"] if not e["breadcrumb"])
    keys = metadata.get("valid-replication-keys")
    how = {"replication-method": "INCREMENTAL", "replication-key": keys[0]} if keys else {}
    return {"selected": stream["stream"] in OBJECTS, **how}


def _held(store: SalesforceStore, name: str) -> dict[str, Any]:
    """The rows of an object as they lie in the org's table, deleted ones too, by id."""
    sobject = store.schema.get(name)
    assert sobject is not None
    types = {field.name: field.type for field in sobject.fields}
    cursor = store.db.execute(f'SELECT * FROM "{name}"')
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    return {
        row["Id"]: {k: _told(types[k], v) for k, v in row.items() if not k.startswith("_")}
        for row in rows
    }


def _told(type_: str, value: Any) -> Any:
    """A stored value as a tap says it: moments in UTC to the microsecond."""
    if value is not None and type_ == "boolean":
        return value == 1
    if value is not None and type_ in ("datetime", "date"):
        moment = datetime.fromisoformat(value).replace(tzinfo=UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


def _change(url: str, held: dict[str, dict[str, Any]]) -> tuple[set[str], str]:
    """An account is changed, one deleted, a contact made, a lead changed: ids of accounts, lead."""
    token = requests.post(
        f"{url}/services/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": "demo-client-id",
            "client_secret": "demo-client-secret",
        },
    ).json()["access_token"]
    rows = f"{url}/services/data/v61.0/sobjects"
    headers = {"Authorization": f"Bearer {token}"}
    edited, gone = record_id("001", 7), record_id("001", 8)
    lead = next(iter(held["Lead"]))
    made = requests.post(f"{rows}/Contact", json={"LastName": "New"}, headers=headers)
    answers = [
        requests.patch(f"{rows}/Account/{edited}", json={"Phone": "1"}, headers=headers),
        requests.delete(f"{rows}/Account/{gone}", headers=headers),
        requests.patch(f"{rows}/Lead/{lead}", json={"Title": "CTO"}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [204, 204, 204]
    assert made.status_code == 201
    return {edited, gone}, lead


def test_the_tap_discovers_every_object_and_field_of_the_org(seen: Seen) -> None:
    for name in OBJECTS:
        stored = set(next(iter(seen.held_first[name].values())))
        assert stored <= seen.described[name]
    assert {"User", "Partner", "OpportunityPartner"} <= set(seen.described)


@pytest.mark.parametrize("name", OBJECTS)
def test_a_full_sync_by_the_tap_equals_the_org(seen: Seen, name: str) -> None:
    told, held = seen.first.by_id(name, "Id"), seen.held_first[name]
    assert len(seen.first.rows[name]) == len(held)
    assert {key: _only(row, held[key]) for key, row in told.items()} == held


def test_an_incremental_sync_brings_what_changed_and_the_last_row_again(seen: Seen) -> None:
    told = {row["Id"] for row in seen.second.rows["Account"]}
    assert told == {*seen.changed, seen.last_before}
    # These were all made in one second, so that each is of the last one.
    assert seen.second.by_id("Lead", "Id").keys() == seen.held_second["Lead"].keys()
    assert seen.second.by_id("Contact", "Id").keys() == seen.held_second["Contact"].keys()
    assert seen.second.by_id("Lead", "Id")[seen.lead]["Title"] == "CTO"


@pytest.mark.parametrize("name", OBJECTS)
def test_full_and_incremental_sync_together_equal_the_org(seen: Seen, name: str) -> None:
    told = seen.first.by_id(name, "Id") | seen.second.by_id(name, "Id")
    held = seen.held_second[name]
    assert {key: _only(row, held[key]) for key, row in told.items()} == held
    assert sum(row["IsDeleted"] for row in told.values()) == (1 if name == "Account" else 0)


def test_the_tap_asked_no_other_host(seen: Seen) -> None:
    assert seen.refused == []


def _only(row: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """What the org stores of a row; formulas and compound fields are made as it is read."""
    return {name: row[name] for name in like}
