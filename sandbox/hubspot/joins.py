"""Rules of associating: which types may join what, and leads that lose their last primary."""

from collections.abc import Iterable, Sequence

from sandbox.hubspot.bodies import NewAssociation, Spec
from sandbox.hubspot.errors import ApiError
from sandbox.hubspot.http import Box
from sandbox.hubspot.schema import (
    COMPANIES,
    CONTACTS,
    LEADS,
    LinkType,
    ObjectType,
    Role,
    object_type,
)

_MESSAGE = "One or more associations are invalid"
LEAD_CONTACT = 578


def find_types(
    box: Box, left: ObjectType, right: ObjectType | None, specs: Sequence[Spec]
) -> list[LinkType]:
    """The types a request names; 400 for one that does not exist in this direction.

    With `right` None any type that starts at `left` will do.
    """
    found = []
    for spec in specs:
        link = box.store.catalog.link_type(spec.association_category, spec.association_type_id)
        fits = link is not None and link.from_type == left.name
        if link is None or not fits or (right is not None and link.to_type != right.name):
            text = f"{spec.association_category}={spec.association_type_id}"
            raise ApiError(
                400,
                _MESSAGE,
                "VALIDATION_ERROR",
                context={
                    "associationSpec": [text],
                    "INVALID_ASSOCIATION_TYPE_ID": [
                        f"{text} is not a valid association definition id"
                    ],
                },
            )
        found.append(link)
    return found


def living(box: Box, kind: ObjectType, record_id: str) -> int:
    """The id of a record that can be associated; 400 for anything else, redirects included."""
    if record_id.isascii() and record_id.isdigit():
        number = int(record_id)
        if box.store.records.alive(kind, number):
            return number
    raise ApiError(
        400,
        _MESSAGE,
        "VALIDATION_ERROR",
        context={
            "INVALID_OBJECT_IDS": [f"{kind.upper}={record_id} is not valid"],
            "objectId": [record_id],
            "objectType": [kind.upper],
        },
    )


def planned(
    box: Box, kind: ObjectType, associations: Iterable[NewAssociation]
) -> list[tuple[LinkType, int]]:
    """What the `associations` of a create body ask for, checked."""
    plan = []
    for association in associations:
        for link in find_types(box, kind, None, association.types):
            right = object_type(link.to_type)
            if right is not None:
                plan.append((link, living(box, right, association.to.text)))
    if kind is LEADS and not any(link.type_id == LEAD_CONTACT for link, _ in plan):
        raise ApiError(
            400,
            "A lead must be associated with a contact when it is created.",
            "VALIDATION_ERROR",
            context={"requiredAssociation": [f"HUBSPOT_DEFINED={LEAD_CONTACT}"]},
        )
    return plan


def set_types(
    box: Box,
    left: ObjectType,
    from_id: int,
    right: ObjectType,
    to_id: int,
    links: Sequence[LinkType],
) -> None:
    """Set types on a pair. Custom labels that are not among them go; the rest stays."""
    store = box.store
    if any(link.role is Role.LABEL for link in links):
        wanted = {link.spec for link in links}
        for link in store.links.between(left, from_id, right, to_id):
            if link.role is Role.LABEL and link.spec not in wanted:
                store.links.remove(link, from_id, to_id)
    for link in links:
        store.links.add(link, from_id, to_id)


def orphaned(box: Box, ends: Iterable[tuple[ObjectType, int]]) -> list[int]:
    """The leads among these records that have no primary contact or company left."""
    return [
        record_id
        for kind, record_id in ends
        if kind is LEADS
        and box.store.records.alive(LEADS, record_id)
        and not box.store.links.has_primary(LEADS, record_id, (CONTACTS, COMPANIES))
    ]
