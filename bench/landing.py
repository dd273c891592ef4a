"""A made-up world as rows of the source tables, without CRMs, HTTP or archive in between."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any

import polars as pl
from sqlalchemy import Connection

from hub.checks.convert import convert
from hub.config import stock_mapping
from hub.connectors.contract import RECORD_ID
from hub.connectors.feed.canonical import END_CUSTOMER, FIELDS, RESELLER
from hub.connectors.feed.profile import shipped_profile
from hub.connectors.feed.reading import open_report
from hub.connectors.feed.report import Part, Source
from hub.connectors.feed.rows import rows_of
from hub.models import bulk
from hub.models.sources import SOURCES
from sandbox.world import World

SALESFORCE, HUBSPOT, NORTHWIND = "acme_salesforce", "acme_hubspot", "northwind"
Frames = dict[str, list[pl.DataFrame]]
Mention = tuple[str, str, str, str]
"""(entity, system, object, record_id)"""


def source_rows(world: World) -> tuple[Frames, dict[Mention, str]]:
    """Frames by entity, and whom each mention really speaks of; rows at fault are left out."""
    at_fault = {(f.system, f.object, f.record_id) for f in world.truth.dirty}
    frames: Frames = {"company": [], "contact": [], "lead": []}
    mapping = stock_mapping("salesforce")
    for name in ("Account", "Contact", "Lead"):
        rows = [
            {**row, "id": row["Id"]}
            for row in world.salesforce[name]
            if (SALESFORCE, name, row["Id"]) not in at_fault
        ]
        entity, frame = _typed(rows, mapping[name], SALESFORCE, name)
        frames[entity].append(frame)
    mapping = stock_mapping("hubspot")
    primary = {
        link.from_id: link.to_id
        for link in world.associations
        if (link.from_type, link.kind) == ("contacts", "primary")
    }
    for name in ("companies", "contacts"):
        rows = [
            {"id": r.id, "createdate": r.created_at, **r.properties}
            for r in world.hubspot[name]
            if (HUBSPOT, name, r.id) not in at_fault
        ]
        for row in rows:
            row["associations/companies/primary"] = primary.get(row["id"])
        entity, frame = _typed(rows, mapping[name], HUBSPOT, name)
        frames[entity].append(frame)
    bad_lines = [f.record_id for f in world.truth.dirty if f.system == NORTHWIND]
    parts = _parts(world)
    for name in (RESELLER, END_CUSTOMER):
        told = [rows_of(_without(part, bad_lines), name, tuple(FIELDS[name]), "") for part in parts]
        rows = pl.concat(told).rename({RECORD_ID: "id"}).to_dicts()
        entity, frame = _typed(rows, stock_mapping("feed")[name], NORTHWIND, name)
        frames[entity].append(frame.unique("record_id", keep="last", maintain_order=True))
    return frames, _truth(world, pl.concat(part.rows for part in parts))


def land(conn: Connection, frames: Frames, run: int) -> None:
    """Put the rows into the source tables as changed by `run`."""
    for entity, parts in frames.items():
        for part in parts:
            stamped = part.with_columns(run=pl.lit(run))
            with bulk.staged(conn, stamped, SOURCES[entity]) as stage:
                bulk.merge(conn, SOURCES[entity], stage)


def _typed(
    rows: Iterable[Mapping[str, Any]], mapping: Mapping[str, Any], system: str, name: str
) -> tuple[str, pl.DataFrame]:
    target = SOURCES[mapping["source"]]
    texts = [
        {field: None if row.get(field) is None else str(row[field]) for field in mapping["pull"]}
        for row in rows
    ]
    raw = pl.DataFrame(texts, schema=dict.fromkeys(mapping["pull"], pl.String))
    typed = convert(raw, mapping["pull"], mapping.get("values", {}), target)
    return mapping["source"], typed.select(mapping["pull"].values()).with_columns(
        system=pl.lit(system),
        object=pl.lit(name),
        record_id=pl.Series([str(row["id"]) for row in rows], dtype=pl.String),
        content_hash=pl.lit("-"),
        is_deleted=pl.lit(False),
        batch_id=pl.lit(0),
    )


def _parts(world: World) -> list[Part]:
    profile = shipped_profile("northwind_pos")
    sources = [
        Source(name, lambda text=text: BytesIO(text.encode()))
        for name, text in sorted(world.feeds.items())
    ]
    return [part for source in sources for part in open_report(source, profile).parts()]


def _without(part: Part, record_ids: list[str | None]) -> Part:
    return replace(part, rows=part.rows.filter(~pl.col(RECORD_ID).is_in(record_ids)))


def _truth(world: World, lines: pl.DataFrame) -> dict[Mention, str]:
    customer = dict(lines.select("record_id", "end_customer_record_id").iter_rows())
    told: dict[Mention, str] = {}
    for record in world.truth.records:
        record_id: str | None = record.record_id
        if record.object == END_CUSTOMER:
            record_id = customer.get(record.record_id)
        if record_id is not None:
            key = (record.entity, record.system, record.object, record_id)
            told.setdefault(key, record.truth_id)
    return told
