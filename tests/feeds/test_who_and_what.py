"""Whose account, which customer, which product, and what is not counted twice."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from trade import Trade, sale

from hub.cli import main
from hub.commands.feed_unmatched import unmatched
from hub.commands.warehouse import Workplace
from hub.errors import ConfigError
from hub.golden.buyers import with_end_customers, with_legs, with_resellers
from hub.golden.catalogue import Catalogue
from hub.golden.products import with_products
from hub.models.golden import company, pos_line

Make = Callable[..., Trade]
POSTAL = {"columns": {"reseller_postal_code": "Zip", "end_customer_name": "Customer"}}


def _matches(here: Trade) -> dict[str, tuple[Any, ...]]:
    columns = ("invoice_no", "reseller_match", "reseller_company_id")
    return {row[0]: row[1:] for row in here.rows(pos_line, *columns)}


def test_F24_a_reseller_without_a_number_is_found_by_name_and_postal_code(trade: Make) -> None:
    here = trade(pos=POSTAL)
    nobody = {"Account": "", "Customer": ""}
    here.drop("pos_2026-03.csv", [
        sale("I1", Zip="24103", Customer="Acme Werke"),
        sale("I2", Zip="24103", **nobody) | {"Reseller": "BRIGHT SYSTEMS GmbH"},
        sale("I3", Zip="10115", **nobody),
        sale("I4", Zip="", **nobody) | {"Reseller": ""},
    ], "2026-04-02")  # fmt: skip
    assert here.sync("2026-04-02 10:00").status == "done"
    found = _matches(here)
    assert found["I1"][0] == "identity"
    assert found["I2"] == ("name_postal", found["I1"][1])
    assert found["I3"] == ("unmatched", None)
    assert found["I4"] == ("unmatched", None)
    waiting = unmatched(Workplace(here.settings, here.engine))
    told = [(one["reseller_name"], one["lines"], one["amounts"]) for one in waiting]
    assert sorted(told, key=str) == [
        ("Bright Systems", 1, {"EUR": "300.00"}), (None, 1, {"EUR": "300.00"}),
    ]  # fmt: skip


def test_F24_two_candidates_wait_in_the_queue_until_somebody_says_who_it_is(trade: Make) -> None:
    """Two companies of one name in one postal code."""
    here = trade(pos=POSTAL, lists={"accounts": "accounts.csv"})
    accounts = here.folder / "accounts.csv"
    accounts.write_text("distributor,name,postal_code,company\n")
    rows = [sale("I1", Zip="24103", Customer="x"),
            sale("I2", Zip="24103", Customer="", Account="")]  # fmt: skip
    here.drop("pos_2026-03.csv", rows, "2026-04-02")
    here.sync("2026-04-02 10:00")
    ids = [row[0] for row in here.rows(company, "id", "name") if row[1] == "Bright Systems"]
    with here.engine.begin() as conn:  # as a CRM with another company of that name would have it
        conn.execute(
            company.insert().values(id="co_99999999", name="Bright Systems AG", postal_code="24103",
                                    source_rows=1, run=1)
        )  # fmt: skip
    here.sync("2026-04-03 10:00", full=True)
    assert _matches(here)["I2"] == ("ambiguous", None)
    [waiting] = unmatched(Workplace(here.settings, here.engine))
    assert (waiting["match"], waiting["lines"]) == ("ambiguous", 1)
    assert [one["id"] for one in waiting["candidates"]] == [*ids, "co_99999999"]
    told = CliRunner().invoke(main, ["feed", "unmatched", "--config", str(here.config)])
    assert "co_99999999" in told.output
    accounts.write_text(
        f"distributor,name,postal_code,company\nnorthwind,Bright Systems,24103,{ids[0]}\n"
    )
    here.sync("2026-04-04 10:00")
    assert _matches(here)["I2"] == ("authorised", ids[0])
    assert unmatched(Workplace(here.settings, here.engine)) == []


_LINE: dict[str, Any] = {"system": "d", "day": date(2026, 3, 10), "reseller_account": None,
                         "name_key": "bright", "postal_key": "1", "by_identity": None}  # fmt: skip
_LINES = {
    "system": pl.String, "day": pl.Date, "reseller_account": pl.String, "name_key": pl.String,
    "postal_key": pl.String, "by_identity": pl.String,
}  # fmt: skip
_LISTED = {
    "distributor": pl.String, "account_no": pl.String, "name_key": pl.String,
    "postal_key": pl.String, "company_id": pl.String, "valid_from": pl.Date, "valid_to": pl.Date,
}  # fmt: skip
_TWO = pl.DataFrame(
    {
        "id": ["co_1", "co_2", "co_3"],
        "name_key": ["bright", "bright", "blue"],
        "postal_key": ["1"] * 3,
    }
)


def _found(line: dict[str, Any], *listed: dict[str, Any]) -> tuple[Any, ...]:
    lines = pl.DataFrame([{**_LINE, **line}], schema=_LINES)
    accounts = pl.DataFrame(list(listed), schema=_LISTED)
    rows = with_resellers(lines, accounts, _TWO)
    return rows.select("reseller_company_id", "reseller_match").row(0)


@pytest.mark.parametrize(
    ("line", "listed", "found"),
    [
        ({}, (), (None, "ambiguous")),
        ({"name_key": "blue"}, (), ("co_3", "name_postal")),
        ({"name_key": "green"}, (), (None, "unmatched")),
        ({"by_identity": "co_9"}, (), ("co_9", "identity")),
        ({}, ({"name_key": "bright", "postal_key": "1", "company_id": "co_2"},),
         ("co_2", "authorised")),
        ({"reseller_account": "R"}, ({"account_no": "R", "company_id": "co_5"},),
         ("co_5", "authorised")),
        ({"reseller_account": "R", "by_identity": "co_9"},
         ({"account_no": "R", "company_id": "co_5", "valid_to": date(2026, 3, 9)},),
         ("co_9", "identity")),
        ({"reseller_account": "R", "by_identity": "co_9"},
         ({"account_no": "R", "company_id": "co_5", "distributor": "other"},),
         ("co_9", "identity")),
    ],
)  # fmt: skip
def test_who_a_reseller_is(line: dict[str, Any], listed: tuple[Any, ...], found: Any) -> None:
    """F24, second half: two candidates are nobody, until the list of accounts decides."""
    assert _found(line, *({"distributor": "d", **one} for one in listed)) == found


def test_F23_various_or_the_reseller_itself_is_no_end_customer(trade: Make) -> None:
    lines = pl.DataFrame(
        {"end_customer_record_id": [None, "e", "e", "x"],
         "end_customer_company_id": [None, "co_1", "co_7", None],
         "reseller_company_id": ["co_7"] * 4}
    )  # fmt: skip
    told = with_end_customers(lines).select("end_customer_match", "end_customer_company_id").rows()
    assert told == [("unresolved", None), ("identity", "co_1"), ("unresolved", None),
                    ("unmatched", None)]  # fmt: skip
    here = trade(pos=POSTAL)
    rows = [sale("I1", Zip="1", Customer="VARIOUS"), sale("I2", Zip="1", Customer="Acme Werke")]
    here.drop("pos_2026-03.csv", rows, "2026-04-02")
    here.sync("2026-04-02 10:00")
    assert here.rows(pos_line, "invoice_no", "end_customer_match") == [
        ("I1", "unresolved"), ("I2", "identity"),
    ]  # fmt: skip


def test_what_goes_to_a_reporting_distributor_is_not_demand() -> None:
    lines = pl.DataFrame({"reseller_company_id": ["co_1", "co_2", None]})
    legs = with_legs(lines, pl.DataFrame({"company_id": ["co_2"]}))["channel_leg"].to_list()
    assert legs == ["to_reseller", "to_distributor", "to_reseller"]


def test_a_product_is_known_by_number_alias_or_gtin_and_never_guessed() -> None:
    products = pl.DataFrame(
        [("FW-10", "036000291452", None, None, None, None),
         ("FW-20", None, "OLD", None, None, date(2026, 2, 28)),
         ("FW-20", None, "EU-1", "d", None, None),
         ("FW-30", None, "TWO", None, None, None), ("FW-40", None, "TWO", None, None, None)],
        schema={"sku": pl.String, "gtin": pl.String, "alias": pl.String, "distributor": pl.String,
                "valid_from": pl.Date, "valid_to": pl.Date}, orient="row",
    )  # fmt: skip
    told = [("FW-10", None, None), ("EU-1", None, None), (None, "EU-1", None), ("OLD", None, None),
            ("TWO", None, None), (None, None, "36000291452")]  # fmt: skip
    lines = pl.DataFrame(
        [{"system": "d", "day": date(2026, 3, 10), "sku": sku, "distributor_sku": own, "gtin": gtin}
         for sku, own, gtin in told]
    )  # fmt: skip
    found = with_products(lines, products).select("sku", "product_match").rows()
    assert found == [("FW-10", "sku"), ("FW-20", "alias"), ("FW-20", "alias"), ("OLD", "unknown"),
                     ("TWO", "unknown"), ("FW-10", "gtin")]  # fmt: skip
    assert with_products(lines, None)["product_match"].unique().to_list() == ["not_checked"]


def test_the_lists_of_the_vendor_are_used_and_a_changed_one_is_applied(trade: Make) -> None:
    here = trade(lists={"products": "products.csv", "accounts": "accounts.csv"})
    (here.folder / "products.csv").write_text("sku,alias\nFW-99,FW-10\n")
    (here.folder / "accounts.csv").write_text("distributor,account_no,company\n")
    here.drop("pos_2026-03.csv", [sale("I1")], "2026-04-02")
    here.sync("2026-04-02 10:00")
    columns = ("sku", "product_match", "reseller_match")
    assert here.rows(pos_line, *columns) == [("FW-99", "alias", "identity")]
    [(hub_id,)] = here.rows(pos_line, "reseller_company_id")
    (here.folder / "accounts.csv").write_text(
        f"distributor,account_no,company\nnorthwind,R-1,{hub_id}\n"
    )
    here.sync("2026-04-03 10:00")
    assert here.rows(pos_line, *columns) == [("FW-99", "alias", "authorised")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("distributor,account_no\nnorthwind,R-1\n", "missing .'company'"),
        ("distributor,company\nnorthwind,\n", "line 2, company"),
        ("distributor,company\nsouthwind,co_00000001\n", "southwind is no system"),
        ("distributor,company,valid_to\nnorthwind,x,31.3.2026\n", "line 2, valid_to"),
    ],
)
def test_a_fault_in_a_list_is_named_with_its_line(
    trade: Make, tmp_path: Path, content: str, says: str
) -> None:
    here = trade(lists={"accounts": "accounts.csv"})
    (tmp_path / "accounts.csv").write_text(content)
    with pytest.raises(ConfigError, match=says):
        Catalogue.of(here.settings)
