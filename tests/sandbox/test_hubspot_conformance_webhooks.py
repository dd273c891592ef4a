"""Classic webhooks: statements 67 and 68, with a receiver of our own on this machine."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
import requests
from hubspot_kit import NOON_MS, PORTAL_ID, Portal, link, spec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot import webhooks
from sandbox.server import ThreadedServer

APP = 2_718_281
KEY = "demo-developer-key"
SECRET = b"demo-client-secret"
DAY = 86_400


class Receiver:
    """Remembers every delivery and answers as it is told to."""

    def __init__(self) -> None:
        self.app = Starlette(routes=[Route("/{rest:path}", self._take, methods=["POST"])])
        self.url = ""
        self.start_over()

    def start_over(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[int] = []
        self.on_event: Callable[[list[dict[str, Any]]], None] | None = None

    async def _take(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        self.headers.append(dict(request.headers))
        if self.on_event is not None:
            await run_in_threadpool(self.on_event, self.events()[-1])
        return Response(status_code=self.answers.pop(0) if self.answers else 204)

    def events(self) -> list[list[dict[str, Any]]]:
        return [json.loads(body) for body in self.bodies]

    def flat(self, *names: str) -> list[tuple[Any, ...]]:
        return [tuple(one.get(name) for name in names) for call in self.events() for one in call]


@pytest.fixture(scope="module")
def running() -> Iterator[Receiver]:
    receiver = Receiver()
    with ThreadedServer(receiver.app) as server:
        receiver.url = server.url
        yield receiver


@pytest.fixture
def receiver(running: Receiver, portal: Portal) -> Receiver:
    running.start_over()
    assert configure(portal, f"{running.url}/hook?team=a%2Fb%3Fc").status_code == 200
    return running


def api(portal: Portal, method: str, path: str, **body: Any) -> requests.Response:
    url = f"/webhooks/v3/{APP}/{path}?hapikey={KEY}"
    return portal.call(method, url, json=body or None)


def configure(portal: Portal, url: str, concurrent: int = 10) -> requests.Response:
    throttling = {"maxConcurrentRequests": concurrent}
    return api(portal, "PUT", "settings", targetUrl=url, throttling=throttling)


def subscribe(portal: Portal, event_type: str, **more: Any) -> str:
    made = api(portal, "POST", "subscriptions", eventType=event_type, **{"active": True, **more})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def deliver(portal: Portal) -> list[dict[str, Any]]:
    return list(portal.control("webhooks/deliver").json()["sent"])


# Statement 67


def test_conformance_hs_67_events_come_as_an_array_that_says_what_happened(
    portal: Portal, receiver: Receiver
) -> None:
    subscription = subscribe(portal, "company.creation")
    company = portal.create("companies", name="A")
    portal.create("contacts", email="a@x.com")
    assert deliver(portal) == [
        {
            "url": f"{receiver.url}/hook?team=a%2Fb%3Fc",
            "status": 204,
            "events": 1,
            "attemptNumber": 0,
        }
    ]
    assert receiver.events() == [
        [
            {
                "eventId": 3_900_000_001,
                "subscriptionId": int(subscription),
                "portalId": PORTAL_ID,
                "appId": APP,
                "occurredAt": NOON_MS,
                "subscriptionType": "company.creation",
                "attemptNumber": 0,
                "objectId": int(company),
                "changeSource": "INTEGRATION",
                "changeFlag": "CREATED",
                "sourceId": "1414213",
            }
        ]
    ]
    assert deliver(portal) == []


def test_conformance_hs_67_a_hundred_events_at_most(portal: Portal, receiver: Receiver) -> None:
    subscribe(portal, "company.creation")
    for start in (0, 100, 200):
        inputs = [{"properties": {"name": f"C{n}"}} for n in range(start, min(start + 100, 250))]
        portal.post("/crm/v3/objects/companies/batch/create", {"inputs": inputs})
    assert [sent["events"] for sent in deliver(portal)] == [100, 100, 50]
    assert len(set(receiver.flat("objectId"))) == 250


def test_conformance_hs_67_signature_v3_is_over_address_and_body(
    portal: Portal, receiver: Receiver
) -> None:
    subscribe(portal, "company.creation")
    portal.create("companies", name="Ä")
    deliver(portal)
    headers, body = receiver.headers[0], receiver.bodies[0]
    assert headers["x-hubspot-request-timestamp"] == str(NOON_MS)
    address = f"{receiver.url}/hook?team=a/b?c"
    signed = b"POST" + address.encode() + body + str(NOON_MS).encode()
    expected = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    assert headers["x-hubspot-signature-v3"] == expected
    assert headers["x-hubspot-signature-version"] == "v1"
    assert headers["x-hubspot-signature"] == hashlib.sha256(SECRET + body).hexdigest()


def test_conformance_hs_67_signature_v1_alone_by_switch(portal: Portal, receiver: Receiver) -> None:
    portal.switches.turn("webhook_signature", "v1")
    subscribe(portal, "company.creation")
    portal.create("companies", name="A")
    deliver(portal)
    assert "x-hubspot-signature" in receiver.headers[0]
    assert "x-hubspot-signature-v3" not in receiver.headers[0]


@pytest.mark.parametrize("status", [301, 400, 404, 500])
def test_conformance_hs_67_what_is_not_2xx_comes_again(
    portal: Portal, receiver: Receiver, status: int
) -> None:
    subscribe(portal, "company.creation")
    portal.create("companies", name="A")
    receiver.answers = [status]
    assert [sent["status"] for sent in deliver(portal)] == [status]
    assert deliver(portal) == []
    portal.pass_time(DAY / 10)
    assert [sent["attemptNumber"] for sent in deliver(portal)] == [1]
    first, second = receiver.events()
    assert second == [{**first[0], "attemptNumber": 1}]
    portal.pass_time(DAY)
    assert deliver(portal) == []


def test_conformance_hs_67_ten_retries_over_a_day_and_no_more(
    portal: Portal, receiver: Receiver
) -> None:
    subscribe(portal, "company.creation")
    portal.create("companies", name="A")
    receiver.answers = [500] * 20
    tried = []
    for quarter in range(120):
        if deliver(portal):
            tried.append(quarter * 900)
        portal.pass_time(900)
    assert [attempt for (attempt,) in receiver.flat("attemptNumber")] == list(range(11))
    assert 0.8 * DAY < tried[-1] < 1.2 * DAY
    gaps = [later - earlier for earlier, later in pairwise(tried)]
    assert len(set(gaps)) > 5


def test_conformance_hs_67_too_slow_is_a_failure(portal: Portal, receiver: Receiver) -> None:
    portal.switches.turn("webhook_timeout_seconds", 0.1)
    subscribe(portal, "company.creation")
    portal.create("companies", name="A")
    receiver.on_event = lambda _events: time.sleep(0.4)
    assert [sent["status"] for sent in deliver(portal)] == [0]
    receiver.on_event = None
    portal.pass_time(DAY / 10)
    assert [sent["status"] for sent in deliver(portal)] == [204]


def test_conformance_hs_67_nobody_there_is_a_failure(portal: Portal, receiver: Receiver) -> None:
    subscribe(portal, "company.creation")
    portal.create("companies", name="A")
    configure(portal, "http://127.0.0.1:9/hook")
    assert [sent["status"] for sent in deliver(portal)] == [0]
    configure(portal, receiver.url)
    portal.pass_time(DAY / 10)
    assert [sent["status"] for sent in deliver(portal)] == [204]


def test_conformance_hs_67_a_receiver_may_read_the_record_back(
    portal: Portal, receiver: Receiver
) -> None:
    subscribe(portal, "company.creation")
    company = portal.create("companies", name="A")
    seen = []

    def read_back(events: list[dict[str, Any]]) -> None:
        path = f"/crm/v3/objects/companies/{events[0]['objectId']}"
        seen.append(requests.get(portal.url + path, headers=portal.session.headers, timeout=3))

    receiver.on_event = read_back
    assert [sent["status"] for sent in deliver(portal)] == [204]
    assert [response.json()["id"] for response in seen] == [company]


def test_conformance_hs_67_only_what_was_asked_for_is_sent(
    portal: Portal, receiver: Receiver
) -> None:
    subscribe(portal, "company.propertyChange", propertyName="city")
    subscribe(portal, "deal.deletion")
    subscribe(portal, "company.creation", active=False)
    company = portal.create("companies", name="A")
    portal.patch(f"/crm/v3/objects/companies/{company}", {"properties": {"phone": "1"}})
    portal.patch(f"/crm/v3/objects/companies/{company}", {"properties": {"city": "Ulm"}})
    portal.patch(f"/crm/v3/objects/companies/{company}", {"properties": {"city": "Ulm"}})
    portal.patch(f"/crm/v3/objects/companies/{company}", {"properties": {"city": ""}})
    portal.delete(f"/crm/v3/objects/companies/{company}")
    deliver(portal)
    assert receiver.flat("subscriptionType", "propertyName", "propertyValue") == [
        ("company.propertyChange", "city", "Ulm"),
        ("company.propertyChange", "city", ""),
    ]


@pytest.mark.parametrize(("told", "values"), [(True, ["Ulm", "Bonn"]), (False, ["Bonn"])])
def test_conformance_hs_67_whether_a_creation_changes_its_properties_is_a_switch(
    portal: Portal, receiver: Receiver, told: bool, values: list[str]
) -> None:
    portal.switches.turn("webhook_creation_changes", told)
    subscribe(portal, "company.propertyChange", propertyName="city")
    company = portal.create("companies", name="A", city="Ulm")
    portal.patch(f"/crm/v3/objects/companies/{company}", {"properties": {"city": "Bonn"}})
    deliver(portal)
    assert [value for (value,) in receiver.flat("propertyValue")] == values


def test_conformance_hs_67_generic_types_cover_leads(portal: Portal, receiver: Receiver) -> None:
    subscribe(portal, "object.creation", objectTypeId="0-136")
    subscribe(portal, "object.deletion", objectTypeId="0-136")
    contact = portal.create("contacts", email="a@x.com")
    lead = portal.lead("L", contact)
    portal.delete(f"/crm/v3/objects/contacts/{contact}")
    deliver(portal)
    assert receiver.flat("subscriptionType", "objectTypeId", "objectId") == [
        ("object.creation", "0-136", int(lead)),
        ("object.deletion", "0-136", int(lead)),
    ]


def test_conformance_hs_67_association_changes_are_told_from_both_ends(
    portal: Portal, receiver: Receiver
) -> None:
    subscribe(portal, "deal.associationChange")
    subscribe(portal, "company.associationChange")
    deal = portal.create("deals", dealname="D", dealstage="closedwon")
    company = portal.create("companies", name="A")
    pair = f"/crm/v4/objects/deals/{deal}/associations/companies/{company}"
    portal.put(pair, [spec(5)])
    portal.put(pair, [spec(5)])
    portal.delete(pair)
    deliver(portal)
    d, c = int(deal), int(company)
    names = ("associationType", "fromObjectId", "toObjectId", "isPrimaryAssociation")
    told = receiver.flat(*names, "associationRemoved")
    assert sorted(told) == sorted(
        (kind, *ends, primary, removed)
        for kind, ends in (("DEAL_TO_COMPANY", (d, c)), ("COMPANY_TO_DEAL", (c, d)))
        for primary in (True, False)
        for removed in (True, False)
    )


def test_conformance_hs_67_privacy_deletion_and_restore(portal: Portal, receiver: Receiver) -> None:
    for name in ("contact.privacyDeletion", "contact.deletion", "contact.restore"):
        subscribe(portal, name)
    contact = portal.create("contacts", email="a@x.com")
    portal.delete(f"/crm/v3/objects/contacts/{contact}")
    portal.control("restore", {"object": "contacts", "id": int(contact)})
    portal.post("/crm/v3/objects/contacts/gdpr-delete", {"objectId": contact})
    deliver(portal)
    assert receiver.flat("subscriptionType", "changeSource") == [
        ("contact.deletion", "INTEGRATION"),
        ("contact.restore", "CRM_UI"),
        ("contact.deletion", "INTEGRATION"),
        ("contact.privacyDeletion", "INTEGRATION"),
    ]


def test_conformance_hs_67_a_refused_write_tells_nothing(
    portal: Portal, receiver: Receiver
) -> None:
    subscribe(portal, "company.creation")
    inputs = [{"properties": {"name": "A"}}, {"properties": {"nope": "B"}}]
    refused = portal.post("/crm/v3/objects/companies/batch/create", {"inputs": inputs})
    assert refused.status_code == 400
    assert deliver(portal) == []


def test_conformance_hs_67_subscriptions_are_kept_by_the_account(portal: Portal) -> None:
    configure(portal, "http://127.0.0.1:9/hook", concurrent=6)
    made = subscribe(portal, "contact.creation", active=False)
    shown = api(portal, "GET", f"subscriptions/{made}").json()
    assert (shown["eventType"], shown["active"]) == ("contact.creation", False)
    assert "propertyName" not in shown
    assert api(portal, "PATCH", f"subscriptions/{made}", active=True).json()["active"] is True
    other = subscribe(portal, "contact.propertyChange", propertyName="email")
    inputs = [{"id": int(one), "active": False} for one in (made, other)]
    batch = api(portal, "POST", "subscriptions/batch/update", inputs=inputs).json()
    assert [row["active"] for row in batch["results"]] == [False, False]
    listed = api(portal, "GET", "subscriptions").json()["results"]
    assert [one["id"] for one in listed] == [made, other]
    settings = api(portal, "GET", "settings").json()
    assert settings["throttling"] == {"maxConcurrentRequests": 6}
    assert api(portal, "DELETE", f"subscriptions/{made}").status_code == 204
    assert api(portal, "GET", f"subscriptions/{made}").status_code == 404
    assert api(portal, "DELETE", "settings").status_code == 204
    assert api(portal, "GET", "settings").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"eventType": "contact.explosion"}, 400),
        ({"eventType": "lead.creation"}, 400),
        ({"eventType": "company.privacyDeletion"}, 400),
        ({"eventType": "contact.propertyChange"}, 400),
        ({"eventType": "contact.creation", "propertyName": "email"}, 400),
        ({"eventType": "object.creation"}, 400),
        ({"eventType": "object.creation", "objectTypeId": "9-9"}, 400),
        ({"eventType": "contact.deletion"}, 409),
    ],
    ids=str,
)
def test_conformance_hs_67_what_cannot_be_subscribed_to(
    portal: Portal, body: dict[str, Any], status: int
) -> None:
    subscribe(portal, "contact.deletion")
    assert api(portal, "POST", "subscriptions", **body).status_code == status


def test_conformance_hs_67_a_thousand_subscriptions_at_most(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert webhooks.MAX_SUBSCRIPTIONS == 1_000
    monkeypatch.setattr(webhooks, "MAX_SUBSCRIPTIONS", 3)
    for number in range(3):
        subscribe(portal, "contact.propertyChange", propertyName=f"p{number}")
    refused = api(portal, "POST", "subscriptions", eventType="contact.creation")
    assert refused.status_code == 400


def test_conformance_hs_67_settings_are_checked(portal: Portal) -> None:
    assert configure(portal, "https://example.com/hook").status_code == 400
    assert configure(portal, "http://127.0.0.1:9/hook", concurrent=5).status_code == 400
    wrong = portal.get(f"/webhooks/v3/{APP}/settings", hapikey="wrong")
    assert wrong.status_code == 401
    assert portal.get("/webhooks/v3/1/settings", hapikey=KEY).status_code == 404
    dated = portal.get(f"/webhooks/2026-09/{APP}/subscriptions", hapikey=KEY)
    assert dated.json() == {"results": []}


def test_conformance_hs_67_without_settings_events_wait(portal: Portal, receiver: Receiver) -> None:
    api(portal, "DELETE", "settings")
    subscribe(portal, "company.creation")
    portal.create("companies", name="A")
    assert deliver(portal) == []
    configure(portal, receiver.url)
    assert len(deliver(portal)) == 1


# Statement 68


def three_companies(portal: Portal) -> list[str]:
    subscribe(portal, "company.creation")
    return [portal.create("companies", name=name) for name in "ABC"]


def test_conformance_hs_68_duplicates(portal: Portal, receiver: Receiver) -> None:
    portal.switches.turn("webhook_duplicates", True)
    three_companies(portal)
    assert [sent["events"] for sent in deliver(portal)] == [3, 3]
    assert receiver.bodies[0] == receiver.bodies[1]


def test_conformance_hs_68_reordering(portal: Portal, receiver: Receiver) -> None:
    portal.switches.turn("webhook_shuffle", True)
    subscribe(portal, "company.creation")
    inputs = [{"properties": {"name": f"C{n}"}} for n in range(50)]
    portal.post("/crm/v3/objects/companies/batch/create", {"inputs": inputs})
    deliver(portal)
    ids = [number for (number,) in receiver.flat("objectId")]
    assert ids != sorted(ids)
    assert len(set(ids)) == 50


def test_conformance_hs_68_in_order_without_the_mode(portal: Portal, receiver: Receiver) -> None:
    ids = three_companies(portal)
    deliver(portal)
    assert [str(number) for (number,) in receiver.flat("objectId")] == ids
    assert len({number for (number,) in receiver.flat("eventId")}) == 3


def test_conformance_hs_68_repeated_event_ids(portal: Portal, receiver: Receiver) -> None:
    portal.switches.turn("webhook_same_event_id", True)
    three_companies(portal)
    deliver(portal)
    assert len({number for (number,) in receiver.flat("eventId")}) == 1


@pytest.mark.parametrize("silent", [False, True])
def test_conformance_hs_68_merge_with_and_without_prior_deletion(
    portal: Portal, receiver: Receiver, silent: bool
) -> None:
    portal.switches.turn("webhook_merge_without_deletion", silent)
    subscribe(portal, "company.merge")
    subscribe(portal, "company.deletion")
    one, other = (int(portal.create("companies", name=name)) for name in "AB")
    merged = portal.post(
        "/crm/v3/objects/companies/merge",
        {"primaryObjectId": str(one), "objectIdToMerge": str(other)},
    )
    survivor = int(merged.json()["id"])
    deliver(portal)
    types = [kind for (kind,) in receiver.flat("subscriptionType")]
    deletions = [] if silent else ["company.deletion", "company.deletion"]
    assert types == [*deletions, "company.merge"]
    merge = receiver.events()[0][-1]
    assert merge["objectId"] == merge["newObjectId"] == survivor
    assert (merge["primaryObjectId"], merge["mergedObjectIds"]) == (one, [one, other])
    assert merge["numberOfPropertiesMoved"] == 2


@pytest.mark.parametrize("key", ["subscriptionType", "eventType"])
def test_conformance_hs_68_the_type_goes_by_two_names(
    portal: Portal, receiver: Receiver, key: str
) -> None:
    portal.switches.turn("webhook_type_key", key)
    three_companies(portal)
    deliver(portal)
    assert receiver.flat(key) == [("company.creation",)] * 3
    other = {"subscriptionType", "eventType"} - {key}
    assert other.isdisjoint(receiver.events()[0][0])


def test_conformance_hs_67_a_create_tells_of_its_associations(
    portal: Portal, receiver: Receiver
) -> None:
    subscribe(portal, "contact.associationChange")
    company = portal.create("companies", name="A")
    contact = portal.create("contacts", [link(company, 279)], email="a@x.com")
    deliver(portal)
    assert receiver.flat("fromObjectId", "toObjectId", "associationType") == [
        (int(contact), int(company), "CONTACT_TO_COMPANY")
    ]
