"""A vendor's Salesforce and one CRM per partner, served from this process; who should hold what.

Every text of a lead bears a token that no other lead has. Which partner a lead belongs to is told
by its country alone: each partner covers one, so that it can be known without asking the hub.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import requests
from starlette.types import ASGIApp

from hub.checks.codes import country_codes
from sandbox import hubspot, partner_api, salesforce
from sandbox.clock import Clock
from sandbox.requestlog import RequestLog
from sandbox.salesforce.ids import record_id
from sandbox.salesforce.setup_objects import FIELD_PERMISSIONS
from sandbox.server import ThreadedServer, free_port

VENDOR = "acme_salesforce"
KINDS = ("salesforce", "hubspot", "rest")
_COUNTRIES = tuple(sorted({c for c in country_codes().values() if c.casefold() in country_codes()}))
_LETTERS = "bcdfghjklmnpqrstvwxz"
_SECONDS = 30
TWIN = record_id("001", 1)
"""A partner's account from before all others."""


def token(number: int, what: str) -> str:
    """Ten letters that nothing else bears, unlike those of the next number."""
    digest = blake2b(f"{what}{number}".encode(), digest_size=10).digest()
    return "Zq" + "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)


@dataclass
class World:
    """The servers' side. `holders`: lead number → partner numbers, the present one last."""

    partners: int
    leads: int
    folder: Path
    clock: Clock = field(default_factory=Clock)
    log: RequestLog = field(default_factory=lambda: RequestLog(None, bodies=True))
    holders: dict[int, list[int]] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    lead_ids: dict[int, str] = field(default_factory=dict)
    account_ids: dict[int, str] = field(default_factory=dict)
    orgs: list[salesforce.SalesforceStore] = field(default_factory=list)
    _sessions: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.holders = {n: [n % self.partners] for n in range(self.leads)}
        self.tokens = {token(n, "lead").casefold(): n for n in range(self.leads)}

    def kind(self, partner: int) -> str:
        return KINDS[partner % len(KINDS)]

    def owned(self, partner: int) -> list[int]:
        """The leads that are a partner's now."""
        return [n for n, had in self.holders.items() if had[-1] == partner]

    def pass_minutes(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    def let_reps_answer(self) -> None:
        """The admins of the partners' orgs let their own people write what the hub only reads."""
        for org in self.orgs:
            org.db.execute(
                f'UPDATE "{FIELD_PERMISSIONS}" SET "PermissionsEdit" = 1 '
                "WHERE \"Field\" = 'Lead.Hub_Lead_Status__c'"
            )

    # -- what people do ---------------------------------------------------------------------------

    def edit_vendor(self, obj: str, record_id: str, **fields: str) -> None:
        url = f"{self.urls[VENDOR]}/services/data/v62.0/sobjects/{obj}/{record_id}"
        _sent(requests.patch(url, json=fields, headers=self._salesforce(VENDOR), timeout=_SECONDS))

    def move(self, lead: int, partner: int) -> None:
        """The vendor's rep finds that a lead is of another country."""
        self.edit_vendor("Lead", self.lead_ids[lead], Country=_COUNTRIES[partner])
        self.holders[lead].append(partner)

    def accept(self, lead: int) -> None:
        """The partner's rep accepts a lead in the partner's own CRM."""
        partner = self.holders[lead][-1]
        system, key = f"p{partner}", self.keys[lead]
        url, kind = self.urls[system], self.kind(partner)
        if kind == "salesforce":
            path = f"/services/data/v62.0/sobjects/Lead/Hub_Lead_Key__c/{key}"
            told: dict[str, Any] = {"Hub_Lead_Status__c": "Accepted"}
            headers = self._salesforce(system)
        elif kind == "hubspot":
            path = f"/crm/v3/objects/contacts/{key}?idProperty=hub_lead_key"
            told = {"properties": {"hub_lead_status": "Accepted"}}
            headers = {"Authorization": "Bearer pat-na1-demo-0000"}
        else:
            path, headers = f"/v1/leads/by-ref/{key}", {"X-Api-Key": "demo-partner-key"}
            told = {"status": "working"}
        write = requests.put if kind == "rest" else requests.patch
        _sent(write(f"{url}{path}", json=told, headers=headers, timeout=_SECONDS))

    def _salesforce(self, system: str) -> dict[str, str]:
        if system not in self._sessions:
            login = requests.post(
                f"{self.urls[system]}/services/oauth2/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": "demo-client-id",
                    "client_secret": "demo-client-secret",
                },
                timeout=_SECONDS,
            ).json()
            self._sessions[system] = {"Authorization": f"Bearer {login['access_token']}"}
        return self._sessions[system]

    # -- what the servers were sent ---------------------------------------------------------------

    def seen(self) -> dict[int, set[int]]:
        """Partner → the leads of which its server was sent a token, in whatever request."""
        found: dict[int, set[int]] = {n: set() for n in range(self.partners)}
        for line in self.log.lines:
            if line["system"] == VENDOR:
                continue
            said = f"{line['path']} {line['body']}".casefold()
            found[int(line["system"][1:])] |= {
                self.tokens[word] for word in _words(said) if word in self.tokens
            }
        return found

    def leaks(self) -> list[tuple[int, int]]:
        """(partner, lead) pairs where a server was sent a word of a lead its partner never had."""
        return [
            (partner, lead)
            for partner, leads in self.seen().items()
            for lead in sorted(leads)
            if partner not in self.holders[lead]
        ]


def _words(text: str) -> Iterator[str]:
    """All that begins like a token, cut to its length."""
    start = text.find("zq")
    while start >= 0:
        yield text[start : start + 12]
        start = text.find("zq", start + 1)


def _sent(answer: requests.Response) -> None:
    if not answer.ok:
        raise RuntimeError(f"{answer.status_code} {answer.url}: {answer.text[:300]}")


# -- serving it -----------------------------------------------------------------------------------


@contextmanager
def served(world: World) -> Iterator[World]:
    """All CRMs up, the vendor's filled, `hub.yaml` written."""
    with ExitStack() as stack:
        vendor = salesforce.SalesforceStore(None)
        stack.callback(vendor.close)
        vendor.load(_vendor_rows(world))
        _serve(stack, world, VENDOR, _salesforce_app(world, VENDOR, vendor))
        for partner in range(world.partners):
            system = f"p{partner}"
            _serve(stack, world, system, _partner_app(stack, world, system, world.kind(partner)))
        write_configuration(world)
        yield world


def _serve(stack: ExitStack, world: World, system: str, app: ASGIApp) -> None:
    port = free_port()
    world.urls[system] = f"http://127.0.0.1:{port}"
    stack.enter_context(ThreadedServer(app, port))


def _salesforce_app(world: World, system: str, store: salesforce.SalesforceStore) -> ASGIApp:
    return salesforce.create_app(
        store,
        system=system,
        base_url="",
        log=world.log,
        clock=world.clock,
        switches=salesforce.Switches(),
    )


def _partner_app(stack: ExitStack, world: World, system: str, kind: str) -> ASGIApp:
    if kind == "salesforce":
        org = salesforce.SalesforceStore(None)
        stack.callback(org.close)
        world.orgs.append(org)
        return _salesforce_app(world, system, org)
    if kind == "hubspot":
        portal = hubspot.HubSpotStore()
        stack.callback(portal.close)
        return hubspot.create_app(
            portal, system=system, log=world.log, clock=world.clock, switches=hubspot.Switches()
        )
    store = partner_api.PartnerStore()
    stack.callback(store.close)
    return partner_api.create_app(
        store, system=system, log=world.log, clock=world.clock, switches=partner_api.Switches()
    )


def _vendor_rows(world: World) -> dict[str, list[dict[str, object]]]:
    accounts: list[dict[str, object]] = [
        {"Id": TWIN, "Name": f"{token(0, 'twin')} Netzwerke", "Type": "Partner"}
    ]
    for partner in range(world.partners):
        world.account_ids[partner] = record_id("001", 1000 + partner)
        accounts.append(
            {
                "Id": world.account_ids[partner],
                "Name": f"{token(partner, 'partner')} Systems",
                "Type": "Partner",
                "Partner_Tier__c": "Gold",
                "Partner_Status__c": "Active",
                "Partner_Territories__c": _COUNTRIES[partner],
                "Tax_Id__c": f"T{partner:09d}",
            }
        )
    leads: list[dict[str, object]] = []
    for number, (partner,) in world.holders.items():
        word = token(number, "lead")
        world.lead_ids[number] = record_id("00Q", 1000 + number)
        leads.append(
            {
                "Id": world.lead_ids[number],
                "FirstName": f"{word}a",
                "LastName": f"{word}b",
                "Company": f"{word} Works",
                "Email": f"office@{word.lower()}.example",
                "City": f"{word}ville",
                "Country": _COUNTRIES[partner],
                "Status": "Open - Not Contacted",
                "LeadSource": "Web",
            }
        )
    return {"Account": accounts, "Lead": leads}


# -- hub.yaml -------------------------------------------------------------------------------------

_SIGN_IN = (
    "auth: {flow: client_credentials, client_id: demo-client-id, client_secret: demo-client-secret}"
)
# Half of all leads change between two syncs, which ops would be asked about.
_NO_BRAKE = "plans: {brake: {share: 2, clears: 2}}\n"
_HUBSPOT = """    search_lag_seconds: 0
    auth: {access_token: pat-na1-demo-0000}
"""
_REST = """    auth: {scheme: api_key, key: demo-partner-key}
    paging: {style: cursor, next: meta.next_cursor}
    objects:
      leads:
        path: /v1/leads
        records: data
        fields:
          first_name: contact.first_name
          last_name: {path: contact.last_name, required: true}
          email: contact.email
          company: {path: company.name, required: true}
          city: company.city
          country: company.country
          status: {path: status, kind: choice}
          ref: {path: external_ref, unique: true}
        modified: {path: updated_at, param: updated_since}
        deleted: {path: deleted_at, params: {include_deleted: "true"}, merged_into: merged_into}
        named: {param: ids}
        update: {path: "/v1/leads/{id}"}
        create: {method: PUT, path: "/v1/leads/by-ref/{key}", id: data.id}
"""
_REST_MAPPING = """  {system}:
    leads:
      source: assigned_lead
      pull: {{ref: hub_key, status: status}}
      values: {{status: {{working: accepted}}}}
      push:
        entity: assigned_lead
        fields:
          ref: lead_id
          first_name: first_name
          last_name: last_name
          email: email
          company: company_name
          city: city
          country: country
        create: {{key: ref}}
"""


def write_configuration(world: World, wrong: Sequence[str] = ()) -> None:
    """`hub.yaml` of the whole; `wrong` are further lines under `mappings`."""
    head = f"  {VENDOR}:\n    kind: salesforce\n    role: vendor\n    priority: 10\n"
    systems = [f"{head}    instance_url: {world.urls[VENDOR]}\n    {_SIGN_IN}\n"]
    mappings = []
    for partner in range(world.partners):
        system, kind = f"p{partner}", world.kind(partner)
        head = (
            f"  {system}:\n    kind: {kind}\n    role: partner\n"
            f"    partner: {VENDOR}/Account/{world.account_ids[partner]}\n"
        )
        url = world.urls[system]
        if kind == "salesforce":
            systems.append(f"{head}    instance_url: {url}\n    {_SIGN_IN}\n")
        elif kind == "hubspot":
            systems.append(f"{head}    base_url: {url}\n{_HUBSPOT}")
        else:
            systems.append(f"{head}    base_url: {url}\n{_REST}")
            mappings.append(_REST_MAPPING.format(system=system))
    text = f"systems:\n{''.join(systems)}{_NO_BRAKE}mappings:\n{''.join(mappings)}{''.join(wrong)}"
    (world.folder / "hub.yaml").write_text(text, encoding="utf-8")
    (world.folder / "policy.yaml").write_text('version: "1"\n', encoding="utf-8")
