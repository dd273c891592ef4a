"""What an org's setup says of itself: fields whoever may see them, and what the hub's permission
set grants. Nothing here is judged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from simple_salesforce.format import format_soql

from hub.connectors.contract import FieldKind, FieldShape
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.package import PERMISSION_SET, Grants, Metadata

CUSTOM = "__c"
_SIZED = re.compile(r"(?P<type>[A-Za-z -]+?)\((?P<size>\d+)[^)]*\)")
_KINDS: dict[str, FieldKind] = {
    **dict.fromkeys(("Text", "Text Area", "TextArea", "Long Text Area", "LongTextArea"), "text"),
    **dict.fromkeys(("Email", "Phone", "URL", "Url"), "text"),
    **dict.fromkeys(("Number", "Currency", "Percent"), "number"),
    **dict.fromkeys(("Date/Time", "DateTime"), "datetime"),
    **dict.fromkeys(("Picklist (Multi-Select)", "MultiselectPicklist"), "choices"),
    "Checkbox": "boolean",
    "Date": "date",
    "Picklist": "choice",
    "Lookup": "reference",
}


@dataclass(frozen=True)
class PermissionSetState:
    """The hub's permission set as it is, and whether the user asked about has it."""

    grants: Grants
    assigned: bool


class Setup:
    """Asks the org about its own definitions."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def user(self) -> str:
        """The id of the integration user."""
        self._org.calls.minimum += 1
        answer = self._org.get("/services/oauth2/userinfo")
        return msgspec.json.decode(answer.content, type=_User).user_id

    def fields(self, objects: Sequence[str]) -> dict[str, FieldShape]:
        """`Object.Field` → shape of all fields of the objects, shown to us or not, as far as the
        setup pages' word for the type tells: `Text(80) (External ID) (Unique …)`."""
        found = self._query(
            format_soql(
                "SELECT QualifiedApiName, DataType, EntityDefinition.QualifiedApiName "
                "FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName IN {}",
                list(objects),
            ),
            _Definitions,
            tooling=True,
        )
        return {f"{row.entity.name}.{row.name}": _shape(row) for row in found.records}

    def metadata(self, obj: str, field: str) -> Metadata | None:
        """The definition of a custom field; None when there is none of that name."""
        found = self._query(
            format_soql(
                "SELECT Id FROM CustomField WHERE DeveloperName = {} "
                "AND EntityDefinition.QualifiedApiName = {}",
                field.removesuffix(CUSTOM),
                obj,
            ),
            _Ids,
            tooling=True,
        )
        if not found.records:
            return None
        self._org.calls.minimum += 1
        answer = self._org.get(f"tooling/sobjects/CustomField/{found.records[0].id}")
        return msgspec.json.decode(answer.content, type=_WithMetadata).metadata

    def permission_set(self, user: str) -> PermissionSetState | None:
        """None when the org has no such permission set yet."""
        found = self._query(
            format_soql(
                "SELECT Id, (SELECT Field, PermissionsRead, PermissionsEdit FROM FieldPerms), "
                "(SELECT SobjectType, PermissionsRead, PermissionsCreate, PermissionsEdit, "
                "PermissionsDelete, PermissionsViewAllRecords, PermissionsModifyAllRecords "
                "FROM ObjectPerms), (SELECT Id FROM Assignments WHERE AssigneeId = {}) "
                "FROM PermissionSet WHERE Name = {}",
                user,
                PERMISSION_SET,
            ),
            _PermissionSets,
        )
        return found.records[0].state() if found.records else None

    def assign(self, user: str) -> None:
        """Give the permission set to a user."""
        found = self._query(
            format_soql("SELECT Id FROM PermissionSet WHERE Name = {}", PERMISSION_SET), _Ids
        )
        self._org.calls.minimum += 1
        body = {"AssigneeId": user, "PermissionSetId": found.records[0].id}
        path, headers = "sobjects/PermissionSetAssignment", {"Content-Type": "application/json"}
        self._org.write("POST", path, msgspec.json.encode(body), headers)

    def _query(self, soql: str, shape: type[Any], *, tooling: bool = False) -> Any:
        self._org.calls.minimum += 1
        path = "tooling/query/" if tooling else "query/"
        return msgspec.json.decode(self._org.get(path, {"q": soql}).content, type=shape)


def _shape(row: "_Defined") -> FieldShape:
    """A kind that is not known by its word is `other`."""
    word = row.type.partition(" (External")[0].partition(" (Unique")[0]
    sized = _SIZED.match(word)
    kind = _KINDS.get(word) or _KINDS.get(sized["type"] if sized else "", "other")
    length = int(sized["size"]) if sized and kind == "text" else None
    return FieldShape(row.name, kind, length=length, unique="(Unique" in row.type)


class _Entity(msgspec.Struct):
    name: str = msgspec.field(name="QualifiedApiName")


class _Defined(msgspec.Struct):
    name: str = msgspec.field(name="QualifiedApiName")
    type: str = msgspec.field(name="DataType")
    entity: _Entity = msgspec.field(name="EntityDefinition")


class _Definitions(msgspec.Struct):
    records: list[_Defined]


class _Record(msgspec.Struct):
    id: str = msgspec.field(name="Id")


class _Ids(msgspec.Struct):
    records: list[_Record]


class _WithMetadata(msgspec.Struct):
    metadata: dict[str, Any] = msgspec.field(name="Metadata")


class _User(msgspec.Struct):
    user_id: str


class _Rows(msgspec.Struct):
    records: list[dict[str, Any]] = []


class _PermissionSet(msgspec.Struct):
    fields: _Rows | None = msgspec.field(name="FieldPerms", default=None)
    objects: _Rows | None = msgspec.field(name="ObjectPerms", default=None)
    assignments: _Rows | None = msgspec.field(name="Assignments", default=None)

    def state(self) -> PermissionSetState:
        grants = Grants()
        for row in (self.fields or _Rows()).records:
            grants.allow_field(row["Field"], edit=row["PermissionsEdit"])
        for row in (self.objects or _Rows()).records:
            rights = (name.removeprefix("Permissions") for name, on in row.items() if on is True)
            grants.allow_object(row["SobjectType"], frozenset(rights))
        return PermissionSetState(grants, assigned=bool((self.assignments or _Rows()).records))


class _PermissionSets(msgspec.Struct):
    records: list[_PermissionSet]
