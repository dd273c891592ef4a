"""What is kept of erased people"""

import sqlalchemy as sa
from alembic import op

from hub.models.base import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False, comment="erased or changed, of all tables"),
        sa.Column("files", sa.Integer(), nullable=False, comment="rewritten, of the archive"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        comment="each carrying out of `hub forget`",
    )
    op.create_table(
        "erasure_key",
        sa.Column(
            "key",
            sa.String(length=64),
            nullable=False,
            comment="of the hashes in `erased`; random",
        ),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_erasure_key")),
    )
    op.create_table(
        "erased",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column(
            "kind", sa.String(length=16), nullable=False, comment="mail, person, record, hub_id"
        ),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erased")),
        comment="HMAC-SHA256 of what an erased person is known by",
    )
    op.create_index("ix_erased_run", "erased", ["run"], unique=False)
