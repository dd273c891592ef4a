"""The Tooling API: making fields, and asking which there are, seen or not."""

from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.custom_fields import (
    TYPE_NAMES,
    field_id,
    metadata_of,
    put_custom_field,
)
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.fields import id_field, text
from sandbox.salesforce.org import Org
from sandbox.salesforce.query import run_in
from sandbox.salesforce.schema import Field, Schema, SObject
from sandbox.salesforce.setup_objects import flag
from sandbox.salesforce.store import quoted
from sandbox.salesforce.values import SqlValue


def create_field(org: Org, call: Call) -> Reply:
    body = call.json_object()
    metadata, name = body.get("Metadata"), body.get("FullName")
    if not isinstance(metadata, dict) or not isinstance(name, str):
        raise ApiError("REQUIRED_FIELD_MISSING", "Required fields are missing: [FullName]")
    made = put_custom_field(org, name, metadata, "create")
    answer = {"id": made, "success": True, "errors": [], "warnings": [], "infos": []}
    location = f"{call.base}/tooling/sobjects/CustomField/{made}"
    return Reply(status=201, body=answer, headers={"Location": location}, rows=1)


def get_field(org: Org, call: Call) -> Reply:
    sobject, field = _field(org, call)
    body = {
        "attributes": {
            "type": "CustomField",
            "url": f"{call.base}/tooling/sobjects/CustomField/{call.params['id']}",
        },
        "Id": field_id(org, sobject.name, field.name),
        "DeveloperName": field.name.removesuffix("__c"),
        "FullName": f"{sobject.name}.{field.name}",
        "TableEnumOrId": sobject.name,
        "Metadata": metadata_of(field),
    }
    return Reply(body=body, rows=1)


def patch_field(org: Org, call: Call) -> Reply:
    sobject, field = _field(org, call)
    metadata = call.json_object().get("Metadata")
    if not isinstance(metadata, dict):
        raise ApiError("REQUIRED_FIELD_MISSING", "Required fields are missing: [Metadata]")
    put_custom_field(org, f"{sobject.name}.{field.name}", metadata, "update")
    return Reply(status=204, rows=1)


def _field(org: Org, call: Call) -> tuple[SObject, Field]:
    row = org.store.db.execute(
        "SELECT object, name FROM _custom_field WHERE substr(id, 1, 15) = ?",
        (call.params["id"][:15],),
    ).fetchone()
    sobject = org.store.schema.get(row[0]) if row is not None else None
    field = sobject.any_field(row[1]) if sobject is not None else None
    if sobject is None or field is None:
        raise not_found()
    return sobject, field


def tooling_query(org: Org, call: Call) -> Reply:
    """SOQL over the schema itself: EntityDefinition, FieldDefinition, EntityParticle, CustomField.
    Field-level security hides nothing here."""
    for sobject, rows in _contents(org):
        _refill(org, sobject, rows)
    return run_in(org, call, org.context(include_deleted=False, schema=_SCHEMA))


def _tooling_object(name: str, *fields: Field) -> SObject:
    return SObject(
        name=name, label=name, label_plural=f"{name}s", key_prefix="000",
        fields=(id_field(f"{name} ID"), *fields),
    )  # fmt: skip


def _entity_link() -> Field:
    return Field(
        name="EntityDefinitionId", type="string", label="Entity Definition ID", length=40,
        reference_to=("EntityDefinition",), relationship="EntityDefinition",
    )  # fmt: skip


def _definition_fields() -> tuple[Field, ...]:
    return (
        text("DurableId", "Durable ID"), text("QualifiedApiName", "Qualified API Name"),
        text("DeveloperName", "Developer Name"), text("Label", "Label"),
        text("DataType", "Data Type"), Field(name="Length", type="int", label="Length"),
        flag("IsNillable", "Nillable"), flag("IsIndexed", "Indexed"), _entity_link(),
    )  # fmt: skip


_ENTITY = _tooling_object(
    "EntityDefinition",
    text("DurableId", "Durable ID"),
    text("QualifiedApiName", "Qualified API Name"),
    text("Label", "Label"),
    text("KeyPrefix", "Key Prefix", 3),
)
_FIELD = _tooling_object("FieldDefinition", *_definition_fields())
_PARTICLE = _tooling_object("EntityParticle", *_definition_fields())
_CUSTOM = _tooling_object(
    "CustomField",
    text("DeveloperName", "Developer Name"),
    text("TableEnumOrId", "Table Enum or ID"),
    _entity_link(),
)
_SCHEMA = Schema([_ENTITY, _FIELD, _PARTICLE, _CUSTOM])


def _contents(org: Org) -> list[tuple[SObject, list[tuple[SqlValue, ...]]]]:
    entities: list[tuple[SqlValue, ...]] = []
    fields: list[tuple[SqlValue, ...]] = []
    customs: list[tuple[SqlValue, ...]] = []
    for sobject in org.store.schema:
        name = sobject.name
        entities.append((name, name, name, sobject.label, sobject.key_prefix))
        for field in sobject.fields:
            durable = f"{name}.{field.name}"
            developer = field.name.removesuffix("__c")
            fields.append(
                (durable, durable, field.name, developer, field.label, _data_type(field),
                 field.length, int(field.nillable), int(field.external_id), name)
            )  # fmt: skip
            if field.custom:
                made = field_id(org, name, field.name)
                customs.append((made, developer, name, name))
    return [(_ENTITY, entities), (_FIELD, fields), (_PARTICLE, fields), (_CUSTOM, customs)]


def _data_type(field: Field) -> str:
    """As the setup pages spell it: `Text(80) (External ID) (Unique Case Insensitive)`."""
    if field.type in ("id", "int"):
        return {"id": "Lookup()", "int": f"Number({field.precision}, 0)"}[field.type]
    name = TYPE_NAMES[field.type]
    if name == "Text":
        name += f"({field.length})"
    name += " (External ID)" if field.external_id else ""
    if field.unique:
        name += f" (Unique Case {'Sensitive' if field.case_sensitive else 'Insensitive'})"
    return name


def _refill(org: Org, sobject: SObject, rows: list[tuple[SqlValue, ...]]) -> None:
    table, db = quoted(sobject.name), org.store.db
    columns = ", ".join(quoted(field.name) for field in sobject.fields)
    db.execute(
        f"CREATE TEMP TABLE IF NOT EXISTS {table} "
        f"(_row INTEGER PRIMARY KEY, {columns}, _DeletedAt, _VisibleFrom)"
    )
    db.execute(f"DELETE FROM {table}")
    marks = ", ".join("?" * len(sobject.fields))
    db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


ROUTES = (
    Route("POST", "tooling/sobjects/CustomField", create_field),
    Route("GET", "tooling/sobjects/CustomField/{id}", get_field),
    Route("PATCH", "tooling/sobjects/CustomField/{id}", patch_field),
    Route("GET", "tooling/query", tooling_query),
)
