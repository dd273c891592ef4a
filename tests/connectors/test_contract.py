"""What both CRMs keep beyond the kit's promises: how many calls, pauses and pages it takes exactly.

The promises themselves are in `hub.connectors.kit`; `test_contract_*.py` try them on each.
"""

from dataclasses import replace
from typing import Any

import pytest
from rigs import HubSpotRig, Incident, SalesforceRig, ids, until_broken

from hub.connectors.contract import ObjectSpec
from hub.errors import (
    CredentialsRefused,
    QuotaSpent,
    SystemUnreachable,
)

AnyRig = SalesforceRig | HubSpotRig


def pulled(rig: AnyRig, cursor: str | None = None, **config: Any) -> tuple[list[str], str]:
    """Ids read, in order of reading, and the cursor after them."""
    connector = rig.connector(**config)
    batches = list(connector.pull(rig.spec, cursor))
    connector.close()
    told = batches[-1].cursor
    assert told is not None
    return ids(batches), told


# -- reading


@pytest.mark.parametrize("pages_read", [1, 2, 4])
def test_a_broken_first_load_goes_on_after_the_last_page_read(rig: AnyRig, pages_read: int) -> None:
    expected = rig.seed(23, one_stamp=True)
    rig.shrink_pages(5)
    rig.trouble.incidents.append(Incident(rig.pages, 503, times=99, after=pages_read))
    read, error = until_broken(rig.connector(attempts=2).pull(rig.spec, None))
    assert isinstance(error, SystemUnreachable)
    assert len(ids(read)) == 5 * pages_read
    rig.trouble.incidents.clear()
    rest, _ = pulled(rig, read[-1].cursor)
    assert sorted(ids(read) + rest) == sorted(expected)


def test_a_deleted_record_arrives_flagged(rig: AnyRig) -> None:
    rig.seed(5)
    _, cursor = pulled(rig)
    rig.wait(hours=1)
    rig.delete(2)
    rig.wait(minutes=1)
    [batch] = rig.connector().pull(rig.spec, cursor)
    assert batch.rows.select("record_id", "is_deleted").rows() == [(rig.id(2), "true")]
    assert batch.rows["modified_at"][0] == "2026-05-04T13:00:00.000Z"


# -- failing


def test_bad_credentials_fail_at_once_and_say_what_to_do(rig: AnyRig) -> None:
    connector = rig.badly_signed_in()
    for _ in range(2):
        with pytest.raises(CredentialsRefused) as caught:
            list(connector.pull(rig.spec, None))
    assert caught.value.remedy
    assert rig.time.slept == []
    attempts_allowed = {"acme_salesforce": 1, "acme_hubspot": 2}
    assert connector.calls.used == attempts_allowed[rig.system]


@pytest.mark.parametrize("status", [500, 502, 503, 0])
def test_a_passing_failure_while_reading_is_waited_out(rig: AnyRig, status: int) -> None:
    expected = rig.seed(12)
    rig.shrink_pages(5)
    page = b"<html>Bad gateway</html>"
    rig.trouble.incidents.append(Incident(rig.pages, status, page, times=2, after=1))
    read, _ = pulled(rig)
    assert sorted(read) == sorted(expected)
    assert len(rig.time.slept) == 2


# -- writing


@pytest.mark.parametrize("committed", [True, False])
def test_a_write_whose_answer_was_lost_touches_each_record_once(
    rig: AnyRig, committed: bool
) -> None:
    rig.seed(3)
    rig.trouble.incidents.append(Incident(rig.writes, 0, committed=committed))
    outcomes = list(rig.connector().apply([rig.update(f"c{n}", n) for n in (1, 2, 3)]))
    assert [(o.status, o.record_id) for o in outcomes] == [
        ("applied", rig.id(n)) for n in (1, 2, 3)
    ]
    assert [rig.name_of(n) for n in (1, 2, 3)] == ["New name"] * 3
    sent = [seen for seen in rig.trouble.seen if rig.writes in seen.path]
    assert len(sent) == (1 if committed else 2)


def test_what_a_lost_request_did_not_write_is_sent_again_alone(rig: AnyRig) -> None:
    """Before the second attempt somebody has put one of three records right."""
    rig.seed(3)
    rig.touch(2, "New name")
    rig.trouble.incidents.append(Incident(rig.writes, 0))
    outcomes = list(rig.connector().apply([rig.update(f"c{n}", n) for n in (1, 2, 3)]))
    assert sorted((o.change_id, o.status, o.record_id) for o in outcomes) == [
        (f"c{n}", "applied", rig.id(n)) for n in (1, 2, 3)
    ]
    again = [seen.body.decode() for seen in rig.trouble.seen if rig.writes in seen.path][-1]
    assert [rig.id(n) in again for n in (1, 2, 3)] == [True, False, True]


def test_a_repeated_write_is_the_same_request_headers_and_all(rig: AnyRig) -> None:
    rig.seed(1)
    rig.trouble.incidents.append(Incident(rig.writes, 503))
    [outcome] = rig.connector().apply([rig.update("c1", 1)])
    assert outcome.status == "applied"
    first, second = [seen for seen in rig.trouble.seen if rig.writes in seen.path]
    assert first == second
    if isinstance(rig, SalesforceRig):
        assert second.headers["sforce-auto-assign"] == "FALSE"


def test_when_the_system_goes_away_what_is_left_is_pending(rig: AnyRig) -> None:
    size = {"acme_salesforce": 200, "acme_hubspot": 100}[rig.system]
    rig.seed(2 * size + 1)
    changes = [rig.update(f"c{n}", n) for n in range(1, 2 * size + 2)]
    rig.trouble.incidents.append(Incident(rig.writes, 503, times=99, after=1))
    outcomes = list(rig.connector(attempts=2).apply(changes))
    assert [outcome.status for outcome in outcomes] == ["applied"] * size + ["pending"] * (size + 1)
    assert {outcome.code for outcome in outcomes[size:]} == {"unreachable"}
    assert [outcome.change_id for outcome in outcomes] == [change.id for change in changes]


def test_a_write_whose_record_cannot_be_read_after_a_lost_answer_is_in_doubt(rig: AnyRig) -> None:
    """Whatever keeps it from being read: it may have been written, and the code says so."""
    rig.seed(1)
    refusal = {"acme_salesforce": 403, "acme_hubspot": 401}[rig.system]
    rig.trouble.incidents.append(Incident(rig.writes, committed=True))
    rig.trouble.incidents.append(Incident(rig.reads_after, refusal, times=99))
    [outcome] = rig.connector().apply([rig.update("c1", 1)])
    assert (outcome.status, outcome.code) == ("pending", "unreachable")
    assert str(refusal) in outcome.message


def test_a_create_in_doubt_is_looked_for_and_not_written_again(rig: AnyRig) -> None:
    made = rig.create("c1", "key-1")
    [first] = rig.connector().apply([made])
    rig.trouble.seen.clear()
    connector = rig.connector()
    again = {
        o.change_id: o
        for o in connector.apply(
            [
                replace(made, compare=True),
                replace(rig.create("c2", "key-2"), compare=True),
            ]
        )
    }
    assert (again["c1"].status, again["c1"].record_id) == ("applied", first.record_id)
    assert rig.created("key-2") == [again["c2"].record_id]
    [sent] = [seen.body.decode() for seen in rig.trouble.seen if rig.writes in seen.path]
    assert ("key-1" in sent, "key-2" in sent) == (False, True)


def test_refused_credentials_leave_every_change_pending(rig: AnyRig) -> None:
    [outcome] = rig.badly_signed_in().apply([rig.update("c1", 1)])
    assert (outcome.status, outcome.code) == ("pending", "credentials_refused")
    assert outcome.remedy


def test_a_spent_allowance_stops_reading_and_leaves_writes_pending(rig: AnyRig) -> None:
    rig.seed(3)
    connector = rig.connector()
    list(connector.pull(rig.spec, None))
    if isinstance(rig, SalesforceRig):
        said = b'[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]'
        rig.trouble.incidents.append(Incident("/services/data", 403, said, times=99))
    else:
        rig.control("switches", daily_max=1, enforce_daily=True)
    with pytest.raises(QuotaSpent) as caught:
        list(connector.pull(rig.spec, None))
    assert caught.value.seconds
    outcomes = list(connector.apply([rig.update("c1", 1), rig.update("c2", 2)]))
    assert [(outcome.status, outcome.code) for outcome in outcomes] == [
        ("pending", "quota_spent"),
        ("pending", "quota_spent"),
    ]
    assert rig.time.slept == []


# -- accounting


def test_calls_used_are_the_computed_minimum_and_what_the_server_saw(rig: AnyRig) -> None:
    rig.seed(250)
    connector = rig.connector()
    *_, first = connector.pull(rig.spec, None)
    rig.wait(hours=1)
    list(connector.apply([rig.update(f"c{n}", n) for n in range(1, 206)]))
    rig.wait(minutes=1)
    changed = ids(connector.pull(rig.spec, first.cursor))
    list(connector.apply([rig.create("c1", "key-1")]))
    assert len(changed) == 205
    assert connector.calls.used == connector.calls.minimum == len(rig.log.lines)
    expected = {
        # token, describe ×2, first load 1, updates 2, increment 1, create 1
        "acme_salesforce": 8,
        # properties ×2, first load 3, updates 3, archived list 1, searches 2, create 1
        "acme_hubspot": 12,
    }
    assert connector.calls.used == expected[rig.system]
    assert connector.calls.writes == {"acme_salesforce": 3, "acme_hubspot": 4}[rig.system]


def test_the_quota_is_read_from_the_answers(rig: AnyRig) -> None:
    connector = rig.connector()
    list(connector.pull(rig.spec, None))
    assert (
        connector.calls.quota_limit
        == {"acme_salesforce": 15_000, "acme_hubspot": 625_000}[rig.system]
    )
    assert connector.calls.quota_used is not None
    assert connector.calls.quota_used > 0


def test_preflight_finds_a_stock_system_in_order(rig: AnyRig) -> None:
    kind = rig.system.removeprefix("acme_")
    mapping = rig.settings(kind).mappings[rig.system]
    specs = [ObjectSpec(name, entry.all_fields) for name, entry in mapping.items()]
    findings = [f for f in rig.connector().preflight(specs) if f.subject != "clock"]
    assert {finding.severity for finding in findings} == {"ok"}
    assert {"quota", *mapping} <= {finding.subject for finding in findings}


def test_preflight_names_what_is_wrong_and_the_way_out(rig: AnyRig) -> None:
    spec = ObjectSpec(rig.obj, (*rig.fields, "no_such_field"))
    [problem] = [f for f in rig.connector().preflight([spec]) if f.severity == "error"]
    assert problem.subject == rig.obj
    assert "no_such_field" in problem.message
    assert problem.remedy
    [refused] = rig.badly_signed_in().preflight([rig.spec])
    assert (refused.subject, refused.severity) == ("credentials", "error")
    assert refused.remedy
