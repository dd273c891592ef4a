"""The official client, unmodified and with its own validation on, against the sandbox.

Every call form that a connector may use; the request log shows that it took the documented path.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3
from hubspot import HubSpot
from hubspot.crm.associations.v4 import (
    AssociationSpec,
    BatchInputPublicAssociationMultiArchive,
    BatchInputPublicAssociationMultiPost,
    BatchInputPublicDefaultAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
    PublicAssociationMultiArchive,
    PublicAssociationMultiPost,
    PublicDefaultAssociationMultiPost,
    PublicFetchAssociationsBatchRequest,
    PublicObjectId,
)
from hubspot.crm.associations.v4.schema import (
    PublicAssociationDefinitionCreateRequest,
    PublicAssociationDefinitionUpdateRequest,
)
from hubspot.crm.companies import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    PublicMergeInput,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputForCreate,
    SimplePublicObjectId,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.companies.exceptions import ForbiddenException, UnauthorizedException
from hubspot.crm.contacts import Filter, FilterGroup, PublicObjectSearchRequest
from hubspot.crm.contacts.exceptions import NotFoundException
from hubspot.crm.deals import (
    BatchInputSimplePublicObjectBatchInputUpsert,
    SimplePublicObjectBatchInputUpsert,
)
from hubspot.crm.objects import leads
from hubspot.crm.properties import (
    BatchInputPropertyCreate,
    BatchInputPropertyName,
    BatchReadInputPropertyName,
    OptionInput,
    PropertyCreate,
    PropertyGroupCreate,
    PropertyName,
    PropertyUpdate,
)
from hubspot_kit import NOON, TOKEN, Portal

STOCK, CUSTOM = "HUBSPOT_DEFINED", "USER_DEFINED"


@pytest.fixture
def client(portal: Portal) -> Any:
    return HubSpot(
        access_token=TOKEN,
        host=portal.url,
        base_url=portal.url,
        client_side_validation=True,
        retry=urllib3.Retry(0, raise_on_status=False),
    )


def paths(portal: Portal) -> list[str]:
    return [f"{line['method']} {line['path']}" for line in portal.log.lines]


def test_client_lists_companies(portal: Portal, client: Any) -> None:
    portal.load_companies(12, city="Ulm")
    page = client.crm.companies.basic_api.get_page(
        limit=5, after="5", properties=["name", "city"], archived=False, associations=["contacts"]
    )
    assert [row.id for row in page.results] == ["6", "7", "8", "9", "10"]
    assert page.results[0].properties["city"] == "Ulm"
    assert page.results[0].created_at == datetime(2026, 2, 8, 12, 0, 6, 500_000, UTC)
    assert page.paging.next.after == "10"
    query = "limit=5&after=5&properties=name&properties=city&associations=contacts&archived=False"
    assert paths(portal) == [f"GET /crm/v3/objects/companies?{query}"]
    assert len(client.crm.companies.get_all(properties=["name"])) == 12


def test_client_lists_archived_companies(portal: Portal, client: Any) -> None:
    portal.load_companies(2)
    client.crm.companies.basic_api.archive("2")
    (row,) = client.crm.companies.basic_api.get_page(archived=True).results
    assert (row.id, row.archived, row.archived_at) == ("2", True, NOON)


def test_client_gets_by_id_and_by_email(portal: Portal, client: Any) -> None:
    api = client.crm.contacts.basic_api
    made = api.create(SimplePublicObjectInputForCreate(properties={"email": "a+b@x.com"}))
    found = api.get_by_id(
        "a+b@x.com", id_property="email", properties_with_history=["email"], associations=["deals"]
    )
    assert found.id == made.id
    assert found.properties_with_history["email"][0].value == "a+b@x.com"
    assert "GET /crm/v3/objects/contacts/a+b@x.com?" in paths(portal)[1]
    with pytest.raises(NotFoundException) as caught:
        api.get_by_id("424242")
    assert caught.value.status == 404


def test_client_creates_changes_and_archives(portal: Portal, client: Any) -> None:
    api = client.crm.companies.basic_api
    made = api.create(
        SimplePublicObjectInputForCreate(properties={"name": "A", "city": None, "annualrevenue": 5})
    )
    assert made.properties["annualrevenue"] == "5"
    changed = api.update(made.id, SimplePublicObjectInput(properties={"name": "B", "city": ""}))
    assert (changed.properties["name"], changed.properties["city"]) == ("B", None)
    assert api.archive(made.id) is None
    with pytest.raises(ApiException) as caught:
        api.create(SimplePublicObjectInputForCreate(properties={"name": "A", "nope": "1"}))
    assert caught.value.status == 400
    assert "PROPERTY_DOESNT_EXIST" in caught.value.body


def test_client_searches_with_models_and_with_dicts(portal: Portal, client: Any) -> None:
    for number in range(3):
        portal.create("contacts", email=f"{number}@x.com")
    request = PublicObjectSearchRequest(
        filter_groups=[
            FilterGroup(
                filters=[
                    Filter(property_name="lastmodifieddate", operator="GTE", value="1700000000000")
                ]
            )
        ],
        sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        properties=["email"],
        limit=2,
        after="0",
    )
    found = client.crm.contacts.search_api.do_search(request)
    assert (found.total, len(found.results), found.paging.next.after) == (3, 2, "2")
    assert found.results[0].properties["email"] == "0@x.com"
    portal.create("deals", dealname="D", dealstage="closedwon")
    body = {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "HAS_PROPERTY"}]}]}
    found = client.crm.deals.search_api.do_search(body)
    assert (found.total, found.results, found.paging) == (0, [], None)
    assert client.crm.objects.search_api.do_search("leads", {"limit": 10}).total == 0


def test_client_reads_a_batch_clean_and_mixed(portal: Portal, client: Any) -> None:
    portal.load_companies(3)
    api = client.crm.companies.batch_api

    def body(*ids: str) -> BatchReadInputSimplePublicObjectId:
        return BatchReadInputSimplePublicObjectId(
            inputs=[SimplePublicObjectId(id=text) for text in ids],
            properties=["name"],
            properties_with_history=[],
        )

    clean = api.read(body("1", "2"))
    assert type(clean).__name__ == "BatchResponseSimplePublicObject"
    assert [row.properties["name"] for row in clean.results] == ["Company 1", "Company 2"]
    mixed, status, headers = api.read_with_http_info(
        body("3", "77"), archived=False, _return_http_data_only=False
    )
    assert (status, mixed.num_errors) == (207, 1)
    assert type(mixed).__name__ == "BatchResponseSimplePublicObjectWithErrors"
    assert mixed.errors[0].category == "OBJECT_NOT_FOUND"
    assert mixed.errors[0].context == {"ids": ["77"]}
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    client.crm.companies.basic_api.archive("1")
    archived = api.read(body("1"), archived=True)
    assert archived.results[0].archived is True
    assert paths(portal)[-1] == "POST /crm/v3/objects/companies/batch/read?archived=True"


def test_client_reads_a_batch_by_unique_property(portal: Portal, client: Any) -> None:
    made = portal.create("companies", name="A", hub_company_key="K1")
    body = BatchReadInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(id="K1")],
        properties=["hub_company_key"],
        properties_with_history=["name"],
        id_property="hub_company_key",
    )
    (row,) = client.crm.companies.batch_api.read(body).results
    assert (row.id, row.properties_with_history["name"][0].value) == (made, "A")


def test_client_creates_updates_and_archives_batches(portal: Portal, client: Any) -> None:
    api = client.crm.companies.batch_api
    made = api.create(
        BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[
                SimplePublicObjectBatchInputForCreate(
                    properties={name: "A"}, associations=[], object_write_trace_id=name
                )
                for name in ("name", "nope", "domain")
            ]
        )
    )
    assert [row.object_write_trace_id for row in made.results] == ["name", "domain"]
    assert made.errors[0].context == {"objectWriteTraceId": ["nope"]}
    first, second = (row.id for row in made.results)
    changed = api.update(
        BatchInputSimplePublicObjectBatchInput(
            inputs=[
                SimplePublicObjectBatchInput(id=text, properties={"city": "Ulm"})
                for text in (first, second, "77")
            ]
        )
    )
    assert (len(changed.results), changed.num_errors) == (2, 1)
    ids = BatchInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(id=text) for text in (first, second)]
    )
    assert api.archive(ids) is None
    assert client.crm.companies.basic_api.get_page().results == []


def test_client_upserts(portal: Portal, client: Any) -> None:
    def body(*rows: tuple[str, dict[str, str]]) -> Any:
        return BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[
                SimplePublicObjectBatchInputUpsert(
                    id=key, id_property="hub_registration_key", properties=properties
                )
                for key, properties in rows
            ]
        )

    deal = {"dealname": "D", "dealstage": "reg_submitted", "pipeline": "deal_registrations"}
    api = client.crm.deals.batch_api
    first = api.upsert(body(("K1", deal)))
    assert [row.new for row in first.results] == [True]
    mixed = api.upsert(body(("K1", {"amount": "5"}), ("K2", {"nope": "1"})))
    assert type(mixed).__name__ == "BatchResponseSimplePublicUpsertObjectWithErrors"
    assert [(row.id, row.new) for row in mixed.results] == [(first.results[0].id, False)]
    assert mixed.num_errors == 1


def test_client_makes_leads(portal: Portal, client: Any) -> None:
    contact = portal.create("contacts", email="a@x.com")
    api = client.crm.objects.leads.basic_api
    lead = api.create(
        leads.SimplePublicObjectInputForCreate(
            properties={"hs_lead_name": "L", "hs_lead_type": "NEW BUSINESS"},
            associations=[
                leads.PublicAssociationsForObject(
                    to=leads.PublicObjectId(id=contact),
                    types=[
                        leads.AssociationSpec(association_category=STOCK, association_type_id=578)
                    ],
                )
            ],
        )
    )
    assert api.get_by_id(lead.id, properties=["hs_lead_name"]).properties["hs_lead_name"] == "L"
    assert [row.id for row in client.crm.objects.basic_api.get_page("leads", limit=10).results] == [
        lead.id
    ]
    assert client.crm.objects.leads.search_api.do_search({"limit": 10}).total == 1
    inputs = {"inputs": [{"id": lead.id}], "properties": [], "propertiesWithHistory": []}
    assert len(client.crm.objects.leads.batch_api.read(inputs).results) == 1
    assert api.archive(lead.id) is None
    assert client.crm.objects.basic_api.get_page("0-136").results == []


def test_client_reads_and_sets_associations(portal: Portal, client: Any) -> None:
    company = portal.create("companies", name="A")
    deal = portal.create("deals", dealname="D", dealstage="closedwon")
    api = client.crm.associations.v4.basic_api
    label = AssociationSpec(association_category=CUSTOM, association_type_id=43)
    pair = api.create("deals", deal, "companies", company, [label])
    assert pair.labels == ["Registering partner"]
    assert (str(pair.from_object_id), str(pair.to_object_id)) == (deal, company)
    default = api.create_default("deals", deal, "companies", company)
    assert (default.status, len(default.results)) == ("COMPLETE", 2)
    page = api.get_page("companies", company, "deals", limit=500)
    types = [(t.category, t.type_id, t.label) for t in page.results[0].association_types]
    assert page.results[0].to_object_id == deal
    assert types == [(STOCK, 342, None), (CUSTOM, 44, "Registered by partner")]
    assert api.archive("deals", deal, "companies", company) is None
    assert api.get_page("companies", company, "deals").results == []
    assert paths(portal)[2:] == [
        f"PUT /crm/v4/objects/deals/{deal}/associations/companies/{company}",
        f"PUT /crm/v4/objects/deals/{deal}/associations/default/companies/{company}",
        f"GET /crm/v4/objects/companies/{company}/associations/deals?limit=500",
        f"DELETE /crm/v4/objects/deals/{deal}/associations/companies/{company}",
        f"GET /crm/v4/objects/companies/{company}/associations/deals",
    ]


def test_client_handles_associations_in_batches(portal: Portal, client: Any) -> None:
    portal.load_companies(2)
    deal = portal.create("deals", dealname="D", dealstage="closedwon")
    api = client.crm.associations.v4.batch_api
    here, there = PublicObjectId(id=deal), PublicObjectId(id="1")
    label = AssociationSpec(association_category=CUSTOM, association_type_id=43)
    post = PublicAssociationMultiPost(_from=here, to=there, types=[label])
    wrong = PublicAssociationMultiPost(_from=here, to=PublicObjectId(id="77"), types=[label])
    made = api.create("deals", "companies", BatchInputPublicAssociationMultiPost(inputs=[post]))
    assert type(made).__name__ == "BatchResponseLabelsBetweenObjectPair"
    mixed = api.create(
        "deals", "companies", BatchInputPublicAssociationMultiPost(inputs=[post, wrong])
    )
    assert (len(mixed.results), mixed.num_errors) == (1, 1)
    default = api.create_default(
        "deals",
        "companies",
        BatchInputPublicDefaultAssociationMultiPost(
            inputs=[PublicDefaultAssociationMultiPost(_from=here, to=PublicObjectId(id="2"))]
        ),
    )
    assert len(default.results) == 2
    asked = BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[PublicFetchAssociationsBatchRequest(id=deal)]
    )
    (row,) = api.get_page("deals", "companies", asked).results
    assert (row._from.id, [to.to_object_id for to in row.to]) == (deal, ["1", "2"])
    labels = BatchInputPublicAssociationMultiPost(inputs=[post])
    assert api.archive_labels("deals", "companies", labels) is None
    pairs = BatchInputPublicAssociationMultiArchive(
        inputs=[PublicAssociationMultiArchive(_from=here, to=[there])]
    )
    assert api.archive("deals", "companies", pairs) is None
    (row,) = api.get_page("deals", "companies", asked).results
    assert [to.to_object_id for to in row.to] == ["2"]
    lonely = BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[PublicFetchAssociationsBatchRequest(id="1")]
    )
    empty = api.get_page("companies", "deals", lonely)
    assert (empty.results, empty.num_errors) == ([], 1)


def test_client_manages_labels(portal: Portal, client: Any) -> None:
    api = client.crm.associations.v4.schema.definitions_api
    made = api.create(
        "deals",
        "companies",
        PublicAssociationDefinitionCreateRequest(name="x", label="X", inverse_label="X of"),
    )
    type_id = made.results[0].type_id
    assert [row.label for row in made.results] == ["X", "X of"]
    change = PublicAssociationDefinitionUpdateRequest(association_type_id=type_id, label="Y")
    assert api.update("deals", "companies", change) is None
    labels = {row.type_id: row.label for row in api.get_all("deals", "companies").results}
    assert labels == {341: None, 5: "Primary", 43: "Registering partner", type_id: "Y"}
    assert api.remove("deals", "companies", type_id) is None


def test_client_manages_properties(portal: Portal, client: Any) -> None:
    api = client.crm.properties
    group = api.groups_api.create(
        "companies", PropertyGroupCreate(name="extras", label="Extras", display_order=2)
    )
    assert group.name == "extras"
    made = api.core_api.create(
        "companies",
        PropertyCreate(
            name="extra",
            label="Extra",
            type="enumeration",
            field_type="select",
            group_name="extras",
            options=[OptionInput(label="A", value="a", hidden=False, display_order=0)],
        ),
    )
    assert made.options[0].value == "a"
    changed = api.core_api.update("companies", "extra", PropertyUpdate(label="More"))
    assert changed.label == "More"
    assert api.core_api.get_by_name("companies", "extra", archived=False).label == "More"
    for kind in ("companies", "contacts", "deals", "leads"):
        assert len(api.core_api.get_all(kind, archived=False).results) > 5
    named = BatchReadInputPropertyName(inputs=[PropertyName(name="extra")], archived=False)
    assert len(api.batch_api.read("companies", named).results) == 1
    more = PropertyCreate(
        name="extra", label="E", type="string", field_type="text", group_name="extras"
    )
    mixed = api.batch_api.create("companies", BatchInputPropertyCreate(inputs=[more]))
    assert mixed.num_errors == 1
    gone = BatchInputPropertyName(inputs=[PropertyName(name="extra")])
    assert api.batch_api.archive("companies", gone) is None
    assert api.core_api.get_all("companies", archived=True).results[0].name == "extra"
    assert len(api.groups_api.get_all("companies").results) == 3
    assert api.groups_api.archive("companies", "extras") is None


def test_client_reads_owners_pipelines_and_schemas(portal: Portal, client: Any) -> None:
    page = client.crm.owners.owners_api.get_page(
        limit=100, email="ada.okafor@acme.example", archived=False
    )
    assert [owner.id for owner in page.results] == ["71000001"]
    assert paths(portal)[0].startswith("GET /crm/v3/owners/?")
    (inactive,) = client.crm.owners.owners_api.get_page(archived=True).results
    assert (inactive.archived, inactive.user_id) == (True, None)
    assert client.crm.owners.owners_api.get_by_id(71000001).email == "ada.okafor@acme.example"
    pipelines = client.crm.pipelines.pipelines_api.get_all("deals").results
    assert pipelines[1].stages[5].metadata == {"isClosed": "true", "probability": "1.0"}
    stages = client.crm.pipelines.pipeline_stages_api.get_all("leads", "lead-pipeline-id")
    assert len(stages.results) == 5
    assert client.crm.schemas.core_api.get_all().results == []


def test_client_manages_pipelines(portal: Portal, client: Any) -> None:
    api = client.crm.pipelines.pipelines_api
    stage = {"label": "Open", "displayOrder": 0, "metadata": {"probability": "0.5"}}
    made = api.create("deals", {"label": "P", "displayOrder": 3, "stages": [stage]})
    assert api.update("deals", made.id, {"label": "Q"}).label == "Q"
    replaced = api.replace("deals", made.id, {"label": "R", "displayOrder": 1, "stages": [stage]})
    assert replaced.label == "R"
    more = client.crm.pipelines.pipeline_stages_api.create(
        "deals", made.id, {"label": "More", "displayOrder": 1, "metadata": {"probability": "1.0"}}
    )
    assert more.metadata == {"isClosed": "true", "probability": "1.0"}
    assert client.crm.pipelines.pipeline_stages_api.archive("deals", made.id, more.id) is None
    assert len(api.get_by_id("deals", made.id).stages) == 1
    assert api.archive("deals", made.id) is None


@pytest.mark.parametrize("kind", ["companies", "contacts", "deals"])
def test_client_merges(portal: Portal, client: Any, kind: str) -> None:
    properties = {
        "companies": [{"name": "A"}, {"name": "B"}],
        "contacts": [{"email": "a@x.com"}, {"email": "b@x.com"}],
        "deals": [{"dealname": name, "dealstage": "closedwon"} for name in "AB"],
    }[kind]
    first, second = (portal.create(kind, **one) for one in properties)
    api = getattr(client.crm, kind).basic_api
    survivor = api.merge(PublicMergeInput(primary_object_id=first, object_id_to_merge=second))
    assert survivor.id not in (first, second)
    assert api.get_by_id(second).id == survivor.id


def test_client_refreshes_its_token(portal: Portal) -> None:
    anonymous: Any = HubSpot(host=portal.url, client_side_validation=True)
    form = {
        "grant_type": "refresh_token",
        "client_id": "demo-client-id",
        "client_secret": "demo-client-secret",
    }
    api = anonymous.oauth.tokens_api
    token = api.create(**form, refresh_token="demo-refresh-token")
    assert (token.expires_in, token.refresh_token) == (1800, "demo-refresh-token")
    details = anonymous.oauth.access_tokens_api.get(token.access_token)
    assert (details.hub_id, details.expires_in) == (48112233, 1800)
    assert (
        anonymous.oauth.refresh_tokens_api.get("demo-refresh-token").client_id == "demo-client-id"
    )
    client: Any = HubSpot(access_token=token.access_token, host=portal.url)
    assert client.crm.companies.basic_api.get_page().results == []
    portal.pass_time(1801)
    with pytest.raises(UnauthorizedException) as caught:
        client.crm.companies.basic_api.get_page()
    assert "EXPIRED_AUTHENTICATION" in caught.value.body
    assert anonymous.oauth.refresh_tokens_api.archive("demo-refresh-token") is None
    with pytest.raises(Exception, match="BAD_REFRESH_TOKEN"):
        api.create(**form, refresh_token="demo-refresh-token")


def test_client_raises_its_own_exceptions(portal: Portal, client: Any) -> None:
    portal.control("tokens", {"token": "narrow", "scopes": ["oauth"]})
    narrow: Any = HubSpot(access_token="narrow", host=portal.url)
    with pytest.raises(ForbiddenException) as caught:
        narrow.crm.companies.basic_api.get_page()
    assert "MISSING_SCOPES" in caught.value.body
    portal.switches.enforce_search, portal.switches.search_max = True, 1
    api = client.crm.companies.search_api
    assert api.do_search({}).total == 0
    with pytest.raises(ApiException) as refused:
        api.do_search({})
    assert (refused.value.status, "SECONDLY" in refused.value.body) == (429, True)


def test_client_reuses_one_connection_and_raw_requests_work(portal: Portal, client: Any) -> None:
    response = client.api_request({"path": "/account-info/v3/details"})
    assert response.json()["portalId"] == 48112233
    raw = client.crm.companies.basic_api.get_page(_preload_content=False)
    assert raw.status == 200
    assert raw.headers["content-type"] == "application/json;charset=utf-8"
