"""Short hands for declaring fields; what they leave out is what an org's field would default to."""

from typing import Literal

from sandbox.salesforce.schema import Field, FieldType, OnDelete, PicklistValue


def text(
    name: str,
    label: str,
    length: int = 255,
    *,
    kind: Literal["string", "textarea", "phone", "email", "url"] = "string",
    required: bool = False,
) -> Field:
    return Field(name=name, type=kind, label=label, length=length, nillable=not required)


def external_key(name: str, label: str) -> Field:
    return Field(
        name=name, type="string", label=label, length=80,
        external_id=True, id_lookup=True, unique=True,
    )  # fmt: skip


def picklist(
    name: str,
    label: str,
    values: tuple[str, ...],
    *,
    restricted: bool = False,
    default: str | None = None,
    required: bool = False,
    multi: bool = False,
) -> Field:
    return Field(
        name=name,
        type="multipicklist" if multi else "picklist",
        label=label,
        length=4099 if multi else 255,
        values=tuple(PicklistValue(value, default=value == default) for value in values),
        restricted=restricted,
        default=default,
        defaulted=default is not None,
        nillable=not required,
    )


def lookup(
    name: str,
    label: str,
    target: str,
    relationship: str,
    *,
    children: str | None = None,
    on_delete: OnDelete = "keep",
    read_only: bool = False,
) -> Field:
    return Field(
        name=name, type="reference", label=label, length=18, reference_to=(target,),
        relationship=relationship, children=children, on_delete=on_delete,
        createable=not read_only, updateable=not read_only,
    )  # fmt: skip


def number(
    name: str, label: str, kind: Literal["int", "double", "currency", "percent"], *, scale: int = 0
) -> Field:
    precision = {"int": 8, "percent": 3}.get(kind, 18)
    return Field(name=name, type=kind, label=label, precision=precision, scale=scale)


def computed(name: str, label: str, kind: FieldType, *, length: int = 0) -> Field:
    """A field only the platform writes."""
    return Field(
        name=name, type=kind, label=label, length=length,
        nillable=kind != "boolean", defaulted=kind == "boolean", createable=False,
        updateable=False, default=False if kind == "boolean" else None,
    )  # fmt: skip


def owner() -> Field:
    return Field(
        name="OwnerId", type="reference", label="Owner ID", length=18, reference_to=("User",),
        relationship="Owner", nillable=False, defaulted=True,
    )  # fmt: skip


def system_fields() -> tuple[Field, ...]:
    """The fields every object has and only the platform writes."""

    def stamp(name: str, label: str) -> Field:
        return Field(
            name=name, type="datetime", label=label, nillable=False, defaulted=True,
            createable=False, updateable=False,
        )  # fmt: skip

    def author(name: str, label: str, relationship: str) -> Field:
        return Field(
            name=name, type="reference", label=label, length=18, reference_to=("User",),
            relationship=relationship, nillable=False, defaulted=True, createable=False,
            updateable=False,
        )  # fmt: skip

    return (
        stamp("CreatedDate", "Created Date"),
        author("CreatedById", "Created By ID", "CreatedBy"),
        stamp("LastModifiedDate", "Last Modified Date"),
        author("LastModifiedById", "Last Modified By ID", "LastModifiedBy"),
        stamp("SystemModstamp", "System Modstamp"),
    )


def id_field(label: str) -> Field:
    return Field(
        name="Id", type="id", label=label, length=18, id_lookup=True, nillable=False,
        defaulted=True, createable=False, updateable=False,
    )  # fmt: skip
