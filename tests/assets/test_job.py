"""The whole job against both CRMs over HTTP, run twice."""

from dagster_rig import (
    SyncedTwice,
    all_text,
    broken_checks,
    failures,
    figures,
    materialized,
    writes,
)

from sandbox.world import World


def test_every_asset_is_materialised_and_every_law_holds(synced: SyncedTwice) -> None:
    assert failures(synced.first) == {}
    assert synced.first.success
    assert sorted(materialized(synced.first)) == [
        *("apply/acme_hubspot", "apply/acme_salesforce"),
        *("golden/company", "golden/contact", "golden/inventory_line", "golden/lead"),
        *("golden/opportunity", "golden/partner", "golden/pos_entry", "golden/pos_line"),
        *("golden/report", "golden/shipment"),
        *("identity/company", "identity/contact"),
        *("land/acme_hubspot_companies", "land/acme_hubspot_contacts"),
        *("land/acme_hubspot_deals", "land/acme_hubspot_leads"),
        *("land/acme_salesforce_Account", "land/acme_salesforce_Contact"),
        *("land/acme_salesforce_Lead", "land/acme_salesforce_Opportunity"),
        *("land/northwind_claim", "land/northwind_end_customer", "land/northwind_inventory_line"),
        *("land/northwind_pos_line", "land/northwind_report", "land/northwind_reseller"),
        "land/northwind_shipment",
        "plan/changes",
        *("policy/expected_report", "policy/lead_assignment", "policy/registration"),
        "policy/siso",
        *("run/settle", "run/verdict"),
    ]
    assert broken_checks(synced.first) == []
    assert len(synced.first.get_asset_check_evaluations()) == 15 * 3 + 7


def test_steps_run_in_the_order_of_the_flow(synced: SyncedTwice) -> None:
    groups = [key.partition("/")[0] for key in materialized(synced.first)]
    assert list(dict.fromkeys(groups)) == [
        *("land", "identity", "golden", "policy", "plan", "apply", "run"),
    ]


def test_one_run_of_the_job_is_one_hub_run_and_its_settling(synced: SyncedTwice) -> None:
    assert synced.hub.ledger() == [("dagster", "done"), ("settle", "done"), ("dagster", "done")]
    assert figures(synced.first, "run/settle")["passes"] == 1
    assert figures(synced.first, "run/verdict")["hub_runs"] == "1, 2"
    assert figures(synced.second, "run/verdict")["hub_runs"] == "3"


def test_the_first_run_writes_into_both_crms(synced: SyncedTwice) -> None:
    assert {line["system"] for line in synced.asked_by_first if line["method"] == "PATCH"} == {
        "acme_salesforce"
    }
    for system in ("acme_salesforce", "acme_hubspot"):
        assert figures(synced.first, f"apply/{system}")["changes_applied"] > 0
        assert figures(synced.first, f"apply/{system}")["changes_rejected"] == 0


def test_the_second_run_changes_nothing_and_writes_nothing(synced: SyncedTwice) -> None:
    assert synced.second.success
    for key in materialized(synced.second):
        told = figures(synced.second, key)
        if key.startswith("land/"):
            moved = {row["disposition"]: row["rows"] for row in told["dispositions"]}
            assert {moved[name] for name in ("new", "changed", "deleted")} == {0}, key
        if key.startswith(("golden/", "policy/")):
            assert told.get("rows_written", 0) == 0, key
        assert "changed_rows_preview" not in told, key
    assert figures(synced.second, "plan/changes")["plan"] == "nothing to do"
    assert writes(synced.asked_by_second) == []


def test_a_land_asset_tells_rows_faults_calls_and_seconds(
    synced: SyncedTwice, small_world: World
) -> None:
    told = figures(synced.first, "land/acme_salesforce_Account")
    assert told["rows_read"] == len(small_world.salesforce["Account"])
    dispositions = {row["disposition"]: row["rows"] for row in told["dispositions"]}
    assert sum(dispositions.values()) == told["rows_read"]
    assert told["dagster/row_count"] == dispositions["new"]
    assert told["rows_quarantined"] == dispositions["quarantined"]
    dirty = {fault.rule for fault in small_world.truth.dirty if fault.object == "Account"}
    assert dirty <= {row["rule"] for row in told["faults"]}
    assert 0 < told["calls_used"] <= told["calls_minimum"] + 1
    assert told["seconds"] > 0


def test_previews_are_short_and_hold_neither_secrets_nor_addresses(synced: SyncedTwice) -> None:
    for key in materialized(synced.first):
        assert len(figures(synced.first, key).get("changed_rows_preview", [])) <= 10
    text = all_text(synced.first)
    people = figures(synced.first, "land/acme_salesforce_Contact")["changed_rows_preview"]
    assert set(people[0]) == {"record_id", "first_name", "last_name", "company_name", "country"}
    for secret in ("demo-client-secret", "pat-na1-demo-0000", "@"):
        assert secret not in text


def test_the_plan_shows_what_would_change_and_why_but_not_the_values(synced: SyncedTwice) -> None:
    shown = figures(synced.first, "plan/changes")["preview"]
    assert len(shown) == 10
    assert list(shown[0]) == ["system", "object", "kind", "hub_id", "fields", "why"]
    assert shown[0]["fields"] == (
        "Hub_Lead_Key__c, Hub_Partner_Key__c, Hub_Partner_Lead_Status__c, Hub_Partner_Name__c"
    )
    assert shown[0]["why"].startswith("lead routing: ")
