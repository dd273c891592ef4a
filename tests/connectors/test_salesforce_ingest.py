"""Writing by Bulk API 2.0, and what is done when a call, a row or a lock stands in the way."""

import pytest
from rigs import Incident, SalesforceRig

from hub.connectors.contract import Change, Outcome


def paths(org: SalesforceRig) -> list[str]:
    return [s.path.removeprefix("/services/data/v62.0/") for s in org.trouble.seen]


def by_id(outcomes: list[Outcome]) -> dict[str, Outcome]:
    told = {outcome.change_id: outcome for outcome in outcomes}
    assert len(told) == len(outcomes)
    return told


def names(org: SalesforceRig) -> dict[str, str]:
    return {r["Id"]: r["Name"] for r in org.query("SELECT Id, Name FROM Account LIMIT 2000")}


# -- by job


def test_many_deletes_go_by_one_job(org: SalesforceRig) -> None:
    org.seed(1_300)
    connector = org.connector()
    changes = [Change(f"c{n}", "Account", "delete", {}, org.id(n)) for n in range(1, 1_300)]
    outcomes = list(connector.apply(changes))
    assert {outcome.status for outcome in outcomes} == {"applied"}
    assert list(names(org)) == [org.id(1_300)]
    # token, describe; make, upload, close, two looks
    assert connector.calls.used == connector.calls.minimum == 2 + 5


def test_many_updates_go_by_one_job(org: SalesforceRig) -> None:
    org.seed(1_300)
    connector = org.connector()
    outcomes = list(connector.apply([org.update(f"c{n}", n, f"New {n}") for n in range(1, 1_301)]))
    assert {outcome.status for outcome in outcomes} == {"applied"}
    assert [o.record_id for o in outcomes] == [org.id(n) for n in range(1, 1_301)]
    assert names(org)[org.id(777)] == "New 777"
    # token, describe; make, upload, close, two looks
    assert connector.calls.used == connector.calls.minimum == 2 + 5
    assert connector.calls.writes == 3


def test_few_updates_go_in_batches(org: SalesforceRig) -> None:
    org.seed(1_000)
    connector = org.connector()
    list(connector.apply([org.update(f"c{n}", n) for n in range(1, 1_001)]))
    assert connector.calls.used == connector.calls.minimum == 2 + 5
    assert connector.calls.writes == 5


def test_a_plan_knows_what_writing_will_cost(org: SalesforceRig) -> None:
    assert [org.connector().write_calls("Account", n) for n in (1, 200, 201, 1_200, 50_000)] == [
        1,
        1,
        2,
        6,
        6,
    ]
    assert org.connector(bulk="never").write_calls("Account", 50_000) == 250


def test_values_arrive_by_a_job_as_they_do_in_a_batch(org: SalesforceRig) -> None:
    texts = {
        "Name": 'Comma, "quote"\nand line',
        "Description": "Ünïcödé 🚀\r\nsecond line ",
        "Website": None,
        "NumberOfEmployees": "12",
        "AnnualRevenue": "12500000.5",
        "Partner_Territories__c": "DE;FR",
        "Tax_Id__c": "#N/A",
    }
    org.seed(2)
    for n, mode in ((1, "never"), (2, "always")):
        org.call("PATCH", f"sobjects/Account/{org.id(n)}", {"Website": "https://old.example"})
        change = Change("c", "Account", "update", texts, org.id(n))
        [outcome] = org.connector(bulk=mode).apply([change])
        assert outcome.status == "applied"
    one, two = org.query(f"SELECT {', '.join(texts)} FROM Account ORDER BY Id")
    assert {**one, "attributes": 0} == {**two, "attributes": 0}
    assert one["Website"] is None
    assert one["Tax_Id__c"] == "#N/A"


def test_fields_that_a_change_does_not_name_stay_as_they_are(org: SalesforceRig) -> None:
    org.seed(2)
    changes = [
        Change("c1", "Account", "update", {"Phone": "1"}, org.id(1)),
        Change("c2", "Account", "update", {"Website": None}, org.id(2)),
    ]
    org.call("PATCH", f"sobjects/Account/{org.id(1)}", {"Website": "https://keep.example"})
    list(org.connector(bulk="always").apply(changes))
    [first] = org.query(f"SELECT Website, Phone FROM Account WHERE Id = '{org.id(1)}'")
    assert (first["Website"], first["Phone"]) == ("https://keep.example", "1")


def test_results_in_any_order_are_tied_to_their_rows(org: SalesforceRig) -> None:
    org.seed(6)
    org.delete(2)
    changes = [
        org.update("c1", 1),
        org.update("c2", 2),
        org.invalid("c3", 3),
        org.update("c4", 4, None),
        org.update("c5", 5),
        org.update("c6", 999),
    ]
    connector = org.connector(bulk="always")
    told = by_id(list(connector.apply(changes)))
    assert {name: (o.status, o.code) for name, o in told.items()} == {
        "c1": ("applied", ""),
        "c2": ("stale", "ENTITY_IS_DELETED"),
        "c3": ("rejected", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        "c4": ("rejected", "REQUIRED_FIELD_MISSING"),
        "c5": ("applied", ""),
        "c6": ("stale", "INVALID_CROSS_REFERENCE_KEY"),
    }
    assert "Partner_Tier__c" in told["c3"].message
    assert "`map`" in told["c3"].remedy
    assert connector.calls.used == connector.calls.minimum


def test_creates_by_a_job_make_one_record_each_and_name_it(org: SalesforceRig) -> None:
    changes = [org.create(f"c{n}", f"Key {n}") for n in range(5)]
    for _ in range(2):
        connector = org.connector(bulk="always")
        told = by_id(list(connector.apply(changes)))
        found = org.query("SELECT Id, Hub_Lead_Key__c, OwnerId FROM Lead")
        assert {r["Hub_Lead_Key__c"]: r["Id"] for r in found} == {
            f"Key {n}": told[f"c{n}"].record_id for n in range(5)
        }
        assert connector.calls.used == connector.calls.minimum == 2 + 6


def test_a_second_change_to_a_record_waits_for_a_second_job(org: SalesforceRig) -> None:
    org.seed(1)
    changes = [org.update("c1", 1, "First"), org.update("c2", 1, "Second")]
    told = list(org.connector(bulk="always").apply(changes))
    assert [outcome.status for outcome in told] == ["applied"] * 2
    assert org.name_of(1) == "Second"


def test_rows_a_job_never_came_to_are_pending(org: SalesforceRig) -> None:
    org.seed(9)
    org.control("switches", bulk_fail_after_rows=4)
    outcomes = list(
        org.connector(bulk="always").apply([org.update(f"c{n}", n, "New") for n in range(1, 10)])
    )
    landed = {record for record, name in names(org).items() if name == "New"}
    assert len(landed) == 4
    assert {o.record_id for o in outcomes if o.status == "applied"} == landed
    left = [o for o in outcomes if o.status == "pending"]
    assert {(o.code, len(left)) for o in left} == {("unprocessed", 5)}


def test_what_no_job_takes_goes_in_batches(org: SalesforceRig) -> None:
    org.seed(3)
    org.control("switches", daily_bulk_batches=0)
    changes = [org.update(f"c{n}", n, "New") for n in range(1, 4)]
    assert {o.status for o in org.connector(bulk="always").apply(changes)} == {"applied"}
    refused = b'[{"errorCode":"FEATURENOTENABLED","message":"Bulk API is not enabled"}]'
    org.trouble.incidents.append(Incident("/jobs/ingest", 400, refused))
    assert {o.status for o in org.connector(bulk="always").apply(changes)} == {"applied"}
    assert set(names(org).values()) == {"New"}


def test_rows_locked_in_a_job_are_tried_again_in_batches(org: SalesforceRig) -> None:
    org.seed(4)
    org.control("lock-rows", ids=[org.id(2)], attempts=2)
    changes = [org.update(f"c{n}", n, "New") for n in range(1, 5)]
    assert {o.status for o in org.connector(bulk="always").apply(changes)} == {"applied"}
    assert set(names(org).values()) == {"New"}


@pytest.mark.parametrize("step", ["/batches", "/jobs/ingest/"])
def test_a_step_whose_answer_was_lost_is_not_taken_for_a_failure(
    org: SalesforceRig, step: str
) -> None:
    org.seed(3)
    after = 1 if step == "/jobs/ingest/" else 0
    org.trouble.incidents.append(Incident(step, 0, committed=True, after=after))
    changes = [org.update(f"c{n}", n, "New") for n in range(1, 4)]
    assert {o.status for o in org.connector(bulk="always").apply(changes)} == {"applied"}
    assert set(names(org).values()) == {"New"}


@pytest.mark.parametrize(
    "results",
    [
        b'"sf__Id","sf__Created","Hub_Lead_Key__c"\n"00Q1","true","key-9"\n',
        b'"sf__Id","sf__Created","Hub_Lead_Key__c"\n"00Q1","true","key-1"\n"00Q2","true","key-1"\n',
    ],
)
def test_results_that_belong_to_no_row_settle_nothing(org: SalesforceRig, results: bytes) -> None:
    org.trouble.incidents.append(Incident("/successfulResults", 200, results))
    changes = [org.create("c1", "key-1"), org.create("c2", "key-2")]
    outcomes = list(org.connector(bulk="always").apply(changes))
    assert [o.status for o in outcomes] == ["pending", "pending"]


def test_a_job_is_not_used_where_it_would_not_do_what_is_configured(org: SalesforceRig) -> None:
    list(org.connector(bulk="always", auto_assign=True).apply([org.create("c1", "key-1")]))
    list(org.connector(bulk="always", duplicate_rules="alert").apply([org.create("c2", "key-2")]))
    assert not [path for path in paths(org) if "ingest" in path]


# -- calls that fail as a whole


@pytest.mark.parametrize("status", [500, 0, 400])
def test_a_row_that_breaks_its_call_is_found_and_the_others_land(
    org: SalesforceRig, status: int
) -> None:
    org.seed(20)
    changes = [
        org.update(f"c{n}", n, f"Poison {n}" if n in (7, 8) else "New") for n in range(1, 21)
    ]
    said = b'[{"errorCode":"SOME_ERROR","message":"failed"}]' if status == 400 else b"<html>"
    org.trouble.incidents.append(
        Incident(org.writes, status, said, times=999, when=lambda body: b"Poison" in body)
    )
    told = by_id(list(org.connector(attempts=2).apply(changes)))
    bad = {name: o for name, o in told.items() if o.status != "applied"}
    assert {name: (o.status, o.code) for name, o in bad.items()} == {
        "c7": ("rejected", "fails_alone"),
        "c8": ("rejected", "fails_alone"),
    }
    assert sorted(names(org).values()).count("New") == 18


def test_a_system_that_is_away_is_not_taken_for_bad_rows(org: SalesforceRig) -> None:
    org.seed(20)
    connector = org.connector(attempts=2)
    list(connector.apply([org.update("c0", 1)]))
    org.trouble.incidents.append(Incident("/services/data", 500, times=999))
    before = connector.calls.used
    outcomes = list(connector.apply([org.update(f"c{n}", n) for n in range(1, 21)]))
    assert {(o.status, o.code) for o in outcomes} == {("pending", "unreachable")}
    assert connector.calls.used - before == 2 + 2  # the call and the look whether anybody is there


def test_a_resource_that_always_fails_is_given_up_soon(org: SalesforceRig) -> None:
    org.seed(200)
    org.trouble.incidents.append(Incident(org.writes, 500, times=9_999))
    connector = org.connector(attempts=2)
    outcomes = list(connector.apply([org.update(f"c{n}", n) for n in range(1, 201)]))
    assert {o.status for o in outcomes} <= {"pending", "rejected"}
    assert connector.calls.used < 60


# -- locks


def test_rows_of_one_parent_travel_together(org: SalesforceRig) -> None:
    org.seed(2)
    fields = {"StageName": "Prospecting", "CloseDate": "2026-09-30"}
    changes = [
        Change(
            f"c{n}",
            "Opportunity",
            "create",
            {**fields, "Name": f"Deal {n}", "AccountId": org.id(1 + n % 2)},
            key=("Hub_Registration_Key__c", f"reg-{n}"),
        )
        for n in range(6)
    ]
    told = list(org.connector().apply(changes))
    assert [o.change_id for o in told] == ["c0", "c2", "c4", "c1", "c3", "c5"]
    assert {o.status for o in told} == {"applied"}


def test_locked_rows_are_tried_again_in_smaller_groups(org: SalesforceRig) -> None:
    org.seed(120)
    org.control("lock-rows", ids=[org.id(n) for n in range(1, 121)], attempts=2)
    outcomes = list(org.connector().apply([org.update(f"c{n}", n) for n in range(1, 121)]))
    assert {o.status for o in outcomes} == {"applied"}
    sizes = [
        seen.body.count(b'"attributes"') for seen in org.trouble.seen if org.writes in seen.path
    ]
    assert sizes == [120, 50, 50, 20, *[10] * 12]


# -- duplicates


def _rule(org: SalesforceRig, action: str, *, detail: bool = True) -> None:
    rule = {"object": "Lead", "fields": ["LastName", "Company"], "action": action}
    org.control("switches", duplicate_rules=[rule], duplicate_result_in_error=detail)


@pytest.mark.parametrize("detail", [True, False])
def test_a_duplicate_is_left_to_a_steward_with_its_candidates(
    org: SalesforceRig, detail: bool
) -> None:
    list(org.connector().apply([org.create("c1", "key-1")]))
    [known] = org.created("key-1")
    _rule(org, "alert", detail=detail)
    [outcome] = org.connector().apply([org.create("c2", "key-2")])
    assert (outcome.status, outcome.code) == ("rejected", "DUPLICATES_DETECTED")
    assert (known in outcome.message) is detail
    assert "review" in outcome.remedy
    assert org.created("key-2") == []


def test_alerts_give_way_when_configured_and_blocks_never(org: SalesforceRig) -> None:
    list(org.connector().apply([org.create("c1", "key-1")]))
    _rule(org, "alert")
    [outcome] = org.connector(duplicate_rules="alert").apply([org.create("c2", "key-2")])
    assert outcome.status == "applied"
    _rule(org, "block")
    [outcome] = org.connector(duplicate_rules="alert").apply([org.create("c3", "key-3")])
    assert outcome.code == "DUPLICATES_DETECTED"


# -- looking before writing


def _planned(org: SalesforceRig, n: int, before: str, after: str) -> Change:
    return Change(f"c{n}", "Account", "update", {"Name": after}, org.id(n), before={"Name": before})


def test_what_somebody_else_has_changed_since_is_not_overwritten(org: SalesforceRig) -> None:
    org.seed(4)
    org.touch(2, "Theirs")
    org.touch(3, "Ours")
    org.delete(4)
    changes = [_planned(org, n, f"Account {n}", "Ours") for n in (1, 2, 3, 4)]
    connector = org.connector(compare_before_write=True)
    told = by_id(list(connector.apply(changes)))
    assert {name: (o.status, o.code) for name, o in told.items()} == {
        "c1": ("applied", ""),
        "c2": ("stale", "changed_there"),
        "c3": ("applied", "already"),
        "c4": ("stale", "gone"),
    }
    assert "Name was Account 2, is Theirs" in told["c2"].message
    assert org.name_of(2) == "Theirs"
    assert connector.calls.used == connector.calls.minimum == 2 + 1 + 1


def test_a_converted_lead_is_not_written_and_told_where_it_went(org: SalesforceRig) -> None:
    list(org.connector().apply([org.create("c1", "key-1")]))
    [lead] = org.created("key-1")
    became = org.control("convert-lead", lead_id=lead)
    change = Change("c2", "Lead", "update", {"Hub_Partner_Key__c": "P-1"}, lead)
    [blind] = org.connector().apply([change])
    assert (blind.status, blind.code) == ("stale", "CANNOT_UPDATE_CONVERTED_LEAD")
    connector = org.connector(compare_before_write=True)
    [seeing] = connector.apply([change])
    assert (seeing.status, seeing.code) == ("stale", "CANNOT_UPDATE_CONVERTED_LEAD")
    assert became["opportunityId"] in seeing.message
    assert connector.calls.writes == 0
