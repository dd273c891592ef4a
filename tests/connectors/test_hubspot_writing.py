"""Writes to HubSpot: every answer is tied to its row, and no good row pays for a bad one."""

import json
from collections.abc import Sequence

import pytest
from rigs import HubSpotRig, Incident

from hub.connectors.contract import Change, Outcome

UPDATE = "/objects/companies/batch/update"
NOT_SAVED = {"category": "VALIDATION_ERROR", "message": "The request could not be saved."}


def applied(portal: HubSpotRig, changes: Sequence[Change], **config: object) -> dict[str, Outcome]:
    outcomes = list(portal.connector(**config).apply(changes))
    assert len(outcomes) == len(changes)
    return {outcome.change_id: outcome for outcome in outcomes}


def renames(portal: HubSpotRig, count: int) -> list[Change]:
    portal.seed(count)
    return [portal.update(f"c{n}", n, f"Name of {n}") for n in range(1, count + 1)]


def refusing(portal: HubSpotRig, *rows: int, **said: object) -> None:
    """The portal refuses each request that holds one of the rows, as a whole."""
    body = json.dumps({"status": "error", **NOT_SAVED, **said}).encode()
    marks = [f'"id":"{portal.id(n)}"'.encode() for n in rows]

    def holds_one(request: bytes) -> bool:
        return any(mark in request for mark in marks)

    portal.trouble.incidents.append(Incident(UPDATE, 400, body, times=999, when=holds_one))


def sent(portal: HubSpotRig) -> list[list[str]]:
    """The record ids of each update sent, in order."""
    return [
        [row["id"] for row in json.loads(seen.body)["inputs"]]
        for seen in portal.trouble.seen
        if seen.path.endswith(UPDATE)
    ]


# -- refused as a whole


@pytest.mark.parametrize("bad", [1, 37, 100])
def test_one_bad_row_among_a_hundred_is_found_in_few_calls(portal: HubSpotRig, bad: int) -> None:
    changes = renames(portal, 100)
    refusing(portal, bad)
    told = applied(portal, changes)
    assert [name for name, one in told.items() if one.status != "applied"] == [f"c{bad}"]
    assert told[f"c{bad}"].status == "rejected"
    assert told[f"c{bad}"].message == NOT_SAVED["message"]
    assert portal.name_of(bad) == f"Account {bad}"
    assert len(sent(portal)) <= 1 + 2 * 7
    landed = [record for call in sent(portal) if portal.id(bad) not in call for record in call]
    assert sorted(landed) == sorted(portal.id(n) for n in range(1, 101) if n != bad)


def test_several_bad_rows_are_each_found(portal: HubSpotRig) -> None:
    changes = renames(portal, 40)
    refusing(portal, 3, 4, 29)
    told = applied(portal, changes)
    refused = {name for name, one in told.items() if one.status == "rejected"}
    assert refused == {"c3", "c4", "c29"}
    assert {one.status for name, one in told.items() if name not in refused} == {"applied"}


def test_a_row_that_the_refusal_judges_by_name_costs_one_more_call(portal: HubSpotRig) -> None:
    changes = renames(portal, 100)
    refusing(
        portal,
        37,
        errors=[{"code": "INVALID_OPTION", "message": "no such option"}],
        context={"objectWriteTraceId": ["c37"]},
    )
    told = applied(portal, changes)
    assert (told["c37"].code, told["c37"].message) == ("INVALID_OPTION", "no such option")
    assert [len(call) for call in sent(portal)] == [100, 99]


def test_a_row_that_the_refusal_hints_at_is_tried_alone(portal: HubSpotRig) -> None:
    changes = renames(portal, 100)
    refusing(portal, 37, message="'Name of 37' is on the list of blocked names.")
    told = applied(portal, changes)
    assert told["c37"].status == "rejected"
    assert "blocked names" in told["c37"].message
    assert [len(call) for call in sent(portal)] == [100, 99, 1]


def test_a_wrong_hint_blames_nobody(portal: HubSpotRig) -> None:
    """The refusal names a good row, and passes."""
    changes = renames(portal, 10)
    body = json.dumps({**NOT_SAVED, "context": {"ids": [portal.id(1)]}}).encode()
    portal.trouble.incidents.append(Incident(UPDATE, 400, body))
    assert {one.status for one in applied(portal, changes).values()} == {"applied"}


# -- answers that do not say all


@pytest.mark.parametrize(("committed", "status"), [(True, "applied"), (False, "pending")])
def test_a_row_that_the_answer_passes_over_is_judged_by_what_it_says_now(
    portal: HubSpotRig, committed: bool, status: str
) -> None:
    changes = renames(portal, 2)
    short = b'{"status":"COMPLETE","results":[{"id":"1002","objectWriteTraceId":"c2"}]}'
    portal.trouble.incidents.append(Incident(UPDATE, 200, short, committed=committed))
    told = applied(portal, changes)
    assert (told["c1"].status, told["c2"].status) == (status, "applied")
    if not committed:
        assert told["c1"].code == "unanswered"
        assert "companies 1001" in told["c1"].message


@pytest.mark.parametrize(("committed", "status"), [(True, "applied"), (False, "pending")])
def test_a_create_that_the_answer_passes_over_is_looked_up_by_its_key(
    portal: HubSpotRig, committed: bool, status: str
) -> None:
    portal.trouble.incidents.append(
        Incident("/batch/upsert", 200, b'{"results":[],"numErrors":1}', committed=committed)
    )
    told = applied(portal, [portal.create("c1", "key-1")])
    assert told["c1"].status == status
    assert portal.created("key-1") == ([told["c1"].record_id] if committed else [])


def test_a_merged_record_that_the_answer_passes_over_names_its_survivor(
    portal: HubSpotRig,
) -> None:
    changes = renames(portal, 3)
    survivor = portal.control("merge", object="companies", primary=1001, loser=1002)["id"]
    told = applied(portal, changes)
    assert {name: one.status for name, one in told.items()} == {
        "c1": "stale",
        "c2": "stale",
        "c3": "applied",
    }
    assert told["c2"].message == f"merged into {survivor}"


@pytest.mark.parametrize("status", [200, 207])
def test_errors_count_whatever_the_status(portal: HubSpotRig, status: int) -> None:
    changes = renames(portal, 3)
    fault = {"category": "VALIDATION_ERROR", "message": "No.", "context": {"ids": ["1001", "1003"]}}
    answer = {"results": [{"id": "1002"}], "numErrors": 1, "errors": [fault]}
    portal.trouble.incidents.append(Incident(UPDATE, status, json.dumps(answer).encode()))
    told = applied(portal, changes)
    assert {name: (one.status, one.message) for name, one in told.items()} == {
        "c1": ("rejected", "No."),
        "c2": ("applied", ""),
        "c3": ("rejected", "No."),
    }


def test_a_row_refused_for_what_may_pass_is_pending(portal: HubSpotRig) -> None:
    changes = renames(portal, 2)
    rule = {"kind": "row_errors", "category": "INTERNAL_ERROR", "message": "Try again later."}
    portal.control("faults", rules=[{**rule, "match": {"path": UPDATE, "times": 1}}])
    told = applied(portal, changes)
    assert {(one.status, one.message) for one in told.values()} == {("pending", "Try again later.")}


# -- before writing


def planned(portal: HubSpotRig, change: str, n: int, before: str, after: str) -> Change:
    return Change(
        change, "companies", "update", {"name": after}, portal.id(n), before={"name": before}
    )


def test_what_somebody_changed_since_the_plan_is_left_alone(portal: HubSpotRig) -> None:
    portal.seed(5)
    portal.touch(2, "By hand")
    portal.delete(4)
    changes = [
        planned(portal, "c1", 1, "Account 1", "New 1"),
        planned(portal, "c2", 2, "Account 2", "New 2"),
        planned(portal, "c3", 3, "Old", "Account 3"),
        planned(portal, "c4", 4, "Account 4", "New 4"),
    ]
    connector = portal.connector(compare_before_write=True)
    told = {outcome.change_id: outcome for outcome in connector.apply(changes)}
    assert {name: (one.status, one.code) for name, one in told.items()} == {
        "c1": ("applied", ""),
        "c2": ("stale", "changed_there"),
        "c3": ("applied", "already"),
        "c4": ("stale", "absent"),
    }
    assert "name was Account 2, is By hand" in told["c2"].message
    assert sent(portal) == [[portal.id(1)]]
    # properties, what the records say, the update
    assert connector.calls.used == connector.calls.minimum == 3


def test_without_being_told_to_nothing_is_compared(portal: HubSpotRig) -> None:
    portal.seed(2)
    portal.touch(2, "By hand")
    told = applied(portal, [planned(portal, "c2", 2, "Account 2", "New 2")])
    assert told["c2"].status == "applied"


def test_a_lead_without_its_contact_is_refused_without_a_call(portal: HubSpotRig) -> None:
    lead = Change("c1", "leads", "create", {"hs_lead_name": "L"}, key=("hub_lead_key", "k"))
    connector = portal.connector()
    [outcome] = connector.apply([lead])
    assert (outcome.status, outcome.code) == ("rejected", "no_contact")
    assert connector.calls.writes == 0


# -- taking away


def test_an_erased_contact_is_not_let_in_again(portal: HubSpotRig) -> None:
    person = {"properties": {"email": "ada@engines.example", "lastname": "Lovelace"}}
    contact = str(portal.call("POST", "objects/contacts", person)["id"])
    connector = portal.connector()
    [outcome] = connector.apply([Change("c1", "contacts", "erase", {}, contact)])
    assert (outcome.status, outcome.record_id) == ("applied", contact)
    assert (connector.calls.used, connector.calls.writes) == (1, 1)
    again = Change(
        "c2", "contacts", "create", {"email": "ada@engines.example"}, key=("hub_contact_key", "k")
    )
    assert applied(portal, [again])["c2"].status == "rejected"
