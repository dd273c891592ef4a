"""Signing in: every flow, refusals that say what to do, and one token for all threads."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError
from rigs import Incident, SalesforceRig, ids

from hub.connectors.contract import CallMeter
from hub.connectors.http import MeteredSession
from hub.connectors.salesforce import SalesforceConnector
from hub.connectors.salesforce.auth import TokenKeeper
from hub.connectors.salesforce.config import SalesforceSystem
from hub.errors import CredentialsRefused, RetryLater, SystemUnreachable
from sandbox.salesforce.store import (
    INTEGRATION_PASSWORD,
    INTEGRATION_USER_ID,
    SECURITY_TOKEN,
)

USER = "integration@acme.example"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture
def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def system(org: SalesforceRig, auth: dict[str, Any], **more: Any) -> SalesforceSystem:
    return SalesforceSystem.model_validate(
        {"kind": "salesforce", "role": "vendor", "instance_url": org.url, "auth": auth, **more}
    )


def connector(org: SalesforceRig, config: SalesforceSystem) -> SalesforceConnector:
    patience = org.time.patience()
    return SalesforceConnector(org.system, config, org.settings("salesforce"), patience=patience)


def approve(org: SalesforceRig, key: rsa.RSAPrivateKey) -> None:
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    org.control("certificate", public_key=public.decode(), users=[INTEGRATION_USER_ID])


def signed(pem: str, **more: Any) -> dict[str, Any]:
    claims = {"client_id": "demo-client-id", "username": USER, "private_key": pem}
    return {"flow": "jwt_bearer", **claims, **more}


def soap(**more: Any) -> dict[str, Any]:
    known = {"username": USER, "password": INTEGRATION_PASSWORD, "security_token": SECURITY_TOKEN}
    return {"flow": "soap", **known, **more}


# -- JWT bearer


def test_a_signed_assertion_signs_in(org: SalesforceRig, key: rsa.RSAPrivateKey, pem: str) -> None:
    org.clock.freeze(datetime.now(UTC))
    approve(org, key)
    expected = org.seed(2)
    hub = connector(org, system(org, signed(pem)))
    assert ids(hub.pull(org.spec, None)) == expected
    assert hub.calls.used == hub.calls.minimum == 3


def test_a_clock_that_is_wrong_is_put_right_by_the_servers(
    org: SalesforceRig, key: rsa.RSAPrivateKey, pem: str
) -> None:
    """The sandbox is in May 2026, whenever this runs."""
    approve(org, key)
    hub = connector(org, system(org, signed(pem)))
    assert ids(hub.pull(org.spec, None)) == []
    assert hub.calls.used == hub.calls.minimum + 1


def test_an_expired_session_is_renewed_by_a_new_assertion(
    org: SalesforceRig, key: rsa.RSAPrivateKey, pem: str
) -> None:
    org.clock.freeze(datetime.now(UTC))
    approve(org, key)
    expected = org.seed(2)
    hub = connector(org, system(org, signed(pem)))
    list(hub.pull(org.spec, None))
    org.control("expire-tokens")
    assert ids(hub.pull(org.spec, None)) == expected


def test_a_key_in_a_file_is_found_beside_the_configuration(
    org: SalesforceRig, key: rsa.RSAPrivateKey, pem: str, tmp_path: Path
) -> None:
    org.clock.freeze(datetime.now(UTC))
    approve(org, key)
    (tmp_path / "key.pem").write_text(pem)
    config = system(org, signed(pem, private_key=None, private_key_file="key.pem"))
    settings = org.settings("salesforce").model_copy(update={"file": tmp_path / "hub.yaml"})
    hub = SalesforceConnector(org.system, config, settings)
    assert ids(hub.pull(org.spec, None)) == []


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ({"username": "nobody@acme.example"}, "approve"),
        ({"audience": "https://evil.example"}, "`audience`"),
        ({"client_id": "unknown"}, "`client_id`"),
        ({"private_key": "no key"}, "PEM"),
        ({"private_key": None, "private_key_file": "/no/such.pem"}, "PEM"),
    ],
)
def test_a_refused_assertion_says_what_to_do(
    org: SalesforceRig, key: rsa.RSAPrivateKey, pem: str, wrong: dict[str, Any], remedy: str
) -> None:
    org.clock.freeze(datetime.now(UTC))
    approve(org, key)
    with pytest.raises(CredentialsRefused) as caught:
        list(connector(org, system(org, signed(pem, **wrong))).pull(org.spec, None))
    assert remedy in caught.value.remedy
    assert "PRIVATE" not in str(caught.value)
    assert org.time.slept == []


def test_an_assertion_by_another_key_is_refused(
    org: SalesforceRig, key: rsa.RSAPrivateKey, pem: str
) -> None:
    org.clock.freeze(datetime.now(UTC))
    approve(org, rsa.generate_private_key(public_exponent=65_537, key_size=2_048))
    with pytest.raises(CredentialsRefused) as caught:
        list(connector(org, system(org, signed(pem))).pull(org.spec, None))
    assert "certificate" in caught.value.remedy


def test_a_key_is_given_once(org: SalesforceRig, pem: str) -> None:
    for keys in ({"private_key_file": "key.pem"}, {"private_key": None}):
        with pytest.raises(ValidationError, match="exactly one"):
            system(org, signed(pem, **keys))


# -- SOAP


def test_user_name_password_and_token_sign_in_by_soap(org: SalesforceRig) -> None:
    expected = org.seed(2)
    hub = connector(org, system(org, soap()))
    assert ids(hub.pull(org.spec, None)) == expected
    org.control("expire-tokens")
    assert ids(hub.pull(org.spec, None)) == expected
    assert hub.calls.used == 3 + 1 + 2  # login, describe, page; page refused, login, page


def test_a_refused_soap_login_says_what_to_do_and_is_not_repeated(org: SalesforceRig) -> None:
    hub = connector(org, system(org, soap(password="wrong-password")))
    for _ in range(2):
        with pytest.raises(CredentialsRefused, match="INVALID_LOGIN") as caught:
            list(hub.pull(org.spec, None))
    assert "`password`" in caught.value.remedy
    assert "wrong-password" not in str(caught.value)
    assert hub.calls.used == 1
    org.control("switches", soap_login_enabled=False)
    with pytest.raises(CredentialsRefused) as caught:
        list(connector(org, system(org, soap())).pull(org.spec, None))
    assert "another flow" in caught.value.remedy


def test_an_error_page_in_place_of_soap_is_waited_out(org: SalesforceRig) -> None:
    org.trouble.incidents.append(Incident("/services/Soap", 503, b"<html>Maintenance", times=2))
    org.trouble.incidents.append(Incident("/services/Soap", 0))
    assert ids(connector(org, system(org, soap())).pull(org.spec, None)) == []
    org.trouble.incidents.append(Incident("/services/Soap", 503, b"<html>", times=99))
    with pytest.raises(SystemUnreachable):
        list(connector(org, system(org, soap())).pull(org.spec, None))


@pytest.mark.parametrize("version", ["65.0", "66.0", "100.0"])
def test_soap_is_refused_where_the_version_has_no_such_login(
    org: SalesforceRig, version: str
) -> None:
    with pytest.raises(ValidationError, match=r"64\.0"):
        system(org, soap(), api_version=version)
    assert system(org, soap(), api_version="64.0").api_version == "64.0"


# -- one token


def test_a_burst_of_refusals_renews_once(org: SalesforceRig) -> None:
    org.seed(3)
    hub = org.connector()
    list(hub.pull(org.spec, None))
    org.control("expire-tokens")
    before = len([s for s in org.trouble.seen if "oauth2" in s.path])
    with ThreadPoolExecutor(6) as pool:
        read = list(pool.map(lambda _: len(ids(hub.pull(org.spec, None))), range(6)))
    assert read == [3] * 6
    assert len([s for s in org.trouble.seen if "oauth2" in s.path]) == before + 1


def test_too_many_logins_are_no_refusal(org: SalesforceRig) -> None:
    busy = b'{"error":"rate_limit_exceeded","error_description":"too many"}'
    org.trouble.incidents.append(Incident("/oauth2/token", 400, busy))
    auth = {"client_id": "demo-client-id", "client_secret": "demo-client-secret"}
    config = system(org, {"flow": "client_credentials", **auth})
    keeper = TokenKeeper(org.system, config, MeteredSession(CallMeter(), 10), org.time.patience())
    with pytest.raises(RetryLater):
        keeper.token()
    assert keeper.token().instance_url == org.url


# -- another way to the org


def test_a_base_url_takes_all_requests_on_another_way(org: SalesforceRig) -> None:
    """Nothing here is resolved by name: the org's own address leads nowhere."""
    expected = org.seed(3)
    auth = {"client_id": "demo-client-id", "client_secret": "demo-client-secret"}
    flows: tuple[dict[str, Any], ...] = ({"flow": "client_credentials", **auth}, soap())
    for flow in flows:
        config = system(org, flow, base_url=org.url, bulk="always").model_copy(
            update={"instance_url": "https://acme.my.salesforce.invalid"}
        )
        hub = connector(org, config)
        assert sorted(ids(hub.pull(org.spec, None))) == expected
        [outcome] = hub.apply([org.update("c1", 1)])
        assert outcome.status == "applied"
