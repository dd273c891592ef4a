"""Associations as fields: `associations/TYPE/LABEL` is the id of the associated record.

LABEL is `primary`, `any`, or a custom label. Standard type ids are HubSpot's own and the same
everywhere; custom labels have ids per account and are looked up by their text.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hub.connectors.contract import FieldShape
from hub.connectors.hubspot.client import LinkType, Portal
from hub.connectors.hubspot.schema import LINK_PREFIX
from hub.errors import SchemaChanged

STANDARD = "HUBSPOT_DEFINED"
PRIMARY, ANY = "primary", "any"

_NAMES = {"0-1": "contacts", "0-2": "companies", "0-3": "deals", "0-136": "leads"}

UNLABELLED_TYPES = {
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
    ("deals", "contacts"): 3,
    ("contacts", "deals"): 4,
    ("leads", "contacts"): 608,
    ("contacts", "leads"): 609,
    ("leads", "companies"): 610,
    ("companies", "leads"): 611,
    ("leads", "deals"): 1037,
    ("deals", "leads"): 1038,
    ("companies", "companies"): 450,
    ("contacts", "contacts"): 449,
    ("deals", "deals"): 451,
}
PRIMARY_TYPES = {
    ("contacts", "companies"): 1,
    ("companies", "contacts"): 2,
    ("deals", "companies"): 5,
    ("companies", "deals"): 6,
    ("leads", "contacts"): 578,
    ("leads", "companies"): 580,
    ("leads", "deals"): 582,
    ("deals", "leads"): 583,
}


@dataclass(frozen=True)
class LinkField:
    """A field of the form `associations/TYPE/LABEL`."""

    field: str
    to: str
    label: str

    @property
    def custom(self) -> bool:
        return self.label not in {PRIMARY, ANY}

    @classmethod
    def parsed(cls, field: str) -> "LinkField":
        to, _, label = field.removeprefix(LINK_PREFIX).partition("/")
        if not to or not label:
            raise SchemaChanged(
                f"'{field}' is not of the form associations/TYPE/LABEL.",
                remedy="correct the mapping, for example associations/companies/primary",
            )
        return cls(field, to, label)


class LinkCatalogue:
    """Resolves labels to type ids; the labels of a pair of objects are asked for once."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._labels: dict[tuple[str, str], list[LinkType]] = {}

    def type_of(self, obj: str, field: LinkField) -> tuple[str, int]:
        """The (category, type id) that marks the association. Raises SchemaChanged."""
        pair = (_NAMES.get(obj, obj), _NAMES.get(field.to, field.to))
        if not field.custom:
            table = PRIMARY_TYPES if field.label == PRIMARY else UNLABELLED_TYPES
            if pair not in table:
                raise SchemaChanged(
                    f"{self._portal.system}/{obj}: no {field.label} association with {field.to}.",
                    remedy=f"map associations/{field.to}/any or a label of your own",
                )
            return STANDARD, table[pair]
        return self._custom(obj, field)

    def described(self, obj: str, mapped: Sequence[str]) -> list[FieldShape]:
        """The association fields of an object: the standard ones, and the custom labels of the
        pairs of which the mapping names one, spelt as it spells them."""
        name = _NAMES.get(obj, obj)
        standard = [
            f"{LINK_PREFIX}{to}/{label}"
            for label, table in ((ANY, UNLABELLED_TYPES), (PRIMARY, PRIMARY_TYPES))
            for origin, to in table
            if origin == name
        ]
        fields = [field for field in map(LinkField.parsed, mapped) if field.custom]
        spelt = {(field.to, folded(field.label)): field.field for field in fields}
        labels = {
            (to, folded(known.label))
            for to in {field.to for field in fields}
            for known in self._known(obj, to)
            if known.label is not None
        }
        custom = [
            spelt.get((to, label), f"{LINK_PREFIX}{to}/{label}") for to, label in sorted(labels)
        ]
        return [FieldShape(field, "reference") for field in (*standard, *custom)]

    def calls(self, pairs: Collection[tuple[str, str]], *, anew: bool) -> int:
        """The calls that the labels of these pairs of objects take: of all, or of those not asked
        for yet."""
        return len(pairs if anew else set(pairs) - set(self._labels))

    def forget(self) -> None:
        """Ask for labels anew: some were made."""
        self._labels.clear()

    def _known(self, obj: str, to: str) -> list[LinkType]:
        pair = (obj, to)
        if pair not in self._labels:
            self._portal.calls.minimum += 1
            self._labels[pair] = self._portal.link_types(obj, to)
        return self._labels[pair]

    def _custom(self, obj: str, field: LinkField) -> tuple[str, int]:
        wanted = folded(field.label)
        for known in self._known(obj, field.to):
            if known.label is not None and folded(known.label) == wanted:
                return known.category, known.typeId
        raise SchemaChanged(
            f"{self._portal.system}/{obj}: no association label '{field.label}' with {field.to}.",
            remedy="create the label in the portal (`hub provision`), or correct the mapping",
        )


def folded(label: str) -> str:
    """`Registering partner` and `registering_partner` are the same label."""
    return re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")
