"""What an ops engineer does in a day: mend quarantined rows, read a plan, write it, ask why."""

from typing import Any

import pytest
import yaml
from demo_folder import Demo

from hub.commands.demo import rep_view
from hub.commands.warehouse import open_workplace
from hub.config import stock_mapping


def waiting(demo: Demo, rule: str, obj: str) -> list[dict[str, Any]]:
    """Waiting rows of one object with that fault."""
    rows: list[dict[str, Any]] = demo.hub("quarantine", "list", "--json").json["rows"]
    return [r for r in rows if r["object"] == obj and r["faults"][0]["rule"] == rule]


def hub_id(demo: Demo, entity: str, record: str) -> str:
    """Which golden row a CRM record belongs to, as `hub explain` would find it."""
    with open_workplace(demo.folder / "hub.yaml").engine.connect() as conn:
        found = conn.exec_driver_sql(
            f"SELECT hub_id FROM crosswalk WHERE entity = '{entity}' AND record_id = '{record}'"
        )
        return str(found.scalar_one())


# -- quarantine --------------------------------------------------------------------------------


def test_a_row_mended_in_the_crm_leaves_quarantine_with_the_next_sync(live: Demo) -> None:
    (row,) = waiting(live, "code_list", "Account")
    live.salesforce_edit("Account", row["record_id"], Type="Customer")
    synced = live.hub("sync", "--only", "acme_salesforce/Account", "--json")
    assert synced.code == 0
    assert synced.json["dispositions"]["new"] == 1
    assert waiting(live, "code_list", "Account") == []
    assert live.hub("quarantine", "show", str(row["id"]), "--json").json["status"] == "replaced"
    company = hub_id(live, "company", row["record_id"])
    fields = live.hub("explain", "company", company, "--json").json["fields"]
    (kind,) = [field for field in fields if field["field"] == "company_type"]
    assert kind == {
        "field": "company_type",
        "value": "customer",
        "source": f"acme_salesforce/Account/{row['record_id']}",
        "rule": "priority",
    }


def test_a_row_that_a_new_mapping_understands_is_landed_by_retry_without_the_crm(
    cold: Demo,
) -> None:
    (row,) = waiting(cold, "code_list", "Account")
    account = stock_mapping("salesforce")["Account"]
    account["values"]["company_type"][row["faults"][0]["value"]] = "customer"
    with (cold.folder / "hub.yaml").open("a") as file:
        file.write(yaml.safe_dump({"mappings": {"acme_salesforce": {"Account": account}}}))
    (retried,) = cold.hub("quarantine", "retry", str(row["id"]), "--json").json
    assert (retried["read"], retried["dispositions"]["new"]) == (1, 1)
    assert waiting(cold, "code_list", "Account") == []


def test_a_row_that_is_still_wrong_goes_on_waiting_under_its_number(cold: Demo) -> None:
    before = cold.hub("quarantine", "list", "--json").json
    assert cold.hub("quarantine", "retry").code == 0
    assert cold.hub("quarantine", "list", "--json").json == before


# -- plan and apply ------------------------------------------------------------------------------


def test_a_plan_is_read_first_and_written_once(live: Demo) -> None:
    hero = live.truth["hero"]
    live.hubspot_edit("deals", hero["deal"], dealstage="reg_info_requested")
    assert live.hub("sync", "--no-apply", "--json").code == 0

    plan = live.hub("plan", "--json")
    assert plan.code == 0
    assert set(plan.json) == {
        *("plan", "created_at", "config_hash", "calls", "changes"),
        *("status", "expires_at", "parts", "outstanding"),
    }
    # A call to write each system, one to compare its records just before, and one to ask for their
    # fields; Salesforce is signed in to as well.
    assert plan.json["calls"] == 3 + 4
    for change in plan.json["changes"]:
        assert set(change) == {
            *("id", "system", "object", "op", "record_id", "hub_id", "fields"),
            *("sends", "notes", "outcome"),
        }
    (told,) = [c for c in plan.json["changes"] if c["record_id"] == hero["opportunity"]]
    assert (told["system"], told["object"], told["op"]) == (
        *("acme_salesforce", "Opportunity", "update"),
    )
    status = told["fields"]["Partner_Registration_Status__c"]
    assert status["after"] == "Info Requested"
    assert status["why"].startswith("registration re_")

    shown = live.hub("plan")
    assert "Info Requested" in shown.out
    name = shown.out.rsplit("hub apply ", 1)[1].strip()
    before = rep_view(open_workplace(live.folder / "hub.yaml"), hero["opportunity"])
    assert before["Partner_Registration_Status__c"] != "Info Requested"

    superseded = live.hub("apply", plan.json["plan"])
    assert superseded.code == 2
    assert f"{plan.json['plan']}: plan: this plan is superseded already." in superseded.err

    applied = live.hub("apply", name, "--json")
    assert (applied.code, applied.err) == (0, "")
    assert applied.json == {
        "outcomes": {"applied": 2, "rejected": 0, "skipped": 0, "stale": 0, "pending": 0}
    }
    after = rep_view(open_workplace(live.folder / "hub.yaml"), hero["opportunity"])
    assert after["Partner_Registration_Status__c"] == "Info Requested"
    assert after["Partner_Registration_Expires__c"] is None

    again = live.hub("apply", name)
    assert again.code == 2
    assert f"{name}: plan: this plan is applied already." in again.err
    assert live.hub("plan", "--json").json["plan"] is None


def test_apply_fails_while_a_system_does_not_take_its_changes(
    live: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = live.truth["registrations"][1]["deal"]
    live.hubspot_edit("deals", deal, dealstage="reg_rejected")
    live.hub("sync", "--no-apply")
    plan = live.hub("plan", "--json").json
    # The portal takes the token away between plan and apply.
    environment = live.folder / ".env"
    before = environment.read_text()
    environment.write_text(before.replace("pat-na1-demo-0000", "pat-na1-revoked"))
    refused = live.hub("apply", plan["plan"], "--json")
    environment.write_text(before)
    assert refused.code == 1
    assert refused.json["outcomes"]["pending"] == sum(
        change["system"] == "acme_hubspot" for change in plan["changes"]
    )
    assert live.hub("apply", plan["plan"], "--json").code == 0


# -- explain -------------------------------------------------------------------------------------

EXPLAINED = {"entity", "id", "asked", "fields", "source_rows", "decisions"}
DECISION = {
    *("decision", "at", "kind", "outcome", "rule", "policy_version", "inputs", "candidates"),
}


def test_a_company_is_explained_field_by_field_with_its_source_rows(demo: Demo) -> None:
    account = demo.truth["hero"]["account"]
    company = hub_id(demo, "company", account)
    report = demo.hub("explain", "company", company, "--json").json
    assert set(report) == EXPLAINED
    assert (report["entity"], report["id"], report["asked"]) == ("company", company, company)
    name = next(field for field in report["fields"] if field["field"] == "name")
    assert name == {
        "field": "name",
        "value": "Müller & Söhne Kältetechnik GmbH",
        "source": f"acme_salesforce/Account/{account}",
        "rule": "priority",
    }
    assert f"acme_salesforce/Account/{account}" in report["source_rows"]
    assert any(row.startswith("acme_hubspot/companies/") for row in report["source_rows"])


def test_a_registration_is_explained_with_the_decisions_about_it(demo: Demo) -> None:
    deal = demo.truth["hero"]["deal"]
    registration = hub_id(demo, "registration", deal)
    report = demo.hub("explain", "registration", registration, "--json").json
    assert report["source_rows"] == [f"acme_hubspot/deals/{deal}"]
    fields = {field["field"]: field for field in report["fields"]}
    assert fields["product"]["source"] == f"acme_hubspot/deals/{deal}"
    assert fields["product"]["rule"] == "only_source"
    assert fields["status"]["rule"] == "derived"
    assert [set(decision) for decision in report["decisions"]] == [DECISION, DECISION]
    assert [decision["kind"] for decision in report["decisions"]] == ["status", "opportunity"]
    tie = report["decisions"][1]
    assert tie["outcome"] == fields["opportunity_id"]["value"]
    [chosen] = [one for one in tie["candidates"] if one["id"] == tie["outcome"]]
    assert (chosen["verdict"], set(chosen["fields"])) == ("same", {"product", "amount", "close"})
    shown = demo.hub("explain", "registration", registration).out
    assert f"{tie['outcome']}: same ({chosen['log_odds']:+.2f}, amount equal +4.5" in shown


def test_a_lead_is_explained_with_every_partner_it_could_have_gone_to(demo: Demo) -> None:
    report = demo.hub("explain", "lead", "ld_00000001", "--json").json
    (decision,) = report["decisions"]
    assert (decision["kind"], decision["policy_version"]) == ("assignment", "1")
    assert set(decision["inputs"]) == {"country", "product", "company_id", "status"}
    assert all(set(c) == {"id", "tier", "verdict"} for c in decision["candidates"])
    shown = demo.hub("explain", "lead", "ld_00000001").out
    assert f"assignment → {decision['outcome']} by {decision['rule']}" in shown


def test_a_partner_is_explained_by_the_rows_of_its_company(demo: Demo) -> None:
    hero = demo.truth["hero"]
    company = hub_id(demo, "company", demo.truth["registrations"][0]["partner_company"])
    report = demo.hub("explain", "partner", company.replace("co_", "pa_"), "--json").json
    fields = {field["field"]: field for field in report["fields"]}
    assert fields["name"]["value"] == hero["partner_name"]
    assert fields["tier"]["source"].startswith("acme_salesforce/Account/")
    assert fields["tier"]["source"] in report["source_rows"]
