"""Deployment packages: a zip of objects and permission sets that goes in whole or not at all."""

import base64
import binascii
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.salesforce.custom_fields import put_custom_field
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.metadata_xml import Tree, UnreadableXmlError, parsed, tree
from sandbox.salesforce.org import Org
from sandbox.salesforce.setup_objects import (
    FIELD_PERMISSIONS,
    OBJECT_PERMISSIONS,
    PERMISSION_SETS,
)
from sandbox.salesforce.store import quoted
from sandbox.salesforce.writes import Writer, create, update

_RIGHTS = {
    "allowRead": "PermissionsRead", "allowCreate": "PermissionsCreate",
    "allowEdit": "PermissionsEdit", "allowDelete": "PermissionsDelete",
    "viewAllRecords": "PermissionsViewAllRecords",
    "modifyAllRecords": "PermissionsModifyAllRecords",
}  # fmt: skip


@dataclass(frozen=True)
class Component:
    """One thing of a package: a custom field or a permission set."""

    kind: str
    name: str
    file: str
    body: Tree


@dataclass(frozen=True)
class Failure:
    component: Component
    problem: str


class UnreadablePackageError(Exception):
    """The package as a whole cannot be taken apart."""


class _NotThisTime(Exception):
    """Leaves the transaction of a deployment that fails, or is only a check."""


def components_of(encoded: str) -> list[Component]:
    """What a base64 zip in metadata format holds, fields before the permissions on them."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(encoded, validate=True)))
        files = {name: archive.read(name) for name in archive.namelist() if name[-1] != "/"}
        if not any(name.rpartition("/")[2] == "package.xml" for name in files):
            raise UnreadablePackageError("No package.xml found")
        found = [c for name, body in files.items() for c in _components(name, body)]
    except (binascii.Error, zipfile.BadZipFile):
        raise UnreadablePackageError("The package is no zip file") from None
    except UnreadableXmlError as error:
        raise UnreadablePackageError(f"Error parsing file: {error}") from None
    return sorted(found, key=lambda component: component.kind)


def _components(file: str, body: bytes) -> Iterator[Component]:
    name, _, suffix = file.rpartition("/")[2].rpartition(".")
    if suffix == "object":
        fields = tree(parsed(body)).get("fields", [])
        for field in fields if isinstance(fields, list) else []:
            yield Component("CustomField", f"{name}.{field.get('fullName')}", file, field)
    elif suffix == "permissionset":
        yield Component("PermissionSet", name, file, tree(parsed(body)))


def deploy(
    org: Org, user_id: str, components: list[Component], *, check_only: bool
) -> list[Failure]:  # fmt: skip
    """Put the components into the org; failures leave it as it was, and so does a check."""
    failures: list[Failure] = []
    try:
        with org.store.transaction():
            for component in components:
                try:
                    put_component(org, user_id, component.kind, component.name, component.body)
                except ApiError as error:
                    failures.append(Failure(component, error.message))
            if failures or check_only:
                raise _NotThisTime
    except _NotThisTime:
        org.store.read_schema()
    return failures


def put_component(org: Org, user_id: str, kind: str, name: str, body: Tree) -> None:
    """Create one component, or change it to be as given."""
    given = {key: value for key, value in body.items() if key != "fullName"}
    if kind == "CustomField":
        put_custom_field(org, name, given, "upsert")
    elif kind == "PermissionSet":
        _put_permission_set(org, user_id, name, given)
    else:
        raise ApiError("INVALID_TYPE", f"Unknown metadata type: {kind}")


def _put_permission_set(org: Org, user_id: str, name: str, body: Tree) -> None:
    writer, sobject = Writer(org, user_id), org.sobject(PERMISSION_SETS)
    values = {"Label": body.get("label", name), "Description": body.get("description")}
    row = org.store.db.execute(
        f'SELECT "Id" FROM {quoted(PERMISSION_SETS)} WHERE "Name" = ?', (name,)
    ).fetchone()
    if row is None:
        record = create(writer, sobject, {"Name": name, **values})
    else:
        record = str(row[0])
        update(writer, sobject, record, values)
        for table in (FIELD_PERMISSIONS, OBJECT_PERMISSIONS):
            org.store.db.execute(f'DELETE FROM {quoted(table)} WHERE "ParentId" = ?', (record,))
    for grant in _entries(body, "fieldPermissions"):
        field = str(grant.get("field"))
        create(writer, org.sobject(FIELD_PERMISSIONS), {
            "ParentId": record, "SobjectType": field.partition(".")[0], "Field": field,
            "PermissionsRead": grant.get("readable", "false"),
            "PermissionsEdit": grant.get("editable", "false"),
        })  # fmt: skip
    for grant in _entries(body, "objectPermissions"):
        rights = {column: grant.get(right, "false") for right, column in _RIGHTS.items()}
        create(
            writer,
            org.sobject(OBJECT_PERMISSIONS),
            {"ParentId": record, "SobjectType": grant.get("object"), **rights},
        )


def _entries(body: Tree, name: str) -> list[Tree]:
    entries = body.get(name, [])
    return entries if isinstance(entries, list) else []
