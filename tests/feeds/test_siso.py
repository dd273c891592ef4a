"""Sell-in against sell-out: the trade's worked figures, synced; and worlds with one fault each."""

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trade import Trade, sale

from hub.commands.siso import balances
from hub.commands.warehouse import Workplace
from hub.models.channel import allocation, siso, siso_cause
from hub.policy.siso.allocation import allocated
from hub.policy.siso.balance import balance
from hub.policy.siso.ranking import ranked
from hub.policy.siso.stock import ageing, at_risk, lasting
from soak.siso import FAULTS, judged

Make = Callable[..., Trade]
SHIPMENT = {"To": "northwind", "Note": "L1", "Line": "1", "SKU": "FW-10"}
COLUMNS = {"distributor": "To", "document_no": "Note", "document_line": "Line", "sku": "SKU",
           "quantity": "Qty", "ship_date": "Shipped", "received_date": "Received"}  # fmt: skip
ERP = {
    "erp": {
        "kind": "feed",
        "role": "vendor",
        "reports": {"shipments": {"path": "in/shipped_*.csv", "profile": "shipments"}},
    }
}


def _traded(trade: Make, closing: int, in_transit: str = "") -> Trade:
    """The worked example: 100 on hand, 60 shipped, 45 sold, 3 returned, 5 sent back."""
    here = trade(more=ERP, pos={"columns": {"transaction_type": "Type"}})
    here._yaml("profiles/shipments.yaml", {"kind": "shipment", "columns": COLUMNS})
    here.drop("stock_2026-02.csv", [{"SKU": "FW-10", "On Hand": "100", "In Transit": ""}],
              "2026-03-02")  # fmt: skip
    here.drop("pos_2026-03.csv", [
        sale("I1", Qty="45", Type="sale"), sale("I2", Qty="3", Type="return"),
        sale("I3", Qty="5", Type="RV"), sale("I4", Qty="70", Type="DS"),
    ], "2026-04-02")  # fmt: skip
    here.drop("stock_2026-03.csv", [{"SKU": "FW-10", "On Hand": str(closing),
                                     "In Transit": in_transit}], "2026-04-02")  # fmt: skip
    here.drop("shipped_2026-03.csv", [
        {**SHIPMENT, "Qty": "60", "Shipped": "2026-03-27", "Received": ""},
        {**SHIPMENT, "Note": "R1", "Qty": "-5", "Shipped": "2026-03-12", "Received": "2026-03-12"},
    ], "2026-04-02")  # fmt: skip
    report = here.sync("2026-04-02 10:00")
    assert report.status == "done", report.faults
    return here


def _march(here: Trade, *columns: str) -> tuple[Any, ...]:
    [row] = [r[1:] for r in here.rows(siso, "period", *columns) if r[0] == "2026-03"]
    return row


def test_F25_a_small_variance_is_within_tolerance(trade: Make) -> None:
    here = _traded(trade, closing=110)
    moves = ("opening", "sales_in", "sales_out", "returns", "returned_to_vendor")
    assert _march(here, *moves) == (100, 60, 45, 3, 5)
    told = ("expected", "closing", "gap", "tolerance", "status", "implied_sell_through")
    assert _march(here, *told) == (113, 110, -3, 5, "within_tolerance", 45)
    assert _march(here, "sell_through_rate") == (0.2812,)
    assert here.rows(siso_cause, "cause") == []


def test_F26_a_large_variance_is_an_exception_with_likely_causes(trade: Make) -> None:
    """95 counted, 113 expected: that the shipment of 27 March is on its way would be 60."""
    here = _traded(trade, closing=95)
    assert _march(here, "expected", "gap", "status") == (113, -18, "exception")
    found = balances(Workplace(here.settings, here.engine), None, None, None, everything=False)
    assert found.by_status == {"exception": 1}
    assert found.rows[0]["causes"] == []
    here.drop("shipped_2026-03.csv", [
        {**SHIPMENT, "Qty": "40", "Shipped": "2026-03-09", "Received": "2026-03-11"},
        {**SHIPMENT, "Note": "L2", "Qty": "20", "Shipped": "2026-03-29", "Received": ""},
        {**SHIPMENT, "Note": "R1", "Qty": "-5", "Shipped": "2026-03-12", "Received": "2026-03-12"},
    ], "2026-04-03")  # fmt: skip
    here.sync("2026-04-03 10:00")
    [cause] = here.rows(siso_cause, "rank", "cause", "effect", "removes", "evidence")
    assert cause[:4] == (1, "in_transit", -20, 16)
    assert "2026-03-29" in cause[4]


def test_F27_goods_in_transit_are_not_expected_on_hand(trade: Make) -> None:
    here = _traded(trade, closing=93, in_transit="20")
    assert _march(here, "expected", "in_transit", "gap", "status") == (93, 20, 0, "balanced")


def test_weeks_of_supply_by_the_worked_figures() -> None:
    rows = pl.DataFrame({"closing": [110, 5], "trailing": [126, 0], "opening": [100, None],
                         "sales_in": [60, 0], "sales_out": [45, 0]})  # fmt: skip
    told = lasting(rows).select("weeks_of_supply", "days_of_inventory", "sell_through_rate").rows()
    assert told == [(11.35, 79.4, 0.2812), (None, None, None)]


def test_what_is_left_came_last() -> None:
    key = {"distributor": "d", "sku": "s"}
    came = [("2025-06-01", 50), ("2026-01-15", 30), ("2026-03-20", 20)]
    shipments = pl.DataFrame(
        [{**key, "ship_date": date.fromisoformat(day), "received_date": None, "quantity": units}
         for day, units in came],
        schema_overrides={"received_date": pl.Date},
    )  # fmt: skip
    stock = pl.DataFrame([{**key, "period": "2026-03", "closing": 60}])
    aged = ageing(stock, shipments)
    assert aged.row(0)[3:] == (20, 30, 0, 10, 0)
    risky = aged.with_columns(closing=pl.lit(60), trailing=pl.lit(13))
    assert at_risk(risky, weeks=26)["at_risk_units"].to_list() == [34]
    assert at_risk(risky, weeks=100)["at_risk_units"].to_list() == [10]


_UNITS = st.integers(0, 300)


@given(st.lists(st.tuples(*[_UNITS] * 6), min_size=1, max_size=6))
def test_the_gaps_of_a_chain_of_months_add_up_to_what_is_unexplained(
    months: list[tuple[int, ...]],
) -> None:
    """Each month opens with what was counted: so all gaps together are the last count less the
    first and all that moved."""
    names = ("sales_in", "sales_out", "returns", "returned_to_vendor", "adjustments")
    key = [{"distributor": "d", "sku": "s", "period": f"2026-{n:02d}"} for n in range(1, 8)]
    moved = pl.DataFrame([{**key[n + 1], **dict(zip(names, month[:5], strict=True))}
                          for n, month in enumerate(months)])  # fmt: skip
    counts = [100, *(month[5] for month in months)]
    stock = pl.DataFrame([{**key[n], "on_hand": c, "in_transit": 0} for n, c in enumerate(counts)])
    none = stock.select("distributor", "sku", "period", on_the_way="in_transit").clear()
    found = balance(moved, stock, none, tolerance_units=5, tolerance_share=0.02)
    flow = sum(m[0] - m[1] + m[2] - m[3] + m[4] for m in months)
    assert found["gap"].sum() == counts[-1] - 100 - flow
    assert found["status"][0] == "incomplete"


def test_the_cause_that_removes_most_comes_first_and_one_that_widens_is_none() -> None:
    key = {"distributor": "d", "sku": "s", "period": "2026-03"}
    gaps = pl.DataFrame([{**key, "gap": -20}])
    claims = pl.DataFrame([
        {**key, "cause": "return", "effect": -5, "evidence": ""},
        {**key, "cause": "in_transit", "effect": -18, "evidence": ""},
        {**key, "cause": "in_transit", "effect": -30, "evidence": ""},
        {**key, "cause": "duplicate_file", "effect": 12, "evidence": ""},
        {**key, "cause": "sku_alias", "effect": -60, "evidence": ""},
    ])  # fmt: skip
    found = ranked(gaps, claims).select("rank", "cause", "effect", "removes", "share").rows()
    assert found == [(1, "in_transit", -18, 18, 0.9), (2, "return", -5, 5, 0.25)]


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_in_a_world_is_named_first(fault: str) -> None:
    """Four worlds of each fault; 1,000 are tried by `python -m soak.siso`."""
    seeds = [FAULTS.index(fault) + 7 * n for n in range(1, 5)]
    verdicts = [judged(seed) for seed in seeds]
    assert {one.fault for one in verdicts} == {fault}
    assert sum(one.right for one in verdicts) >= 3


def test_scarce_pieces_are_shared_by_need_with_reasons(trade: Make) -> None:
    """13 weeks sold 26, 52, 0, 13: to last 8 weeks they need 16, 32, 0, 8, less what they have."""
    stock = pl.DataFrame(
        {"distributor": ["a", "b", "c", "d"], "sku": ["S"] * 4, "period": ["2026-03"] * 4,
         "on_hand": [4, 2, 9, 8], "in_transit": [2, 0, 0, 0], "trailing": [26, 52, 0, 13]}
    )  # fmt: skip

    def shared(units: int | None) -> list[tuple[Any, ...]]:
        supply = pl.DataFrame(
            {"sku": ["S"], "supply": [units]}, schema_overrides={"supply": pl.Int64}
        )
        found = allocated(stock, supply, target_weeks=8)
        return found.select("need", "allocated", "reason").rows()

    assert shared(40) == [(10, 10, "need_met"), (30, 30, "need_met"), (0, 0, "no_demand"),
                          (0, 0, "stock_covers_target")]  # fmt: skip
    assert shared(21)[:2] == [(10, 5, "supply_short"), (30, 16, "supply_short")]
    assert shared(100)[:2] == [(10, 10, "need_met"), (30, 30, "need_met")]
    assert shared(None)[0] == (10, None, "supply_unknown")
    here = _traded(trade, closing=110)
    assert here.rows(allocation, "sku", "on_hand", "need", "reason") == [
        ("FW-10", 110, 0, "stock_covers_target")
    ]
