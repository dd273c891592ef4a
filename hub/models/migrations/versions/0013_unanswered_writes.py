"""Which changes were sent without an answer"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "ops_change",
        sa.Column(
            "unanswered",
            sa.Integer(),
            comment="the run that sent it, while nobody knows whether it was written",
        ),
    )
    op.create_index(
        "ix_ops_change_unanswered",
        "ops_change",
        ["unanswered"],
        unique=False,
        sqlite_where=sa.text("unanswered IS NOT NULL"),
        postgresql_where=sa.text("unanswered IS NOT NULL"),
    )
