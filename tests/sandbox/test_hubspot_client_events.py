"""The official client at the rarer APIs: privacy deletion, exports, webhooks; and under faults."""

import time
from typing import Any

import pytest
import requests
import urllib3
from hubspot import HubSpot
from hubspot.crm.contacts import (
    ApiException,
    PublicGdprDeleteInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.contacts.exceptions import ServiceException
from hubspot.utils.signature import Signature
from hubspot.webhooks import (
    BatchInputSubscriptionBatchUpdateRequest,
    SettingsChangeRequest,
    SubscriptionBatchUpdateRequest,
    SubscriptionCreateRequest,
    SubscriptionPatchRequest,
    ThrottlingSettings,
)
from hubspot_kit import TOKEN, Portal

from sandbox.hubspot.delivery import signatures

APP = 2_718_281


@pytest.fixture
def client(portal: Portal) -> Any:
    return HubSpot(
        access_token=TOKEN,
        api_key="demo-developer-key",
        host=portal.url,
        base_url=portal.url,
        client_side_validation=True,
        retry=urllib3.Retry(0, raise_on_status=False),
    )


def test_client_erases_a_contact(portal: Portal, client: Any) -> None:
    api = client.crm.contacts.basic_api
    new = SimplePublicObjectInputForCreate(properties={"email": "a@x.com"}, associations=[])
    api.create(new)
    assert api.purge(PublicGdprDeleteInput(object_id="a@x.com", id_property="email")) is None
    assert api.get_page().results == []
    with pytest.raises(ApiException) as caught:
        api.create(new)
    assert caught.value.status == 400


def test_client_exports(portal: Portal, client: Any) -> None:
    company = portal.create("companies", name="A")
    api = client.crm.exports.public_exports_api
    request = {
        "exportType": "VIEW",
        "format": "CSV",
        "exportName": "All",
        "objectType": "COMPANY",
        "objectProperties": ["name"],
        "language": "EN",
    }
    started = api.start(request)
    assert api.get_status(started.id).status == "PENDING"
    portal.pass_time(2)
    done = api.get_status(started.id)
    assert done.status == "COMPLETE"
    text = requests.get(done.result, timeout=10).text
    assert text == f"Record ID,Name\n{company},A\n"


def test_client_keeps_webhook_settings_and_subscriptions(portal: Portal, client: Any) -> None:
    settings = client.webhooks.settings_api
    wanted = SettingsChangeRequest(
        target_url="http://127.0.0.1:9/hook",
        throttling=ThrottlingSettings(max_concurrent_requests=10),
    )
    assert settings.configure(APP, wanted).target_url == "http://127.0.0.1:9/hook"
    assert settings.get_all(APP).throttling.max_concurrent_requests == 10
    api = client.webhooks.subscriptions_api
    made = api.create(APP, SubscriptionCreateRequest(event_type="contact.creation", active=False))
    assert (made.event_type, made.active) == ("contact.creation", False)
    number = int(made.id)
    assert api.update(number, APP, SubscriptionPatchRequest(active=True)).active
    off = SubscriptionBatchUpdateRequest(id=number, active=False)
    batch = api.update_batch(APP, BatchInputSubscriptionBatchUpdateRequest(inputs=[off]))
    assert [one.active for one in batch.results] == [False]
    assert [one.id for one in api.get_all(APP).results] == [made.id]
    assert api.get_by_id(number, APP).id == made.id
    assert api.archive(number, APP) is None
    assert api.get_all(APP).results == []
    assert settings.clear(APP) is None


def test_client_accepts_the_signature() -> None:
    """It compares the time of signing with its own clock, so that one is used here."""
    body, url, now = '[{"eventId":1}]', "http://127.0.0.1:9/hook", int(time.time() * 1000)
    headers = signatures("secret", url, body.encode(), now, "v1_and_v3")
    assert Signature.is_valid(
        signature=headers["X-HubSpot-Signature-v3"],
        client_secret="secret",
        request_body=body,
        http_uri=url,
        signature_version="v3",
        timestamp=headers["X-HubSpot-Request-Timestamp"],
    )
    assert Signature.is_valid(
        signature=headers["X-HubSpot-Signature"],
        client_secret="secret",
        request_body=body,
        signature_version="v1",
    )


@pytest.mark.parametrize(
    ("rule", "kind", "status"),
    [
        ({"kind": "locked"}, ApiException, 423),
        ({"kind": "migrating"}, ApiException, 477),
        ({"kind": "rate_limit"}, ApiException, 429),
        ({"kind": "status", "status": 502, "body": "<html></html>"}, ServiceException, 502),
    ],
    ids=str,
)
def test_client_raises_what_a_fault_says(
    portal: Portal, client: Any, rule: dict[str, Any], kind: type[Exception], status: int
) -> None:
    portal.faults(rule)
    with pytest.raises(kind) as caught:
        client.crm.contacts.basic_api.get_page()
    assert getattr(caught.value, "status", None) == status


@pytest.mark.parametrize("rule", [{"kind": "reset"}, {"kind": "hang", "seconds": 30}], ids=str)
def test_client_raises_urllib3_errors_when_the_wire_breaks(
    portal: Portal, client: Any, rule: dict[str, Any]
) -> None:
    portal.faults(rule)
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        client.crm.contacts.basic_api.get_page(_request_timeout=0.2)


def test_client_takes_a_created_200_for_nothing(portal: Portal, client: Any) -> None:
    portal.faults({"kind": "other_status", "status": 200, "match": {"method": "POST"}})
    new = SimplePublicObjectInputForCreate(properties={"email": "a@x.com"}, associations=[])
    assert client.crm.contacts.basic_api.create(new) is None
    assert len(client.crm.contacts.basic_api.get_page().results) == 1
