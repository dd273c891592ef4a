"""Association labels: the definitions between two object types, stock and custom."""

import re

import msgspec

from sandbox.hubspot.errors import ApiError, validation
from sandbox.hubspot.http import Call, Reply, Rule
from sandbox.hubspot.schema import USER_DEFINED, LinkType

MAX_LABELS = 50
_READ = ("crm.schemas.{object}.read", "crm.objects.{object}.read")
_WRITE = ("crm.schemas.{object}.write", "crm.objects.{object}.write")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class NewLabel(msgspec.Struct, rename="camel"):
    name: str
    label: str
    inverse_label: str | None = None


class ChangedLabel(msgspec.Struct, rename="camel"):
    association_type_id: int
    label: str
    inverse_label: str | None = None


def list_labels(call: Call) -> Reply:
    links = call.store.catalog.link_types(call.kind(), call.kind("to_object"))
    call.rows = len(links)
    return Reply(200, {"results": [_shown(link) for link in links]})


def _shown(link: LinkType) -> dict[str, object]:
    return {"category": link.category, "typeId": link.type_id, "label": link.label}


def create_label(call: Call) -> Reply:
    left, right = call.kind(), call.kind("to_object")
    body = call.decode(NewLabel)
    custom = [x for x in call.store.catalog.link_types(left, right) if x.category == USER_DEFINED]
    if not _NAME.fullmatch(body.name) or not body.label:
        raise validation(f"{body.name!r} with label {body.label!r} is not a valid label")
    if any(link.name == body.name or link.label == body.label for link in custom):
        raise validation(f"An association label named '{body.name}' already exists")
    if len(custom) >= MAX_LABELS:
        raise validation(f"There can be at most {MAX_LABELS} labels between two object types")
    with call.store.db.transaction():
        made = call.store.catalog.add_label(
            left,
            right,
            body.name,
            body.label,
            body.inverse_label,
            first_id=call.store.first_label_id,
        )
    call.rows = len(made)
    return Reply(200, {"results": [_shown(link) for link in made]})


def change_label(call: Call) -> Reply:
    """New wording. The name and the ids stay."""
    body = call.decode(ChangedLabel)
    link = _custom(call, body.association_type_id)
    catalog = call.store.catalog
    inverse = catalog.link_type(USER_DEFINED, link.inverse)
    with call.store.db.transaction():
        catalog.put_link_type(msgspec.structs.replace(link, label=body.label))
        if inverse is not None and inverse.spec != link.spec:
            words = body.inverse_label or (
                body.label if inverse.label == link.label else inverse.label
            )
            catalog.put_link_type(msgspec.structs.replace(inverse, label=words))
    return Reply(204)


def delete_label(call: Call) -> Reply:
    """The label goes in both directions, and from every pair that has it."""
    text = call.params["type_id"]
    link = _custom(call, int(text) if text.isascii() and text.isdigit() else 0)
    catalog = call.store.catalog
    with call.store.db.transaction():
        for one in {link.inverse, link.type_id}:
            gone = catalog.link_type(USER_DEFINED, one)
            if gone is not None:
                call.store.links.remove_type(gone)
                catalog.drop_link_type(gone)
    return Reply(204)


def _custom(call: Call, type_id: int) -> LinkType:
    link = call.store.catalog.link_type(USER_DEFINED, type_id)
    pair = (call.kind().name, call.kind("to_object").name)
    if link is None or (link.from_type, link.to_type) != pair:
        raise ApiError(404, f"No custom label has the type id {type_id} here", "OBJECT_NOT_FOUND")
    return link


def rules() -> list[Rule]:
    made = []
    for prefix, dated in (
        ("/crm/v4/associations", False),
        ("/crm/associations/v4", False),
        ("/crm/associations/2026-09", True),
    ):
        path = prefix + "/{object}/{to_object}/labels"
        made += [
            Rule("GET", path, list_labels, _READ, dated=dated),
            Rule("POST", path, create_label, _WRITE, dated=dated),
            Rule("PUT", path, change_label, _WRITE, dated=dated),
            Rule("DELETE", path + "/{type_id}", delete_label, _WRITE, dated=dated),
        ]
    return made
