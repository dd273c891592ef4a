"""Sell-in against sell-out, allocation, expected reports; how buyers and products were found"""

import sqlalchemy as sa
from alembic import op

from hub.models.base import Money, UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "allocation",
        sa.Column("period", sa.String(length=7), nullable=False, comment="by the stock at its end"),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("distributor", sa.String(length=64), nullable=False),
        sa.Column("weekly_demand", sa.Float(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("in_transit", sa.Integer(), nullable=False),
        sa.Column(
            "need", sa.Integer(), nullable=False, comment="to have the weeks that the policy wants"
        ),
        sa.Column(
            "supply", sa.Integer(), nullable=True, comment="of the vendor, for all distributors"
        ),
        sa.Column("allocated", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("policy_version", sa.String(length=32), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("period", "sku", "distributor", name=op.f("pk_allocation")),
        comment="who gets how much of what is scarce, and why",
    )
    op.create_table(
        "expected_report",
        sa.Column("distributor", sa.String(length=64), nullable=False),
        sa.Column("report", sa.String(length=64), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("report_id", sa.String(length=40), nullable=True, comment="→ report in force"),
        sa.Column("received_at", UtcTime(), nullable=True, comment="the first that was taken"),
        sa.Column(
            "days_late",
            sa.Integer(),
            nullable=True,
            comment="begun days after due_at; 0: on time; null: not due yet",
        ),
        sa.Column(
            "escalation", sa.String(length=16), nullable=True, comment="ops_contact, cam, hold"
        ),
        sa.Column(
            "alerted_at", UtcTime(), nullable=True, comment="when it was told of for the first time"
        ),
        sa.Column("waived_by", sa.String(length=120), nullable=True),
        sa.Column("waived_why", sa.String(length=255), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "distributor", "report", "period_end", name=op.f("pk_expected_report")
        ),
        comment="every report that is due, and what became of it",
    )
    op.create_table(
        "shipment",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column(
            "period", sa.String(length=7), nullable=False, comment="YYYY-MM of the day of shipping"
        ),
        sa.Column("distributor", sa.String(length=64), nullable=False, comment="who got it"),
        sa.Column("document_no", sa.String(length=64), nullable=False),
        sa.Column("document_line", sa.String(length=16), nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False, comment="negative: taken back"),
        sa.Column("unit_price", Money(4), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("ship_date", sa.Date(), nullable=False),
        sa.Column("received_date", sa.Date(), nullable=True, comment="proof of delivery"),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
    )
    op.create_index("ix_shipment_run", "shipment", ["run"], unique=False)
    op.create_table(
        "siso",
        sa.Column("distributor", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False, comment="YYYY-MM"),
        sa.Column(
            "opening", sa.Integer(), nullable=True, comment="counted at the end of the month before"
        ),
        sa.Column("opening_in_transit", sa.Integer(), nullable=True),
        sa.Column("sales_in", sa.Integer(), nullable=False, comment="shipped by the vendor"),
        sa.Column("sales_out", sa.Integer(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False, comment="by customers"),
        sa.Column("returned_to_vendor", sa.Integer(), nullable=False),
        sa.Column("adjustments", sa.Integer(), nullable=False),
        sa.Column(
            "net_sell_through", sa.Integer(), nullable=False, comment="sales-out less returns"
        ),
        sa.Column("in_transit", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True, comment="on hand, by what moved"),
        sa.Column("closing", sa.Integer(), nullable=True, comment="on hand, as counted"),
        sa.Column("gap", sa.Integer(), nullable=True, comment="closing less expected"),
        sa.Column("tolerance", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column(
            "implied_sell_through",
            sa.Integer(),
            nullable=True,
            comment="what must have been sold if stock is right",
        ),
        sa.Column("trailing", sa.Integer(), nullable=True, comment="net sell-through of 13 weeks"),
        sa.Column("weeks_of_supply", sa.Float(), nullable=True),
        sa.Column("days_of_inventory", sa.Float(), nullable=True),
        sa.Column("sell_through_rate", sa.Float(), nullable=True),
        sa.Column("aged_30", sa.Integer(), nullable=True, comment="of closing: up to 30 days old"),
        sa.Column("aged_90", sa.Integer(), nullable=True),
        sa.Column("aged_180", sa.Integer(), nullable=True),
        sa.Column("aged_more", sa.Integer(), nullable=True),
        sa.Column("aged_unknown", sa.Integer(), nullable=True),
        sa.Column("at_risk_units", sa.Integer(), nullable=True),
        sa.Column("unit_value", Money(4), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("distributor", "sku", "period", name=op.f("pk_siso")),
        comment="sell-in against sell-out: what should be on hand, what is, and how long it lasts",
    )
    op.create_table(
        "siso_cause",
        sa.Column("distributor", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column(
            "effect", sa.Integer(), nullable=False, comment="the part of the gap it accounts for"
        ),
        sa.Column(
            "removes",
            sa.Integer(),
            nullable=False,
            comment="by how many pieces the gap gets smaller",
        ),
        sa.Column("share", sa.Float(), nullable=False, comment="of the gap"),
        sa.Column(
            "across", sa.Integer(), nullable=False, comment="removed of all gaps of that month"
        ),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("distributor", "sku", "period", "rank", name=op.f("pk_siso_cause")),
        comment="likely causes of each gap above tolerance, the one that removes most first",
    )
    op.create_table(
        "src_shipment",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=128), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("volatile_hash", sa.String(length=32), nullable=True),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column(
            "gone",
            sa.String(length=16),
            nullable=True,
            comment="deleted, merged, hidden; null: the record is there",
        ),
        sa.Column(
            "merged_into",
            sa.String(length=128),
            nullable=True,
            comment="record id, at the end of all merges",
        ),
        sa.Column("modified_at", UtcTime(), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column(
            "report_record_id",
            sa.String(length=128),
            nullable=True,
            comment="→ src_report.record_id of the system",
        ),
        sa.Column(
            "report_line",
            sa.Integer(),
            nullable=True,
            comment="line of the file; of EDI, its segment",
        ),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column(
            "distributor", sa.String(length=64), nullable=False, comment="its name in hub.yaml"
        ),
        sa.Column(
            "document_no", sa.String(length=64), nullable=False, comment="delivery note or invoice"
        ),
        sa.Column("document_line", sa.String(length=16), nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=True),
        sa.Column("distributor_sku", sa.String(length=64), nullable=True),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("product_name", sa.String(length=255), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False, comment="negative: taken back"),
        sa.Column("unit", sa.String(length=16), nullable=True),
        sa.Column("unit_price", Money(4), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("ship_date", sa.Date(), nullable=False),
        sa.Column("received_date", sa.Date(), nullable=True, comment="proof of delivery"),
        sa.Column("flags", sa.String(length=255), nullable=True),
        sa.Column("agreed", sa.Text(), nullable=True, comment="null: the same as told"),
        sa.PrimaryKeyConstraint("system", "object", "record_id", name=op.f("pk_src_shipment")),
    )
    op.create_index("ix_src_shipment_run", "src_shipment", ["run"], unique=False)
    op.add_column(
        "pos_line",
        sa.Column(
            "reseller_match",
            sa.String(length=16),
            nullable=True,
            comment="how the reseller was found",
        ),
    )
    op.add_column("pos_line", sa.Column("end_customer_match", sa.String(length=16), nullable=True))
    op.add_column(
        "pos_line",
        sa.Column(
            "channel_leg",
            sa.String(length=16),
            nullable=True,
            comment="to_reseller, to_distributor",
        ),
    )
    op.add_column(
        "pos_line",
        sa.Column(
            "product_match",
            sa.String(length=16),
            nullable=True,
            comment="by what the vendor's number was found",
        ),
    )
    op.execute("DELETE FROM ops_watermark WHERE step LIKE 'unify/pos_line%'")


def downgrade() -> None:
    for name in ("product_match", "channel_leg", "end_customer_match", "reseller_match"):
        op.drop_column("pos_line", name)
    for table in (
        *("src_shipment", "siso_cause", "siso", "shipment", "expected_report", "allocation"),
    ):
        op.drop_table(table)
