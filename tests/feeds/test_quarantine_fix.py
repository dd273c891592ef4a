"""Waiting lines of a feed corrected in bulk: by a CSV that went out, or by a rule."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from hub.commands.quarantine_fix import export, fix
from hub.commands.warehouse import Workplace
from hub.config import ObjectMapping, Settings, stock_mapping
from hub.connectors.feed import FeedConnector
from hub.connectors.feed.config import FeedReport, FeedSystem
from hub.errors import HubError
from hub.models.database import reading
from hub.models.sources import src_pos_line
from hub.sync.land import land
from hub.sync.ledger import begin_run, end_run
from hub.sync.quarantine import waiting_rows

HEADER = "Invoice;Line;Date;SKU;Qty;Price;Curr;Dealer"
LINES = (
    "I1;1;2026-03-10;FW-10;3;9.50;EUR;0471",
    "I1;2;2026-03-10;FW-10;two;9.50;EUR;0471",
    "I2;1;2026-03-10;FW-10;1;9.50;EUX;0471",
    "I2;2;2026-03-10;FW-10;4;9.50;EUX;0471",
    ";3;2026-03-10;FW-10;5;9.50;EUR;=1+1",
)
PROFILE = """
kind: pos
delimiter: ";"
decimal_mark: "."
date_formats: ["%Y-%m-%d"]
columns: {invoice_no: Invoice, invoice_line: Line, invoice_date: Date, sku: SKU, quantity: Qty,
  unit_price: Price, currency: Curr, reseller_account: Dealer}
"""


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Workplace:
    """A warehouse in which one line of five has landed."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "small.yaml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "pos.csv").write_text("\n".join([HEADER, *LINES]) + "\n", encoding="utf-8")
    config = FeedSystem(
        kind="feed",
        role="distributor",
        reports={"pos": FeedReport(path="pos.csv", profile="small")},
    )
    mappings = {n: ObjectMapping.model_validate(m) for n, m in stock_mapping("feed").items()}
    settings = Settings(
        systems={"northwind": config},
        mappings={"northwind": mappings},
        file=tmp_path / "hub.yaml",
        archive=str(tmp_path / "archive"),
    )
    run = begin_run(engine, "sync", "")
    connector = FeedConnector("northwind", config, settings)
    land(engine, settings, run, connector, "pos_line")
    connector.close()
    end_run(engine, run, "done", seconds={})
    return Workplace(settings, engine)


def landed(place: Workplace) -> dict[str, int]:
    c = src_pos_line.c
    with reading(place.engine) as conn:
        rows = conn.execute(select(c.record_id, c.quantity)).all()
    return {row.record_id: row.quantity for row in rows}


def waiting(place: Workplace) -> list[str]:
    with reading(place.engine) as conn:
        return [row.record_id for row in waiting_rows(conn)]


def test_a_rule_shows_what_it_frees_before_it_does(place: Workplace) -> None:
    assert landed(place) == {"I1/1": 3}
    shown = fix(place, None, ["currency=EUX"], ["currency=EUR"], do=False)
    assert [record for _, record, faults in shown.rows if not faults] == ["I2/1", "I2/2"]
    assert landed(place) == {"I1/1": 3}
    done = fix(place, None, ["currency=EUX"], ["currency=EUR"], do=True)
    assert (done.freed, done.left) == (shown.freed, 0)
    assert landed(place) == {"I1/1": 3, "I2/1": 1, "I2/2": 4}
    assert waiting(place) == ["I1/2", "pos/pos.csv#6"]
    assert done.for_profile == "codes: {currency: {'EUX': 'EUR'}}"


def test_a_corrected_csv_is_taken_back_and_a_line_gets_its_number(
    place: Workplace, tmp_path: Path
) -> None:
    file = tmp_path / "waiting.csv"
    assert export(place, file, "northwind", None) == 4
    text = file.read_text(encoding="utf-8-sig")
    assert "'=1+1" in text
    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))
    for row in rows:
        if row["record_id"] == "I1/2":
            row["quantity"] = "2"
        if row["record_id"] == "pos/pos.csv#6":
            row["invoice_no"] = "I3"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    report = fix(place, file, [], [], do=True)
    assert report.left == 0
    assert landed(place) == {"I1/1": 3, "I1/2": 2, "I3/3": 5}
    assert waiting(place) == ["I2/1", "I2/2"]
    with reading(place.engine) as conn:
        dealer = conn.scalar(
            select(src_pos_line.c.reseller_account).where(src_pos_line.c.record_id == "I3/3")
        )
    assert dealer == "=1+1"


def test_what_is_not_known_is_refused_with_a_remedy(place: Workplace, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="No waiting row"):
        fix(place, None, ["currency=XXX"], ["currency=EUR"], do=True)
    with pytest.raises(HubError, match="Neither a file nor a rule"):
        fix(place, None, [], [], do=False)
    file = tmp_path / "other.csv"
    file.write_text("id;quantity\n999;1\n", encoding="utf-8")
    with pytest.raises(HubError, match="line 2: no row '999'"):
        fix(place, file, [], [], do=True)
