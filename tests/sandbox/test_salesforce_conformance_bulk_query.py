"""Statements 15 and 32-35: Bulk API 2.0 query jobs."""

import csv
import io
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from salesforce_org import INTEGRATION_USER, OrgUnderTest, error_code

from sandbox.salesforce import Switches
from sandbox.salesforce.bulk.csvtext import Table

ACCOUNTS = [{"Name": f"Company {n:03d}", "NumberOfEmployees": n} for n in range(25)]
BY_NAME = "SELECT Name, NumberOfEmployees FROM Account ORDER BY Name, Id"


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def started(org: OrgUnderTest, soql: str, operation: str = "query", **more: str) -> str:
    answer = org.post("jobs/query", {"operation": operation, "query": soql, **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def finished(org: OrgUnderTest, soql: str, operation: str = "query", **more: str) -> str:
    job = started(org, soql, operation, **more)
    states = [org.get(f"jobs/query/{job}").json()["state"] for _ in range(2)]
    assert states == ["InProgress", "JobComplete"]
    return job


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def read(org: OrgUnderTest, job: str, **params: Any) -> list[list[str]]:
    answer = org.get(f"jobs/query/{job}/results", params=params)
    assert answer.status_code == 200, answer.text
    return rows_of(answer.content.decode())


def test_conformance_sf_32_a_query_job_starts_runs_and_completes(org: OrgUnderTest) -> None:
    org.store.load({"Account": ACCOUNTS})
    made = org.post(
        "jobs/query",
        {"operation": "query", "query": BY_NAME, "columnDelimiter": "COMMA", "lineEnding": "LF"},
    ).json()
    job = made.pop("id")
    assert job[:3] == "750"
    assert made == {
        "operation": "query", "object": "Account", "createdById": INTEGRATION_USER,
        "createdDate": "2026-03-10T12:00:00.000+0000",
        "systemModstamp": "2026-03-10T12:00:00.000+0000",
        "state": "UploadComplete", "concurrencyMode": "Parallel", "contentType": "CSV",
        "apiVersion": 59.0, "lineEnding": "LF", "columnDelimiter": "COMMA",
    }  # fmt: skip
    running = org.get(f"jobs/query/{job}").json()
    assert (running["state"], running["jobType"], running["numberRecordsProcessed"]) == (
        "InProgress", "V2Query", 0,
    )  # fmt: skip
    done = org.get(f"jobs/query/{job}").json()
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 25)
    assert (done["retries"], done["isPkChunkingSupported"]) == (0, True)


def test_conformance_sf_32_results_before_completion_are_refused(org: OrgUnderTest) -> None:
    job = started(org, BY_NAME)
    assert error_code(org.get(f"jobs/query/{job}/results")) == (400, "INVALIDJOBSTATE")
    org.get(f"jobs/query/{job}")
    assert error_code(org.get(f"jobs/query/{job}/results")) == (400, "INVALIDJOBSTATE")


def test_conformance_sf_32_code_of_an_illegal_state_is_a_switch(org: OrgUnderTest) -> None:
    org.switch(bulk_state_code="API_ERROR")
    job = started(org, BY_NAME)
    assert error_code(org.get(f"jobs/query/{job}/results")) == (400, "API_ERROR")


def test_conformance_sf_32_more_polls_and_time_can_be_asked_for(org: OrgUnderTest) -> None:
    org.switch(bulk_polls=3)
    job = started(org, BY_NAME)
    states = [org.get(f"jobs/query/{job}").json()["state"] for _ in range(4)]
    assert states == ["InProgress", "InProgress", "InProgress", "JobComplete"]
    org.switch(bulk_polls=1, bulk_seconds=60)
    job = started(org, BY_NAME)
    states = [org.get(f"jobs/query/{job}").json()["state"] for _ in range(3)]
    assert states == ["InProgress", "InProgress", "InProgress"]
    org.wait(60)
    assert org.get(f"jobs/query/{job}").json()["state"] == "JobComplete"


def test_conformance_sf_32_a_failed_job_says_why(org: OrgUnderTest) -> None:
    org.switch(bulk_query_failure="QUERY_TIMEOUT: Your query request was running for too long.")
    job = started(org, BY_NAME)
    failed = org.get(f"jobs/query/{job}").json()
    assert failed["state"] == "Failed"
    assert failed["errorMessage"].startswith("QUERY_TIMEOUT: ")
    assert error_code(org.get(f"jobs/query/{job}/results")) == (400, "INVALIDJOBSTATE")


def test_conformance_sf_32_abort_and_delete(org: OrgUnderTest) -> None:
    job = started(org, BY_NAME)
    org.get(f"jobs/query/{job}")
    assert error_code(org.delete(f"jobs/query/{job}")) == (400, "INVALIDJOBSTATE")
    aborted = org.patch(f"jobs/query/{job}", {"state": "Aborted"})
    assert (aborted.status_code, aborted.json()["state"]) == (200, "Aborted")
    again = org.patch(f"jobs/query/{job}", {"state": "Aborted"})
    assert error_code(again) == (400, "INVALIDJOBSTATE")
    removed = org.delete(f"jobs/query/{job}")
    assert (removed.status_code, removed.content) == (204, b"")
    assert error_code(org.get(f"jobs/query/{job}")) == (404, "NOT_FOUND")


def test_conformance_sf_32_the_daily_job_limit_holds(org: OrgUnderTest) -> None:
    org.switch(daily_bulk_query_jobs=1)
    started(org, BY_NAME)
    refused = org.post("jobs/query", {"operation": "query", "query": BY_NAME})
    assert error_code(refused) == (400, "LIMIT_EXCEEDED")
    assert org.get("limits").json()["DailyBulkV2QueryJobs"] == {"Max": 1, "Remaining": 0}
    org.wait(86_400)
    org.token = org.login()["access_token"]
    assert org.get("limits").json()["DailyBulkV2QueryJobs"]["Remaining"] == 1


def test_conformance_sf_33_every_page_has_the_header_and_the_last_locator_is_null(
    org: OrgUnderTest,
) -> None:
    org.store.load({"Account": ACCOUNTS})
    job = finished(org, BY_NAME)
    seen, locators, counts = [], [], []
    params: dict[str, Any] = {"maxRecords": 10}
    while True:
        answer = org.get(f"jobs/query/{job}/results", params=params)
        page = rows_of(answer.content.decode())
        assert page[0] == ["Name", "NumberOfEmployees"]
        seen += page[1:]
        locators.append(answer.headers["Sforce-Locator"])
        counts.append(answer.headers["Sforce-NumberOfRecords"])
        if locators[-1] == "null":
            break
        params["locator"] = locators[-1]
    assert counts == ["10", "10", "5"]
    assert seen == [[f"Company {n:03d}", str(n)] for n in range(25)]
    again = read(org, job, maxRecords=10, locator=locators[0])
    assert again[1] == ["Company 010", "10"]


def test_conformance_sf_33_an_empty_result_is_a_header_with_a_null_locator(
    org: OrgUnderTest,
) -> None:
    job = finished(org, "SELECT Id, Owner.Name FROM Lead")
    answer = org.get(f"jobs/query/{job}/results")
    assert answer.text == '"Id","Owner.Name"\n'
    assert answer.headers["Sforce-Locator"] == "null"
    assert answer.headers["Sforce-NumberOfRecords"] == "0"
    assert answer.headers["Content-Type"] == "text/csv;charset=UTF-8"


def test_conformance_sf_33_another_api_version_is_409(org: OrgUnderTest) -> None:
    job = finished(org, BY_NAME)
    answer = org.get(f"jobs/query/{job}/results", version="60.0")
    assert answer.status_code == 409


def test_conformance_sf_33_foreign_locators_and_sizes_are_refused(org: OrgUnderTest) -> None:
    org.store.load({"Account": ACCOUNTS})
    job = finished(org, BY_NAME)
    for locator in ("garbage", "MjU", "LTE"):
        answer = org.get(f"jobs/query/{job}/results", params={"locator": locator})
        assert error_code(answer) == (400, "INVALID_QUERY_LOCATOR")
    answer = org.get(f"jobs/query/{job}/results", params={"maxRecords": "0"})
    assert error_code(answer) == (400, "INVALID_REQUEST")


def test_conformance_sf_33_the_server_caps_the_page(org: OrgUnderTest) -> None:
    org.store.load({"Account": ACCOUNTS})
    org.switch(bulk_page_rows=7)
    job = finished(org, BY_NAME)
    answer = org.get(f"jobs/query/{job}/results", params={"maxRecords": 50_000})
    assert answer.headers["Sforce-NumberOfRecords"] == "7"


def test_conformance_sf_33_the_answer_is_that_of_the_moment_the_job_ran(
    org: OrgUnderTest,
) -> None:
    record = org.create("Account", Name="Old name")
    job = finished(org, "SELECT Name FROM Account")
    org.patch(f"sobjects/Account/{record}", {"Name": "New name"})
    org.create("Account", Name="Another")
    assert read(org, job) == [["Name"], ["Old name"]]


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Industry, COUNT(Id) FROM Account GROUP BY Industry",
        "SELECT COUNT() FROM Account",
        "SELECT Id FROM Account ORDER BY Id LIMIT 5 OFFSET 5",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "SELECT Id, BillingAddress FROM Account",
    ],
)
def test_conformance_sf_34_forbidden_soql_is_refused_or_fails_the_job(
    org: OrgUnderTest, soql: str
) -> None:
    refused = org.post("jobs/query", {"operation": "query", "query": soql})
    assert error_code(refused) == (400, "FUNCTIONALITY_NOT_ENABLED")
    org.switch(bulk_forbidden_soql="fail")
    failed = org.get(f"jobs/query/{started(org, soql)}").json()
    assert failed["state"] == "Failed"
    assert failed["errorMessage"].startswith("FUNCTIONALITY_NOT_ENABLED: ")


def test_conformance_sf_34_mistakes_in_the_statement_are_refused(org: OrgUnderTest) -> None:
    for soql, code in (
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT FROM Account", "MALFORMED_QUERY"),
    ):
        answer = org.post("jobs/query", {"operation": "query", "query": soql})
        assert error_code(answer) == (400, code)
    answer = org.post("jobs/query", {"operation": "insert", "query": BY_NAME})
    assert error_code(answer) == (400, "INVALIDJOB")
    answer = org.post("jobs/query", {"query": BY_NAME})
    assert error_code(answer) == (400, "JSON_PARSER_ERROR")


NASTY = 'a, "quoted"\nline\r\nother 😀; end'


@pytest.mark.parametrize(("name", "mark"), [("COMMA", ","), ("SEMICOLON", ";"), ("TAB", "\t")])
def test_conformance_sf_35_nasty_text_survives_in_every_dialect(
    org: OrgUnderTest, name: str, mark: str
) -> None:
    org.store.load({"Account": [{"Name": "A", "Description": NASTY}, {"Name": "B"}]})
    soql = "SELECT Name, Description FROM Account ORDER BY Name, Id"
    job = finished(org, soql, columnDelimiter=name, lineEnding="CRLF")
    text = org.get(f"jobs/query/{job}/results").content.decode()
    assert text.startswith(f'"Name"{mark}"Description"\r\n')
    parsed = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    assert parsed == [["Name", "Description"], ["A", NASTY], ["B", ""]]


def test_conformance_sf_35_values_are_text_of_their_type(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme", AnnualRevenue=500000, NumberOfEmployees=12)
    org.create(
        "Opportunity", Name="Deal", StageName="Closed Won", CloseDate="2026-06-30",
        Amount="0.10", AccountId=account,
    )  # fmt: skip
    soql = (
        "select isWon, ISCLOSED, amount, CloseDate, CreatedDate, account.annualrevenue, "
        "Account.owner.name, AccountId FROM Opportunity"
    )
    assert read(org, finished(org, soql)) == [
        ["IsWon", "IsClosed", "Amount", "CloseDate", "CreatedDate", "Account.AnnualRevenue",
         "Account.Owner.Name", "AccountId"],
        ["true", "true", "0.1", "2026-06-30", "2026-03-10T12:00:00.000Z", "500000.0",
         "Hub Integration", account],
    ]  # fmt: skip


def test_conformance_sf_35_datetime_form_is_a_switch() -> None:
    org = OrgUnderTest(Switches(bulk_datetime_suffix="+0000"))
    org.create("Account", Name="A")
    job = finished(org, "SELECT CreatedDate FROM Account")
    assert read(org, job)[1] == ["2026-03-10T12:00:00.000+0000"]


def test_conformance_sf_35_null_and_empty_look_the_same_quoted_or_not(org: OrgUnderTest) -> None:
    org.create("Account", Name='A "B"')
    soql = "SELECT Name, Phone FROM Account"
    job = finished(org, soql)
    assert org.get(f"jobs/query/{job}/results").text == '"Name","Phone"\n"A ""B""",""\n'
    org.switch(bulk_quotes_nulls=False)
    assert org.get(f"jobs/query/{job}/results").text == '"Name","Phone"\n"A ""B""",\n'


@pytest.mark.parametrize("quotes_nulls", [True, False])
def test_bulk_results_say_what_the_same_query_says_in_json(
    org: OrgUnderTest, quotes_nulls: bool
) -> None:
    org.switch(bulk_quotes_nulls=quotes_nulls)
    amounts = [0.1, 0.30000000000000004, 123456789012.34567, 1e20, 5.0, 1 / 3, None]
    org.store.load({"Account": [
        {"Name": name, "AnnualRevenue": amount, "NumberOfEmployees": 7, "BillingStreet": street}
        for name, amount, street in zip(
            ['"', '""a"', "a,b", "Ünï 漢字 🙂", "%s %w '", "\\", "x"], amounts,
            ["one\ntwo", None, '"\n"', "\r\n", " lead", "trail ", ","], strict=True,
        )
    ]})  # fmt: skip
    soql = "SELECT Name, AnnualRevenue, BillingStreet, NumberOfEmployees FROM Account ORDER BY Id"
    told = org.get("query", params={"q": soql}).json()["records"]
    heading, *rows = read(org, finished(org, soql))
    assert len(rows) == len(amounts)
    for row, record in zip(rows, told, strict=True):
        for name, cell in zip(heading, row, strict=True):
            said = record[name]
            assert (float(cell) if isinstance(said, float) else cell) == (
                "" if said is None else said if isinstance(said, float) else str(said)
            )


def test_a_result_may_have_more_columns_than_a_function_of_the_database_takes() -> None:
    values = [f'"{n}"' if n % 3 else None for n in range(260)]
    names = [f"c{n}" for n in range(260)]
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"CREATE TABLE wide ({', '.join(names)})")
        db.execute(f"INSERT INTO wide VALUES ({', '.join('?' * 260)})", values)
        line = db.execute(f"SELECT {Table('COMMA', 'LF').line_sql(names)} FROM wide").fetchone()[0]
    assert rows_of(line) == [["" if value is None else value for value in values]]


def test_bulk_queries_leave_out_deleted_rows_unless_asked(org: OrgUnderTest) -> None:
    org.store.load({"Lead": [
        {"LastName": "Gone", "Company": "A", "IsDeleted": True},
        {"LastName": "Here", "Company": "A"},
    ]})  # fmt: skip
    soql = "SELECT LastName, IsDeleted FROM Lead ORDER BY LastName, Id"
    assert read(org, finished(org, soql)) == [["LastName", "IsDeleted"], ["Here", "false"]]
    assert read(org, finished(org, soql, "queryAll")) == [
        ["LastName", "IsDeleted"], ["Gone", "true"], ["Here", "false"],
    ]  # fmt: skip


def test_bulk_jobs_outlive_nobody_asking_and_are_listed(org: OrgUnderTest) -> None:
    first, second = started(org, BY_NAME), finished(org, BY_NAME)
    listed = org.get("jobs/query").json()
    assert listed["done"] is True
    assert [(job["id"], job["state"]) for job in listed["records"]] == [
        (first, "UploadComplete"), (second, "JobComplete"),
    ]  # fmt: skip
    assert org.get(f"jobs/query/{first[:15]}").json()["id"] == first


def test_conformance_sf_15_bulk_results_are_compressed_for_those_who_accept_it(
    org: OrgUnderTest,
) -> None:
    org.store.load({"Account": [{"Name": f"Company {n}"} for n in range(500)]})
    job = finished(org, "SELECT Name FROM Account")
    squeezed = org.get(f"jobs/query/{job}/results", headers={"Accept-Encoding": "gzip, deflate"})
    plain = org.get(f"jobs/query/{job}/results", headers={"Accept-Encoding": "identity"})
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert int(squeezed.headers["Content-Length"]) < len(plain.content) / 2
    assert "Content-Encoding" not in plain.headers
    assert squeezed.content == plain.content


def test_conformance_sf_15_how_much_is_compressed_is_a_switch(org: OrgUnderTest) -> None:
    org.store.load({"Account": [{"Name": f"Company {n}"} for n in range(500)]})
    soql = "SELECT Name FROM Account"
    assert "Content-Encoding" not in org.query(soql).headers
    org.switch(gzip="all")
    assert org.query(soql).headers["Content-Encoding"] == "gzip"
    org.switch(gzip="never")
    job = finished(org, soql)
    assert "Content-Encoding" not in org.get(f"jobs/query/{job}/results").headers
