"""Statements 36-40: Bulk API 2.0 ingest jobs."""

import csv
import io
from typing import Any

import pytest
import requests
from salesforce_org import OrgUnderTest, error_code

CSV = {"Content-Type": "text/csv; charset=UTF-8"}


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def opened(org: OrgUnderTest, operation: str = "insert", sobject: str = "Lead", **more: str) -> str:
    body = {"operation": operation, "object": sobject, "contentType": "CSV", **more}
    answer = org.post("jobs/ingest", body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def upload(org: OrgUnderTest, job: str, text: str | bytes, **headers: str) -> requests.Response:
    body = text if isinstance(text, bytes) else text.encode()
    return org.call("PUT", f"jobs/ingest/{job}/batches", data=body, headers={**CSV, **headers})


def close(org: OrgUnderTest, job: str) -> None:
    answer = org.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    assert (answer.status_code, answer.json()["state"]) == (200, "UploadComplete")


def state(org: OrgUnderTest, job: str) -> dict[str, Any]:
    body: dict[str, Any] = org.get(f"jobs/ingest/{job}").json()
    return body


def done(
    org: OrgUnderTest, text: str | bytes, operation: str = "insert", sobject: str = "Lead",
    **more: str,
) -> str:  # fmt: skip
    """A job over this upload, polled to its end."""
    job = opened(org, operation, sobject, **more)
    assert upload(org, job, text).status_code == 201
    close(org, job)
    while state(org, job)["state"] not in ("JobComplete", "Failed"):
        pass
    return job


def results(org: OrgUnderTest, job: str, name: str) -> tuple[list[str], list[list[str]]]:
    answer = org.get(f"jobs/ingest/{job}/{name}")
    assert answer.status_code == 200, answer.text
    heading, *rows = csv.reader(io.StringIO(answer.content.decode(), newline=""))
    return heading, rows


LEADS = "LastName,Company,Phone\nAda,Acme,1\nBob,Acme,2\n"


def test_conformance_sf_36_a_job_goes_from_open_to_complete(org: OrgUnderTest) -> None:
    made = org.post(
        "jobs/ingest",
        {"object": "lead", "operation": "insert", "contentType": "CSV", "lineEnding": "LF"},
    ).json()
    job = made["id"]
    assert (made["state"], made["object"], made["apiVersion"]) == ("Open", "Lead", 59.0)
    assert made["contentUrl"] == f"services/data/v59.0/jobs/ingest/{job}/batches"
    put = org.call("PUT", f"/{made['contentUrl']}", data=LEADS.encode(), headers=CSV)
    assert (put.status_code, put.content) == (201, b"")
    close(org, job)
    assert state(org, job)["state"] == "InProgress"
    end = state(org, job)
    assert (end["state"], end["jobType"]) == ("JobComplete", "V2Ingest")
    assert (end["numberRecordsProcessed"], end["numberRecordsFailed"]) == (2, 0)
    assert len(org.records("SELECT Id FROM Lead")) == 2


def test_conformance_sf_36_there_is_one_upload(org: OrgUnderTest) -> None:
    job = opened(org)
    assert upload(org, job, LEADS).status_code == 201
    assert error_code(upload(org, job, LEADS)) == (400, "INVALIDJOBSTATE")
    close(org, job)
    assert error_code(upload(org, job, LEADS)) == (400, "INVALIDJOBSTATE")


def test_conformance_sf_36_uploads_are_csv_with_or_without_charset(org: OrgUnderTest) -> None:
    job = opened(org)
    refused = upload(org, job, LEADS, **{"Content-Type": "application/json"})
    assert error_code(refused) == (400, "CLIENTINPUTERROR")
    assert upload(org, job, LEADS, **{"Content-Type": "text/csv"}).status_code == 201


def test_conformance_sf_36_a_job_left_open_never_processes(org: OrgUnderTest) -> None:
    job = opened(org)
    upload(org, job, LEADS)
    org.wait(3_600)
    assert [state(org, job)["state"] for _ in range(3)] == ["Open", "Open", "Open"]
    assert org.records("SELECT Id FROM Lead") == []


def test_conformance_sf_36_what_a_job_cannot_be(org: OrgUnderTest) -> None:
    for body, code in (
        ({"object": "Nope", "operation": "insert"}, "INVALIDENTITY"),
        ({"object": "Lead", "operation": "merge"}, "INVALIDJOB"),
        ({"object": "Lead", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Lead", "operation": "upsert", "externalIdFieldName": "Phone"}, "INVALIDJOB"),
        ({"object": "Lead", "operation": "insert", "lineEnding": "CR"}, "INVALIDJOB"),
    ):
        assert error_code(org.post("jobs/ingest", body)) == (400, code)


def test_conformance_sf_37_empty_leaves_the_field_and_na_nulls_it(org: OrgUnderTest) -> None:
    lead = org.create("Lead", LastName="Ada", Company="Acme", Phone="1", Title="Dr")
    done(org, f"Id,Phone,Title\n{lead},,#N/A\n", "update")
    row = org.row("Lead", lead)
    assert (row["Phone"], row["Title"]) == ("1", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\ufeff" + LEADS, "InvalidBatch : Field name not found : \ufeffLastName"),
        (LEADS.replace("\n", "\r\n"), ("ClientInputError : LineEnding is invalid on user data. "
         "Current LineEnding setting is LF")),
        ("LastName,Company,Nope\nA,B,C\n", "InvalidBatch : Field name not found : Nope"),
        (b"LastName,Company\nM\xfcller,B\n", "InvalidBatch : The CSV is not valid UTF-8"),
        ("", "InvalidBatch : Failed to parse CSV header"),
    ],
)  # fmt: skip
def test_conformance_sf_37_a_bad_file_fails_the_job(
    org: OrgUnderTest, text: str | bytes, message: str
) -> None:
    job = done(org, text)
    end = state(org, job)
    assert (end["state"], end["errorMessage"]) == ("Failed", message)
    assert org.records("SELECT Id FROM Lead") == []


def test_conformance_sf_37_cells_are_read_by_the_type_of_their_field(org: OrgUnderTest) -> None:
    org.create("Account", Name="Acme", Hub_Company_Key__c="k-1")
    text = (
        "Name;StageName;CloseDate;Amount;Account.Hub_Company_Key__c;Description\r\n"
        'Deal;Prospecting;2026-06-30;10.5;k-1;"a;\r\n""b"" ü"\r\n'
    )
    done(org, text, sobject="Opportunity", columnDelimiter="SEMICOLON", lineEnding="CRLF")
    assert org.records("SELECT Name, Amount, Account.Name, Description FROM Opportunity") == [
        {"Name": "Deal", "Amount": 10.5, "Account": {"attributes": {
            "type": "Account",
            "url": "/services/data/v59.0/sobjects/Account/001bn0000000001AAA",
        }, "Name": "Acme"}, "Description": 'a;\r\n"b" ü'},
    ]  # fmt: skip
    job = done(org, "Username,LastName,Email,IsActive\nu@x.example,U,u@x.example,0\n",
               sobject="User")  # fmt: skip
    assert state(org, job)["numberRecordsFailed"] == 0
    assert org.records("SELECT IsActive FROM User WHERE LastName = 'U'") == [{"IsActive": False}]


def test_conformance_sf_38_each_row_is_told_with_its_own_columns(org: OrgUnderTest) -> None:
    text = "Hub_Lead_Key__c,LastName,Company\nk1,Ada,Acme\nk2,Bob,\nk3,Eve,Acme\n"
    org.create("Lead", LastName="Old", Company="Acme", Hub_Lead_Key__c="K3")
    job = done(org, text, "upsert", externalIdFieldName="Hub_Lead_Key__c")
    heading, rows = results(org, job, "successfulResults")
    assert heading == ["sf__Id", "sf__Created", "Hub_Lead_Key__c", "LastName", "Company"]
    assert sorted(row[1:] for row in rows) == [
        ["false", "k3", "Eve", "Acme"], ["true", "k1", "Ada", "Acme"],
    ]  # fmt: skip
    assert {row[0][:3] for row in rows} == {"00Q"}
    heading, rows = results(org, job, "failedResults")
    assert heading == ["sf__Id", "sf__Error", "Hub_Lead_Key__c", "LastName", "Company"]
    assert rows == [[
        "", "REQUIRED_FIELD_MISSING:Required fields are missing: [Company]:Company --",
        "k2", "Bob", "",
    ]]  # fmt: skip


@pytest.mark.parametrize("name", ["unprocessedrecords", "unprocessedRecords"])
def test_conformance_sf_38_unprocessed_rows_are_input_columns_only(
    org: OrgUnderTest, name: str
) -> None:
    job = done(org, LEADS)
    assert results(org, job, name) == (["LastName", "Company", "Phone"], [])


def test_conformance_sf_38_the_order_of_results_is_not_that_of_the_input(org: OrgUnderTest) -> None:
    names = [f"L{n:03d}" for n in range(300)]
    job = done(org, "LastName,Company\n" + "".join(f"{name},Acme\n" for name in names))
    _, rows = results(org, job, "successfulResults")
    assert [row[2] for row in rows] != names
    assert sorted(row[2] for row in rows) == names
    assert results(org, job, "successfulResults")[1] == rows


def test_conformance_sf_38_errors_begin_with_their_code(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="A")
    text = (
        "Id,Name,AnnualRevenue,ParentId\n"
        f"{account},,lots,\n001000000000001,B,,\n003000000000001,B,,\n{account},,,00Q000000000001\n"
        ",B,,\n"
    )
    _, rows = results(org, done(org, text, "update", "Account"), "failedResults")
    assert sorted(row[1] for row in rows) == [
        "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
        ("INVALID_TYPE_ON_FIELD_IN_RECORD:Annual Revenue: value not of required type: lots:"
        "AnnualRevenue --"),
        "MALFORMED_ID:Account ID: id value of incorrect type: 003000000000001:Id --",
        ("MALFORMED_ID:Parent Account ID: id value of incorrect type: 00Q000000000001EAA:"
        "ParentId --"),
        "MISSING_ARGUMENT:Id not specified in an update call:Id --",
    ]  # fmt: skip


def test_conformance_sf_38_a_key_given_twice_fails_both_rows(org: OrgUnderTest) -> None:
    text = "Hub_Lead_Key__c,LastName,Company\nk1,A,X\nK1,B,X\nk2,C,X\n"
    job = done(org, text, "upsert", externalIdFieldName="Hub_Lead_Key__c")
    assert state(org, job)["numberRecordsFailed"] == 2
    assert [row[1].partition(":")[0] for row in results(org, job, "failedResults")[1]] == [
        "DUPLICATE_VALUE", "DUPLICATE_VALUE",
    ]  # fmt: skip


def test_conformance_sf_39_a_complete_job_may_hold_failures(org: OrgUnderTest) -> None:
    job = done(org, "LastName,Company\nAda,Acme\nBob,\nEve,Acme,extra\n")
    end = state(org, job)
    assert end["state"] == "JobComplete"
    assert (end["numberRecordsProcessed"], end["numberRecordsFailed"]) == (3, 2)


def test_conformance_sf_39_a_failed_job_keeps_what_was_committed(org: OrgUnderTest) -> None:
    org.switch(bulk_batch_rows=2, bulk_fail_after_rows=3)
    job = done(org, "LastName,Company\nA,X\nB,X\nC,\nD,X\nE,X\n")
    end = state(org, job)
    assert (end["state"], end["numberRecordsProcessed"]) == ("Failed", 3)
    assert end["errorMessage"].startswith("InternalServerError")
    assert sorted(row[2] for row in results(org, job, "successfulResults")[1]) == ["A", "B"]
    assert [row[2] for row in results(org, job, "failedResults")[1]] == ["C"]
    heading, rest = results(org, job, "unprocessedrecords")
    assert (heading, sorted(rest)) == (["LastName", "Company"], [["D", "X"], ["E", "X"]])
    assert len(org.records("SELECT Id FROM Lead")) == 2


def test_conformance_sf_39_finished_jobs_can_be_deleted_and_open_ones_cannot(
    org: OrgUnderTest,
) -> None:
    job = opened(org)
    assert error_code(org.delete(f"jobs/ingest/{job}")) == (400, "INVALIDJOBSTATE")
    upload(org, job, LEADS)
    close(org, job)
    state(org, job)
    assert error_code(org.delete(f"jobs/ingest/{job}")) == (400, "INVALIDJOBSTATE")
    state(org, job)
    removed = org.delete(f"jobs/ingest/{job}")
    assert (removed.status_code, removed.content) == (204, b"")
    assert error_code(org.get(f"jobs/ingest/{job}")) == (404, "NOT_FOUND")


def test_conformance_sf_39_an_open_job_can_be_aborted(org: OrgUnderTest) -> None:
    job = opened(org)
    upload(org, job, LEADS)
    aborted = org.patch(f"jobs/ingest/{job}", {"state": "Aborted"})
    assert (aborted.status_code, aborted.json()["state"]) == (200, "Aborted")
    assert state(org, job)["state"] == "Aborted"
    late = org.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    assert error_code(late) == (400, "INVALIDJOBSTATE")
    assert org.records("SELECT Id FROM Lead") == []


def test_conformance_sf_39_an_abort_between_batches_keeps_the_first(org: OrgUnderTest) -> None:
    org.switch(bulk_batch_rows=1)
    job = opened(org)
    upload(org, job, LEADS)
    close(org, job)
    assert [state(org, job)["numberRecordsProcessed"] for _ in range(2)] == [0, 1]
    org.patch(f"jobs/ingest/{job}", {"state": "Aborted"})
    assert len(org.records("SELECT Id FROM Lead")) == 1
    assert len(results(org, job, "unprocessedrecords")[1]) == 1


def test_conformance_sf_40_uploads_have_a_raw_and_an_encoded_limit(org: OrgUnderTest) -> None:
    org.switch(bulk_raw_bytes=len(LEADS) - 1)
    refused = upload(org, opened(org), LEADS)
    assert error_code(refused) == (400, "EXCEEDED_MAX_SIZE_REQUEST")
    org.switch(bulk_raw_bytes=len(LEADS), bulk_encoded_bytes=59)
    refused = upload(org, opened(org), LEADS)
    assert error_code(refused) == (400, "EXCEEDED_MAX_SIZE_REQUEST")
    org.switch(bulk_encoded_bytes=64)
    assert upload(org, opened(org), LEADS).status_code == 201


def test_conformance_sf_40_batches_are_counted_and_run_out(org: OrgUnderTest) -> None:
    org.switch(bulk_batch_rows=2, daily_bulk_batches=3)
    rows = "".join(f"L{n},Acme\n" for n in range(5))
    assert state(org, done(org, "LastName,Company\n" + rows))["state"] == "JobComplete"
    assert org.get("limits").json()["DailyBulkApiBatches"] == {"Max": 3, "Remaining": 0}
    end = state(org, done(org, LEADS))
    assert (end["state"], end["numberRecordsProcessed"]) == ("Failed", 0)
    assert end["errorMessage"] == "ExceededQuota : DailyBulkApiBatches limit exceeded"


def test_bulk_deletes_take_ids_only_and_hard_deletes_leave_no_trace(org: OrgUnderTest) -> None:
    first, second = (org.create("Lead", LastName=n, Company="A") for n in ("A", "B"))
    assert state(org, done(org, f"Id,Phone\n{first},1\n", "delete"))["errorMessage"] == (
        "InvalidBatch : The 'delete' batch must contain only ids"
    )
    done(org, f"Id\n{first}\n", "delete")
    done(org, f"Id\n{second}\n", "hardDelete")
    assert org.records("SELECT Id FROM Lead", "queryAll") == [{"Id": first}]


def test_bulk_leads_are_assigned_by_the_rule_of_the_job_only(org: OrgUnderTest) -> None:
    org.store.load({"User": [{"Username": "q@x", "LastName": "Queue", "Email": "q@x.example"}]})
    queue = org.records("SELECT Id FROM User WHERE LastName = 'Queue'")[0]["Id"]
    org.switch(lead_assignment_owner=queue)
    done(org, "LastName,Company\nKept,Acme\n")
    done(org, "LastName,Company\nGiven,Acme\n", assignmentRuleId="01Q000000000001")
    owners = org.records("SELECT LastName, OwnerId FROM Lead ORDER BY LastName, Id")
    assert [row["OwnerId"] == queue for row in owners] == [True, False]
