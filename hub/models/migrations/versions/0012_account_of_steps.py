"""What replay needs to know of each run: its steps, and what it found hidden"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ops_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column(
            "whole",
            sa.Boolean(),
            nullable=False,
            comment="looked at everything, not only at what had changed",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ops_step")),
        comment="the steps that each run committed, in their order",
    )
    op.create_index("ix_ops_step_run", "ops_step", ["run"], unique=False)
    op.create_table(
        "ops_hidden",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("run", "system", "object", "record_id", name=op.f("pk_ops_hidden")),
        comment="the records that a run found to be out of our user's sight",
    )
