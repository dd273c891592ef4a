"""The full form of a field and the short ones say the same; what contradicts itself is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from hub.mappings.schema import ObjectMapping, PushField


def _mapping(**keys: Any) -> ObjectMapping:
    return ObjectMapping.model_validate({"source": "company", **keys})


def test_a_bare_column_is_only_read() -> None:
    mapping = _mapping(fields={"Name": "name"})
    assert mapping.pull == _mapping(pull={"Name": "name"}).pull == {"Name": "name"}
    assert mapping.push is None


def test_a_field_of_both_directions_is_read_and_written_as_the_entity_of_its_source() -> None:
    rule = {"column": "phone", "direction": "both", "authority": "crm", "drift": "flag"}
    mapping = _mapping(fields={"Phone": rule})
    assert mapping.pull == {"Phone": "phone"}
    assert mapping.push is not None
    assert mapping.push.entity == "company"
    assert mapping.push.fields == {
        "Phone": PushField(column="phone", blank_out="keep", drift="flag")
    }
    assert mapping.told_fields == ("Phone",)


def test_what_is_only_written_is_not_read() -> None:
    mapping = _mapping(fields={"Tier": {"column": "partner_tier", "direction": "push"}})
    assert mapping.pull == {}
    assert mapping.all_fields == ("Tier",)


def test_codes_are_read_one_way_and_written_the_other() -> None:
    values = {"Gold": "gold", "Silver": "silver"}
    rule = {"column": "partner_tier", "direction": "both", "values": values}
    mapping = _mapping(fields={"Tier": rule})
    assert mapping.values == {"partner_tier": values}
    assert mapping.push is not None
    assert mapping.push.fields["Tier"].map == {"gold": "Gold", "silver": "Silver"}


def test_field_rules_stand_beside_the_short_forms() -> None:
    push = {"entity": "opportunity", "fields": {"Note": "note"}, "create": {"key": "Key"}}
    mapping = ObjectMapping.model_validate(
        {
            "source": "opportunity",
            "pull": {"Name": "name"},
            "fields": {"Amount": {"column": "amount", "direction": "push"}},
            "push": push,
        }
    )
    assert mapping.pull == {"Name": "name"}
    assert mapping.push is not None
    assert mapping.push.entity == "opportunity"
    assert set(mapping.push.fields) == {"Note", "Amount"}
    assert mapping.push.create is not None


BOTH = {"column": "phone", "direction": "both"}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"fields": {"Phone": BOTH}, "pull": {"Phone": "region"}}, "is in `pull` too"),
        (
            {
                "fields": {"Phone": BOTH},
                "push": {"entity": "company", "fields": {"Phone": "region"}},
            },
            "is in `push.fields` too",
        ),
        ({"fields": {"Phone": {"column": "phone", "drift": "flag"}}}, "the direction is `pull`"),
        (
            {"fields": {"Phone": {**BOTH, "direction": "push", "authority": "crm"}}},
            "the direction is `push`",
        ),
        ({"fields": {"Phone": {**BOTH, "direction": "there"}}}, "'pull', 'push' or 'both'"),
        (
            {"fields": {"Type": {**BOTH, "values": {"A": "partner", "B": "partner"}}}},
            "several values stand for 'partner'",
        ),
        ({"fields": {"Phone": {**BOTH, "value": "x"}}}, "Extra inputs are not permitted"),
    ],
)
def test_what_contradicts_itself_is_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        _mapping(**keys)
