"""Nodes, components too large to trust, and profiles that say too little."""

from itertools import combinations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.identity.cluster import Links, group_rows
from hub.identity.graph import FORBIDDEN
from hub.identity.ids import Row
from hub.identity.tangled import LARGEST, Weights, group_tangled


def mentions(**profiles: int) -> pl.DataFrame:
    names = sorted(profiles)
    return pl.DataFrame(
        {
            "system": ["s"] * len(names),
            "object": ["o"] * len(names),
            "record_id": names,
            "profile": [profiles[name] for name in names],
        }
    )


def grouped(
    rows: pl.DataFrame,
    known: Weights,
    *,
    same: tuple[tuple[str, str], ...] = (),
    different: tuple[tuple[str, str], ...] = (),
) -> list[str]:
    """Groups as space-separated record ids."""

    def score(pairs: pl.DataFrame) -> pl.DataFrame:
        told = [known.get(pair, -900) for pair in pairs.iter_rows()]
        return pairs.with_columns(score=pl.Series(told, dtype=pl.Int64))

    def ends(pairs: tuple[tuple[str, str], ...]) -> list[tuple[Row, Row]]:
        return [(("s", "o", a), ("s", "o", b)) for a, b in pairs]

    linked = pl.DataFrame(
        [(*pair, w) for pair, w in known.items() if w > 0 and pair[0] != pair[1]],
        schema={"left": pl.Int64, "right": pl.Int64, "score": pl.Int64},
        orient="row",
    )
    found = group_rows(rows, linked, Links(ends(same), ends(different)), score)
    groups = found.group_by("group", maintain_order=True).agg(pl.col("record_id").str.join(" "))
    return groups["record_id"].to_list()


def test_rows_of_one_telling_profile_are_one() -> None:
    assert grouped(mentions(a=1, b=1, c=2), {(1, 1): 500}) == ["a b", "c"]


def test_rows_of_a_profile_that_says_too_little_stay_apart() -> None:
    assert grouped(mentions(a=1, b=1), {(1, 1): -100}) == ["a", "b"]


def test_judged_rows_of_one_profile_part_and_the_others_stay() -> None:
    found = grouped(mentions(a=1, b=1, c=1), {(1, 1): 500}, different=(("a", "b"),))
    assert found == ["a c", "b"]


def test_a_profile_too_poor_for_its_many_rows_is_linked_to_nothing() -> None:
    many = mentions(**{f"r{n:03}": 1 for n in range(70)}, z=2)
    assert len(grouped(many, {(1, 1): -100, (1, 2): 300})) == 71


def test_a_component_too_large_is_cut_at_its_weakest_edges() -> None:
    half = LARGEST * 2 // 3
    rows = mentions(**{f"r{n:04}": n for n in range(2 * half)})
    ring = {(n, n + 1): 400 for n in range(2 * half - 1)}
    ring[half - 1, half] = 10
    alike = dict.fromkeys(combinations(range(half), 2), 400)
    alike |= {(a + half, b + half): 400 for a, b in alike}
    assert [len(group.split()) for group in grouped(rows, {**alike, **ring})] == [half, half]


def test_a_must_link_joins_what_nothing_else_does() -> None:
    assert grouped(mentions(a=1, b=2), {}, same=(("a", "b"),)) == ["a b"]


profiles = st.dictionaries(st.sampled_from("abcdefghijkl"), st.integers(0, 6), min_size=1)
said = st.dictionaries(
    st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda pair: pair[0] <= pair[1]),
    st.sampled_from((FORBIDDEN, -400, -100, 0, 50, 100, 300)),
)
pairs_of_rows = st.lists(
    st.tuples(st.sampled_from("abcdefghijkl"), st.sampled_from("abcdefghijkl")).filter(
        lambda pair: pair[0] != pair[1]
    ),
    max_size=2,
)


@settings(max_examples=150)
@given(profiles=profiles, said=said, same=pairs_of_rows, different=pairs_of_rows)
def test_columns_group_as_weighing_row_by_row_does(
    profiles: dict[str, int],
    said: Weights,
    same: list[tuple[str, str]],
    different: list[tuple[str, str]],
) -> None:
    rows = mentions(**profiles)
    known = {pair: w for pair, w in said.items() if set(pair) <= set(profiles.values())}
    tied, apart = (
        tuple((a, b) for a, b in pairs if a in profiles and b in profiles)
        for pairs in (same, different)
    )

    def weights(pairs: pl.DataFrame) -> Weights:
        return {pair: known.get(pair, -900) for pair in pairs.iter_rows()}

    shared = {p for p in profiles.values() if [*profiles.values()].count(p) > 1}
    by_row = group_tangled(
        rows,
        {pair: w for pair, w in known.items() if w > 0 and pair[0] != pair[1]},
        {(p, p): known.get((p, p), -900) for p in shared},
        [(("s", "o", a), ("s", "o", b)) for a, b in tied],
        [(("s", "o", a), ("s", "o", b)) for a, b in apart],
        weights,
    )
    expected = [" ".join(r for _, _, r in group) for group in by_row]
    assert grouped(rows, known, same=tied, different=apart) == expected
