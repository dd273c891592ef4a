"""What it costs to open a session before a plan is written"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("ops_plan") as batch:
        batch.alter_column(
            "calls",
            existing_type=sa.Integer(),
            existing_nullable=False,
            comment="to sign in, compare, and write it",
            existing_comment="to write it, and to compare before",
        )
    with op.batch_alter_table("ops_plan_part") as batch:
        batch.add_column(
            sa.Column(
                "opening_calls",
                sa.Integer(),
                nullable=False,
                server_default="0",
                comment="to sign in, and to ask for fields",
            )
        )
