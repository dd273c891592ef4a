"""Which source rows speak of the same company or person, and the history of every id.

Hashes are of one entity each, and no key or index begins with `entity`: it has two values, and a
planner without statistics would still take it for selective.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from hub.models.base import UtcTime, metadata

crosswalk = Table(
    "crosswalk",
    metadata,
    Column("entity", String(32), nullable=False),
    Column("system", String(64), nullable=False),
    Column("object", String(64), nullable=False),
    Column("record_id", String(128), nullable=False),
    Column("hub_id", String(40), nullable=False),
    Column("run", Integer, nullable=False),
    PrimaryKeyConstraint("record_id", "system", "object", "entity"),
    Index("ix_crosswalk_hub_id", "hub_id"),
    Index("ix_crosswalk_run", "run"),
    comment="source row ↔ hub id; a lead row speaks of a person and of a company, hence `entity`",
)

identity_mention = Table(
    "identity_mention",
    metadata,
    Column("entity", String(32), nullable=False),
    Column("system", String(64), nullable=False),
    Column("object", String(64), nullable=False),
    Column("record_id", String(128), nullable=False),
    Column("profile", BigInteger, comment="null: the row is gone; `last_id` is whose it was"),
    Column("last_id", String(40)),
    Column("content_hash", String(32), comment="of the source row when it was last matched"),
    Column("company_id", String(40), comment="a contact's company when it was last matched"),
    Column("hub_key", String(80), comment="the hub id that the row itself claims"),
    Column("refers_to", String(128), comment="record id of its parent, or of a contact's company"),
    Column("same_as", String(128), comment="record id that its system says it became"),
    Column("merged_into", String(128), comment="record id, of the same object, it was merged into"),
    Column("run", Integer, nullable=False),
    PrimaryKeyConstraint("record_id", "system", "object", "entity"),
    Index("ix_identity_mention_profile", "profile"),
    Index("ix_identity_mention_run", "run"),
    Index("ix_identity_mention_refers_to", "refers_to", "system"),
    Index("ix_identity_mention_same_as", "same_as", "system"),
    Index("ix_identity_mention_merged_into", "merged_into", "system"),
    sqlite_with_rowid=False,
    comment="source row → profile; a row whose entry here did not change is not matched again",
)

identity_profile = Table(
    "identity_profile",
    metadata,
    Column("profile", BigInteger, primary_key=True, autoincrement=False),
    Column("entity", String(32), nullable=False),
    Column("features", Text, nullable=False, comment="JSON: the standardised matching columns"),
    comment="each distinct set of standardised columns once; `profile` is its hash",
)

identity_key = Table(
    "identity_key",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("profile", BigInteger, primary_key=True),
    Column("entity", String(32), nullable=False),
    Index("ix_identity_key_profile", "profile"),
    sqlite_with_rowid=False,
    comment="blocking keys (hashed): profiles that share one are candidates for being the same",
)

identity_block = Table(
    "identity_block",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("entity", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("label", String(120), nullable=False),
    Column("members", Integer, nullable=False),
    sqlite_with_rowid=False,
    # Counts change in place, which spares the index: each page keeps room for it.
    postgresql_with={"fillfactor": 85},
    comment="how many profiles hold a key: the cap on candidates and the rarity of a value",
)

identity_pair = Table(
    "identity_pair",
    metadata,
    Column("left_profile", BigInteger, primary_key=True),
    Column("right_profile", BigInteger, primary_key=True),
    Column("entity", String(32), nullable=False),
    Column("score", Float, nullable=False, comment="summed log-odds; above 0 speaks for the same"),
    Column("veto", String(16), comment="the field that forbids them to be the same"),
    Column("evidence", Text, nullable=False, comment="JSON: field → [level, log-odds]"),
    Column("run", Integer, nullable=False),
    Index("ix_identity_pair_right_profile", "right_profile"),
    sqlite_with_rowid=False,
    comment="scored candidate pairs of profiles, left < right; hopeless ones are not kept",
)

identity_model = Table(
    "identity_model",
    metadata,
    Column("entity", String(32), primary_key=True),
    Column("version", String(32), nullable=False),
    Column("run", Integer, nullable=False),
    comment="the scoring model behind the stored profiles, keys and pairs of an entity",
)

identity_version = Table(
    "identity_version",
    metadata,
    Column("entity", String(32), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column(
        "document", Text, nullable=False, comment="the weights, in the form of the shipped file"
    ),
    Column("base", String(32), nullable=False, comment="the version it was compared with"),
    Column("pairs", Integer, nullable=False, comment="candidate pairs it was estimated from"),
    Column("decisions", Integer, nullable=False, comment="steward decisions it was fitted to"),
    Column("effect", Text, nullable=False, comment="JSON: which entities it would merge and split"),
    Column("made_at", UtcTime, nullable=False),
    comment="trained weights; none is used before somebody approved it",
)

identity_approval = Table(
    "identity_approval",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entity", String(32), nullable=False),
    Column("version", String(32), nullable=False),
    Column("approved_by", String(120), nullable=False),
    Column("reason", Text),
    Column("approved_at", UtcTime, nullable=False),
    comment="the newest of an entity names the weights in use; none: the shipped ones",
)

identity_event = Table(
    "identity_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entity", String(32), nullable=False),
    Column(
        "kind",
        String(16),
        nullable=False,
        comment="mint, merge, split, shrink, retire, revive",
    ),
    Column("hub_id", String(40), nullable=False),
    Column("other_id", String(40), comment="merge: the id absorbed; split: where rows went"),
    Column("evidence", Text, nullable=False),
    Column("run", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_identity_event_hub_id", "hub_id"),
    Index("ix_identity_event_run", "run"),
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
    Column("applied_run", Integer, comment="the run that took the judgement into account"),
    Column("withdrawn_run", Integer, comment="the run that took its withdrawal into account"),
    Column("withdrawn_by", String(120)),
    Column("withdrawn_reason", Text),
    Column("part_of", Integer, comment="the decision this pair belongs to; null: its own id is it"),
    Index("ix_identity_decision_left", "entity", "left_system", "left_object", "left_record_id"),
    Index(
        "ix_identity_decision_right", "entity", "right_system", "right_object", "right_record_id"
    ),
)
