"""Promises that only a HubSpot account can put to the test."""

import pytest
from rigs import HubSpotRig, Incident, ids, until_broken

from hub.connectors.contract import Change, ObjectSpec
from hub.connectors.http import Again
from hub.connectors.hubspot.faults import RequestRefused, check
from hub.errors import (
    CredentialsRefused,
    HubError,
    PermissionLost,
    RetryLater,
    SchemaChanged,
    SystemUnreachable,
)

DEAL_LINKS = (
    "associations/companies/primary",
    "associations/companies/any",
    "associations/companies/registering_partner",
)


# -- answers


def test_a_missing_scope_is_named(portal: HubSpotRig) -> None:
    portal.control("tokens", token="pat-na1-narrow", appId=7, scopes=["crm.objects.deals.read"])
    with pytest.raises(PermissionLost, match=r"crm\.objects\.companies\.read") as caught:
        list(portal.connector(token="pat-na1-narrow").pull(portal.spec, None))
    assert "crm.objects.companies.read" in caught.value.remedy


def test_a_page_of_something_else_is_no_data(portal: HubSpotRig) -> None:
    portal.trouble.incidents.append(Incident(portal.pages, 200, b"<html>Welcome</html>"))
    with pytest.raises(SystemUnreachable, match="not what the API promises"):
        list(portal.connector().pull(portal.spec, None))


@pytest.mark.parametrize(
    ("status", "headers", "error", "seconds"),
    [
        (401, {}, CredentialsRefused, None),
        (403, {}, PermissionLost, None),
        (404, {}, SchemaChanged, None),
        (400, {}, RequestRefused, None),
        (409, {}, RequestRefused, None),
        (477, {"Retry-After": "3600"}, RetryLater, 3600),
        (526, {}, SystemUnreachable, None),
    ],
)
def test_each_status_says_what_the_caller_should_do(
    status: int, headers: dict[str, str], error: type[HubError], seconds: float | None
) -> None:
    with pytest.raises(error) as caught:
        check(status, headers, b"<html>", "acme_hubspot", replay=True)
    assert caught.value.remedy
    assert getattr(caught.value, "seconds", None) == seconds


@pytest.mark.parametrize(("status", "step"), [(423, 2.0), (429, 10.0), (502, 1.0), (521, 1.0)])
def test_what_passes_by_itself_is_tried_again(status: int, step: float) -> None:
    with pytest.raises(Again) as caught:
        check(status, {}, b"", "acme_hubspot", replay=True)
    assert caught.value.step == step


# -- reading


def test_a_change_younger_than_the_search_lag_waits_for_the_next_pull(portal: HubSpotRig) -> None:
    portal.seed(2)
    connector = portal.connector(search_lag_seconds=30, overlap_minutes=0)
    *_, first = connector.pull(portal.spec, None)
    portal.wait(hours=1)
    portal.touch(1, "Early")
    portal.wait(seconds=20)
    portal.touch(2, "Late")
    portal.wait(seconds=15)
    *_, second = connector.pull(portal.spec, first.cursor)
    assert ids([second]) == [portal.id(1)]
    assert second.cursor == '{"since":"2026-05-04T13:00:05.000Z"}'
    portal.wait(seconds=30)
    assert ids(connector.pull(portal.spec, second.cursor)) == [portal.id(2)]


def test_a_broken_increment_goes_on_within_its_window(portal: HubSpotRig) -> None:
    portal.seed(12)
    *_, first = portal.connector().pull(portal.spec, None)
    portal.wait(hours=1)
    for n in range(1, 13):
        portal.touch(n, "Renamed")
    portal.delete(12)
    portal.wait(minutes=1)
    portal.shrink_pages(5)
    portal.trouble.incidents.append(Incident("/search", 503, times=99, after=1))
    read, error = until_broken(portal.connector(attempts=1).pull(portal.spec, first.cursor))
    assert isinstance(error, SystemUnreachable)
    portal.trouble.incidents.clear()
    portal.wait(hours=1)
    portal.touch(1, "Renamed meanwhile")
    rest = list(portal.connector().pull(portal.spec, read[-1].cursor))
    assert sorted(ids(read) + ids(rest)) == sorted(portal.id(n) for n in range(1, 13))
    assert rest[-1].cursor == '{"since":"2026-05-04T12:51:00.000Z"}'


def test_only_newly_archived_records_are_told_of(portal: HubSpotRig) -> None:
    portal.seed(4)
    portal.delete(1)
    connector = portal.connector()
    *_, first = connector.pull(portal.spec, None)
    portal.wait(hours=1)
    portal.delete(2)
    portal.wait(hours=1)
    *_, second = connector.pull(portal.spec, first.cursor)
    assert sorted(ids([second])) == [portal.id(1), portal.id(2)]
    portal.wait(hours=1)
    assert ids(connector.pull(portal.spec, second.cursor)) == []


@pytest.mark.parametrize("keeps_id", [True, False])
def test_a_merged_away_record_arrives_as_deleted(portal: HubSpotRig, keeps_id: bool) -> None:
    portal.control("switches", merge_keeps_primary_id=keeps_id)
    portal.seed(3)
    connector = portal.connector()
    *_, first = connector.pull(portal.spec, None)
    portal.wait(hours=1)
    survivor = portal.control("merge", object="companies", primary=1001, loser=1002)["id"]
    portal.wait(minutes=1)
    [batch] = connector.pull(portal.spec, first.cursor)
    told = {(row[0], row[1]) for row in batch.rows.select("record_id", "is_deleted").rows()}
    gone = {("1002", "true")} if keeps_id else {("1001", "true"), ("1002", "true")}
    assert told == {(survivor, "false"), *gone}


def test_empty_and_null_are_the_same_and_values_have_one_spelling(portal: HubSpotRig) -> None:
    portal.control("switches", cleared_reads_as="empty")
    deal = {
        "id": "7",
        "properties": {
            "dealname": "Big",
            "amount": "1500.00",
            "closedate": "2026-03-31T00:00:00Z",
            "dealstage": "closedwon",
            "pipeline": "default",
        },
        "createdAt": "2026-01-02T03:04:05Z",
    }
    portal.store.load(objects={"deals": [deal]})
    portal.call("PATCH", "objects/deals/7", {"properties": {"description": ""}})
    fields = ("amount", "closedate", "hs_is_closed_won", "description", "dealtype")
    [batch] = portal.connector().pull(ObjectSpec("deals", fields), None)
    assert batch.rows.select(fields).row(0) == (
        "1500",
        "2026-03-31T00:00:00.000Z",
        "true",
        None,
        None,
    )


def test_more_properties_than_a_search_may_name_are_read_by_id(portal: HubSpotRig) -> None:
    portal.seed(3)
    names = tuple(f"extra_property_with_a_rather_long_name_{n:03}" for n in range(80))
    for name in names:
        definition = {"name": name, "label": name, "groupName": "companyinformation"}
        typed = {**definition, "type": "string", "fieldType": "text"}
        portal.call("POST", "properties/companies", typed)
    spec = ObjectSpec("companies", ("name", *names))
    connector = portal.connector()
    *_, first = connector.pull(spec, None)
    portal.wait(hours=1)
    portal.call("PATCH", "objects/companies/1002", {"properties": {names[-1]: "seen"}})
    portal.wait(minutes=1)
    [batch] = connector.pull(spec, first.cursor)
    assert batch.rows.select("record_id", "name", names[-1]).rows() == [
        ("1002", "Account 2", "seen")
    ]
    # properties, first page; archived list, search, read by id
    assert connector.calls.used == connector.calls.minimum == 5


# -- associations


def _deal(portal: HubSpotRig, links: list[tuple[str, str, int]]) -> None:
    portal.seed(9)
    stamp = "2026-05-01T00:00:00Z"
    deal = {"id": "7", "properties": {"dealname": "Big"}, "createdAt": stamp, "updatedAt": stamp}
    joined = [("deals", "7", "companies", to, category, kind) for to, category, kind in links]
    portal.store.load(objects={"deals": [deal]}, associations=joined)


def _partner_label(portal: HubSpotRig) -> int:
    answer = portal.call("GET", "../v4/associations/deals/companies/labels")
    [label] = [row for row in answer["results"] if row["label"] == "Registering partner"]
    return int(label["typeId"])


def test_associations_are_read_by_label(portal: HubSpotRig) -> None:
    partner = _partner_label(portal)
    _deal(
        portal,
        [
            ("1003", "HUBSPOT_DEFINED", 5),
            ("1002", "HUBSPOT_DEFINED", 341),
            ("1004", "USER_DEFINED", partner),
        ],
    )
    connector = portal.connector()
    [batch] = connector.pull(ObjectSpec("deals", ("dealname", *DEAL_LINKS)), None)
    assert batch.rows.select(DEAL_LINKS).row(0) == ("1003", "1002", "1004")
    # properties, label list, one page, one association read for all three
    assert connector.calls.used == connector.calls.minimum == 4


def test_of_several_records_with_the_label_the_lowest_id_counts(portal: HubSpotRig) -> None:
    _deal(portal, [("1009", "HUBSPOT_DEFINED", 341), ("1004", "HUBSPOT_DEFINED", 341)])
    [batch] = portal.connector().pull(ObjectSpec("deals", DEAL_LINKS[:2]), None)
    assert batch.rows.select(DEAL_LINKS[:2]).row(0) == (None, "1004")


def test_associations_are_asked_in_the_configured_chunks(portal: HubSpotRig) -> None:
    portal.seed(25)
    connector = portal.connector(association_batch=10)
    spec = ObjectSpec("companies", ("name", "associations/contacts/any"))
    [batch] = connector.pull(spec, None)
    assert set(batch.rows["associations/contacts/any"]) == {None}
    reads = [seen for seen in portal.trouble.seen if seen.path.endswith("/batch/read")]
    assert len(reads) == 3
    assert connector.calls.used == connector.calls.minimum == 5


def test_a_long_list_of_associations_is_read_to_its_end(portal: HubSpotRig) -> None:
    portal.seed(1)
    stamp = "2026-05-01T00:00:00Z"
    contacts = [
        {"id": str(n), "properties": {"email": f"c{n}@example.com"}, "createdAt": stamp}
        for n in range(2000, 2601)
    ]
    joined = [
        ("contacts", str(n), "companies", "1001", "HUBSPOT_DEFINED", 279) for n in range(2000, 2601)
    ]
    joined[600] = ("contacts", "2600", "companies", "1001", "HUBSPOT_DEFINED", 1)
    portal.store.load(objects={"contacts": contacts}, associations=joined)
    spec = ObjectSpec("companies", ("associations/contacts/primary",))
    [batch] = portal.connector().pull(spec, None)
    assert batch.rows["associations/contacts/primary"].to_list() == ["2600"]


def test_an_incomplete_association_read_is_no_empty_one(portal: HubSpotRig) -> None:
    _deal(portal, [("1003", "HUBSPOT_DEFINED", 5)])
    said = b'{"results":[],"errors":[{"category":"INTERNAL_ERROR","message":"try later"}]}'
    portal.trouble.incidents.append(Incident("/associations/deals/companies/batch", 207, said))
    with pytest.raises(SystemUnreachable, match="try later"):
        list(portal.connector().pull(ObjectSpec("deals", DEAL_LINKS[:1]), None))


@pytest.mark.parametrize(
    "field",
    ["associations/companies/no_such_label", "associations/companies", "associations/x/primary"],
)
def test_an_association_that_cannot_be_is_named(portal: HubSpotRig, field: str) -> None:
    with pytest.raises(SchemaChanged, match="associat") as caught:
        list(portal.connector().pull(ObjectSpec("deals", (field,)), None))
    assert "map" in caught.value.remedy


# -- writing


def _contacts(portal: HubSpotRig, count: int) -> None:
    contacts = [
        {
            "id": str(500 + n),
            "properties": {"email": f"c{n}@example.com"},
            "createdAt": "2026-05-01T00:00:00Z",
        }
        for n in range(1, count + 1)
    ]
    portal.store.load(objects={"contacts": contacts})


def _lead(change_id: str, key: str, contact: str | None = "501") -> Change:
    fields = {"hs_lead_name": f"Lead {key}", "associations/contacts/primary": contact}
    return Change(change_id, "leads", "create", fields, key=("hub_lead_key", key))


def _leads(portal: HubSpotRig) -> list[tuple[str, str | None]]:
    spec = ObjectSpec("leads", ("hub_lead_key", "associations/contacts/primary"))
    batches = portal.connector().pull(spec, None)
    return sorted(row for batch in batches for row in batch.rows.select(spec.fields).rows())


def _person(change: str, key: str, email: str) -> Change:
    return Change(change, "contacts", "create", {"email": email}, key=("hub_contact_key", key))


def test_a_lead_is_created_with_its_primary_contact(portal: HubSpotRig) -> None:
    _contacts(portal, 1)
    connector = portal.connector()
    [outcome] = connector.apply([_lead("c1", "k1")])
    assert outcome.status == "applied"
    assert _leads(portal) == [("k1", "501")]
    assert connector.calls.used == connector.calls.minimum == 2


def test_a_create_with_links_repeated_after_a_crash_ends_applied(portal: HubSpotRig) -> None:
    _contacts(portal, 2)
    [first] = portal.connector().apply([_lead("c1", "k1")])
    outcomes = portal.connector().apply([_lead("c1", "k1"), _lead("c2", "k2", "502")])
    told = {outcome.change_id: outcome for outcome in outcomes}
    assert {outcome.status for outcome in told.values()} == {"applied"}
    assert told["c1"].record_id == first.record_id
    assert _leads(portal) == [("k1", "501"), ("k2", "502")]


def test_a_contact_whose_e_mail_is_somebody_elses_is_not_said_to_be_made(
    portal: HubSpotRig,
) -> None:
    """The portal refuses a second contact with an e-mail; the first one is named, not taken."""
    _contacts(portal, 1)
    changes = [_person("c2", "k2", "C1@example.com"), _person("c3", "k3", "bo@example.com")]
    told = {outcome.change_id: outcome for outcome in portal.connector().apply(changes)}
    assert (told["c2"].status, told["c2"].record_id) == ("skipped", "501")
    assert "hub_contact_key is empty" in told["c2"].message
    assert told["c3"].status == "applied"


def test_a_contact_that_the_hub_made_before_is_the_one_to_be_made(portal: HubSpotRig) -> None:
    """An index that is late with its key: the upsert does not find it, its e-mail does."""
    [first] = portal.connector().apply([_person("c1", "k1", "ada@example.com")])
    said = f"Contact already exists. Existing ID: {first.record_id}"
    body = f'{{"category":"CONFLICT","message":"{said}"}}'.encode()
    portal.trouble.incidents.append(Incident("/batch/upsert", 409, body))
    [second] = portal.connector().apply([_person("c1", "k1", "ada@example.com")])
    assert (second.status, second.record_id) == ("applied", first.record_id)


@pytest.mark.parametrize("committed", [True, False])
def test_a_lost_answer_to_a_create_with_links_makes_one_record(
    portal: HubSpotRig, committed: bool
) -> None:
    _contacts(portal, 1)
    portal.trouble.incidents.append(Incident("/batch/create", 0, committed=committed))
    [outcome] = portal.connector().apply([_lead("c1", "k1")])
    assert outcome.status == "applied"
    assert _leads(portal) == [("k1", "501")]
    creates = [seen for seen in portal.trouble.seen if seen.path.endswith("/batch/create")]
    assert len(creates) == (1 if committed else 2)


def test_one_bad_lead_does_not_keep_the_others_back(portal: HubSpotRig) -> None:
    _contacts(portal, 2)
    portal.control("switches", shuffle_batch_results=True, full_batch_errors=False)
    changes = [
        _lead("c1", "k1"),
        _lead("c2", "k2", None),
        _lead("c3", "k3", "999999"),
        _lead("c4", "k4", "502"),
    ]
    told = {outcome.change_id: outcome for outcome in portal.connector().apply(changes)}
    assert {name: outcome.status for name, outcome in told.items()} == {
        "c1": "applied",
        "c2": "rejected",
        "c3": "rejected",
        "c4": "applied",
    }
    assert told["c3"].message
    assert _leads(portal) == [("k1", "501"), ("k4", "502")]


def test_results_in_any_order_find_their_changes(portal: HubSpotRig) -> None:
    portal.control("switches", shuffle_batch_results=True)
    portal.seed(50)
    outcomes = portal.connector().apply([portal.update(f"c{n}", n) for n in range(1, 51)])
    assert {(o.change_id, o.record_id, o.status) for o in outcomes} == {
        (f"c{n}", portal.id(n), "applied") for n in range(1, 51)
    }


def test_a_merged_away_record_left_out_of_the_answer_is_stale(portal: HubSpotRig) -> None:
    portal.seed(3)
    portal.control("merge", object="companies", primary=1001, loser=1002)
    changes = [portal.update("c1", 2), portal.update("c2", 3)]
    told = {outcome.change_id: outcome.status for outcome in portal.connector().apply(changes)}
    assert told == {"c1": "stale", "c2": "applied"}


def test_a_row_that_spoils_a_whole_request_is_found_and_the_rest_written(
    portal: HubSpotRig,
) -> None:
    portal.seed(8)
    portal.control("switches", batch_update_drops_merged=False)
    portal.control("switches", merge_keeps_primary_id=True)
    portal.control("merge", object="companies", primary=1001, loser=1002)
    changes = [portal.update(f"c{n}", n, f"Name {n}") for n in range(1, 9)]
    told = {outcome.change_id: outcome.status for outcome in portal.connector().apply(changes)}
    assert set(told) == {f"c{n}" for n in range(1, 9)}
    assert [told[f"c{n}"] for n in range(3, 9)] == ["applied"] * 6


def test_clearing_a_value_clears_it(portal: HubSpotRig) -> None:
    portal.seed(1)
    change = Change("c1", "companies", "update", {"domain": None}, portal.id(1))
    assert [o.status for o in portal.connector().apply([change])] == ["applied"]
    [batch] = portal.connector().pull(portal.spec, None)
    assert batch.rows["domain"].to_list() == [None]


def test_what_could_not_be_repeated_safely_is_not_sent(portal: HubSpotRig) -> None:
    portal.seed(1)
    changes = [
        Change("c1", "companies", "create", {"name": "x"}, key=("tax_id", "1")),
        Change("c2", "companies", "create", {"name": "x"}),
        Change("c3", "companies", "update", {"no_such": "x"}, portal.id(1)),
        Change("c4", "companies", "update", {"name": "x"}),
        Change("c5", "companies", "update", {DEAL_LINKS[0]: "1"}, portal.id(1)),
    ]
    connector = portal.connector()
    told = {outcome.change_id: outcome.code for outcome in connector.apply(changes)}
    assert told == {
        "c1": "key_not_unique",
        "c2": "no_key",
        "c3": "PROPERTY_DOESNT_EXIST",
        "c4": "no_record",
        "c5": "link_update",
    }
    assert connector.calls.writes == 0


def test_preflight_finds_a_key_that_is_not_unique(portal: HubSpotRig) -> None:
    mapping = portal.settings("hubspot").mappings[portal.system]["leads"]
    properties = b'{"results":[{"name":"hub_lead_key","type":"string","hasUniqueValue":false}]}'
    portal.trouble.incidents.append(Incident("/properties/leads", 200, properties))
    findings = portal.connector().preflight([ObjectSpec("leads", ("hub_lead_key",))])
    assert mapping.push is not None
    assert "leads.hub_lead_key" in {f.subject for f in findings if f.severity == "error"}
