"""Signing in to HubSpot as an installed app: tokens that end, are renewed, and are refused."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3
from pydantic import ValidationError
from rigs import HubSpotRig, Incident, ids

from hub.connectors.contract import CallMeter, Connector
from hub.connectors.hubspot.auth import TokenKeeper
from hub.connectors.hubspot.config import HubSpotSystem, InstalledApp
from hub.errors import CredentialsRefused, RetryLater

APP = {
    "flow": "refresh_token",
    "client_id": "demo-client-id",
    "client_secret": "demo-client-secret",
    "refresh_token": "demo-refresh-token",
}


def installed(portal: HubSpotRig, **other: str) -> Connector:
    return portal.connector(auth=InstalledApp.model_validate({**APP, **other}))


def grants(portal: HubSpotRig) -> list[str]:
    """The paths at which tokens were asked for."""
    return [seen.path for seen in portal.trouble.seen if seen.path.startswith("/oauth/")]


@pytest.mark.parametrize("paths", ["v3", "2026-09"])
def test_an_app_is_granted_one_token_for_a_whole_pull(portal: HubSpotRig, paths: str) -> None:
    portal.paths = paths
    expected = portal.seed(20)
    portal.shrink_pages(5)
    connector = installed(portal)
    assert sorted(ids(connector.pull(portal.spec, None))) == sorted(expected)
    assert grants(portal) == [f"/oauth/{paths}/token"]
    assert connector.calls.used == 1 + 1 + 4
    assert connector.calls.minimum == 1 + 1 + 1


def test_a_token_that_ends_in_mid_paging_is_renewed_and_the_page_asked_again(
    portal: HubSpotRig,
) -> None:
    expected = portal.seed(20)
    portal.shrink_pages(5)
    rule = {"kind": "expired_token", "match": {"path": portal.pages, "after": 2, "times": 1}}
    portal.control("faults", rules=[rule])
    assert sorted(ids(installed(portal).pull(portal.spec, None))) == sorted(expected)
    assert len(grants(portal)) == 2


def test_a_token_is_renewed_before_it_ends(portal: HubSpotRig) -> None:
    portal.seed(1)
    connector = installed(portal)
    list(connector.pull(portal.spec, None))
    portal.time.sleep(1800 - 61)
    list(connector.pull(portal.spec, None))
    assert len(grants(portal)) == 1
    portal.time.sleep(1)
    list(connector.pull(portal.spec, None))
    assert len(grants(portal)) == 2


def test_a_write_is_not_lost_with_its_token(portal: HubSpotRig) -> None:
    portal.seed(1)
    rule = {"kind": "expired_token", "match": {"path": portal.writes, "times": 1}}
    portal.control("faults", rules=[rule])
    (outcome,) = installed(portal).apply([portal.update("c1", 1, "Renamed")])
    assert outcome.status == "applied"
    assert portal.name_of(1) == "Renamed"


@pytest.mark.parametrize("body", ["legacy", "oauth2"])
@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ({"refresh_token": "gone"}, "install the app in the account again"),
        ({"client_secret": "wrong"}, "correct `client_id` and `client_secret`"),
    ],
    ids=["refresh_token", "client_secret"],
)
def test_a_refused_grant_says_what_to_do_and_is_not_repeated(
    portal: HubSpotRig, wrong: dict[str, str], remedy: str, body: str
) -> None:
    portal.control("switches", refresh_error=body)
    connector = installed(portal, **wrong)
    for _ in range(2):
        with pytest.raises(CredentialsRefused) as caught:
            list(connector.pull(portal.spec, None))
        assert remedy in caught.value.remedy
        assert "wrong" not in str(caught.value)
    assert len(grants(portal)) == 1


def test_an_app_that_is_taken_out_of_the_account_ends_the_pull(portal: HubSpotRig) -> None:
    portal.seed(20)
    portal.shrink_pages(5)
    rule = {
        "kind": "revoked_token",
        "refresh_token": True,
        "match": {"path": portal.pages, "after": 2},
    }
    portal.control("faults", rules=[rule])
    with pytest.raises(CredentialsRefused, match="BAD_REFRESH_TOKEN"):
        list(installed(portal).pull(portal.spec, None))
    assert len(grants(portal)) == 2


@pytest.mark.parametrize(
    ("status", "answer"), [(503, b"<html>"), (500, b'{"message":"oops"}'), (200, b"<html>")]
)
def test_a_token_endpoint_out_of_order_is_waited_out(
    portal: HubSpotRig, status: int, answer: bytes
) -> None:
    portal.seed(1)
    portal.trouble.incidents.append(Incident("/oauth/", status, answer, times=2))
    assert len(ids(installed(portal).pull(portal.spec, None))) == 1
    assert len(grants(portal)) == 3


def test_too_many_grants_are_no_refusal(portal: HubSpotRig) -> None:
    portal.seed(1)
    portal.trouble.incidents.append(Incident("/oauth/", 429, b'{"message":"slow"}', times=1))
    connector = installed(portal)
    with pytest.raises(RetryLater):
        list(connector.pull(portal.spec, None))
    assert len(ids(connector.pull(portal.spec, None))) == 1


def test_many_threads_that_find_the_token_stale_fetch_one_new_one(portal: HubSpotRig) -> None:
    calls, timeout = CallMeter(), urllib3.Timeout(10)
    told = {"kind": "hubspot", "role": "vendor", "base_url": portal.url, "auth": APP}
    config = HubSpotSystem.model_validate(told)
    pool = urllib3.PoolManager()
    keeper = TokenKeeper(portal.system, config, pool, timeout, calls, portal.time.patience())
    stale = keeper.token()
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: keeper.renewed(stale), range(8)))
    assert keeper.token() != stale
    assert calls.used == 2


@pytest.mark.parametrize(
    ("auth", "key"),
    [
        ({"flow": "refresh_token", "client_id": "x"}, "client_secret"),
        ({}, "access_token"),
        ({"access_token": "x", "client_id": "x"}, "client_id"),
    ],
)
def test_what_is_missing_in_auth_is_named(auth: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        HubSpotSystem.model_validate({"kind": "hubspot", "role": "vendor", "auth": auth})
    assert key in [error["loc"][-1] for error in caught.value.errors()]
