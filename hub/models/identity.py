"""Which source rows speak of the same company or person, and the history of every id."""

from sqlalchemy import Column, Float, Index, Integer, String, Table, Text

from hub.models.base import UtcTime, metadata

crosswalk = Table(
    "crosswalk",
    metadata,
    Column("entity", String(32), primary_key=True),
    Column("system", String(64), primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("record_id", String(128), primary_key=True),
    Column("hub_id", String(40), nullable=False),
    Column("run", Integer, nullable=False),
    Index("ix_crosswalk_hub_id", "hub_id"),
    Index("ix_crosswalk_run", "run"),
    comment="source row ↔ hub id; a lead row speaks of a person and of a company, hence `entity`",
)

identity_key = Table(
    "identity_key",
    metadata,
    Column("entity", String(32), primary_key=True),
    Column("key", String(160), primary_key=True),
    Column("system", String(64), primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("record_id", String(128), primary_key=True),
    Index("ix_identity_key_member", "entity", "system", "object", "record_id"),
    comment="blocking keys: rows that share one are candidates for being the same",
)

identity_pair = Table(
    "identity_pair",
    metadata,
    Column("entity", String(32), primary_key=True),
    Column("left_system", String(64), primary_key=True),
    Column("left_object", String(64), primary_key=True),
    Column("left_record_id", String(128), primary_key=True),
    Column("right_system", String(64), primary_key=True),
    Column("right_object", String(64), primary_key=True),
    Column("right_record_id", String(128), primary_key=True),
    Column("score", Float, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("run", Integer, nullable=False),
    Index("ix_identity_pair_right", "entity", "right_system", "right_object", "right_record_id"),
    comment="scored candidate pairs: summed log-odds and the level reached per field, as JSON",
)

identity_event = Table(
    "identity_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entity", String(32), nullable=False),
    Column("kind", String(16), nullable=False, comment="mint, merge, split, retire"),
    Column("hub_id", String(40), nullable=False),
    Column("other_id", String(40)),
    Column("evidence", Text, nullable=False),
    Column("run", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_identity_event_hub_id", "hub_id"),
)

identity_alias = Table(
    "identity_alias",
    metadata,
    Column("old_id", String(40), primary_key=True),
    Column("hub_id", String(40), nullable=False, comment="the living id; chains are kept flat"),
    Column("run", Integer, nullable=False),
    Index("ix_identity_alias_hub_id", "hub_id"),
    comment="every id ever issued that no longer lives, and the one that answers for it",
)

identity_decision = Table(
    "identity_decision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entity", String(32), nullable=False),
    Column("left_system", String(64), nullable=False),
    Column("left_object", String(64), nullable=False),
    Column("left_record_id", String(128), nullable=False),
    Column("right_system", String(64), nullable=False),
    Column("right_object", String(64), nullable=False),
    Column("right_record_id", String(128), nullable=False),
    Column("judgement", String(16), nullable=False, comment="same or different"),
    Column("decided_by", String(120), nullable=False),
    Column("reason", Text),
    Column("decided_at", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime),
)
