"""Reports with their versions, sales by period, the ledger of what became known when"""

import sqlalchemy as sa
from alembic import op

from hub.models.base import Money, UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = ", ".join(f'"{c["name"]}"' for c in sa.inspect(op.get_bind()).get_columns("pos_line"))
    op.execute(f'CREATE TABLE "pos_line_aside" AS SELECT {columns} FROM "pos_line"')
    op.drop_table("pos_line")
    op.create_table(
        "channel_period",
        sa.Column("period", sa.String(length=7), nullable=False, comment="YYYY-MM"),
        sa.Column("closed_at", UtcTime(), nullable=False),
        sa.Column("closed_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_channel_period")),
        comment="closed periods: what is restated of them is booked in the first one still open",
    )
    op.create_table(
        "inventory_line",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column(
            "period", sa.String(length=7), nullable=False, comment="YYYY-MM of the day of counting"
        ),
        sa.Column("distributor", sa.String(length=64), nullable=False),
        sa.Column("report_id", sa.String(length=40), nullable=True, comment="→ report"),
        sa.Column("as_of_date", sa.Date(), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=True),
        sa.Column("available", sa.Integer(), nullable=True),
        sa.Column("committed", sa.Integer(), nullable=True),
        sa.Column("on_order", sa.Integer(), nullable=True),
        sa.Column("in_transit", sa.Integer(), nullable=True),
        sa.Column("defective", sa.Integer(), nullable=True),
        sa.Column("opening", sa.Integer(), nullable=True),
        sa.Column("received", sa.Integer(), nullable=True),
        sa.Column("unit_value", Money(4), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("received_date", sa.Date(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_line")),
    )
    op.create_index("ix_inventory_line_run", "inventory_line", ["run"], unique=False)
    op.create_table(
        "pos_entry",
        sa.Column(
            "posting_period",
            sa.String(length=7),
            nullable=False,
            comment="YYYY-MM: open when booked",
        ),
        sa.Column("entry", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "effective_period",
            sa.String(length=7),
            nullable=False,
            comment="the period of the line",
        ),
        sa.Column("effective_date", sa.Date(), nullable=False),
        sa.Column("known_at", UtcTime(), nullable=False),
        sa.Column(
            "kind", sa.String(length=16), nullable=False, comment="first, restated, withdrawn"
        ),
        sa.Column(
            "line_id",
            sa.String(length=40),
            nullable=False,
            comment="→ pos_line, also when it is withdrawn",
        ),
        sa.Column(
            "report_id",
            sa.String(length=40),
            nullable=True,
            comment="→ report, the version that brought it about",
        ),
        sa.Column("distributor", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("reseller_account", sa.String(length=64), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False, comment="difference"),
        sa.Column("amount", Money(2), nullable=True, comment="difference"),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("posting_period", "entry", name=op.f("pk_pos_entry")),
        comment="sales as they became known: the sum of a line's entries is what holds now",
        postgresql_partition_by="LIST (posting_period)",
    )
    op.create_index("ix_pos_entry_line_id", "pos_entry", ["line_id"], unique=False)
    op.create_index("ix_pos_entry_run", "pos_entry", ["run"], unique=False)
    op.create_table(
        "report",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("distributor", sa.String(length=64), nullable=False),
        sa.Column("report", sa.String(length=64), nullable=False, comment="its name in hub.yaml"),
        sa.Column("report_kind", sa.String(length=16), nullable=False),
        sa.Column(
            "period_start",
            sa.Date(),
            nullable=True,
            comment="as told, else the first day of its lines",
        ),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column(
            "branch",
            sa.String(length=64),
            nullable=True,
            comment="the scope, when the report is of one branch only",
        ),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=True,
            comment="among the reports taken of its period and branch, from 1",
        ),
        sa.Column(
            "status",
            sa.String(length=20),
            nullable=False,
            comment="in_force, superseded, cancelled, held, rejected, growing, duplicate_ignored",
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("superseded_by", sa.String(length=40), nullable=True, comment="→ report"),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=True),
        sa.Column(
            "report_no", sa.String(length=64), nullable=True, comment="the sender's own number"
        ),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=True),
        sa.Column("lines_read", sa.Integer(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    op.create_index("ix_report_run", "report", ["run"], unique=False)
    op.create_table(
        "pos_line",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column(
            "period",
            sa.String(length=7),
            nullable=False,
            comment="YYYY-MM: the month its report ends in",
        ),
        sa.Column("distributor", sa.String(length=64), nullable=False),
        sa.Column(
            "report_id",
            sa.String(length=40),
            nullable=True,
            comment="→ report, the version that says so",
        ),
        sa.Column("report_date", sa.Date(), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=True),
        sa.Column(
            "transaction_type",
            sa.String(length=16),
            nullable=True,
            comment="sale, return, price_adjustment, …",
        ),
        sa.Column("transaction_code", sa.String(length=16), nullable=True),
        sa.Column("reseller_account", sa.String(length=64), nullable=True),
        sa.Column("reseller_company_id", sa.String(length=40), nullable=True),
        sa.Column("end_customer_company_id", sa.String(length=40), nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("product_name", sa.String(length=255), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", Money(4), nullable=True),
        sa.Column("amount", Money(2), nullable=True, comment="as told, else quantity × unit_price"),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("invoice_no", sa.String(length=64), nullable=True),
        sa.Column("invoice_line", sa.String(length=16), nullable=True),
        sa.Column("invoice_date", sa.Date(), nullable=True),
        sa.Column("ship_date", sa.Date(), nullable=True),
        sa.Column("serial_no", sa.String(length=64), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", "period", name=op.f("pk_pos_line")),
        postgresql_partition_by="LIST (period)",
    )
    op.create_index("ix_pos_line_run", "pos_line", ["run"], unique=False)
    _bring_back(columns)


def downgrade() -> None:
    raise NotImplementedError("what became known when has no place in the earlier schema")


def _bring_back(columns: str) -> None:
    """The lines as they are, in the month of their report's day; the next sync goes through all of
    them and puts each where its report ends."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    month = "to_char(report_date, 'YYYY-MM')" if on_postgresql else "substr(report_date, 1, 7)"
    if on_postgresql:
        months = op.get_bind().execute(sa.text(f"SELECT DISTINCT {month} FROM pos_line_aside"))
        for period in months.scalars().all():
            op.execute(
                f'CREATE TABLE "pos_line_{period.replace("-", "_")}" PARTITION OF pos_line '
                f"FOR VALUES IN ('{period}')"
            )
    op.execute(
        f'INSERT INTO "pos_line" ({columns}, "period") SELECT {columns}, {month} FROM "pos_line_aside"'
    )
    op.drop_table("pos_line_aside")
    op.execute("DELETE FROM ops_watermark WHERE step LIKE 'unify/pos_line%'")
