"""Objects an admin works with: permission sets, what they grant, and whom they are assigned to."""

from sandbox.salesforce.fields import id_field, lookup, system_fields, text
from sandbox.salesforce.schema import Field, SObject

PERMISSION_SETS, FIELD_PERMISSIONS = "PermissionSet", "FieldPermissions"
OBJECT_PERMISSIONS, ASSIGNMENTS = "ObjectPermissions", "PermissionSetAssignment"
SETUP_OBJECTS = (PERMISSION_SETS, FIELD_PERMISSIONS, OBJECT_PERMISSIONS, ASSIGNMENTS, "User")


def flag(name: str, label: str) -> Field:
    """A checkbox that anybody may set."""
    return Field(
        name=name, type="boolean", label=label, nillable=False, defaulted=True, default=False
    )


def _required(field: Field) -> Field:
    return Field(
        name=field.name, type=field.type, label=field.label, length=18, nillable=False,
        reference_to=field.reference_to, relationship=field.relationship, children=field.children,
        updateable=False,
    )  # fmt: skip


def _permission_set_link(name: str, relationship: str, children: str) -> Field:
    return _required(
        lookup(name, "PermissionSet ID", PERMISSION_SETS, relationship, children=children)
    )


def _setup_object(name: str, plural: str, prefix: str, *fields: Field) -> SObject:
    return SObject(
        name=name,
        label=name,
        label_plural=plural,
        key_prefix=prefix,
        replicateable=False,
        fields=(id_field(f"{name} ID"), *fields, *system_fields()),
    )


def setup_objects() -> list[SObject]:
    name = Field(
        name="Name", type="string", label="Permission Set Name", length=80, nillable=False,
        unique=True,
    )  # fmt: skip
    object_rights = ("Read", "Create", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")
    return [
        _setup_object(
            PERMISSION_SETS, "Permission Sets", "0PS", name,
            text("Label", "Permission Set Label", 80, required=True),
            text("Description", "Description"),
        ),
        _setup_object(
            FIELD_PERMISSIONS, "Field Permissions", "01k",
            _permission_set_link("ParentId", "Parent", "FieldPerms"),
            text("SobjectType", "Sobject Type", 40, required=True),
            text("Field", "Field Name", 180, required=True),
            flag("PermissionsRead", "Read"),
            flag("PermissionsEdit", "Edit"),
        ),
        _setup_object(
            OBJECT_PERMISSIONS, "Object Permissions", "110",
            _permission_set_link("ParentId", "Parent", "ObjectPerms"),
            text("SobjectType", "Sobject Type", 40, required=True),
            *(flag(f"Permissions{right}", right) for right in object_rights),
        ),
        _setup_object(
            ASSIGNMENTS, "Permission Set Assignments", "0Pa",
            _permission_set_link("PermissionSetId", "PermissionSet", "Assignments"),
            _required(lookup("AssigneeId", "Assignee ID", "User", "Assignee")),
        ),
    ]  # fmt: skip
