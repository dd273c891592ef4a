"""Request bodies, as far as the sandbox reads them. Unknown keys are ignored, as they are live."""

import msgspec

from sandbox.hubspot.errors import unreadable

Properties = dict[str, msgspec.Raw]


class Ref(msgspec.Struct):
    """`{"id": ...}`; ids may come as numbers."""

    id: str | int

    @property
    def text(self) -> str:
        return str(self.id)


class Spec(msgspec.Struct, rename="camel"):
    association_category: str
    association_type_id: int


class NewAssociation(msgspec.Struct):
    to: Ref
    types: list[Spec]


class CreateBody(msgspec.Struct, rename="camel"):
    properties: Properties = {}
    associations: list[NewAssociation] | None = None
    object_write_trace_id: str | None = None


class PatchBody(msgspec.Struct):
    properties: Properties = {}


class WriteInput(msgspec.Struct, rename="camel"):
    """One input of batch update and upsert."""

    id: str | int
    properties: Properties = {}
    id_property: str | None = None
    object_write_trace_id: str | None = None


class CreateBatch(msgspec.Struct):
    inputs: list[CreateBody]


class WriteBatch(msgspec.Struct):
    inputs: list[WriteInput]


class RefBatch(msgspec.Struct):
    inputs: list[Ref]


class ReadBatch(msgspec.Struct, rename="camel"):
    inputs: list[Ref]
    properties: list[str] = []
    properties_with_history: list[str] | None = None
    id_property: str | None = None


class MergeBody(msgspec.Struct, rename="camel"):
    primary_object_id: str | int
    object_id_to_merge: str | int


def texts(properties: Properties) -> dict[str, str | None]:
    """Values as text: numbers and booleans keep the very characters they were sent in."""
    return {name: _text(name, bytes(value)) for name, value in properties.items()}


def _text(name: str, value: bytes) -> str | None:
    first = value[:1]
    if first == b'"':
        return msgspec.json.decode(value, type=str)
    if first in b"{[":
        raise unreadable(f"Cannot deserialize the value of property {name} from an object or array")
    return None if value == b"null" else value.decode("ascii")
