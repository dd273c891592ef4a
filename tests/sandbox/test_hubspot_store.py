"""What an account remembers: bulk loading, and a file that outlives its process."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hubspot_kit import NOON_ISO, Portal

from sandbox.hubspot import HubSpotStore, Switches
from sandbox.hubspot.admin import AdminRules
from sandbox.hubspot.demo import OAuthApp, Seed
from sandbox.hubspot.journal import Journal, JournalSubscription
from sandbox.hubspot.schema import COMPANIES, CONTACTS, DEALS
from sandbox.hubspot.subscriptions import Settings, Subscription, Webhooks


def test_loaded_records_keep_ids_times_and_values(portal: Portal) -> None:
    portal.store.load(
        {
            "companies": [
                {
                    "id": "501",
                    "createdAt": "2024-05-06T07:08:09.010Z",
                    "updatedAt": datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
                    "properties": {
                        "name": "A",
                        "partner_territories": ["DE", "FR"],
                        "numberofemployees": 12,
                        "city": None,
                    },
                }
            ],
            "deals": [
                {
                    "id": 7,
                    "createdAt": 1_700_000_000_000,
                    "properties": {"dealname": "D", "dealstage": "closedwon", "amount": 1.5},
                }
            ],
        },
        [("deals", 7, "companies", "501", "USER_DEFINED", 43)],
    )
    record = portal.get("/crm/v3/objects/companies/501", properties="numberofemployees").json()
    assert record["createdAt"] == "2024-05-06T07:08:09.010Z"
    assert record["updatedAt"] == "2025-01-02T03:04:05Z"
    assert record["properties"]["numberofemployees"] == "12"
    territories = portal.read("companies", "501", "partner_territories")["partner_territories"]
    assert territories == "DE;FR"
    deal = portal.read("deals", "7", "pipeline", "hs_is_closed_won", "hs_v2_date_entered_closedwon")
    assert deal["pipeline"] == "default"
    assert deal["hs_is_closed_won"] == "true"
    assert deal["hs_v2_date_entered_closedwon"] == "2023-11-14T22:13:20Z"
    assert portal.joined("companies", "501", "deals") == {
        7: [("HUBSPOT_DEFINED", 342), ("USER_DEFINED", 44)]
    }
    assert portal.create("companies", name="B") == "502"


def test_loaded_values_hold_their_unique_places(portal: Portal) -> None:
    contact = {
        "createdAt": 1,
        "properties": {"email": "Ann@X.com", "hs_additional_emails": "b@x.com"},
    }
    portal.store.load({"contacts": [{"id": 1, **contact}]})
    for email in ("ann@x.com", "B@x.com"):
        response = portal.post("/crm/v3/objects/contacts", {"properties": {"email": email}})
        assert response.json()["message"] == "Contact already exists. Existing ID: 1"


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"nope": "1"}, "no property is called 'nope'"),
        ({"partner_tier": "Tin"}, "was not one of the allowed options"),
        ({"hub_company_key": "K1"}, "is taken"),
    ],
)
def test_loading_what_an_account_cannot_hold_is_refused_whole(
    portal: Portal, properties: dict[str, str], words: str
) -> None:
    rows = [
        {"id": 1, "createdAt": 1, "properties": {"name": "A", "hub_company_key": "K1"}},
        {"id": 2, "createdAt": 1, "properties": properties},
    ]
    with pytest.raises(ValueError, match=words):
        portal.store.load({"companies": rows})
    assert portal.found("companies") == []


def test_loading_a_stage_of_another_pipeline_is_refused(portal: Portal) -> None:
    deal = {"dealname": "D", "pipeline": "default", "dealstage": "reg_won"}
    with pytest.raises(ValueError, match="no such stage in its pipeline"):
        portal.store.load({"deals": [{"id": 1, "createdAt": 1, "properties": deal}]})


def test_loading_two_primaries_is_refused(portal: Portal) -> None:
    company = {"createdAt": 1, "properties": {"name": "A"}}
    objects = {
        "companies": [{"id": 1, **company}, {"id": 2, **company}],
        "contacts": [{"id": 3, "createdAt": 1, "properties": {"email": "a@x.com"}}],
    }
    joined = [("contacts", 3, "companies", to_id, "HUBSPOT_DEFINED", 1) for to_id in (1, 2)]
    with pytest.raises(ValueError, match="contacts 3 has two primary companies"):
        portal.store.load(objects, joined)
    portal.store.load(objects, joined[:1])
    with pytest.raises(ValueError, match="an id is used twice"):
        portal.store.load({"companies": [{"id": 1, **company}]})


def test_loading_over_http(portal: Portal) -> None:
    body = {
        "objects": {
            "companies": [{"id": "1", "createdAt": 1, "properties": {"name": "A"}}],
            "contacts": [{"id": 2, "createdAt": 1, "updatedAt": 5, "archivedAt": 9}],
        },
    }
    assert portal.control("load", body).status_code == 204
    assert portal.found("companies") == ["1"]
    archived = portal.get("/crm/v3/objects/contacts", archived="true").json()["results"]
    assert [row["archivedAt"] for row in archived] == ["1970-01-01T00:00:00.009Z"]
    wrong = {"objects": {"companies": [{"id": 9, "createdAt": 1, "properties": {"nope": "1"}}]}}
    assert portal.control("load", wrong).status_code == 400


def test_a_file_outlives_its_process(tmp_path: Path) -> None:
    path = tmp_path / "account.sqlite"
    store = HubSpotStore(path)
    row = {"id": 5, "createdAt": 1, "properties": {"name": "A", "hub_company_key": "K"}}
    store.load({"companies": [row]})
    labels = store.catalog.link_types(DEALS, COMPANIES)
    store.close()
    again = HubSpotStore(path)
    assert again.records.alive(COMPANIES, 5)
    assert again.uniques.holder(COMPANIES, "hub_company_key", "K") == 5
    assert again.catalog.link_types(DEALS, COMPANIES) == labels
    assert again.tokens.grant("pat-na1-demo-0000") is not None
    assert again.records.next_id(COMPANIES) == 6
    again.reset()
    assert not again.records.alive(COMPANIES, 5)
    again.close()


def test_a_file_remembers_who_is_blocked_what_is_demanded_and_who_listens(tmp_path: Path) -> None:
    file = tmp_path / "portal.sqlite"
    store = HubSpotStore(file)
    rules = AdminRules(required_on_create={"deals": ["amount"]})
    settings = Settings(
        target_url="http://127.0.0.1:9", max_concurrent_requests=10, created_at="a", updated_at="b"
    )
    wanted = Subscription(
        id="7", event_type="deal.creation", active=True, created_at="a", updated_at="b"
    )
    followed = JournalSubscription(
        id=8,
        app_id=1,
        portal_id=store.portal_id,
        subscription_type="OBJECT",
        object_type_id="0-3",
        actions=["CREATE"],
        created_at="a",
        updated_at="b",
    )
    hooks = Webhooks(store.db, store.portal_id, Switches())
    with store.db.transaction():
        store.blocklist.add("Ann@X.com")
        store.admin.put(rules)
        hooks.put_settings(1, settings)
        hooks.put(1, wanted)
        Journal(store.db, store.portal_id).put(followed)
    store.close()
    again = HubSpotStore(file)
    try:
        assert again.blocklist.holds("ann@x.com")
        assert again.admin.rules == rules
        hooks = Webhooks(again.db, again.portal_id, Switches())
        assert (hooks.settings, hooks.subscriptions) == ({1: settings}, {1: {"7": wanted}})
        assert Journal(again.db, again.portal_id).subscriptions == {8: followed}
    finally:
        again.close()


def test_a_file_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    file = tmp_path / "portal.sqlite"
    store = HubSpotStore(file)
    store.db.execute("ALTER TABLE unindexed_deals DROP COLUMN everywhere")
    store.close()
    again = HubSpotStore(file)
    try:
        assert again.db.execute("SELECT everywhere FROM unindexed_deals").fetchall() == []
    finally:
        again.close()


def test_another_account_is_another_seed() -> None:
    app = OAuthApp("id", "secret", "bravo-refresh", 5)
    store = HubSpotStore(None, Seed(portal_id=77, static_token="pat-eu1-bravo", oauth_app=app))
    assert store.tokens.grant("pat-na1-demo-0000") is None
    assert store.tokens.grant("pat-eu1-bravo") is not None
    assert store.catalog.property(COMPANIES, "partner_tier") is None
    assert store.catalog.property(CONTACTS, "email") is not None
    store.close()


def test_a_list_shows_each_record_as_it_is_shown_alone(portal: Portal) -> None:
    """Lists are printed by the database, more properties than one of its functions takes at once;
    what was written since is in the next one."""
    for number in range(30):
        kind = ("datetime", "date") if number == 0 else ("string", "text")
        shape = dict(zip(("type", "fieldType"), kind, strict=True))
        made = {"name": f"more_{number}", "label": "-", "groupName": "companyinformation", **shape}
        assert portal.post("/crm/v3/properties/companies", made).status_code == 201
    kept = {
        "more_0": NOON_ISO,
        "more_29": "last",
        "name": 'A "quoted" \\ name, ü\u2028\t',
        "city": "",
        "numberofemployees": "12",
        "domain": "a.example",
    }
    first = portal.create("companies", **kept)
    portal.create("companies", name="B")
    gone = portal.create("companies", name="C")
    portal.delete(f"/crm/v3/objects/companies/{gone}")
    told = portal.get("/crm/v3/properties/companies").json()["results"]
    names = ",".join(one["name"] for one in told)
    assert len(told) > 50
    for archived in ("false", "true"):
        query = {"properties": names, "archived": archived}
        listed = portal.get("/crm/v3/objects/companies", **query).json()["results"]
        assert listed == [
            portal.get(f"/crm/v3/objects/companies/{one['id']}", **query).json() for one in listed
        ]
        assert len(listed) == (1 if archived == "true" else 2)
    portal.patch(f"/crm/v3/objects/companies/{first}", {"properties": {"name": "A2"}})
    again = portal.get("/crm/v3/objects/companies", properties=names).json()["results"]
    assert [one["properties"]["name"] for one in again] == ["A2", "B"]
