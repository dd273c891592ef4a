"""What was agreed with each record, and the values that were taken over from one"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SOURCES = tuple(
    f"src_{name}"
    for name in ("company", "contact", "lead", "assigned_lead", "opportunity", "pos_line")
)


def upgrade() -> None:
    for table in _SOURCES:
        op.add_column(
            table, sa.Column("agreed", sa.Text(), nullable=True, comment="null: the same as told")
        )
    op.create_table(
        "ops_accepted",
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=128), nullable=False),
        sa.Column(
            "against",
            sa.String(length=32),
            nullable=True,
            comment="hash of the value it stands against; null: of none",
        ),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "entity", "field", "system", "object", "record_id", name=op.f("pk_ops_accepted")
        ),
        comment="source rows whose value of a field the hub took over after it was changed there",
    )


def downgrade() -> None:
    op.drop_table("ops_accepted")
    for table in _SOURCES:
        op.drop_column(table, "agreed")
