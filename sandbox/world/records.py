"""The records a world puts into the two CRMs, in the form their stores load them."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Value = str | int | float | bool | None
Row = dict[str, Value]
"""Fields by API name. HubSpot's values are all text, as on its wire."""

Kind = Literal["companies", "contacts", "deals"]
LinkKind = Literal["plain", "primary", "registering_partner"]


@dataclass
class Org:
    """The Salesforce side: rows by object, and which row stands for what."""

    rows: dict[str, list[Row]] = field(
        default_factory=lambda: {
            "User": [],
            "Account": [],
            "Contact": [],
            "Opportunity": [],
            "Lead": [],
        }
    )
    accounts: dict[int, str] = field(default_factory=dict)
    """Company number → its (first) account."""
    opportunities: dict[int, str] = field(default_factory=dict)
    """Company number → the open opportunity its registration is about."""


@dataclass(slots=True)
class HubSpotRecord:
    """One record; its stamps stand beside the properties."""

    id: str
    properties: Row
    created_at: str
    updated_at: str


class Association(NamedTuple):
    """One link, in the direction HubSpot's own documents draw it (deal → company).

    `kind` stands for the numeric association type, which differs between accounts for labels.
    """

    from_type: Kind
    from_id: str
    to_type: Kind
    to_id: str
    kind: LinkKind


@dataclass
class Portal:
    """The HubSpot side: records by kind, their links, and which record stands for which company."""

    objects: dict[Kind, list[HubSpotRecord]] = field(
        default_factory=lambda: {"companies": [], "contacts": [], "deals": []}
    )
    associations: list[Association] = field(default_factory=list)
    companies: dict[int, str] = field(default_factory=dict)
    """Company number → its (first) company record."""
    contacts: dict[int, str] = field(default_factory=dict)
    """Company number → the first contact of that record."""
