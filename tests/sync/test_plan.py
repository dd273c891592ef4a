"""Planning: what each CRM should say minus what it says, with reasons and nothing for nothing."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from databases import rows_of
from desk import HUBSPOT, SALESFORCE, Desk, changes
from sqlalchemy import Engine, update

from hub.config import Settings, stock_mapping
from hub.mappings.schema import ObjectMapping
from hub.models.database import writing
from hub.models.operations import ops_change, ops_plan
from hub.sync.cells import canonical

SHOWN = {
    "Hub_Registration_Key__c": "re_1",
    "Hub_Partner_Key__c": "pa_1",
    "Hub_Registered_Partner__c": "Adler",
    "Partner_Registration_Status__c": "Approved",
    "Partner_Registration_Expires__c": "2026-04-15",
}


@pytest.fixture
def desk(engine: Engine, settings: Settings) -> Desk:
    return Desk(engine, settings)


def _claimed(desk: Desk, *, told: dict[str, str] | None = None, **claim: Any) -> None:
    """A partner's claim on an opportunity, both as their CRMs know them."""
    desk.golden("partner", "pa_1")
    desk.golden("opportunity", "op_1")
    desk.golden("registration", "re_1", **{"opportunity_id": "op_1", **claim})
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", told=told)


def _finish(
    desk: Desk, plan: str | None, outcome: str, *, obj: str | None = None, **values: Any
) -> None:
    """The changes of a plan (`obj`: only those of an object) end in an outcome, now."""
    values = {"at": desk.run.started_at, **values}
    of = [ops_change.c.plan == plan, *([ops_change.c.object == obj] if obj else [])]
    with writing(desk.engine) as conn:
        conn.execute(update(ops_change).where(*of).values(outcome=outcome, **values))
        conn.execute(update(ops_plan).where(ops_plan.c.plan == plan).values(status="applied"))


# -- updates -----------------------------------------------------------------------------------


def test_what_a_record_does_not_say_yet_is_written_with_its_reason(desk: Desk) -> None:
    _claimed(desk)
    plan = desk.plan()
    expected = {name: (None, value) for name, value in SHOWN.items()}
    assert changes(plan) == [("Opportunity", "update", "o1", "op_1", expected)]
    reasons = {cell["why"] for cell in plan.changes[0].fields.values()}
    assert reasons == {"registration re_1 stands approved"}


def test_only_the_fields_that_differ_are_written(desk: Desk) -> None:
    _claimed(desk, told={**SHOWN, "Partner_Registration_Status__c": "In Review"})
    assert changes(desk.plan()) == [
        *[("Opportunity", "update", "o1", "op_1",
           {"Partner_Registration_Status__c": ("In Review", "Approved")})],
    ]  # fmt: skip


def test_a_record_that_says_what_it_should_is_left_alone(desk: Desk) -> None:
    _claimed(desk, told=SHOWN)
    plan = desk.plan()
    assert (plan.plan, plan.changes, plan.calls) == (None, [], 0)
    assert rows_of(desk.engine, ops_plan) == []


def test_what_is_no_longer_so_is_cleared(desk: Desk) -> None:
    desk.golden("opportunity", "op_1")
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", told=SHOWN)
    plan = desk.plan()
    expected = {name: (value, None) for name, value in SHOWN.items()}
    assert changes(plan) == [("Opportunity", "update", "o1", "op_1", expected)]
    reasons = {cell["why"] for cell in plan.changes[0].fields.values()}
    assert reasons == {"no registration claims this opportunity"}


def test_a_field_somebody_else_changed_is_set_again(desk: Desk) -> None:
    _claimed(desk, told={**SHOWN, "Hub_Registered_Partner__c": "Somebody"})
    assert changes(desk.plan())[0][-1] == {"Hub_Registered_Partner__c": ("Somebody", "Adler")}


def test_every_record_of_a_thing_is_told(desk: Desk) -> None:
    _claimed(desk, told=SHOWN)
    desk.record(SALESFORCE, "Opportunity", "o2", "op_1")
    assert [change[:4] for change in changes(desk.plan())] == [
        ("Opportunity", "update", "o2", "op_1")
    ]


def test_deleted_records_and_converted_leads_are_not_written(desk: Desk) -> None:
    _claimed(desk)
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", is_deleted=True)
    desk.golden("lead", "ld_1")
    desk.golden("lead_assignment", "ld_1")
    desk.record(SALESFORCE, "Lead", "l1", "ld_1", is_converted=True)
    assert changes(desk.plan()) == []


def test_a_claim_whose_stage_means_nothing_is_not_shown_but_its_note_is(desk: Desk) -> None:
    _claimed(desk, status="unmapped", protected_until=None, note="Stage 'x' has no status.")
    desk.record(HUBSPOT, "deals", "d1", "re_1")
    assert changes(desk.plan()) == [
        *[("deals", "update", "d1", "re_1", {
            "hub_registration_key": (None, "re_1"),
            "partner_registration_note": (None, "Stage 'x' has no status."),
        })],
    ]  # fmt: skip


# -- creates -----------------------------------------------------------------------------------


def test_an_approved_claim_without_an_opportunity_asks_for_one(desk: Desk) -> None:
    desk.golden("partner", "pa_1")
    desk.golden("registration", "re_1", opportunity_id=None, amount=Decimal("1500.00"),
                currency="EUR", close_date=date(2026, 6, 30))  # fmt: skip
    desk.record(SALESFORCE, "Account", "a9", "co_9")
    desk.record(SALESFORCE, "Account", "a8", "co_9")
    ((obj, op, record_id, hub_id, fields),) = changes(desk.plan())
    assert (obj, op, record_id, hub_id) == ("Opportunity", "create", None, "re_1")
    after = {name: value for name, (_, value) in fields.items()}
    assert after == SHOWN | {
        "Name": "Firewalls for Cordes",
        "AccountId": "a8",
        "StageName": "Prospecting",
        "Amount": "1500",
        "CurrencyIsoCode": "EUR",
        "CloseDate": "2026-06-30",
    }


@pytest.mark.parametrize(
    "claim", [{"status": "submitted"}, {"company_id": None}, {"partner_id": None}]
)
def test_nothing_else_asks_for_an_opportunity(desk: Desk, claim: dict[str, Any]) -> None:
    desk.golden("partner", "pa_1")
    desk.golden("registration", "re_1", opportunity_id=None, **claim)
    desk.record(SALESFORCE, "Account", "a9", "co_9")
    assert changes(desk.plan()) == []


def test_where_nobody_told_an_end_the_end_of_protection_is_the_expected_one(desk: Desk) -> None:
    desk.golden("partner", "pa_1")
    desk.golden("registration", "re_1")
    desk.golden("registration", "re_2", close_date=date(2026, 2, 1))
    desk.record(SALESFORCE, "Account", "a9", "co_9")
    made = {hub_id: fields["CloseDate"] for _, _, _, hub_id, fields in changes(desk.plan())}
    assert made == {"re_1": (None, "2026-04-15"), "re_2": (None, "2026-02-01")}


def test_a_record_that_has_nothing_to_hang_on_is_not_made(desk: Desk) -> None:
    desk.golden("partner", "pa_1")
    desk.golden("registration", "re_1", opportunity_id=None)
    (blocked,) = desk.plan().changes
    assert (blocked.op, blocked.kind, blocked.outcome) == ("create", "blocked", "skipped")
    assert blocked.code == "missing_reference"
    assert desk.plan().plan is None
    desk.record(SALESFORCE, "Account", "a9", "co_9")
    (made,) = desk.plan().changes
    assert (made.kind, made.outcome) == ("create", "pending")
    assert made.fields["AccountId"]["after"] == "a9"


def _routed(desk: Desk, **assignment: Any) -> None:
    desk.golden("partner", "pa_1")
    desk.golden("contact", "ct_1", email="eva@huber.example")
    desk.golden("lead", "ld_1", contact_id="ct_1")
    desk.golden("lead_assignment", "ld_1", **assignment)


def test_a_routed_lead_is_made_on_its_person_who_is_made_first(desk: Desk) -> None:
    _routed(desk)
    person, lead = changes(desk.plan())
    assert person[:4] == ("contacts", "create", None, "ct_1")
    assert person[4]["hub_contact_key"] == (None, "ct_1")
    assert person[4]["email"] == (None, "eva@huber.example")
    assert lead[:4] == ("leads", "create", None, "ld_1")
    assert lead[4]["associations/contacts/primary"] == (None, "hub:ct_1")
    assert lead[4]["hub_partner_name"] == (None, "Adler")


def test_a_lead_hangs_on_the_person_that_is_there_already(desk: Desk) -> None:
    _routed(desk)
    desk.record(HUBSPOT, "contacts", "c7", "ct_1")
    desk.record(HUBSPOT, "contacts", "c6", "ct_1")
    (lead,) = changes(desk.plan())
    assert lead[4]["associations/contacts/primary"] == (None, "c6")


def test_a_lead_nobody_may_have_is_not_made_but_its_record_is_cleared(desk: Desk) -> None:
    _routed(desk, partner_id=None)
    told = {"Hub_Lead_Key__c": "ld_1", "Hub_Partner_Key__c": "pa_9", "Hub_Partner_Name__c": "Old"}
    desk.record(SALESFORCE, "Lead", "l1", "ld_1", told=told)
    (change,) = changes(desk.plan())
    assert change[:3] == ("Lead", "update", "l1")
    assert change[4] == {name: (value, None) for name, value in told.items()}


# -- plans follow each other -------------------------------------------------------------------


def test_a_plan_is_stored_with_its_cost_before_anything_is_written(desk: Desk) -> None:
    for n in range(1, 4):
        desk.golden("opportunity", f"op_{n}")
        desk.record(SALESFORCE, "Opportunity", f"o{n}", f"op_{n}", told=SHOWN)
    _routed(desk)
    plan = desk.plan()
    assert (plan.plan, plan.calls, len(plan.changes)) == ("plan-000001", 3, 5)
    (stored,) = rows_of(desk.engine, ops_plan)
    assert (stored["status"], stored["calls"], stored["run"]) == ("open", 3, desk.run.number - 1)
    rows = rows_of(desk.engine, ops_change)
    assert [row["id"] for row in rows] == [f"plan-000001/00000{n}" for n in range(1, 6)]
    assert {row["outcome"] for row in rows} == {"pending"}
    fields = json.loads(str(rows[0]["fields"]))
    assert fields["Hub_Partner_Key__c"] == {
        "before": "pa_1",
        "after": None,
        "why": "no registration claims this opportunity",
        "rule": "derived",
        "source": None,
    }


def test_a_plan_that_was_not_carried_out_is_superseded_by_the_next(desk: Desk) -> None:
    _claimed(desk)
    first = desk.plan()
    second = desk.plan()
    assert changes(second) == changes(first)
    told = [(row["plan"], row["status"]) for row in rows_of(desk.engine, ops_plan)]
    assert told == [("plan-000001", "superseded"), ("plan-000002", "open")]
    outcomes = [(r["plan"], r["outcome"], r["code"]) for r in rows_of(desk.engine, ops_change)]
    assert outcomes == [
        ("plan-000001", "stale", "superseded"),
        ("plan-000002", "pending", None),
    ]


def test_a_plan_nobody_wants_any_more_is_superseded_even_by_none(desk: Desk) -> None:
    _claimed(desk)
    desk.plan()
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", told=SHOWN)
    assert desk.plan().plan is None
    assert [row["status"] for row in rows_of(desk.engine, ops_plan)] == ["superseded"]


@pytest.mark.parametrize("outcome", ["pending", "stale"])
def test_what_was_not_written_is_planned_again_though_nothing_moved(
    desk: Desk, outcome: str
) -> None:
    _claimed(desk)
    first = desk.plan()
    _finish(desk, first.plan, outcome)
    assert changes(desk.plan()) == changes(first)


def test_what_was_written_is_not_planned_again(desk: Desk) -> None:
    _claimed(desk)
    first = desk.plan()
    _finish(desk, first.plan, "applied")
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", told=SHOWN)
    assert desk.plan().plan is None
    assert desk.plan(full=True).plan is None


def test_what_a_crm_refused_is_not_asked_again_until_it_differs(desk: Desk) -> None:
    _claimed(desk)
    first = desk.plan()
    _finish(desk, first.plan, "rejected", code="FIELD_CUSTOM_VALIDATION_EXCEPTION")
    desk.golden("opportunity", "op_1", name="Renamed")
    assert desk.plan().plan is None
    desk.golden("registration", "re_1", opportunity_id="op_1", status="won")
    assert changes(desk.plan())[0][4]["Partner_Registration_Status__c"] == (None, "Won")


def test_what_was_refused_is_asked_again_after_longer_and_longer_pauses(desk: Desk) -> None:
    _claimed(desk)
    first = desk.plan()
    minutes = (15, 60, 240, 1440, 1440)
    for attempt, pause in enumerate(minutes, 1):
        asked = rows_of(desk.engine, ops_change)[-1]
        assert asked["attempts"] == attempt
        now = desk.run.started_at
        _finish(desk, str(asked["plan"]), "rejected", at=now - timedelta(minutes=pause - 1))
        assert desk.plan().plan is None
        _finish(desk, str(asked["plan"]), "rejected", at=now - timedelta(minutes=pause + 1))
        assert changes(desk.plan()) == changes(first)
    unresolved = [row["id"] for row in rows_of(desk.engine, ops_change) if not row["resolved"]]
    assert unresolved == ["plan-000006/000001"]


def test_a_lead_whose_person_was_made_and_is_gone_does_not_wait_for_ever(desk: Desk) -> None:
    _routed(desk)
    first = desk.plan()
    assert [c.object for c in first.changes] == ["contacts", "leads"]
    _finish(desk, first.plan, "applied", obj="contacts")
    assert desk.plan().plan is None


def test_a_person_who_is_there_already_is_not_made_again_with_every_plan(desk: Desk) -> None:
    _routed(desk)
    first = desk.plan()
    _finish(desk, first.plan, "skipped", obj="contacts")
    _finish(desk, first.plan, "applied", obj="leads")
    desk.golden("contact", "ct_1", email="eva@huber.example")
    desk.record(HUBSPOT, "leads", "l1", "ld_1", told={"hub_partner_name": "Adler"})
    assert "contacts" not in {c.object for c in desk.plan().changes}
    _finish(desk, first.plan, "skipped", obj="contacts", at=desk.run.started_at - timedelta(days=2))
    desk.golden("contact", "ct_1", email="eva@huber.example")
    assert "contacts" in {c.object for c in desk.plan().changes}


def test_a_person_who_is_there_already_is_looked_up_where_a_lead_hangs_on_it(desk: Desk) -> None:
    _routed(desk)
    first = desk.plan()
    _finish(desk, first.plan, "skipped", obj="contacts")
    _finish(desk, first.plan, "pending", obj="leads")
    assert [c.object for c in desk.plan().changes] == ["contacts", "leads"]


def test_a_full_plan_asks_again_for_what_was_refused(desk: Desk) -> None:
    _claimed(desk)
    first = desk.plan()
    _finish(desk, first.plan, "rejected")
    assert changes(desk.plan(full=True)) == changes(first)


def test_what_was_refused_once_and_accepted_later_is_defended_like_anything_else(
    desk: Desk,
) -> None:
    _claimed(desk)
    _finish(desk, desk.plan().plan, "rejected")
    _finish(desk, desk.plan(full=True).plan, "applied")
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", told=SHOWN)
    assert desk.plan().plan is None
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1")
    assert changes(desk.plan())[0][:3] == ("Opportunity", "update", "o1")


def test_what_was_made_is_not_made_a_second_time(desk: Desk) -> None:
    _routed(desk)
    first = desk.plan()
    _finish(desk, first.plan, "applied")
    assert desk.plan().plan is None
    assert desk.plan(full=True).plan is not None


def test_what_was_made_is_not_made_again_because_it_would_say_something_else(desk: Desk) -> None:
    """The person a lead was made on is known by a record id later, and routing may move on."""
    _routed(desk)
    _finish(desk, desk.plan().plan, "applied")
    desk.record(HUBSPOT, "contacts", "c7", "ct_1")
    assert desk.plan().plan is None
    _routed(desk, partner_id="pa_2")
    desk.golden("partner", "pa_2", name="Bravo")
    assert desk.plan().plan is None


def test_a_policy_or_a_mapping_that_changed_is_planned_from_scratch(desk: Desk) -> None:
    _claimed(desk, told=SHOWN)
    assert desk.plan().plan is None
    opportunity = desk.settings.mappings[SALESFORCE]["Opportunity"]
    assert opportunity.push is not None
    fields = {k: v for k, v in opportunity.push.fields.items() if "Expires" not in k}
    fields["NextStep"] = opportunity.push.fields["Hub_Registered_Partner__c"]
    push = opportunity.push.model_copy(update={"fields": fields})
    objects = {
        **desk.settings.mappings[SALESFORCE],
        "Opportunity": opportunity.model_copy(update={"push": push}),
    }
    mappings = {**desk.settings.mappings, SALESFORCE: objects}
    desk.settings = desk.settings.model_copy(update={"mappings": mappings})
    assert changes(desk.plan())[0][4] == {"NextStep": (None, "Adler")}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", None),
        ("x", "x"),
        (True, "true"),
        (False, "false"),
        (Decimal("1500.00"), "1500"),
        (Decimal("0.10"), "0.1"),
        (Decimal("1E+3"), "1000"),
        (date(2026, 4, 15), "2026-04-15"),
        (7, "7"),
    ],
)
def test_a_value_is_spelt_as_the_connectors_spell_it(value: Any, text: str | None) -> None:
    assert canonical(value) == text


# -- golden columns, and who may have them -------------------------------------------------------


def _mapped(desk: Desk, system: str, obj: str, **keys: Any) -> None:
    mapping = ObjectMapping.model_validate({"source": "company", **keys})
    objects = {**desk.settings.mappings[system], obj: mapping}
    mappings = {**desk.settings.mappings, system: objects}
    desk.settings = desk.settings.model_copy(update={"mappings": mappings})


PHONE = {"column": "phone", "direction": "both", "authority": SALESFORCE}


def test_a_golden_column_is_offered_to_every_system_that_takes_it(desk: Desk) -> None:
    _mapped(desk, HUBSPOT, "companies", fields={"name": "name", "phone": PHONE})
    desk.golden("company", "co_1", phone="+49 30 1")
    desk.record(HUBSPOT, "companies", "c1", "co_1", told={"phone": "+49 30 2"}, phone="+49 30 2")
    expected = {"phone": ("+49 30 2", "+49 30 1")}
    assert changes(desk.plan()) == [("companies", "update", "c1", "co_1", expected)]


def test_another_way_of_writing_the_same_is_no_difference(desk: Desk) -> None:
    country = {"column": "country", "direction": "both", "authority": SALESFORCE}
    _mapped(desk, HUBSPOT, "companies", fields={"name": "name", "country": country})
    desk.golden("company", "co_1", country="DE")
    desk.record(HUBSPOT, "companies", "c1", "co_1", told={"country": "Germany"}, country="DE")
    assert desk.plan().plan is None


@pytest.mark.parametrize(("blank_out", "emptied"), [("keep", False), ("clear", True)])
def test_an_empty_value_leaves_or_empties_the_field_as_its_rule_says(
    desk: Desk, blank_out: str, *, emptied: bool
) -> None:
    rule = {**PHONE, "blank_out": blank_out}
    _mapped(desk, HUBSPOT, "companies", fields={"name": "name", "phone": rule})
    desk.golden("company", "co_1", phone=None)
    desk.record(HUBSPOT, "companies", "c1", "co_1", told={"phone": "1"}, phone="1")
    found = [change[4] for change in changes(desk.plan())]
    assert found == ([{"phone": ("1", None)}] if emptied else [])


def test_what_is_not_included_is_neither_updated_nor_made(desk: Desk) -> None:
    stock = stock_mapping("hubspot")["leads"]
    only = {"push": {"column": "country", "in": ["AT"]}}
    mapping = ObjectMapping.model_validate({**stock, "include": only})
    objects = {**desk.settings.mappings[HUBSPOT], "leads": mapping}
    mappings = {**desk.settings.mappings, HUBSPOT: objects}
    desk.settings = desk.settings.model_copy(update={"mappings": mappings})
    desk.golden("partner", "pa_1")
    for n, country in enumerate(("DE", "AT", "DE", "AT", None)):
        desk.golden("contact", f"ct_{n}")
        desk.golden("lead", f"ld_{n}", contact_id=f"ct_{n}", country=country)
        desk.golden("lead_assignment", f"ld_{n}")
    for n in (0, 1):
        desk.record(HUBSPOT, "leads", f"l{n}", f"ld_{n}")
    leads = [change[:4] for change in changes(desk.plan()) if change[0] == "leads"]
    assert leads == [("leads", "update", "l1", "ld_1"), ("leads", "create", None, "ld_3")]
