"""Promises about taking records away: they are gone, a second time does no harm, few calls."""

# ruff: noqa: S101 - these are tests
from typing import Protocol

from hub.connectors.contract import Change, Operation
from hub.connectors.kit.leaving import present
from hub.connectors.kit.reading import MOST_CALLS, flags, pulled
from hub.connectors.kit.rigs import DeletingRig, WritingRig


class RemovingRig(DeletingRig, WritingRig, Protocol):
    """A system that lets the hub delete records of the rig's object."""


class RemovalPromises:
    """A connector that deletes. Needs a RemovingRig."""

    def test_a_deleted_record_is_gone_and_the_others_stay(self, rig: RemovingRig) -> None:
        first, second, third = rig.seed(3)
        _, cursor = pulled(rig)
        rig.wait(60)
        outcomes = list(rig.connector().apply([_removal(rig, "c1", second)]))
        assert [(o.change_id, o.status, o.record_id) for o in outcomes] == [
            ("c1", "applied", second)
        ]
        rig.wait(1)
        assert sorted(present(rig)) == [first, third]
        assert flags(pulled(rig, cursor)[0]) == {second: ("true", None)}

    def test_a_deleted_record_can_be_brought_back_there(self, rig: RemovingRig) -> None:
        [record] = rig.seed(1)
        list(rig.connector().apply([_removal(rig, "c1", record)]))
        rig.restore(record)
        rig.wait(1)
        assert present(rig) == [record]
        assert rig.text_of(record) == "Account 1"

    def test_an_erased_record_is_gone(self, rig: RemovingRig) -> None:
        first, second = rig.seed(2)
        [outcome] = rig.connector().apply([_removal(rig, "c1", first, "erase")])
        assert (outcome.status, outcome.record_id) == ("applied", first)
        rig.wait(1)
        assert present(rig) == [second]

    def test_what_is_gone_already_is_as_good_as_deleted(self, rig: RemovingRig) -> None:
        [record] = rig.seed(1)
        changes = [_removal(rig, "c1", record), _removal(rig, "c2", rig.unknown_id)]
        for _ in range(2):
            outcomes = list(rig.connector().apply(changes))
            assert outcomes[0].status == "applied"
            assert outcomes[1].status in {"applied", "stale"}

    def test_a_delete_whose_answer_was_lost_is_applied(self, rig: RemovingRig) -> None:
        [record] = rig.seed(1)
        rig.fail("removals", 0, committed=True)
        [outcome] = rig.connector().apply([_removal(rig, "c1", record)])
        assert outcome.status == "applied"
        rig.wait(1)
        assert present(rig) == []

    def test_the_calls_of_deleting_are_counted_and_near_the_minimum(self, rig: RemovingRig) -> None:
        records = rig.seed(205)
        connector = rig.connector()
        list(connector.pull(rig.spec, None))
        changes = [_removal(rig, f"c{n}", one) for n, one in enumerate(records)]
        assert {outcome.status for outcome in connector.apply(changes)} == {"applied"}
        assert connector.calls.used == rig.requests()
        assert connector.calls.used <= MOST_CALLS * connector.calls.minimum
        assert 0 < connector.write_calls(rig.spec.name, 205, "delete") <= connector.calls.writes


def _removal(rig: RemovingRig, change_id: str, record_id: str, op: Operation = "delete") -> Change:
    return Change(change_id, rig.spec.name, op, {}, record_id)
