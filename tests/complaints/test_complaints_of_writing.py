"""Complaints of writes that failed unseen, took good rows with them, or hit the wrong record.

Numbers are those of docs/complaints.md.
"""

import json
from typing import Any

from complaint_kit import HubSpotCrm, HubTime, SalesforceCrm, with_pushed

from hub.commands.planning import carry_out
from hub.config import stock_mapping
from hub.connectors.contract import Change
from hub.models.database import reading
from hub.models.operations import ops_change
from hub.sync.costs import Calls
from hub.sync.stored import changes_of
from sandbox.salesforce import DuplicateRule
from sandbox.salesforce.schema import Field, PicklistValue

AnyCrm = SalesforceCrm | HubSpotCrm


def _outcomes(crm: AnyCrm) -> dict[str, tuple[str, str | None, str | None]]:
    """Record → outcome, code and message of its last change."""
    rows = sorted(crm.table(ops_change), key=lambda row: row["id"])
    return {row["record_id"]: (row["outcome"], row["code"], row["message"]) for row in rows}


def _honesty(report: Any) -> Any:
    return next(law for law in report.laws if law.law == "honesty")


def _rows_refused(crm: AnyCrm, share: float = 1.0) -> dict[str, Any]:
    match = {"path": crm.writes_path}
    if isinstance(crm, SalesforceCrm):
        return {
            "match": match, "kind": "row_error", "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "message": "Not in this quarter.", "share": share,
        }  # fmt: skip
    return {"match": match, "kind": "row_errors", "message": "Not in this quarter.", "share": share}


# -- 1: success, though every row was rejected ----------------------------------------------------


def test_complaint_01_a_run_is_as_green_as_its_worst_row(crm: AnyCrm) -> None:
    work = crm.add_work(4)
    crm.faults(_rows_refused(crm))
    report = crm.sync()
    assert report.status == "failed"
    assert "4 changes rejected" in _honesty(report).detail
    told = _outcomes(crm)
    assert {told[record][0] for record in work} == {"rejected"}
    assert all("Not in this quarter." in str(told[record][2]) for record in work)


def test_complaint_01_what_was_rejected_keeps_every_run_red_until_it_is_accepted(
    crm: AnyCrm,
) -> None:
    work = crm.add_work(3)
    crm.faults(_rows_refused(crm))
    crm.sync()
    crm.wait(minutes=15)
    second = crm.sync()
    assert (second.status, "3 changes rejected" in _honesty(second).detail) == ("failed", True)
    crm.faults()
    crm.wait(minutes=15)
    assert crm.sync(full=True).outcomes["applied"] == 3
    assert all(crm.written(record) for record in work)
    crm.wait(minutes=15)
    assert crm.sync().status == "done"


# -- 2: a preview that is only a number -----------------------------------------------------------


def test_complaint_02_the_plan_shows_each_record_and_field_and_what_it_will_cost(
    crm: AnyCrm,
) -> None:
    work = crm.add_work(3)
    report = crm.sync(apply=False)
    (plan,) = report.plans
    with reading(crm.place.engine) as conn:
        changes = list(changes_of(conn, str(plan.plan)))
    assert sorted(change.record_id or "" for change in changes) == sorted(work)
    for change in changes:
        assert (change.kind, change.object) == ("update", crm.work)
        for cell in json.loads(change.fields).values():
            assert set(cell) == {"before", "after", "why", "rule", "source"}
            assert cell["before"] != cell["after"]
            assert cell["why"]
    (part,) = plan.parts
    # Signing in is a call to Salesforce, none to HubSpot; both are asked for their fields.
    opening = {"salesforce": 2, "hubspot": 1}[crm.kind]
    assert part.calls == Calls(opening, writing=1, comparing=1)
    assert plan.calls == opening + 2
    assert [line for line in crm.writes() if "oauth2" not in line["path"]] == []
    assert all(crm.written(record) is None for record in work)


# -- 16: one bad row takes the batch with it ------------------------------------------------------


def test_complaint_16_good_rows_land_and_each_bad_one_stands_alone(crm: AnyCrm) -> None:
    """An admin has taken away a value that two of twelve rows need."""
    work = crm.add_work(12)
    bad = work[3:5]
    if isinstance(crm, SalesforceCrm):
        crm.store.db.execute(
            'UPDATE "Lead" SET "LastName" = ? WHERE "Id" IN (?, ?)', ("Blocked", *bad)
        )
        rule = {"object": "Lead", "condition": "LastName = 'Blocked'", "message": "Blocked by law."}
        crm.control("switches", validation_rules=[rule])
    else:
        for deal in bad:
            crm.call(
                "PATCH", f"v3/objects/deals/{deal}", {"properties": {"dealstage": "reg_approved"}}
            )
        crm.faults(
            {"kind": "schema_change", "match": {"times": 1}, "object": "deals",
             "property": "partner_registration_status", "change": "remove_option",
             "option": "approved"}
        )  # fmt: skip
    crm.sync()
    told = _outcomes(crm)
    assert {record for record in work if told[record][0] == "rejected"} == set(bad)
    assert all(crm.written(record) for record in work if record not in bad)
    assert all(told[record][2] for record in bad)


# -- 17: results that cannot be tied to rows ------------------------------------------------------


def test_complaint_17_results_in_any_order_are_tied_to_their_rows(portal: HubSpotCrm) -> None:
    work = portal.add_work(9)
    portal.control("switches", shuffle_batch_results=True)
    portal.faults(_rows_refused(portal, share=0.4))
    portal.sync()
    told = _outcomes(portal)
    landed = {record for record in work if portal.written(record)}
    assert 0 < len(landed) < 9
    assert {record for record in work if told[record][0] == "applied"} == landed


def test_complaint_17_a_short_answer_is_no_success(org: SalesforceCrm) -> None:
    """Two results for three rows: nobody can say which is whose."""
    work = org.add_work(3)
    short = {
        "match": {"path": org.writes_path}, "kind": "status", "status": 200,
        "body": [{"id": work[0], "success": True, "errors": []}] * 2,
    }  # fmt: skip
    org.faults(short)
    assert org.sync().status == "failed"
    assert {told[0] for told in _outcomes(org).values()} == {"pending"}
    org.faults()
    org.wait(minutes=15)
    assert org.sync().status == "done"
    assert all(org.written(record) for record in work)


# -- 18: converted leads --------------------------------------------------------------------------


def test_complaint_18_a_converted_lead_is_followed_and_never_written(org: SalesforceCrm) -> None:
    lead, other = org.add_work(2)
    org.sync(apply=False)
    converted = org.control("convert-lead", lead_id=lead)
    org.wait(minutes=1)
    before = len(org.log.lines)
    assert org.sync().status == "done"
    assert org.written(lead) is None
    assert org.written(other) == "Bravo Systems GmbH"
    row = org.source("lead")[lead]
    assert row["is_converted"]
    assert row["converted_company_record_id"] == converted["accountId"]
    assert row["converted_contact_record_id"] == converted["contactId"]
    assert all(line["status"] < 400 for line in org.requests(before))


def test_complaint_18_a_lead_converted_after_it_was_read_is_stale_and_not_a_failure(
    org: SalesforceCrm,
) -> None:
    lead, other = org.add_work(2)
    org.sync(apply=False)
    org.control("convert-lead", lead_id=lead)
    (row, *_) = org.table(ops_change)
    carry_out(org.place, row["plan"], org.clock.now())
    assert _outcomes(org)[lead][0] == "stale"
    assert org.written(other) == "Bravo Systems GmbH"


# -- 19: duplicate rules --------------------------------------------------------------------------


def test_complaint_19_a_duplicate_rule_holds_one_row_and_is_never_overridden(
    org: SalesforceCrm,
) -> None:
    work = org.add_work(3)
    org.store.db.execute('UPDATE "Lead" SET "Email" = ?', ("same@desk.example",))
    rule = DuplicateRule("Lead", ("Email", "Hub_Partner_Name__c"))
    org.control(
        "switches",
        duplicate_rules=[{"object": rule.object, "fields": rule.fields, "action": "alert"}],
    )
    report = org.sync()
    told = _outcomes(org)
    held = [record for record in work if told[record][0] != "applied"]
    assert report.status == "failed"
    assert {told[record][:2] for record in held} == {("rejected", "DUPLICATES_DETECTED")}
    assert [org.written(record) for record in held] == [None] * len(held)


# -- 20: an external key that is not unique -------------------------------------------------------


def test_complaint_20_a_key_that_two_records_could_share_is_refused_before_any_write(
    portal: HubSpotCrm,
) -> None:
    """Nothing in HubSpot keeps two contacts from having one job title."""
    portal.add_people(2, portal.add_companies(1)[0])
    change = Change("c1", "contacts", "create", {"firstname": "Eva"}, key=("jobtitle", "Buyer"))
    with portal.connector(portal.system) as connector:
        (outcome,) = connector.apply([change])
    assert (outcome.status, outcome.code) == ("rejected", "key_not_unique")
    assert "hub provision" in outcome.remedy
    assert portal.writes() == []


def test_complaint_20_two_records_under_one_key_are_both_left_alone(org: SalesforceCrm) -> None:
    """An external id that the org does not keep unique: the upsert cannot know which is meant."""
    key = Field(
        name="Old_Key__c", type="string", label="Old key", length=80, external_id=True, unique=False
    )
    org.store.put_field("Lead", key)
    work = org.add_work(2)
    org.store.db.execute('UPDATE "Lead" SET "Old_Key__c" = ?', ("K-1",))
    fields = {"LastName": "Huber", "Company": "Huber AG"}
    change = Change("c1", "Lead", "create", fields, key=("Old_Key__c", "K-1"))
    with org.connector(org.system) as connector:
        (outcome,) = connector.apply([change])
    assert outcome.status == "rejected"
    assert outcome.message
    names = [org.value("Lead", record, "LastName") for record in work]
    assert names == ["Seeker1", "Seeker2"]


# -- 21: row locks --------------------------------------------------------------------------------


def test_complaint_21_only_locked_rows_are_sent_again_and_all_land(
    crm: AnyCrm, hub_time: HubTime
) -> None:
    work = crm.add_work(30)
    locks: dict[str, Any] = {"kind": "row_lock", "match": {"path": crm.writes_path}, "attempts": 2}
    if isinstance(crm, SalesforceCrm):
        locks["share"] = 0.37
    crm.faults(locks)
    report = crm.sync()
    assert report.outcomes["applied"] == len(work)
    assert report.status == "done" or report.laws[-1].law == "frugality"
    assert hub_time.slept
    if isinstance(crm, SalesforceCrm):
        landed = [line["rows"] for line in crm.writes() if "composite" in line["path"]]
        assert (len(landed), sum(landed)) == (3, 30)


# -- 23: restricted picklists ---------------------------------------------------------------------


def test_complaint_23_a_value_that_a_list_does_not_have_is_refused_before_it_is_sent(
    crm: AnyCrm,
) -> None:
    """Two of three rows need the value; the third goes on."""
    work = crm.add_work(3)
    bad = work[:2]
    if isinstance(crm, SalesforceCrm):
        colours = tuple(PicklistValue(value) for value in ("Gold", "Silver"))
        field = Field(
            name="Tier__c",
            type="picklist",
            label="Tier",
            length=40,
            values=colours,
            restricted=True,
        )
        crm.store.put_field("Lead", field)
        lead = stock_mapping("salesforce")["Lead"]
        tier = {"column": "source", "map": {"Web": "Gold", "Fair": "Bronze"}}
        crm.remap(crm.system, "Lead", with_pushed(lead, "Tier__c", tier))
        for record in work:
            source = "Fair" if record in bad else "Web"
            crm.call("PATCH", f"sobjects/Lead/{record}", {"LeadSource": source})
    else:
        crm.call("PATCH", f"v3/objects/deals/{work[2]}", {"properties": {"dealstage": "reg_won"}})
        crm.faults(
            {"kind": "schema_change", "match": {"times": 1}, "object": "deals",
             "property": "partner_registration_status", "change": "remove_option",
             "option": "in_review"}
        )  # fmt: skip
    assert crm.sync().status == "failed"
    rows = {row["record_id"]: row for row in crm.table(ops_change)}
    assert {rows[record]["outcome"] for record in bad} == {"rejected"}
    wrong = "Bronze" if isinstance(crm, SalesforceCrm) else "in_review"
    assert all(f"'{wrong}' is not accepted" in rows[record]["message"] for record in bad)
    assert all("hub provision" in rows[record]["remedy"] for record in bad)
    assert [crm.written(record) is None for record in work] == [True, True, False]
    assert sum(line["rows"] for line in crm.writes() if "oauth2" not in line["path"]) == 1 + (
        len(work) if isinstance(crm, SalesforceCrm) else 1
    )
