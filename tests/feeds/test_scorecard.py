"""How good a distributor's reports are, by figures worked out by hand."""

from collections.abc import Callable

from sqlalchemy import text
from trade import Trade, sale

Make = Callable[..., Trade]
_ASKED = (
    "reports_due, on_time, came_late, overdue, versions, lines_read, lines_at_fault, fault_rate, "
    "lines, reseller_share, customer_share, round(amount, 2), round(at_stake, 2)"
)


def test_a_scorecard_counts_punctuality_faults_and_money_at_stake(trade: Make) -> None:
    """March came late, in two versions. Of 4 lines one is bad; of the 3 good ones (300 each) one
    names its customer, so 600 are at stake. April is overdue."""
    here = trade(
        pos={"columns": {"end_customer_name": "Customer"}},
        reports={"pos": {"due": "monthly+5bd"}},
    )
    first = [sale("I1", Customer="Acme Werke")]
    here.drop("pos_2026-03.csv", first, "2026-04-08")
    more = [sale("I2", Customer="VARIOUS"), sale("I3", Customer=""),
            sale("I4", Customer="Acme Werke", Currency="EUX")]  # fmt: skip
    here.drop("pos_2026-03_b.csv", [*first, *more], "2026-04-20")
    here.sync("2026-05-20 10:00")
    with here.engine.connect() as conn:
        query = f"SELECT period, {_ASKED} FROM mart_distributor_scorecard ORDER BY period"
        march, april = conn.execute(text(query)).all()
    assert march[0] == "2026-03"
    shares = [1.0, 0.3333, 900.0, 600.0]
    assert [float(value) for value in march[1:]] == [1, 0, 1, 0, 2, 4, 1, 0.25, 3, *shares]
    assert april[:5] == ("2026-04", 1, 0, 0, 1)
