"""Which opportunity a steward is asked about"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comments = {
        "registration": "the one that a steward is asked about",
        "registration_history": None,
    }
    for table, comment in comments.items():
        column = sa.Column("doubted_opportunity_id", sa.String(40), comment=comment)
        op.add_column(table, column)
