"""Who am I: the identity URL of the token reply and the OpenID userinfo resource."""

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.store import ORG_ID, Row


def _user(org: Org, user_id: str) -> Row:
    row = org.store.fetch(org.sobject("User"), user_id)
    if row is None:
        raise ApiError("NOT_FOUND", "The requested resource does not exist")
    return row


def identity(org: Org, user_id: str) -> dict[str, object]:
    """The body of `/id/{org}/{user}`; `{version}` in the URLs is literal, clients fill it in."""
    user = _user(org, user_id)
    rest = f"{org.base_url}/services/data/v{{version}}/"
    return {
        "id": f"{org.base_url}/id/{ORG_ID}/{user_id}",
        "asserted_user": True,
        "user_id": user_id,
        "organization_id": ORG_ID,
        "username": user["Username"],
        "display_name": user["Name"],
        "email": user["Email"],
        "first_name": user["FirstName"],
        "last_name": user["LastName"],
        "active": user["IsActive"] == 1,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "urls": {
            "rest": rest,
            "sobjects": f"{rest}sobjects/",
            "query": f"{rest}query/",
            "profile": f"{org.base_url}/{user_id}",
        },
        "is_app_installed": True,
    }


def userinfo(org: Org, user_id: str) -> dict[str, object]:
    """The body of `/services/oauth2/userinfo`."""
    user = _user(org, user_id)
    return {
        "sub": f"{org.base_url}/id/{ORG_ID}/{user_id}",
        "user_id": user_id,
        "organization_id": ORG_ID,
        "preferred_username": user["Username"],
        "name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "given_name": user["FirstName"],
        "family_name": user["LastName"],
        "zoneinfo": org.switches.user_time_zone,
        "user_type": "STANDARD",
        "active": user["IsActive"] == 1,
    }
