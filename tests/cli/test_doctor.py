"""`hub doctor` names each thing that would go wrong, once, with what to do about it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import requests
from bare_systems import TOKEN, Place, salesforce_field
from moments import MORNING
from sqlalchemy import Engine

from hub.commands.fitness import field_findings, quota_finding
from hub.connectors.contract import CallMeter, FieldShape
from hub.connectors.preflight import clock_finding
from hub.connectors.provision import WantedField, WantedObject
from hub.models.database import reading, writing
from hub.models.operations import ops_call
from hub.models.runs import Run

KEY = WantedField("Key__c", "Key", "text", 40, key=True, writes=True)
NAME = WantedField("Name", "Name", "text", 255, writes=True)
STATUS = WantedField("Status", "Status", "choice", choices=("Open", "Won"), writes=True)
DEALS = WantedObject("Deal", (KEY, NAME, STATUS), updates=True, creates=True)
GOOD = (
    FieldShape("Key__c", "text", length=80, unique=True),
    FieldShape("Name", "text", length=255, required=True),
    FieldShape("Status", "choice", choices=("Open", "Won", "Lost"), restricted=True),
)


def _found(*shapes: FieldShape) -> list[tuple[str, str, str]]:
    known = {shape.name: shape for shape in (*GOOD, *shapes)}
    findings = list(field_findings(DEALS, known))
    assert all(finding.remedy for finding in findings)
    return [(f.subject, f.severity, f.message) for f in findings]


def test_fields_that_fit_are_nothing_to_talk_about() -> None:
    assert _found() == []


@pytest.mark.parametrize(
    ("shape", "severity", "message"),
    [
        (replace(GOOD[0], unique=False), "error", "is not unique, a key must be"),
        (replace(GOOD[0], length=20), "error", "takes 20 characters, a key needs 40"),
        (replace(GOOD[1], kind="date"), "error", "is of kind date, text is written to it"),
        (replace(GOOD[1], length=80), "warning", "takes 80 characters, 255 may come"),
        (replace(GOOD[2], choices=("Open",)), "error", "its list lacks: Won"),
        (
            FieldShape("Region", "text", required=True),
            "error",
            "new records need a value, and the mapping sets none",
        ),
    ],
    ids=["not unique", "short key", "kind", "truncation", "choices", "required"],
)
def test_a_field_that_does_not_fit_is_named(shape: FieldShape, severity: str, message: str) -> None:
    assert _found(shape) == [(f"Deal.{shape.name}", severity, message)]


def test_an_open_list_and_a_field_only_read_take_anything() -> None:
    assert _found(replace(GOOD[2], choices=(), restricted=False)) == []
    read = WantedObject("Deal", (replace(NAME, writes=False),))
    assert list(field_findings(read, {"Name": FieldShape("Name", "date")})) == []


@pytest.mark.parametrize(
    ("seconds", "severity"), [(0, "ok"), (119, "ok"), (600, "warning"), (-600, "warning")]
)
def test_a_clock_that_is_off_by_minutes_is_a_warning(seconds: int, severity: str) -> None:
    there = datetime(2026, 5, 4, 12, tzinfo=UTC)
    finding = clock_finding(there, there + timedelta(seconds=seconds))
    assert finding.severity == severity
    if severity == "warning":
        assert ("ahead of" if seconds > 0 else "behind") in finding.message


@pytest.mark.parametrize(
    ("used", "limit", "severity"),
    [(0, 100_000, "ok"), (0, 5_000, "warning"), (99_950, 100_000, "error")],
)
def test_what_is_left_of_the_quota_is_held_against_what_a_sync_costs(
    engine: Engine, run: Run, used: int, limit: int, severity: str
) -> None:
    meter = CallMeter(quota_used=used, quota_limit=limit)
    with reading(engine) as conn:
        assert quota_finding(conn, "crm", meter) is None
    row = {"run": run.number, "system": "crm", "step": "land/X", "minimum": 60, "writes": 0}
    with writing(engine) as conn:
        conn.execute(ops_call.insert().values(**row, used=60))
    with reading(engine) as conn:
        finding = quota_finding(conn, "crm", meter)
    assert finding is not None
    assert (finding.severity, "60 calls" in finding.message) == (severity, True)
    assert run.started_at == MORNING


# -- against systems that answer -----------------------------------------------------------------


def _errors(place: Place, system: str) -> dict[str, dict[str, Any]]:
    """Subject → finding of what is an error in one system."""
    (report,) = [r for r in place.hub("doctor", "--json").json if r["system"] == system]
    return {f["subject"]: f for f in report["findings"] if f["severity"] == "error"}


def test_a_hidden_field_is_told_from_one_that_is_not_there(place: Place) -> None:
    salesforce_field(place, "Account.Tax_Id__c", type="Text", label="Tax", length=40)
    account = _errors(place, "acme_salesforce")["Account"]
    assert account["message"].startswith("hidden from our user: Tax_Id__c; not there: ")
    assert "`hub provision`" in account["remedy"]


def test_a_scope_that_only_writing_needs_is_missed_before_anything_is_written(
    place: Place,
) -> None:
    place.hub("provision", "--system", "acme_hubspot")
    readable = [
        f"crm.{what}.{name}.read"
        for what in ("objects", "schemas")
        for name in ("companies", "contacts", "deals", "leads")
    ]
    requests.post(
        f"{place.urls['acme_hubspot']}/__sandbox__/tokens",
        json={"token": TOKEN, "scopes": readable},
        timeout=10,
    ).raise_for_status()
    errors = _errors(place, "acme_hubspot")
    assert set(errors) == {f"{name} (write)" for name in ("contacts", "deals", "leads")}
    assert "crm.objects.deals.write" in errors["deals (write)"]["remedy"]


def test_an_object_that_our_user_may_not_edit_is_named(place: Place) -> None:
    place.hub("provision", "--system", "acme_salesforce")
    lead = place.org.schema.get("Lead")
    assert lead is not None
    place.org.put_object(msgspec.structs.replace(lead, updateable=False))
    errors = _errors(place, "acme_salesforce")
    assert errors["Lead"]["message"] == "our user may not edit records"
