"""Damaged reports: no crash, no number that was not sold, every line accounted for."""

from itertools import chain

import pytest
from edi_text import HEADING, SLSRPT_HEADING, edifact, x12
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_kit import checked

from hub.errors import FeedUnreadable
from soak.damaged import Case, Outcome, examine
from soak.reports import DAMAGES, MAKERS

MARCH = ("2026-03-01", "2026-03-31")

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


@pytest.mark.parametrize("form", ["csv", "jsonl", "x12", "edifact"])
def test_a_spoilt_cell_delimiter_tag_or_header_loads_no_wrong_number(form: str) -> None:
    outcome = Outcome()
    examine([Case(seed, form, ("cell_spoilt",)) for seed in range(200)], outcome)
    assert outcome.wrong == []
    assert outcome.files == 200
    assert outcome.accepted > outcome.quarantined > 0


def test_a_slip_in_the_header_of_a_number_is_told_instead_of_leaving_the_number_out() -> None:
    text = (
        "Invoice No;Invoice Date;SKU;Qty;Unit Prixce;Currency;End Customer;Note\n"
        "N1;2026-03-14;A-1;2;9.99;EUR;Acme;x\n"
    )
    with pytest.raises(FeedUnreadable, match=r"'Unit Prixce' \(is it unit_price\?\)") as told:
        checked(text)
    assert (told.value.rule, told.value.remedy != "") == ("header_misspelt", True)
    named = checked(text.replace("Prixce", "Price").replace("Note", "Unit Prixce"))
    assert [line["unit_price"] for line in named.lines] == ["9.99"], named.faults


def _transfer(invoice: str, *skus: str) -> list[str]:
    counted = [
        [f"QTY*32*{at}*EA", f"LIN**VP*{sku}", "UIT*EA*9.99"] for at, sku in enumerate(skus, 1)
    ]
    return ["PTD*SS", "DTM*003*20260314", f"REF*IV*{invoice}", *chain(*counted)]


@pytest.mark.parametrize(
    ("right", "spoilt", "taken"),
    [
        ("PTD*SS", "PT*D*SS", ["D"]),
        ("REF*IV*N2", "XX*1", ["A", "D"]),
        ("QTY*32*1*EA", "QTY*3*2*1*EA", ["A", "C", "D"]),
        ("UIT*EA*9.99", "UIT*EA**9.99", ["A", "C", "D"]),
        ("UIT*EA*9.99", "UIT*EA*9*.99", ["A", "C", "D"]),
        ("UIT*EA*9.99", "UIT*EA*9.*99", ["A", "C", "D"]),
        ("UIT*EA*9.99", "UIT*EA9.99", ["A", "C", "D"]),
    ],
)
def test_a_spoilt_segment_holds_back_what_it_may_speak_of(
    right: str, spoilt: str, taken: list[str]
) -> None:
    second = _transfer("N2", "B", "C")
    second[second.index(right)] = spoilt
    text = x12([*HEADING, *_transfer("N1", "A"), *second, *_transfer("N3", "D"), "CTT*4"])
    found = checked(text)
    assert "glued_segments" in {fault["rule"] for fault in found.faults}
    assert sorted(str(line["sku"]) for line in found.lines) == taken


@pytest.mark.parametrize("instead", ["REF*LI*1", "QTY*32*2*EA"])
def test_a_price_that_was_lost_is_told_though_the_counts_are_right(instead: str) -> None:
    body = [*_transfer("N1", "A", "B"), *_transfer("N2", "C"), "CTT*2"]
    whole = checked(x12([*HEADING, *body]))
    assert (len(whole.lines), whole.head.warnings) == (3, [])
    body[body.index("UIT*EA*9.99", 6)] = instead
    found = checked(x12([*HEADING, *body]))
    [warning] = found.head.warnings
    assert "lines name no price, the first at segment 15: " in warning


def test_a_report_without_prices_is_none_that_lost_them() -> None:
    body = [segment for segment in _transfer("N1", "A", "B") if not segment.startswith("UIT")]
    assert checked(x12([*HEADING, *body, "CTT*1"])).head.warnings == []


def test_a_header_within_a_set_is_told_since_it_may_stand_for_a_segment_that_was_lost() -> None:
    body = [*_transfer("N1", "A"), *_transfer("N2", "B"), "CTT*2"]
    body[6] = "GS*PT*NORTHWIND*ACME*20260403*1200*1*X*004010"
    assert "GS stands within transaction set 0001" in checked(x12([*HEADING, *body])).head.warnings
    sold = ["LOC+162+B1::92", "LIN+1++FW-1:MF", "PRI+AAA:9.99", "QTY+153:3"]
    again = [*SLSRPT_HEADING, "UNB+UNOC:3+NORTHWIND:14+ACME:14+260403:1200+77", *sold]
    assert checked(edifact(again)).head.warnings == ["UNB stands within message 1"]


def test_a_transfer_that_lost_its_beginning_is_told_since_it_looks_like_more_of_the_last() -> None:
    returned = ["PTD*RP", *_transfer("N1", "A")[1:]]
    whole = [*HEADING, *returned, *_transfer("N2", "B"), "CTT*2"]
    assert checked(x12(whole)).head.warnings == []
    whole.remove("PTD*SS")
    [*_, warning] = checked(x12(whole)).head.warnings
    assert warning.startswith("REF IV of a transfer is said anew after its line, at segment ")


def test_two_lines_of_utf_16_that_a_byte_too_many_made_one_are_held_back() -> None:
    rows = [["N1", "A", "Total Networks", "12"], ["N2", "B", "Bright Systems", "4"]]
    text = "".join(
        f"{'|'.join(cells)}\n" for cells in (["Invoice No", "SKU", "End Customer", "Qty"], *rows)
    )
    content = text.encode("utf-16")
    before, after = (content.index(word.encode("utf-16-le")) for word in ("works", "Systems"))
    spoilt = content[:before] + b"*" + content[before:after] + b"*" + content[after:]
    assert [line["sku"] for line in checked(content, period=MARCH, name="pos.csv").lines] == [
        "A",
        "B",
    ]
    found = checked(spoilt, period=MARCH, name="pos.csv")
    assert found.lines == []
    assert "control_character" in {fault["rule"] for fault in found.faults}
