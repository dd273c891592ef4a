"""Property definitions: reading, making, changing, archiving; one by one and in batches."""

import re
from collections.abc import Sequence

import msgspec

from sandbox.hubspot.errors import ApiError, validation
from sandbox.hubspot.http import Call, Reply, Rule, batch_reply, both
from sandbox.hubspot.schema import ObjectType, Option, Property
from sandbox.hubspot.times import iso

MAX_CUSTOM = 1_000
MAX_UNIQUE = 10
READ = ("crm.schemas.{object}.read", "crm.objects.{object}.read")
WRITE = ("crm.schemas.{object}.write",)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_FIELD_TYPES = {
    "string": {"text", "textarea", "html", "phonenumber", "file", "calculation_equation"},
    "phone_number": {"phonenumber"},
    "number": {"number", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"},
    "bool": {"booleancheckbox", "calculation_equation"},
}


class OptionInput(msgspec.Struct, rename="camel"):
    label: str
    value: str
    hidden: bool = False
    display_order: int = -1
    description: str = ""

    def stored(self) -> Option:
        return msgspec.convert(msgspec.to_builtins(self), Option)


class NewProperty(msgspec.Struct, rename="camel"):
    name: str
    label: str
    type: str
    field_type: str
    group_name: str
    description: str = ""
    options: list[OptionInput] | None = None
    display_order: int = -1
    has_unique_value: bool = False
    hidden: bool = False
    form_field: bool = False
    external_options: bool = False


class ChangedProperty(msgspec.Struct, rename="camel"):
    label: str | None = None
    type: str | None = None
    field_type: str | None = None
    group_name: str | None = None
    description: str | None = None
    options: list[OptionInput] | None = None
    display_order: int | None = None
    hidden: bool | None = None
    form_field: bool | None = None
    has_unique_value: bool | None = None


class NameInput(msgspec.Struct):
    name: str


class NameBatch(msgspec.Struct):
    inputs: list[NameInput]
    archived: bool = False


class PropertyBatch(msgspec.Struct):
    inputs: list[NewProperty]


def list_all(call: Call) -> Reply:
    found = call.store.catalog.properties(call.kind(), archived=call.flag("archived"))
    call.rows = len(found)
    return Reply(200, {"results": found})


def get_one(call: Call) -> Reply:
    call.rows = 1
    archived = call.flag("archived")
    return Reply(200, _existing(call, call.kind(), call.params["name"], archived=archived))


def _existing(call: Call, kind: ObjectType, name: str, *, archived: bool = False) -> Property:
    found = call.store.catalog.any_property(kind, name)
    if found is None or found.archived is not archived:
        raise ApiError(404, f"Property {name} does not exist", "OBJECT_NOT_FOUND")
    return found


def create(call: Call) -> Reply:
    kind = call.kind()
    wanted = call.decode(NewProperty)
    with call.store.db.transaction():
        made = _make(call, kind, wanted)
    call.rows = 1
    return Reply(201, made)


def _make(call: Call, kind: ObjectType, wanted: NewProperty) -> Property:
    """A new property, or the archived one of that name as it was."""
    catalog, now = call.store.catalog, iso(call.box.now())
    present = catalog.any_property(kind, wanted.name)
    if present is not None and not present.archived:
        raise ApiError(
            409,
            f"A property named '{wanted.name}' already exists.",
            "OBJECT_ALREADY_EXISTS",
            sub_category="Properties.PROPERTY_WITH_NAME_EXISTS",
        )
    if present is not None:
        made = msgspec.structs.replace(
            present, archived=False, archived_at=msgspec.UNSET, updated_at=now
        )
    else:
        _check_new(call, kind, wanted)
        made = Property(
            name=wanted.name,
            label=wanted.label,
            type=wanted.type,
            field_type=wanted.field_type,
            group_name=wanted.group_name,
            description=wanted.description,
            options=[option.stored() for option in wanted.options or ()],
            display_order=wanted.display_order,
            has_unique_value=wanted.has_unique_value,
            hidden=wanted.hidden,
            form_field=wanted.form_field,
            external_options=wanted.external_options,
            created_at=now,
            updated_at=now,
        )
    catalog.put_property(kind, made)
    call.store.records.add_column(kind, made)
    return made


def _check_new(call: Call, kind: ObjectType, wanted: NewProperty) -> None:
    if not _NAME.fullmatch(wanted.name):
        raise validation(
            f"Property name {wanted.name!r} must be lowercase letters, digits and underscores, "
            "beginning with a letter"
        )
    _check_types(wanted.type, wanted.field_type)
    _check_group(call, kind, wanted.group_name)
    _check_options(wanted.options or ())
    custom = [p for p in call.store.catalog.properties(kind) if not p.hubspot_defined]
    if len(custom) >= MAX_CUSTOM:
        raise validation(f"There can be at most {MAX_CUSTOM} custom properties")
    if wanted.has_unique_value and sum(p.has_unique_value for p in custom) >= MAX_UNIQUE:
        raise validation(f"There can be at most {MAX_UNIQUE} properties with unique values")


def _check_types(type: str, field_type: str) -> None:
    if field_type not in _FIELD_TYPES.get(type, set()):
        raise validation(f"A property of type {type!r} cannot have the field type {field_type!r}")


def _check_group(call: Call, kind: ObjectType, name: str) -> None:
    if name not in call.store.catalog.groups(kind):
        raise validation(f"Property group '{name}' does not exist")


def _check_options(options: Sequence[OptionInput]) -> None:
    values = [option.value for option in options]
    if len(set(values)) != len(values):
        raise validation("The values of the options must differ from each other")


def patch(call: Call) -> Reply:
    """Change a definition. `options`, when sent, are the whole list from now on."""
    kind = call.kind()
    present = _existing(call, kind, call.params["name"])
    body = call.decode(ChangedProperty)
    if body.has_unique_value is not None:
        raise validation("hasUniqueValue can only be set when a property is created")
    if present.modification_metadata.read_only_definition:
        raise validation(f"The definition of property {present.name} cannot be changed")
    if body.group_name is not None:
        _check_group(call, kind, body.group_name)
    _check_types(body.type or present.type, body.field_type or present.field_type)
    _check_options(body.options or ())
    sent = {
        name: getattr(body, name)
        for name in body.__struct_fields__
        if getattr(body, name) is not None and name != "options"
    }
    changed = msgspec.structs.replace(present, **sent, updated_at=iso(call.box.now()))
    if body.options is not None:
        changed.options = [option.stored() for option in body.options]
    with call.store.db.transaction():
        call.store.catalog.put_property(kind, changed)
    call.rows = 1
    return Reply(200, changed)


def archive(call: Call) -> Reply:
    kind = call.kind()
    with call.store.db.transaction():
        _archive(call, kind, _existing(call, kind, call.params["name"]))
    call.rows = 1
    return Reply(204)


def _archive(call: Call, kind: ObjectType, present: Property) -> None:
    if not present.modification_metadata.archivable:
        raise validation(f"Property {present.name} cannot be archived")
    now = iso(call.box.now())
    gone = msgspec.structs.replace(present, archived=True, archived_at=now, updated_at=now)
    call.store.catalog.put_property(kind, gone)


def batch_read(call: Call) -> Reply:
    kind = call.kind()
    body = call.decode(NameBatch)
    rows: list[dict[str, object]] = []
    errors: list[dict[str, object]] = []
    for one in body.inputs:
        try:
            rows.append(_wire(_existing(call, kind, one.name, archived=body.archived)))
        except ApiError as error:
            errors.append(_entry(call, error, one.name))
    call.rows = len(rows)
    return batch_reply(call, rows, errors)


def batch_create(call: Call) -> Reply:
    kind = call.kind()
    rows: list[dict[str, object]] = []
    errors: list[dict[str, object]] = []
    with call.store.db.transaction():
        for one in call.decode(PropertyBatch).inputs:
            try:
                rows.append(_wire(_make(call, kind, one)))
            except ApiError as error:
                errors.append(_entry(call, error, one.name))
    call.rows = len(rows)
    return batch_reply(call, rows, errors, clean=201)


def batch_archive(call: Call) -> Reply:
    """204 whatever the names: what is unknown or fixed stays as it is."""
    kind = call.kind()
    with call.store.db.transaction():
        for one in call.decode(NameBatch).inputs:
            present = call.store.catalog.property(kind, one.name)
            if present is not None and present.modification_metadata.archivable:
                _archive(call, kind, present)
                call.rows += 1
    return Reply(204)


def _wire(definition: Property) -> dict[str, object]:
    wire: dict[str, object] = msgspec.to_builtins(definition)
    return wire


def _entry(call: Call, error: ApiError, name: str) -> dict[str, object]:
    return error.entry({"name": [name]}, full=call.switches.full_batch_errors)


def rules() -> list[Rule]:
    return both(
        "/crm/v3/properties/{object}",
        "/crm/properties/2026-09/{object}",
        [
            ("GET", "", list_all, READ),
            ("POST", "", create, WRITE),
            ("POST", "/batch/read", batch_read, READ),
            ("POST", "/batch/create", batch_create, WRITE),
            ("POST", "/batch/archive", batch_archive, WRITE),
            ("GET", "/{name}", get_one, READ),
            ("PATCH", "/{name}", patch, WRITE),
            ("DELETE", "/{name}", archive, WRITE),
        ],
    )
