"""`hub schema` and `hub status` tell what changed about fields; `accept` ends what it held back."""

from bare_systems import Place, salesforce_field

from sandbox.salesforce.ids import record_id


def test_a_vanished_choice_is_told_held_back_and_accepted(place: Place) -> None:
    place.hub("provision")
    place.remap("acme_salesforce", "Account", on_drift="freeze")
    place.org.load({"Account": [{"Id": record_id("001", 1), "Name": "Adler Systemhaus"}]})
    assert place.hub("sync", "--json").code == 0
    assert place.hub("schema", "--json").json["events_total"] == 0

    told = {"restricted": True, "valueSetDefinition": {"value": [{"fullName": "Gold"}]}}
    salesforce_field(
        place, "Account.Partner_Tier__c", "update", type="Picklist", label="Tier", valueSet=told
    )
    failed = place.hub("sync", "--json")
    assert failed.code == 1
    (trouble,) = failed.json["troubles"]
    assert "Partner_Tier__c has lost the choice 'Registered'" in trouble
    assert "hub schema accept acme_salesforce/Account" in trouble

    shown = place.hub("schema", "--json").json
    (account,) = [o for o in shown["objects"] if o["object"] == "Account"]
    assert (account["on_drift"], len(account["held"])) == ("freeze", 3)
    gone = {(e["field"], e["event"], e["before"], e["mapped"]) for e in shown["events"]}
    assert gone == {
        ("Partner_Tier__c", "choice_vanished", lost, True)
        for lost in ("Registered", "Silver", "Platinum")
    }
    crm = place.hub("status", "--json").json["systems"][0]
    assert (crm["fields_changed"], crm["held"]) == (3, ["Account"])
    assert "Held back since fields changed: acme_salesforce/Account" in place.hub("status").out
    frozen = [
        f for f in place.hub("doctor", "--json").json[1]["findings"] if "frozen" in f["message"]
    ]
    assert [(f["subject"], f["severity"]) for f in frozen] == [("Account", "error")]
    assert "What changed" in place.hub("schema").out

    accepted = place.hub("schema", "accept", "acme_salesforce/Account")
    assert accepted.out == (
        "acme_salesforce/Account: accepted as it is now, 3 differences settled\n"
    )
    assert place.hub("sync", "--json").json["troubles"] == []
    assert place.hub("status", "--json").json["systems"][0]["held"] == []


def test_accepting_what_is_not_mapped_is_refused_with_what_is(place: Place) -> None:
    refused = place.hub("schema", "accept", "acme_salesforce/Nothing")
    assert refused.code == 2
    assert "acme_salesforce/Account" in refused.err
    assert place.hub("schema", "accept").code == 2
    assert place.hub("schema", "forget").code == 2
