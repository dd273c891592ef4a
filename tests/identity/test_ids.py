"""Which group keeps which id, and what is told about the others."""

from hub.identity.ids import Assignment, Event, Row, assign, keep_ids


def rows(*names: str) -> list[Row]:
    return [("s", "o", name) for name in names]


def before(**ids: str) -> dict[Row, str]:
    return {("s", "o", name): hub_id for name, hub_id in ids.items()}


def assigned(
    parts: list[list[Row]], was: dict[Row, str], revivable: dict[Row, str] | None = None
) -> Assignment:
    return assign(parts, was, revivable or {}, lambda n: [f"new_{k}" for k in range(n)])


def told(outcome: Assignment) -> list[tuple[str, str, str | None]]:
    return [(event.kind, event.hub_id, event.other_id) for event in outcome.events]


def test_the_larger_overlap_keeps_the_id() -> None:
    was = before(a="X", b="X", c="X", d="X")
    assert keep_ids([rows("a"), rows("b", "c", "d")], was) == [None, "X"]


def test_of_equal_overlaps_the_more_alike_group_keeps_the_id() -> None:
    was = before(a="X", b="X")
    assert keep_ids([rows("a", "n", "m"), rows("b")], was) == [None, "X"]


def test_of_equal_ids_the_older_is_kept() -> None:
    assert keep_ids([rows("a", "b")], before(a="co_100000000", b="co_99999999")) == ["co_99999999"]


def test_a_merge_leaves_an_alias() -> None:
    outcome = assigned([rows("a", "b", "c")], before(a="X", b="X", c="Y"))
    assert outcome.aliases == {"Y": "X"}
    assert outcome.events == [Event("merge", "X", "Y", (("s", "o", "c"),))]


def test_a_split_mints_for_the_smaller_part() -> None:
    outcome = assigned([rows("a", "b"), rows("c")], before(a="X", b="X", c="X"))
    assert outcome.ids == {**before(a="X", b="X"), ("s", "o", "c"): "new_0"}
    assert told(outcome) == [("mint", "new_0", None), ("split", "X", "new_0")]


def test_an_id_whose_rows_went_two_ways_answers_where_most_went() -> None:
    was = before(a="X", b="X", c="X", p="P", q="P", r="P", s="Q", t="Q")
    outcome = assigned([rows("a", "b", "p", "q", "r"), rows("c", "s", "t")], was)
    assert outcome.aliases == {"X": "P"}
    assert told(outcome) == [("merge", "P", "X"), ("split", "X", "Q")]


def test_an_id_without_rows_is_retired() -> None:
    outcome = assigned([], before(a="X"))
    assert outcome.aliases == {}
    assert told(outcome) == [("retire", "X", None)]


def test_a_retired_id_comes_back_with_most_of_its_rows() -> None:
    outcome = assigned([rows("a", "b"), rows("c")], {}, before(a="X", b="X", c="X"))
    assert outcome.ids == {**before(a="X", b="X"), ("s", "o", "c"): "new_0"}
    assert told(outcome) == [("revive", "X", None), ("mint", "new_0", None)]


def test_nothing_is_told_of_what_did_not_change() -> None:
    assert assigned([rows("a", "b")], before(a="X", b="X")).events == []
