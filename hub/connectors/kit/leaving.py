"""Promises about records that leave: deleted, merged into another one, or hidden from our user."""

# ruff: noqa: S101 - these are tests
from hub.connectors.kit.reading import flags, ids, pulled, texts
from hub.connectors.kit.rigs import DeletingRig, HidingRig, MergingRig, Rig


def present(rig: Rig) -> list[str]:
    return [one for part in rig.connector().present(rig.spec) for one in part]


class DeletionPromises:
    """A connector that tells of deletions. Needs a DeletingRig."""

    def test_a_deleted_record_arrives_flagged(self, rig: DeletingRig) -> None:
        expected = rig.seed(5)
        _, cursor = pulled(rig)
        rig.wait(60)
        rig.delete(expected[1])
        rig.wait(1)
        batches, _ = pulled(rig, cursor)
        assert flags(batches) == {expected[1]: ("true", None)}

    def test_a_deleted_record_is_neither_present_nor_fetched_but_traced(
        self, rig: DeletingRig
    ) -> None:
        expected = rig.seed(5)
        rig.delete(expected[1])
        rig.wait(1)
        assert sorted(present(rig)) == sorted(one for one in expected if one != expected[1])
        assert ids(rig.connector().fetch(rig.spec, [expected[1]])) == []
        traced = list(rig.connector().trace(rig.spec, [expected[1]]))
        assert flags(traced) == {expected[1]: ("true", None)}

    def test_a_restored_record_comes_back_as_it_is(self, rig: DeletingRig) -> None:
        expected = rig.seed(3)
        rig.delete(expected[1])
        rig.wait(60)
        _, cursor = pulled(rig)
        rig.wait(60)
        rig.restore(expected[1])
        rig.wait(1)
        batches, _ = pulled(rig, cursor)
        assert flags(batches)[expected[1]] == ("false", None)
        assert texts(batches, rig.spec)[expected[1]] == "Account 2"
        assert sorted(present(rig)) == sorted(expected)


class MergePromises:
    """A connector that tells of merges. Needs a MergingRig."""

    def test_merged_records_name_the_one_that_is_left_at_the_end(self, rig: MergingRig) -> None:
        first, second, third = rig.seed(3)
        _, cursor = pulled(rig)
        rig.wait(60)
        middle = rig.merge(second, first)
        rig.wait(1)
        last = rig.merge(third, middle)
        rig.wait(1)
        gone = {first, second, third} - {last}
        traced = flags(rig.connector().trace(rig.spec, sorted(gone)))
        assert traced == dict.fromkeys(gone, ("true", last))
        increment = flags(pulled(rig, cursor)[0])
        assert {one: increment.get(one) for one in gone} == traced
        assert present(rig) == [last]


class HidingPromises:
    """A connector to a system that hides records. Needs a HidingRig."""

    def test_a_hidden_record_is_not_present_and_nothing_is_said_of_it(self, rig: HidingRig) -> None:
        expected = rig.seed(5)
        _, cursor = pulled(rig)
        rig.wait(60)
        rig.hide(expected[1])
        assert sorted(present(rig)) == sorted(one for one in expected if one != expected[1])
        assert ids(rig.connector().trace(rig.spec, [expected[1]])) == []
        assert expected[1] not in ids(pulled(rig, cursor)[0])

    def test_a_record_shown_again_is_present(self, rig: HidingRig) -> None:
        expected = rig.seed(3)
        rig.hide(expected[1])
        rig.show(expected[1])
        assert sorted(present(rig)) == sorted(expected)
