"""Fields the platform fills in from other fields of the same record."""

from collections.abc import Mapping

from sandbox.salesforce.stock import STAGES
from sandbox.salesforce.values import SqlValue

_PEOPLE = ("Contact", "Lead", "User")


def derived_values(
    object_name: str, row: Mapping[str, SqlValue], given: frozenset[str] | None = None
) -> dict[str, SqlValue]:
    """What follows from the row as it will be stored.

    `given` names the fields the caller wrote; None means all of the row counts as given, as in a
    bulk load. Probability and forecast follow the stage only where the caller did not say.
    """
    if object_name in _PEOPLE:
        parts = (row.get("FirstName"), row.get("LastName"))
        return {"Name": " ".join(str(part) for part in parts if part) or None}
    if object_name == "Opportunity":
        return _stage_values(row, given)
    return {}


def _stage_values(row: Mapping[str, SqlValue], given: frozenset[str] | None) -> dict[str, SqlValue]:
    if given is not None and "StageName" not in given:
        return {}
    stage = STAGES.get(str(row.get("StageName")))
    if stage is None:
        return {}
    values: dict[str, SqlValue] = {"IsClosed": int(stage.closed), "IsWon": int(stage.won)}
    follows: dict[str, SqlValue] = {
        "Probability": stage.probability,
        "ForecastCategoryName": stage.forecast,
    }
    for name, value in follows.items():
        stated = row.get(name) is not None if given is None else name in given
        if not stated:
            values[name] = value
    return values
