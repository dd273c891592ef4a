"""SOAP `login()`: user name, password and security token for a session, on API 31 to 64."""

from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from sandbox.salesforce.org import Org
from sandbox.salesforce.store import ORG_ID

LAST_LOGIN_VERSION = 64
OLDEST_VERSION = 31

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    "{spaces}><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
)
_INVALID_LOGIN = (
    "Invalid username, password, security token; or user locked out. "
    "Are you at the right url? (SandboxDomain)?"
)


@dataclass(frozen=True)
class SoapReply:
    status: int
    xml: str


def soap(org: Org, version: str, body: bytes) -> SoapReply:
    """Answer one envelope posted to `/services/Soap/u/{version}`."""
    number = int(version.partition(".")[0]) if version.partition(".")[0].isdigit() else 0
    if number < OLDEST_VERSION:
        return _fault("UNSUPPORTED_API_VERSION", f"Invalid Api version specified on URL: {version}")
    try:
        # Expat of our own Python on loopback; entity bombs are refused by it.
        root = ElementTree.fromstring(body)  # noqa: S314
    except ElementTree.ParseError as error:
        return _fault("UNKNOWN_EXCEPTION", f"SOAP request is not well formed: {error}")
    login = next((node for node in root.iter() if _local(node.tag) == "login"), None)
    if login is None:
        return _logout(org, root)
    if number > LAST_LOGIN_VERSION or not org.switches.soap_login_enabled:
        return _fault("INVALID_OPERATION", f"SOAP API login() is not available in API {version}.")
    given = {_local(node.tag): node.text or "" for node in login}
    return _login(org, version, given.get("username", ""), given.get("password", ""))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _login(org: Org, version: str, username: str, password: str) -> SoapReply:
    row = org.store.db.execute(
        "SELECT password, security_token, user_id FROM _credential WHERE username = ?",
        (username.lower(),),
    ).fetchone()
    if row is None or password not in (row[0], row[0] + row[1]):
        return _fault("INVALID_LOGIN", _INVALID_LOGIN)
    session = org.sessions.issue(row[2], None, org.now())
    server = f"{org.base_url}/services/Soap/u/{version}/{ORG_ID[:15]}"
    metadata = f"{org.base_url}/services/Soap/m/{version}/{ORG_ID[:15]}"
    body = (
        "<loginResponse><result>"
        f"<metadataServerUrl>{escape(metadata)}</metadataServerUrl>"
        "<passwordExpired>false</passwordExpired><sandbox>true</sandbox>"
        f"<serverUrl>{escape(server)}</serverUrl><sessionId>{escape(session)}</sessionId>"
        f"<userId>{row[2]}</userId><userInfo><organizationId>{ORG_ID}</organizationId>"
        f"<sessionSecondsValid>{org.switches.session_seconds}</sessionSecondsValid>"
        f"<userId>{row[2]}</userId><userName>{escape(username)}</userName></userInfo>"
        "</result></loginResponse>"
    )
    return SoapReply(200, _ENVELOPE.format(spaces='xmlns="urn:partner.soap.sforce.com"', body=body))


def _logout(org: Org, root: ElementTree.Element) -> SoapReply:
    names = {_local(node.tag): node.text or "" for node in root.iter()}
    if "logout" not in names or not org.sessions.revoke(names.get("sessionId", "")):
        return _fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader")
    return SoapReply(
        200,
        _ENVELOPE.format(spaces='xmlns="urn:partner.soap.sforce.com"', body="<logoutResponse/>"),
    )


def _fault(code: str, message: str) -> SoapReply:
    body = (
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode>"
        f"<faultstring>{code}: {escape(message)}</faultstring><detail><sf:LoginFault>"
        f"<sf:exceptionCode>{code}</sf:exceptionCode>"
        f"<sf:exceptionMessage>{escape(message)}</sf:exceptionMessage>"
        "</sf:LoginFault></detail></soapenv:Fault>"
    )
    spaces = 'xmlns:sf="urn:fault.partner.soap.sforce.com"'
    return SoapReply(500, _ENVELOPE.format(spaces=spaces, body=body))
