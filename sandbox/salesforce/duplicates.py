"""Duplicate rules: a write that looks like another record is blocked, or has to insist."""

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.store import Row, quoted
from sandbox.salesforce.switches import DuplicateRule

MESSAGE = "Use one of these records?"


def check_duplicates(
    org: Org, sobject: SObject, row: Row, changed: Row, record: str | None, *, allow_save: bool
) -> None:
    """DUPLICATES_DETECTED when a rule finds a living record with the same values. Alerts give way
    to a caller who says so, blocks to nobody. A write is asked about the fields it touches."""
    for rule in org.switches.duplicate_rules:
        if rule.object.lower() != sobject.name.lower() or not set(rule.fields) & set(changed):
            continue
        if rule.action == "alert" and allow_save:
            continue
        found = _same(org, sobject, rule, row, record)
        if found:
            extra = {}
            if org.switches.duplicate_result_in_error:
                extra["duplicateResult"] = _result(sobject, rule, found)
            raise ApiError("DUPLICATES_DETECTED", MESSAGE, extra=extra)


def _same(
    org: Org, sobject: SObject, rule: DuplicateRule, row: Row, record: str | None
) -> list[str]:  # fmt: skip
    values = [row.get(name) for name in rule.fields]
    if not values or any(value is None for value in values):
        return []
    conditions = " AND ".join(f"sf_fold({quoted(name)}) = sf_fold(?)" for name in rule.fields)
    rows = org.store.db.execute(
        f'SELECT "Id" FROM {quoted(sobject.name)} WHERE {conditions} AND "IsDeleted" = 0 '
        'AND "Id" IS NOT ? ORDER BY _row',
        (*values, record),
    )
    return [found for (found,) in rows]


def _result(sobject: SObject, rule: DuplicateRule, found: list[str]) -> dict[str, object]:
    return {
        "allowSave": rule.action == "alert",
        "duplicateRule": rule.name,
        "duplicateRuleEntityType": sobject.name,
        "errorMessage": MESSAGE,
        "matchResults": [
            {
                "entityType": sobject.name,
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "matchRecords": [
                    {
                        "additionalInformation": [],
                        "fieldDiffs": [],
                        "matchConfidence": 100.0,
                        "record": {"attributes": {"type": sobject.name}, "Id": record},
                    }
                    for record in found
                ],
                "rule": f"{rule.name}_Match",
                "size": len(found),
                "success": True,
            }
        ],
    }
