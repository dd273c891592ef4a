"""Associations v4: statements 51-56."""

from typing import Any

import pytest
from hubspot_kit import Portal, link, spec

STOCK, CUSTOM = "HUBSPOT_DEFINED", "USER_DEFINED"
LABELS = "/crm/v4/associations/deals/companies/labels"


def deal(portal: Portal, name: str = "D") -> str:
    return portal.create("deals", dealname=name, dealstage="contractsent")


def pair(deal_id: str, company_id: str) -> str:
    return f"/crm/v4/objects/deals/{deal_id}/associations/companies/{company_id}"


def new_label(portal: Portal, name: str, inverse: str | None = None) -> tuple[int, int]:
    """A custom label of deals to companies; the ids of both directions."""
    body = {"name": name, "label": name.capitalize()}
    if inverse is not None:
        body["inverseLabel"] = inverse
    response = portal.post(LABELS, body)
    assert response.status_code == 200
    first, second = response.json()["results"]
    return first["typeId"], second["typeId"]


def test_conformance_hs_51_put_replaces_custom_labels(portal: Portal) -> None:
    one, one_back = new_label(portal, "first", "First of")
    two, two_back = new_label(portal, "second", "Second of")
    d, c = deal(portal), portal.create("companies", name="A")
    made = portal.put(pair(d, c), [spec(one, CUSTOM)])
    assert made.status_code == 201
    assert made.json() == {
        "fromObjectTypeId": "0-3",
        "fromObjectId": int(d),
        "toObjectTypeId": "0-2",
        "toObjectId": int(c),
        "labels": ["First"],
    }
    assert portal.joined("deals", d, "companies") == {int(c): [(STOCK, 341), (CUSTOM, one)]}
    assert portal.joined("companies", c, "deals") == {int(d): [(STOCK, 342), (CUSTOM, one_back)]}
    portal.put(pair(d, c), [spec(two, CUSTOM)])
    assert portal.joined("deals", d, "companies") == {int(c): [(STOCK, 341), (CUSTOM, two)]}
    assert portal.joined("companies", c, "deals") == {int(d): [(STOCK, 342), (CUSTOM, two_back)]}
    portal.put(pair(d, c), [spec(one, CUSTOM), spec(two, CUSTOM)])
    both = [(STOCK, 341), (CUSTOM, one), (CUSTOM, two)]
    assert portal.joined("deals", d, "companies") == {int(c): both}


def test_conformance_hs_51_primary_and_plain_stay_under_new_labels(portal: Portal) -> None:
    one, _ = new_label(portal, "first")
    d, c = deal(portal), portal.create("companies", name="A")
    portal.put(pair(d, c), [spec(5)])
    portal.put(pair(d, c), [spec(one, CUSTOM)])
    kept = [(STOCK, 5), (STOCK, 341), (CUSTOM, one)]
    assert portal.joined("deals", d, "companies") == {int(c): kept}
    portal.put(pair(d, c), [spec(341)])
    assert portal.joined("deals", d, "companies") == {int(c): kept}


def test_conformance_hs_51_ids_of_the_wire_can_be_text(portal: Portal) -> None:
    portal.switches.association_ids_numeric = False
    d, c = deal(portal), portal.create("companies", name="A")
    assert portal.put(pair(d, c), [spec(341)]).json()["toObjectId"] == c
    rows = portal.get(f"/crm/v4/objects/deals/{d}/associations/companies").json()["results"]
    assert rows == [
        {
            "toObjectId": c,
            "associationTypes": [{"category": STOCK, "typeId": 341, "label": None}],
        }
    ]


@pytest.mark.parametrize(
    ("kind", "plain", "primary", "back", "back_primary"),
    [("contacts", 279, 1, 280, 2), ("deals", 341, 5, 342, 6)],
)
def test_conformance_hs_52_one_primary_company(
    portal: Portal, kind: str, plain: int, primary: int, back: int, back_primary: int
) -> None:
    a, b = portal.create("companies", name="A"), portal.create("companies", name="B")
    one = deal(portal) if kind == "deals" else portal.create("contacts", email="a@x.com")
    path = f"/crm/v4/objects/{kind}/{one}/associations/companies"
    portal.put(f"{path}/{a}", [spec(primary)])
    assert portal.joined(kind, one, "companies") == {int(a): [(STOCK, primary), (STOCK, plain)]}
    portal.put(f"{path}/{b}", [spec(primary)])
    assert portal.joined(kind, one, "companies") == {
        int(a): [(STOCK, plain)],
        int(b): [(STOCK, primary), (STOCK, plain)],
    }
    assert portal.joined("companies", a, kind) == {int(one): [(STOCK, back)]}
    from_far = f"/crm/v4/objects/companies/{a}/associations/{kind}/{one}"
    portal.put(from_far, [spec(back_primary)])
    assert portal.joined(kind, one, "companies") == {
        int(a): [(STOCK, primary), (STOCK, plain)],
        int(b): [(STOCK, plain)],
    }


def test_conformance_hs_52_a_company_is_primary_of_many(portal: Portal) -> None:
    company = portal.create("companies", name="A")
    for n in range(3):
        portal.create("contacts", [link(company, 1)], email=f"{n}@x.com")
    joined = portal.joined("companies", company, "contacts")
    assert list(joined.values()) == [[(STOCK, 2), (STOCK, 280)]] * 3


def test_conformance_hs_53_removing_the_unlabelled_type_removes_all(portal: Portal) -> None:
    one, _ = new_label(portal, "first")
    d, c = deal(portal), portal.create("companies", name="A")
    path = "/crm/v4/associations/deals/companies/batch/labels/archive"

    def take(type_id: int, category: str) -> None:
        body = {"from": {"id": d}, "to": {"id": c}, "types": [spec(type_id, category)]}
        assert portal.post(path, {"inputs": [body]}).status_code == 204

    portal.put(pair(d, c), [spec(one, CUSTOM), spec(5)])
    take(one, CUSTOM)
    assert portal.joined("deals", d, "companies") == {int(c): [(STOCK, 5), (STOCK, 341)]}
    take(341, STOCK)
    assert portal.joined("deals", d, "companies") == {}
    assert portal.joined("companies", c, "deals") == {}


def test_conformance_hs_53_delete_removes_everything_and_repeats(portal: Portal) -> None:
    one, _ = new_label(portal, "first")
    d, c = deal(portal), portal.create("companies", name="A")
    portal.put(pair(d, c), [spec(one, CUSTOM), spec(5)])
    for path in (pair(d, c), pair(d, c), pair("424242", "424243")):
        response = portal.delete(path)
        assert (response.status_code, response.content) == (204, b"")
    assert portal.joined("deals", d, "companies") == {}
    assert portal.joined("companies", c, "deals") == {}


def test_conformance_hs_53_batch_archive_takes_pairs(portal: Portal) -> None:
    a, b = portal.create("companies", name="A"), portal.create("companies", name="B")
    d = deal(portal)
    for company in (a, b):
        portal.put(pair(d, company), [spec(341)])
    inputs = [{"from": {"id": d}, "to": [{"id": a}, {"id": "424242"}]}]
    path = "/crm/v4/associations/deals/companies/batch/archive"
    assert portal.post(path, {"inputs": inputs}).status_code == 204
    assert list(portal.joined("deals", d, "companies")) == [int(b)]


def crowd(portal: Portal, count: int) -> str:
    """A company with so many contacts."""
    portal.load_companies(1)
    portal.store.load(
        {
            "contacts": [
                {"id": n, "createdAt": 1, "properties": {"firstname": "C"}}
                for n in range(1, count + 1)
            ]
        },
        [("contacts", n, "companies", 1, STOCK, 279) for n in range(1, count + 1)],
    )
    return "1"


def test_conformance_hs_54_reads_page_at_500(portal: Portal) -> None:
    path = f"/crm/v4/objects/companies/{crowd(portal, 1100)}/associations/contacts"
    sizes, seen, after = [], [], ""
    while after is not None:
        page = portal.get(path, limit=500, after=after).json()
        sizes.append(len(page["results"]))
        seen += [row["toObjectId"] for row in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
    assert sizes == [500, 500, 100]
    assert seen == list(range(1, 1101))
    assert len(portal.get(path).json()["results"]) == 500
    assert portal.get(path, limit=501).status_code == 400


def test_conformance_hs_54_batch_read_pages_for_each_record(portal: Portal) -> None:
    crowd(portal, 700)
    other = portal.create("companies", name="B")
    path = f"/crm/v4/objects/companies/{other}/associations/default/contacts/7"
    assert portal.put(path).status_code == 200
    read = "/crm/v4/associations/companies/contacts/batch/read"
    body = portal.post(read, {"inputs": [{"id": "1"}, {"id": other}]}).json()
    first, second = body["results"]
    assert (first["from"], len(first["to"])) == ({"id": "1"}, 500)
    assert first["paging"]["next"]["after"] == "500"
    assert second["to"] == [
        {
            "toObjectId": 7,
            "associationTypes": [{"category": STOCK, "typeId": 280, "label": None}],
        }
    ]
    assert "paging" not in second
    rest = portal.post(read, {"inputs": [{"id": "1", "after": "500"}]}).json()["results"][0]
    assert [row["toObjectId"] for row in rest["to"]] == list(range(501, 701))
    assert "paging" not in rest


def test_conformance_hs_54_batch_read_caps_its_inputs(portal: Portal) -> None:
    read = "/crm/v4/associations/companies/contacts/batch/read"

    def status(count: int) -> int:
        inputs = [{"id": str(n)} for n in range(count)]
        return portal.post(read, {"inputs": inputs}).status_code

    assert (status(1000), status(1001)) == (207, 400)
    portal.switches.association_read_max = 100
    assert (status(100), status(101)) == (207, 400)


def test_conformance_hs_54_a_lonely_record_is_an_error_or_nothing(portal: Portal) -> None:
    lonely = portal.create("companies", name="A")
    read = "/crm/v4/associations/companies/contacts/batch/read"
    response = portal.post(read, {"inputs": [{"id": lonely}]})
    assert response.status_code == 207
    assert response.json()["results"] == []
    error = response.json()["errors"][0]
    assert error["category"] == "OBJECT_NOT_FOUND"
    assert error["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert error["context"]["fromObjectId"] == [lonely]
    portal.switches.no_associations_is_error = False
    response = portal.post(read, {"inputs": [{"id": lonely}]})
    assert (response.status_code, response.json()["results"]) == (200, [])


def test_conformance_hs_55_invalid_target(portal: Portal) -> None:
    company = portal.create("companies", name="A")
    gone = portal.create("contacts", email="a@x.com")
    portal.delete(f"/crm/v3/objects/contacts/{gone}")
    body = {"properties": {"dealname": "D", "dealstage": "closedwon"}}
    for target in ("424242", gone):
        response = portal.post("/crm/v3/objects/deals", {**body, "associations": [link(target, 3)]})
        assert response.status_code == 400
        assert response.json()["category"] == "VALIDATION_ERROR"
        assert response.json()["message"] == "One or more associations are invalid"
        assert response.json()["context"] == {
            "INVALID_OBJECT_IDS": [f"CONTACT={target} is not valid"],
            "objectId": [target],
            "objectType": ["CONTACT"],
        }
    assert portal.search("deals").json()["total"] == 0
    path = f"/crm/v4/objects/companies/{company}/associations/contacts/424242"
    assert portal.put(path, [spec(280)]).status_code == 400


@pytest.mark.parametrize(
    ("category", "type_id"), [(CUSTOM, 3), (STOCK, 279), (STOCK, 342), (STOCK, 99_999)]
)
def test_conformance_hs_55_invalid_type(portal: Portal, category: str, type_id: int) -> None:
    d, c = deal(portal), portal.create("companies", name="A")
    response = portal.put(pair(d, c), [spec(type_id, category)])
    assert response.status_code == 400
    assert response.json()["category"] == "VALIDATION_ERROR"
    assert response.json()["message"] == "One or more associations are invalid"
    text = f"{category}={type_id}"
    assert response.json()["context"] == {
        "associationSpec": [text],
        "INVALID_ASSOCIATION_TYPE_ID": [f"{text} is not a valid association definition id"],
    }
    assert portal.joined("deals", d, "companies") == {}


def test_conformance_hs_55_batch_create_reports_the_bad_pairs(portal: Portal) -> None:
    d, c = deal(portal), portal.create("companies", name="A")
    inputs: list[dict[str, Any]] = [
        {"from": {"id": d}, "to": {"id": to}, "types": [spec(341)]} for to in (c, "424242")
    ]
    path = "/crm/v4/associations/deals/companies/batch/create"
    response = portal.post(path, {"inputs": inputs})
    assert response.status_code == 207
    assert [row["toObjectId"] for row in response.json()["results"]] == [int(c)]
    assert response.json()["numErrors"] == 1
    context = response.json()["errors"][0]["context"]
    assert context["INVALID_OBJECT_IDS"] == ["COMPANY=424242 is not valid"]


def test_association_create_status_flips_by_switch_and_on_dated_paths(portal: Portal) -> None:
    d, c = deal(portal), portal.create("companies", name="A")
    body = {"inputs": [{"from": {"id": d}, "to": {"id": c}, "types": [spec(341)]}]}
    path = "/crm/v4/associations/deals/companies/batch/create"
    assert portal.post(path, body).status_code == 201
    portal.switches.association_create_status = 200
    assert portal.post(path, body).status_code == 200
    portal.switches.association_create_status = 201
    dated = "/crm/associations/2026-09/deals/companies/batch/create"
    assert portal.post(dated, body).status_code == 200


def test_default_associations_answer_in_both_directions(portal: Portal) -> None:
    d, c = deal(portal), portal.create("companies", name="A")
    response = portal.put(f"/crm/v4/objects/deals/{d}/associations/default/companies/{c}")
    assert response.status_code == 200
    rows = [
        {
            "from": {"id": d},
            "to": {"id": c},
            "associationSpec": {"associationCategory": STOCK, "associationTypeId": 341},
        },
        {
            "from": {"id": c},
            "to": {"id": d},
            "associationSpec": {"associationCategory": STOCK, "associationTypeId": 342},
        },
    ]
    assert response.json()["results"] == rows
    path = "/crm/v4/associations/deals/companies/batch/associate/default"
    inputs = [{"from": {"id": d}, "to": {"id": c}}, {"from": {"id": d}, "to": {"id": "424242"}}]
    response = portal.post(path, {"inputs": inputs})
    assert response.json()["results"] == rows
    assert response.json()["numErrors"] == 1


def test_conformance_hs_56_seeded_label_is_paired_and_the_accounts_own(portal: Portal) -> None:
    labels = portal.get(LABELS).json()["results"]
    assert labels == [
        {"category": STOCK, "typeId": 341, "label": None},
        {"category": STOCK, "typeId": 5, "label": "Primary"},
        {"category": CUSTOM, "typeId": 43, "label": "Registering partner"},
    ]
    back = portal.get("/crm/v4/associations/companies/deals/labels").json()["results"]
    assert back[-1] == {"category": CUSTOM, "typeId": 44, "label": "Registered by partner"}


def test_conformance_hs_56_paired_label_returns_two_entries(portal: Portal) -> None:
    body = {"name": "distributor", "label": "Distributor", "inverseLabel": "Supplies"}
    response = portal.post("/crm/v4/associations/companies/companies/labels", body)
    assert response.status_code == 200
    there, back = response.json()["results"]
    assert (there["category"], there["label"]) == (CUSTOM, "Distributor")
    assert (back["category"], back["label"]) == (CUSTOM, "Supplies")
    assert there["typeId"] != back["typeId"]
    a, b = portal.create("companies", name="A"), portal.create("companies", name="B")
    path = f"/crm/v4/objects/companies/{a}/associations/companies/{b}"
    portal.put(path, [spec(there["typeId"], CUSTOM)])
    assert portal.joined("companies", b, "companies") == {
        int(a): [(STOCK, 450), (CUSTOM, back["typeId"])]
    }


def test_conformance_hs_56_unpaired_label_within_one_type_is_one_entry(portal: Portal) -> None:
    body = {"name": "sibling", "label": "Sibling"}
    response = portal.post("/crm/v4/associations/companies/companies/labels", body)
    assert len(response.json()["results"]) == 1


def test_conformance_hs_56_labels_are_renamed_and_removed_in_both_directions(
    portal: Portal,
) -> None:
    one, back = new_label(portal, "first", "First of")
    d, c = deal(portal), portal.create("companies", name="A")
    portal.put(pair(d, c), [spec(one, CUSTOM)])
    change = {"associationTypeId": one, "label": "Prime", "inverseLabel": "Prime of"}
    assert portal.put(LABELS, change).status_code == 204
    path = "/crm/v4/associations/companies/deals/labels"
    assert portal.get(LABELS).json()["results"][-1]["label"] == "Prime"
    assert portal.get(path).json()["results"][-1]["label"] == "Prime of"
    assert portal.delete(f"{LABELS}/{one}").status_code == 204
    assert one not in [row["typeId"] for row in portal.get(LABELS).json()["results"]]
    assert back not in [row["typeId"] for row in portal.get(path).json()["results"]]
    assert portal.joined("deals", d, "companies") == {int(c): [(STOCK, 341)]}
    assert portal.delete(f"{LABELS}/{one}").status_code == 404
    assert portal.delete(f"{LABELS}/341").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": "registering_partner", "label": "Other"},
        {"name": "other", "label": "Registering partner"},
        {"name": "Not Snake", "label": "Other"},
        {"name": "other", "label": ""},
        {"name": "other"},
    ],
)
def test_conformance_hs_56_bad_or_repeated_label_is_400(
    portal: Portal, body: dict[str, str]
) -> None:
    assert portal.post(LABELS, body).status_code == 400


def test_conformance_hs_56_newer_path_serves_the_same_labels(portal: Portal) -> None:
    newer = portal.get("/crm/associations/v4/deals/companies/labels").json()
    dated = portal.get("/crm/associations/2026-09/deals/companies/labels").json()
    assert newer == dated == portal.get(LABELS).json()


def test_company_hierarchy_has_directed_types(portal: Portal) -> None:
    parent, child = portal.create("companies", name="P"), portal.create("companies", name="C")
    path = f"/crm/v4/objects/companies/{parent}/associations/companies/{child}"
    portal.put(path, [spec(13)])
    assert portal.joined("companies", parent, "companies") == {
        int(child): [(STOCK, 13), (STOCK, 450)]
    }
    assert portal.joined("companies", child, "companies") == {
        int(parent): [(STOCK, 14), (STOCK, 450)]
    }


def test_archived_record_is_joined_to_nothing(portal: Portal) -> None:
    company = portal.create("companies", name="A")
    contact = portal.create("contacts", [link(company, 1)], email="a@x.com")
    portal.delete(f"/crm/v3/objects/companies/{company}")
    assert portal.joined("contacts", contact, "companies") == {}
