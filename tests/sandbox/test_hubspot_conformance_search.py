"""Searching: statements 37-44."""

from typing import Any

import pytest
from hubspot_kit import NOON_MS, Portal, where

SEARCH = "/crm/v3/objects/companies/search"


def companies(portal: Portal, **rows: dict[str, str]) -> dict[str, str]:
    """Companies by name, and their names by id."""
    return {portal.create("companies", name=name, **rest): name for name, rest in rows.items()}


def names(portal: Portal, made: dict[str, str], *filters: dict[str, Any], **more: Any) -> list[str]:
    return [made[record_id] for record_id in portal.found("companies", *filters, **more)]


def test_conformance_hs_37_limit_total_and_after(portal: Portal) -> None:
    portal.load_companies(230)
    first = portal.search("companies").json()
    assert (first["total"], len(first["results"])) == (230, 10)
    assert first["paging"]["next"]["after"] == "10"
    second = portal.search("companies", limit=200, after="10").json()
    assert second["total"] == 230
    assert [row["id"] for row in second["results"]] == [str(n) for n in range(11, 211)]
    last = portal.search("companies", limit="200", after=210).json()
    assert (len(last["results"]), "paging" in last) == (20, False)
    assert portal.search("companies", limit=201).status_code == 400
    assert portal.search("companies", limit=0).status_code == 400
    assert portal.search("companies", after="ten").status_code == 400


def test_conformance_hs_37_link_of_a_search_names_the_same_place(portal: Portal) -> None:
    portal.load_companies(11)
    link = portal.search("companies").json()["paging"]["next"]["link"]
    assert link == f"{portal.url}{SEARCH}?after=10"


def test_conformance_hs_37_nothing_found(portal: Portal) -> None:
    found = portal.search("companies", where("name", "EQ", "nobody")).json()
    assert found == {"total": 0, "results": []}
    past = portal.search("companies", after="50").json()
    assert past == {"total": 0, "results": []}


def test_conformance_hs_38_past_ten_thousand_is_400(portal: Portal) -> None:
    portal.load_companies(10_050)
    last = portal.search("companies", limit=100, after="9900").json()
    assert (last["total"], len(last["results"])) == (10_050, 100)
    assert last["paging"]["next"]["after"] == "10000"
    for query in ({"after": "10000"}, {"after": "9900", "limit": 101}):
        refused = portal.search("companies", **query)
        assert refused.status_code == 400
        assert refused.json()["category"] == "VALIDATION_ERROR"


def test_conformance_hs_38_the_end_of_a_search_can_be_brought_nearer(portal: Portal) -> None:
    portal.switches.search_results_max = 50
    portal.load_companies(60)
    assert portal.search("companies", limit=50).status_code == 200
    assert portal.search("companies", limit=50, after="50").status_code == 400


def test_conformance_hs_38_keyset_by_id_goes_on_without_end(portal: Portal) -> None:
    portal.load_companies(10_050)
    seen: list[str] = []
    while True:
        window = [where("hs_object_id", "GT", seen[-1] if seen else "0")]
        window.append(where("hs_lastmodifieddate", "GTE", "0"))
        page = portal.found("companies", *window, sorts=["hs_object_id"], limit=200)
        seen += page
        if len(page) < 200:
            break
    assert seen == [str(n) for n in range(1, 10_051)]


@pytest.mark.parametrize(
    ("groups", "status"),
    [
        ([1] * 5, 200),
        ([1] * 6, 400),
        ([6], 200),
        ([7], 400),
        ([6, 6, 6], 200),
        ([6, 6, 6, 1], 400),
    ],
)
def test_conformance_hs_39_caps_on_filters(portal: Portal, groups: list[int], status: int) -> None:
    one = where("name", "EQ", "A")
    response = portal.post(SEARCH, {"filterGroups": [{"filters": [one] * n} for n in groups]})
    assert response.status_code == status


def test_conformance_hs_39_caps_can_be_the_wider_ones(portal: Portal) -> None:
    portal.switches.max_filters, portal.switches.max_filter_groups = 25, 10
    one = where("name", "EQ", "A")
    assert portal.post(SEARCH, {"filterGroups": [{"filters": [one]}] * 10}).status_code == 200
    assert portal.post(SEARCH, {"filterGroups": [{"filters": [one] * 6}] * 4}).status_code == 200
    assert portal.post(SEARCH, {"filterGroups": [{"filters": [one] * 6}] * 5}).status_code == 400


def test_conformance_hs_39_one_sort_and_3000_characters(portal: Portal) -> None:
    assert portal.search("companies", sorts=["name", "domain"]).status_code == 400
    fits = '{"query": "' + "é" * 2987 + '"}'
    assert len(fits) == 3000
    assert portal.call("POST", SEARCH, data=fits.encode()).status_code == 200
    assert portal.call("POST", SEARCH, data=(fits + " ").encode()).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        where("createdate", "BETWEEN", "1"),
        where("createdate", "BETWEEN", highValue="1"),
        where("name", "IN"),
        where("name", "IN", "a"),
        where("name", "NOT_IN", values=[]),
        where("name", "EQ"),
        where("name", "LIKE", "a"),
        where("numberofemployees", "GT", "many"),
        where("createdate", "GT", "tomorrow"),
        where("associations.gizmos", "EQ", "1"),
    ],
    ids=lambda one: f"{one['propertyName']}-{one['operator']}",
)
def test_conformance_hs_40_parts_that_do_not_go_together(
    portal: Portal, wrong: dict[str, Any]
) -> None:
    response = portal.search("companies", wrong)
    assert response.status_code == 400
    assert response.json()["category"] == "VALIDATION_ERROR"


def test_conformance_hs_40_between_says_what_it_misses(portal: Portal) -> None:
    response = portal.search("companies", where("createdate", "BETWEEN", "1"))
    assert "operator BETWEEN requires a highValue" in response.json()["message"]


@pytest.mark.parametrize("operator", ["HAS_PROPERTY", "NOT_HAS_PROPERTY"])
def test_conformance_hs_40_has_property_with_value(portal: Portal, operator: str) -> None:
    one = where("name", operator, "A")
    assert portal.search("companies", one).status_code == 400
    portal.switches.has_property_with_value = "ignore"
    assert portal.search("companies", one).status_code == 200


def test_conformance_hs_40_unknown_property_in_a_filter(portal: Portal) -> None:
    portal.create("companies", name="A")
    response = portal.search("companies", where("lastmodifieddate", "GT", "0"))
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    portal.switches.unknown_filter_property = "no_rows"
    assert portal.found("companies", where("lastmodifieddate", "GT", "0")) == []


def test_conformance_hs_41_text_ignores_case_and_enumerations_do_not(portal: Portal) -> None:
    made = companies(
        portal,
        Acme={"city": "Zürich", "partner_tier": "Gold"},
        Beta={"city": "ZÜRICH", "partner_tier": "Silver"},
    )
    assert names(portal, made, where("name", "EQ", "aCME")) == ["Acme"]
    assert names(portal, made, where("city", "EQ", "zürich")) == ["Acme", "Beta"]
    assert names(portal, made, where("city", "NEQ", "ZÜRICH")) == []
    assert names(portal, made, where("partner_tier", "EQ", "Gold")) == ["Acme"]
    assert names(portal, made, where("partner_tier", "EQ", "gold")) == []
    assert names(portal, made, where("partner_tier", "NEQ", "gold")) == ["Acme", "Beta"]
    assert names(portal, made, where("partner_tier", "IN", values=["Gold", "silver"])) == ["Acme"]


def test_conformance_hs_41_in_on_text_wants_lower_case(portal: Portal) -> None:
    made = companies(portal, Acme={}, BETA={}, Corp={})
    assert names(portal, made, where("name", "IN", values=["acme", "beta"])) == ["Acme", "BETA"]
    assert names(portal, made, where("name", "IN", values=["Acme", "BETA"])) == []
    assert names(portal, made, where("name", "NOT_IN", values=["acme", "BETA"])) == ["BETA", "Corp"]


def test_conformance_hs_41_unique_and_email_lookups_ignore_case(portal: Portal) -> None:
    company = portal.create("companies", name="A", hub_company_key="Key-1")
    contact = portal.create("contacts", email="ann@example.com")
    assert portal.found("companies", where("hub_company_key", "EQ", "kEY-1")) == [company]
    assert portal.found("contacts", where("email", "EQ", "ANN@example.com")) == [contact]
    assert portal.found("contacts", where("email", "EQ", "bob@example.com")) == []


def test_search_operators_on_numbers_dates_and_sets(portal: Portal) -> None:
    made = companies(
        portal,
        A={"numberofemployees": "9", "partner_territories": "DE;FR"},
        B={"numberofemployees": "10.0", "partner_territories": "DE"},
        C={"numberofemployees": "1e2"},
    )

    def ask(*one: dict[str, Any]) -> str:
        return "".join(names(portal, made, *one))

    assert ask(where("numberofemployees", "EQ", "10")) == "B"
    assert ask(where("numberofemployees", "GT", "9")) == "BC"
    assert ask(where("numberofemployees", "LTE", "10")) == "AB"
    assert ask(where("numberofemployees", "BETWEEN", "9.5", highValue="100")) == "BC"
    assert ask(where("numberofemployees", "IN", values=["9", "100"])) == "AC"
    assert ask(where("partner_territories", "EQ", "DE")) == "AB"
    assert ask(where("partner_territories", "IN", values=["FR", "CH"])) == "A"
    assert ask(where("partner_territories", "HAS_PROPERTY")) == "AB"
    assert ask(where("partner_territories", "NOT_HAS_PROPERTY")) == "C"
    assert ask(where("name", "GTE", "b")) == "BC"
    assert ask(where("createdate", "EQ", str(NOON_MS))) == "ABC"
    assert ask(where("createdate", "GT", str(NOON_MS))) == ""
    assert ask(where("createdate", "GTE", "2026-03-10T12:00:00.500Z")) == "ABC"
    assert ask(where("name", "EQ", "A"), where("numberofemployees", "LT", "5")) == ""


def test_search_on_plain_dates_takes_epoch_milliseconds(portal: Portal) -> None:
    for day in ("2026-06-29", "2026-06-30"):
        portal.create("deals", dealname=day, dealstage="closedwon", partner_protected_until=day)
    midnight = where("partner_protected_until", "GTE", "1782777600000")
    rows = portal.search("deals", midnight).json()["results"]
    assert [row["properties"]["dealname"] for row in rows] == ["2026-06-30"]


def test_search_on_closed_flag_and_stage(portal: Portal) -> None:
    won = portal.create("deals", dealname="W", dealstage="closedwon")
    portal.create("deals", dealname="O", dealstage="contractsent")
    assert portal.found("deals", where("hs_is_closed", "EQ", "true")) == [won]
    assert portal.found("deals", where("hs_is_closed", "EQ", True)) == [won]
    assert portal.found("deals", where("dealstage", "EQ", "closedwon")) == [won]


def test_search_negatives_include_unset_by_default(portal: Portal) -> None:
    made = companies(portal, A={"city": "Ulm"}, B={"city": "Bonn"}, C={})
    wanted = where("city", "NEQ", "ulm")
    assert names(portal, made, wanted) == ["B", "C"]
    assert names(portal, made, where("city", "NOT_IN", values=["ulm"])) == ["B", "C"]
    portal.switches.negatives_match_unset = False
    assert names(portal, made, wanted) == ["B"]
    assert names(portal, made, where("city", "NOT_CONTAINS_TOKEN", "ulm")) == ["B"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("acme", ["Acme GmbH", "Neue-Acme"]),
        ("acm", []),
        ("acm*", ["Acme GmbH", "Neue-Acme"]),
        ("*me", ["Acme GmbH", "Neue-Acme"]),
        ("acme gmbh", ["Acme GmbH"]),
        ("*gmbh*", ["Acme GmbH", "Gmbhaus"]),
    ],
)
def test_search_by_token_and_wildcard(portal: Portal, pattern: str, expected: list[str]) -> None:
    made = {
        portal.create("companies", name=name): name
        for name in ("Acme GmbH", "Gmbhaus", "Neue-Acme")
    }
    assert names(portal, made, where("name", "CONTAINS_TOKEN", pattern)) == expected
    rest = [name for name in made.values() if name not in expected]
    assert names(portal, made, where("name", "NOT_CONTAINS_TOKEN", pattern)) == rest


def test_search_groups_are_alternatives(portal: Portal) -> None:
    made = companies(portal, A={"city": "Ulm"}, B={"city": "Ulm"}, C={"city": "Bonn"})
    groups = [
        {"filters": [where("city", "EQ", "ulm"), where("name", "EQ", "a")]},
        {"filters": [where("city", "EQ", "bonn")]},
    ]
    found = portal.post(SEARCH, {"filterGroups": groups}).json()
    assert [made[row["id"]] for row in found["results"]] == ["A", "C"]


def test_search_by_association_and_by_query(portal: Portal) -> None:
    made = companies(portal, Acme={"domain": "acme.com"}, Beta={"website": "https://acme.org"})
    first, second = made
    contact = portal.create("contacts", firstname="Ann")
    portal.put(f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{second}")
    assert names(portal, made, where("associations.contacts", "EQ", contact)) == ["Beta"]
    assert names(portal, made, where("associations.contact", "HAS_PROPERTY")) == ["Beta"]
    assert names(portal, made, where("associations.contacts", "NOT_HAS_PROPERTY")) == ["Acme"]
    assert portal.found("contacts", where("associations.companies", "IN", values=[first])) == []
    assert names(portal, made, query="ACME") == ["Acme", "Beta"]
    assert names(portal, made, query="acme org") == ["Beta"]
    assert names(portal, made, query="ulm") == []


def test_conformance_hs_42_default_order_is_creation(portal: Portal) -> None:
    late = NOON_MS - 1000
    portal.store.load(
        {
            "companies": [
                {"id": 1, "createdAt": late, "properties": {"name": "late", "city": "b"}},
                {"id": 2, "createdAt": late - 5000, "properties": {"name": "early", "city": "C"}},
                {"id": 3, "createdAt": late, "properties": {"name": "tied", "city": "A"}},
                {"id": 4, "createdAt": late + 1, "properties": {"name": "bare"}},
            ]
        }
    )
    assert portal.found("companies") == ["2", "1", "3", "4"]
    assert portal.found("companies", sorts=["city"]) == ["3", "1", "2", "4"]
    assert portal.found("companies", sorts=["-city"]) == ["2", "1", "3", "4"]
    by_id = {"propertyName": "hs_object_id", "direction": "DESCENDING"}
    assert portal.found("companies", sorts=[by_id]) == ["4", "3", "2", "1"]
    assert portal.found("companies", sorts=[{"propertyName": "createdate"}]) == ["2", "1", "3", "4"]
    assert portal.search("companies", sorts=["no_such"]).status_code == 400


def test_conformance_hs_42_numbers_sort_as_numbers(portal: Portal) -> None:
    made = companies(
        portal, A={"annualrevenue": "1000"}, B={"annualrevenue": "9"}, C={"annualrevenue": "20"}
    )
    sort = {"propertyName": "annualrevenue", "direction": "DESCENDING"}
    assert names(portal, made, sorts=[sort]) == ["A", "C", "B"]


def test_conformance_hs_43_archived_records_are_never_found(portal: Portal) -> None:
    kept, gone = portal.create("companies", name="A"), portal.create("companies", name="A")
    portal.delete(f"/crm/v3/objects/companies/{gone}")
    assert portal.found("companies") == [kept]
    assert portal.found("companies", where("name", "EQ", "a")) == [kept]
    assert portal.found("companies", where("hs_object_id", "EQ", gone)) == []
    assert portal.search("companies", query="a").json()["total"] == 1


def test_conformance_hs_44_new_records_are_found_after_the_lag(portal: Portal) -> None:
    portal.switches.index_lag_seconds = 30
    made = portal.create("companies", name="A")
    assert portal.get(f"/crm/v3/objects/companies/{made}").status_code == 200
    assert [r["id"] for r in portal.get("/crm/v3/objects/companies").json()["results"]] == [made]
    assert portal.search("companies").json()["total"] == 0
    portal.pass_time(29.9)
    assert portal.found("companies") == []
    portal.pass_time(0.2)
    assert portal.found("companies") == [made]


def test_conformance_hs_44_changes_are_seen_step_by_step_after_the_lag(portal: Portal) -> None:
    portal.load_companies(2, city="Ulm")
    portal.switches.index_lag_seconds = 30
    record = "/crm/v3/objects/companies/1"

    def seen() -> tuple[str, str]:
        found = portal.search("companies", where("hs_object_id", "EQ", "1"), properties=["city"])
        row = found.json()["results"][0]
        return row["properties"]["city"], row["updatedAt"]

    portal.patch(record, {"properties": {"city": "Bonn"}})
    portal.pass_time(10)
    portal.patch(record, {"properties": {"city": "Jena"}})
    assert portal.read("companies", "1", "city")["city"] == "Jena"
    assert seen() == ("Ulm", "2026-02-08T12:00:01.500Z")
    assert portal.found("companies", where("city", "EQ", "ulm")) == ["1", "2"]
    portal.pass_time(20)
    assert seen() == ("Bonn", "2026-03-10T12:00:00.500Z")
    portal.pass_time(10)
    assert seen() == ("Jena", "2026-03-10T12:00:10.500Z")
    assert portal.found("companies", where("city", "EQ", "ulm")) == ["2"]


def test_conformance_hs_44_a_late_record_appears_behind_the_cursor(portal: Portal) -> None:
    portal.switches.index_lag_seconds = 30
    late = portal.create("companies", name="late")
    portal.switches.index_lag_seconds = 0
    portal.pass_time(1)
    early = portal.create("companies", name="early")
    since = where("hs_lastmodifieddate", "GTE", str(NOON_MS))
    assert portal.found("companies", since) == [early]
    portal.pass_time(30)
    assert portal.found("companies", since) == [late, early]
    assert portal.found("companies", where("hs_lastmodifieddate", "GT", str(NOON_MS))) == [early]


def test_conformance_hs_44_archived_while_unindexed_is_not_found(portal: Portal) -> None:
    portal.load_companies(2)
    portal.switches.index_lag_seconds = 30
    portal.patch("/crm/v3/objects/companies/1", {"properties": {"city": "Bonn"}})
    portal.delete("/crm/v3/objects/companies/1")
    assert portal.found("companies") == ["2"]
