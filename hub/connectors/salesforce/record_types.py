"""Which picklist values a record of each record type takes, as the object's layouts tell."""

import msgspec

from hub.connectors.salesforce.client import Org
from hub.errors import StopSync

RECORD_TYPE = "RecordTypeId"

Choices = dict[str, dict[str, tuple[str, ...]]]
"""Field → record type id → values."""


class _Value(msgspec.Struct):
    value: str
    active: bool = True


class _Picklist(msgspec.Struct):
    picklistName: str  # noqa: N815 - the wire's name
    picklistValues: list[_Value] | None = None  # noqa: N815


class _Mapping(msgspec.Struct):
    recordTypeId: str  # noqa: N815
    picklistsForRecordType: list[_Picklist] | None = None  # noqa: N815


class _Layouts(msgspec.Struct):
    recordTypeMappings: list[_Mapping] = []  # noqa: N815


def choices_by_record_type(org: Org, obj: str) -> Choices:
    """One call for all record types of an object; nothing when it has no layouts for our user."""
    org.calls.minimum += 1
    try:
        response = org.get(f"sobjects/{obj}/describe/layouts/")
    except StopSync:
        return {}
    choices: Choices = {}
    for kind in msgspec.json.decode(response.content, type=_Layouts).recordTypeMappings:
        for picklist in kind.picklistsForRecordType or []:
            values = tuple(v.value for v in picklist.picklistValues or [] if v.active)
            choices.setdefault(picklist.picklistName, {})[kind.recordTypeId] = values
    return choices
