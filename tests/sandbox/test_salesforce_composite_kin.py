"""composite/batch, composite/tree and composite/graph."""

from typing import Any

import pytest
from salesforce_org import OrgUnderTest, error_code

BASE = "/services/data/v59.0/sobjects"


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def test_a_batch_is_a_row_of_independent_calls(org: OrgUnderTest) -> None:
    requests: list[dict[str, Any]] = [
        {"method": "POST", "url": "v59.0/sobjects/Account", "richInput": {"Name": "A"}},
        {"method": "GET", "url": "v59.0/nonsense"},
        {"method": "GET", "url": "v59.0/query?q=SELECT+Name+FROM+Account"},
    ]
    answer = org.post("composite/batch", {"batchRequests": requests}).json()
    assert answer["hasErrors"] is True
    assert [result["statusCode"] for result in answer["results"]] == [201, 404, 200]
    assert answer["results"][2]["result"]["records"][0]["Name"] == "A"
    halted = org.post("composite/batch", {"batchRequests": requests, "haltOnError": True}).json()
    assert [result["statusCode"] for result in halted["results"]] == [201, 404, 412]
    assert halted["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    refused = org.post("composite/batch", {"batchRequests": requests[1:2] * 26})
    assert error_code(refused) == (400, "LIMIT_EXCEEDED")


def tree(*names: str | None) -> dict[str, Any]:
    children = [
        {"attributes": {"type": "Contact", "referenceId": f"c{n}"}, "LastName": name}
        for n, name in enumerate(names)
    ]
    return {"records": [{
        "attributes": {"type": "Account", "referenceId": "a"}, "Name": "Acme",
        "Contacts": {"records": children},
    }]}  # fmt: skip


def test_a_tree_creates_records_below_their_parents(org: OrgUnderTest) -> None:
    answer = org.post("composite/tree/Account", tree("Ada", "Bob"))
    assert answer.status_code == 201
    assert [result["referenceId"] for result in answer.json()["results"]] == ["a", "c0", "c1"]
    account = answer.json()["results"][0]["id"]
    assert {row["AccountId"] for row in org.records("SELECT AccountId FROM Contact")} == {account}


def test_a_tree_with_one_bad_leaf_leaves_nothing(org: OrgUnderTest) -> None:
    answer = org.post("composite/tree/Account", tree("Ada", None))
    assert answer.status_code == 400
    (result,) = answer.json()["results"]
    assert (result["referenceId"], result["errors"][0]["statusCode"]) == (
        "c1", "REQUIRED_FIELD_MISSING",
    )  # fmt: skip
    assert org.records("SELECT Id FROM Account") == []
    wide = org.post("composite/tree/Account", tree(*["Ada"] * 200))
    assert wide.json()["results"][0]["errors"][0]["statusCode"] == "LIMIT_EXCEEDED"


def graph(name: str, last_name: str | None, url: str = f"{BASE}/Contact") -> dict[str, Any]:
    return {"graphId": name, "compositeRequest": [
        {"method": "POST", "url": f"{BASE}/Account", "referenceId": "a", "body": {"Name": name}},
        {"method": "POST", "url": url, "referenceId": "c",
         "body": {"LastName": last_name, "AccountId": "@{a.id}"}},
    ]}  # fmt: skip


def test_each_graph_is_whole_or_nothing(org: OrgUnderTest) -> None:
    graphs = [graph("good", "Ada"), graph("bad", None)]
    answer = org.post("composite/graph", {"graphs": graphs}).json()["graphs"]
    assert [(entry["graphId"], entry["isSuccessful"]) for entry in answer] == [
        ("good", True), ("bad", False),
    ]  # fmt: skip
    halted, failed = answer[1]["graphResponse"]["compositeResponse"]
    assert halted["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert failed["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert org.records("SELECT Name FROM Account") == [{"Name": "good"}]


def test_graphs_have_limits_and_take_records_only(org: OrgUnderTest) -> None:
    many = org.post("composite/graph", {"graphs": [graph(str(n), "A") for n in range(76)]})
    assert error_code(many) == (400, "LIMIT_EXCEEDED")
    foreign = graph("query", "A", url="/services/data/v59.0/query?q=SELECT+Id+FROM+Lead")
    assert error_code(org.post("composite/graph", {"graphs": [foreign]})) == (
        400, "INVALID_REQUEST",
    )  # fmt: skip
