"""Who withdrew a decision and why; trained weights and their approval"""

import sqlalchemy as sa
from alembic import op

from hub.models.base import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("identity_decision") as batch:
        batch.add_column(sa.Column("withdrawn_by", sa.String(length=120), nullable=True))
        batch.add_column(sa.Column("withdrawn_reason", sa.Text(), nullable=True))
        batch.add_column(
            sa.Column(
                "part_of",
                sa.Integer(),
                nullable=True,
                comment="the decision this pair belongs to; null: its own id is it",
            )
        )
    op.create_table(
        "identity_version",
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column(
            "document",
            sa.Text(),
            nullable=False,
            comment="the weights, in the form of the shipped file",
        ),
        sa.Column(
            "base",
            sa.String(length=32),
            nullable=False,
            comment="the version it was compared with",
        ),
        sa.Column(
            "pairs",
            sa.Integer(),
            nullable=False,
            comment="candidate pairs it was estimated from",
        ),
        sa.Column(
            "decisions",
            sa.Integer(),
            nullable=False,
            comment="steward decisions it was fitted to",
        ),
        sa.Column(
            "effect",
            sa.Text(),
            nullable=False,
            comment="JSON: which entities it would merge and split",
        ),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "version", name=op.f("pk_identity_version")),
        comment="trained weights; none is used before somebody approved it",
    )
    op.create_table(
        "identity_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("approved_by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("approved_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_approval")),
        comment="the newest of an entity names the weights in use; none: the shipped ones",
    )


def downgrade() -> None:
    op.drop_table("identity_approval")
    op.drop_table("identity_version")
    with op.batch_alter_table("identity_decision") as batch:
        batch.drop_column("part_of")
        batch.drop_column("withdrawn_reason")
        batch.drop_column("withdrawn_by")
