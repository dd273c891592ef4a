"""Whose system is whose, and which leads a partner's own system holds: what isolation rests on.

The database refuses what breaks it, whoever asks: triggers on `lead_share` and `ops_change`, see
`hub.models.guards`.
"""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from hub.models.base import metadata

HELD, WITHDRAWN = "held", "withdrawn"
"""Values of `lead_share.state`. A withdrawn lead is the partner's no longer."""

partner_system = Table(
    "partner_system",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("reference", String(255), nullable=False, comment="`partner` as hub.yaml says it"),
    Column("partner_id", String(40), comment="the partner it stands for; null: not known yet"),
    Column("problem", Text, comment="why nothing is written to it; null: nothing is wrong"),
    Column("remedy", Text),
    Column("run", Integer, nullable=False),
)

lead_share = Table(
    "lead_share",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("hub_id", String(40), primary_key=True, comment="the lead"),
    Column("partner_id", String(40), nullable=False, comment="whose system it was when last held"),
    Column("state", String(16), nullable=False, comment="held, withdrawn"),
    Column("run", Integer, nullable=False, comment="the run that last changed the row"),
    Index("ix_lead_share_hub_id", "hub_id"),
    Index("ix_lead_share_run", "run"),
    comment="which leads the system of a partner may hold a copy of",
)
