"""Statement 4: the JWT bearer flow."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests import Response
from salesforce_org import INTEGRATION_USER, START, OrgUnderTest

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
NOW = int(START.timestamp())
CLAIMS = {
    "iss": "demo-client-id",
    "sub": "integration@acme.example",
    "aud": "https://login.salesforce.com",
    "exp": str(NOW + 180),
}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture
def org(key: rsa.RSAPrivateKey) -> OrgUnderTest:
    org = OrgUnderTest()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    org.control("certificate", {"public_key": public.decode(), "users": [INTEGRATION_USER]})
    return org


def asked(org: OrgUnderTest, key: rsa.RSAPrivateKey, **claims: Any) -> Response:
    # The library insists on a number of seconds; what goes over the wire here may be text.
    payload = {name: v for name, v in {**CLAIMS, **claims}.items() if v is not None}
    assertion = jwt.api_jws.encode(json.dumps(payload).encode(), key, algorithm="RS256")
    return org.token_request(grant_type=GRANT, assertion=assertion)


def refusal(answer: Response) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["error"], body["error_description"]


@pytest.mark.parametrize("exp", [str(NOW + 180), NOW + 180])
def test_conformance_sf_04_string_and_numeric_expiry_are_accepted(
    org: OrgUnderTest, key: rsa.RSAPrivateKey, exp: str | int
) -> None:
    answer = asked(org, key, exp=exp)
    assert answer.status_code == 200, answer.text
    org.token = answer.json()["access_token"]
    assert org.get("/services/oauth2/userinfo").json()["user_id"] == INTEGRATION_USER
    assert "expires_in" not in answer.json()
    assert "refresh_token" not in answer.json()


@pytest.mark.parametrize(
    ("claims", "description"),
    [
        ({"exp": str(NOW - 1)}, "expired authorization code"),
        ({"exp": str((NOW + 180) * 1000)}, "expired authorization code"),
        ({"exp": "soon"}, "invalid assertion"),
        ({"exp": None}, "invalid assertion"),
        ({"aud": "https://evil.example"}, "audience is invalid"),
        ({"aud": None}, "audience is invalid"),
        ({"sub": "nobody@acme.example"}, "user hasn't approved this consumer"),
    ],
)
def test_conformance_sf_04_each_bad_claim_has_its_description(
    org: OrgUnderTest, key: rsa.RSAPrivateKey, claims: dict[str, Any], description: str
) -> None:
    assert refusal(asked(org, key, **claims)) == (400, "invalid_grant", description)


def test_conformance_sf_04_a_foreign_signature_or_garbage_is_no_assertion(
    org: OrgUnderTest,
) -> None:
    stranger = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    expected = (400, "invalid_grant", "invalid assertion")
    assert refusal(asked(org, stranger)) == expected
    assert refusal(org.token_request(grant_type=GRANT, assertion="a.b.c")) == expected
    unsigned = jwt.encode({**CLAIMS, "exp": NOW + 180}, None, algorithm="none")
    assert refusal(org.token_request(grant_type=GRANT, assertion=unsigned)) == expected


def test_conformance_sf_04_users_have_to_have_approved_the_app(
    org: OrgUnderTest, key: rsa.RSAPrivateKey
) -> None:
    public = org.store.db.execute("SELECT public_key FROM _certificate").fetchone()[0]
    org.control("certificate", {"public_key": public, "users": []})
    assert refusal(asked(org, key))[2] == "user hasn't approved this consumer"
    org.switch(jwt_unapproved_description="user is not admin approved")
    assert refusal(asked(org, key))[2] == "user is not admin approved"


def test_conformance_sf_04_unknown_app_inactive_user_and_app_without_certificate(
    org: OrgUnderTest, key: rsa.RSAPrivateKey
) -> None:
    assert refusal(asked(org, key, iss="nobody"))[:2] == (400, "invalid_client_id")
    org.store.put_app("other", "secret", "Other", None)
    assert refusal(asked(org, key, iss="other"))[2] == "invalid assertion"
    org.store.put_app("old", "secret", "Old", None, flows="client_credentials")
    assert refusal(asked(org, key, iss="old"))[:2] == (400, "unsupported_grant_type")
    org.store.db.execute('UPDATE "User" SET "IsActive" = 0')
    assert refusal(asked(org, key))[:2] == (400, "inactive_user")


def test_conformance_sf_04_my_domain_as_audience_is_a_switch(
    org: OrgUnderTest, key: rsa.RSAPrivateKey
) -> None:
    for aud in ("https://acme.my.salesforce.com", org.url, "https://test.salesforce.com/"):
        assert asked(org, key, aud=aud).status_code == 200
    org.switch(my_domain="globex.my.salesforce.com")
    assert asked(org, key, aud="https://globex.my.salesforce.com").status_code == 200
    assert asked(org, key, aud="https://acme.my.salesforce.com").status_code == 400
    org.switch(my_domain="acme.my.salesforce.com", jwt_my_domain_audience=False)
    refused = refusal(asked(org, key, aud="https://acme.my.salesforce.com"))
    assert refused == (400, "invalid_grant", "audience is invalid")
    assert asked(org, key).status_code == 200
