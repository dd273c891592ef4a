"""Promises about taking records away: they are gone, a second time does no harm, what somebody
has changed since the plan stays, few calls."""

# ruff: noqa: S101 - these are tests
from collections.abc import Sequence
from dataclasses import replace
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

    def test_what_somebody_changed_since_the_plan_is_stale_and_the_rest_goes(
        self, rig: RemovingRig
    ) -> None:
        first, second, third = rig.seed(3)
        changes = _planned(rig, [first, second, third])
        rig.touch(second, "Theirs by now")
        outcomes = {one.change_id: one for one in rig.connector().apply(changes)}
        assert {name: outcome.status for name, outcome in outcomes.items()} == {
            "c1": "applied",
            "c2": "stale",
            "c3": "applied",
        }
        assert outcomes["c2"].record_id == second
        assert "Theirs by now" in outcomes["c2"].message
        assert outcomes["c2"].remedy
        rig.wait(1)
        assert present(rig) == [second]
        assert rig.text_of(second) == "Theirs by now"

    def test_what_is_gone_already_is_deleted_whatever_it_said(self, rig: RemovingRig) -> None:
        first, second = rig.seed(2)
        changes = _planned(rig, [first, second])
        rig.delete(first)
        assert [one.status for one in rig.connector().apply(changes)] == ["applied"] * 2

    def test_a_person_s_record_is_erased_whatever_it_says_by_now(self, rig: RemovingRig) -> None:
        [record] = rig.seed(1)
        changes = _planned(rig, [record], "erase")
        rig.touch(record, "Theirs by now")
        assert [one.status for one in rig.connector().apply(changes)] == ["applied"]
        rig.wait(1)
        assert present(rig) == []

    def test_the_calls_told_of_deleting_are_those_then_used(self, rig: RemovingRig) -> None:
        records, obj = rig.seed(205), rig.spec.name
        connector = rig.connector()
        told = connector.opening_calls([(obj, "delete")], anew=True)
        told += connector.write_calls(obj, len(records), "delete")
        told += connector.compare_calls(obj, len(records), asked=True)
        before = rig.requests()
        outcomes = connector.apply(_planned(rig, records))
        assert {outcome.status for outcome in outcomes} == {"applied"}
        assert rig.requests() - before == told == connector.calls.used

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


def _planned(rig: RemovingRig, records: Sequence[str], op: Operation = "delete") -> list[Change]:
    """Removals of seeded records that ask to be held against what these said when planned."""
    return [
        replace(
            _removal(rig, f"c{n}", one, op),
            before={rig.spec.fields[0]: f"Account {n}"},
            compare=True,
        )
        for n, one in enumerate(records, 1)
    ]
