"""What a portal holds, and what became of what it holds no longer."""

import pytest
from rigs import HubSpotRig, Incident, ids

from hub.connectors.contract import Connector, ObjectSpec
from hub.errors import SystemUnreachable

COMPANY_LINK = "associations/companies/primary"


def told(connector: Connector, spec: ObjectSpec, *record_ids: str) -> dict[str, tuple[str, ...]]:
    """Record id → (is_deleted, merged_into) of a trace."""
    rows = [
        row
        for batch in connector.trace(spec, record_ids)
        for row in batch.rows.select("record_id", "is_deleted", "merged_into").rows()
    ]
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def merge(portal: HubSpotRig, primary: str, loser: str) -> str:
    found = portal.control("merge", object="companies", primary=int(primary), loser=int(loser))
    return str(found["id"])


def deals(portal: HubSpotRig, links: dict[str, str | None]) -> ObjectSpec:
    """Deals by id, each with its primary company, on 9 companies; and the spec that reads them."""
    portal.seed(9)
    rows = [
        {
            "id": deal,
            "properties": {"dealname": f"Deal {deal}"},
            "createdAt": "2026-05-01T00:00:00Z",
        }
        for deal in links
    ]
    joined = [
        ("deals", deal, "companies", company, "HUBSPOT_DEFINED", 5)
        for deal, company in links.items()
        if company
    ]
    portal.store.load(objects={"deals": rows}, associations=joined)
    return ObjectSpec("deals", ("dealname", COMPANY_LINK))


# -- what there is


def test_fields_are_described_as_the_portal_defines_them(portal: HubSpotRig) -> None:
    connector = portal.connector()
    shapes = {shape.name: shape for shape in connector.describe("companies")}
    tier = shapes["partner_tier"]
    assert (tier.kind, tier.restricted) == ("choice", True)
    assert tier.choices == ("Registered", "Silver", "Gold", "Platinum")
    assert (shapes["name"].kind, shapes["name"].length) == ("text", 65_536)
    assert shapes["name"].choices is None
    assert not shapes["hs_object_id"].writable
    deal = {shape.name: shape for shape in connector.describe("deals")}
    assert deal["hs_is_closed"].formula
    assert deal["hub_registration_key"].unique
    assert deal["dealstage"].choices is None
    assert deal["dealname"].required
    assert deal["closedate"].kind == "datetime"
    assert deal["associations/companies/registering_partner"].kind == "reference"
    list(connector.describe("deals"))
    # properties of two objects, labels of deals with companies
    assert connector.calls.used == connector.calls.minimum == 3


def test_every_mapped_field_is_described(portal: HubSpotRig) -> None:
    connector = portal.connector()
    for obj, mapping in portal.settings("hubspot").mappings[portal.system].items():
        described = {shape.name for shape in connector.describe(obj)}
        assert set(mapping.all_fields) <= described


def test_present_lists_each_living_record_once(portal: HubSpotRig) -> None:
    expected = portal.seed(230)
    portal.delete(7)
    connector = portal.connector()
    found = [record_id for series in connector.present(portal.spec) for record_id in series]
    assert sorted(found) == sorted(set(expected) - {portal.id(7)})
    assert connector.calls.used == connector.calls.minimum == 3


# -- what became of the rest


@pytest.mark.parametrize("keeps_id", [True, False])
def test_deleted_merged_and_vanished_records_are_told_apart(
    portal: HubSpotRig, keeps_id: bool
) -> None:
    portal.control("switches", merge_keeps_primary_id=keeps_id)
    portal.seed(6)
    portal.delete(1)
    portal.wait(minutes=1)
    first = merge(portal, portal.id(3), portal.id(2))
    last = merge(portal, portal.id(4), first)
    connector = portal.connector()
    found = told(connector, portal.spec, *[portal.id(n) for n in (1, 2, 3, 5)], "999")
    assert found == {
        portal.id(1): ("true", None),
        portal.id(2): ("true", last),
        portal.id(3): ("true", last),
        portal.id(5): ("false", None),
    }
    # properties, the living, the archived
    assert connector.calls.used == connector.calls.minimum == 3


def test_a_record_merged_into_one_that_was_deleted_names_it(portal: HubSpotRig) -> None:
    portal.seed(3)
    survivor = merge(portal, portal.id(1), portal.id(2))
    portal.call("DELETE", f"objects/companies/{survivor}")
    found = told(portal.connector(), portal.spec, portal.id(2), survivor)
    assert found == {portal.id(2): ("true", survivor), survivor: ("true", None)}


def test_a_merge_that_the_batch_passes_over_is_found_by_asking_alone(portal: HubSpotRig) -> None:
    portal.control("switches", batch_read_drops_merged=True)
    portal.seed(3)
    survivor = merge(portal, portal.id(1), portal.id(2))
    found = told(portal.connector(), portal.spec, portal.id(2), portal.id(3))
    assert found == {portal.id(2): ("true", survivor), portal.id(3): ("false", None)}


def test_records_we_may_not_see_are_left_out_of_a_trace(portal: HubSpotRig) -> None:
    portal.seed(3)
    hidden = {"kind": "permission_lost", "object": "companies", "ids": [1002]}
    portal.control("faults", rules=[{**hidden, "match": {"path": "/objects/companies"}}])
    found = told(portal.connector(), portal.spec, portal.id(2), portal.id(3))
    assert found == {portal.id(3): ("false", None)}


def test_a_traced_record_that_is_there_after_all_is_told_whole(portal: HubSpotRig) -> None:
    spec = deals(portal, {"7": "1003"})
    [batch] = portal.connector().trace(spec, ["7"])
    assert batch.rows.select("dealname", COMPANY_LINK).rows() == [("Deal 7", "1003")]
    assert batch.cursor is None


@pytest.mark.parametrize("keeps_id", [True, False])
def test_an_increment_names_the_end_of_a_chain_of_merges(
    portal: HubSpotRig, keeps_id: bool
) -> None:
    portal.control("switches", merge_keeps_primary_id=keeps_id)
    portal.seed(4)
    connector = portal.connector()
    *_, first = connector.pull(portal.spec, None)
    portal.wait(hours=1)
    middle = merge(portal, portal.id(2), portal.id(1))
    portal.wait(minutes=1)
    last = merge(portal, portal.id(3), middle)
    portal.wait(minutes=1)
    [batch] = connector.pull(portal.spec, first.cursor)
    gone = batch.rows.filter(batch.rows["is_deleted"] == "true")
    merged = {1001, 1002, int(middle)} if keeps_id else {1001, 1002, 1003, int(middle)}
    assert {(int(row[0]), row[1]) for row in gone.select("record_id", "merged_into").rows()} == {
        (record_id, last) for record_id in merged
    }
    assert ids([batch]).count(last) == 1


def test_a_stale_index_does_not_bring_a_merged_record_back(portal: HubSpotRig) -> None:
    """Searches still show the middle of a chain; both ends of it are told rightly all the same."""
    portal.control("switches", merge_keeps_primary_id=True)
    portal.seed(4)
    connector = portal.connector()
    *_, first = connector.pull(portal.spec, None)
    portal.wait(hours=1)
    merge(portal, portal.id(2), portal.id(1))
    portal.wait(minutes=1)
    portal.control("switches", index_lag_seconds=600)
    merge(portal, portal.id(3), portal.id(2))
    portal.wait(minutes=1)
    [stale] = connector.pull(portal.spec, first.cursor)
    portal.wait(minutes=15)
    [fresh] = connector.pull(portal.spec, stale.cursor)
    rows = {
        row[0]: row[1:]
        for row in fresh.rows.select("record_id", "is_deleted", "merged_into").rows()
    }
    assert rows[portal.id(1)] == ("true", portal.id(3))
    assert rows[portal.id(2)] == ("true", portal.id(3))


# -- what changes without a trace


def test_volatile_fields_are_the_associations(portal: HubSpotRig) -> None:
    spec = deals(portal, {})
    assert portal.connector().volatile_fields(spec) == (COMPANY_LINK,)


def test_a_changed_association_is_seen_without_a_change_of_the_record(portal: HubSpotRig) -> None:
    spec = deals(portal, {"7": "1003", "8": "1004", "9": None})
    portal.call("DELETE", "objects/deals/8")
    portal.call(
        "PUT",
        "../v4/objects/deals/7/associations/companies/1005",
        [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}],
    )
    connector = portal.connector()
    [frame] = connector.volatile(spec, ["7", "8", "9"])
    assert sorted(frame.rows()) == [("7", "1005"), ("8", None), ("9", None)]
    assert connector.calls.used == connector.calls.minimum == 1


# -- complete or by name


def test_a_record_left_out_of_the_associations_is_asked_for_again(portal: HubSpotRig) -> None:
    spec = deals(portal, {"7": "1003", "8": "1004"})
    half = b'{"results":[{"from":{"id":"7"},"to":[]}]}'
    portal.trouble.incidents.append(Incident("/associations/deals/companies", 200, half))
    [batch] = portal.connector().pull(spec, None)
    assert batch.rows[COMPANY_LINK].to_list() == [None, "1004"]


def test_associations_that_are_never_told_fail_by_name(portal: HubSpotRig) -> None:
    spec = deals(portal, {"7": "1003", "8": "1004"})
    half = b'{"results":[{"from":{"id":"7"},"to":[]}]}'
    portal.trouble.incidents.append(Incident("/associations/deals/companies", 200, half, times=2))
    with pytest.raises(SystemUnreachable, match=r"1 deals with companies .* \(records 8\)"):
        list(portal.connector().pull(spec, None))
