"""Exports: the 202 of statement 15, the task that follows it, the file behind its URL."""

from typing import Any

import pytest
import requests
from hubspot_kit import Portal, link, where

EXPORTS = "/crm/v3/exports/export/async"


def ask(portal: Portal, path: str = EXPORTS, **changes: Any) -> requests.Response:
    body = {
        "exportType": "VIEW",
        "format": "CSV",
        "exportName": "All companies",
        "objectType": "COMPANY",
        "objectProperties": ["name", "partner_tier"],
        "language": "EN",
    }
    return portal.post(path, {**body, **changes})


def task(portal: Portal, started: requests.Response) -> dict[str, Any]:
    assert started.status_code == 202, started.text
    url = started.json()["links"]["status"]
    return dict(portal.session.get(url, timeout=10).json())


def file(portal: Portal, **changes: Any) -> list[str]:
    started = ask(portal, **changes)
    portal.pass_time(2)
    told = task(portal, started)
    assert told["status"] == "COMPLETE"
    response = requests.get(told["result"], timeout=10)
    assert response.headers["content-type"] == "text/csv;charset=utf-8"
    return response.text.splitlines()


def test_conformance_hs_15_export_start_is_202(portal: Portal) -> None:
    started = ask(portal)
    assert started.status_code == 202
    assert started.json() == {
        "id": "30000001",
        "links": {"status": f"{portal.url}{EXPORTS}/tasks/30000001/status"},
    }


def test_an_export_takes_its_time(portal: Portal) -> None:
    started = ask(portal)
    states = []
    for _ in range(3):
        states.append(task(portal, started)["status"])
        portal.pass_time(1)
    assert states == ["PENDING", "PROCESSING", "COMPLETE"]
    assert task(portal, started)["completedAt"] == "2026-03-10T12:00:02.500Z"


def test_an_export_can_be_ready_at_once(portal: Portal) -> None:
    portal.switches.turn("export_seconds", 0.0)
    assert task(portal, ask(portal))["status"] == "COMPLETE"


def test_an_export_holds_the_records_of_the_moment_it_was_asked_for(portal: Portal) -> None:
    first = portal.create("companies", name='A "quoted", B', partner_tier="Gold")
    started = ask(portal)
    portal.create("companies", name="later")
    portal.pass_time(2)
    text = requests.get(task(portal, started)["result"], timeout=10).text
    assert text == f'Record ID,Name,Partner tier\n{first},"A ""quoted"", B",Gold\n'


def test_labels_or_internal_names_and_values(portal: Portal) -> None:
    deal = portal.create(
        "deals", dealname="D", dealstage="closedwon", partner_registration_status="in_review"
    )
    names = ["dealname", "partner_registration_status"]
    deals = {"objectType": "deals", "objectProperties": names}
    assert file(portal, **deals) == [
        "Record ID,Dealname,Partner registration status",
        f"{deal},D,In review",
    ]
    internal = file(portal, **deals, exportInternalValuesOptions=["NAMES", "VALUES"])
    assert internal == [
        "Record ID,dealname,partner_registration_status",
        f"{deal},D,in_review",
    ]


def test_filters_order_and_associations(portal: Portal) -> None:
    ids = [portal.create("companies", name=name, city="Ulm") for name in "BA"]
    portal.create("companies", name="C", city="Bonn")
    contact = portal.create("contacts", [link(ids[0], 279)], email="a@x.com")
    lines = file(
        portal,
        objectProperties=["name"],
        associatedObjectType="CONTACT",
        publicCrmSearchRequest={"filters": [where("city", "EQ", "Ulm")], "sorts": ["name"]},
    )
    assert lines == [
        "Record ID,Name,Associated Contact IDs",
        f"{ids[1]},A,",
        f"{ids[0]},B,{contact}",
    ]


def test_the_download_url_is_short_lived_and_needs_no_token(portal: Portal) -> None:
    started = ask(portal)
    portal.pass_time(2)
    url = task(portal, started)["result"]
    assert requests.get(url, timeout=10).status_code == 200
    assert requests.get(url.replace("signature=", "signature=0"), timeout=10).status_code == 403
    portal.pass_time(300)
    gone = requests.get(url, timeout=10)
    assert gone.status_code == 403
    assert gone.headers["content-type"] == "application/xml"
    assert requests.get(task(portal, started)["result"], timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"objectProperties": ["nope"]}, 400),
        ({"format": "XLSX"}, 400),
        ({"format": "PDF"}, 400),
        ({"objectType": "unicorns"}, 400),
        ({"exportType": "LIST", "listId": "7"}, 404),
    ],
    ids=str,
)
def test_what_cannot_be_exported(portal: Portal, changes: dict[str, Any], status: int) -> None:
    assert ask(portal, **changes).status_code == status


def test_unknown_tasks_and_missing_scope(portal: Portal) -> None:
    assert portal.get(f"{EXPORTS}/tasks/1/status").status_code == 404
    portal.control("tokens", {"token": "narrow", "scopes": ["crm.objects.companies.read"]})
    headers = {"Authorization": "Bearer narrow"}
    refused = portal.call("GET", f"{EXPORTS}/tasks/1/status", headers=headers)
    assert refused.status_code == 403
    needed = refused.json()["errors"][0]["context"]["requiredGranularScopes"]
    assert needed == ["crm.export"]


def test_exports_on_dated_paths(portal: Portal) -> None:
    started = ask(portal, "/crm/exports/2026-09/export/async")
    assert task(portal, started)["status"] == "PENDING"
