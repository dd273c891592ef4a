"""What the caller may see of the org's shape: the object list and each object's describe."""

from email.utils import format_datetime

from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.conditions import http_date
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import NUMBER_TYPES, TEXT_TYPES, Field, Schema, SObject

_SOAP_TYPES = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int",
    "double": "xsd:double", "currency": "xsd:double", "percent": "xsd:double",
    "date": "xsd:date", "datetime": "xsd:dateTime",
}  # fmt: skip


def list_objects(org: Org, call: Call) -> Reply:
    objects = [_summary(sobject, call.base) for sobject in org.schema]
    return Reply(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})


def basic_information(org: Org, call: Call) -> Reply:
    """`GET sobjects/X`: a summary; recent items are not kept."""
    sobject = org.sobject(call.params["object"])
    return Reply(body={"objectDescribe": _summary(sobject, call.base), "recentItems": []})


def describe(org: Org, call: Call) -> Reply:
    """All readable fields; 304 when nothing changed since the caller's If-Modified-Since."""
    sobject = org.sobject(call.params["object"])
    changed = org.store.schema_changed_at[sobject.name]
    headers = {"Last-Modified": format_datetime(changed, usegmt=True)}
    since = http_date(call.headers.get("if-modified-since"), "If-Modified-Since")
    if since is not None and changed <= since:
        return Reply(status=304, headers=headers)
    body = {
        **_summary(sobject, call.base),
        "childRelationships": _child_relationships(org.schema, sobject),
        "fields": [_field(field) for field in sobject.readable],
        "recordTypeInfos": [
            {
                "active": True,
                "available": True,
                "defaultRecordTypeMapping": True,
                "master": True,
                "name": "Master",
                "recordTypeId": "012000000000000AAA",
                "developerName": "Master",
            }
        ],
        "supportedScopes": [{"label": f"All {sobject.label_plural}", "name": "everything"}],
    }
    return Reply(body=body, headers=headers)


def _summary(sobject: SObject, base: str) -> dict[str, object]:
    url = f"{base}/sobjects/{sobject.name}"
    return {
        "activateable": False,
        "createable": sobject.createable,
        "custom": sobject.name.endswith("__c"),
        "customSetting": False,
        "deletable": sobject.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "keyPrefix": sobject.key_prefix,
        "label": sobject.label,
        "labelPlural": sobject.label_plural,
        "layoutable": True,
        "mergeable": sobject.mergeable,
        "mruEnabled": True,
        "name": sobject.name,
        "queryable": True,
        "replicateable": sobject.replicateable,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": sobject.deletable,
        "updateable": sobject.updateable,
        "urls": {
            "sobject": url,
            "describe": f"{url}/describe",
            "rowTemplate": f"{url}/{{ID}}",
        },
    }


def _child_relationships(schema: Schema, sobject: SObject) -> list[dict[str, object]]:
    return [
        {
            "cascadeDelete": link.field.on_delete == "cascade",
            "childSObject": link.child.name,
            "deprecatedAndHidden": False,
            "field": link.field.name,
            "relationshipName": link.field.children,
            "restrictedDelete": False,
        }
        for link in schema.children_of(sobject.name)
        if link.field.readable
    ]


def _field(field: Field) -> dict[str, object]:
    calculated = field.formula is not None
    writable = field.writable and not calculated
    return {
        "aggregatable": True,
        "autoNumber": False,
        "byteLength": field.length * 3 if field.type in TEXT_TYPES else field.length,
        "calculated": calculated,
        "calculatedFormula": field.formula,
        "cascadeDelete": field.on_delete == "cascade",
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": None,
        "createable": field.createable and writable,
        "custom": field.custom,
        "defaultValue": field.default,
        "defaultedOnCreate": field.defaulted,
        "deprecatedAndHidden": False,
        "digits": 8 if field.type == "int" else 0,
        "externalId": field.external_id,
        "filterable": not field.long_text,
        "groupable": not field.long_text and field.type not in ("currency", "double", "datetime"),
        "htmlFormatted": False,
        "idLookup": field.id_lookup,
        "inlineHelpText": None,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field.name == "Name",
        "namePointing": False,
        "nillable": field.nillable,
        "permissionable": field.permissionable,
        "picklistValues": [
            {
                "active": True,
                "defaultValue": choice.default,
                "label": choice.value,
                "validFor": None,
                "value": choice.value,
            }
            for choice in field.values
        ],
        "precision": 0 if field.type == "int" else field.precision,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship,
        "restrictedPicklist": field.restricted,
        "scale": field.scale if field.type in NUMBER_TYPES else 0,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": not field.long_text and field.type != "multipicklist",
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable and writable,
    }


ROUTES = (
    Route("GET", "sobjects", list_objects),
    Route("GET", "sobjects/{object}", basic_information),
    Route("GET", "sobjects/{object}/describe", describe),
)
