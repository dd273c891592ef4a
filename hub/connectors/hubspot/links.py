"""Associations as fields: `associations/TYPE/LABEL` is the id of the associated record.

LABEL is `primary`, `any`, or a custom label. Standard type ids are HubSpot's own and the same
everywhere; custom labels have ids per account and are looked up by their text. Of several
associated records with the label, the one with the lowest id is the value.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from hub.connectors.contract import IS_DELETED, RECORD_ID
from hub.connectors.hubspot.client import Links, LinkType, Portal
from hub.connectors.hubspot.schema import LINK_PREFIX
from hub.connectors.paging import Minimum
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
        if field.label in {PRIMARY, ANY}:
            table = PRIMARY_TYPES if field.label == PRIMARY else UNLABELLED_TYPES
            if pair not in table:
                raise SchemaChanged(
                    f"{self._portal.system}/{obj}: no {field.label} association with {field.to}.",
                    remedy=f"map associations/{field.to}/any or a label of your own",
                )
            return STANDARD, table[pair]
        return self._custom(obj, field)

    def _custom(self, obj: str, field: LinkField) -> tuple[str, int]:
        pair = (obj, field.to)
        if pair not in self._labels:
            self._portal.calls.minimum += 1
            self._labels[pair] = self._portal.link_types(obj, field.to)
        wanted = _folded(field.label)
        for known in self._labels[pair]:
            if known.label is not None and _folded(known.label) == wanted:
                return known.category, known.typeId
        raise SchemaChanged(
            f"{self._portal.system}/{obj}: no association label '{field.label}' with {field.to}.",
            remedy="create the label in the portal (`hub provision`), or correct the mapping",
        )


class LinkReader:
    """Adds the association fields of one pull to its rows.

    A changed association does not move the record's last-modified time: increments see it only
    when something else about the record changes, a full pull always does.
    """

    def __init__(
        self, portal: Portal, catalogue: LinkCatalogue, obj: str, fields: Sequence[str], size: int
    ) -> None:
        self._portal, self._object, self._size = portal, obj, size
        self._by_target: dict[str, list[LinkField]] = {}
        for field in map(LinkField.parsed, fields):
            self._by_target.setdefault(field.to, []).append(field)
        self._types = {
            field: None if field.label == ANY else catalogue.type_of(obj, field)
            for fields_to in self._by_target.values()
            for field in fields_to
        }
        self._minimum = {
            to: Minimum(portal.calls, size, at_least_one=False) for to in self._by_target
        }

    def added(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with a column per association field; deleted records have none any more."""
        ids = rows.filter(pl.col(IS_DELETED) == "false")[RECORD_ID].to_list()
        for to, fields in self._by_target.items():
            found = self._read(to, fields, ids)
            rows = rows.with_columns(
                pl.Series(
                    field.field,
                    [found[field].get(record_id) for record_id in rows[RECORD_ID]],
                    dtype=pl.String,
                )
                for field in fields
            )
        return rows

    def _read(
        self, to: str, fields: Sequence[LinkField], ids: Sequence[str]
    ) -> Mapping[LinkField, dict[str, str]]:
        self._minimum[to].add(len(ids))
        found: dict[LinkField, dict[str, str]] = {field: {} for field in fields}
        waiting = [{"id": record_id} for record_id in ids]
        while waiting:
            asked, waiting = waiting[: self._size], waiting[self._size :]
            for links in self._portal.links(self._object, to, asked):
                for field in fields:
                    self._note(field, links, found[field])
                if links.paging is not None and links.paging.next is not None:
                    waiting.append({"id": links.origin.id, "after": links.paging.next.after})
        return found

    def _note(self, field: LinkField, links: Links, found: dict[str, str]) -> None:
        wanted = self._types[field]
        for link in links.to:
            if wanted is None or any(
                (kind.category, kind.typeId) == wanted for kind in link.associationTypes
            ):
                held = found.get(links.origin.id)
                if held is None or int(link.toObjectId) < int(held):
                    found[links.origin.id] = str(link.toObjectId)


def _folded(label: str) -> str:
    """`Registering partner` and `registering_partner` are the same label."""
    return re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")
