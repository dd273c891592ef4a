"""Statements 17-27 of the checklist: pages, shapes and the SOQL dialect."""

from typing import Any

import pytest
import requests
from salesforce_org import INTEGRATION_USER, OrgUnderTest, error_code

from sandbox.salesforce import Switches, record_id
from sandbox.salesforce.schema import Field


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def load_leads(org: OrgUnderTest, count: int, **fields: object) -> None:
    org.store.load(
        {"Lead": [{"LastName": f"L{n}", "Company": "C", **fields} for n in range(count)]}
    )


def pages(org: OrgUnderTest, soql: str, **more: Any) -> list[dict[str, Any]]:
    found = [org.query(soql, **more).json()]
    while not found[-1]["done"]:
        assert len(found) < 50, "pages without end"
        found.append(org.get(found[-1]["nextRecordsUrl"], **more).json())
    return found


def sizes(org: OrgUnderTest, soql: str, batch: int | None = None) -> list[int]:
    headers = {"Sforce-Query-Options": f"batchSize={batch}"} if batch is not None else None
    return [len(page["records"]) for page in pages(org, soql, headers=headers)]


def names(org: OrgUnderTest, where: str) -> list[str]:
    rows = org.records(f"SELECT Name FROM Account WHERE {where} ORDER BY Name, Id")
    return [row["Name"] for row in rows]


# --- pages ------------------------------------------------------------------------------------


def test_conformance_sf_17_default_page_is_2000(org: OrgUnderTest) -> None:
    load_leads(org, 4_001)
    assert sizes(org, "SELECT Id FROM Lead") == [2_000, 2_000, 1]


@pytest.mark.parametrize(
    ("asked", "given"),
    [(200, [200, 200, 50]), (300, [300, 150]), (1, [200, 200, 50]), (9_999, [450])],
)
def test_conformance_sf_17_batch_size_is_honoured_and_clamped(
    org: OrgUnderTest, asked: int, given: list[int]
) -> None:
    load_leads(org, 450)
    assert sizes(org, "SELECT Id FROM Lead", asked) == given


def test_conformance_sf_17_pages_can_come_smaller_than_asked() -> None:
    org = OrgUnderTest(Switches(page_shrink_to=70))
    load_leads(org, 150)
    assert sizes(org, "SELECT Id FROM Lead", 200) == [70, 70, 10]


def test_conformance_sf_17_two_long_text_fields_cap_the_page_at_200(org: OrgUnderTest) -> None:
    for name in ("Story__c", "Notes__c"):
        org.store.put_field("Lead", Field(name=name, type="textarea", label=name, length=9_000))
    load_leads(org, 250)
    assert sizes(org, "SELECT Id, Story__c FROM Lead") == [250]
    assert sizes(org, "SELECT Id, Story__c, Notes__c FROM Lead") == [200, 50]


def test_conformance_sf_18_total_size_is_the_full_count_on_every_page(org: OrgUnderTest) -> None:
    load_leads(org, 4_001)
    answers = pages(org, "SELECT Id FROM Lead")
    assert [page["totalSize"] for page in answers] == [4_001, 4_001, 4_001]
    assert [page["done"] for page in answers] == [False, False, True]
    assert answers[0]["nextRecordsUrl"].startswith("/services/data/v59.0/query/0r8")
    assert "nextRecordsUrl" not in answers[2]


def test_conformance_sf_18_older_style_locators_are_a_switch() -> None:
    org = OrgUnderTest(Switches(locator_style="01g"))
    load_leads(org, 2_001)
    first = org.query("SELECT Id FROM Lead").json()
    assert first["nextRecordsUrl"] == "/services/data/v59.0/query/01gbn0000000001AAA-2000"
    assert sizes(org, "SELECT Id FROM Lead") == [2_000, 1]


def test_conformance_sf_19_locator_can_be_fetched_again(org: OrgUnderTest) -> None:
    load_leads(org, 2_500)
    url = org.query("SELECT Id FROM Lead").json()["nextRecordsUrl"]
    assert org.get(url).json() == org.get(url).json()


def test_conformance_sf_19_locator_expires_after_two_days(org: OrgUnderTest) -> None:
    load_leads(org, 2_001)
    url = org.query("SELECT Id FROM Lead").json()["nextRecordsUrl"]
    org.wait(48 * 3600 - 1)
    org.token = org.login()["access_token"]
    assert org.get(url).status_code == 200
    org.wait(1)
    assert error_code(org.get(url)) == (400, "INVALID_QUERY_LOCATOR")


def test_conformance_sf_19_locator_lifetime_is_a_switch() -> None:
    org = OrgUnderTest(Switches(locator_hours=0.25))
    load_leads(org, 2_001)
    url = org.query("SELECT Id FROM Lead").json()["nextRecordsUrl"]
    org.wait(900)
    assert error_code(org.get(url)) == (400, "INVALID_QUERY_LOCATOR")


@pytest.mark.parametrize("locator", ["garbage", "0r8bn000006lb5UAAQ", "01gbn0000000001AAA-x"])
def test_conformance_sf_19_garbage_is_an_invalid_locator(org: OrgUnderTest, locator: str) -> None:
    assert error_code(org.get(f"query/{locator}")) == (400, "INVALID_QUERY_LOCATOR")


def test_conformance_sf_19_offset_beyond_the_result_is_an_invalid_locator() -> None:
    org = OrgUnderTest(Switches(locator_style="01g"))
    load_leads(org, 2_001)
    url = org.query("SELECT Id FROM Lead").json()["nextRecordsUrl"]
    assert org.get(url.replace("-2000", "-1999")).status_code == 200
    answer = org.get(url.replace("-2000", "-2002"))
    assert error_code(answer) == (400, "INVALID_QUERY_LOCATOR")


def test_conformance_sf_19_oldest_cursor_closes_when_too_many_are_open() -> None:
    org = OrgUnderTest(Switches(max_open_cursors=2))
    load_leads(org, 2_001)
    urls = [org.query("SELECT Id FROM Lead").json()["nextRecordsUrl"] for _ in range(3)]
    assert [org.get(url).status_code for url in urls] == [400, 200, 200]


def test_conformance_sf_20_deleted_rows_only_in_query_all_on_every_page(org: OrgUnderTest) -> None:
    load_leads(org, 2_100)
    load_leads(org, 400, IsDeleted=True)
    soql = "SELECT Id, IsDeleted FROM Lead ORDER BY Id"
    assert len(org.records(soql)) == 2_100
    answers = [org.query(soql, "queryAll").json()]
    answers.append(org.get(answers[0]["nextRecordsUrl"]).json())
    assert answers[0]["nextRecordsUrl"].startswith("/services/data/v59.0/query/")
    assert [page["totalSize"] for page in answers] == [2_500, 2_500]
    assert sum(row["IsDeleted"] for row in answers[1]["records"]) == 400


def test_conformance_sf_20_merged_rows_show_their_master_in_query_all(org: OrgUnderTest) -> None:
    master, loser = org.create("Account", Name="A"), org.create("Account", Name="B")
    org.control("merge", {"object": "Account", "master": master, "losers": [loser]})
    soql = "SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = true"
    assert org.records(soql) == []
    assert org.records(soql, "queryAll") == [{"Id": loser, "MasterRecordId": master}]


# --- shapes -----------------------------------------------------------------------------------


def test_conformance_sf_21_records_carry_attributes_and_selected_nulls(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    assert org.query("SELECT Name, Phone, IsDeleted FROM Account").json()["records"] == [
        {
            "attributes": {
                "type": "Account",
                "url": f"/services/data/v59.0/sobjects/Account/{account}",
            },
            "Name": "Acme",
            "Phone": None,
            "IsDeleted": False,
        }
    ]


def test_conformance_sf_21_flags_are_json_booleans(org: OrgUnderTest) -> None:
    org.create("Contact", LastName="Ada", AccountId=org.create("Account", Name="Acme"))
    assert '"IsDeleted":false' in org.query("SELECT IsDeleted FROM Account").text
    answer = org.query("SELECT Id, Account.Owner.IsActive FROM Contact")
    assert '"IsActive":true' in answer.text


def test_conformance_sf_22_parent_path_is_a_nested_record_or_null(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    org.create("Contact", LastName="With", AccountId=account)
    org.create("Contact", LastName="Without")
    soql = "SELECT LastName, Account.Name, Account.Owner.Name FROM Contact ORDER BY LastName, Id"
    with_parent, without = org.records(soql)
    assert with_parent["Account"] == {
        "attributes": {
            "type": "Account",
            "url": f"/services/data/v59.0/sobjects/Account/{account}",
        },
        "Name": "Acme",
        "Owner": {
            "attributes": {
                "type": "User",
                "url": f"/services/data/v59.0/sobjects/User/{INTEGRATION_USER}",
            },
            "Name": "Hub Integration",
        },
    }
    assert without == {"LastName": "Without", "Account": None}


def test_conformance_sf_22_child_subquery_is_a_result_or_null(org: OrgUnderTest) -> None:
    full, empty = org.create("Account", Name="Full"), org.create("Account", Name="Empty")
    for name in ("Ada", "Bob", "Cy"):
        org.create("Contact", LastName=name, AccountId=full)
    soql = (
        "SELECT Id, (SELECT LastName FROM Contacts WHERE LastName != 'Bob' "
        "ORDER BY LastName DESC, Id LIMIT 5) FROM Account ORDER BY Name, Id"
    )
    rows = org.records(soql)
    assert rows[0] == {"Id": empty, "Contacts": None}
    assert rows[1]["Contacts"]["totalSize"] == 2
    assert rows[1]["Contacts"]["done"] is True
    assert [child["LastName"] for child in rows[1]["Contacts"]["records"]] == ["Cy", "Ada"]


def test_conformance_sf_22_child_rows_count_towards_the_page() -> None:
    org = OrgUnderTest(Switches(page_shrink_to=10))
    accounts = [record_id("001", n) for n in range(1, 4)]
    org.store.load(
        {
            "Account": [{"Id": account, "Name": "A"} for account in accounts],
            "Contact": [{"LastName": "C", "AccountId": a} for a in accounts for _ in range(4)],
        }
    )
    soql = "SELECT Id, (SELECT Id FROM Contacts) FROM Account ORDER BY Id"
    assert [len(page["records"]) for page in pages(org, soql)] == [2, 1]
    org.switch(page_shrink_to=3)
    assert [len(page["records"]) for page in pages(org, soql)] == [1, 1, 1]


# --- refusals ---------------------------------------------------------------------------------

HINT = "Please reference your WSDL or the describe call for the appropriate names."


def test_conformance_sf_23_unknown_field_points_into_the_statement(org: OrgUnderTest) -> None:
    answer = org.query("SELECT Id, Nope FROM Lead")
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "errorCode": "INVALID_FIELD",
            "message": "\nSELECT Id, Nope FROM Lead\n           ^\nERROR at Row:1:Column:12\n"
            "No such column 'Nope' on entity 'Lead'. If you are attempting to use a custom "
            f"field, be sure to append the '__c' after the custom field name. {HINT}",
        }
    ]


def test_conformance_sf_23_hidden_field_looks_like_an_unknown_one(org: OrgUnderTest) -> None:
    hidden = Field(name="Nope__c", type="string", label="Hidden", length=10, readable=False)
    soql = "SELECT Id FROM Lead WHERE Nope__c = 'x'"
    unknown = org.query(soql).json()
    org.store.put_field("Lead", hidden)
    assert org.query(soql).json() == unknown
    assert unknown[0]["errorCode"] == "INVALID_FIELD"


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id, (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE"),
        ("SELECT Nope.Name FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Nope = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Lead ORDER BY Nope", "INVALID_FIELD"),
        ("SELECT Id, Id FROM Lead", "INVALID_FIELD"),
        ("SELECT * FROM Lead", "MALFORMED_QUERY"),
        ("SELECT FROM Lead", "MALFORMED_QUERY"),
        ("SELECT Id Lead", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Name = 'x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead LIMIT x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Name LIKE 5", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead extra words", "MALFORMED_QUERY"),
        ("UPDATE Lead SET Name = 'x'", "MALFORMED_QUERY"),
        ("SELECT Name, COUNT(Id) FROM Lead", "MALFORMED_QUERY"),
        ("SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY"),
        ("SELECT FIELDS(CUSTOM) FROM Lead LIMIT 201", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE OwnerId = 'nope'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Lead WHERE Id LIKE '00Q%'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Lead WHERE IsDeleted > false", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Lead WHERE Name INCLUDES ('x')", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Lead WHERE IsDeleted = 'true'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE NumberOfEmployees = '5'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Account ORDER BY Description", "INVALID_FIELD"),
        ("SELECT Id FROM Account ORDER BY Partner_Territories__c", "INVALID_FIELD"),
    ],
)  # fmt: skip
def test_conformance_sf_23_each_mistake_has_its_code(
    org: OrgUnderTest, soql: str, code: str
) -> None:
    assert error_code(org.query(soql)) == (400, code)


def test_conformance_sf_23_missing_statement_is_malformed(org: OrgUnderTest) -> None:
    assert error_code(org.get("query")) == (400, "MALFORMED_QUERY")


# --- literals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("O'Brien", r"'O\'Brien'"),
        ("a\\b", r"'a\\b'"),
        ("a\nb", r"'a\nb'"),
        ('say "x"', r"'say \"x\"'"),
        ("Müller", r"'M\u00fcller'"),
        ("smile 😀", r"'smile \uD83D\uDE00'"),
    ],
)
def test_conformance_sf_24_escapes_mean_what_they_say(
    org: OrgUnderTest, name: str, literal: str
) -> None:
    org.store.load({"Account": [{"Name": name}, {"Name": "other"}]})
    assert names(org, f"Name = {literal}") == [name]


@pytest.mark.parametrize("literal", [r"'a\q'", r"'a\_'", r"'a\%'", r"'\u12'", r"'\uD83D'"])
def test_conformance_sf_24_other_backslashes_are_malformed(org: OrgUnderTest, literal: str) -> None:
    assert error_code(org.query(f"SELECT Id FROM Lead WHERE Name = {literal}")) == (
        400,
        "MALFORMED_QUERY",
    )


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("50%", ["50 cent", "50% off", "50x"]),
        (r"50\%%", ["50% off"]),
        ("50_", ["50x"]),
        (r"a\_b", ["a_b"]),
        ("A%", ["a_b", "axb"]),
        ("%ÜR%", ["Zürich"]),
    ],
)
def test_conformance_sf_24_like_patterns(org: OrgUnderTest, pattern: str, found: list[str]) -> None:
    org.store.load(
        {"Account": [{"Name": n} for n in ("50 cent", "50% off", "50x", "a_b", "axb", "Zürich")]}
    )
    assert names(org, f"Name LIKE '{pattern}'") == found


@pytest.mark.parametrize("literal", ["ACME", "acme", "Acme"])
def test_conformance_sf_24_strings_compare_without_case(org: OrgUnderTest, literal: str) -> None:
    org.store.load({"Account": [{"Name": "Acme"}, {"Name": "Über"}, {"Name": "Bravo"}]})
    assert names(org, f"Name = '{literal}'") == ["Acme"]
    assert names(org, f"Name IN ('{literal}', 'ÜBER')") == ["Acme", "Über"]
    assert names(org, f"Name NOT IN ('{literal}', 'ÜBER')") == ["Bravo"]


def test_conformance_sf_24_case_sensitive_field_compares_with_case(org: OrgUnderTest) -> None:
    field = Field(name="Code__c", type="string", label="Code", length=10, case_sensitive=True)
    org.store.put_field("Account", field)
    org.store.load({"Account": [{"Name": "low", "Code__c": "x"}, {"Name": "up", "Code__c": "X"}]})
    assert names(org, "Code__c = 'X'") == ["up"]


def test_conformance_sf_24_string_over_4000_characters_fails(org: OrgUnderTest) -> None:
    assert org.query(f"SELECT Id FROM Lead WHERE Name = '{'a' * 4_000}'").status_code == 200
    answer = org.query(f"SELECT Id FROM Lead WHERE Name = '{'a' * 4_001}'")
    assert error_code(answer) == (400, "MALFORMED_QUERY")


@pytest.mark.parametrize(
    "literal",
    ["2026-03-10T12:00:00Z", "2026-03-10T13:00:00+01:00", "2026-03-10T07:00:00-05:00",
     "2026-03-10T12:00:00.000Z"],
)  # fmt: skip
def test_conformance_sf_25_datetimes_name_their_zone(org: OrgUnderTest, literal: str) -> None:
    org.create("Account", Name="Acme")
    assert org.records(f"SELECT CreatedDate FROM Account WHERE CreatedDate = {literal}") == [
        {"CreatedDate": "2026-03-10T12:00:00.000+0000"}
    ]


def test_conformance_sf_25_fractions_of_a_second_count(org: OrgUnderTest) -> None:
    org.create("Account", Name="Acme")
    assert names(org, "CreatedDate >= 2026-03-10T12:00:00.001Z") == []
    assert names(org, "CreatedDate >= 2026-03-10T11:59:59.999Z") == ["Acme"]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("CreatedDate > '2026-03-10T12:00:00Z'", "INVALID_FIELD"),
        ("CreatedDate > 2026-03-10", "INVALID_FIELD"),
        ("CreatedDate > 2026-03-10T12:00:00", "MALFORMED_QUERY"),
        ("CreatedDate > 2026-03-10T12:00:00 01:00", "MALFORMED_QUERY"),
        ("CreatedDate > 2026-13-40T12:00:00Z", "MALFORMED_QUERY"),
    ],
)
def test_conformance_sf_25_quoted_naive_and_broken_datetimes_are_refused(
    org: OrgUnderTest, condition: str, code: str
) -> None:
    assert error_code(org.query(f"SELECT Id FROM Account WHERE {condition}")) == (400, code)


def test_date_fields_take_dates_only(org: OrgUnderTest) -> None:
    org.create("Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-30")
    soql = "SELECT CloseDate FROM Opportunity WHERE CloseDate = "
    assert org.records(soql + "2026-06-30") == [{"CloseDate": "2026-06-30"}]
    assert error_code(org.query(soql + "2026-06-30T00:00:00Z")) == (400, "INVALID_FIELD")


@pytest.mark.parametrize(
    ("literal", "first", "last"),
    [
        ("TODAY", "2026-03-10", "2026-03-10"),
        ("YESTERDAY", "2026-03-09", "2026-03-09"),
        ("TOMORROW", "2026-03-11", "2026-03-11"),
        ("LAST_N_DAYS:2", "2026-03-08", "2026-03-10"),
        ("NEXT_N_DAYS:2", "2026-03-11", "2026-03-12"),
        ("N_DAYS_AGO:3", "2026-03-07", "2026-03-07"),
        ("THIS_WEEK", "2026-03-08", "2026-03-14"),
        ("LAST_WEEK", "2026-03-01", "2026-03-07"),
        ("THIS_MONTH", "2026-03-01", "2026-03-31"),
        ("LAST_MONTH", "2026-02-01", "2026-02-28"),
        ("NEXT_MONTH", "2026-04-01", "2026-04-30"),
        ("LAST_N_MONTHS:2", "2026-01-01", "2026-02-28"),
        ("NEXT_N_MONTHS:1", "2026-04-01", "2026-04-30"),
        ("THIS_QUARTER", "2026-01-01", "2026-03-31"),
        ("LAST_QUARTER", "2025-10-01", "2025-12-31"),
        ("THIS_YEAR", "2026-01-01", "2026-12-31"),
        ("LAST_N_YEARS:1", "2025-01-01", "2025-12-31"),
    ],
)
def test_date_literals_cover_the_days_they_name(
    org: OrgUnderTest, literal: str, first: str, last: str
) -> None:
    days = [f"{year}-{month:02d}-{day:02d}" for year in (2025, 2026) for month in range(1, 13)
            for day in range(1, 29)]  # fmt: skip
    days += ["2024-12-31", "2026-03-31", "2025-12-31", "2026-04-30", "2026-12-31", "2025-10-31"]
    org.store.load(
        {"Opportunity": [{"Name": d, "StageName": "Prospecting", "CloseDate": d} for d in days]}
    )
    rows = org.records(
        f"SELECT CloseDate FROM Opportunity WHERE CloseDate = {literal} ORDER BY CloseDate, Id"
    )
    assert (rows[0]["CloseDate"], rows[-1]["CloseDate"]) == (first, last)
    before = org.records(
        f"SELECT CloseDate FROM Opportunity WHERE CloseDate < {literal} "
        "ORDER BY CloseDate DESC, Id LIMIT 1"
    )
    assert before[0]["CloseDate"] < first
    after = org.records(
        f"SELECT CloseDate FROM Opportunity WHERE CloseDate > {literal} ORDER BY CloseDate, Id"
    )
    assert all(row["CloseDate"] > last for row in after)


def test_date_literals_on_instants_follow_the_zone_of_the_user() -> None:
    org = OrgUnderTest()
    late = {"Name": "late", "CreatedDate": "2026-03-09T23:30:00Z"}
    org.store.load({"Account": [late, {"Name": "noon", "CreatedDate": "2026-03-10T11:00:00Z"}]})
    assert names(org, "CreatedDate = TODAY") == ["noon"]
    org.switch(user_time_zone="Europe/Berlin")
    assert names(org, "CreatedDate = TODAY") == ["late", "noon"]


def test_last_n_days_runs_up_to_now(org: OrgUnderTest) -> None:
    org.store.load(
        {
            "Account": [
                {"Name": "before", "CreatedDate": "2026-03-10T11:59:59Z"},
                {"Name": "after", "CreatedDate": "2026-03-10T12:00:01Z"},
            ]
        }
    )
    assert names(org, "CreatedDate = LAST_N_DAYS:1") == ["before"]
    assert names(org, "CreatedDate = TODAY") == ["after", "before"]


# --- order ------------------------------------------------------------------------------------


def test_conformance_sf_26_nulls_come_first_unless_told(org: OrgUnderTest) -> None:
    org.store.load(
        {"Account": [{"Name": "b"}, {"Name": "a", "Fax": "1"}, {"Name": "c", "Fax": "2"}]}
    )

    def ordered(clause: str) -> list[str]:
        return [r["Name"] for r in org.records(f"SELECT Name FROM Account ORDER BY {clause}")]

    assert ordered("Fax, Id") == ["b", "a", "c"]
    assert ordered("Fax DESC, Id") == ["b", "c", "a"]
    assert ordered("Fax ASC NULLS LAST, Id") == ["a", "c", "b"]
    assert ordered("Fax DESC NULLS LAST, Id") == ["c", "a", "b"]


def test_conformance_sf_26_no_order_is_promised_without_order_by(org: OrgUnderTest) -> None:
    load_leads(org, 30)
    first, second = org.records("SELECT Id FROM Lead"), org.records("SELECT Id FROM Lead")
    assert first != second
    assert sorted(r["Id"] for r in first) == sorted(r["Id"] for r in second)


def test_conformance_sf_26_the_shuffle_is_the_same_for_the_same_seed() -> None:
    orders = []
    for seed in (1, 1, 2):
        org = OrgUnderTest(Switches(order_seed=seed))
        load_leads(org, 30)
        orders.append([row["Id"] for row in org.records("SELECT Id FROM Lead")])
    assert orders[0] == orders[1] != orders[2]


def test_conformance_sf_26_ties_are_unstable_without_id(org: OrgUnderTest) -> None:
    load_leads(org, 30, SystemModstamp="2026-01-01T00:00:00Z")
    loose = "SELECT Id FROM Lead ORDER BY SystemModstamp"
    assert org.records(loose) != org.records(loose)
    settled = org.records(f"{loose}, Id")
    assert settled == org.records(f"{loose}, Id")
    assert settled[0] == {"Id": "00Qbn0000000001EAA"}


def test_conformance_sf_27_offset_over_2000_is_out_of_range(org: OrgUnderTest) -> None:
    load_leads(org, 2_005)
    assert len(org.records("SELECT Id FROM Lead ORDER BY Id OFFSET 2000")) == 5
    answer = org.query("SELECT Id FROM Lead ORDER BY Id OFFSET 2001")
    assert error_code(answer) == (400, "NUMBER_OUTSIDE_VALID_RANGE")


@pytest.mark.parametrize(
    "condition",
    [
        "Id IN ()",
        "Name = 'a' AND Name = 'b' OR Name = 'c'",
        "Name = 'a' OR Name = 'b' AND Name = 'c'",
        "(Name = 'a' OR Name = 'b'",
    ],
)
def test_conformance_sf_27_empty_lists_and_mixed_words_are_malformed(
    org: OrgUnderTest, condition: str
) -> None:
    answer = org.query(f"SELECT Id FROM Lead WHERE {condition}")
    assert error_code(answer) == (400, "MALFORMED_QUERY")


# --- the rest of the subset --------------------------------------------------------------------


def test_conditions_have_two_values_where_fields_are_null(org: OrgUnderTest) -> None:
    org.store.load({"Account": [{"Name": "none"}, {"Name": "one", "Fax": "1"}]})
    assert names(org, "Fax != '1'") == ["none"]
    assert names(org, "Fax NOT IN ('1')") == ["none"]
    assert names(org, "NOT Fax = '1'") == ["none"]
    assert names(org, "NOT (Fax LIKE '1%')") == ["none"]
    assert names(org, "Fax = null") == ["none"]
    assert names(org, "Fax != null") == ["one"]
    assert names(org, "Fax = ''") == ["none"]
    assert names(org, "Fax < '2'") == ["one"]


def test_parentheses_decide_between_and_and_or(org: OrgUnderTest) -> None:
    org.store.load({"Account": [{"Name": "a", "Fax": "1"}, {"Name": "b"}, {"Name": "c"}]})
    assert names(org, "(Name = 'a' AND Fax = '1') OR Name = 'c'") == ["a", "c"]
    assert names(org, "(Name = 'a' OR Name = 'b') AND Fax = null") == ["b"]
    assert names(org, "NOT (Name = 'a' OR Name = 'b')") == ["c"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("INCLUDES ('DE')", ["both", "de"]),
        ("INCLUDES ('DE;AT')", ["both"]),
        ("INCLUDES ('AT', 'FR')", ["both", "fr"]),
        ("EXCLUDES ('DE')", ["fr", "none"]),
        ("= 'AT;DE'", ["both"]),
    ],
)
def test_multi_select_picklists_include_and_exclude(
    org: OrgUnderTest, condition: str, found: list[str]
) -> None:
    territories = {"both": "DE;AT", "de": "DE", "fr": "FR", "none": None}
    for name, value in territories.items():
        org.create("Account", Name=name, Partner_Territories__c=value)
    assert names(org, f"Partner_Territories__c {condition}") == found


def test_filters_follow_parents_and_semi_joins(org: OrgUnderTest) -> None:
    acme, bravo = org.create("Account", Name="Acme"), org.create("Account", Name="Bravo")
    org.create("Contact", LastName="Ada", AccountId=acme)
    org.create("Contact", LastName="Bob", AccountId=bravo)
    by_parent = "SELECT LastName FROM Contact WHERE Account.Name = 'acme' AND Owner.IsActive = true"
    assert org.records(by_parent) == [{"LastName": "Ada"}]
    having = "Id IN (SELECT AccountId FROM Contact WHERE LastName = 'Bob')"
    assert names(org, having) == ["Bravo"]
    assert names(org, f"{having.replace(' IN ', ' NOT IN ')}") == ["Acme"]
    aliased = "SELECT c.LastName FROM Contact c WHERE c.Account.Name LIKE 'B%'"
    assert org.records(aliased) == [{"LastName": "Bob"}]


def test_fields_can_be_qualified_by_the_object_itself(org: OrgUnderTest) -> None:
    org.create("Account", Name="Acme")
    soql = "SELECT Account.Name FROM Account WHERE Account.Name = 'acme' ORDER BY Account.Id"
    assert org.records(soql) == [{"Name": "Acme"}]


@pytest.mark.parametrize("form", [slice(0, 15), slice(0, 18)])
def test_ids_compare_in_either_length(org: OrgUnderTest, form: slice) -> None:
    account = org.create("Account", Name="Acme")
    assert names(org, f"Id = '{account[form]}'") == ["Acme"]
    assert names(org, f"Id IN ('{account[form]}')") == ["Acme"]
    assert names(org, f"Id > '{account[form]}'") == []


def test_count_and_aggregates(org: OrgUnderTest) -> None:
    org.store.load(
        {
            "Account": [
                {"Name": "a", "Industry": "Media", "NumberOfEmployees": 3},
                {"Name": "b", "Industry": "Media", "NumberOfEmployees": 5},
                {"Name": "c", "IsDeleted": True},
            ]
        }
    )
    assert org.query("SELECT COUNT() FROM Account").json() == {
        "totalSize": 2, "done": True, "records": [],
    }  # fmt: skip
    assert org.query("SELECT COUNT() FROM Account", "queryAll").json()["totalSize"] == 3
    grouped = org.query(
        "SELECT Industry, COUNT(Id), MAX(NumberOfEmployees) most FROM Account GROUP BY Industry"
    )
    assert grouped.json()["records"] == [
        {
            "attributes": {"type": "AggregateResult"},
            "Industry": "Media",
            "expr0": 2,
            "most": 5,
        }
    ]


def test_fields_functions_expand_to_readable_fields(org: OrgUnderTest) -> None:
    org.create("Contact", LastName="Ada", Hub_Contact_Key__c="k")
    (custom,) = org.records("SELECT FIELDS(CUSTOM) FROM Contact LIMIT 200")
    assert custom == {"Hub_Contact_Key__c": "k"}
    (standard,) = org.records("SELECT FIELDS(STANDARD) FROM Contact")
    assert "LastName" in standard
    assert "Hub_Contact_Key__c" not in standard
    (everything,) = org.records("SELECT FIELDS(ALL) FROM Contact LIMIT 1")
    assert everything.keys() == standard.keys() | custom.keys()


def test_whole_and_decimal_numbers_keep_their_kind(org: OrgUnderTest) -> None:
    org.create(
        "Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-30", Amount=500000
    )
    org.create("Account", Name="Acme", NumberOfEmployees=12)
    assert '"Amount":500000.0' in org.query("SELECT Amount FROM Opportunity").text
    assert '"NumberOfEmployees":12' in org.query("SELECT NumberOfEmployees FROM Account").text


def test_long_id_lists_fit_up_to_the_uri_limit(org: OrgUnderTest) -> None:
    def ask(count: int) -> requests.Response:
        ids = ",".join(f"'{record_id('00Q', n)}'" for n in range(count))
        return org.query(f"SELECT Id FROM Lead WHERE Id IN ({ids})")

    assert ask(300).status_code == 200
    assert ask(650).status_code == 414
