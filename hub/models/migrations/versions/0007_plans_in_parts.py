"""Plans in parts, with what holds them back; changes with their kind, and until when they matter.

Plans made before can be read but not applied any more: they have no digest to verify.
"""

import sqlalchemy as sa
from alembic import op

from hub.models.base import UtcTime
from hub.models.guards import removals, statements

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PLAN = ("plan", "run", "status", "config_hash", "calls", "created_at", "kind")
_CHANGE = (
    *("id", "plan", "seq", "system", "object", "op", "record_id", "hub_id", "fields", "digest"),
    *("outcome", "code", "message", "remedy", "run", "at"),
)


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for statement in removals(dialect):
        op.execute(statement)
    for name in ("ops_plan", "ops_change"):
        op.execute(f"CREATE TABLE {name}_kept AS SELECT * FROM {name}")
        op.drop_table(name)
    _create_plans()
    _create_changes()
    _restore("ops_plan", _PLAN, basis="''", digest="''", expires_at="created_at")
    _restore("ops_change", _CHANGE, kind="op", weight="0", attempts="1")
    op.execute("UPDATE ops_plan SET status = 'superseded' WHERE status = 'open'")
    for statement in statements(dialect):
        op.execute(statement)


def _restore(table: str, kept: tuple[str, ...], **filled: str) -> None:
    into = ", ".join(f'"{name}"' for name in (*kept, *filled))
    values = ", ".join((*(f'"{name}"' for name in kept), *filled.values()))
    op.execute(f"INSERT INTO {table} ({into}) SELECT {values} FROM {table}_kept")
    op.drop_table(f"{table}_kept")


def _create_plans() -> None:
    op.create_table(
        "ops_plan",
        sa.Column("plan", sa.String(length=40), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.String(length=16),
            nullable=False,
            comment="open, waiting, braked, applied, superseded, rejected",
        ),
        sa.Column("config_hash", sa.String(length=32), nullable=False),
        sa.Column(
            "basis", sa.String(length=64), nullable=False, comment="of the mappings and the policy"
        ),
        sa.Column(
            "digest",
            sa.String(length=32),
            nullable=False,
            comment="of all changes: apply verifies it",
        ),
        sa.Column(
            "calls", sa.Integer(), nullable=False, comment="to write it, and to compare before"
        ),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="sync, undo, erasure"),
        sa.PrimaryKeyConstraint("plan", name=op.f("pk_ops_plan")),
    )
    op.create_table(
        "ops_plan_part",
        sa.Column("plan", sa.String(length=40), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="order of applying"),
        sa.Column("kinds", sa.Text(), nullable=False, comment="JSON: kind → changes"),
        sa.Column("fields", sa.Text(), nullable=False, comment="JSON: field → {set, cleared}"),
        sa.Column("emptying", sa.Integer(), nullable=False, comment="changes that empty a field"),
        sa.Column(
            "records",
            sa.Integer(),
            nullable=True,
            comment="records of the object in effect, where that matters",
        ),
        sa.Column("write_calls", sa.Integer(), nullable=False),
        sa.Column("compare_calls", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column(
            "hold",
            sa.String(length=16),
            nullable=True,
            comment="approval, brake; null: nothing holds it",
        ),
        sa.Column(
            "brakes",
            sa.String(length=80),
            nullable=False,
            comment="names of what tripped, `;` between",
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("plan", "system", "object", name=op.f("pk_ops_plan_part")),
        comment="a plan per system and object: counts, cost, and what holds it back",
    )
    op.create_table(
        "ops_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(length=40), nullable=False),
        sa.Column(
            "digest",
            sa.String(length=32),
            nullable=False,
            comment="of the plan as it was decided upon",
        ),
        sa.Column("verdict", sa.String(length=16), nullable=False, comment="approved, rejected"),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column(
            "released", sa.String(length=80), nullable=False, comment="names of brakes, `;` between"
        ),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ops_approval")),
        comment="who let a plan pass, or did not",
    )
    op.create_index("ix_ops_approval_plan", "ops_approval", ["plan"], unique=False)


def _create_changes() -> None:
    op.create_table(
        "ops_change",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("plan", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("op", sa.String(length=16), nullable=False, comment="what is sent"),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="how the plan counts it"),
        sa.Column("record_id", sa.String(length=128), nullable=True),
        sa.Column("hub_id", sa.String(length=40), nullable=False),
        sa.Column(
            "fields", sa.Text(), nullable=False, comment="JSON: field → {before, after, why, …}"
        ),
        sa.Column(
            "notes",
            sa.Text(),
            nullable=True,
            comment="JSON: [{code, message}] of what is unusual about it",
        ),
        sa.Column("weight", sa.Integer(), nullable=False, comment="how unusual; 0: not at all"),
        sa.Column(
            "digest", sa.String(length=32), nullable=False, comment="of what is written where"
        ),
        sa.Column(
            "attempts", sa.Integer(), nullable=False, comment="how often it was planned and refused"
        ),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run of its outcome"),
        sa.Column("at", UtcTime(), nullable=True),
        sa.Column(
            "resolved",
            sa.Integer(),
            nullable=True,
            comment="the run that found it answered, or not wanted any more",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ops_change")),
    )
    for name, columns in (
        ("plan", ["plan", "system", "object", "seq"]),
        ("outcome", ["outcome"]),
        ("digest", ["digest"]),
        ("record", ["system", "object", "record_id"]),
    ):
        op.create_index(f"ix_ops_change_{name}", "ops_change", columns, unique=False)
