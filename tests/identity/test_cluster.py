"""Nodes, components too large to trust, and profiles that say too little."""

from itertools import combinations

import polars as pl

from hub.identity.cluster import LARGEST, Links, Weights, group_rows
from hub.identity.ids import Row


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

    def score(pairs: pl.DataFrame) -> Weights:
        return {pair: known.get(pair, -900) for pair in pairs.iter_rows()}

    def ends(pairs: tuple[tuple[str, str], ...]) -> list[tuple[Row, Row]]:
        return [(("s", "o", a), ("s", "o", b)) for a, b in pairs]

    linked = {pair: w for pair, w in known.items() if w > 0 and pair[0] != pair[1]}
    links = Links(ends(same), ends(different))
    return [" ".join(r for _, _, r in group) for group in group_rows(rows, linked, links, score)]


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
