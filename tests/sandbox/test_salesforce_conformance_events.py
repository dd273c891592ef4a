"""Statement 64: the change feed, with its gaps and its short memory."""

from typing import Any

import pytest
from salesforce_org import INTEGRATION_USER, OrgUnderTest

from sandbox.salesforce import Switches

LEAD = {"LastName": "Ada", "Company": "Acme"}


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest(Switches(captured_objects=("Lead", "Account")))


def feed(org: OrgUnderTest, **wanted: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = org.control("change-events", wanted)["events"]
    return found


def headers(org: OrgUnderTest, **wanted: object) -> list[tuple[str, str, list[str]]]:
    told = [entry["event"]["ChangeEventHeader"] for entry in feed(org, **wanted)]
    return [(h["entityName"], h["changeType"], h["recordIds"]) for h in told]


def test_conformance_sf_64_each_change_is_an_event(org: OrgUnderTest) -> None:
    lead = org.create("Lead", **LEAD)
    org.patch(f"sobjects/Lead/{lead}", {"Phone": "1", "LastName": "Eve"})
    org.delete(f"sobjects/Lead/{lead}")
    org.control("undelete", {"object": "Lead", "ids": [lead]})
    org.create("Contact", LastName="Not captured")
    assert headers(org) == [
        ("Lead", "CREATE", [lead]), ("Lead", "UPDATE", [lead]), ("Lead", "DELETE", [lead]),
        ("Lead", "UNDELETE", [lead]),
    ]  # fmt: skip
    changed = feed(org)[1]["event"]
    assert changed["ChangeEventHeader"]["changedFields"] == ["LastName", "Name", "Phone"]
    assert changed["ChangeEventHeader"]["commitUser"] == INTEGRATION_USER
    assert changed["ChangeEventHeader"]["commitTimestamp"] == 1_773_144_000_000
    assert (changed["Phone"], changed["LastName"]) == ("1", "Eve")
    assert "Company" not in changed


def test_conformance_sf_64_what_is_rolled_back_is_no_event(org: OrgUnderTest) -> None:
    records = [{"attributes": {"type": "Lead"}, **LEAD}, {"attributes": {"type": "Lead"}}]
    org.post("composite/sobjects", {"records": records, "allOrNone": True})
    assert headers(org) == []


def test_conformance_sf_64_channels_and_places_in_the_log(org: OrgUnderTest) -> None:
    lead, account = org.create("Lead", **LEAD), org.create("Account", Name="Acme")
    assert headers(org, channel="/data/AccountChangeEvent") == [("Account", "CREATE", [account])]
    first = feed(org)[0]["replayId"]
    assert headers(org, preset="CUSTOM", replay_id=first) == [("Account", "CREATE", [account])]
    assert headers(org, limit=1) == [("Lead", "CREATE", [lead])]
    assert headers(org, preset="LATEST") == []


def test_conformance_sf_64_gaps_carry_ids_only(org: OrgUnderTest) -> None:
    lead = org.create("Lead", **LEAD)
    org.control("change-gap", {"object": "Lead", "ids": [lead], "change": "UPDATE"})
    event = feed(org)[-1]["event"]
    assert list(event) == ["ChangeEventHeader"]
    assert event["ChangeEventHeader"]["changeType"] == "GAP_UPDATE"
    assert event["ChangeEventHeader"]["recordIds"] == [lead]


def test_conformance_sf_64_an_overflow_carries_the_empty_id(org: OrgUnderTest) -> None:
    org.control("change-gap", {"object": "lead", "change": "OVERFLOW"})
    assert headers(org) == [("Lead", "GAP_OVERFLOW", ["000000000000000AAA"])]


def test_conformance_sf_64_too_many_changes_in_one_transaction_overflow(org: OrgUnderTest) -> None:
    org.switch(capture_overflow_after=2)
    records = [{"attributes": {"type": "Lead"}, **LEAD}] * 5
    org.post("composite/sobjects", {"records": records})
    assert [kind for _, kind, _ in headers(org)] == ["CREATE", "CREATE", "GAP_OVERFLOW"]
    org.create("Lead", **LEAD)
    assert [kind for _, kind, _ in headers(org)][-1] == "CREATE"


def test_conformance_sf_64_replay_ends_after_72_hours(org: OrgUnderTest) -> None:
    org.create("Lead", **LEAD)
    place = feed(org)[0]["replayId"]
    org.wait(72 * 3_600)
    assert len(feed(org)) == 1
    assert feed(org, preset="CUSTOM", replay_id=place) == []
    org.wait(1)
    assert feed(org) == []
    for replay_id in (place, place + 1_000):
        refused = org.http.post(
            f"{org.url}/__sandbox__/change-events",
            json={"preset": "CUSTOM", "replay_id": replay_id},
        )
        assert refused.status_code == 400
        assert refused.json()[0]["errorCode"].endswith("replayid.corrupted")
