"""Promises about writing: one outcome per change, no record twice, no more calls than it takes."""

# ruff: noqa: S101 - these are tests
from dataclasses import replace

from hub.connectors.kit.reading import MOST_CALLS, flags, pulled
from hub.connectors.kit.rigs import WritingRig


class WritingPromises:
    """A connector that writes. Needs a WritingRig."""

    def test_each_change_has_one_outcome_of_its_own(self, rig: WritingRig) -> None:
        first, second, third = rig.seed(3)
        changes = [
            rig.update("c1", first, "New name"),
            rig.invalid("c2", second),
            rig.update("c3", rig.unknown_id, "New name"),
            rig.create("c4", "key-1"),
            rig.update("c5", third, "Other name"),
        ]
        told = list(rig.connector().apply(changes))
        outcomes = {outcome.change_id: outcome for outcome in told}
        assert len(told) == len(changes)
        assert {name: outcome.status for name, outcome in outcomes.items()} == {
            "c1": "applied",
            "c2": "rejected",
            "c3": "stale",
            "c4": "applied",
            "c5": "applied",
        }
        assert outcomes["c1"].record_id == first
        assert [outcomes["c4"].record_id] == rig.created("key-1")
        for refused in ("c2", "c3"):
            assert outcomes[refused].message
            assert outcomes[refused].remedy
        assert [rig.text_of(one) for one in (first, second, third)] == [
            "New name",
            "Account 2",
            "Other name",
        ]

    def test_null_empties_a_field(self, rig: WritingRig) -> None:
        [made] = [o.record_id for o in rig.connector().apply([rig.create("c1", "key-1")])]
        assert made is not None
        assert not rig.is_cleared(made)
        [outcome] = rig.connector().apply([rig.clear("c2", made)])
        assert outcome.status == "applied"
        assert rig.is_cleared(made)

    def test_the_same_create_applied_twice_makes_one_record(self, rig: WritingRig) -> None:
        for _ in range(2):
            [outcome] = rig.connector().apply([rig.create("c1", "key-1")])
            assert outcome.status == "applied"
            rig.wait(1)
        assert rig.created("key-1") == [outcome.record_id]

    def test_a_create_whose_answer_was_lost_makes_one_record(self, rig: WritingRig) -> None:
        rig.fail("writes", 0, committed=True)
        [outcome] = rig.connector().apply([rig.create("c1", "key-1")])
        assert outcome.status == "applied"
        assert rig.created("key-1") == [outcome.record_id]

    def test_a_passing_failure_while_writing_is_waited_out(self, rig: WritingRig) -> None:
        [record] = rig.seed(1)
        rig.fail("writes", 503, times=2)
        [outcome] = rig.connector().apply([rig.update("c1", record, "New name")])
        assert outcome.status == "applied"
        assert rig.text_of(record) == "New name"

    def test_what_somebody_changed_since_the_plan_is_stale_and_the_rest_lands(
        self, rig: WritingRig
    ) -> None:
        records = rig.seed(3)
        changes = [
            replace(change, before=dict.fromkeys(change.fields, f"Account {n}"), compare=True)
            for n, one in enumerate(records, 1)
            for change in [rig.update(f"c{n}", one, "Ours")]
        ]
        rig.touch(records[1], "Theirs by now")
        outcomes = {one.change_id: one for one in rig.connector().apply(changes)}
        assert [outcomes[change.id].status for change in changes] == ["applied", "stale", "applied"]
        assert "Theirs by now" in outcomes["c2"].message
        assert outcomes["c2"].remedy
        assert [rig.text_of(one) for one in records] == ["Ours", "Theirs by now", "Ours"]

    def test_two_changes_to_one_record_are_written_in_their_order(self, rig: WritingRig) -> None:
        [record] = rig.seed(1)
        changes = [rig.update("c1", record, "First"), rig.update("c2", record, "Second")]
        assert [outcome.status for outcome in rig.connector().apply(changes)] == ["applied"] * 2
        assert rig.text_of(record) == "Second"

    def test_when_the_system_goes_away_what_is_left_is_pending(self, rig: WritingRig) -> None:
        records = rig.seed(12)
        changes = [rig.update(f"c{n}", one, "New") for n, one in enumerate(records)]
        rig.fail("writes", 503, times=10_000)
        outcomes = list(rig.connector().apply(changes))
        assert [outcome.change_id for outcome in outcomes] == [change.id for change in changes]
        assert {(outcome.status, outcome.code) for outcome in outcomes} == {
            ("pending", "unreachable")
        }
        rig.heal()
        again = list(rig.connector().apply(changes))
        assert {outcome.status for outcome in again} == {"applied"}
        assert [rig.text_of(one) for one in records] == ["New"] * 12

    def test_what_was_written_comes_back_in_the_next_increment(self, rig: WritingRig) -> None:
        records = rig.seed(3)
        _, cursor = pulled(rig)
        rig.wait(60)
        list(rig.connector().apply([rig.update("c1", records[1], "New name")]))
        rig.wait(1)
        assert flags(pulled(rig, cursor)[0]) == {records[1]: ("false", None)}

    def test_the_calls_of_writing_are_counted_and_near_the_minimum(self, rig: WritingRig) -> None:
        records = rig.seed(205)
        connector = rig.connector()
        list(connector.pull(rig.spec, None))
        changes = [rig.update(f"c{n}", one, "New") for n, one in enumerate(records)]
        outcomes = [*connector.apply(changes), *connector.apply([rig.create("made", "key-1")])]
        assert {outcome.status for outcome in outcomes} == {"applied"}
        assert connector.calls.used == rig.requests()
        assert connector.calls.used <= MOST_CALLS * connector.calls.minimum
        assert 0 < connector.write_calls(rig.spec.name, 205) <= connector.calls.writes

    def test_the_calls_told_beforehand_are_those_then_used(self, rig: WritingRig) -> None:
        records, obj = rig.seed(205), rig.spec.name
        connector = rig.connector()
        told = connector.opening_calls([(obj, "update")], anew=False)
        assert told == connector.opening_calls([(obj, "update")], anew=True)
        told += connector.write_calls(obj, len(records), "update")
        told += connector.compare_calls(obj, len(records), asked=True)
        before = rig.requests()
        updates = [
            (change, dict.fromkeys(change.fields, f"Account {n}"))
            for n, one in enumerate(records, 1)
            for change in [rig.update(f"c{n}", one, "New")]
        ]
        changes = [replace(change, before=said, compare=True) for change, said in updates]
        assert {outcome.status for outcome in connector.apply(changes)} == {"applied"}
        assert rig.requests() - before == told
        assert connector.opening_calls([(obj, "update")], anew=False) == 0
