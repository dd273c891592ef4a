"""Complaints of what leaves without a word: hard deletes, merges, links, formulas, fields, quotas.

Numbers are those of docs/complaints.md.
"""

from typing import Any

import pytest
from complaint_kit import HubSpotCrm, SalesforceCrm

from hub.config import stock_mapping
from hub.models.operations import ops_change, ops_schema_event
from hub.models.sources import SOURCES
from sandbox.salesforce.schema import Field

AnyCrm = SalesforceCrm | HubSpotCrm


# -- 5: deleted for good ---------------------------------------------------------------------------


def test_complaint_05_what_is_gone_for_good_is_found_by_its_absence(crm: AnyCrm) -> None:
    """No list and no bin tells of it any more; the comparison of ids is due once a day."""
    ids = crm.add_companies(100)
    crm.sync()
    crm.wait(hours=1)
    crm.wipe(crm.companies, ids[7])
    crm.wait(hours=25)
    report = crm.sync()
    row = crm.source("company")[ids[7]]
    assert report.troubles == []
    assert row["is_deleted"] or row["gone"]
    assert row["gone"] in ("deleted", "hidden")
    others = [r for r in crm.table(SOURCES["company"], is_deleted=False) if r["gone"] is None]
    assert len(others) == 99


def test_complaint_05_many_records_out_of_sight_are_a_lost_permission_and_delete_nothing(
    crm: AnyCrm,
) -> None:
    ids = crm.add_companies(20)
    crm.sync()
    for record in ids[:15]:
        crm.wipe(crm.companies, record)
    crm.wait(days=40)
    report = crm.sync()
    assert report.status == "failed"
    (trouble,) = report.troubles
    assert "15 of 20 known records are not shown" in trouble
    assert crm.living("company") == set(ids)


# -- 10: associations that changed alone -----------------------------------------------------------


def test_complaint_10_a_link_that_changed_alone_is_seen(crm: AnyCrm) -> None:
    first, second = crm.add_companies(2)
    moved, cut, kept = crm.add_people(3, first)
    crm.sync()
    crm.wait(hours=3)
    if isinstance(crm, SalesforceCrm):
        crm.call("PATCH", f"sobjects/Contact/{moved}", {"AccountId": second})
        crm.call("PATCH", f"sobjects/Contact/{cut}", {"AccountId": None})
    else:
        primary = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
        crm.call("PUT", f"v4/objects/contacts/{moved}/associations/companies/{second}", primary)
        crm.call("DELETE", f"v4/objects/contacts/{cut}/associations/companies/{first}")
    crm.wait(hours=3)
    crm.sync()
    rows = crm.source("contact")
    linked = {record: rows[record]["company_record_id"] for record in (moved, cut, kept)}
    assert linked == {moved: second, cut: None, kept: first}


def test_complaint_10_a_reference_that_the_org_clears_by_itself_is_seen(
    org: SalesforceCrm,
) -> None:
    """With the parent deleted the child has none, and its own stamp has not moved."""
    parent, child, other = org.add_companies(3)
    org.call("PATCH", f"sobjects/Account/{child}", {"ParentId": parent})
    org.sync()
    assert org.source("company")[child]["parent_record_id"] == parent
    org.wait(hours=3)
    org.delete("Account", parent)
    org.wait(hours=3)
    org.sync()
    assert org.living("company") == {child, other}
    assert org.source("company")[child]["parent_record_id"] is None


# -- 12: merges ------------------------------------------------------------------------------------


def _end(rows: dict[str, Any], record: str) -> str:
    while rows[record]["merged_into"] is not None:
        record = rows[record]["merged_into"]
    return record


def test_complaint_12_a_chain_of_merges_leads_to_its_end(crm: AnyCrm) -> None:
    one, two, three, other = crm.add_companies(4)
    crm.sync()
    crm.wait(hours=1)
    middle = crm.merge(crm.companies, two, one)
    crm.wait(hours=1)
    crm.sync()
    crm.wait(hours=1)
    end = crm.merge(crm.companies, three, middle)
    crm.wait(hours=1)
    report = crm.sync()
    rows = crm.source("company")
    assert report.troubles == []
    assert {_end(rows, record) for record in (one, two, three, middle)} == {end}
    assert crm.living("company") == {end, other}


def test_complaint_12_writes_go_to_the_survivor_of_a_merge(crm: AnyCrm) -> None:
    kept, lost, other = crm.add_work(3)
    crm.sync(apply=False)
    crm.wait(hours=1)
    survivor = crm.merge(crm.work, kept, lost)
    crm.wait(hours=1)
    report = crm.sync()
    assert (report.status, report.troubles) == ("done", [])
    assert crm.written(survivor)
    assert crm.written(other)
    applied = [r["record_id"] for r in crm.table(ops_change, outcome="applied")]
    assert sorted(applied) == sorted([survivor, other])


# -- 13: formulas ----------------------------------------------------------------------------------


def test_complaint_13_a_formula_that_changed_alone_is_read_again(org: SalesforceCrm) -> None:
    """It shows the name of the account: renaming that moves no stamp of the contact."""
    formula = Field(
        name="Employer__c", type="string", label="Employer", length=255, formula="Account.Name",
        createable=False, updateable=False,
    )  # fmt: skip
    org.store.put_field("Contact", formula)
    contact = stock_mapping("salesforce")["Contact"]
    org.remap(
        org.system,
        "Contact",
        {**contact, "pull": {**contact["pull"], "Employer__c": "company_name"}},
    )
    (company, _) = org.add_companies(2)
    (person,) = org.add_people(1, company)
    org.sync()
    assert org.source("contact")[person]["company_name"] == "Account 1"
    org.wait(hours=2)
    org.rename(company, "Renamed AG")
    org.wait(hours=2)
    org.sync()
    assert org.source("contact")[person]["company_name"] == "Renamed AG"


# -- 14: fields that come and go -------------------------------------------------------------------


def test_complaint_14_a_new_field_is_told_by_the_next_run(crm: AnyCrm) -> None:
    crm.add_companies(1)
    crm.sync()
    crm.add_field("region_code")
    crm.wait(minutes=15)
    assert crm.sync().status == "done"
    events = [
        (row["object"], row["field"].lower().removesuffix("__c"), row["event"])
        for row in crm.table(ops_schema_event)
    ]
    assert events == [(crm.companies, "region_code", "field_new")]


# -- 15: a spent allowance -------------------------------------------------------------------------


@pytest.mark.parametrize("after", [3, 8])
def test_complaint_15_a_spent_allowance_pauses_and_the_next_day_goes_on(
    crm: AnyCrm, after: int
) -> None:
    """It is spent while reading, or while writing; what was read stays, what was not written
    waits."""
    work = crm.add_work(5)
    crm.spend_quota(after)
    report = crm.sync()
    assert report.status == "paused: quota"
    assert report.troubles == []
    assert crm.system in report.pauses[0]
    crm.renew_quota()
    crm.wait(hours=25)
    assert crm.sync().status == "done"
    assert all(crm.written(record) for record in work)
