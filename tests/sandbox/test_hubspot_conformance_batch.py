"""Batches of records: statements 27-36."""

from typing import Any

import pytest
from hubspot_kit import Portal, codes

BATCH = "/crm/v3/objects/companies/batch"
CONTACTS = "/crm/v3/objects/contacts/batch"


def upsert(portal: Portal, *inputs: dict[str, Any], path: str = BATCH) -> Any:
    return portal.post(f"{path}/upsert", {"inputs": list(inputs)})


def keyed(key: str, trace: str | None = None, **properties: str) -> dict[str, Any]:
    made: dict[str, Any] = {"id": key, "idProperty": "hub_company_key", "properties": properties}
    return made if trace is None else {**made, "objectWriteTraceId": trace}


def total(portal: Portal, kind: str = "companies") -> int:
    return int(portal.search(kind).json()["total"])


@pytest.mark.parametrize("action", ["read", "create", "update", "upsert", "archive"])
def test_conformance_hs_27_more_than_100_inputs_is_400(portal: Portal, action: str) -> None:
    portal.load_companies(101)
    one = {"properties": {"name": "new"}, "idProperty": "hub_company_key"}
    inputs = [{"id": str(n), **one} for n in range(1, 102)]
    if action == "update":
        inputs = [{"id": str(n), "properties": {"name": "new"}} for n in range(1, 102)]
    response = portal.post(f"{BATCH}/{action}", {"inputs": inputs})
    assert response.status_code == 400
    assert response.json()["category"] == "VALIDATION_ERROR"
    assert total(portal) == 101
    assert portal.read("companies", "1")["name"] == "Company 1"


@pytest.mark.parametrize("action", ["create", "update", "upsert"])
def test_conformance_hs_27_100_inputs_are_taken(portal: Portal, action: str) -> None:
    portal.load_companies(100)
    inputs: list[dict[str, Any]] = [
        {"id": str(n), "properties": {"name": "new"}} for n in range(1, 101)
    ]
    if action == "upsert":
        inputs = [{**one, "idProperty": "hub_company_key"} for one in inputs]
    response = portal.post(f"{BATCH}/{action}", {"inputs": inputs})
    assert response.status_code == (201 if action == "create" else 200)
    assert len(response.json()["results"]) == 100


def test_conformance_hs_28_unknown_ids_make_a_207(portal: Portal) -> None:
    portal.load_companies(3)
    inputs = [{"id": text} for text in ("3", "77", "1", "88", "abc", "1")]
    response = portal.post(f"{BATCH}/read", {"inputs": inputs, "properties": ["name", "nope"]})
    assert response.status_code == 207
    body = response.json()
    assert body["status"] == "COMPLETE"
    assert sorted(row["id"] for row in body["results"]) == ["1", "3"]
    assert "nope" not in body["results"][0]["properties"]
    assert body["numErrors"] == 1
    assert body["errors"] == [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Could not get some COMPANY objects, they may be deleted or not exist. "
            "Check that ids are valid.",
            "context": {"ids": ["77", "88", "abc"]},
            "links": {},
            "errors": [],
        }
    ]


def test_conformance_hs_28_known_ids_make_a_200(portal: Portal) -> None:
    portal.load_companies(3)
    response = portal.post(
        f"{BATCH}/read", {"inputs": [{"id": "3"}, {"id": "1"}], "properties": []}
    )
    assert response.status_code == 200
    assert "numErrors" not in response.json()
    assert "errors" not in response.json()


def test_conformance_hs_28_dated_path_says_it_without_207(portal: Portal) -> None:
    portal.load_companies(1)
    path = "/crm/objects/2026-09/companies/batch/read"
    response = portal.post(path, {"inputs": [{"id": "1"}, {"id": "9"}], "properties": []})
    assert response.status_code == 200
    assert (len(response.json()["results"]), response.json()["numErrors"]) == (1, 1)


def test_conformance_hs_28_entries_can_be_as_bare_as_live_ones(portal: Portal) -> None:
    portal.switches.full_batch_errors = False
    response = portal.post(f"{BATCH}/read", {"inputs": [{"id": "9"}], "properties": []})
    assert sorted(response.json()["errors"][0]) == ["category", "context", "message", "status"]


def test_conformance_hs_28_read_by_unique_property_and_of_archived(portal: Portal) -> None:
    kept = portal.create("companies", name="A", hub_company_key="K1")
    gone = portal.create("companies", name="B")
    portal.delete(f"/crm/v3/objects/companies/{gone}")
    by_key = {"inputs": [{"id": "K1"}, {"id": "K9"}], "idProperty": "hub_company_key"}
    response = portal.post(f"{BATCH}/read", by_key)
    assert response.status_code == 207
    assert [row["id"] for row in response.json()["results"]] == [kept]
    assert response.json()["errors"][0]["context"]["ids"] == ["K9"]
    both = {"inputs": [{"id": kept}, {"id": gone}]}
    alive = portal.post(f"{BATCH}/read", both).json()
    assert [row["id"] for row in alive["results"]] == [kept]
    archived = portal.post(f"{BATCH}/read?archived=True", both).json()
    assert [row["id"] for row in archived["results"]] == [gone]
    wrong = {"inputs": [{"id": "A"}], "idProperty": "name"}
    assert portal.post(f"{BATCH}/read", wrong).status_code == 400


def test_conformance_hs_29_history_halves_the_batch(portal: Portal) -> None:
    portal.load_companies(51)
    body = {
        "inputs": [{"id": str(n)} for n in range(1, 52)],
        "properties": [],
        "propertiesWithHistory": ["name"],
    }
    response = portal.post(f"{BATCH}/read", body)
    assert response.status_code == 400
    assert response.json()["category"] == "VALIDATION_ERROR"
    assert response.json()["message"] == (
        "The maximum number of inputs supported in a batch request for property histories is 50. "
        "Please reduce the number of items and try again"
    )
    fits = portal.post(f"{BATCH}/read", {**body, "inputs": body["inputs"][:50]})
    assert fits.status_code == 200
    assert fits.json()["results"][0]["propertiesWithHistory"]["name"][0]["value"] == "Company 1"


def test_conformance_hs_30_create_is_all_or_nothing(portal: Portal) -> None:
    good = {"properties": {"name": "A"}}
    response = portal.post(
        f"{BATCH}/create",
        {
            "inputs": [
                good,
                {"properties": {"name": "B", "nope": "1"}},
                {"properties": {"naem": "C"}},
            ]
        },
    )
    assert response.status_code == 400
    assert codes(response) == {"nope": "PROPERTY_DOESNT_EXIST", "naem": "PROPERTY_DOESNT_EXIST"}
    assert total(portal) == 0
    assert portal.post(f"{BATCH}/create", {"inputs": [good]}).status_code == 201


def test_conformance_hs_30_known_email_names_only_the_first(portal: Portal) -> None:
    first = portal.create("contacts", email="a@x.com")
    portal.create("contacts", email="b@x.com")
    inputs = [{"properties": {"email": f"{name}@x.com"}} for name in ("c", "a", "b")]
    response = portal.post(f"{CONTACTS}/create", {"inputs": inputs})
    assert response.status_code == 409
    assert response.json()["message"] == f"Contact already exists. Existing ID: {first}"
    assert total(portal, "contacts") == 2


def test_conformance_hs_30_some_trace_ids_are_not_enough(portal: Portal) -> None:
    inputs = [
        {"properties": {"name": "A"}, "objectWriteTraceId": "t1"},
        {"properties": {"nope": "B"}},
    ]
    assert portal.post(f"{BATCH}/create", {"inputs": inputs}).status_code == 400
    twice = [{**one, "objectWriteTraceId": "t1"} for one in inputs]
    assert portal.post(f"{BATCH}/create", {"inputs": twice}).status_code == 400
    assert total(portal) == 0


def test_conformance_hs_31_trace_ids_let_the_good_rows_land(portal: Portal) -> None:
    portal.create("contacts", email="a@x.com")
    emails = ("b@x.com", "a@x.com", "nobody", "c@x.com")
    inputs = [
        {"properties": {"email": email}, "objectWriteTraceId": f"t{n}"}
        for n, email in enumerate(emails)
    ]
    response = portal.post(f"{CONTACTS}/create", {"inputs": inputs})
    assert response.status_code == 207
    body = response.json()
    assert [(row["objectWriteTraceId"], row["properties"]["email"]) for row in body["results"]] == [
        ("t0", "b@x.com"),
        ("t3", "c@x.com"),
    ]
    assert body["numErrors"] == 2
    told = {e["context"]["objectWriteTraceId"][0]: e["category"] for e in body["errors"]}
    assert told == {"t1": "CONFLICT", "t2": "VALIDATION_ERROR"}
    assert total(portal, "contacts") == 3


def test_conformance_hs_31_all_bad_is_still_207(portal: Portal) -> None:
    inputs = [{"properties": {"nope": "1"}, "objectWriteTraceId": f"t{n}"} for n in (1, 2)]
    response = portal.post(f"{BATCH}/create", {"inputs": inputs})
    assert response.status_code == 207
    assert response.json()["results"] == []
    assert response.json()["numErrors"] == 1, "one message is one group"
    assert response.json()["errors"][0]["context"] == {"objectWriteTraceId": ["t1", "t2"]}


def test_conformance_hs_31_dated_path_answers_201(portal: Portal) -> None:
    inputs = [{"properties": {name: "A"}, "objectWriteTraceId": name} for name in ("name", "nope")]
    response = portal.post("/crm/objects/2026-09/companies/batch/create", {"inputs": inputs})
    assert response.status_code == 201
    assert (len(response.json()["results"]), response.json()["numErrors"]) == (1, 1)


def test_conformance_hs_32_update_clean_mixed_and_all_bad(portal: Portal) -> None:
    portal.load_companies(2)

    def update(*ids: str) -> Any:
        inputs = [{"id": text, "properties": {"city": "Ulm"}} for text in ids]
        return portal.post(f"{BATCH}/update", {"inputs": inputs})

    clean = update("1", "2")
    assert clean.status_code == 200
    assert [row["properties"]["city"] for row in clean.json()["results"]] == ["Ulm", "Ulm"]
    mixed = update("1", "9")
    assert mixed.status_code == 207
    assert [row["id"] for row in mixed.json()["results"]] == ["1"]
    assert mixed.json()["errors"][0]["context"] == {"ids": ["9"]}
    bad = update("8", "9")
    assert bad.status_code == 207
    assert bad.json()["results"] == []
    assert bad.json()["numErrors"] == 1
    assert bad.json()["errors"][0]["context"] == {"ids": ["8", "9"]}


def test_conformance_hs_32_trace_ids_come_back(portal: Portal) -> None:
    portal.load_companies(1)
    inputs = [
        {"id": "1", "properties": {"city": "Ulm"}, "objectWriteTraceId": "good"},
        {"id": "9", "properties": {"city": "Ulm"}, "objectWriteTraceId": "bad"},
    ]
    body = portal.post(f"{BATCH}/update", {"inputs": inputs}).json()
    assert body["results"][0]["objectWriteTraceId"] == "good"
    assert body["errors"][0]["context"] == {"objectWriteTraceId": ["bad"]}


def test_conformance_hs_32_update_by_unique_property(portal: Portal) -> None:
    record_id = portal.create("companies", name="A", hub_company_key="K1")
    inputs = [{"id": "K1", "idProperty": "hub_company_key", "properties": {"city": "Ulm"}}]
    response = portal.post(f"{BATCH}/update", {"inputs": inputs})
    assert [row["id"] for row in response.json()["results"]] == [record_id]


def test_conformance_hs_32_upsert_clean_mixed_and_all_bad(portal: Portal) -> None:
    assert upsert(portal, keyed("K1", name="A")).status_code == 200
    mixed = upsert(portal, keyed("K1", name="B"), keyed("K2", trace="t2", nope="1"))
    assert mixed.status_code == 207
    assert [row["properties"]["name"] for row in mixed.json()["results"]] == ["B"]
    assert mixed.json()["errors"][0]["category"] == "VALIDATION_ERROR"
    assert mixed.json()["errors"][0]["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert mixed.json()["errors"][0]["context"] == {"objectWriteTraceId": ["t2"]}
    bad = upsert(portal, keyed("K3", nope="1"))
    assert (bad.status_code, bad.json()["results"]) == (207, [])
    assert total(portal) == 1


def test_conformance_hs_33_upsert_says_new_once(portal: Portal) -> None:
    inputs = [keyed("K1", name="A"), keyed("K2", name="B")]
    first = upsert(portal, *inputs)
    assert first.status_code == 200
    assert [row["new"] for row in first.json()["results"]] == [True, True]
    again = upsert(portal, *inputs)
    assert again.status_code == 200
    assert [row["new"] for row in again.json()["results"]] == [False, False]
    ids = [row["id"] for row in first.json()["results"]]
    assert [row["id"] for row in again.json()["results"]] == ids
    assert total(portal) == 2
    assert portal.read("companies", ids[0], "hub_company_key")["hub_company_key"] == "K1"


@pytest.mark.parametrize("name", ["domain", "name", "nope"])
def test_conformance_hs_33_upsert_needs_a_unique_property(portal: Portal, name: str) -> None:
    response = upsert(portal, {"id": "x", "idProperty": name, "properties": {"city": "Ulm"}})
    assert response.status_code == 400
    assert response.json()["category"] == "VALIDATION_ERROR"


def test_conformance_hs_33_upsert_by_record_id_makes_nothing(portal: Portal) -> None:
    portal.load_companies(1)
    inputs = [{"id": text, "properties": {"city": "Ulm"}} for text in ("1", "99")]
    response = upsert(portal, *inputs)
    assert response.status_code == 207
    assert [(row["id"], row["new"]) for row in response.json()["results"]] == [("1", False)]
    assert total(portal) == 1


def test_conformance_hs_33_upsert_by_email_has_no_partial_success(portal: Portal) -> None:
    inputs = [
        {"id": "a@x.com", "idProperty": "email", "properties": {"firstname": "A"}},
        {"id": "b@x.com", "idProperty": "email", "properties": {"nope": "B"}},
    ]
    assert upsert(portal, *inputs, path=CONTACTS).status_code == 400
    assert total(portal, "contacts") == 0
    portal.switches.email_upsert_atomic = False
    assert upsert(portal, *inputs, path=CONTACTS).status_code == 207
    assert total(portal, "contacts") == 1
    assert upsert(portal, inputs[0], path=CONTACTS).json()["results"][0]["new"] is False


def test_conformance_hs_34_two_inputs_for_one_record_are_400(portal: Portal) -> None:
    record_id = portal.create("companies", name="A", hub_company_key="K1")
    contact = portal.create("contacts", email="a@x.com", hub_contact_key="C1")
    change = {"properties": {"city": "Ulm"}}
    by_key = {"id": "K1", "idProperty": "hub_company_key", **change}
    refused = [
        portal.post(f"{BATCH}/update", {"inputs": [{"id": record_id, **change}, by_key]}),
        upsert(portal, keyed("K9", name="B"), keyed("K9", name="C")),
        upsert(portal, {"id": record_id, **change}, by_key),
        upsert(
            portal,
            {"id": "A@x.com", "idProperty": "email", **change},
            {"id": "C1", "idProperty": "hub_contact_key", **change},
            path=CONTACTS,
        ),
        portal.post(
            f"{CONTACTS}/create",
            {"inputs": [{"properties": {"email": e}} for e in ("n@x.com", "N@x.com")]},
        ),
    ]
    for response in refused:
        assert response.status_code == 400
        assert response.json()["category"] == "VALIDATION_ERROR"
    assert (total(portal), total(portal, "contacts")) == (1, 1)
    assert portal.read("companies", record_id, "city")["city"] is None
    assert portal.read("contacts", contact, "city")["city"] is None


def test_conformance_hs_35_results_need_not_follow_the_inputs(portal: Portal) -> None:
    portal.load_companies(30)
    inputs = [{"id": str(n), "properties": {"city": "Ulm"}} for n in range(1, 31)]

    def order() -> list[str]:
        rows = portal.post(f"{BATCH}/update", {"inputs": inputs}).json()["results"]
        return [row["id"] for row in rows]

    expected = [str(n) for n in range(1, 31)]
    assert order() == expected
    portal.switches.shuffle_batch_results = True
    shuffled = order()
    assert shuffled != expected
    assert sorted(shuffled, key=int) == expected
    read = portal.post(f"{BATCH}/read", {"inputs": inputs[::-1]}).json()["results"]
    assert [row["id"] for row in read] != expected[::-1]


def test_conformance_hs_36_merged_away_id_is_passed_over_in_silence(portal: Portal) -> None:
    portal.load_companies(3)
    merged = {"primaryObjectId": "1", "objectIdToMerge": "2"}
    survivor = portal.post("/crm/v3/objects/companies/merge", merged).json()["id"]
    inputs = [{"id": text, "properties": {"city": "Ulm"}} for text in ("2", "3")]
    response = portal.post(f"{BATCH}/update", {"inputs": inputs})
    assert response.status_code == 200
    assert [row["id"] for row in response.json()["results"]] == ["3"]
    assert "numErrors" not in response.json()
    assert portal.read("companies", survivor, "city")["city"] is None
    portal.switches.batch_update_drops_merged = False
    response = portal.post(f"{BATCH}/update", {"inputs": inputs})
    assert [row["id"] for row in response.json()["results"]] == [survivor, "3"]
    assert portal.read("companies", survivor, "city")["city"] == "Ulm"


def test_conformance_hs_60_batch_read_of_a_merged_away_id(portal: Portal) -> None:
    portal.load_companies(3)
    merged = {"primaryObjectId": "1", "objectIdToMerge": "2"}
    survivor = portal.post("/crm/v3/objects/companies/merge", merged).json()["id"]
    inputs = [{"id": text} for text in ("2", "3")]
    told = portal.post(f"{BATCH}/read", {"inputs": inputs}).json()
    assert sorted(row["id"] for row in told["results"]) == sorted([survivor, "3"])
    portal.switches.batch_read_drops_merged = True
    told = portal.post(f"{BATCH}/read", {"inputs": inputs}).json()
    assert [row["id"] for row in told["results"]] == ["3"]
    assert "numErrors" not in told


def test_batch_archive_is_204_whatever_the_ids(portal: Portal) -> None:
    portal.load_companies(3)
    inputs = [{"id": text} for text in ("1", "99", "abc", "3")]
    for _ in range(2):
        assert portal.post(f"{BATCH}/archive", {"inputs": inputs}).status_code == 204
    assert portal.found("companies") == ["2"]


def test_request_log_counts_the_rows(portal: Portal) -> None:
    portal.load_companies(5)
    portal.get("/crm/v3/objects/companies", limit=3)
    portal.search("companies", limit=4)
    portal.post(f"{BATCH}/read", {"inputs": [{"id": "1"}, {"id": "9"}]})
    upsert(portal, keyed("K1", name="A"), keyed("K2", name="B"))
    portal.post(f"{BATCH}/archive", {"inputs": [{"id": "1"}, {"id": "9"}]})
    assert [line["rows"] for line in portal.log.lines] == [3, 4, 1, 2, 1]
    assert portal.log.lines[0] == {
        "at": "2026-03-10T12:00:00.500+00:00",
        "system": "acme_hubspot",
        "method": "GET",
        "path": "/crm/v3/objects/companies?limit=3",
        "status": 200,
        "rows": 3,
    }
