"""Fields as metadata describes them, for the Tooling API and for deployments alike."""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, FieldType, PicklistValue, SObject

Metadata = Mapping[str, object]
_FULL_NAME = re.compile(r"(\w+)\.([A-Za-z]\w*__c)\Z")

_TYPES: dict[str, FieldType] = {
    "Text": "string", "TextArea": "textarea", "LongTextArea": "textarea", "Html": "textarea",
    "Email": "email", "Phone": "phone", "Url": "url", "Checkbox": "boolean", "Date": "date",
    "DateTime": "datetime", "Number": "double", "Currency": "currency", "Percent": "percent",
    "Picklist": "picklist", "MultiselectPicklist": "multipicklist", "Lookup": "reference",
}  # fmt: skip
TYPE_NAMES = {kind: name for name, kind in reversed(_TYPES.items())}
_LENGTHS = {
    "TextArea": 255, "Email": 80, "Phone": 40, "Url": 255, "Picklist": 255,
    "MultiselectPicklist": 4_099, "Lookup": 18,
}  # fmt: skip


class _Value(msgspec.Struct, rename="camel"):
    full_name: str
    default: bool = False


class _Definition(msgspec.Struct):
    value: list[_Value] = []


class _ValueSet(msgspec.Struct, rename="camel"):
    value_set_definition: _Definition | None = None
    restricted: bool = False


class _CustomField(msgspec.Struct, rename="camel"):
    type: str
    label: str
    length: int | None = None
    precision: int = 18
    scale: int = 0
    required: bool = False
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    default_value: str | bool | None = None
    value_set: _ValueSet | None = None
    reference_to: str | None = None
    relationship_name: str | None = None


def split_name(org: Org, full_name: str) -> tuple[SObject, str]:
    """`Lead.Hub_Key__c` as object and field name, or the platform's complaint."""
    match = _FULL_NAME.match(full_name)
    if match is None:
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", f"Invalid fullName: {full_name}", ["FullName"])
    sobject = org.store.schema.get(match.group(1))
    if sobject is None:
        raise ApiError("INVALID_TYPE", f"Entity {match.group(1)} does not exist", ["FullName"])
    return sobject, match.group(2)


def field_of(name: str, metadata: Metadata) -> Field:
    """The field that a CustomField's metadata means. Nobody may see it until it is granted, but
    for a required one, which nobody can be denied."""
    try:
        given = msgspec.convert(metadata, _CustomField, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError("JSON_PARSER_ERROR", f"{error} at [line:1, column:1]") from None
    kind = _TYPES.get(given.type)
    if kind is None:
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", f"Unknown field type: {given.type}", ["type"])
    length = _LENGTHS.get(given.type, given.length or 0)
    if given.type in ("Text", "LongTextArea", "Html") and not length:
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"Must specify 'length' for a CustomField of type {given.type}",
            ["length"],
        )
    if given.type == "Lookup" and not (given.reference_to and given.relationship_name):
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", "Must specify 'referenceTo'", ["referenceTo"])
    values = given.value_set.value_set_definition if given.value_set is not None else None
    choices = tuple(PicklistValue(v.full_name, v.default) for v in (values or _Definition()).value)
    checkbox = kind == "boolean"
    return Field(
        name=name, type=kind, label=given.label, length=length,
        precision=given.precision if kind in ("double", "currency", "percent") else 0,
        scale=given.scale, nillable=not (given.required or checkbox), defaulted=checkbox,
        default=str(given.default_value).lower() == "true" if checkbox else None,
        external_id=given.external_id, id_lookup=given.external_id, unique=given.unique,
        case_sensitive=given.case_sensitive, values=choices,
        restricted=given.value_set is not None and given.value_set.restricted,
        reference_to=(given.reference_to,) if given.reference_to else (),
        relationship=f"{name[:-1]}r" if kind == "reference" else None,
        children=f"{given.relationship_name}__r" if given.relationship_name else None,
        governed=not given.required,
    )  # fmt: skip


def put_custom_field(
    org: Org, full_name: str, metadata: Metadata, mode: Literal["create", "update", "upsert"]
) -> str:
    """Create or change a field by its metadata; returns its id."""
    sobject, name = split_name(org, full_name)
    known = sobject.any_field(name)
    if known is not None and mode == "create":
        raise ApiError(
            "DUPLICATE_DEVELOPER_NAME",
            f"There is already a field named {name} on {sobject.label}.",
            ["DeveloperName"],
        )
    if known is None and mode == "update":
        raise ApiError("INVALID_CROSS_REFERENCE_KEY", f"no CustomField named {full_name} found")
    field = field_of(known.name if known is not None else name, metadata)
    if known is not None:
        field = msgspec.structs.replace(field, governed=known.governed)
    org.store.put_field(sobject.name, field, org.now())
    return field_id(org, sobject.name, field.name)


def field_id(org: Org, sobject: str, name: str) -> str:
    """The id of a custom field, allotted when it is first asked for."""
    row = org.store.db.execute(
        "SELECT id FROM _custom_field WHERE object = ? AND name = ?", (sobject, name)
    ).fetchone()
    if row is not None:
        return str(row[0])
    made = org.store.next_id("00N")
    org.store.db.execute("INSERT INTO _custom_field VALUES (?,?,?)", (made, sobject, name))
    return made


def metadata_of(field: Field) -> dict[str, object]:
    """The metadata that would make this field."""
    body: dict[str, object] = {
        "type": TYPE_NAMES[field.type], "label": field.label, "externalId": field.external_id,
        "unique": field.unique, "caseSensitive": field.case_sensitive,
        "required": not field.nillable and field.type != "boolean",
    }  # fmt: skip
    if field.length:
        body["length"] = field.length
    if field.precision:
        body |= {"precision": field.precision, "scale": field.scale}
    if field.values:
        value = [{"fullName": v.value, "label": v.value, "default": v.default}
                 for v in field.values]  # fmt: skip
        body["valueSet"] = {
            "restricted": field.restricted,
            "valueSetDefinition": {"sorted": False, "value": value},
        }
    return body
