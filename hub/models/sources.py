"""`src_*`: what each outside system said, its last valid version, in the hub's columns and types.

One row per (system, object, record_id). Wrong rows never land here: they wait in `ops_quarantine`
while the last valid version stays in effect.
"""

from typing import Any

from sqlalchemy import Boolean, Column, Date, Index, Integer, String, Table, Text

from hub.models.base import Money, UtcTime, metadata

KEY = ("system", "object", "record_id")
HOUSEKEEPING = (
    *KEY,
    *("content_hash", "told", "agreed", "volatile_hash", "is_deleted", "gone", "merged_into"),
    *("modified_at", "batch_id", "run"),
)
DELETED, MERGED, HIDDEN = "deleted", "merged", "hidden"
"""Values of `gone`. A hidden row is not shown to our user any more and stays in effect."""


def _source(name: str, *columns: Column[object]) -> Table:
    """A source table: key, housekeeping, then what it says.

    `content_hash` covers the pulled fields; `told` is JSON of the last-seen values of fields that
    the hub itself writes, so that its own write coming back is recognised; `agreed` is the same as
    of when the hub last wrote it or had nothing to write, and null while that is `told`: what
    differs was changed in the system. `volatile_hash`
    covers the pulled fields that change without a trace in their system; it is null where there are
    none. `run` is the run that last changed the row; `batch_id` leads to the archived file it came
    from.
    """
    return Table(
        f"src_{name}",
        metadata,
        Column("system", String(64), primary_key=True),
        Column("object", String(64), primary_key=True),
        Column("record_id", String(128), primary_key=True),
        Column("content_hash", String(32), nullable=False),
        Column("told", Text),
        Column("volatile_hash", String(32)),
        Column("is_deleted", Boolean, nullable=False),
        Column("gone", String(16), comment="deleted, merged, hidden; null: the record is there"),
        Column("merged_into", String(128), comment="record id, at the end of all merges"),
        Column("modified_at", UtcTime),
        Column("batch_id", Integer, nullable=False),
        Column("run", Integer, nullable=False),
        *columns,
        Column("agreed", Text, comment="null: the same as told"),
        Index(f"ix_src_{name}_run", "run"),
    )


def _person() -> tuple[Column[object], ...]:
    return (
        Column("first_name", String(120)),
        Column("last_name", String(120)),
        Column("email", String(254)),
        Column("phone", String(64)),
        Column("mobile", String(64)),
        Column("job_title", String(255)),
        Column("company_name", String(255)),
        Column("street", String(255)),
        Column("city", String(120)),
        Column("postal_code", String(32)),
        Column("country", String(2)),
        Column("hub_key", String(80)),
        Column("created_at", UtcTime),
    )


src_company = _source(
    "company",
    Column("name", String(255), nullable=False),
    Column("website", String(255)),
    Column("phone", String(64)),
    Column("street", String(255)),
    Column("city", String(120)),
    Column("region", String(120)),
    Column("postal_code", String(32)),
    Column("country", String(2)),
    Column("industry", String(120)),
    Column("employees", Integer),
    Column("tax_id", String(40)),
    Column("duns", String(9)),
    Column("account_no", String(64)),
    Column("company_type", String(32)),
    Column("parent_record_id", String(128)),
    Column("partner_tier", String(32)),
    Column("partner_status", String(32)),
    Column("partner_territories", String(255)),
    Column("hub_key", String(80)),
    Column("created_at", UtcTime),
)

src_contact = _source("contact", *_person(), Column("company_record_id", String(128)))

src_lead = _source(
    "lead",
    *_person(),
    Column("name", String(255)),
    Column("website", String(255)),
    Column("industry", String(120)),
    Column("product", String(120)),
    Column("status", String(32)),
    Column("source", String(120)),
    Column("is_converted", Boolean),
    Column("converted_company_record_id", String(128)),
    Column("converted_contact_record_id", String(128)),
    Column("converted_opportunity_record_id", String(128)),
    Column("contact_record_id", String(128)),
)

src_assigned_lead = _source(
    "assigned_lead",
    Column("hub_key", String(80), comment="the lead this is the partner's copy of"),
    Column("status", String(32), comment="what the partner made of it"),
    Column("reason", String(64)),
    Column("note", String(255)),
    Column("origin", String(255), comment="file and line of the answer, where it came in a file"),
    Column("created_at", UtcTime),
)

src_opportunity = _source(
    "opportunity",
    Column("name", String(255), nullable=False),
    Column("company_record_id", String(128)),
    Column("partner_record_id", String(128)),
    Column("contact_record_id", String(128)),
    Column("pipeline", String(64)),
    Column("stage", String(64), nullable=False),
    Column("amount", Money),
    Column("currency", String(3)),
    Column("close_date", Date),
    Column("product", String(120)),
    Column("submitted_at", UtcTime),
    Column("approved_at", UtcTime),
    Column("is_closed", Boolean),
    Column("is_won", Boolean),
    Column("hub_key", String(80)),
    Column("created_at", UtcTime),
)

src_pos_line = _source(
    "pos_line",
    Column("report_date", Date, nullable=False),
    Column("branch", String(64)),
    Column("reseller_account", String(64), nullable=False),
    Column("reseller_name", String(255)),
    Column("reseller_city", String(120)),
    Column("reseller_postal_code", String(32)),
    Column("reseller_country", String(2)),
    Column("end_customer_name", String(255)),
    Column("end_customer_city", String(120)),
    Column("end_customer_postal_code", String(32)),
    Column("end_customer_country", String(2)),
    Column("reseller_record_id", String(128)),
    Column("end_customer_record_id", String(128)),
    Column("sku", String(64), nullable=False),
    Column("product_name", String(255)),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", Money(4), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("invoice_no", String(64), nullable=False),
    Column("invoice_line", String(16), nullable=False),
    Column("invoice_date", Date, nullable=False),
    Column("serial_no", String(64)),
)

SOURCES: dict[str, Table] = {
    "company": src_company,
    "contact": src_contact,
    "lead": src_lead,
    "assigned_lead": src_assigned_lead,
    "opportunity": src_opportunity,
    "pos_line": src_pos_line,
}


def content(table: Table) -> dict[str, Column[Any]]:
    """The columns of a source table that say something of the record."""
    return {c.name: c for c in table.columns if c.name not in HOUSEKEEPING}
