"""What a request body may set, and the rules a record is held to before and after it is stored."""

from collections.abc import Mapping

from sandbox.salesforce.errors import ApiError, deleted, no_such_column
from sandbox.salesforce.finding import matching
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.soql.parser import parse_condition
from sandbox.salesforce.soql.scope import Scope
from sandbox.salesforce.soql.where import Where
from sandbox.salesforce.store import Row
from sandbox.salesforce.values import column_value, wrong_id

Body = Mapping[str, object]


def changes_of(org: Org, sobject: SObject, body: Body, *, creating: bool) -> Row:
    """The columns a request body sets."""
    changes: Row = {}
    refused: list[str] = []
    for name, value in body.items():
        if name.lower() == "attributes":
            continue
        field = sobject.any_field(name)
        if field is None:
            changes.update(_parent_by_key(org, sobject, name, value))
            continue
        if field.type == "id":
            raise ApiError(
                "INVALID_FIELD", "The Id field should not be specified in the sobject data."
            )
        allowed = field.createable if creating else field.updateable
        if not allowed or not (field.readable and field.writable) or field.formula is not None:
            refused.append(field.name)
            continue
        changes[field.name] = column_value(field, value, trim=org.switches.trim_text)
        _check_lookup(org, field, changes[field.name])
    if refused:
        raise ApiError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(refused)}. Please check the security "
            "settings of this field and verify that it is read/write for your profile or "
            "permission set.",
            refused,
        )
    return changes


def _parent_by_key(org: Org, sobject: SObject, name: str, value: object) -> Row:
    """`{"Account": {"Hub_Company_Key__c": "x"}}` sets the lookup by the parent's external id."""
    lookup = sobject.parent_field(name)
    if lookup is None or not isinstance(value, Mapping):
        raise no_such_column(sobject.name, name)
    parent = org.sobject(lookup.reference_to[0])
    keys = {k: v for k, v in value.items() if k.lower() not in ("attributes", "type")}
    key_name, key = next(iter(keys.items()), ("", None))
    key_field = parent.field(key_name)
    if len(keys) != 1 or key_field is None or not (key_field.external_id or key_field.id_lookup):
        raise ApiError("INVALID_FIELD", f"No external ID given for relationship {name}")
    found = matching(org, parent, key_field, str(key))
    if len(found) != 1:
        raise ApiError(
            "INVALID_FIELD",
            f"Foreign key external ID: {key} not found for field {key_field.name} "
            f"in entity {parent.name}",
            [],
        )
    return {lookup.name: found[0]}


def check_required(sobject: SObject, row: Row, only: Row | None = None) -> None:
    """Required fields must hold something; an update is asked about the fields it touches."""
    missing = [
        field.name
        for field in sobject.stored
        if not field.nillable
        and field.createable
        and row.get(field.name) is None
        and (field.name in only if only is not None else field.name != "OwnerId")
    ]
    if missing:
        raise ApiError(
            "REQUIRED_FIELD_MISSING",
            f"Required fields are missing: [{', '.join(missing)}]",
            missing,
        )


def _filled_later(field: Field) -> bool:
    return field.name == "OwnerId"


def _check_lookup(org: Org, field: Field, value: object) -> None:
    if field.type != "reference" or not isinstance(value, str):
        return
    targets = [org.schema.get(name) for name in field.reference_to]
    target = next((t for t in targets if t is not None and value[:3] == t.key_prefix), None)
    if target is None:
        raise wrong_id(field, value)
    row = org.store.fetch(target, value)
    if row is None:
        raise ApiError(
            "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [],
            org.switches.invalid_cross_reference_status,
        )  # fmt: skip
    if row.get("IsDeleted"):
        raise deleted()


def check_unique(org: Org, sobject: SObject, record: str, changes: Row) -> None:
    for name, value in changes.items():
        field = sobject.any_field(name)
        if field is None or not field.unique or value is None:
            continue
        others = [other for other in matching(org, sobject, field, str(value)) if other != record]
        if others:
            shown = others[0][:15] if org.switches.short_id_in_duplicate_message else others[0]
            raise ApiError(
                "DUPLICATE_VALUE",
                f"duplicate value found: {name} duplicates value on record with id: {shown}",
                [],
            )


def check_rules(org: Org, sobject: SObject, record: str) -> None:
    for rule in org.switches.validation_rules:
        if rule.object.lower() != sobject.name.lower():
            continue
        scope = Scope(org.context(include_deleted=True), sobject, rule.condition)
        where = Where(scope)
        condition = where.sql(parse_condition(rule.condition))
        broken = org.store.db.execute(
            f'SELECT 1 FROM {scope.source} WHERE {scope.root}."Id" = ? AND {condition}',
            (record, *where.params),
        ).fetchone()
        if broken is not None:
            fields = [rule.field] if rule.field is not None else []
            raise ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)
