"""Reading by Bulk API 2.0: the same rows as by pages, for fewer calls, resumed where it stopped."""

from datetime import datetime
from typing import Any

import msgspec
import polars as pl
import pytest
from rigs import Incident, SalesforceRig, ids, until_broken

from hub.connectors.contract import Batch, ObjectSpec
from hub.errors import StopSync, SystemUnreachable

HOSTILE = (
    'Comma, "quote" and\ttab',
    "two\nlines",
    "two\r\nlines",
    "Ünïcödé 🚀 日本",
    " spaces around ",
    "#N/A",
    "007",
    "null",
    "true",
)


def rows_of(batches: list[Batch]) -> pl.DataFrame:
    return pl.concat([batch.rows for batch in batches]).sort("record_id")


def jobs_made(org: SalesforceRig) -> int:
    return len([s for s in org.trouble.seen if s.method == "POST" and "jobs/query" in s.path])


def cursor_of(batch: Batch) -> dict[str, Any]:
    assert batch.cursor is not None
    return msgspec.json.decode(batch.cursor, type=dict[str, Any])


@pytest.mark.parametrize("suffix", ["Z", "+0000"])
@pytest.mark.parametrize("quotes_nulls", [True, False])
def test_every_value_is_spelt_the_same_by_either_api(
    org: SalesforceRig, suffix: str, quotes_nulls: bool
) -> None:
    org.control("switches", bulk_datetime_suffix=suffix, bulk_quotes_nulls=quotes_nulls)
    amounts = (0, -0.5, 12_500_000.50, 0.1, 1e15, 3, None, 100.0, 99.99)
    deals = [
        {
            "Id": f"006bn0000000{n:03}AAA",
            "Name": f"Deal {n}",
            "Description": text,
            "StageName": "Closed Won" if n % 2 else "Prospecting",
            "CloseDate": f"2026-03-{n + 1:02}",
            "Amount": amounts[n],
            "AccountId": org.id(1) if n % 3 else None,
            "CreatedDate": f"2026-01-02T03:04:{n:02}Z",
        }
        for n, text in enumerate(HOSTILE)
    ]
    account = {"Id": org.id(1), "Name": 'Parent, "quoted"', "Partner_Territories__c": "DE;FR"}
    org.store.load({"Account": [account], "Opportunity": deals})
    fields = ("Name", "Description", "Amount", "Probability", "IsWon", "CloseDate", "CreatedDate")
    spec = ObjectSpec(
        "Opportunity", (*fields, "NextStep", "Account.Name", "Account.Partner_Territories__c")
    )
    paged, bulk = (
        rows_of(list(org.connector(bulk=mode).pull(spec, None))) for mode in ("never", "always")
    )
    assert bulk.equals(paged)
    assert bulk["Description"].to_list() == list(HOSTILE)
    assert bulk["Amount"].to_list() == [
        "0",
        "-0.5",
        "12500000.5",
        "0.1",
        "1000000000000000",
        "3",
        None,
        "100",
        "99.99",
    ]
    assert bulk["CreatedDate"][1] == "2026-01-02T03:04:01.000Z"
    assert bulk["IsWon"].to_list()[:2] == ["false", "true"]
    assert set(bulk["NextStep"]) == {None}
    assert bulk["Account.Name"].to_list()[:2] == [None, 'Parent, "quoted"']
    assert bulk["Account.Partner_Territories__c"].to_list()[:2] == [None, "DE;FR"]


def test_many_rows_come_by_a_job_after_the_page_that_counts_them(org: SalesforceRig) -> None:
    expected = org.seed(10_500)
    connector = org.connector()
    batches = list(connector.pull(org.spec, None))
    assert ids(batches) == expected
    # token, describe, first page, job, two polls, one page of results
    assert connector.calls.used == connector.calls.minimum == 7
    assert connector.calls.writes == 0
    assert cursor_of(batches[-1]) == {"since": "2026-05-04T11:50:00.000Z"}


def test_few_rows_come_by_pages(org: SalesforceRig) -> None:
    org.seed(8_500)
    connector = org.connector()
    list(connector.pull(org.spec, None))
    assert jobs_made(org) == 0
    assert connector.calls.used == connector.calls.minimum == 7


def test_never_means_pages_only_and_the_minimum_says_so(org: SalesforceRig) -> None:
    org.seed(10_500)
    connector = org.connector(bulk="never")
    list(connector.pull(org.spec, None))
    assert connector.calls.used == connector.calls.minimum == 8


def test_a_pull_goes_on_with_its_job_at_the_page_it_stopped_before(org: SalesforceRig) -> None:
    expected = org.seed(60, one_stamp=True)
    org.shrink_pages(5)
    org.control("switches", bulk_page_rows=20)
    org.trouble.incidents.append(Incident("/results", 503, times=99, after=1))
    read, error = until_broken(org.connector(attempts=2).pull(org.spec, None))
    assert isinstance(error, SystemUnreachable)
    assert len(ids(read)) == 5 + 20
    assert {"job", "locator", "started", "at", "id"} == cursor_of(read[-1]).keys()
    org.trouble.incidents.clear()
    org.trouble.seen.clear()
    rest = list(org.connector().pull(org.spec, read[-1].cursor))
    assert sorted(ids(read) + ids(rest)) == sorted(expected)
    assert jobs_made(org) == 0
    assert cursor_of(rest[-1]) == {"since": "2026-05-04T11:50:00.000Z"}


def test_the_job_is_known_before_its_first_page_is_there(org: SalesforceRig) -> None:
    expected = org.seed(60)
    org.shrink_pages(5)
    org.trouble.incidents.append(Incident("/jobs/query/", 503, times=99))
    read, _ = until_broken(org.connector(attempts=2).pull(org.spec, None))
    org.trouble.incidents.clear()
    rest = list(org.connector().pull(org.spec, read[-1].cursor))
    assert sorted(ids(read) + ids(rest)) == sorted(expected)
    assert jobs_made(org) == 1


def test_a_lost_job_is_made_good_from_the_key_it_began_after(org: SalesforceRig) -> None:
    expected = org.seed(60)
    org.shrink_pages(5)
    org.control("switches", bulk_page_rows=20)
    org.trouble.incidents.append(Incident("/results", 503, times=99, after=1))
    read, _ = until_broken(org.connector(attempts=2).pull(org.spec, None))
    org.trouble.incidents.clear()
    org.call("DELETE", f"jobs/query/{cursor_of(read[-1])['job']}")
    rest = list(org.connector().pull(org.spec, read[-1].cursor))
    assert set(ids(read)) | set(ids(rest)) == set(expected)
    assert len(ids(rest)) == 55
    assert cursor_of(rest[-1]) == {"since": "2026-05-04T11:50:00.000Z"}


def test_jobs_that_keep_getting_lost_end_the_pull(org: SalesforceRig) -> None:
    org.seed(60)
    org.shrink_pages(5)
    gone = b'[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]'
    org.trouble.incidents.append(Incident("/results", 404, gone, times=99))
    _, error = until_broken(org.connector(attempts=2).pull(org.spec, None))
    assert error is not None
    assert jobs_made(org) == 3


def test_what_no_job_can_do_is_done_by_pages(org: SalesforceRig) -> None:
    expected = org.seed(60)
    org.shrink_pages(5)
    org.control("switches", bulk_query_failure="InternalServerError : something went wrong")
    assert sorted(ids(org.connector().pull(org.spec, None))) == sorted(expected)
    refused = b'[{"errorCode":"API_ERROR","message":"Bulk API is not enabled"}]'
    org.trouble.incidents.append(Incident("/jobs/query", 400, refused))
    assert sorted(ids(org.connector().pull(org.spec, None))) == sorted(expected)


def test_where_only_jobs_are_allowed_a_failed_one_is_told_and_not_asked_again(
    org: SalesforceRig,
) -> None:
    expected = org.seed(3)
    org.control("switches", bulk_query_failure="InternalServerError : something went wrong")
    read, error = until_broken(org.connector(bulk="always").pull(org.spec, None))
    assert isinstance(error, StopSync)
    assert "something went wrong" in error.message
    assert "bulk: never" in error.remedy
    org.control("switches", bulk_query_failure=None)
    rest = org.connector(bulk="always").pull(org.spec, read[-1].cursor)
    assert sorted(ids(rest)) == expected


def test_an_increment_by_a_job_tells_deletions_too(org: SalesforceRig) -> None:
    org.seed(40)
    connector = org.connector()
    *_, first = connector.pull(org.spec, None)
    org.wait(hours=1)
    for n in range(1, 33):
        org.touch(n, f"Renamed {n}")
    org.control("merge", object="Account", master=org.id(33), losers=[org.id(34)])
    org.delete(35)
    org.wait(minutes=1)
    org.shrink_pages(5)
    rows = rows_of(list(connector.pull(org.spec, first.cursor)))
    assert jobs_made(org) == 1
    gone = rows.filter(pl.col("is_deleted") == "true").select("record_id", "merged_into")
    assert gone.rows() == [(org.id(34), org.id(33)), (org.id(35), None)]
    assert rows.height == 35


def test_what_changes_while_a_job_runs_is_read_by_the_next_pull(org: SalesforceRig) -> None:
    org.seed(60)
    org.shrink_pages(5)
    connector = org.connector(overlap_minutes=0)
    pull = connector.pull(org.spec, None)
    first = next(pull)
    assert datetime.fromisoformat(cursor_of(first)["started"]) == org.clock.now()
    org.touch(1, "Renamed meanwhile")
    org.wait(seconds=30)
    *_, last = pull
    assert ids(connector.pull(org.spec, last.cursor)) == [org.id(1)]


def test_a_job_is_looked_after_less_and_less_often(org: SalesforceRig) -> None:
    org.seed(3)
    org.control("switches", bulk_polls=9)
    connector = org.connector(bulk="always")
    list(connector.pull(org.spec, None))
    assert org.time.slept == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2]
    assert connector.calls.used - connector.calls.minimum == 10 - 2


def test_a_job_that_takes_for_ever_is_left_for_the_next_run(org: SalesforceRig) -> None:
    org.seed(3)
    org.control("switches", bulk_seconds=1e9)
    read, error = until_broken(org.connector(bulk="always").pull(org.spec, None))
    assert isinstance(error, SystemUnreachable)
    assert "not complete" in error.message
    assert sum(org.time.slept) < 3_700
    org.control("switches", bulk_seconds=0)
    assert len(ids(org.connector(bulk="always").pull(org.spec, read[-1].cursor))) == 3
    assert jobs_made(org) == 1


@pytest.mark.parametrize(
    "page",
    [
        b'"Id","SystemModstamp","Name","Website"\n"001","2026-05-04T11:00:00.000Z","half","',
        b'"Id","Name"\n"001","x"\n',
    ],
)
def test_a_page_that_is_not_what_was_asked_for_is_not_landed(
    org: SalesforceRig, page: bytes
) -> None:
    org.seed(3)
    told = (("Sforce-NumberOfRecords", "3"), ("Sforce-Locator", "null"))
    org.trouble.incidents.append(Incident("/results", 200, page, told))
    read, error = until_broken(org.connector(bulk="always").pull(org.spec, None))
    assert isinstance(error, SystemUnreachable)
    assert ids(read) == []
    assert len(ids(org.connector().pull(org.spec, read[-1].cursor))) == 3


def test_a_token_that_expires_while_a_job_runs_is_renewed(org: SalesforceRig) -> None:
    expected = org.seed(60)
    org.shrink_pages(5)
    connector = org.connector()
    pull = connector.pull(org.spec, None)
    read = [next(pull)]
    org.control("expire-tokens")
    assert sorted(ids([*read, *pull])) == sorted(expected)


@pytest.mark.parametrize("bulk", ["auto", "always"])
def test_all_ids_and_volatile_fields_can_come_by_a_job(org: SalesforceRig, bulk: str) -> None:
    expected = org.seed(620)
    org.shrink_pages(50)
    connector = org.connector(bulk=bulk)
    told = [record_id for series in connector.present(org.spec) for record_id in series]
    assert sorted(told) == expected
    spec = ObjectSpec("Account", ("Owner.Name",))
    frames = list(connector.volatile(spec, expected))
    assert {name for frame in frames for name in frame["record_id"]} == set(expected)
    org.control("switches", bulk_query_failure="no")
    if bulk == "auto":
        told = [record_id for series in connector.present(org.spec) for record_id in series]
        assert told == expected
