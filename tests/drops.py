"""A distributor's reports wherever it puts them, and what a feed takes of them."""

from pathlib import Path
from typing import Any

import polars as pl

from hub.config import Settings
from hub.connectors.contract import ObjectSpec
from hub.connectors.feed import FeedConnector
from hub.connectors.feed.config import FeedReport, FeedSystem

LINES = ObjectSpec("pos_line", ("invoice_no", "quantity"))
PROFILE = """\
kind: pos
version: "1"
key: [invoice_no, sku]
columns: {invoice_no: Invoice No, invoice_date: Invoice Date, sku: SKU, quantity: Qty,
          unit_price: Unit Price, currency: Currency, end_customer_name: End Customer}
"""
HEADER = "Invoice No;Invoice Date;SKU;Qty;Unit Price;Currency;End Customer\n"


def report(*lines: tuple[str, int]) -> bytes:
    """A CSV of sales: invoice numbers and quantities."""
    told = (f"{no};2026-03-02;FW-200;{quantity};9.50;EUR;Acme GmbH\n" for no, quantity in lines)
    return (HEADER + "".join(told)).encode()


def feed(folder: Path, path: str, **options: Any) -> FeedConnector:
    """The feed `northwind` of files at a path that takes these options."""
    return feed_of(folder, path=path, options=options)


def feed_of(folder: Path, **told: Any) -> FeedConnector:
    """The feed `northwind`, with one report told like this, of a hub whose configuration is in this
    folder."""
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / "plain.yaml").write_text(PROFILE, encoding="utf-8")
    reports = {"pos": FeedReport(profile="plain", **told)}
    config = FeedSystem(kind="feed", role="distributor", reports=reports)
    return FeedConnector("northwind", config, Settings(systems={}, file=folder / "hub.yaml"))


def pulled(connector: FeedConnector, cursor: str | None) -> tuple[list[tuple[Any, ...]], str]:
    """Invoice number and quantity of each line that is new, and the cursor after them."""
    batches = list(connector.pull(LINES, cursor))
    connector.close()
    if not batches:
        return [], cursor or ""
    rows = pl.concat([batch.rows for batch in batches])
    return rows.select("invoice_no", "quantity").rows(), batches[-1].cursor


def originals(folder: Path) -> list[bytes]:
    """The files in the archive of that hub, as they came."""
    kept = folder / "archive" / "originals" / "northwind"
    return sorted(file.read_bytes() for file in kept.iterdir())
