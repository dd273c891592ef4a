"""Damaged reports: no crash, no number that was not sold, every line accounted for."""

from hypothesis import given, settings
from hypothesis import strategies as st

from soak.damaged import Case, Outcome, examine
from soak.reports import DAMAGES, MAKERS

_cases = st.builds(
    Case,
    seed=st.integers(0, 2**32 - 1),
    form=st.sampled_from(sorted(MAKERS)),
    damages=st.lists(st.sampled_from(sorted(DAMAGES)), max_size=2).map(tuple),
)


@settings(max_examples=100)
@given(st.lists(_cases, min_size=50, max_size=50))
def test_whatever_is_done_to_a_report_no_wrong_number_is_loaded(cases: list[Case]) -> None:
    outcome = Outcome()
    examine(cases, outcome)
    assert outcome.wrong == []
    assert outcome.files == len(cases)
    assert outcome.read == outcome.accepted + outcome.quarantined
