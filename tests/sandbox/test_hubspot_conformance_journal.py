"""The webhooks journal: statement 69."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from hubspot_kit import PORTAL_ID, Portal, link

from sandbox.hubspot import journal

APP = 2_718_281
JOURNAL = "/webhooks-journal/journal/2026-09"
SUBSCRIPTIONS = "/webhooks-journal/subscriptions/2026-09"
COMPANIES = "/crm/v3/objects/companies"
ALL = ["CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"]
DAY = 86_400


class Reader:
    """An app that follows the journal with a token of its own."""

    def __init__(self, portal: Portal, scope: str = "") -> None:
        self.portal = portal
        form = {
            "grant_type": "client_credentials",
            "client_id": "demo-client-id",
            "client_secret": "demo-client-secret",
            "scope": scope,
        }
        self.granted = portal.call("POST", "/oauth/2026-09/token", data=form)
        token = self.granted.json().get("access_token", "")
        self.headers = {"Authorization": f"Bearer {token}"}

    def sleep(self, seconds: float) -> None:
        """Let time pass, and sign in again as the token has expired by then."""
        self.portal.pass_time(seconds)
        self.headers = Reader(self.portal).headers

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.portal.call(method, path, headers=self.headers, **more)

    def get(self, tail: str) -> requests.Response:
        return self.call("GET", f"{JOURNAL}/{tail}")

    def subscribe(self, object_type_id: str = "0-2", **changes: Any) -> int:
        body = {
            "subscriptionType": "OBJECT",
            "portalId": PORTAL_ID,
            "objectTypeId": object_type_id,
            "actions": ALL,
            **changes,
        }
        made = self.call("POST", SUBSCRIPTIONS, json=body)
        assert made.status_code == 200, made.text
        return int(made.json()["id"])

    def follow(self, offset: str | None = None) -> tuple[list[dict[str, Any]], str | None]:
        """Every event after an offset, file by file, and the offset it leads to."""
        events: list[dict[str, Any]] = []
        while True:
            entry = self.get("earliest" if offset is None else f"offset/{offset}/next")
            if entry.status_code == 204:
                return events, offset
            offset = entry.json()["currentOffset"]
            events += self.file(entry.json())["journalEvents"]

    def file(self, entry: dict[str, Any]) -> dict[str, Any]:
        response = requests.get(entry["url"], timeout=10)
        assert response.status_code == 200, response.text
        return dict(response.json())


@pytest.fixture
def reader(portal: Portal) -> Reader:
    made = Reader(portal)
    made.subscribe()
    return made


def told(events: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(event.get(name) for name in names) for event in events]


def step(portal: Portal, reader: Reader) -> str:
    """One more company, and the offset of the file that tells of it."""
    portal.create("companies", name="X")
    return str(reader.get("latest").json()["currentOffset"])


def test_conformance_hs_69_events_are_told_in_order(portal: Portal, reader: Reader) -> None:
    company = portal.create("companies", name="A")
    portal.pass_time(1)
    portal.patch(f"{COMPANIES}/{company}", {"properties": {"city": "Ulm"}})
    portal.delete(f"{COMPANIES}/{company}")
    portal.control("restore", {"object": "companies", "id": int(company)})
    events, _ = reader.follow()
    assert told(events, "action", "propertyChanges") == [
        ("CREATE", {"name": "A"}),
        ("UPDATE", {"city": "Ulm"}),
        ("DELETE", None),
        ("RESTORE", None),
    ]
    assert events[1] == {
        "type": "crm.object",
        "portalId": PORTAL_ID,
        "occurredAt": "2026-03-10T12:00:01.500Z",
        "action": "UPDATE",
        "objectTypeId": "0-2",
        "objectId": int(company),
        "propertyChanges": {"city": "Ulm"},
    }


def test_conformance_hs_69_offsets_are_strictly_ordered(portal: Portal, reader: Reader) -> None:
    offsets = []
    for _ in range(5):
        offsets.append(step(portal, reader))
        portal.pass_time(0.5)
        offsets.append(step(portal, reader))
    assert offsets == sorted(set(offsets))
    assert len(offsets) == 10


def test_conformance_hs_69_reading_from_an_offset_is_repeatable(
    portal: Portal, reader: Reader
) -> None:
    first = step(portal, reader)
    second = step(portal, reader)
    entry = reader.get(f"offset/{first}/next").json()
    assert entry["currentOffset"] == second
    content = reader.file(entry)
    assert content["offset"] == second
    portal.create("companies", name="later")
    again = reader.get(f"offset/{first}/next").json()
    assert again["currentOffset"] == second
    assert reader.file(again) == content


def test_conformance_hs_69_nothing_is_lost_or_told_twice(portal: Portal, reader: Reader) -> None:
    ids, seen, offset = [], [], None
    for number in range(6):
        for _ in range(number):
            ids.append(int(portal.create("companies", name="X")))
        events, offset = reader.follow(offset)
        seen += [event["objectId"] for event in events]
    assert seen == ids


@pytest.mark.parametrize(
    ("position", "status", "body"), [("no_content", 204, ""), ("empty", 200, "{}")]
)
def test_conformance_hs_69_the_answer_when_caught_up_is_a_switch(
    portal: Portal, reader: Reader, position: str, status: int, body: str
) -> None:
    portal.switches.turn("journal_caught_up", position)
    for tail in ("earliest", "latest"):
        response = reader.get(tail)
        assert (response.status_code, response.text) == (status, body)
    offset = step(portal, reader)
    response = reader.get(f"offset/{offset}/next")
    assert (response.status_code, response.text) == (status, body)


def test_conformance_hs_69_entries_older_than_three_days_are_gone(
    portal: Portal, reader: Reader
) -> None:
    old = step(portal, reader)
    reader.sleep(2 * DAY)
    young = step(portal, reader)
    assert reader.get("earliest").json()["currentOffset"] == old
    reader.sleep(DAY)
    assert reader.get("earliest").json()["currentOffset"] == young
    reader.sleep(2 * DAY)
    assert reader.get("earliest").status_code == 204


@pytest.mark.parametrize(("position", "status"), [("not_found", 404), ("earliest", 200)])
def test_conformance_hs_69_an_aged_out_offset_is_a_switch(
    portal: Portal, reader: Reader, position: str, status: int
) -> None:
    portal.switches.turn("journal_aged_offset", position)
    old = step(portal, reader)
    reader.sleep(3 * DAY)
    young = step(portal, reader)
    response = reader.get(f"offset/{old}/next")
    assert response.status_code == status
    if status == 200:
        assert response.json()["currentOffset"] == young
    else:
        assert response.json()["category"] == "OBJECT_NOT_FOUND"
    assert reader.get("offset/yesterday/next").status_code == 400


def test_conformance_hs_69_batches_of_entries(portal: Portal, reader: Reader) -> None:
    offsets = [step(portal, reader) for _ in range(5)]

    def batch(tail: str) -> list[str]:
        found = reader.get(f"batch/{tail}").json()["results"]
        return [entry["currentOffset"] for entry in found]

    assert batch("earliest/2") == offsets[:2]
    assert batch("latest/2") == offsets[-2:]
    assert batch(f"{offsets[1]}/next/2") == offsets[2:4]
    assert batch(f"{offsets[4]}/next/100") == []
    for count in ("0", "101", "x"):
        assert reader.get(f"batch/{offsets[1]}/next/{count}").status_code == 400
    unknown = "00000000-0000-7000-8000-000000000000"
    body = {"inputs": [offsets[3], unknown]}
    read = reader.call("POST", f"{JOURNAL}/batch/read", json=body)
    assert read.status_code == 207
    assert [entry["currentOffset"] for entry in read.json()["results"]] == [offsets[3]]
    assert read.json()["errors"][0]["context"]["offset"] == [unknown]


def test_conformance_hs_69_files_are_of_limited_length(
    portal: Portal, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (journal.MAX_EVENTS, journal.MAX_BYTES) == (10_000, 5_000_000)
    monkeypatch.setattr(journal, "MAX_EVENTS", 4)
    inputs = [{"properties": {"name": f"C{n}"}} for n in range(10)]
    portal.post(f"{COMPANIES}/batch/create", {"inputs": inputs})
    files = [reader.file(entry) for entry in reader.get("batch/earliest/10").json()["results"]]
    assert [len(file["journalEvents"]) for file in files] == [4, 4, 2]
    monkeypatch.setattr(journal, "MAX_BYTES", 500)
    portal.post(f"{COMPANIES}/batch/create", {"inputs": inputs[:3]})
    files = [reader.file(entry) for entry in reader.get("batch/latest/2").json()["results"]]
    assert [len(file["journalEvents"]) for file in files] == [2, 1]


def test_conformance_hs_69_file_urls_expire(portal: Portal, reader: Reader) -> None:
    step(portal, reader)
    entry = reader.get("latest").json()
    assert entry["expiresAt"] == "2026-03-10T12:10:00.500Z"
    portal.pass_time(601)
    assert requests.get(entry["url"], timeout=10).status_code == 403
    reader.file(Reader(portal).get("latest").json())


def test_conformance_hs_69_merges_and_privacy(portal: Portal) -> None:
    reader = Reader(portal)
    reader.subscribe("0-1")
    reader.subscribe("0-1", subscriptionType="GDPR_PRIVACY_DELETION", actions=["GDPR_DELETE"])
    one, other = (portal.create("contacts", email=f"{name}@x.com") for name in "ab")
    body = {"primaryObjectId": one, "objectIdToMerge": other}
    survivor = portal.post("/crm/v3/objects/contacts/merge", body).json()["id"]
    portal.post("/crm/v3/objects/contacts/gdpr-delete", {"objectId": survivor})
    events, _ = reader.follow()
    assert told(events[2:], "action", "objectId", "mergedObjectIds") == [
        ("MERGE", int(survivor), [int(one), int(other)]),
        ("DELETE", int(survivor), None),
        ("GDPR_DELETE", int(survivor), None),
    ]


def test_conformance_hs_69_associations(portal: Portal) -> None:
    reader = Reader(portal)
    reader.subscribe(
        "0-1",
        subscriptionType="ASSOCIATION",
        actions=["ASSOCIATION_ADDED", "ASSOCIATION_REMOVED"],
        associatedObjectTypeIds=["0-2"],
    )
    company = portal.create("companies", name="A")
    contact = portal.create("contacts", [link(company, 279)], email="a@x.com")
    deal = portal.create("deals", [link(contact, 3)], dealname="D", dealstage="closedwon")
    assert deal
    portal.delete(f"/crm/v4/objects/companies/{company}/associations/contacts/{contact}")
    events, _ = reader.follow()
    names = ("action", "objectId", "associatedObjectTypeId", "associatedObjectId")
    assert told(events, *names, "associationTypeId", "type") == [
        ("ASSOCIATION_ADDED", int(contact), "0-2", int(company), 279, "crm.association"),
        ("ASSOCIATION_REMOVED", int(contact), "0-2", int(company), 279, "crm.association"),
    ]


def test_conformance_hs_69_only_what_was_subscribed_to(portal: Portal) -> None:
    reader = Reader(portal)
    first = portal.create("companies", name="before")
    reader.subscribe(actions=["UPDATE"], properties=["city"], objectIds=[int(first)])
    other = portal.create("companies", name="after")
    portal.create("contacts", email="a@x.com")
    for company, change in ((first, {"phone": "1"}), (other, {"city": "Bonn"})):
        portal.patch(f"{COMPANIES}/{company}", {"properties": change})
    portal.patch(f"{COMPANIES}/{first}", {"properties": {"city": "Ulm"}})
    events, _ = reader.follow()
    assert told(events, "objectId", "propertyChanges") == [(int(first), {"city": "Ulm"})]


def test_conformance_hs_69_subscriptions_are_kept_and_replaced(portal: Portal) -> None:
    reader = Reader(portal)
    one = reader.subscribe()
    assert reader.subscribe(actions=["DELETE"]) == one
    two = reader.subscribe("0-1")
    listed = reader.call("GET", SUBSCRIPTIONS).json()["results"]
    assert told(listed, "id", "actions", "appId", "portalId", "objectTypeId") == [
        (one, ["DELETE"], APP, PORTAL_ID, "0-2"),
        (two, ALL, APP, PORTAL_ID, "0-1"),
    ]
    assert reader.call("GET", f"{SUBSCRIPTIONS}/{two}").json()["id"] == two
    assert reader.call("DELETE", f"{SUBSCRIPTIONS}/{two}").status_code == 204
    assert reader.call("GET", f"{SUBSCRIPTIONS}/{two}").status_code == 404
    assert reader.call("DELETE", f"{SUBSCRIPTIONS}/portals/{PORTAL_ID}").status_code == 204
    assert reader.call("GET", SUBSCRIPTIONS).json() == {"results": []}


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"subscriptionType": "EVENT"}, 400), ({"actions": []}, 400), ({"portalId": 1}, 404)],
    ids=str,
)
def test_conformance_hs_69_what_cannot_be_subscribed_to(
    portal: Portal, changes: dict[str, Any], status: int
) -> None:
    body = {
        "subscriptionType": "OBJECT",
        "portalId": PORTAL_ID,
        "objectTypeId": "0-2",
        "actions": ALL,
        **changes,
    }
    assert Reader(portal).call("POST", SUBSCRIPTIONS, json=body).status_code == status


def test_conformance_hs_69_the_local_journal_is_of_one_portal(
    portal: Portal, reader: Reader
) -> None:
    offset = step(portal, reader)
    local = "/webhooks-journal/journal-local/2026-09/latest"
    mine = reader.call("GET", local, params={"installPortalId": PORTAL_ID})
    assert mine.json()["currentOffset"] == offset
    assert reader.call("GET", local, params={"installPortalId": 1}).status_code == 204


def test_conformance_hs_69_it_takes_a_client_credentials_token(
    portal: Portal, reader: Reader
) -> None:
    granted = reader.granted.json()
    assert granted["expires_in"] == 1800
    assert "refresh_token" not in granted
    assert reader.call("GET", COMPANIES).status_code == 403
    static = portal.get(f"{JOURNAL}/latest")
    assert static.json()["category"] == "MISSING_SCOPES"
    narrow = Reader(portal, "developer.webhooks_journal.read")
    assert narrow.get("latest").status_code == 204
    assert narrow.call("GET", SUBSCRIPTIONS).status_code == 403
    assert Reader(portal, "crm.objects.contacts.read").granted.status_code == 400
    form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
    assert portal.call("POST", "/oauth/2026-09/token", data=form).status_code == 400
    portal.clock.advance(timedelta(minutes=31))
    assert reader.get("latest").json()["category"] == "EXPIRED_AUTHENTICATION"


def test_conformance_hs_69_it_is_exempt_from_the_limits(portal: Portal, reader: Reader) -> None:
    portal.switches.turn("enforce_daily", True)
    portal.switches.turn("enforce_burst", True)
    portal.switches.turn("daily_max", 1)
    portal.switches.turn("oauth_burst_max", 1)
    responses = [reader.get("latest") for _ in range(4)]
    assert [response.status_code for response in responses] == [204] * 4
    assert "X-HubSpot-RateLimit-Max" not in responses[0].headers
