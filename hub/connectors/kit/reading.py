"""Promises about reading: rows, pages, cursors, records by id, and the calls it takes."""

# ruff: noqa: S101 - these are tests
import re
from collections.abc import Iterable
from typing import Any

import pytest

from hub.connectors.contract import RESERVED, Batch, FieldKind, ObjectSpec
from hub.connectors.kit.rigs import ChangingRig, Rig
from hub.errors import SchemaChanged, StopSync

_FORMS: dict[FieldKind, str] = {
    "number": r"-?(0|[1-9]\d*)(\.\d*[1-9])?\Z",
    "boolean": r"(true|false)\Z",
    "date": r"\d{4}-\d\d-\d\d\Z",
    "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z",
}
MOST_CALLS = 1.10
"""Times the computed minimum: what a connector may use at most."""


def ids(batches: Iterable[Batch]) -> list[str]:
    """Record ids in the order of reading."""
    return [record_id for batch in batches for record_id in batch.rows["record_id"]]


def pulled(rig: Rig, cursor: str | None = None, **settings: Any) -> tuple[list[Batch], str]:
    """A whole pull by a new connector, and the cursor after it."""
    connector = rig.connector(**settings)
    batches = list(connector.pull(rig.spec, cursor))
    connector.close()
    last = next((b.cursor for b in reversed(batches) if b.cursor is not None), None)
    assert last is not None, "a pull ends without a cursor"
    return batches, last


def flags(batches: Iterable[Batch]) -> dict[str, tuple[str, str | None]]:
    """Record id → what its last row says of its deletion and its merge."""
    told = {}
    for batch in batches:
        for row in batch.rows.select(RESERVED).iter_rows(named=True):
            told[row["record_id"]] = (row["is_deleted"], row["merged_into"])
    return told


def texts(batches: Iterable[Batch], spec: ObjectSpec) -> dict[str, str | None]:
    """Record id → the first field in its last row."""
    return {
        record_id: text
        for batch in batches
        for record_id, text in batch.rows.select("record_id", spec.fields[0]).iter_rows()
    }


class ConnectorPromises:
    """What every connector promises, whatever it speaks to. Needs a Rig."""

    def test_a_connector_that_was_not_used_has_sent_nothing(self, rig: Rig) -> None:
        connector = rig.connector()
        connector.close()
        assert rig.requests() == 0
        assert (connector.calls.used, connector.calls.minimum) == (0, 0)

    def test_rows_are_text_with_the_reserved_columns_first(self, rig: Rig) -> None:
        [record_id] = rig.seed(1)
        batches = [b for b in rig.connector().pull(rig.spec, None) if b.rows.height]
        [batch] = batches
        assert batch.rows.columns == [*RESERVED, *rig.spec.fields]
        assert {str(kind) for kind in batch.rows.dtypes} == {"String"}
        row = batch.rows.row(0, named=True)
        assert (row["record_id"], row["is_deleted"], row["merged_into"]) == (
            record_id,
            "false",
            None,
        )
        assert row[rig.spec.fields[0]] == "Account 1"

    def test_text_is_canonical(self, rig: Rig) -> None:
        rig.seed(3)
        connector = rig.connector()
        kinds = {shape.name: shape.kind for shape in connector.describe(rig.spec.name)}
        for batch in connector.pull(rig.spec, None):
            for moment in batch.rows["modified_at"].drop_nulls():
                assert re.match(_FORMS["datetime"], moment)
            for name in rig.spec.fields:
                form = _FORMS.get(kinds[name], r"(?s).+")
                values = batch.rows[name].drop_nulls().to_list()
                assert [value for value in values if not re.match(form, value)] == []

    def test_every_record_is_read_once_by_a_full_pull(self, rig: Rig) -> None:
        expected = rig.seed(23)
        read = ids(rig.connector().pull(rig.spec, None))
        assert sorted(read) == sorted(expected)

    def test_an_object_without_records_has_no_rows(self, rig: Rig) -> None:
        assert ids(rig.connector().pull(rig.spec, None)) == []

    def test_the_calls_of_a_pull_are_counted_and_near_the_minimum(self, rig: Rig) -> None:
        rig.seed(250)
        connector = rig.connector()
        assert len(ids(connector.pull(rig.spec, None))) == 250
        assert connector.calls.used == rig.requests()
        assert connector.calls.minimum <= connector.calls.used
        assert connector.calls.used <= MOST_CALLS * connector.calls.minimum

    def test_a_field_that_is_not_there_is_named(self, rig: Rig) -> None:
        rig.seed(1)
        spec = ObjectSpec(rig.spec.name, (*rig.spec.fields, "no_such_field"))
        with pytest.raises(SchemaChanged, match="no_such_field") as caught:
            list(rig.connector().pull(spec, None))
        assert caught.value.remedy

    def test_a_cursor_that_cannot_be_read_says_what_to_do(self, rig: Rig) -> None:
        with pytest.raises(StopSync) as caught:
            list(rig.connector().pull(rig.spec, "no cursor of ours"))
        assert "hub sync --full" in caught.value.remedy

    def test_the_fields_are_described(self, rig: Rig) -> None:
        rig.seed(1)
        shapes = list(rig.connector().describe(rig.spec.name))
        names = [shape.name for shape in shapes]
        assert set(rig.spec.fields) <= set(names)
        assert len(names) == len(set(names))

    def test_preflight_of_a_system_in_order_finds_nothing_wrong(self, rig: Rig) -> None:
        rig.seed(1)
        findings = rig.connector().preflight([rig.spec])
        assert [finding for finding in findings if finding.severity == "error"] == []
        assert rig.spec.name in {finding.subject for finding in findings}

    def test_preflight_names_what_is_wrong_and_the_way_out(self, rig: Rig) -> None:
        rig.seed(1)
        spec = ObjectSpec(rig.spec.name, (*rig.spec.fields, "no_such_field"))
        [problem] = [f for f in rig.connector().preflight([spec]) if f.severity == "error"]
        assert problem.subject == rig.spec.name
        assert "no_such_field" in problem.message
        assert problem.remedy


class IncrementPromises:
    """A connector that reads what changed since. Needs a ChangingRig."""

    def test_a_pull_ends_with_a_cursor_even_without_rows(self, rig: ChangingRig) -> None:
        batches, _ = pulled(rig)
        assert ids(batches) == []

    def test_an_increment_reads_only_what_changed_since(self, rig: ChangingRig) -> None:
        expected = rig.seed(10)
        _, cursor = pulled(rig)
        rig.wait(60)
        rig.touch(expected[2], "Renamed")
        rig.wait(15)
        batches, cursor = pulled(rig, cursor)
        assert ids(batches) == [expected[2]]
        assert texts(batches, rig.spec) == {expected[2]: "Renamed"}
        rig.wait(60)
        assert ids(pulled(rig, cursor)[0]) == []

    def test_what_changed_shortly_before_a_pull_is_read_again_by_the_next(
        self, rig: ChangingRig
    ) -> None:
        expected = rig.seed(10)
        rig.touch(expected[3], "Renamed")
        rig.wait(4)
        _, cursor = pulled(rig, overlap_minutes=10)
        rig.wait(60)
        assert ids(pulled(rig, cursor, overlap_minutes=10)[0]) == [expected[3]]

    def test_the_watermark_never_moves_backwards(self, rig: ChangingRig) -> None:
        rig.seed(3)
        _, first = pulled(rig, overlap_minutes=0)
        _, second = pulled(rig, first, overlap_minutes=3 * 24 * 60)
        rig.wait(60)
        assert ids(pulled(rig, second, overlap_minutes=0)[0]) == []

    def test_a_change_in_mid_pull_is_seen_by_it_or_by_the_next(self, rig: ChangingRig) -> None:
        expected = rig.seed(23)
        batches = rig.connector().pull(rig.spec, None)
        read = [next(batches)]
        rig.touch(expected[0], "Renamed")
        read += batches
        cursor = next(b.cursor for b in reversed(read) if b.cursor is not None)
        rig.wait(60)
        read += pulled(rig, cursor)[0]
        assert set(expected) == set(ids(read))
        assert texts(read, rig.spec)[expected[0]] == "Renamed"

    def test_named_records_are_read_as_they_are_and_unknown_ones_left_out(
        self, rig: ChangingRig
    ) -> None:
        expected = rig.seed(5)
        rig.touch(expected[1], "Renamed")
        batches = list(rig.connector().fetch(rig.spec, [expected[1], expected[4]]))
        assert texts(batches, rig.spec) == {expected[1]: "Renamed", expected[4]: "Account 5"}
        assert {batch.cursor for batch in batches} == {None}

    def test_present_are_the_ids_of_all_records_each_once(self, rig: ChangingRig) -> None:
        expected = rig.seed(250)
        connector = rig.connector()
        told = [record_id for part in connector.present(rig.spec) for record_id in part]
        assert sorted(told) == sorted(expected)
        assert connector.calls.used == rig.requests()
        assert connector.calls.used <= MOST_CALLS * connector.calls.minimum

    def test_a_record_that_is_there_after_all_is_traced_as_it_is(self, rig: ChangingRig) -> None:
        expected = rig.seed(3)
        batches = list(rig.connector().trace(rig.spec, [expected[1]]))
        assert flags(batches) == {expected[1]: ("false", None)}
        assert {batch.cursor for batch in batches} == {None}
