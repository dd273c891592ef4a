"""How the demo account differs from a new one: its partner fields, pipeline, label, owners, tokens.

Another account (a partner's own HubSpot) is another `Seed`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.hubspot import stock
from sandbox.hubspot.schema import Group, Modification, Option, Owner, Pipeline, Property

ALL_SCOPES = (
    "crm.export",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.objects.leads.read",
    "crm.objects.leads.write",
    "crm.objects.owners.read",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.schemas.deals.read",
    "crm.schemas.deals.write",
    "oauth",
)

APP_SCOPES = (
    "developer.webhooks_journal.read",
    "developer.webhooks_journal.subscriptions.read",
    "developer.webhooks_journal.subscriptions.write",
)
"""What an app may do on its own behalf, by a token of the client credentials grant."""

TIERS = ("Registered", "Silver", "Gold", "Platinum")
PARTNER_STATUSES = ("Prospect", "Applicant", "Active", "Suspended", "Terminated")
REGISTRATION_STATUSES = (
    "submitted",
    "in_review",
    "info_requested",
    "approved",
    "rejected",
    "expired",
    "withdrawn",
    "revoked",
    "won",
    "lost",
)
_COUNTRIES = (
    "AT AU BE BG BR CA CH CN CY CZ DE DK EE ES FI FR GB GR HR HU IE IL IN IS IT JP KR LI LT LU LV "
    "MT MX NL NO NZ PL PT RO SE SG SI SK TR UA US ZA"
)
TERRITORIES = tuple(_COUNTRIES.split())


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """An installed OAuth app: who holds its refresh token gets access tokens for the account."""

    client_id: str
    client_secret: str
    refresh_token: str
    app_id: int
    scopes: tuple[str, ...] = ALL_SCOPES


@dataclass(frozen=True, slots=True)
class Seed:
    """Everything an account starts with besides the stock schema."""

    portal_id: int = 48_112_233
    time_zone: str = "America/New_York"
    developer_key: str = "demo-developer-key"
    static_token: str = "pat-na1-demo-0000"  # noqa: S105
    oauth_app: OAuthApp = OAuthApp(
        "demo-client-id",
        "demo-client-secret",
        "demo-refresh-token",
        2_718_281,
    )
    groups: Mapping[str, Sequence[Group]] = field(default_factory=dict)
    properties: Mapping[str, Sequence[Property]] = field(default_factory=dict)
    pipelines: Mapping[str, Sequence[Pipeline]] = field(default_factory=dict)
    labels: Sequence[tuple[str, str, str, str, str | None]] = ()
    """`(from type, to type, name, label, inverse label)`; ids are allotted per account."""
    owners: Sequence[Owner] = ()


_GROUP = "partner_hub"


def _custom(
    name: str,
    label: str,
    type: str = "string",
    *,
    values: tuple[str, ...] = (),
    labels: tuple[str, ...] = (),
    field_type: str = "",
    unique: bool = False,
) -> Property:
    kinds = {"string": "text", "date": "date", "datetime": "date", "enumeration": "select"}
    choices: list[Option] = stock.options(values, labels)
    return Property(
        name=name,
        label=label,
        type=type,
        field_type=field_type or kinds[type],
        group_name=_GROUP,
        options=choices,
        has_unique_value=unique,
        form_field=False,
        modification_metadata=Modification(),
    )


def _properties() -> dict[str, Sequence[Property]]:
    return {
        "companies": (
            _custom("partner_tier", "Partner tier", "enumeration", values=TIERS),
            _custom("partner_status", "Partner status", "enumeration", values=PARTNER_STATUSES),
            _custom(
                "partner_territories",
                "Partner territories",
                "enumeration",
                values=TERRITORIES,
                field_type="checkbox",
            ),
            _custom("tax_id", "Tax id"),
            _custom("hub_company_key", "Hub company key", unique=True),
        ),
        "contacts": (_custom("hub_contact_key", "Hub contact key", unique=True),),
        "deals": (
            _custom("registration_submitted_at", "Registration submitted at", "datetime"),
            _custom("registration_product", "Registration product"),
            _custom("hub_registration_key", "Hub registration key", unique=True),
            _custom(
                "partner_registration_status",
                "Partner registration status",
                "enumeration",
                values=REGISTRATION_STATUSES,
                labels=tuple(s.replace("_", " ").capitalize() for s in REGISTRATION_STATUSES),
            ),
            _custom("partner_protected_until", "Partner protected until", "date"),
            _custom("partner_registration_note", "Partner registration note"),
        ),
        "leads": (
            _custom("hub_lead_key", "Hub lead key", unique=True),
            _custom("hub_partner_key", "Hub partner key"),
            _custom("hub_partner_name", "Hub partner name"),
            _custom("hub_partner_lead_status", "Hub partner lead status"),
            _custom("hub_lead_source", "Hub lead source"),
            _custom("hub_lead_status", "Hub lead status"),
        ),
    }


def _registrations() -> Pipeline:
    rows = stock.stages(
        "deals",
        ("reg_submitted", "Submitted", "0.1", False),
        ("reg_in_review", "In review", "0.2", False),
        ("reg_info_requested", "Info requested", "0.2", False),
        ("reg_approved", "Approved", "0.5", False),
        ("reg_rejected", "Rejected", "0.0", False),
        ("reg_won", "Won", "1.0", True),
        ("reg_lost", "Lost", "0.0", True),
    )
    return Pipeline(
        id="deal_registrations", label="Deal registrations", display_order=1, stages=rows
    )


def _owner(number: int, first: str, last: str, *, active: bool = True) -> Owner:
    owner = Owner(
        id=str(71_000_000 + number),
        email=f"{first}.{last}@acme.example".lower(),
        first_name=first,
        last_name=last,
        user_id_including_inactive=52_000_000 + number,
        archived=not active,
        teams=[{"id": "41", "name": "Channel", "primary": True}] if active else [],
    )
    if active:
        owner.user_id = owner.user_id_including_inactive
    return owner


DEMO = Seed(
    groups={
        kind: (Group(name=_GROUP, label="Partner hub", display_order=1),)
        for kind in ("companies", "contacts", "deals", "leads")
    },
    properties=_properties(),
    pipelines={"deals": (_registrations(),)},
    labels=(
        (
            "deals",
            "companies",
            "registering_partner",
            "Registering partner",
            "Registered by partner",
        ),
    ),
    owners=(
        _owner(1, "Ada", "Okafor"),
        _owner(2, "Bruno", "Keller"),
        _owner(3, "Chiara", "Rossi"),
        _owner(4, "Dag", "Lindqvist", active=False),
    ),
)
