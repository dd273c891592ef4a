"""Parts of the flow on their own: one object, a plan to look at, its application, checks alone."""

import dagster as dg
from dagster_rig import Hub, broken_checks, failures, figures, materialized
from demo_folder import Answer, Demo

UP_TO_THE_PLAN = (
    *("land/acme_salesforce_Account", "land/acme_salesforce_Contact"),
    *("land/acme_salesforce_Lead", "land/acme_salesforce_Opportunity"),
    *("identity/company", "identity/contact"),
    *("golden/company", "golden/partner", "golden/contact", "golden/lead", "golden/opportunity"),
    *("policy/registration", "policy/lead_assignment"),
    "plan/changes",
)


def test_one_object_lands_alone_as_a_hub_run_of_its_own(feed: Hub) -> None:
    result = feed.materialize("land/northwind_reseller")
    assert result.success
    assert materialized(result) == ["land/northwind_reseller"]
    assert [check.check_name for check in result.get_asset_check_evaluations()] == [
        "schema",
        "conservation",
        "honesty",
    ]
    assert feed.ledger() == [("dagster", "done")]
    assert feed.query("SELECT object, rows, completed FROM ops_read") == [("reseller", 1, 1)]


def test_golden_tables_written_by_one_step_come_together(feed: Hub) -> None:
    result = feed.materialize("golden/company", "golden/partner")
    assert result.success
    assert materialized(result) == ["golden/company", "golden/partner"]


def test_checks_alone_judge_the_newest_sync_and_begin_no_run(feed: Hub) -> None:
    feed.sync()
    defs = feed.definitions()
    result = dg.materialize(
        [*(defs.assets or []), *(defs.asset_checks or [])],
        selection=dg.AssetSelection.all_asset_checks(),
        resources=dict(defs.resources or {}),
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )
    assert result.success
    assert len(result.get_asset_check_evaluations()) == 7 * 3 + 7
    assert broken_checks(result) == []
    assert feed.ledger() == [("dagster", "done")]


def _somebody_edits_a_lead(hub: Hub) -> str:
    """A field that the hub owns; returns the id of the lead."""
    (record_id,) = hub.query(
        "SELECT min(record_id) FROM ops_change WHERE object = 'Lead' AND outcome = 'applied'"
    )[0]
    people = Demo(hub.folder, Answer(0, "", ""))
    people.salesforce_edit("Lead", record_id, Hub_Partner_Name__c="Somebody else")
    return str(record_id)


def test_a_plan_can_be_looked_at_before_it_is_applied(copied: Hub) -> None:
    lead = _somebody_edits_a_lead(copied)
    planned = copied.materialize(*UP_TO_THE_PLAN)
    assert failures(planned) == {}
    changes = figures(planned, "plan/changes")["changes"]
    assert changes == [{"change": "update acme_salesforce/Lead", "rows": 1}]

    applied = copied.materialize("apply/acme_salesforce")
    assert failures(applied) == {}
    told = figures(applied, "apply/acme_salesforce")
    assert (told["plan"], told["changes_applied"]) == ("plan-000002", 1)
    assert copied.query("SELECT status FROM ops_plan WHERE plan = 'plan-000002'") == [("applied",)]
    newest = copied.query("SELECT record_id, outcome FROM ops_change ORDER BY id DESC LIMIT 1")
    assert newest == [(lead, "applied")]


def test_a_plan_that_is_no_longer_as_things_stand_is_not_applied(copied: Hub) -> None:
    _somebody_edits_a_lead(copied)
    assert copied.materialize(*UP_TO_THE_PLAN).success
    assert copied.materialize("policy/lead_assignment").success
    result = copied.materialize("apply/acme_salesforce")
    told = failures(result)["apply__acme_salesforce"]
    assert told["message"] == "There is no stored plan that is still as things stand."
    assert told["remedy"] == "materialise plan/changes first"
    assert copied.ledger()[-1] == ("dagster", "failed")
    assert copied.query("SELECT DISTINCT outcome FROM ops_change WHERE plan = 'plan-000002'") == [
        ("pending",)
    ]
