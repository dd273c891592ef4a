"""Reports of distributors: what each says of itself, its stock, its claims, and more of a sale"""

import sqlalchemy as sa
from alembic import op

from hub.models.base import Money, UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_WIDENED = ("src_pos_line", "pos_line")


def upgrade() -> None:
    kept = {name: _set_aside(name) for name in _WIDENED}
    op.create_table(
        "src_report",
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
            "status",
            sa.String(length=20),
            nullable=False,
            comment="taken, duplicate_ignored, held, growing, rejected",
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it was not taken"),
        sa.Column(
            "report_kind",
            sa.String(length=16),
            nullable=False,
            comment="pos, inventory, claim, activity",
        ),
        sa.Column(
            "file",
            sa.String(length=255),
            nullable=False,
            comment="its report, then its path in the drop",
        ),
        sa.Column("digest", sa.String(length=64), nullable=True, comment="SHA-256 of the file"),
        sa.Column("format", sa.String(length=16), nullable=True),
        sa.Column("profile", sa.String(length=64), nullable=True),
        sa.Column("profile_version", sa.String(length=32), nullable=True),
        sa.Column(
            "mode", sa.String(length=16), nullable=False, comment="full_replace, delta, append"
        ),
        sa.Column(
            "report_id",
            sa.String(length=64),
            nullable=True,
            comment="the sender's own number of the report",
        ),
        sa.Column(
            "purpose",
            sa.String(length=16),
            nullable=True,
            comment="original, replace, change, cancel, duplicate",
        ),
        sa.Column("sender", sa.String(length=64), nullable=True),
        sa.Column(
            "branch",
            sa.String(length=64),
            nullable=True,
            comment="the scope, when the report is of one branch only",
        ),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column(
            "received_at", UtcTime(), nullable=True, comment="when the file was written last"
        ),
        sa.Column("lines_read", sa.Integer(), nullable=True),
        sa.Column(
            "lines_ignored", sa.Integer(), nullable=True, comment="total rows and repeated headers"
        ),
        sa.Column(
            "evidence",
            sa.Text(),
            nullable=True,
            comment="JSON: encoding, delimiter, decimal mark, order of dates",
        ),
        sa.Column("warnings", sa.Text(), nullable=True, comment="JSON: texts"),
        sa.Column("agreed", sa.Text(), nullable=True, comment="null: the same as told"),
        sa.PrimaryKeyConstraint("system", "object", "record_id", name=op.f("pk_src_report")),
    )
    op.create_index("ix_src_report_run", "src_report", ["run"], unique=False)
    op.create_table(
        "src_inventory_line",
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
        sa.Column("as_of_date", sa.Date(), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=True),
        sa.Column("distributor_sku", sa.String(length=64), nullable=True),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("product_name", sa.String(length=255), nullable=True),
        sa.Column("on_hand", sa.Integer(), nullable=True),
        sa.Column("available", sa.Integer(), nullable=True),
        sa.Column("committed", sa.Integer(), nullable=True),
        sa.Column("on_order", sa.Integer(), nullable=True),
        sa.Column("in_transit", sa.Integer(), nullable=True),
        sa.Column("defective", sa.Integer(), nullable=True),
        sa.Column("opening", sa.Integer(), nullable=True),
        sa.Column("received", sa.Integer(), nullable=True),
        sa.Column(
            "unmapped",
            sa.Integer(),
            nullable=True,
            comment="quantities under qualifiers that no profile names",
        ),
        sa.Column("unit", sa.String(length=16), nullable=True),
        sa.Column("unit_value", Money(4), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("received_date", sa.Date(), nullable=True, comment="of the stock, for its age"),
        sa.Column("flags", sa.String(length=255), nullable=True),
        sa.Column("agreed", sa.Text(), nullable=True, comment="null: the same as told"),
        sa.PrimaryKeyConstraint(
            "system", "object", "record_id", name=op.f("pk_src_inventory_line")
        ),
    )
    op.create_index("ix_src_inventory_line_run", "src_inventory_line", ["run"], unique=False)
    op.create_table(
        "src_claim",
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
        sa.Column("claim_no", sa.String(length=64), nullable=False),
        sa.Column("claim_date", sa.Date(), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=True),
        sa.Column("authorization_no", sa.String(length=64), nullable=True),
        sa.Column("reseller_account", sa.String(length=64), nullable=True),
        sa.Column("reseller_name", sa.String(length=255), nullable=True),
        sa.Column("reseller_street", sa.String(length=255), nullable=True),
        sa.Column("reseller_city", sa.String(length=120), nullable=True),
        sa.Column("reseller_region", sa.String(length=120), nullable=True),
        sa.Column("reseller_postal_code", sa.String(length=32), nullable=True),
        sa.Column("reseller_country", sa.String(length=2), nullable=True),
        sa.Column("end_customer_name", sa.String(length=255), nullable=True),
        sa.Column("end_customer_street", sa.String(length=255), nullable=True),
        sa.Column("end_customer_city", sa.String(length=120), nullable=True),
        sa.Column("end_customer_region", sa.String(length=120), nullable=True),
        sa.Column("end_customer_postal_code", sa.String(length=32), nullable=True),
        sa.Column("end_customer_country", sa.String(length=2), nullable=True),
        sa.Column("reseller_record_id", sa.String(length=128), nullable=True),
        sa.Column("end_customer_record_id", sa.String(length=128), nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=True),
        sa.Column("distributor_sku", sa.String(length=64), nullable=True),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("product_name", sa.String(length=255), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=True),
        sa.Column("unit_price", Money(4), nullable=True),
        sa.Column("unit_cost", Money(4), nullable=True),
        sa.Column("special_cost", Money(4), nullable=True),
        sa.Column("claim_amount", Money(2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("invoice_no", sa.String(length=64), nullable=True),
        sa.Column("invoice_line", sa.String(length=16), nullable=True),
        sa.Column("invoice_date", sa.Date(), nullable=True),
        sa.Column("ship_date", sa.Date(), nullable=True),
        sa.Column("serial_no", sa.String(length=64), nullable=True),
        sa.Column("flags", sa.String(length=255), nullable=True),
        sa.Column("agreed", sa.Text(), nullable=True, comment="null: the same as told"),
        sa.PrimaryKeyConstraint("system", "object", "record_id", name=op.f("pk_src_claim")),
    )
    op.create_index("ix_src_claim_run", "src_claim", ["run"], unique=False)
    op.create_table(
        "src_pos_line",
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
        sa.Column("report_date", sa.Date(), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=True),
        sa.Column(
            "transaction_type",
            sa.String(length=16),
            nullable=True,
            comment="sale, return, price_adjustment, …",
        ),
        sa.Column(
            "transaction_code",
            sa.String(length=16),
            nullable=True,
            comment="as told: PTD01, a document type",
        ),
        sa.Column("reseller_account", sa.String(length=64), nullable=True),
        sa.Column("reseller_name", sa.String(length=255), nullable=True),
        sa.Column("reseller_street", sa.String(length=255), nullable=True),
        sa.Column("reseller_city", sa.String(length=120), nullable=True),
        sa.Column("reseller_region", sa.String(length=120), nullable=True),
        sa.Column("reseller_postal_code", sa.String(length=32), nullable=True),
        sa.Column("reseller_country", sa.String(length=2), nullable=True),
        sa.Column("end_customer_name", sa.String(length=255), nullable=True),
        sa.Column("end_customer_street", sa.String(length=255), nullable=True),
        sa.Column("end_customer_city", sa.String(length=120), nullable=True),
        sa.Column("end_customer_region", sa.String(length=120), nullable=True),
        sa.Column("end_customer_postal_code", sa.String(length=32), nullable=True),
        sa.Column("end_customer_country", sa.String(length=2), nullable=True),
        sa.Column("reseller_record_id", sa.String(length=128), nullable=True),
        sa.Column("end_customer_record_id", sa.String(length=128), nullable=True),
        sa.Column("ship_to_name", sa.String(length=255), nullable=True),
        sa.Column("ship_to_street", sa.String(length=255), nullable=True),
        sa.Column("ship_to_city", sa.String(length=120), nullable=True),
        sa.Column("ship_to_region", sa.String(length=120), nullable=True),
        sa.Column("ship_to_postal_code", sa.String(length=32), nullable=True),
        sa.Column("ship_to_country", sa.String(length=2), nullable=True),
        sa.Column("bill_to_name", sa.String(length=255), nullable=True),
        sa.Column("bill_to_street", sa.String(length=255), nullable=True),
        sa.Column("bill_to_city", sa.String(length=120), nullable=True),
        sa.Column("bill_to_region", sa.String(length=120), nullable=True),
        sa.Column("bill_to_postal_code", sa.String(length=32), nullable=True),
        sa.Column("bill_to_country", sa.String(length=2), nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=True),
        sa.Column("distributor_sku", sa.String(length=64), nullable=True),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("product_name", sa.String(length=255), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=True),
        sa.Column("unit_price", Money(4), nullable=True),
        sa.Column("amount", Money(2), nullable=True, comment="the line's price as told"),
        sa.Column("unit_cost", Money(4), nullable=True, comment="book cost"),
        sa.Column(
            "special_cost", Money(4), nullable=True, comment="cost after ship and debit, per unit"
        ),
        sa.Column("claim_amount", Money(2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("invoice_no", sa.String(length=64), nullable=True),
        sa.Column("invoice_line", sa.String(length=16), nullable=True),
        sa.Column("invoice_date", sa.Date(), nullable=True),
        sa.Column("ship_date", sa.Date(), nullable=True),
        sa.Column("sales_order_no", sa.String(length=64), nullable=True),
        sa.Column("customer_po", sa.String(length=64), nullable=True),
        sa.Column("distributor_po", sa.String(length=64), nullable=True),
        sa.Column(
            "authorization_no",
            sa.String(length=64),
            nullable=True,
            comment="special price, ship and debit",
        ),
        sa.Column("registration_no", sa.String(length=64), nullable=True),
        sa.Column("promotion", sa.String(length=64), nullable=True),
        sa.Column("serial_no", sa.String(length=64), nullable=True),
        sa.Column(
            "flags",
            sa.String(length=255),
            nullable=True,
            comment="what was repaired or is odd, `;` between",
        ),
        sa.Column("agreed", sa.Text(), nullable=True, comment="null: the same as told"),
        sa.PrimaryKeyConstraint("system", "object", "record_id", name=op.f("pk_src_pos_line")),
    )
    op.create_index("ix_src_pos_line_run", "src_pos_line", ["run"], unique=False)
    op.create_table(
        "pos_line",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("distributor", sa.String(length=64), nullable=False),
        sa.Column("report_date", sa.Date(), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=True),
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
        sa.Column("serial_no", sa.String(length=64), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pos_line")),
    )
    op.create_index("ix_pos_line_run", "pos_line", ["run"], unique=False)
    for name, columns in kept.items():
        _bring_back(name, columns)


def downgrade() -> None:
    raise NotImplementedError("lines without what the earlier schema requires have no place there")


def _set_aside(name: str) -> str:
    """Copy the rows of a table away and drop it: its columns are to stand in another order."""
    columns = ", ".join(f'"{c["name"]}"' for c in sa.inspect(op.get_bind()).get_columns(name))
    op.execute(f'CREATE TABLE "{name}_aside" AS SELECT {columns} FROM "{name}"')
    op.drop_table(name)
    return columns


def _bring_back(name: str, columns: str) -> None:
    op.execute(f'INSERT INTO "{name}" ({columns}) SELECT {columns} FROM "{name}_aside"')
    op.drop_table(f"{name}_aside")
