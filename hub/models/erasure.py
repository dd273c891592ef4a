"""What is kept of erased people: keyed hashes, by which they are known again and kept out."""

from sqlalchemy import Column, Index, Integer, String, Table

from hub.models.base import UtcTime, metadata

erasure = Table(
    "erasure",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("rows", Integer, nullable=False, comment="erased or changed, of all tables"),
    Column("files", Integer, nullable=False, comment="rewritten, of the archive"),
    comment="each carrying out of `hub forget`",
)

erasure_key = Table(
    "erasure_key",
    metadata,
    Column("key", String(64), primary_key=True, comment="of the hashes in `erased`; random"),
    Column("at", UtcTime, nullable=False),
)

erased = Table(
    "erased",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(16), nullable=False, comment="mail, person, record, hub_id"),
    Column("run", Integer, nullable=False),
    Index("ix_erased_run", "run"),
    comment="HMAC-SHA256 of what an erased person is known by",
)
