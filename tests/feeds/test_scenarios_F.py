"""The worked scenarios F01 to F31 that concern reading, each by its number.

F02 is in `test_versions`, F24 in `test_who_and_what`, F25 to F27 in `test_siso`, F28 (and F29 as
the calendar sees it) in `test_calendar`.
"""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from edi_text import HEADING, SALE, SECOND, SLSRPT_HEADING, edifact, x12
from reading_kit import checked, csv_text, lines, rules, workbook

from hub.checks.spreadsheet import as_meant, harmless
from hub.commands.feed_answer import answer
from hub.config import Settings
from hub.connectors.contract import ObjectSpec
from hub.connectors.feed import FeedConnector
from hub.connectors.feed.config import FeedReport, FeedSystem
from hub.connectors.feed.profile import Profile
from hub.errors import FeedUnreadable

SALES = ("sku", "quantity", "unit_price", "invoice_no", "invoice_date", "reseller_account")
ROW = {
    "Invoice No": "INV-1",
    "Line": "1",
    "Invoice Date": "2026-03-10",
    "SKU": "FW-10",
    "Qty": "3",
    "Unit Price": "249.90",
    "Currency": "EUR",
    "Reseller Name": "Bright Systems",
}


def feed(folder: Path, profile: str, path: str = "in/*") -> FeedConnector:
    config = FeedSystem(
        kind="feed",
        role="distributor",
        reports={"pos": FeedReport(path=path, profile=profile)},
    )
    return FeedConnector("northwind", config, Settings(systems={}, file=folder / "hub.yaml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "edi.yaml").write_text("kind: pos\nformat: x12\n")
    return tmp_path


def reports(folder: Path, cursor: str | None = None) -> tuple[list[tuple[str, str]], str | None]:
    """What became of each file: its name and status."""
    found, last = [], cursor
    try:
        for batch in feed(folder, "edi").pull(ObjectSpec("report", ("file", "status")), cursor):
            last = batch.cursor or last
            found += [(Path(f or "").name, s or "") for f, s in
                      batch.rows.select("file", "status").rows()]  # fmt: skip
    except FeedUnreadable:
        pass
    return found, last


def test_F01_the_same_file_twice_is_ignored_as_a_duplicate(folder: Path) -> None:
    text = x12([*HEADING, *SALE])
    (folder / "in" / "a.edi").write_text(text)
    (folder / "in" / "b.edi").write_text(text)
    found, _ = reports(folder)
    assert found == [("a.edi", "taken"), ("b.edi", "duplicate_ignored")]
    spec = ObjectSpec("pos_line", ("quantity",))
    told = [row for batch in feed(folder, "edi").pull(spec, None) for row in batch.rows["quantity"]]
    assert told == ["5"]


def test_F03_a_second_report_under_a_number_must_say_that_it_replaces(folder: Path) -> None:
    (folder / "in" / "a.edi").write_text(x12([*HEADING, *SALE]))
    (folder / "in" / "b.edi").write_text(x12([*HEADING, *SALE, *SECOND], control="000000102"))
    (folder / "in" / "c.edi").write_text(
        x12(["BPT*05*RPT-2026-03*20260331*02", *HEADING[1:], *SALE], control="000000103")
    )
    found, _ = reports(folder)
    assert found == [("a.edi", "taken"), ("b.edi", "held"), ("c.edi", "taken")]


@pytest.mark.parametrize(
    ("element", "terminator", "between"), [("^", "~", ""), ("~", "?", ""), ("*", "]", "\n")]
)
def test_F04_any_delimiters_make_the_same_lines(
    element: str, terminator: str, between: str
) -> None:
    body = [*HEADING, *SALE, *SECOND]
    other = x12(body, element=element, terminator=terminator, between=between)
    assert checked(other).lines == checked(x12(body)).lines
    assert lines(other, *SALES) == [
        ("FW-10", 5, "249.9", "INV100", "2026-03-10", "R-100"),
        ("FW-20", 2, "99", "INV100", "2026-03-10", "R-100"),
    ]


def test_F05_a_wrong_width_in_the_header_is_a_warning_and_a_missing_end_is_not() -> None:
    narrow = x12([*HEADING, *SALE]).replace("NORTHWIND      *ZZ", "NORTHWIND*ZZ", 1)
    found = checked(narrow)
    assert len(found.lines) == 1
    assert found.head is not None
    assert found.head.warnings == [
        "the interchange header has 100 characters instead of 106",
    ]
    with pytest.raises(FeedUnreadable, match="cut off") as cut:
        checked(x12([*HEADING, *SALE], end=False))
    assert cut.value.rule == "truncated"


def test_F06_a_wrong_count_is_a_warning_unless_the_profile_is_strict() -> None:
    wrong = x12([*HEADING, *SALE], said=99)
    found = checked(wrong)
    assert len(found.lines) == 1
    assert found.head is not None
    assert found.head.warnings == ["SE01 of set 0001 counts 99 segments, there are 18"]
    with pytest.raises(FeedUnreadable) as refused:
        checked(wrong, Profile(kind="pos", strict=True))
    assert refused.value.rule == "control_total"


def test_F07_a_lost_terminator_holds_its_line_back_and_no_other() -> None:
    one = ("QTY*32*1*EA", "LIN**VP*A", "UIT*EA*5", "REF*SE*S1")
    glued = [*HEADING, "PTD*SS", "DTM*003*20260310", *one[:3], "REF*SE*S1QTY*32*2*EA", "LIN**VP*B",
             "UIT*EA*6", "QTY*32*3*EA", "LIN**VP*C", "UIT*EA*7"]  # fmt: skip
    found = checked(x12(glued))
    assert found.head is not None
    assert found.head.warnings == []
    assert [(line["sku"], line["quantity"]) for line in found.lines] == [("C", 3)]
    assert {rule for _, _, rule in rules(found)} == {"glued_segments"}
    assert found.quarantined == 2
    assert found.read == 3


@pytest.mark.parametrize(
    ("code", "quantity", "kind", "flags"),
    [
        ("RP", "5", "return", None),
        ("RP", "-5", "return", None),
        ("SS", "-5", "return", "implicit_return"),
    ],
)
def test_F08_returns_are_negative_once(
    code: str, quantity: str, kind: str, flags: str | None
) -> None:
    body = [*HEADING, f"PTD*{code}", "DTM*003*20260310", f"QTY*32*{quantity}*EA", "LIN**VP*FW-10"]
    assert lines(x12(body), "quantity", "transaction_type", "flags") == [(-5, kind, flags)]


def test_F09_an_867_of_meters_is_refused() -> None:
    body = ["BPT*00*1*20260331*C1", "PTD*PM", "REF*MT*KHMON", "QTY*QD*1234*KH"]
    with pytest.raises(FeedUnreadable, match="utility") as refused:
        checked(x12(body))
    assert refused.value.rule == "not_channel_pos"


def test_F10_two_equal_lines_are_two_lines() -> None:
    body = [*HEADING, "PTD*SS", "REF*IV*I1", "DTM*003*20260310", *SECOND, *SECOND]
    found = checked(x12(body))
    assert found.faults == []
    ids = [line["record_id"] for line in found.lines]
    assert ids[1] == f"{ids[0]}#2"
    assert [line["quantity"] for line in found.lines] == [2, 2]


def test_F11_a_summary_is_told_as_one() -> None:
    body = [*HEADING, "PTD*SU", "DTM*003*20260331", *SECOND]
    assert lines(x12(body), "transaction_type", "transaction_code") == [("summary", "SU")]


def test_F12_a_drop_shipment_is_a_sale_under_its_own_code() -> None:
    body = [*HEADING, "PTD*DS", "DTM*003*20260331", *SECOND]
    assert lines(x12(body), "transaction_type", "transaction_code", "quantity") == [
        ("sale", "DS", 2)
    ]


def test_F13_an_unmapped_qualifier_is_not_stock_on_hand() -> None:
    body = ["BIA*00*MM*INV-1*20260331", "N1*WH*Hamburg*92*HH", "LIN**VP*FW-10", "QTY*17*40*EA",
            "QTY*QB*9*EA"]  # fmt: skip
    text = x12(body, code="846", group="IB")
    found = checked(text)
    [line] = found.lines
    assert (line["branch"], line["on_hand"], line["unmapped"]) == ("HH", 40, 9)
    assert found.head is not None
    assert "qualifier QB" in found.head.warnings[0]
    mapped = checked(text, Profile(kind="inventory", qualifiers={"QB": "committed"}))
    [line] = mapped.lines
    assert (line["on_hand"], line["committed"], line.get("unmapped")) == (40, 9, None)
    assert mapped.head is not None
    assert mapped.head.warnings == []


def test_F14_both_layouts_of_a_sales_report_say_the_same() -> None:
    places_first = [*SLSRPT_HEADING, "LOC+162+HH::92", "LIN+1++4006381333931:EN", "PRI+AAA:12.50",
                    "PRI+AAE:15.99::RTP", "QTY+153:4", "LOC+162+KI::92",
                    "LIN+2++4006381333931:EN", "PRI+AAA:12.50", "QTY+153:6"]  # fmt: skip
    articles_first = [*SLSRPT_HEADING, "LIN+1++4006381333931:EN", "PRI+AAA:12.50",
                      "PRI+AAE:15.99::RTP", "LOC+162+HH::92", "QTY+153:4", "LOC+162+KI::92",
                      "QTY+153:6"]  # fmt: skip
    columns = ("branch", "gtin", "quantity", "unit_price", "period_start", "period_end", "currency")
    told = lines(edifact(places_first), *columns)
    assert told == lines(edifact(articles_first), *columns)
    assert told == [
        ("HH", "4006381333931", 4, "12.5", "2026-03-01", "2026-03-31", "EUR"),
        ("KI", "4006381333931", 6, "12.5", "2026-03-01", "2026-03-31", "EUR"),
    ]


def test_F15_without_una_line_ends_may_end_segments_and_released_ones_do_not() -> None:
    body = [*SLSRPT_HEADING, "LOC+162+HH::92", "LIN+1++4006381333931:EN",
            "IMD+F++:::Dog?'s bowl?: 5?+1", "QTY+153:4"]  # fmt: skip
    usual = edifact(body, una=False)
    assert lines(usual, "product_name", "quantity") == [("Dog's bowl: 5+1", 4)]
    by_lines = edifact([one.replace("?'", "") for one in body], una=False, terminator="\n")
    found = checked(by_lines)
    assert [(line["product_name"], line["quantity"]) for line in found.lines] == [
        ("Dogs bowl: 5+1", 4)
    ]
    assert found.head is not None
    assert found.head.warnings == ["segments end with line ends only"]


def test_F16_a_german_spreadsheet_file() -> None:
    text = (
        "Rechnungsnr;Position;Rechnungsdatum;Artikelnr;Menge;Preis;Währung;Händler\n"
        "R1;1;31.03.2026;FW-10;3;1.234,56;EUR;Müller & Söhne\n"
        "R2;1;30.03.2026;FW-10;15,00-;9,90;EUR;Müller & Söhne\n"
    )
    told = lines(text.encode("cp1252"), "unit_price", "invoice_date", "quantity", "reseller_name")
    assert told == [
        ("1234.56", "2026-03-31", 3, "Müller & Söhne"),
        ("9.9", "2026-03-30", -15, "Müller & Söhne"),
    ]


def test_F17_the_period_decides_between_day_and_month() -> None:
    text = csv_text([ROW | {"Invoice Date": "03/04/2026"}, ROW | {"Invoice Date": "03/05/2026",
                                                                   "Line": "2"}])  # fmt: skip
    told = lines(text, "invoice_date", period=("2026-03-01", "2026-03-31"))
    assert told == [("2026-03-04",), ("2026-03-05",)]
    with pytest.raises(FeedUnreadable, match="03/04/2026"):
        checked(text)
    assert lines(text, "invoice_date", name="pos_2026-03.csv") == told


def test_F18_a_day_number_is_a_date_in_a_column_of_dates_only() -> None:
    text = csv_text([ROW | {"Ship Date": "46023", "Invoice Date": "2026-01-01", "Qty": "46023"}])
    [(shipped, quantity, flags)] = lines(text, "ship_date", "quantity", "flags")
    assert (shipped, quantity, flags) == ("2026-01-01", 46023, "spreadsheet_date")


def test_F19_a_zip_gets_its_zero_back_where_the_country_proves_it() -> None:
    text = csv_text(
        [
            ROW | {"Reseller Zip": "2134", "Reseller Country": "US"},
            ROW | {"Reseller Zip": "2134", "Reseller Country": "AU", "Line": "2"},
        ]
    )
    assert lines(text, "reseller_postal_code", "flags") == [
        ("02134", "zip_restored"),
        ("2134", None),
    ]


def test_F20_a_gtin_is_restored_by_its_check_digit_and_a_rounded_number_is_not() -> None:
    text = csv_text(
        [
            ROW | {"UPC": "36000291452"},
            ROW | {"UPC": "", "SKU": "1.23457E+11", "Line": "2"},
            ROW | {"UPC": "36000291453", "Line": "3"},
        ]
    )
    found = checked(text)
    assert [(line["gtin"], line["flags"]) for line in found.lines] == [
        ("036000291452", "gtin_restored")
    ]
    assert rules(found) == [(3, "sku", "scientific_notation"), (4, "gtin", "gtin_check_digit")]


@pytest.mark.parametrize(("total", "ignored", "wrong"), [("7", 1, []), ("8", 0, ["total_row"])])
def test_F21_a_total_row_is_dropped_when_it_is_the_sum(
    total: str, ignored: int, wrong: list[str]
) -> None:
    label = dict.fromkeys(ROW, "") | {"Reseller Name": "Total", "Qty": total}
    found = checked(csv_text([ROW, ROW | {"Line": "2", "Qty": "4"}, label]))
    assert (found.ignored, len(found.lines)) == (ignored, 2)
    assert [rule for _, _, rule in rules(found) if rule == "total_row"] == wrong
    assert found.head is not None
    assert bool(found.head.warnings) == bool(wrong)


def test_F22_a_stacked_header_names_its_columns_by_both_rows() -> None:
    rows = [
        ["Sell-through March", None, None, None, None, None],
        ["Invoice", None, "Item", None, "End Customer", None],
        ["No", "Date", "Number", "Qty", "Name", "City"],
        ["INV-1", date(2026, 3, 10), "FW-10", 3, "Acme", "Bonn"],
    ]
    told = lines(workbook({"Data": rows}), "end_customer_name", "end_customer_city", "invoice_date")
    assert told == [("Acme", "Bonn", "2026-03-10")]


def test_F23_various_is_no_end_customer() -> None:
    text = csv_text([ROW | {"End Customer": "VARIOUS"}])
    told = lines(text, "end_customer_name", "end_customer_record_id", "flags")
    assert told == [("VARIOUS", None, "end_customer_unnamed")]


def test_F29_a_report_without_lines_is_a_report_of_nothing() -> None:
    empty = checked(x12([*HEADING, "CTT*0"]))
    assert (empty.read, empty.faults) == (0, [])
    assert empty.head is not None
    assert (empty.head.period_start, empty.head.period_end) == ("2026-03-01", "2026-03-31")
    header_only = checked(csv_text([ROW]).split("\n")[0] + "\n")
    assert (header_only.read, header_only.faults) == (0, [])
    with pytest.raises(FeedUnreadable, match="empty"):
        checked("")


def test_F30_a_claim_with_a_wrong_total_is_refused_and_acknowledged(tmp_path: Path) -> None:
    def claim(total: str) -> str:
        body = ["BAA*00*CL-9*20260403", "CUR*DS*EUR", "CON*CT*SPA-7", "PAD*1", "LIN**VP*FW-10",
                "UIT*EA*100",
                "QTY*32*5*EA", "PAD*2", "LIN**VP*FW-20", "QTY*32*7*EA",
                f"CTT*1*{total}"]  # fmt: skip
        return x12(body, code="844", group="CF")

    assert lines(claim("12"), "claim_no", "authorization_no", "quantity") == [
        ("CL-9", "SPA-7", 5),
        ("CL-9", "SPA-7", 7),
    ]
    with pytest.raises(FeedUnreadable, match="13") as refused:
        checked(claim("13"))
    assert refused.value.rule == "control_total"
    file = tmp_path / "claim.edi"
    file.write_text(claim("13"))
    _, made = answer(file, None, None, tmp_path / "out")
    texts = {path.name.split(".", 1)[1]: path.read_text() for path in made}
    assert "AK5*A~" in texts["997.edi"]
    assert "AK9*A*1*1*1~" in texts["997.edi"]
    assert "PAD*0*RJ*25~" in texts["849.edi"]
    assert "BRA*CL-9*" in texts["849.edi"]


def test_F31_a_formula_is_text_and_leaves_as_text() -> None:
    formula = '=HYPERLINK("http://x";"y")'
    rows = [list(ROW), [*list(ROW.values())[:-1], formula]]
    told = lines(workbook({"Data": rows}), "reseller_name")
    assert told == [(formula,)]
    assert harmless(formula) == f"'{formula}"
    assert as_meant(harmless(formula)) == formula
    assert harmless("-5") == "-5"


def test_datetimes_of_a_workbook_are_days() -> None:
    rows = [
        list(ROW),
        [*list(ROW.values())[:2], datetime(2026, 3, 10, tzinfo=UTC), *list(ROW.values())[3:]],
    ]
    assert lines(workbook({"Data": rows}), "invoice_date") == [("2026-03-10",)]
