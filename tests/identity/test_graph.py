"""Greedy contraction: evidence is summed, links hold, the order of what is given is nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.identity.graph import FORBIDDEN, components, contract

CHAIN = {(0, 1): 300, (1, 2): 300, (0, 2): -700}


def test_a_chain_is_cut_where_its_ends_speak_against_each_other() -> None:
    assert contract(range(3), CHAIN) == [[0, 1], [2]]


def test_summed_evidence_outweighs_one_doubtful_pair() -> None:
    weights = {(0, 1): 300, (1, 2): 300, (0, 2): -100}
    assert contract(range(3), weights) == [[0, 1, 2]]


def test_a_must_link_holds_against_all_evidence() -> None:
    assert contract(range(2), {(0, 1): -900}, [(0, 1)]) == [[0, 1]]


def test_a_must_link_holds_against_a_veto_between_its_ends() -> None:
    assert contract(range(2), {(0, 1): FORBIDDEN}, [(0, 1)]) == [[0, 1]]


def test_a_forbidden_pair_is_not_joined_through_a_third() -> None:
    weights = {(0, 1): 900, (1, 2): 800, (0, 2): FORBIDDEN}
    assert contract(range(3), weights) == [[0, 1], [2]]


def test_what_one_linked_node_may_not_join_none_of_them_may() -> None:
    weights = {(0, 2): FORBIDDEN, (1, 2): 900}
    assert contract(range(3), weights, [(0, 1)]) == [[0, 1], [2]]


def test_components_hold_lone_nodes_too() -> None:
    assert components(range(5), [(3, 1), (1, 0)]) == [[0, 1, 3], [2], [4]]


pairs = st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda p: p[0] < p[1])
graphs = st.dictionaries(pairs, st.sampled_from((FORBIDDEN, -400, -100, 50, 100, 300)))


@settings(max_examples=300)
@given(weights=graphs, joined=st.lists(pairs, max_size=3), data=st.data())
def test_links_hold_and_order_does_not_matter(
    weights: dict[tuple[int, int], int], joined: list[tuple[int, int]], data: st.DataObject
) -> None:
    found = contract(range(8), weights, joined)
    shuffled = dict(data.draw(st.permutations(list(weights.items()))))
    assert contract(reversed(range(8)), shuffled, reversed(joined)) == found
    group = {node: n for n, members in enumerate(found) for node in members}
    assert sorted(group) == list(range(8))
    assert all(group[a] == group[b] for a, b in joined)
    if not joined:
        assert all(group[a] != group[b] for (a, b), w in weights.items() if w == FORBIDDEN)
