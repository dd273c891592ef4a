"""The partner model that analysts query: one row per real thing, with history and lineage.

A `company` is any organisation; `partner` is the programme profile of a company. Each table with a
history has a twin `*_history` with the same columns plus `valid_from` and `valid_to` (when the hub
knew it so; UTC; null = still so).
"""

from typing import Any

from sqlalchemy import Boolean, Column, Date, Index, Integer, String, Table, Text

from hub.models.base import Money, UtcTime, metadata


def _golden(name: str, *columns: Column[object], **options: Any) -> Table:
    return Table(
        name,
        metadata,
        Column("id", String(40), primary_key=True),
        *columns,
        Column("run", Integer, nullable=False, comment="the run that last changed the row"),
        Index(f"ix_{name}_run", "run"),
        **options,
    )


company = _golden(
    "company",
    Column("name", String(255), nullable=False),
    Column("domain", String(255)),
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
    Column("company_type", String(32)),
    Column("parent_company_id", String(40)),
    Column("source_rows", Integer, nullable=False),
)

partner = _golden(
    "partner",
    Column("company_id", String(40), nullable=False),
    Column("name", String(255), nullable=False),
    Column("tier", String(32)),
    Column("status", String(32)),
    Column("territories", String(255), comment="ISO country codes, `;` between"),
    Column("country", String(2)),
)

contact = _golden(
    "contact",
    Column("first_name", String(120)),
    Column("last_name", String(120)),
    Column("email", String(254)),
    Column("phone", String(64)),
    Column("mobile", String(64)),
    Column("job_title", String(255)),
    Column("company_name", String(255)),
    Column("company_id", String(40)),
    Column("city", String(120)),
    Column("postal_code", String(32)),
    Column("country", String(2)),
    Column("source_rows", Integer, nullable=False),
)

lead = _golden(
    "lead",
    Column("name", String(255)),
    Column("company_name", String(255)),
    Column("email", String(254)),
    Column("country", String(2)),
    Column("postal_code", String(32)),
    Column("product", String(120)),
    Column("status", String(32)),
    Column("source", String(120)),
    Column("company_id", String(40)),
    Column("contact_id", String(40)),
    Column("system", String(64), nullable=False, comment="where the lead was born"),
    Column("created_at", UtcTime),
)

opportunity = _golden(
    "opportunity",
    Column("name", String(255), nullable=False),
    Column("company_id", String(40)),
    Column("stage", String(64), nullable=False),
    Column("amount", Money),
    Column("currency", String(3)),
    Column("close_date", Date),
    Column("product", String(120)),
    Column("is_closed", Boolean, nullable=False),
    Column("is_won", Boolean, nullable=False),
    Column("system", String(64), nullable=False),
    Column("created_at", UtcTime),
    Column("partner_id", String(40), comment="the partner in whose own system the deal is"),
    Column("lead_id", String(40), comment="the assigned lead that became the deal"),
)

report = _golden(
    "report",
    Column("distributor", String(64), nullable=False),
    Column("report", String(64), nullable=False, comment="its name in hub.yaml"),
    Column("report_kind", String(16), nullable=False),
    Column("period_start", Date, comment="as told, else the first day of its lines"),
    Column("period_end", Date),
    Column("branch", String(64), comment="the scope, when the report is of one branch only"),
    Column("version", Integer, comment="among the reports taken of its period and branch, from 1"),
    Column(
        "status",
        String(20),
        nullable=False,
        comment="in_force, superseded, cancelled, held, rejected, growing, duplicate_ignored",
    ),
    Column("reason", Text),
    Column("superseded_by", String(40), comment="→ report"),
    Column("mode", String(16), nullable=False),
    Column("purpose", String(16)),
    Column("report_no", String(64), comment="the sender's own number"),
    Column("file", String(255), nullable=False),
    Column("digest", String(64)),
    Column("received_at", UtcTime),
    Column("lines_read", Integer),
)

pos_line = _golden(
    "pos_line",
    Column("period", String(7), primary_key=True, comment="YYYY-MM: the month its report ends in"),
    Column("distributor", String(64), nullable=False),
    Column("report_id", String(40), comment="→ report, the version that says so"),
    Column("report_date", Date, nullable=False),
    Column("branch", String(64)),
    Column("transaction_type", String(16), comment="sale, return, price_adjustment, …"),
    Column("transaction_code", String(16)),
    Column("reseller_account", String(64)),
    Column("reseller_company_id", String(40)),
    Column("reseller_match", String(16), comment="how the reseller was found"),
    Column("end_customer_company_id", String(40)),
    Column("end_customer_match", String(16)),
    Column("channel_leg", String(16), comment="to_reseller, to_distributor"),
    Column("sku", String(64), nullable=False),
    Column("product_match", String(16), comment="by what the vendor's number was found"),
    Column("product_name", String(255)),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", Money(4)),
    Column("amount", Money, comment="as told, else quantity × unit_price"),
    Column("currency", String(3)),
    Column("invoice_no", String(64)),
    Column("invoice_line", String(16)),
    Column("invoice_date", Date),
    Column("ship_date", Date),
    Column("serial_no", String(64)),
    postgresql_partition_by="LIST (period)",
)

inventory_line = _golden(
    "inventory_line",
    Column("period", String(7), nullable=False, comment="YYYY-MM of the day of counting"),
    Column("distributor", String(64), nullable=False),
    Column("report_id", String(40), comment="→ report"),
    Column("as_of_date", Date, nullable=False),
    Column("branch", String(64)),
    Column("sku", String(64), nullable=False),
    Column("on_hand", Integer),
    Column("available", Integer),
    Column("committed", Integer),
    Column("on_order", Integer),
    Column("in_transit", Integer),
    Column("defective", Integer),
    Column("opening", Integer),
    Column("received", Integer),
    Column("unit_value", Money(4)),
    Column("currency", String(3)),
    Column("received_date", Date),
)

shipment = _golden(
    "shipment",
    Column("period", String(7), nullable=False, comment="YYYY-MM of the day of shipping"),
    Column("distributor", String(64), nullable=False, comment="who got it"),
    Column("document_no", String(64), nullable=False),
    Column("document_line", String(16)),
    Column("sku", String(64), nullable=False),
    Column("quantity", Integer, nullable=False, comment="negative: taken back"),
    Column("unit_price", Money(4)),
    Column("currency", String(3)),
    Column("ship_date", Date, nullable=False),
    Column("received_date", Date, comment="proof of delivery"),
)

registration = _golden(
    "registration",
    Column("name", String(255), nullable=False),
    Column("partner_id", String(40)),
    Column("company_id", String(40), comment="the end customer"),
    Column("opportunity_id", String(40)),
    Column(
        "doubted_opportunity_id",
        String(40),
        comment="the one that a steward is asked about",
    ),
    Column("product", String(120)),
    Column("amount", Money),
    Column("currency", String(3)),
    Column("close_date", Date),
    Column("status", String(32), nullable=False),
    Column("submitted_at", UtcTime),
    Column("approved_at", UtcTime),
    Column("protected_until", Date),
    Column("note", String(255)),
    Column("system", String(64), nullable=False),
)

lead_assignment = _golden(
    "lead_assignment",
    Column("partner_id", String(40)),
    Column("decision_id", Integer, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("status", String(32), comment="offered, or what the partner made of it"),
    Column("status_reason", String(64)),
    Column("status_note", String(255)),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entity", String(32), nullable=False),
    Column("entity_id", String(40), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("outcome", String(64), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("policy_version", String(32), nullable=False),
    Column("inputs", Text, nullable=False, comment="JSON"),
    Column("candidates", Text, nullable=False, comment="JSON: every candidate with pass/fail"),
    Column("run", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_decision_entity_entity_id", "entity", "entity_id"),
    comment="why: rule, inputs, and the candidates that lost",
)

lineage = Table(
    "lineage",
    metadata,
    Column("entity", String(32), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("field", String(64), primary_key=True),
    Column("system", String(64), nullable=False),
    Column("object", String(64), nullable=False),
    Column("record_id", String(128), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("run", Integer, nullable=False),
    comment="the source row each golden value came from, and the survivorship rule that chose it",
)


def _history(table: Table) -> Table:
    return Table(
        f"{table.name}_history",
        metadata,
        Column("valid_from", UtcTime, primary_key=True),
        Column("valid_to", UtcTime),
        *(
            Column(c.name, c.type, primary_key=c.primary_key, nullable=c.nullable)
            for c in table.columns
        ),
        Index(f"ix_{table.name}_history_valid_to", "valid_to"),
    )


HISTORIES: dict[str, Table] = {
    table.name: _history(table)
    for table in (company, partner, contact, lead, opportunity, registration, lead_assignment)
}
