"""The properties a portal defines for an object: asked for once per object."""

from collections.abc import Collection, Sequence

from hub.connectors.contract import FieldKind, FieldShape
from hub.connectors.hubspot.client import Portal, Property
from hub.errors import SchemaChanged

LINK_PREFIX = "associations/"
MODIFIED_PROPERTIES = {"contacts": "lastmodifieddate", "0-1": "lastmodifieddate"}
TEXT_CHARACTERS = 65_536

_KINDS: dict[str, FieldKind] = {
    "string": "text",
    "phone_number": "text",
    "number": "number",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
}
_FORMS: dict[str, FieldKind] = {"checkbox": "choices", "booleancheckbox": "boolean"}
_REQUIRED = {"deals": {"dealname", "dealstage"}, "leads": {"hs_lead_name"}}
"""HubSpot's own rule for new records, which the definitions of properties do not tell."""


class Shape:
    """One object's properties by name. Reads leave unknown ones out silently, so we look first."""

    def __init__(self, system: str, obj: str, properties: Sequence[Property]) -> None:
        self.system, self.name = system, obj
        self.properties = {entry.name: entry for entry in properties}

    @property
    def is_leads(self) -> bool:
        return self.name in {"leads", "0-136"}

    def described(self) -> list[FieldShape]:
        required = _REQUIRED.get(self.name, set())
        return [_described(entry, entry.name in required) for entry in self.properties.values()]

    def require(self, names: Sequence[str]) -> None:
        missing = [name for name in names if name not in self.properties]
        if missing:
            raise SchemaChanged(
                f"{self.system}/{self.name}: no such property: {', '.join(missing)}.",
                remedy="create it (`hub provision`), or take it out of the mapping",
            )


class Schemas:
    """Asks for each object's properties at most once."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._known: dict[str, Shape] = {}

    def of(self, obj: str) -> Shape:
        if obj not in self._known:
            self._portal.calls.minimum += 1
            self._known[obj] = Shape(self._portal.system, obj, self._portal.properties(obj))
        return self._known[obj]

    def calls(self, objects: Collection[str], *, anew: bool) -> int:
        """The calls that asking for these takes: all of them, or those not asked for yet."""
        return len(objects if anew else set(objects) - set(self._known))

    def forget(self, obj: str) -> None:
        """Ask anew next time: the portal has contradicted what it told."""
        self._known.pop(obj, None)

    def forget_all(self) -> None:
        """Ask for every object anew: properties were made."""
        self._known.clear()


def plain(fields: Sequence[str]) -> list[str]:
    """The fields that are properties, not associations."""
    return [name for name in fields if not name.startswith(LINK_PREFIX)]


def linked(fields: Sequence[str]) -> list[str]:
    return [name for name in fields if name.startswith(LINK_PREFIX)]


def _described(entry: Property, required: bool) -> FieldShape:
    """The options of owners, stages and the like are kept elsewhere: such a list says nothing."""
    kind = _kind(entry)
    told = entry.options and not entry.externalOptions and kind in {"choice", "choices"}
    return FieldShape(
        entry.name,
        kind,
        length=TEXT_CHARACTERS if kind == "text" else None,
        choices=tuple(option.value for option in entry.options) if told else None,
        restricted=bool(told),
        required=required,
        unique=entry.hasUniqueValue,
        writable=not entry.read_only,
        formula=entry.calculated,
    )


def _kind(entry: Property) -> FieldKind:
    if entry.referencedObjectType:
        return "reference"
    if entry.type == "enumeration":
        return _FORMS.get(entry.fieldType, "choice")
    return _KINDS.get(entry.type, "other")
