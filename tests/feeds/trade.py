"""A distributor's drop folder that is really synced, at moments that the test says."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from reading_kit import csv_text
from sqlalchemy import Engine, Table

from hub.config import Settings
from hub.sync.mapped import load_settings
from hub.sync.pipeline import sync
from hub.sync.report import SyncReport

POS_COLUMNS = {
    "sku": "SKU",
    "quantity": "Qty",
    "unit_price": "Price",
    "currency": "Currency",
    "invoice_no": "Invoice",
    "invoice_line": "Line",
    "invoice_date": "Date",
    "reseller_account": "Account",
    "reseller_name": "Reseller",
}
STOCK_COLUMNS = {"sku": "SKU", "on_hand": "On Hand", "in_transit": "In Transit"}
SALE = {"SKU": "FW-10", "Qty": "3", "Price": "100.00", "Currency": "EUR", "Line": "1",
        "Account": "R-1", "Reseller": "Bright Systems"}  # fmt: skip


def sale(invoice: str, **cells: str) -> dict[str, str]:
    """A line of March unless told otherwise."""
    return {**SALE, "Invoice": invoice, "Date": "2026-03-10", **cells}


@dataclass
class Trade:
    """One folder with a `hub.yaml`; `profiles` are extra keys of the two profiles."""

    folder: Path
    engine: Engine
    url: str
    pos: Mapping[str, Any] = field(default_factory=dict)
    reports: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("in", "profiles"):
            (self.folder / name).mkdir(exist_ok=True)
        columns = {**POS_COLUMNS, **self.pos.get("columns", {})}
        self._yaml("profiles/pos.yaml", {"kind": "pos", **self.pos, "columns": columns})
        self._yaml("profiles/stock.yaml", {"kind": "inventory", "columns": STOCK_COLUMNS})
        self._yaml("policy.yaml", {"version": "test", **self.policy})
        reports = {
            "pos": {"path": "in/pos_*.csv", "profile": "pos"},
            "stock": {"path": "in/stock_*.csv", "profile": "stock"},
        }
        feed = {"kind": "feed", "role": "distributor",
                "reports": {name: {**keys, **self.reports.get(name, {})}
                            for name, keys in reports.items()}}  # fmt: skip
        self._yaml("hub.yaml", {"warehouse": self.url, "archive": "./archive", **self.lists,
                                "systems": {"northwind": feed, **self.more}})  # fmt: skip

    def _yaml(self, name: str, content: Mapping[str, Any]) -> None:
        (self.folder / name).write_text(yaml.safe_dump(dict(content), sort_keys=False))

    @property
    def config(self) -> Path:
        return self.folder / "hub.yaml"

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    def drop(
        self, name: str, rows: Sequence[Mapping[str, str]], at: str, header: Sequence[str] = ()
    ) -> Path:
        """A file of these rows, written at a moment; of no rows, its header only."""
        path = self.folder / "in" / name
        path.write_text(csv_text(rows) if rows else ";".join(header) + "\n")
        moment = moment_of(at).timestamp()
        os.utime(path, (moment, moment))
        return path

    def sync(self, at: str, **how: Any) -> SyncReport:
        return sync(self.engine, self.settings, clock=lambda: moment_of(at), **how)

    def rows(self, table: Table, *columns: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as conn:
            query = table.select().with_only_columns(*(table.c[name] for name in columns))
            return sorted(map(tuple, conn.execute(query)), key=str)


def moment_of(text: str) -> datetime:
    """`2026-04-03` or `2026-04-03 10:00`, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
