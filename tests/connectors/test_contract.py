"""What every connector to a CRM promises, tried on each against its sandbox over HTTP."""

import logging
from typing import Any

import pytest
from rigs import HubSpotRig, Incident, SalesforceRig, ids, until_broken

from hub.connectors.contract import ObjectSpec
from hub.errors import (
    CredentialsRefused,
    QuotaSpent,
    SchemaChanged,
    StopSync,
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


def test_rows_are_text_with_the_reserved_columns_first(rig: AnyRig) -> None:
    rig.seed(1)
    [batch] = rig.connector().pull(rig.spec, None)
    assert batch.rows.columns == [
        "record_id",
        "modified_at",
        "is_deleted",
        "merged_into",
        *rig.fields,
    ]
    assert {str(kind) for kind in batch.rows.dtypes} == {"String"}
    row = batch.rows.row(0, named=True)
    assert row["record_id"] == rig.id(1)
    assert row["modified_at"] == "2026-05-03T12:00:01.000Z"
    assert row["is_deleted"] == "false"
    assert row[rig.fields[0]] == "Account 1"


def test_every_row_is_read_once_however_many_pages_there_are(rig: AnyRig) -> None:
    expected = rig.seed(23)
    rig.shrink_pages(5)
    read, _ = pulled(rig)
    assert sorted(read) == sorted(expected)


def test_an_empty_object_ends_with_a_cursor(rig: AnyRig) -> None:
    read, cursor = pulled(rig)
    assert read == []
    assert "since" in cursor


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


def test_an_increment_reads_only_what_changed_since(rig: AnyRig) -> None:
    rig.seed(10)
    _, cursor = pulled(rig)
    rig.wait(hours=1)
    rig.touch(3, "Renamed")
    rig.wait(minutes=15)
    read, cursor = pulled(rig, cursor)
    assert read == [rig.id(3)]
    rig.wait(hours=1)
    read, _ = pulled(rig, cursor)
    assert read == []


def test_what_changed_shortly_before_a_pull_is_read_again_by_the_next(rig: AnyRig) -> None:
    rig.seed(10)
    rig.touch(4, "Renamed")
    rig.wait(minutes=4)
    _, cursor = pulled(rig)
    rig.wait(hours=1)
    assert pulled(rig, cursor, overlap_minutes=10)[0] == [rig.id(4)]


def test_the_watermark_never_moves_backwards(rig: AnyRig) -> None:
    rig.seed(1)
    _, first = pulled(rig, overlap_minutes=0)
    _, second = pulled(rig, first, overlap_minutes=600)
    assert second >= first


def test_a_deleted_record_arrives_flagged(rig: AnyRig) -> None:
    rig.seed(5)
    _, cursor = pulled(rig)
    rig.wait(hours=1)
    rig.delete(2)
    rig.wait(minutes=1)
    [batch] = rig.connector().pull(rig.spec, cursor)
    assert batch.rows.select("record_id", "is_deleted").rows() == [(rig.id(2), "true")]
    assert batch.rows["modified_at"][0] == "2026-05-04T13:00:00.000Z"


def test_a_field_that_is_not_there_is_named(rig: AnyRig) -> None:
    spec = ObjectSpec(rig.obj, (*rig.fields, "no_such_field"))
    with pytest.raises(SchemaChanged, match="no_such_field") as caught:
        list(rig.connector().pull(spec, None))
    assert "mapping" in caught.value.remedy


def test_a_cursor_that_cannot_be_read_says_what_to_do(rig: AnyRig) -> None:
    with pytest.raises(StopSync) as caught:
        list(rig.connector().pull(rig.spec, "no cursor of ours"))
    assert caught.value.remedy == "run `hub sync --full`"


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


def test_secrets_are_in_no_error_log_or_repr(rig: AnyRig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    rig.seed(1)
    connector = rig.connector(attempts=2)
    told = [repr(connector), repr(vars(connector))]
    for status in (400, 401, 403, 500, 0):
        rig.trouble.incidents = [Incident("/", status, b'{"message": "no"}', times=9)]
        with pytest.raises((StopSync, SystemUnreachable)) as caught:
            list(connector.pull(rig.spec, None))
        told += [str(caught.value), repr(caught.value)]
    told += [record.getMessage() for record in caplog.records]
    for secret in (*rig.secrets, "Bearer "):
        assert not [line for line in told if secret in line]


def test_a_server_that_never_answers_is_given_up(rig: AnyRig) -> None:
    rig.trouble.incidents.append(Incident("/", 503, times=9, hang=0.6))
    with pytest.raises(SystemUnreachable, match="no answer"):
        list(rig.connector(attempts=2, timeout_seconds=0.2).pull(rig.spec, None))


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


def test_each_change_has_one_outcome_of_its_own(rig: AnyRig) -> None:
    rig.seed(3)
    changes = [
        rig.update("c1", 1),
        rig.invalid("c2", 2),
        rig.update("c3", 999),
        rig.create("c4", "key-1"),
        rig.update("c5", 3),
    ]
    outcomes = {outcome.change_id: outcome for outcome in rig.connector().apply(changes)}
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "c1": "applied",
        "c2": "rejected",
        "c3": "stale",
        "c4": "applied",
        "c5": "applied",
    }
    assert outcomes["c1"].record_id == rig.id(1)
    assert outcomes["c2"].message
    assert "`map`" in outcomes["c2"].remedy
    assert [outcomes["c4"].record_id] == rig.created("key-1")
    assert rig.name_of(1) == "New name"


def test_the_same_create_applied_twice_makes_one_record(rig: AnyRig) -> None:
    for _ in range(2):
        [outcome] = rig.connector().apply([rig.create("c1", "key-1")])
        assert outcome.status == "applied"
    assert rig.created("key-1") == [outcome.record_id]


def test_a_create_whose_answer_was_lost_makes_one_record(rig: AnyRig) -> None:
    rig.trouble.incidents.append(Incident(rig.writes, 0, committed=True))
    [outcome] = rig.connector().apply([rig.create("c1", "key-1")])
    assert outcome.status == "applied"
    assert rig.created("key-1") == [outcome.record_id]


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


def test_two_changes_to_one_record_are_written_in_their_order(rig: AnyRig) -> None:
    rig.seed(1)
    changes = [rig.update("c1", 1, "First"), rig.update("c2", 1, "Second")]
    assert [outcome.status for outcome in rig.connector().apply(changes)] == ["applied"] * 2
    assert rig.name_of(1) == "Second"


def test_when_the_system_goes_away_what_is_left_is_pending(rig: AnyRig) -> None:
    size = {"acme_salesforce": 200, "acme_hubspot": 100}[rig.system]
    rig.seed(2 * size + 1)
    changes = [rig.update(f"c{n}", n) for n in range(1, 2 * size + 2)]
    rig.trouble.incidents.append(Incident(rig.writes, 503, times=99, after=1))
    outcomes = list(rig.connector(attempts=2).apply(changes))
    assert [outcome.status for outcome in outcomes] == ["applied"] * size + ["pending"] * (size + 1)
    assert {outcome.code for outcome in outcomes[size:]} == {"unreachable"}
    assert [outcome.change_id for outcome in outcomes] == [change.id for change in changes]


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
