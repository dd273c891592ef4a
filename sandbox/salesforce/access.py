"""Field-level security: what a user may see of the fields that permission sets decide about."""

import msgspec

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema import Field, Schema, SObject
from sandbox.salesforce.setup_objects import ASSIGNMENTS, FIELD_PERMISSIONS
from sandbox.salesforce.store import Row, SalesforceStore

PARTNER_FIELDS = frozenset({"PartnerAccountId"})
PARTNER_OBJECTS = frozenset(
    {
        "PartnerMarketingBudget", "PartnerFundAllocation", "PartnerFundRequest",
        "PartnerFundClaim", "ChannelProgram", "ChannelProgramLevel", "ChannelProgramMember",
    }
)  # fmt: skip

Grants = dict[str, tuple[bool, bool]]


class Views:
    """The schema as each user sees it, made anew only when something it rests on has changed."""

    def __init__(self, store: SalesforceStore) -> None:
        self._store = store
        self._known: dict[str, tuple[object, Schema]] = {}

    def of(self, user_id: str, *, partner_features: bool) -> Schema:
        store = self._store
        if partner_features and not store.governed_fields:
            return store.schema
        grants = granted(store, user_id) if store.governed_fields else {}
        state = (store.schema_version, partner_features, grants)
        known = self._known.get(user_id)
        if known is None or known[0] != state:
            known = self._known[user_id] = (state, _view(store.schema, grants, partner_features))
        return known[1]


def granted(store: SalesforceStore, user_id: str) -> Grants:
    """Read and edit by `Object.Field`, over all permission sets assigned to the user."""
    rows = store.db.execute(
        'SELECT lower(f."Field"), MAX(f."PermissionsRead"), MAX(f."PermissionsEdit") '
        f'FROM "{FIELD_PERMISSIONS}" f JOIN "{ASSIGNMENTS}" a '
        'ON a."PermissionSetId" = f."ParentId" WHERE a."AssigneeId" = ? GROUP BY 1',
        (user_id,),
    )
    return {field: (bool(read), bool(edit)) for field, read, edit in rows}


def _view(schema: Schema, grants: Grants, partner_features: bool) -> Schema:
    return Schema(
        [
            _seen(sobject, grants, partner_features)
            for sobject in schema
            if partner_features or sobject.name not in PARTNER_OBJECTS
        ]
    )


def _seen(sobject: SObject, grants: Grants, partner_features: bool) -> SObject:
    fields = tuple(
        _seen_field(sobject, field, grants)
        for field in sobject.fields
        if partner_features or field.name not in PARTNER_FIELDS
    )
    return msgspec.structs.replace(sobject, fields=fields)


def _seen_field(sobject: SObject, field: Field, grants: Grants) -> Field:
    if not field.governed:
        return field
    read, edit = grants.get(f"{sobject.name}.{field.name}".lower(), (False, False))
    return msgspec.structs.replace(
        field, readable=field.readable and read, writable=field.writable and edit
    )


def check_permission(store: SalesforceStore, row: Row, record: str) -> None:
    """A FieldPermissions row has to be about a field that can be granted, and grant sensibly."""
    name = str(row["Field"])
    object_name, _, field_name = name.partition(".")
    sobject = store.schema.get(object_name)
    field = sobject.any_field(field_name) if sobject is not None else None
    if sobject is None or field is None or str(row["SobjectType"]).lower() != object_name.lower():
        raise ApiError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"Field Name: bad value for restricted picklist field: {name}",
            ["Field"],
        )
    problem = None
    if not field.permissionable:
        problem = f"the permissions of {name} cannot be set"
    elif row["PermissionsEdit"] and not row["PermissionsRead"]:
        problem = "Edit permission needs Read permission"
    elif row["PermissionsEdit"] and (field.formula is not None or not field.updateable):
        problem = f"{name} is read only"
    if problem is not None:
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", problem, ["Field"])
    twice = store.db.execute(
        f'SELECT "Id" FROM "{FIELD_PERMISSIONS}" '
        'WHERE "ParentId" = ? AND "Field" = ? AND "Id" != ?',
        (row["ParentId"], name, record),
    ).fetchone()
    if twice is not None:
        raise ApiError("DUPLICATE_VALUE", f"duplicate value found on record with id: {twice[0]}")
