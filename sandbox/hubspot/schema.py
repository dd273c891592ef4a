"""What an account's schema is made of: object types, properties, pipelines, association types.

The kinds of object are fixed here; everything an admin can change is a document in the store.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec

from sandbox.hubspot.times import iso

HUBSPOT_DEFINED = "HUBSPOT_DEFINED"
USER_DEFINED = "USER_DEFINED"
BIRTH = 1_577_836_800_000
"""When the stock schema of every sandbox account was made: 2020-01-01, in epoch milliseconds."""


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of CRM record. `modified` is the property that moves with every change."""

    name: str
    singular: str
    type_id: str
    modified: str
    defaults: tuple[str, ...]
    searchable: tuple[str, ...]
    required: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    mergeable: bool = True

    @property
    def upper(self) -> str:
        return self.singular.upper()

    @property
    def always(self) -> tuple[str, ...]:
        """Properties that come along whatever the request lists: created, modified, id."""
        return ("createdate", self.modified, "hs_object_id")


COMPANIES = ObjectType(
    "companies",
    "company",
    "0-2",
    "hs_lastmodifieddate",
    ("name", "domain"),
    ("website", "phone", "name", "domain"),
    any_of=("name", "domain"),
)
CONTACTS = ObjectType(
    "contacts",
    "contact",
    "0-1",
    "lastmodifieddate",
    ("firstname", "lastname", "email"),
    (
        "firstname",
        "lastname",
        "email",
        "phone",
        "hs_additional_emails",
        "fax",
        "mobilephone",
        "company",
    ),
    any_of=("email", "firstname", "lastname"),
)
DEALS = ObjectType(
    "deals",
    "deal",
    "0-3",
    "hs_lastmodifieddate",
    ("dealname", "amount", "closedate", "pipeline", "dealstage"),
    ("dealname", "pipeline", "dealstage", "description", "dealtype"),
    required=("dealname", "dealstage"),
)
LEADS = ObjectType(
    "leads",
    "lead",
    "0-136",
    "hs_lastmodifieddate",
    (),
    ("hs_lead_name",),
    required=("hs_lead_name",),
    mergeable=False,
)
OBJECT_TYPES = (CONTACTS, COMPANIES, DEALS, LEADS)
ObjectName = Literal["companies", "contacts", "deals", "leads"]
_BY_NAME = {
    key: kind
    for kind in OBJECT_TYPES
    for key in (kind.name, kind.type_id, kind.singular, kind.upper)
}


OTHER_TYPES = frozenset({
    "calls", "carts", "communications", "emails", "feedback_submissions", "goal_targets",
    "invoices", "line_items", "listings", "meetings", "notes", "orders", "postal_mail", "products",
    "quotes", "services", "subscriptions", "tasks", "tickets",
})  # fmt: skip
"""Objects that HubSpot has and that the apps of a sandbox account were given no scope for."""


def object_type(text: str) -> ObjectType | None:
    """By plural name, type id or singular; the live API takes each of them in a path."""
    return _BY_NAME.get(text)


class Option(msgspec.Struct, kw_only=True, rename="camel"):
    label: str
    value: str
    display_order: int = -1
    hidden: bool = False
    description: str = ""


class Modification(msgspec.Struct, kw_only=True, rename="camel"):
    archivable: bool = True
    read_only_definition: bool = False
    read_only_value: bool = False
    read_only_options: bool = False


class Property(msgspec.Struct, kw_only=True, rename="camel"):
    """A property definition as the properties API prints it."""

    name: str
    label: str
    type: str
    field_type: str
    group_name: str
    description: str = ""
    options: list[Option] = []
    display_order: int = -1
    calculated: bool = False
    external_options: bool = False
    has_unique_value: bool = False
    hidden: bool = False
    hubspot_defined: bool = False
    form_field: bool = True
    modification_metadata: Modification = msgspec.field(default_factory=Modification)
    created_at: str = iso(BIRTH)
    updated_at: str = iso(BIRTH)
    archived: bool = False
    archived_at: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def read_only(self) -> bool:
        return self.modification_metadata.read_only_value

    @property
    def checkbox(self) -> bool:
        """Whether a value is a `;`-joined set of options."""
        return self.type == "enumeration" and self.field_type == "checkbox"


class Group(msgspec.Struct, kw_only=True, rename="camel"):
    name: str
    label: str
    display_order: int = -1
    archived: bool = False


class Stage(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    label: str
    display_order: int
    metadata: dict[str, str]
    created_at: str = iso(BIRTH)
    updated_at: str = iso(BIRTH)
    archived: bool = False
    write_permissions: str = "CRM_PERMISSIONS_ENFORCEMENT"

    @property
    def closed(self) -> bool:
        return self.metadata.get("isClosed") == "true"

    @property
    def won(self) -> bool:
        return self.closed and float(self.metadata.get("probability", "0")) == 1.0


class Pipeline(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    label: str
    display_order: int
    stages: list[Stage]
    created_at: str = iso(BIRTH)
    updated_at: str = iso(BIRTH)
    archived: bool = False

    def stage(self, stage_id: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.id == stage_id), None)


class Role(StrEnum):
    """What an association type means for the pair it joins."""

    PLAIN = "plain"
    PRIMARY = "primary"
    HIERARCHY = "hierarchy"
    LABEL = "label"


class LinkType(msgspec.Struct, kw_only=True, frozen=True):
    """One direction of an association type; `inverse` is the id of the other direction.

    `owner` tells, for a primary type, that the *from* record is the one that has a single primary.
    """

    category: str
    type_id: int
    from_type: str
    to_type: str
    name: str
    label: str | None
    inverse: int
    role: Role
    owner: bool = False

    @property
    def spec(self) -> tuple[str, int]:
        return (self.category, self.type_id)


class Owner(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    email: str
    first_name: str
    last_name: str
    user_id: int | msgspec.UnsetType = msgspec.UNSET
    user_id_including_inactive: int
    type: str = "PERSON"
    teams: list[dict[str, str | bool]] = []
    archived: bool = False
    created_at: str = iso(BIRTH)
    updated_at: str = iso(BIRTH)


def stage_entered_property(stage_id: str) -> str:
    """`hs_v2_date_entered_<stage>`: the property that notes when a record came into a stage."""
    safe = "".join(char if char.isalnum() and char.isascii() else "_" for char in stage_id.lower())
    return f"hs_v2_date_entered_{safe}"
