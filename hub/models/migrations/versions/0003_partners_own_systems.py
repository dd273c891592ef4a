"""Partners' own systems: whose they are, which leads they hold, and the guards of both"""

import sqlalchemy as sa
from alembic import op

from hub.models.base import UtcTime
from hub.models.guards import removals, statements

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ASSIGNMENT = ("lead_assignment", "lead_assignment_history")
_OPPORTUNITY = ("opportunity", "opportunity_history")


def _told(table: str, comment: str) -> str | None:
    """The columns of a history have no comments of their own."""
    return None if table.endswith("_history") else comment


def upgrade() -> None:
    op.create_table(
        "partner_system",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column(
            "reference",
            sa.String(length=255),
            nullable=False,
            comment="`partner` as hub.yaml says it",
        ),
        sa.Column(
            "partner_id",
            sa.String(length=40),
            nullable=True,
            comment="the partner it stands for; null: not known yet",
        ),
        sa.Column(
            "problem",
            sa.Text(),
            nullable=True,
            comment="why nothing is written to it; null: nothing is wrong",
        ),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("system", name=op.f("pk_partner_system")),
    )
    op.create_table(
        "lead_share",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("hub_id", sa.String(length=40), nullable=False, comment="the lead"),
        sa.Column(
            "partner_id",
            sa.String(length=40),
            nullable=False,
            comment="whose system it was when last held",
        ),
        sa.Column("state", sa.String(length=16), nullable=False, comment="held, withdrawn"),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("system", "hub_id", name=op.f("pk_lead_share")),
        comment="which leads the system of a partner may hold a copy of",
    )
    op.create_index("ix_lead_share_hub_id", "lead_share", ["hub_id"], unique=False)
    op.create_index("ix_lead_share_run", "lead_share", ["run"], unique=False)
    op.create_table(
        "src_assigned_lead",
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
            "hub_key",
            sa.String(length=80),
            nullable=True,
            comment="the lead this is the partner's copy of",
        ),
        sa.Column(
            "status", sa.String(length=32), nullable=True, comment="what the partner made of it"
        ),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("note", sa.String(length=255), nullable=True),
        sa.Column(
            "origin",
            sa.String(length=255),
            nullable=True,
            comment="file and line of the answer, where it came in a file",
        ),
        sa.Column("created_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("system", "object", "record_id", name=op.f("pk_src_assigned_lead")),
    )
    op.create_index("ix_src_assigned_lead_run", "src_assigned_lead", ["run"], unique=False)
    for table in _ASSIGNMENT:
        op.add_column(
            table,
            sa.Column(
                "status",
                sa.String(length=32),
                nullable=True,
                comment=_told(table, "offered, or what the partner made of it"),
            ),
        )
        op.add_column(table, sa.Column("status_reason", sa.String(length=64), nullable=True))
        op.add_column(table, sa.Column("status_note", sa.String(length=255), nullable=True))
    for table in _OPPORTUNITY:
        op.add_column(
            table,
            sa.Column(
                "partner_id",
                sa.String(length=40),
                nullable=True,
                comment=_told(table, "the partner in whose own system the deal is"),
            ),
        )
        op.add_column(
            table,
            sa.Column(
                "lead_id",
                sa.String(length=40),
                nullable=True,
                comment=_told(table, "the assigned lead that became the deal"),
            ),
        )
    for statement in statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in removals(op.get_bind().dialect.name):
        op.execute(statement)
    for table in _OPPORTUNITY:
        op.drop_column(table, "lead_id")
        op.drop_column(table, "partner_id")
    for table in _ASSIGNMENT:
        op.drop_column(table, "status_note")
        op.drop_column(table, "status_reason")
        op.drop_column(table, "status")
    op.drop_index("ix_src_assigned_lead_run", table_name="src_assigned_lead")
    op.drop_table("src_assigned_lead")
    op.drop_index("ix_lead_share_run", table_name="lead_share")
    op.drop_index("ix_lead_share_hub_id", table_name="lead_share")
    op.drop_table("lead_share")
    op.drop_table("partner_system")
