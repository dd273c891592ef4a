"""Rows as a connector tells them, and what the checks make of them."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from hub.checks.convert import convert
from hub.checks.schemas import Split, validate
from hub.models.sources import HOUSEKEEPING, SOURCES

GOOD: dict[str, dict[str, str | None]] = {
    "company": {"name": "Adler Systemhaus GmbH"},
    "contact": {"last_name": "Lovelace"},
    "lead": {"last_name": "Lovelace"},
    "opportunity": {"name": "Firewalls", "stage": "Prospecting"},
    "report": {"status": "taken", "report_kind": "pos", "file": "pos.csv", "mode": "append"},
    "pos_line": {
        "report_date": "2026-03-01",
        "sku": "FW-100",
        "quantity": "2",
        "invoice_date": "2026-02-27",
    },
    "inventory_line": {"as_of_date": "2026-03-01", "sku": "FW-100", "on_hand": "7"},
    "claim": {"claim_no": "C-1", "claim_date": "2026-03-01", "sku": "FW-100", "quantity": "2"},
}
"""A row of each source table that says only what it must."""


def columns(source: str) -> list[str]:
    """What a source table says, without the hub's own housekeeping."""
    return [c.name for c in SOURCES[source].columns if c.name not in HOUSEKEEPING]


def checked(
    source: str,
    *rows: Mapping[str, str | None],
    codes: Mapping[str, Mapping[str, str]] | None = None,
) -> Split:
    """Rows, each the GOOD one with changes, through conversion and validation."""
    names = columns(source)
    full = [{**dict.fromkeys(names), **GOOD[source], **row} for row in rows]
    raw = pl.DataFrame(full, schema=dict.fromkeys(names, pl.String), orient="row")
    pull = {name: name for name in names}
    return validate(source, convert(raw, pull, codes or {}, SOURCES[source]))


def faults(source: str, **changes: str | None) -> list[tuple[str, str, str | None]]:
    """(column, rule, value) of everything wrong with one row."""
    found = checked(source, changes).faults
    return list(found.select("column", "rule", "value").iter_rows())


def typed(source: str, column: str, told: str | None, **others: str | None) -> Any:
    """The typed value of one column of a row, which must be good."""
    split = checked(source, {column: told, **others})
    assert split.faults.rows() == []
    return split.good[column][0]
