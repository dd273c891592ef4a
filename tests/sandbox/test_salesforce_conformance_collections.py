"""Statements 46-48 of the checklist: sObject Collections and Composite."""

from typing import Any

import pytest
import requests
from salesforce_org import OrgUnderTest, error_code

from sandbox.salesforce import Switches, record_id

ROLLED_BACK = [
    {
        "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "message": "Record rolled back because not all records were valid and the request was "
        "using AllOrNone header",
        "fields": [],
    }
]
HALTED = [
    {
        "errorCode": "PROCESSING_HALTED",
        "message": "The transaction was rolled back since another operation in the same "
        "transaction failed.",
    }
]


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def row(sobject: str, **fields: object) -> dict[str, object]:
    return {"attributes": {"type": sobject}, **fields}


def account(name: str, **fields: object) -> dict[str, object]:
    return row("Account", Name=name, **fields)


def send(
    org: OrgUnderTest, records: list[Any], method: str = "POST", path: str = "", **body: object
) -> requests.Response:
    return org.call(method, f"composite/sobjects{path}", json={"records": records, **body})


def codes(answer: requests.Response) -> list[str | None]:
    """The code of each failed row, None for a good one; the request itself went well."""
    assert answer.status_code == 200, answer.text
    return [None if r["success"] else r["errors"][0]["statusCode"] for r in answer.json()]


# --- collections ------------------------------------------------------------------------------


def test_conformance_sf_46_200_rows_are_taken_and_201_refused(org: OrgUnderTest) -> None:
    assert codes(send(org, [account(f"A{n}") for n in range(200)])) == [None] * 200
    answer = send(org, [account(f"A{n}") for n in range(201)])
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "errorCode": "EXCEEDED_ID_LIMIT",
            "message": "record limit reached. cannot submit more than 200 records into this call",
        }
    ]
    assert org.query("SELECT COUNT() FROM Account").json()["totalSize"] == 200


def test_conformance_sf_46_code_of_an_oversized_call_is_a_switch() -> None:
    org = OrgUnderTest(Switches(oversized_collection_code="LIMIT_EXCEEDED"))
    answer = send(org, [account("A")] * 201)
    assert error_code(answer) == (400, "LIMIT_EXCEEDED")


def test_conformance_sf_46_mixed_results_come_in_input_order(org: OrgUnderTest) -> None:
    answer = send(org, [account("A"), row("Account"), account("B"), account("C", Nope=1)])
    first, missing, second, unknown = answer.json()
    assert codes(answer) == [None, "REQUIRED_FIELD_MISSING", None, "INVALID_FIELD"]
    assert first == {"id": first["id"], "success": True, "errors": []}
    assert missing == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [Name]",
                "fields": ["Name"],
            }
        ],
    }
    assert "id" not in unknown
    names = {r["Id"]: r["Name"] for r in org.records("SELECT Id, Name FROM Account")}
    assert names == {first["id"]: "A", second["id"]: "B"}


def test_conformance_sf_46_all_or_none_leaves_nothing_and_marks_the_others(
    org: OrgUnderTest,
) -> None:
    answer = send(org, [account("A"), row("Account"), account("B")], allOrNone=True)
    first, missing, second = answer.json()
    assert first == second == {"success": False, "errors": ROLLED_BACK}
    assert missing["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert org.records("SELECT Id FROM Account") == []
    assert codes(send(org, [account("A"), account("B")], allOrNone=True)) == [None, None]


def test_conformance_sf_46_updates_by_id(org: OrgUnderTest) -> None:
    one, two = org.create("Account", Name="A"), org.create("Account", Name="B")
    never = record_id("001", 4711)
    org.delete(f"sobjects/Account/{two}")
    answer = send(
        org,
        [row("Account", id=one[:15], Phone="1"), row("Account", Id=two, Phone="2"),
         row("Account", Id=never, Phone="3"), row("Account", Phone="4"),
         row("Account", Id="x", Phone="5")],
        "PATCH",
    )  # fmt: skip
    assert codes(answer) == [
        None, "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MISSING_ARGUMENT",
        "MALFORMED_ID",
    ]  # fmt: skip
    assert answer.json()[0] == {"id": one, "success": True, "errors": []}
    assert org.row("Account", one)["Phone"] == "1"


def test_conformance_sf_46_deletes_by_id_list(org: OrgUnderTest) -> None:
    one, two = org.create("Account", Name="A"), org.create("Contact", LastName="B")
    path = f"composite/sobjects?ids={one},{two},{one}&allOrNone="
    assert codes(org.delete(path + "true")) == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK", "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "ENTITY_IS_DELETED",
    ]  # fmt: skip
    assert codes(org.delete(path + "false")) == [None, None, "ENTITY_IS_DELETED"]
    assert org.records("SELECT Id FROM Account") == []
    too_many = ",".join(record_id("001", n) for n in range(201))
    assert org.delete(f"composite/sobjects?ids={too_many}").status_code == 400


UPSERT = "/Lead/Hub_Lead_Key__c"


def lead(key: object, **fields: object) -> dict[str, object]:
    return row("Lead", Hub_Lead_Key__c=key, LastName="Ada", Company="Acme", **fields)


def test_conformance_sf_46_upserts_tell_created_from_updated(org: OrgUnderTest) -> None:
    first = send(org, [lead("k1")], "PATCH", UPSERT).json()
    assert first == [{"id": first[0]["id"], "success": True, "errors": [], "created": True}]
    again = send(org, [lead("K1", Phone="1"), lead("k2"), lead(None)], "PATCH", UPSERT)
    assert codes(again) == [None, None, "MISSING_ARGUMENT"]
    assert [r.get("created") for r in again.json()] == [False, True, None]
    assert again.json()[0]["id"] == first[0]["id"]


def test_upsert_in_a_collection_can_match_by_id(org: OrgUnderTest) -> None:
    one = org.create("Account", Name="A")
    known, unknown = row("Account", Id=one, Phone="1"), row("Account", Id=record_id("001", 4711))
    answer = send(org, [known, unknown], "PATCH", "/Account/Id")
    assert codes(answer) == [None, "INVALID_CROSS_REFERENCE_KEY"]
    assert answer.json()[0]["created"] is False


def test_conformance_sf_47_a_key_given_twice_fails_both_rows(org: OrgUnderTest) -> None:
    answer = send(org, [lead("k1"), lead("k2"), lead("K1")], "PATCH", UPSERT)
    assert codes(answer) == ["DUPLICATE_VALUE", None, "DUPLICATE_VALUE"]
    keys = org.records("SELECT Hub_Lead_Key__c FROM Lead")
    assert keys == [{"Hub_Lead_Key__c": "k2"}]


def test_conformance_sf_47_more_than_ten_runs_of_types_are_refused(org: OrgUnderTest) -> None:
    pair = [account("A"), row("Contact", LastName="C")]
    assert codes(send(org, pair * 5)) == [None] * 10
    answer = send(org, [*pair * 5, account("A")])
    assert error_code(answer) == (400, "EXCEEDED_MAX_TYPES_LIMIT")
    assert codes(send(org, [account("A")] * 50 + [row("Contact", LastName="C")] * 50)) == [
        None
    ] * 100  # fmt: skip


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"Name": "A"}, "MISSING_ARGUMENT"),
        ({"attributes": {}, "Name": "A"}, "MISSING_ARGUMENT"),
        ({"attributes": {"type": "Nope"}, "Name": "A"}, "INVALID_TYPE"),
        ("not an object", "JSON_PARSER_ERROR"),
    ],
)
def test_conformance_sf_47_every_record_names_its_type(
    org: OrgUnderTest, record: object, code: str
) -> None:
    assert error_code(send(org, [account("A"), record])) == (400, code)
    assert org.records("SELECT Id FROM Account") == []


def test_upsert_takes_records_of_the_named_object_only(org: OrgUnderTest) -> None:
    answer = send(org, [lead("k1"), account("A")], "PATCH", UPSERT)
    assert error_code(answer) == (400, "INVALID_TYPE")
    unknown = send(org, [lead("k1")], "PATCH", "/Lead/LastName")
    assert error_code(unknown) == (404, "NOT_FOUND")


def test_several_matches_of_a_key_fail_the_row(org: OrgUnderTest) -> None:
    contacts = [row("Contact", LastName=name, Email="a@acme.example") for name in "ab"]
    send(org, contacts)
    answer = send(org, [contacts[0]], "PATCH", "/Contact/Email")
    assert codes(answer) == ["DUPLICATE_EXTERNAL_ID"]


def test_retrieve_answers_in_order_with_null_for_what_is_not_there(org: OrgUnderTest) -> None:
    one, two = org.create("Account", Name="A"), org.create("Account", Name="B")
    org.delete(f"sobjects/Account/{two}")
    body = {"ids": [two, one[:15]], "fields": ["Name"]}
    by_post = org.post("composite/sobjects/Account", body).json()
    assert by_post[0] is None
    assert (by_post[1]["Id"], by_post[1]["Name"]) == (one, "A")
    by_get = org.get(f"composite/sobjects/Account?ids={two},{one}&fields=Name").json()
    assert by_get == by_post
    wrong = org.post("composite/sobjects/Account", {"ids": [one], "fields": ["Nope"]})
    assert error_code(wrong) == (400, "INVALID_FIELD")
    empty = org.post("composite/sobjects/Account", {"ids": [one]})
    assert error_code(empty) == (400, "INVALID_REQUEST")


def test_retrieve_takes_2000_ids(org: OrgUnderTest) -> None:
    ids = [record_id("001", n) for n in range(2_001)]
    body = {"ids": ids[:2_000], "fields": ["Name"]}
    assert org.post("composite/sobjects/Account", body).json() == [None] * 2_000
    answer = org.post("composite/sobjects/Account", {"ids": ids, "fields": ["Name"]})
    assert answer.status_code == 400


def test_a_collection_costs_one_call_and_logs_its_rows(org: OrgUnderTest) -> None:
    answer = send(org, [account("A"), row("Account"), account("B")])
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/15000"
    assert org.log.lines[-1]["rows"] == 2


# --- composite --------------------------------------------------------------------------------

BASE = "/services/data/v59.0"


def sub(method: str, path: str, ref: str, **more: object) -> dict[str, object]:
    return {"method": method, "url": f"{BASE}/{path}", "referenceId": ref, **more}


def compose(org: OrgUnderTest, *requests_: object, **body: object) -> requests.Response:
    return org.post("composite", {"compositeRequest": list(requests_), **body})


def parts(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return list(answer.json()["compositeResponse"])


def make(ref: str, name: str | None = "A", **more: object) -> dict[str, object]:
    return sub("POST", "sobjects/Account", ref, body={"Name": name}, **more)


def test_conformance_sf_48_26_subrequests_are_refused(org: OrgUnderTest) -> None:
    assert len(parts(compose(org, *(make(f"r{n}") for n in range(25))))) == 25
    answer = compose(org, *(make(f"r{n}") for n in range(26)))
    assert error_code(answer) == (400, "LIMIT_EXCEEDED")
    assert len(org.records("SELECT Id FROM Account")) == 25


def test_conformance_sf_48_at_most_five_queries_and_collections(org: OrgUnderTest) -> None:
    queries = [sub("GET", "query?q=SELECT+Id+FROM+Lead", f"q{n}") for n in range(6)]
    assert [part["httpStatusCode"] for part in parts(compose(org, *queries[:5]))] == [200] * 5
    assert error_code(compose(org, *queries)) == (400, "LIMIT_EXCEEDED")


def test_conformance_sf_48_later_subrequests_use_earlier_answers(org: OrgUnderTest) -> None:
    made, contact, read, found = parts(
        compose(
            org,
            make("refAccount", "Acme"),
            sub("POST", "sobjects/Contact", "refContact",
                body={"LastName": "Ada", "AccountId": "@{refAccount.id}"}),
            sub("GET", "sobjects/Account/@{refAccount.id}?fields=Name", "refRead"),
            sub("GET", "query?q=SELECT+Id,+Name+FROM+Contact+WHERE+AccountId='@{refAccount.id}'",
                "refQuery"),
        )
    )  # fmt: skip
    record = made["body"]["id"]
    assert made == {
        "body": {"id": record, "success": True, "errors": []},
        "httpHeaders": {"Location": f"{BASE}/sobjects/Account/{record}"},
        "httpStatusCode": 201,
        "referenceId": "refAccount",
    }
    assert read["body"]["Name"] == "Acme"
    assert found["body"]["records"][0]["Id"] == contact["body"]["id"]
    indexed = parts(
        compose(
            org,
            sub("GET", "query?q=SELECT+Id+FROM+Contact", "q"),
            sub("PATCH", "sobjects/Contact/@{q.records[0].Id}", "p", body={"Phone": "1"}),
        )
    )
    assert indexed[1] == {
        "body": None, "httpHeaders": {}, "httpStatusCode": 204, "referenceId": "p",
    }  # fmt: skip


def test_conformance_sf_48_dependants_of_a_failure_are_halted(org: OrgUnderTest) -> None:
    failed, dependant, free = parts(
        compose(
            org,
            make("a", None),
            sub("GET", "sobjects/Account/@{a.id}", "b"),
            make("c", "Free"),
        )
    )
    assert (failed["httpStatusCode"], failed["body"][0]["errorCode"]) == (
        400, "REQUIRED_FIELD_MISSING",
    )  # fmt: skip
    assert (dependant["httpStatusCode"], dependant["body"]) == (
        400,
        [
            {
                "errorCode": "PROCESSING_HALTED",
                "message": "Invalid reference specified. No value for a found",
            }
        ],
    )
    assert free["httpStatusCode"] == 201


def test_conformance_sf_48_all_or_none_halts_the_siblings(org: OrgUnderTest) -> None:
    first, failed, last = parts(compose(org, make("a"), make("b", None), make("c"), allOrNone=True))
    assert first == {
        "body": HALTED, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": "a",
    }  # fmt: skip
    assert last["body"] == HALTED
    assert failed["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert org.records("SELECT Id FROM Account") == []


def test_conformance_sf_48_outer_all_or_none_overrides_inner_collections(
    org: OrgUnderTest,
) -> None:
    inner = sub(
        "POST", "composite/sobjects", "many", body={"records": [account("B"), row("Account")]}
    )
    loose = parts(compose(org, make("a"), inner))
    assert [r["success"] for r in loose[1]["body"]] == [True, False]
    assert len(org.records("SELECT Id FROM Account")) == 2
    strict = parts(compose(org, make("a"), inner, allOrNone=True))
    assert strict[0]["body"] == HALTED
    assert [r["success"] for r in strict[1]["body"]] == [False, False]
    assert len(org.records("SELECT Id FROM Account")) == 2


@pytest.mark.parametrize(
    ("version", "body", "seen"),
    [
        ("59.0", {}, 2),
        ("59.0", {"collateSubrequests": False}, 1),
        ("48.0", {}, 1),
    ],
)
def test_conformance_sf_48_subrequests_of_a_kind_are_done_together_from_version_49(
    org: OrgUnderTest, version: str, body: dict[str, object], seen: int
) -> None:
    count = sub("GET", "query?q=SELECT+COUNT()+FROM+Account", "count")
    answer = org.post(
        "composite", {"compositeRequest": [make("a"), count, make("b")], **body}, version=version
    )
    assert [part["referenceId"] for part in parts(answer)] == ["a", "count", "b"]
    assert parts(answer)[1]["body"]["totalSize"] == seen


def test_subrequests_that_wait_for_an_answer_are_not_pulled_forward(org: OrgUnderTest) -> None:
    answers = parts(
        compose(
            org,
            make("a", "First"),
            sub("GET", "sobjects/Account/@{a.id}?fields=Name", "read"),
            make("b", "@{read.Name}"),
        )
    )
    assert [part["httpStatusCode"] for part in answers] == [201, 200, 201]
    assert [row["Name"] for row in org.records("SELECT Name FROM Account")] == ["First", "First"]


@pytest.mark.parametrize("name", ["Authorization", "accept", "Content-Type"])
def test_conformance_sf_48_inherited_headers_cannot_be_set(org: OrgUnderTest, name: str) -> None:
    answer = compose(org, make("a"), make("b", httpHeaders={name: "x"}))
    assert error_code(answer) == (400, "INVALID_REQUEST")
    assert org.records("SELECT Id FROM Account") == []


def test_conformance_sf_48_headers_of_a_subrequest_are_its_own(org: OrgUnderTest) -> None:
    record = org.create("Account", Name="A")
    condition = {"If-Unmodified-Since": "Mon, 09 Mar 2026 12:00:00 GMT"}
    path = f"sobjects/Account/{record}"
    guarded, free = parts(
        compose(
            org,
            sub("PATCH", path, "a", body={"Phone": "1"}, httpHeaders=condition),
            sub("PATCH", path, "b", body={"Fax": "2"}),
        )
    )
    assert (guarded["httpStatusCode"], free["httpStatusCode"]) == (412, 204)
    stored = org.row("Account", record)
    assert (stored["Phone"], stored["Fax"]) == (None, "2")


def test_outer_headers_are_not_passed_to_subrequests(org: OrgUnderTest) -> None:
    record = org.create("Account", Name="A")
    answer = org.call(
        "POST",
        "composite",
        json={"compositeRequest": [sub("PATCH", f"sobjects/Account/{record}", "a", body={})]},
        headers={"If-Unmodified-Since": "Mon, 09 Mar 2026 12:00:00 GMT"},
    )
    assert parts(answer)[0]["httpStatusCode"] == 204


@pytest.mark.parametrize(
    "body",
    [{}, {"compositeRequest": []}, {"compositeRequest": [{"method": "GET"}]},
     {"compositeRequest": [sub("GET", "limits", "a"), sub("GET", "limits", "a")]}],
)  # fmt: skip
def test_malformed_composites_are_refused(org: OrgUnderTest, body: object) -> None:
    assert org.post("composite", body).status_code == 400


def test_subrequests_outside_the_data_api_are_not_found(org: OrgUnderTest) -> None:
    answers = parts(
        compose(
            org,
            {"method": "GET", "url": "/services/oauth2/userinfo", "referenceId": "a"},
            sub("POST", "composite", "b", body={"compositeRequest": []}),
            {"method": "GET", "url": "/services/data/v30.0/limits", "referenceId": "c"},
        )
    )
    assert [part["httpStatusCode"] for part in answers] == [404, 404, 410]


def test_a_composite_costs_one_call(org: OrgUnderTest) -> None:
    answer = compose(org, make("a"), make("b"))
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/15000"
    assert org.log.lines[-1]["rows"] == 2
