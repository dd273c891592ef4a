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


def _report_line() -> tuple[Column[object], ...]:
    """Which report a line stands in, and where. All reports of a feed are rows of `src_report`."""
    return (
        Column("report_record_id", String(128), comment="→ src_report.record_id of the system"),
        Column("report_line", Integer, comment="line of the file; of EDI, its segment"),
        Column("period_start", Date),
        Column("period_end", Date),
    )


def _product() -> tuple[Column[object], ...]:
    return (
        Column("sku", String(64)),
        Column("distributor_sku", String(64)),
        Column("gtin", String(14)),
        Column("product_name", String(255)),
    )


def _party(role: str) -> tuple[Column[object], ...]:
    return (
        Column(f"{role}_name", String(255)),
        Column(f"{role}_street", String(255)),
        Column(f"{role}_city", String(120)),
        Column(f"{role}_region", String(120)),
        Column(f"{role}_postal_code", String(32)),
        Column(f"{role}_country", String(2)),
    )


def _buyers() -> tuple[Column[object], ...]:
    return (
        Column("reseller_account", String(64)),
        *_party("reseller"),
        *_party("end_customer"),
        Column("reseller_record_id", String(128)),
        Column("end_customer_record_id", String(128)),
    )


src_report = _source(
    "report",
    Column(
        "status",
        String(20),
        nullable=False,
        comment="taken, duplicate_ignored, held, growing, rejected",
    ),
    Column("reason", Text, comment="why it was not taken"),
    Column("report_kind", String(16), nullable=False, comment="pos, inventory, claim, activity"),
    Column("file", String(255), nullable=False, comment="its report, then its path in the drop"),
    Column("digest", String(64), comment="SHA-256 of the file"),
    Column("format", String(16)),
    Column("profile", String(64)),
    Column("profile_version", String(32)),
    Column("mode", String(16), nullable=False, comment="full_replace, delta, append"),
    Column("report_id", String(64), comment="the sender's own number of the report"),
    Column("purpose", String(16), comment="original, replace, change, cancel, duplicate"),
    Column("sender", String(64)),
    Column("branch", String(64), comment="the scope, when the report is of one branch only"),
    Column("period_start", Date),
    Column("period_end", Date),
    Column("received_at", UtcTime, comment="when the file was written last"),
    Column("lines_read", Integer),
    Column("lines_ignored", Integer, comment="total rows and repeated headers"),
    Column("evidence", Text, comment="JSON: encoding, delimiter, decimal mark, order of dates"),
    Column("warnings", Text, comment="JSON: texts"),
)

src_pos_line = _source(
    "pos_line",
    *_report_line(),
    Column("report_date", Date, nullable=False),
    Column("branch", String(64)),
    Column("transaction_type", String(16), comment="sale, return, price_adjustment, …"),
    Column("transaction_code", String(16), comment="as told: PTD01, a document type"),
    *_buyers(),
    *_party("ship_to"),
    *_party("bill_to"),
    *_product(),
    Column("quantity", Integer, nullable=False),
    Column("unit", String(16)),
    Column("unit_price", Money(4)),
    Column("amount", Money, comment="the line's price as told"),
    Column("unit_cost", Money(4), comment="book cost"),
    Column("special_cost", Money(4), comment="cost after ship and debit, per unit"),
    Column("claim_amount", Money),
    Column("currency", String(3)),
    Column("invoice_no", String(64)),
    Column("invoice_line", String(16)),
    Column("invoice_date", Date),
    Column("ship_date", Date),
    Column("sales_order_no", String(64)),
    Column("customer_po", String(64)),
    Column("distributor_po", String(64)),
    Column("authorization_no", String(64), comment="special price, ship and debit"),
    Column("registration_no", String(64)),
    Column("promotion", String(64)),
    Column("serial_no", String(64)),
    Column("flags", String(255), comment="what was repaired or is odd, `;` between"),
)

src_inventory_line = _source(
    "inventory_line",
    *_report_line(),
    Column("as_of_date", Date, nullable=False),
    Column("branch", String(64)),
    *_product(),
    Column("on_hand", Integer),
    Column("available", Integer),
    Column("committed", Integer),
    Column("on_order", Integer),
    Column("in_transit", Integer),
    Column("defective", Integer),
    Column("opening", Integer),
    Column("received", Integer),
    Column("unmapped", Integer, comment="quantities under qualifiers that no profile names"),
    Column("unit", String(16)),
    Column("unit_value", Money(4)),
    Column("currency", String(3)),
    Column("received_date", Date, comment="of the stock, for its age"),
    Column("flags", String(255)),
)

src_claim = _source(
    "claim",
    *_report_line(),
    Column("claim_no", String(64), nullable=False),
    Column("claim_date", Date, nullable=False),
    Column("branch", String(64)),
    Column("authorization_no", String(64)),
    *_buyers(),
    *_product(),
    Column("quantity", Integer, nullable=False),
    Column("unit", String(16)),
    Column("unit_price", Money(4)),
    Column("unit_cost", Money(4)),
    Column("special_cost", Money(4)),
    Column("claim_amount", Money),
    Column("currency", String(3)),
    Column("invoice_no", String(64)),
    Column("invoice_line", String(16)),
    Column("invoice_date", Date),
    Column("ship_date", Date),
    Column("serial_no", String(64)),
    Column("flags", String(255)),
)

src_shipment = _source(
    "shipment",
    *_report_line(),
    Column("distributor", String(64), nullable=False, comment="its name in hub.yaml"),
    Column("document_no", String(64), nullable=False, comment="delivery note or invoice"),
    Column("document_line", String(16)),
    *_product(),
    Column("quantity", Integer, nullable=False, comment="negative: taken back"),
    Column("unit", String(16)),
    Column("unit_price", Money(4)),
    Column("currency", String(3)),
    Column("ship_date", Date, nullable=False),
    Column("received_date", Date, comment="proof of delivery"),
    Column("flags", String(255)),
)

SOURCES: dict[str, Table] = {
    "company": src_company,
    "contact": src_contact,
    "lead": src_lead,
    "assigned_lead": src_assigned_lead,
    "opportunity": src_opportunity,
    "report": src_report,
    "pos_line": src_pos_line,
    "inventory_line": src_inventory_line,
    "claim": src_claim,
    "shipment": src_shipment,
}


def content(table: Table) -> dict[str, Column[Any]]:
    """The columns of a source table that say something of the record."""
    return {c.name: c for c in table.columns if c.name not in HOUSEKEEPING}
