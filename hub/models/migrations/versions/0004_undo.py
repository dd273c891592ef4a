"""Plans of several kinds, and what was undone"""

import sqlalchemy as sa
from alembic import op

from hub.models.base import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Every plan so far was one of what the CRMs should say.
    with op.batch_alter_table("ops_plan") as plans:
        plans.add_column(
            sa.Column(
                "kind",
                sa.String(length=16),
                nullable=False,
                server_default="sync",
                comment="sync, undo, erasure",
            )
        )
    with op.batch_alter_table("ops_plan") as plans:
        plans.alter_column("kind", server_default=None, existing_type=sa.String(length=16))
    op.create_table(
        "ops_undone",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column(
            "subject",
            sa.String(length=128),
            nullable=False,
            comment="record id; hub id of a made record",
        ),
        sa.Column(
            "field",
            sa.String(length=255),
            nullable=False,
            comment="empty: the making of the record",
        ),
        sa.Column("hub_id", sa.String(length=40), nullable=False),
        sa.Column(
            "value", sa.Text(), nullable=True, comment="what the hub wrote and does not write again"
        ),
        sa.Column("plan", sa.String(length=40), nullable=False, comment="the undo"),
        sa.Column("change", sa.String(length=48), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column(
            "lifted_run",
            sa.Integer(),
            nullable=True,
            comment="the run that ended it; null: it stands",
        ),
        sa.PrimaryKeyConstraint("system", "object", "subject", "field", name=op.f("pk_ops_undone")),
        comment="what was undone and is not written again while the hub would write the same",
    )
    op.create_index("ix_ops_undone_lifted_run", "ops_undone", ["lifted_run"], unique=False)
