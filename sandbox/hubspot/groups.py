"""Property groups: the drawers that properties lie in."""

import msgspec

from sandbox.hubspot.errors import ApiError, validation
from sandbox.hubspot.http import Call, Reply, Rule, both
from sandbox.hubspot.properties import READ, WRITE
from sandbox.hubspot.schema import Group, ObjectType


class NewGroup(msgspec.Struct, rename="camel"):
    name: str
    label: str
    display_order: int = -1


class ChangedGroup(msgspec.Struct, rename="camel"):
    label: str | None = None
    display_order: int | None = None


def list_all(call: Call) -> Reply:
    found = list(call.store.catalog.groups(call.kind()).values())
    call.rows = len(found)
    return Reply(200, {"results": found})


def get_one(call: Call) -> Reply:
    call.rows = 1
    return Reply(200, _existing(call, call.kind()))


def _existing(call: Call, kind: ObjectType) -> Group:
    name = call.params["group"]
    found = call.store.catalog.groups(kind).get(name)
    if found is None:
        raise ApiError(404, f"Property group {name} does not exist", "OBJECT_NOT_FOUND")
    return found


def create(call: Call) -> Reply:
    kind = call.kind()
    body = call.decode(NewGroup)
    if not body.name or not body.label:
        raise validation("A property group needs a name and a label")
    if body.name in call.store.catalog.groups(kind):
        raise ApiError(
            409,
            f"A property group named '{body.name}' already exists.",
            "OBJECT_ALREADY_EXISTS",
            sub_category="Properties.GROUP_WITH_NAME_EXISTS",
        )
    made = Group(name=body.name, label=body.label, display_order=body.display_order)
    with call.store.db.transaction():
        call.store.catalog.put_group(kind, made)
    call.rows = 1
    return Reply(201, made)


def patch(call: Call) -> Reply:
    kind = call.kind()
    present = _existing(call, kind)
    body = call.decode(ChangedGroup)
    changed = msgspec.structs.replace(
        present,
        label=body.label if body.label is not None else present.label,
        display_order=(
            body.display_order if body.display_order is not None else present.display_order
        ),
    )
    with call.store.db.transaction():
        call.store.catalog.put_group(kind, changed)
    call.rows = 1
    return Reply(200, changed)


def archive(call: Call) -> Reply:
    kind = call.kind()
    group = _existing(call, kind)
    if any(p.group_name == group.name for p in call.store.catalog.properties(kind)):
        raise ApiError(
            400,
            f"Property group {group.name} still holds active properties",
            "VALIDATION_ERROR",
            sub_category="PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES",
        )
    with call.store.db.transaction():
        call.store.catalog.drop_group(kind, group.name)
    call.rows = 1
    return Reply(204)


def rules() -> list[Rule]:
    return both(
        "/crm/v3/properties/{object}/groups",
        "/crm/properties/2026-09/{object}/groups",
        [
            ("GET", "", list_all, READ),
            ("POST", "", create, WRITE),
            ("GET", "/{group}", get_one, READ),
            ("PATCH", "/{group}", patch, WRITE),
            ("DELETE", "/{group}", archive, WRITE),
        ],
    )
