"""`ops_*`: what the hub did, what it cost, what it refused, what it plans."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, text

from hub.models.base import UtcTime, metadata

SYNC, UNDO, ERASURE = "sync", "undo", "erasure"
"""Kinds of plans: what CRMs should say, the inverse of what was written, records of the erased."""

ops_run = Table(
    "ops_run",
    metadata,
    Column("run", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column(
        "status", String(16), nullable=False, comment="running, done, failed, paused: quota, died"
    ),
    Column("config_hash", String(32), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("error", Text),
    Column("seconds", Text, comment="JSON: seconds per step"),
)

ops_sequence = Table(
    "ops_sequence",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("next", Integer, nullable=False),
    comment="counters that move in the transaction of the rows they number",
)

ops_watermark = Table(
    "ops_watermark",
    metadata,
    Column("step", String(64), primary_key=True),
    Column("run", Integer, nullable=False, comment="the step has taken rows up to this run"),
)

ops_step = Table(
    "ops_step",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("step", String(64), nullable=False),
    Column(
        "whole",
        Boolean,
        nullable=False,
        comment="looked at everything, not only at what had changed",
    ),
    Index("ix_ops_step_run", "run"),
    comment="the steps that each run committed, in their order",
)

ops_hidden = Table(
    "ops_hidden",
    metadata,
    Column("run", Integer, primary_key=True),
    Column("system", String(64), primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("record_id", String(128), primary_key=True),
    comment="the records that a run found to be out of our user's sight",
)

ops_cursor = Table(
    "ops_cursor",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("fields_hash", String(32), nullable=False, comment="of the mapping the cursor is for"),
    Column("run", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
)

ops_recheck = Table(
    "ops_recheck",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("what", String(16), primary_key=True, comment="ids, volatile, references"),
    Column("run", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    comment="when all ids, and all fields that change without a trace, were last compared",
)

ops_batch = Table(
    "ops_batch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("system", String(64), nullable=False),
    Column("object", String(64), nullable=False),
    Column("origin", Text, comment="the feed file the rows came from"),
    Column("archive_path", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_ops_batch_run", "run"),
)

ops_disposition = Table(
    "ops_disposition",
    metadata,
    Column("run", Integer, primary_key=True),
    Column("system", String(64), primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("disposition", String(16), primary_key=True),
    Column("rows", Integer, nullable=False),
)

ops_read = Table(
    "ops_read",
    metadata,
    Column("run", Integer, primary_key=True),
    Column("system", String(64), primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("rows", Integer, nullable=False, comment="counted at the connector, before landing"),
    Column("completed", Boolean, nullable=False, default=False),
)

ops_quarantine = Table(
    "ops_quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("system", String(64), nullable=False),
    Column("object", String(64), nullable=False),
    Column("record_id", String(128), nullable=False),
    Column("status", String(16), nullable=False, comment="waiting, replaced"),
    Column("raw", Text, nullable=False, comment="JSON: the row as told"),
    Column("raw_hash", String(32), nullable=False),
    Column("faults", Text, nullable=False, comment="JSON: [{column, rule, value, message}]"),
    Column("batch_id", Integer, nullable=False),
    Column("first_run", Integer, nullable=False),
    Column("run", Integer, nullable=False),
    Index("ix_ops_quarantine_record", "system", "object", "record_id"),
    Index("ix_ops_quarantine_status", "status"),
)

ops_plan = Table(
    "ops_plan",
    metadata,
    Column("plan", String(40), primary_key=True),
    Column("run", Integer, nullable=False),
    Column(
        "status",
        String(16),
        nullable=False,
        comment="open, waiting, braked, applied, superseded, rejected",
    ),
    Column("config_hash", String(32), nullable=False),
    Column("basis", String(64), nullable=False, comment="of the mappings and the policy"),
    Column("digest", String(32), nullable=False, comment="of all changes: apply verifies it"),
    Column("calls", Integer, nullable=False, comment="to sign in, compare, and write it"),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("kind", String(16), nullable=False, comment="sync, undo, erasure"),
)

ops_plan_part = Table(
    "ops_plan_part",
    metadata,
    Column("plan", String(40), primary_key=True),
    Column("system", String(64), primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("seq", Integer, nullable=False, comment="order of applying"),
    Column("kinds", Text, nullable=False, comment="JSON: kind → changes"),
    Column("fields", Text, nullable=False, comment="JSON: field → {set, cleared}"),
    Column("emptying", Integer, nullable=False, comment="changes that empty a field"),
    Column("records", Integer, comment="records of the object in effect, where that matters"),
    Column(
        "opening_calls",
        Integer,
        nullable=False,
        server_default="0",
        comment="to sign in, and to ask for fields",
    ),
    Column("write_calls", Integer, nullable=False),
    Column("compare_calls", Integer, nullable=False),
    Column("digest", String(32), nullable=False),
    Column("hold", String(16), comment="approval, brake; null: nothing holds it"),
    Column("brakes", String(80), nullable=False, comment="names of what tripped, `;` between"),
    Column("reason", Text),
    comment="a plan per system and object: counts, cost, and what holds it back",
)

ops_approval = Table(
    "ops_approval",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("plan", String(40), nullable=False),
    Column("digest", String(32), nullable=False, comment="of the plan as it was decided upon"),
    Column("verdict", String(16), nullable=False, comment="approved, rejected"),
    Column("who", String(120), nullable=False),
    Column("why", Text),
    Column("released", String(80), nullable=False, comment="names of brakes, `;` between"),
    Column("at", UtcTime, nullable=False),
    Index("ix_ops_approval_plan", "plan"),
    comment="who let a plan pass, or did not",
)

ops_change = Table(
    "ops_change",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("plan", String(40), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("system", String(64), nullable=False),
    Column("object", String(64), nullable=False),
    Column("op", String(16), nullable=False, comment="what is sent"),
    Column("kind", String(16), nullable=False, comment="how the plan counts it"),
    Column("record_id", String(128)),
    Column("hub_id", String(40), nullable=False),
    Column("fields", Text, nullable=False, comment="JSON: field → {before, after, why, …}"),
    Column("notes", Text, comment="JSON: [{code, message}] of what is unusual about it"),
    Column("weight", Integer, nullable=False, comment="how unusual; 0: not at all"),
    Column("digest", String(32), nullable=False, comment="of what is written where"),
    Column("attempts", Integer, nullable=False, comment="how often it was planned and refused"),
    Column("outcome", String(16), nullable=False),
    Column("code", String(80)),
    Column("message", Text),
    Column("remedy", Text),
    Column("run", Integer, nullable=False, comment="the run of its outcome"),
    Column("at", UtcTime),
    Column("resolved", Integer, comment="the run that found it answered, or not wanted any more"),
    Column(
        "unanswered",
        Integer,
        comment="the run that sent it, while nobody knows whether it was written",
    ),
    Index("ix_ops_change_plan", "plan", "system", "object", "seq"),
    Index("ix_ops_change_outcome", "outcome"),
    Index("ix_ops_change_digest", "digest"),
    Index("ix_ops_change_record", "system", "object", "record_id"),
    Index(
        "ix_ops_change_unanswered",
        "unanswered",
        sqlite_where=text("unanswered IS NOT NULL"),
        postgresql_where=text("unanswered IS NOT NULL"),
    ),
)

ops_undone = Table(
    "ops_undone",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("subject", String(128), primary_key=True, comment="record id; hub id of a made record"),
    Column("field", String(255), primary_key=True, comment="empty: the making of the record"),
    Column("hub_id", String(40), nullable=False),
    Column("value", Text, comment="what the hub wrote and does not write again"),
    Column("plan", String(40), nullable=False, comment="the undo"),
    Column("change", String(48), primary_key=True),
    Column("run", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("lifted_run", Integer, comment="the run that ended it; null: it stands"),
    Index("ix_ops_undone_lifted_run", "lifted_run"),
    comment="what was undone and is not written again while the hub would write the same",
)

ops_accepted = Table(
    "ops_accepted",
    metadata,
    Column("entity", String(32), primary_key=True),
    Column("field", String(64), primary_key=True),
    Column("system", String(64), primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("record_id", String(128), primary_key=True),
    Column("against", String(32), comment="hash of the value it stands against; null: of none"),
    Column("run", Integer, nullable=False),
    comment="source rows whose value of a field the hub took over after it was changed there",
)

ops_call = Table(
    "ops_call",
    metadata,
    Column("run", Integer, primary_key=True),
    Column("system", String(64), primary_key=True),
    Column("step", String(80), primary_key=True),
    Column("used", Integer, nullable=False),
    Column("minimum", Integer, nullable=False),
    Column("writes", Integer, nullable=False),
    Column("quota_used", Integer),
    Column("quota_limit", Integer),
)

ops_schema = Table(
    "ops_schema",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("fields", Text, nullable=False, comment="JSON: all fields as last described"),
    Column("accepted", Text, nullable=False, comment="JSON: all fields as last accepted"),
    Column("run", Integer, nullable=False, comment="the run that last saw them differ"),
    Column("at", UtcTime, nullable=False),
)

ops_schema_event = Table(
    "ops_schema_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("system", String(64), nullable=False),
    Column("object", String(64), nullable=False),
    Column("field", String(255), nullable=False),
    Column("event", String(32), nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("mapped", Boolean, nullable=False, comment="whether the mapping names the field"),
    Column("run", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_ops_schema_event_object", "system", "object"),
    Index("ix_ops_schema_event_run", "run"),
    comment="what changed between two looks at the fields of an object",
)
