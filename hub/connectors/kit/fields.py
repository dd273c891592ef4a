"""Promises about fields: a schema that changes, and values that change without a trace."""

# ruff: noqa: S101 - these are tests
import pytest

from hub.connectors.kit.reading import ids, pulled
from hub.connectors.kit.rigs import SchemaRig, VolatileRig
from hub.errors import SchemaChanged


class SchemaPromises:
    """A connector to a system whose fields can change. Needs a SchemaRig."""

    def test_a_new_field_is_described_and_does_no_harm(self, rig: SchemaRig) -> None:
        expected = rig.seed(1)
        rig.add_field("brand_new")
        connector = rig.connector()
        names = {shape.name.lower() for shape in connector.describe(rig.spec.name)}
        assert [name for name in names if name.startswith("brand_new")] != []
        assert ids(connector.pull(rig.spec, None)) == expected

    def test_a_field_that_vanished_is_named_and_no_longer_described(self, rig: SchemaRig) -> None:
        rig.seed(1)
        gone = rig.spec.fields[-1]
        rig.drop_field(gone)
        connector = rig.connector()
        assert gone not in {shape.name for shape in connector.describe(rig.spec.name)}
        with pytest.raises(SchemaChanged, match=gone) as caught:
            list(connector.pull(rig.spec, None))
        assert caught.value.remedy


class VolatilePromises:
    """A connector to a system with fields that change without a trace. Needs a VolatileRig."""

    def test_volatile_fields_are_told_and_read_again(self, rig: VolatileRig) -> None:
        expected = rig.seed(5)
        _, cursor = pulled(rig)
        rig.wait(60)
        name, text = rig.change_silently(expected[2])
        assert expected[2] not in ids(pulled(rig, cursor)[0])
        connector = rig.connector()
        fields = connector.volatile_fields(rig.volatile_spec)
        assert name in fields
        assert set(fields) <= set(rig.volatile_spec.fields)
        told: dict[str, str | None] = {}
        for part in connector.volatile(rig.volatile_spec, expected):
            assert part.columns == ["record_id", *fields]
            assert {str(kind) for kind in part.dtypes} == {"String"}
            told |= dict(part.select("record_id", name).iter_rows())
        assert set(told) == set(expected)
        assert told[expected[2]] == text
