"""Versions of reports, and what they do to sales: by real files, synced."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from trade import Trade, sale

from hub.cli import main
from hub.commands import period as periods
from hub.commands.feed_versions import diff, versions
from hub.commands.warehouse import Workplace
from hub.errors import HubError
from hub.golden.entries import differences, posting_period
from hub.models.channel import pos_entry
from hub.models.golden import pos_line, report
from hub.models.sources import src_pos_line

Make = Callable[..., Trade]
LINES = ("invoice_no", "quantity", "period")


def _status(trade: Trade) -> list[tuple[object, ...]]:
    return trade.rows(report, "file", "version", "status")


def test_F02_a_corrected_report_replaces_and_a_closed_period_stays_as_it_was(trade: Make) -> None:
    """March: I1 3, I2 3. The correction has I1 5 and I3 2: net is 7, I2 is gone."""
    here = trade()
    here.drop("pos_2026-03.csv", [sale("I1"), sale("I2")], "2026-04-02")
    assert here.sync("2026-04-02 10:00").status == "done"
    place = Workplace(here.settings, here.engine)
    periods.close(place, "2026-03", "an accountant")
    here.drop("pos_2026-03_b.csv", [sale("I1", Qty="5"), sale("I3", Qty="2")], "2026-04-09")
    assert here.sync("2026-04-09 10:00").status == "done"

    assert here.rows(pos_line, *LINES) == [("I1", 5, "2026-03"), ("I3", 2, "2026-03")]
    assert [row[1:] for row in _status(here)] == [(1, "superseded"), (2, "in_force")]
    booked = here.rows(
        pos_entry, "effective_period", "posting_period", "kind", "quantity", "amount"
    )
    assert booked == [
        ("2026-03", "2026-03", "first", 3, Decimal("300.00")),
        ("2026-03", "2026-03", "first", 3, Decimal("300.00")),
        ("2026-03", "2026-04", "first", 2, Decimal("200.00")),
        ("2026-03", "2026-04", "restated", 2, Decimal("200.00")),
        ("2026-03", "2026-04", "withdrawn", -3, Decimal("-300.00")),
    ]
    c = pos_entry.c
    with here.engine.connect() as conn:
        known = {
            at: conn.scalar(select(func.sum(c.quantity)).where(c.known_at <= at))
            for at in (datetime(2026, 4, 5, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC))
        }
    assert list(known.values()) == [6, 7]
    march, april = periods.periods(place)
    assert (march.units, april.units, april.restated_units) == (6, 1, 1)


def test_in_an_open_period_the_difference_is_booked_where_it_belongs(trade: Make) -> None:
    here = trade()
    here.drop("pos_2026-03.csv", [sale("I1")], "2026-04-02")
    here.sync("2026-04-02 10:00")
    here.drop("pos_2026-03.csv", [sale("I1", SKU="FW-20")], "2026-04-03")
    here.sync("2026-04-03 10:00")
    assert here.rows(pos_entry, "posting_period", "sku", "quantity", "kind") == [
        ("2026-03", "FW-10", -3, "restated"),
        ("2026-03", "FW-10", 3, "first"),
        ("2026-03", "FW-20", 3, "restated"),
    ]


def test_another_months_report_replaces_nothing(trade: Make) -> None:
    here = trade()
    here.drop("pos_2026-03.csv", [sale("I1")], "2026-04-02")
    here.drop("pos_2026-04.csv", [sale("I2", Date="2026-04-10")], "2026-05-02")
    here.sync("2026-05-02 10:00")
    assert here.rows(pos_line, *LINES) == [("I1", 3, "2026-03"), ("I2", 3, "2026-04")]
    assert [row[1:] for row in _status(here)] == [(1, "in_force"), (1, "in_force")]


def test_a_correction_holds_whatever_it_is_called_and_reading_all_again_changes_nothing(
    trade: Make,
) -> None:
    here = trade()
    here.drop("pos_2026-03_z.csv", [sale("I1"), sale("I2")], "2026-04-02")
    here.drop("pos_2026-03_a.csv", [sale("I1", Qty="4")], "2026-04-05")
    here.sync("2026-04-05 10:00")
    assert here.rows(pos_line, *LINES) == [("I1", 4, "2026-03")]
    before = here.rows(pos_line, *pos_line.c.keys()), here.rows(pos_entry, "entry", "quantity")
    here.sync("2026-04-06 10:00", full=True)
    assert here.rows(pos_line, *pos_line.c.keys()) == before[0]
    assert here.rows(pos_entry, "entry", "quantity") == before[1]


def test_a_line_whose_correction_waits_keeps_its_last_good_version(trade: Make) -> None:
    here = trade()
    here.drop("pos_2026-03.csv", [sale("I1"), sale("I2")], "2026-04-02")
    here.sync("2026-04-02 10:00")
    bad = [sale("I1", Currency="EUX"), sale("I3")]
    here.drop("pos_2026-03_b.csv", bad, "2026-04-05")
    here.sync("2026-04-05 10:00")
    assert here.rows(pos_line, *LINES) == [("I1", 3, "2026-03"), ("I3", 3, "2026-03")]


def test_a_report_without_lines_does_not_take_a_month_away_by_itself(trade: Make) -> None:
    here = trade()
    header = list(sale("I1"))
    here.drop("pos_2026-03.csv", [sale("I1")], "2026-04-02")
    here.drop("pos_2026-03_b.csv", [], "2026-04-05", header)
    here.drop("pos_2026-04.csv", [], "2026-05-05", header)
    here.sync("2026-05-05 10:00")
    assert here.rows(pos_line, *LINES) == [("I1", 3, "2026-03")]
    assert [row[1:] for row in _status(here)] == [(1, "in_force"), (2, "held"), (1, "in_force")]


@pytest.mark.parametrize(
    ("mode", "left"),
    [("append", [("I1", 3), ("I2", 3)]), ("delta", [("I1", 3), ("I2", 3)]),
     ("full_replace", [("I2", 3)])],
)  # fmt: skip
def test_the_mode_says_what_a_second_report_means(
    trade: Make, mode: str, left: list[tuple[str, int]]
) -> None:
    here = trade(pos={"mode": mode})
    here.drop("pos_2026-03_1.csv", [sale("I1")], "2026-04-02")
    here.drop("pos_2026-03_2.csv", [sale("I2")], "2026-04-03")
    here.sync("2026-04-03 10:00")
    assert [row[:2] for row in here.rows(pos_line, *LINES)] == left


def test_lines_of_a_delta_add_change_and_delete(trade: Make) -> None:
    here = trade(pos={"mode": "delta", "columns": {"action": "Action"}})
    first = [sale("I1", Action="A"), sale("I2", Action="Add")]
    here.drop("pos_2026-03_1.csv", first, "2026-04-02")
    here.sync("2026-04-02 10:00")
    second = [sale("I1", Action="D"), sale("I2", Action="change", Qty="7"),
              sale("I3", Action="?")]  # fmt: skip
    here.drop("pos_2026-03_2.csv", second, "2026-04-03")
    report = here.sync("2026-04-03 10:00")
    assert here.rows(pos_line, *LINES) == [("I2", 7, "2026-03")]
    faults = [landed.faults for landed in report.landed if landed.object == "pos_line"]
    assert faults == [{"action_unknown": 1}]
    assert [row[0] for row in here.rows(src_pos_line, "is_deleted")] == [False, True]


def test_two_versions_are_shown_and_compared(trade: Make) -> None:
    here = trade()
    here.drop("pos_2026-03.csv", [sale("I1"), sale("I2"), sale("I4")], "2026-04-02")
    here.drop("pos_2026-03_b.csv", [sale("I1", Qty="5"), sale("I3"), sale("I4")], "2026-04-09")
    here.sync("2026-04-09 10:00")
    shown = versions(here.config, "northwind")
    assert [(one["version"], one["status"]) for one in shown] == [
        (1, "superseded"),
        (2, "in_force"),
    ]
    old, new = (one["id"] for one in shown)
    found = diff(old, new, None, here.config)
    assert [one["record_id"] for one in found.removed] == ["I2/1"]
    assert [one["record_id"] for one in found.added] == ["I3/1"]
    assert [tuple(one.values()) for one in found.changed] == [("I1/1", 2, "quantity", 3, 5)]
    assert found.same == 1
    assert found.sums["quantity"] == ["9", "11"]
    told = CliRunner().invoke(main, ["feed", "diff", old, new, "--config", str(here.config)])
    assert told.exit_code == 0
    assert "1 lines more, 1 less, 1 changed, 1 the same" in told.output
    with pytest.raises(HubError, match="rp_99"):
        diff(old, "rp_99", None, here.config)


def test_periods_are_closed_in_order_and_only_the_last_one_opens_again(trade: Make) -> None:
    here = trade()
    here.drop("pos_2026-03.csv", [sale("I1")], "2026-04-02")
    here.drop("pos_2026-04.csv", [sale("I2", Date="2026-04-10")], "2026-05-02")
    here.sync("2026-05-02 10:00")
    place = Workplace(here.settings, here.engine)
    with pytest.raises(HubError, match="2026-03 is still open"):
        periods.close(place, "2026-04", "x")
    periods.close(place, "2026-03", "x")
    periods.close(place, "2026-04", "x")
    with pytest.raises(HubError, match="not the last"):
        periods.reopen(place, "2026-03")
    periods.reopen(place, "2026-04")
    assert [one.closed_by for one in periods.periods(place)] == ["x", None]
    with pytest.raises(HubError, match="no month"):
        periods.close(place, "2026-13", "x")


def test_what_is_restated_is_booked_in_the_first_open_month() -> None:
    closed = ["2025-11", "2025-12", "2026-02"]
    told = pl.DataFrame({"p": ["2025-10", "2025-11", "2026-01", "2026-02"]})
    posted = told.select(posting_period(pl.col("p"), closed)).to_series().to_list()
    assert posted == ["2025-10", "2026-01", "2026-01", "2026-03"]


def test_restating_a_month_touches_its_partition_and_no_other(trade: Make) -> None:
    """In the archive by the files that came; in the warehouse by where rows were written: on
    PostgreSQL each month is a table of its own."""
    here = trade()
    for month in ("03", "04", "05"):
        day = f"2026-{month}-10"
        here.drop(f"pos_2026-{month}.csv", [sale(f"I{month}", Date=day)], f"{day} 09:00")
    here.sync("2026-06-02 10:00")
    before, tables = _archived(here), _written(here)
    here.drop("pos_2026-04.csv", [sale("I04", Date="2026-04-10", Qty="9")], "2026-06-03")
    here.sync("2026-06-03 10:00")
    assert {path.split("/")[2] for path in _archived(here) - before} == {"period=2026-04"}
    moved = {name for name, at in _written(here).items() if tables[name] != at}
    assert moved == {
        ("pos_line_2026_04" if here.engine.dialect.name == "postgresql" else "2026-04")
    }


def _archived(trade: Trade) -> set[str]:
    root = trade.folder / "archive"
    return {str(p.relative_to(root)) for p in root.glob("northwind/pos_line/**/*.parquet")}


def _written(trade: Trade) -> dict[str, object]:
    """Partition → what tells that a row of it was written: PostgreSQL's own transaction numbers, on
    SQLite the runs of the rows."""
    place, stamp = (
        ("tableoid::regclass::text", "max(xmin::text::bigint)")
        if trade.engine.dialect.name == "postgresql"
        else ("period", "max(run)")
    )
    with trade.engine.connect() as conn:
        query = text(f"SELECT {place}, {stamp} FROM pos_line GROUP BY 1")
        return {str(name): at for name, at in conn.execute(query)}


_LINE = st.fixed_dictionaries(
    {
        "line_id": st.sampled_from(["a", "b", "c"]),
        "sku": st.sampled_from(["X", "Y"]),
        "quantity": st.integers(-5, 5),
        "amount": st.integers(-500, 500).map(lambda cents: Decimal(cents) / 100),
    }
)
_STATE = st.lists(_LINE, max_size=3, unique_by=lambda line: line["line_id"])
_SHAPE = {
    "line_id": pl.String, "distributor": pl.String, "sku": pl.String, "reseller_account": pl.String,
    "currency": pl.String, "effective_period": pl.String, "effective_date": pl.Date,
    "quantity": pl.Int64, "amount": pl.Decimal(15, 2), "report_id": pl.String,
}  # fmt: skip


def _frame(state: list[dict[str, object]]) -> pl.DataFrame:
    full = [{"distributor": "d", "effective_period": "2026-03", **line} for line in state]
    return pl.DataFrame(full, schema=_SHAPE)


@given(st.lists(_STATE, max_size=5))
def test_the_sum_of_all_entries_is_the_last_state(states: list[list[dict[str, object]]]) -> None:
    """Whatever lines say, change, lose and regain; and booking the same twice books nothing."""
    key = [*list(_SHAPE)[:7]]
    booked = _frame([]).drop("report_id")
    for state in states:
        news = differences(booked, _frame(state))
        booked = (
            pl.concat([booked, news.select(booked.columns)])
            .group_by(key)
            .agg(pl.col("quantity").sum(), pl.col("amount").sum())
            .select(booked.columns)
        )
        assert differences(booked, _frame(state)).is_empty()
        standing = booked.filter((pl.col("quantity") != 0) | (pl.col("amount") != 0))
        told = [line for line in state if line["quantity"] or line["amount"]]
        columns = ("line_id", "sku", "quantity", "amount")
        assert sorted(standing.select(columns).rows()) == sorted(
            tuple(line[name] for name in columns) for line in told
        )
