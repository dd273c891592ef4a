"""Each business rule with a row that breaks it and its nearest neighbour that does not."""

import pytest
from rows import GOOD, checked, faults

COMPANY, POS = "company", "pos_line"


@pytest.mark.parametrize("source", sorted(GOOD))
def test_a_row_that_says_only_what_it_must_is_good(source: str) -> None:
    assert faults(source) == []


@pytest.mark.parametrize(
    ("source", "column", "rule", "wrong", "right"),
    [
        (COMPANY, "company_type", "code_list", "supplier", "distributor"),
        (COMPANY, "partner_tier", "code_list", "Gold", "gold"),
        (COMPANY, "partner_status", "code_list", "Active", "active"),
        (COMPANY, "duns", "duns_format", "12345678", "123456789"),
        (COMPANY, "account_no", "scientific_notation", "4.05E+12", "4.05E12X"),
        (COMPANY, "tax_id", "scientific_notation", "1,2e-7", "ATU12345678"),
        (COMPANY, "employees", "negative_number", "-1", "0"),
        (COMPANY, "name", "too_long", "x" * 256, "x" * 255),
        ("contact", "email", "email_format", "ada@localhost", "ada@x.at"),
        ("contact", "email", "email_format", "ada lovelace@x.at", "ada.lovelace@x.at"),
        ("contact", "email", "email_format", "a@b@x.at", "a+b@x.at"),
        ("lead", "status", "code_list", "Open", "open"),
        ("lead", "email", "email_format", "@x.at", "a@x.at"),
        ("opportunity", "currency", "currency_unknown", "EURO", "EUR"),
        ("opportunity", "amount", "negative_amount", "-0.01", "0"),
        (POS, "currency", "currency_unknown", "XYZ", "CHF"),
        (POS, "quantity", "quantity_zero", "0", "-1"),
        (POS, "unit_price", "negative_price", "-0.0001", "0"),
        (POS, "invoice_date", "date_in_future", "2026-03-02", "2026-03-01"),
        (POS, "serial_no", "scientific_notation", "8.9E+14", "8E14X"),
        (POS, "reseller_account", "scientific_notation", "4.82E+07", "48200000"),
        (POS, "sku", "scientific_notation", "1.23457E+11", "123457000000"),
        (POS, "gtin", "gtin_check_digit", "036000291453", "036000291452"),
        (POS, "gtin", "gtin_check_digit", "36000291452", "4006381333931"),
        (POS, "ship_date", "date_in_future", "2026-03-02", "2026-02-28"),
        (POS, "transaction_type", "code_list", "RMA", "return"),
        ("inventory_line", "unit_value", "negative_price", "-1", "0"),
        ("claim", "quantity", "quantity_zero", "0", "5"),
        ("report", "status", "code_list", "lost", "held"),
    ],
)
def test_a_rule_refuses_what_breaks_it_and_lets_its_neighbour_pass(
    source: str, column: str, rule: str, wrong: str, right: str
) -> None:
    assert (column, rule) in {(c, r) for c, r, _ in faults(source, **{column: wrong})}
    assert rule not in {r for _, r, _ in faults(source, **{column: right})}


@pytest.mark.parametrize(
    ("source", "column"),
    [
        (COMPANY, "name"),
        ("opportunity", "name"),
        ("opportunity", "stage"),
        *(
            (source, name)
            for source in (POS, "inventory_line", "claim", "report")
            for name in GOOD[source]
        ),
    ],
)
@pytest.mark.parametrize("told", [None, "", "  "])
def test_a_value_that_must_be_there_is_missed(source: str, column: str, told: str | None) -> None:
    assert (column, "required", None) in faults(source, **{column: told})


def test_a_person_needs_a_name_or_an_address() -> None:
    assert faults("contact", last_name=None) == [("last_name", "required", None)]
    assert faults("contact", last_name=None, first_name="Ada") == []
    assert faults("contact", last_name=None, email="ada@x.at") == []
    assert faults("lead", last_name=None, name="Ada Lovelace") == []


def test_a_total_row_is_no_sale() -> None:
    total = {"invoice_no": None, "reseller_name": "Grand Total"}
    assert ("invoice_no", "total_row", None) in faults(POS, **total)
    assert ("invoice_no", "total_row", None) in faults(POS, invoice_no=None, sku="Summe")
    sold = {"invoice_no": "R-1", "reseller_name": "Total Networks SARL"}
    assert faults(POS, **sold) == []
    assert faults(POS, invoice_no=None, reseller_name="Totalplan AG") == []


def test_a_line_whose_value_no_column_can_hold_is_held_back() -> None:
    huge = {"quantity": "2147483647", "unit_price": "99999999999.9999", "currency": "EUR"}
    assert faults(POS, **huge) == [("quantity", "amount_too_large", "2147483647")]
    assert faults(POS, **{**huge, "quantity": "99"}) == []


def test_a_code_of_the_crm_is_turned_into_the_hubs_and_an_unknown_one_is_refused() -> None:
    codes = {"partner_tier": {"Gold": "gold", "Silver": "silver"}}
    split = checked(COMPANY, {"partner_tier": "Gold"}, {"partner_tier": "Tin"}, codes=codes)
    assert split.good["partner_tier"].to_list() == ["gold"]
    told = list(split.faults.select("row", "column", "rule", "value", "message").iter_rows())
    message = "must be one of: registered, silver, gold, platinum"
    assert told == [(1, "partner_tier", "code_list", "Tin", message)]


def test_all_faults_of_all_rows_are_told_at_once() -> None:
    split = checked(
        POS,
        {"quantity": "0", "currency": "XXQ", "unit_price": "-1"},
        {},
        {"invoice_date": "2026-02-31", "ship_date": "2026-02-26", "sku": None},
        {"reseller_country": "Atlantis", "serial_no": "1E+9"},
    )
    assert split.good_rows == [1]
    assert list(split.faults.select("row", "column", "rule", "value").iter_rows()) == [
        (0, "currency", "currency_unknown", "XXQ"),
        (0, "quantity", "quantity_zero", "0"),
        (0, "unit_price", "negative_price", "-1"),
        (2, "invoice_date", "date_unparsable", "2026-02-31"),
        (2, "sku", "required", None),
        (3, "reseller_country", "country_unknown", "Atlantis"),
        (3, "serial_no", "scientific_notation", "1E+9"),
    ]


def test_an_amount_needs_a_currency() -> None:
    assert faults(POS, unit_price="1") == [("currency", "required", None)]
    assert faults(POS, amount="1") == [("currency", "required", None)]
    assert faults(POS, amount="1", currency="EUR") == []


def test_a_line_needs_one_number_of_its_product() -> None:
    for number in ("gtin", "distributor_sku"):
        assert faults(POS, sku=None, **{number: "4006381333931"}) == []


def test_a_price_adjustment_moves_nothing() -> None:
    assert faults(POS, quantity="0", transaction_type="price_adjustment") == []


def test_no_rows_are_good_rows() -> None:
    split = checked(COMPANY)
    assert (split.good.height, split.good_rows, split.faults.height) == (0, [], 0)
