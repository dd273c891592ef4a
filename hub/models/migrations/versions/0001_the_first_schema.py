"""The first schema"""

import sqlalchemy as sa
from alembic import op

from hub.models.base import Money, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "company",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=True),
        sa.Column("phone", sa.String(length=64), nullable=True),
        sa.Column("street", sa.String(length=255), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("region", sa.String(length=120), nullable=True),
        sa.Column("postal_code", sa.String(length=32), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("industry", sa.String(length=120), nullable=True),
        sa.Column("employees", sa.Integer(), nullable=True),
        sa.Column("tax_id", sa.String(length=40), nullable=True),
        sa.Column("duns", sa.String(length=9), nullable=True),
        sa.Column("company_type", sa.String(length=32), nullable=True),
        sa.Column("parent_company_id", sa.String(length=40), nullable=True),
        sa.Column("source_rows", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
    )
    op.create_index("ix_company_run", "company", ["run"], unique=False)
    op.create_table(
        "company_history",
        sa.Column("valid_from", UtcTime(), nullable=False),
        sa.Column("valid_to", UtcTime(), nullable=True),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=True),
        sa.Column("phone", sa.String(length=64), nullable=True),
        sa.Column("street", sa.String(length=255), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("region", sa.String(length=120), nullable=True),
        sa.Column("postal_code", sa.String(length=32), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("industry", sa.String(length=120), nullable=True),
        sa.Column("employees", sa.Integer(), nullable=True),
        sa.Column("tax_id", sa.String(length=40), nullable=True),
        sa.Column("duns", sa.String(length=9), nullable=True),
        sa.Column("company_type", sa.String(length=32), nullable=True),
        sa.Column("parent_company_id", sa.String(length=40), nullable=True),
        sa.Column("source_rows", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("valid_from", "id", name=op.f("pk_company_history")),
    )
    op.create_index("ix_company_history_valid_to", "company_history", ["valid_to"], unique=False)
    op.create_table(
        "contact",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("first_name", sa.String(length=120), nullable=True),
        sa.Column("last_name", sa.String(length=120), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=64), nullable=True),
        sa.Column("mobile", sa.String(length=64), nullable=True),
        sa.Column("job_title", sa.String(length=255), nullable=True),
        sa.Column("company_name", sa.String(length=255), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("postal_code", sa.String(length=32), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("source_rows", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index("ix_contact_run", "contact", ["run"], unique=False)
    op.create_table(
        "contact_history",
        sa.Column("valid_from", UtcTime(), nullable=False),
        sa.Column("valid_to", UtcTime(), nullable=True),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("first_name", sa.String(length=120), nullable=True),
        sa.Column("last_name", sa.String(length=120), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=64), nullable=True),
        sa.Column("mobile", sa.String(length=64), nullable=True),
        sa.Column("job_title", sa.String(length=255), nullable=True),
        sa.Column("company_name", sa.String(length=255), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("postal_code", sa.String(length=32), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("source_rows", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("valid_from", "id", name=op.f("pk_contact_history")),
    )
    op.create_index("ix_contact_history_valid_to", "contact_history", ["valid_to"], unique=False)
    op.create_table(
        "crosswalk",
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=128), nullable=False),
        sa.Column("hub_id", sa.String(length=40), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "record_id", "system", "object", "entity", name=op.f("pk_crosswalk")
        ),
        comment="source row ↔ hub id; a lead row speaks of a person and of a company, hence `entity`",
    )
    op.create_index("ix_crosswalk_hub_id", "crosswalk", ["hub_id"], unique=False)
    op.create_index("ix_crosswalk_run", "crosswalk", ["run"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("entity_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("policy_version", sa.String(length=32), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False, comment="JSON"),
        sa.Column(
            "candidates", sa.Text(), nullable=False, comment="JSON: every candidate with pass/fail"
        ),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        comment="why: rule, inputs, and the candidates that lost",
    )
    op.create_index(
        "ix_decision_entity_entity_id", "decision", ["entity", "entity_id"], unique=False
    )
    op.create_table(
        "identity_alias",
        sa.Column("old_id", sa.String(length=40), nullable=False),
        sa.Column(
            "hub_id",
            sa.String(length=40),
            nullable=False,
            comment="the living id; chains are kept flat",
        ),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_identity_alias")),
        comment="every id ever issued that no longer lives, and the one that answers for it",
    )
    op.create_index("ix_identity_alias_hub_id", "identity_alias", ["hub_id"], unique=False)
    op.create_table(
        "identity_block",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_identity_block")),
        comment="how many profiles hold a key: the cap on candidates and the rarity of a value",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identity_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("left_system", sa.String(length=64), nullable=False),
        sa.Column("left_object", sa.String(length=64), nullable=False),
        sa.Column("left_record_id", sa.String(length=128), nullable=False),
        sa.Column("right_system", sa.String(length=64), nullable=False),
        sa.Column("right_object", sa.String(length=64), nullable=False),
        sa.Column("right_record_id", sa.String(length=128), nullable=False),
        sa.Column("judgement", sa.String(length=16), nullable=False, comment="same or different"),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcTime(), nullable=False),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        sa.Column(
            "applied_run",
            sa.Integer(),
            nullable=True,
            comment="the run that took the judgement into account",
        ),
        sa.Column(
            "withdrawn_run",
            sa.Integer(),
            nullable=True,
            comment="the run that took its withdrawal into account",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_decision")),
    )
    op.create_index(
        "ix_identity_decision_left",
        "identity_decision",
        ["entity", "left_system", "left_object", "left_record_id"],
        unique=False,
    )
    op.create_index(
        "ix_identity_decision_right",
        "identity_decision",
        ["entity", "right_system", "right_object", "right_record_id"],
        unique=False,
    )
    op.create_table(
        "identity_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.String(length=16),
            nullable=False,
            comment="mint, merge, split, shrink, retire, revive",
        ),
        sa.Column("hub_id", sa.String(length=40), nullable=False),
        sa.Column(
            "other_id",
            sa.String(length=40),
            nullable=True,
            comment="merge: the id absorbed; split: where rows went",
        ),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_event")),
    )
    op.create_index("ix_identity_event_hub_id", "identity_event", ["hub_id"], unique=False)
    op.create_index("ix_identity_event_run", "identity_event", ["run"], unique=False)
    op.create_table(
        "identity_key",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("profile", sa.BigInteger(), nullable=False),
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("key", "profile", name=op.f("pk_identity_key")),
        comment="blocking keys (hashed): profiles that share one are candidates for being the same",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identity_key_profile", "identity_key", ["profile"], unique=False)
    op.create_table(
        "identity_mention",
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=128), nullable=False),
        sa.Column(
            "profile",
            sa.BigInteger(),
            nullable=True,
            comment="null: the row is gone; `last_id` is whose it was",
        ),
        sa.Column("last_id", sa.String(length=40), nullable=True),
        sa.Column(
            "content_hash",
            sa.String(length=32),
            nullable=True,
            comment="of the source row when it was last matched",
        ),
        sa.Column(
            "company_id",
            sa.String(length=40),
            nullable=True,
            comment="a contact's company when it was last matched",
        ),
        sa.Column(
            "hub_key",
            sa.String(length=80),
            nullable=True,
            comment="the hub id that the row itself claims",
        ),
        sa.Column(
            "refers_to",
            sa.String(length=128),
            nullable=True,
            comment="record id of its parent, or of a contact's company",
        ),
        sa.Column(
            "same_as",
            sa.String(length=128),
            nullable=True,
            comment="record id that its system says it became",
        ),
        sa.Column(
            "merged_into",
            sa.String(length=128),
            nullable=True,
            comment="record id, of the same object, it was merged into",
        ),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "record_id", "system", "object", "entity", name=op.f("pk_identity_mention")
        ),
        comment="source row → profile; a row whose entry here did not change is not matched again",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identity_mention_profile", "identity_mention", ["profile"], unique=False)
    op.create_index(
        "ix_identity_mention_refers_to", "identity_mention", ["refers_to", "system"], unique=False
    )
    op.create_index("ix_identity_mention_run", "identity_mention", ["run"], unique=False)
    op.create_index(
        "ix_identity_mention_same_as", "identity_mention", ["same_as", "system"], unique=False
    )
    op.create_index(
        "ix_identity_mention_merged_into",
        "identity_mention",
        ["merged_into", "system"],
        unique=False,
    )
    op.create_table(
        "identity_model",
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("entity", name=op.f("pk_identity_model")),
        comment="the scoring model behind the stored profiles, keys and pairs of an entity",
    )
    op.create_table(
        "identity_pair",
        sa.Column("left_profile", sa.BigInteger(), nullable=False),
        sa.Column("right_profile", sa.BigInteger(), nullable=False),
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column(
            "score",
            sa.Float(),
            nullable=False,
            comment="summed log-odds; above 0 speaks for the same",
        ),
        sa.Column(
            "veto",
            sa.String(length=16),
            nullable=True,
            comment="the field that forbids them to be the same",
        ),
        sa.Column("evidence", sa.Text(), nullable=False, comment="JSON: field → [level, log-odds]"),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("left_profile", "right_profile", name=op.f("pk_identity_pair")),
        comment="scored candidate pairs of profiles, left < right; hopeless ones are not kept",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_identity_pair_right_profile", "identity_pair", ["right_profile"], unique=False
    )
    op.create_table(
        "identity_profile",
        sa.Column("profile", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column(
            "features", sa.Text(), nullable=False, comment="JSON: the standardised matching columns"
        ),
        sa.PrimaryKeyConstraint("profile", name=op.f("pk_identity_profile")),
        comment="each distinct set of standardised columns once; `profile` is its hash",
    )
    op.create_table(
        "lead",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("company_name", sa.String(length=255), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("postal_code", sa.String(length=32), nullable=True),
        sa.Column("product", sa.String(length=120), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.Column("source", sa.String(length=120), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=True),
        sa.Column("contact_id", sa.String(length=40), nullable=True),
        sa.Column(
            "system", sa.String(length=64), nullable=False, comment="where the lead was born"
        ),
        sa.Column("created_at", UtcTime(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
    )
    op.create_index("ix_lead_run", "lead", ["run"], unique=False)
    op.create_table(
        "lead_assignment",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("partner_id", sa.String(length=40), nullable=True),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_assignment")),
    )
    op.create_index("ix_lead_assignment_run", "lead_assignment", ["run"], unique=False)
    op.create_table(
        "lead_assignment_history",
        sa.Column("valid_from", UtcTime(), nullable=False),
        sa.Column("valid_to", UtcTime(), nullable=True),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("partner_id", sa.String(length=40), nullable=True),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("valid_from", "id", name=op.f("pk_lead_assignment_history")),
    )
    op.create_index(
        "ix_lead_assignment_history_valid_to", "lead_assignment_history", ["valid_to"], unique=False
    )
    op.create_table(
        "lead_history",
        sa.Column("valid_from", UtcTime(), nullable=False),
        sa.Column("valid_to", UtcTime(), nullable=True),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("company_name", sa.String(length=255), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("postal_code", sa.String(length=32), nullable=True),
        sa.Column("product", sa.String(length=120), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.Column("source", sa.String(length=120), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=True),
        sa.Column("contact_id", sa.String(length=40), nullable=True),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("valid_from", "id", name=op.f("pk_lead_history")),
    )
    op.create_index("ix_lead_history_valid_to", "lead_history", ["valid_to"], unique=False)
    op.create_table(
        "lineage",
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=128), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "id", "field", name=op.f("pk_lineage")),
        comment="the source row each golden value came from, and the survivorship rule that chose it",
    )
    op.create_table(
        "opportunity",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=40), nullable=True),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("amount", Money(2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("close_date", sa.Date(), nullable=True),
        sa.Column("product", sa.String(length=120), nullable=True),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("is_won", sa.Boolean(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity")),
    )
    op.create_index("ix_opportunity_run", "opportunity", ["run"], unique=False)
    op.create_table(
        "opportunity_history",
        sa.Column("valid_from", UtcTime(), nullable=False),
        sa.Column("valid_to", UtcTime(), nullable=True),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=40), nullable=True),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("amount", Money(2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("close_date", sa.Date(), nullable=True),
        sa.Column("product", sa.String(length=120), nullable=True),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("is_won", sa.Boolean(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("valid_from", "id", name=op.f("pk_opportunity_history")),
    )
    op.create_index(
        "ix_opportunity_history_valid_to", "opportunity_history", ["valid_to"], unique=False
    )
    op.create_table(
        "ops_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.Text(), nullable=True, comment="the feed file the rows came from"),
        sa.Column("archive_path", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ops_batch")),
    )
    op.create_index("ix_ops_batch_run", "ops_batch", ["run"], unique=False)
    op.create_table(
        "ops_call",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("writes", sa.Integer(), nullable=False),
        sa.Column("quota_used", sa.Integer(), nullable=True),
        sa.Column("quota_limit", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("run", "system", "step", name=op.f("pk_ops_call")),
    )
    op.create_table(
        "ops_change",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("plan", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("op", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.String(length=128), nullable=True),
        sa.Column("hub_id", sa.String(length=40), nullable=False),
        sa.Column(
            "fields", sa.Text(), nullable=False, comment="JSON: field → {before, after, why}"
        ),
        sa.Column(
            "digest", sa.String(length=32), nullable=False, comment="of what is written where"
        ),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run of its outcome"),
        sa.Column("at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ops_change")),
    )
    op.create_index("ix_ops_change_digest", "ops_change", ["digest"], unique=False)
    op.create_index("ix_ops_change_outcome", "ops_change", ["outcome"], unique=False)
    op.create_index("ix_ops_change_plan", "ops_change", ["plan"], unique=False)
    op.create_index(
        "ix_ops_change_record", "ops_change", ["system", "object", "record_id"], unique=False
    )
    op.create_table(
        "ops_cursor",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column(
            "fields_hash",
            sa.String(length=32),
            nullable=False,
            comment="of the mapping the cursor is for",
        ),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("system", "object", name=op.f("pk_ops_cursor")),
    )
    op.create_table(
        "ops_disposition",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "run", "system", "object", "disposition", name=op.f("pk_ops_disposition")
        ),
    )
    op.create_table(
        "ops_plan",
        sa.Column("plan", sa.String(length=40), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column(
            "status", sa.String(length=16), nullable=False, comment="open, applied, superseded"
        ),
        sa.Column("config_hash", sa.String(length=32), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("plan", name=op.f("pk_ops_plan")),
    )
    op.create_table(
        "ops_quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=128), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False, comment="waiting, replaced"),
        sa.Column("raw", sa.Text(), nullable=False, comment="JSON: the row as told"),
        sa.Column("raw_hash", sa.String(length=32), nullable=False),
        sa.Column(
            "faults", sa.Text(), nullable=False, comment="JSON: [{column, rule, value, message}]"
        ),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("first_run", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ops_quarantine")),
    )
    op.create_index(
        "ix_ops_quarantine_record",
        "ops_quarantine",
        ["system", "object", "record_id"],
        unique=False,
    )
    op.create_index("ix_ops_quarantine_status", "ops_quarantine", ["status"], unique=False)
    op.create_table(
        "ops_read",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column(
            "rows", sa.Integer(), nullable=False, comment="counted at the connector, before landing"
        ),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("run", "system", "object", name=op.f("pk_ops_read")),
    )
    op.create_table(
        "ops_recheck",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column(
            "what", sa.String(length=16), nullable=False, comment="ids, volatile, references"
        ),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("system", "object", "what", name=op.f("pk_ops_recheck")),
        comment="when all ids, and all fields that change without a trace, were last compared",
    )
    op.create_table(
        "ops_run",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column(
            "status",
            sa.String(length=16),
            nullable=False,
            comment="running, done, failed, paused: quota, died",
        ),
        sa.Column("config_hash", sa.String(length=32), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Text(), nullable=True, comment="JSON: seconds per step"),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_ops_run")),
    )
    op.create_table(
        "ops_schema",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column(
            "fields", sa.Text(), nullable=False, comment="JSON: all fields as last described"
        ),
        sa.Column(
            "accepted", sa.Text(), nullable=False, comment="JSON: all fields as last accepted"
        ),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last saw them differ"),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("system", "object", name=op.f("pk_ops_schema")),
    )
    op.create_table(
        "ops_schema_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("field", sa.String(length=255), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column(
            "mapped", sa.Boolean(), nullable=False, comment="whether the mapping names the field"
        ),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ops_schema_event")),
        comment="what changed between two looks at the fields of an object",
    )
    op.create_index(
        "ix_ops_schema_event_object", "ops_schema_event", ["system", "object"], unique=False
    )
    op.create_index("ix_ops_schema_event_run", "ops_schema_event", ["run"], unique=False)
    op.create_table(
        "ops_sequence",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ops_sequence")),
        comment="counters that move in the transaction of the rows they number",
    )
    op.create_table(
        "ops_watermark",
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column(
            "run", sa.Integer(), nullable=False, comment="the step has taken rows up to this run"
        ),
        sa.PrimaryKeyConstraint("step", name=op.f("pk_ops_watermark")),
    )
    op.create_table(
        "partner",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("tier", sa.String(length=32), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.Column(
            "territories",
            sa.String(length=255),
            nullable=True,
            comment="ISO country codes, `;` between",
        ),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
    )
    op.create_index("ix_partner_run", "partner", ["run"], unique=False)
    op.create_table(
        "partner_history",
        sa.Column("valid_from", UtcTime(), nullable=False),
        sa.Column("valid_to", UtcTime(), nullable=True),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("tier", sa.String(length=32), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.Column("territories", sa.String(length=255), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("valid_from", "id", name=op.f("pk_partner_history")),
    )
    op.create_index("ix_partner_history_valid_to", "partner_history", ["valid_to"], unique=False)
    op.create_table(
        "pos_line",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("distributor", sa.String(length=64), nullable=False),
        sa.Column("report_date", sa.Date(), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=True),
        sa.Column("reseller_company_id", sa.String(length=40), nullable=True),
        sa.Column("end_customer_company_id", sa.String(length=40), nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("product_name", sa.String(length=255), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", Money(4), nullable=False),
        sa.Column("amount", Money(2), nullable=False, comment="quantity × unit_price"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("invoice_no", sa.String(length=64), nullable=False),
        sa.Column("invoice_line", sa.String(length=16), nullable=False),
        sa.Column("invoice_date", sa.Date(), nullable=False),
        sa.Column("serial_no", sa.String(length=64), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pos_line")),
    )
    op.create_index("ix_pos_line_run", "pos_line", ["run"], unique=False)
    op.create_table(
        "registration",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("partner_id", sa.String(length=40), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=True, comment="the end customer"),
        sa.Column("opportunity_id", sa.String(length=40), nullable=True),
        sa.Column("product", sa.String(length=120), nullable=True),
        sa.Column("amount", Money(2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("close_date", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("submitted_at", UtcTime(), nullable=True),
        sa.Column("approved_at", UtcTime(), nullable=True),
        sa.Column("protected_until", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=255), nullable=True),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that last changed the row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
    )
    op.create_index("ix_registration_run", "registration", ["run"], unique=False)
    op.create_table(
        "registration_history",
        sa.Column("valid_from", UtcTime(), nullable=False),
        sa.Column("valid_to", UtcTime(), nullable=True),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("partner_id", sa.String(length=40), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=True),
        sa.Column("opportunity_id", sa.String(length=40), nullable=True),
        sa.Column("product", sa.String(length=120), nullable=True),
        sa.Column("amount", Money(2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("close_date", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("submitted_at", UtcTime(), nullable=True),
        sa.Column("approved_at", UtcTime(), nullable=True),
        sa.Column("protected_until", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=255), nullable=True),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("valid_from", "id", name=op.f("pk_registration_history")),
    )
    op.create_index(
        "ix_registration_history_valid_to", "registration_history", ["valid_to"], unique=False
    )
    op.create_table(
        "src_company",
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
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("website", sa.String(length=255), nullable=True),
        sa.Column("phone", sa.String(length=64), nullable=True),
        sa.Column("street", sa.String(length=255), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("region", sa.String(length=120), nullable=True),
        sa.Column("postal_code", sa.String(length=32), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("industry", sa.String(length=120), nullable=True),
        sa.Column("employees", sa.Integer(), nullable=True),
        sa.Column("tax_id", sa.String(length=40), nullable=True),
        sa.Column("duns", sa.String(length=9), nullable=True),
        sa.Column("account_no", sa.String(length=64), nullable=True),
        sa.Column("company_type", sa.String(length=32), nullable=True),
        sa.Column("parent_record_id", sa.String(length=128), nullable=True),
        sa.Column("partner_tier", sa.String(length=32), nullable=True),
        sa.Column("partner_status", sa.String(length=32), nullable=True),
        sa.Column("partner_territories", sa.String(length=255), nullable=True),
        sa.Column("hub_key", sa.String(length=80), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("system", "object", "record_id", name=op.f("pk_src_company")),
    )
    op.create_index("ix_src_company_run", "src_company", ["run"], unique=False)
    op.create_table(
        "src_contact",
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
        sa.Column("first_name", sa.String(length=120), nullable=True),
        sa.Column("last_name", sa.String(length=120), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=64), nullable=True),
        sa.Column("mobile", sa.String(length=64), nullable=True),
        sa.Column("job_title", sa.String(length=255), nullable=True),
        sa.Column("company_name", sa.String(length=255), nullable=True),
        sa.Column("street", sa.String(length=255), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("postal_code", sa.String(length=32), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("hub_key", sa.String(length=80), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=True),
        sa.Column("company_record_id", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("system", "object", "record_id", name=op.f("pk_src_contact")),
    )
    op.create_index("ix_src_contact_run", "src_contact", ["run"], unique=False)
    op.create_table(
        "src_lead",
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
        sa.Column("first_name", sa.String(length=120), nullable=True),
        sa.Column("last_name", sa.String(length=120), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=64), nullable=True),
        sa.Column("mobile", sa.String(length=64), nullable=True),
        sa.Column("job_title", sa.String(length=255), nullable=True),
        sa.Column("company_name", sa.String(length=255), nullable=True),
        sa.Column("street", sa.String(length=255), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("postal_code", sa.String(length=32), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("hub_key", sa.String(length=80), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("website", sa.String(length=255), nullable=True),
        sa.Column("industry", sa.String(length=120), nullable=True),
        sa.Column("product", sa.String(length=120), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.Column("source", sa.String(length=120), nullable=True),
        sa.Column("is_converted", sa.Boolean(), nullable=True),
        sa.Column("converted_company_record_id", sa.String(length=128), nullable=True),
        sa.Column("converted_contact_record_id", sa.String(length=128), nullable=True),
        sa.Column("converted_opportunity_record_id", sa.String(length=128), nullable=True),
        sa.Column("contact_record_id", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("system", "object", "record_id", name=op.f("pk_src_lead")),
    )
    op.create_index("ix_src_lead_run", "src_lead", ["run"], unique=False)
    op.create_table(
        "src_opportunity",
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
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("company_record_id", sa.String(length=128), nullable=True),
        sa.Column("partner_record_id", sa.String(length=128), nullable=True),
        sa.Column("contact_record_id", sa.String(length=128), nullable=True),
        sa.Column("pipeline", sa.String(length=64), nullable=True),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("amount", Money(2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("close_date", sa.Date(), nullable=True),
        sa.Column("product", sa.String(length=120), nullable=True),
        sa.Column("submitted_at", UtcTime(), nullable=True),
        sa.Column("approved_at", UtcTime(), nullable=True),
        sa.Column("is_closed", sa.Boolean(), nullable=True),
        sa.Column("is_won", sa.Boolean(), nullable=True),
        sa.Column("hub_key", sa.String(length=80), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("system", "object", "record_id", name=op.f("pk_src_opportunity")),
    )
    op.create_index("ix_src_opportunity_run", "src_opportunity", ["run"], unique=False)
    op.create_table(
        "src_pos_line",
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
        sa.Column("report_date", sa.Date(), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=True),
        sa.Column("reseller_account", sa.String(length=64), nullable=False),
        sa.Column("reseller_name", sa.String(length=255), nullable=True),
        sa.Column("reseller_city", sa.String(length=120), nullable=True),
        sa.Column("reseller_postal_code", sa.String(length=32), nullable=True),
        sa.Column("reseller_country", sa.String(length=2), nullable=True),
        sa.Column("end_customer_name", sa.String(length=255), nullable=True),
        sa.Column("end_customer_city", sa.String(length=120), nullable=True),
        sa.Column("end_customer_postal_code", sa.String(length=32), nullable=True),
        sa.Column("end_customer_country", sa.String(length=2), nullable=True),
        sa.Column("reseller_record_id", sa.String(length=128), nullable=True),
        sa.Column("end_customer_record_id", sa.String(length=128), nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("product_name", sa.String(length=255), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", Money(4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("invoice_no", sa.String(length=64), nullable=False),
        sa.Column("invoice_line", sa.String(length=16), nullable=False),
        sa.Column("invoice_date", sa.Date(), nullable=False),
        sa.Column("serial_no", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("system", "object", "record_id", name=op.f("pk_src_pos_line")),
    )
    op.create_index("ix_src_pos_line_run", "src_pos_line", ["run"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_src_pos_line_run", table_name="src_pos_line")
    op.drop_table("src_pos_line")
    op.drop_index("ix_src_opportunity_run", table_name="src_opportunity")
    op.drop_table("src_opportunity")
    op.drop_index("ix_src_lead_run", table_name="src_lead")
    op.drop_table("src_lead")
    op.drop_index("ix_src_contact_run", table_name="src_contact")
    op.drop_table("src_contact")
    op.drop_index("ix_src_company_run", table_name="src_company")
    op.drop_table("src_company")
    op.drop_index("ix_registration_history_valid_to", table_name="registration_history")
    op.drop_table("registration_history")
    op.drop_index("ix_registration_run", table_name="registration")
    op.drop_table("registration")
    op.drop_index("ix_pos_line_run", table_name="pos_line")
    op.drop_table("pos_line")
    op.drop_index("ix_partner_history_valid_to", table_name="partner_history")
    op.drop_table("partner_history")
    op.drop_index("ix_partner_run", table_name="partner")
    op.drop_table("partner")
    op.drop_table("ops_watermark")
    op.drop_table("ops_sequence")
    op.drop_index("ix_ops_schema_event_run", table_name="ops_schema_event")
    op.drop_index("ix_ops_schema_event_object", table_name="ops_schema_event")
    op.drop_table("ops_schema_event")
    op.drop_table("ops_schema")
    op.drop_table("ops_run")
    op.drop_table("ops_recheck")
    op.drop_table("ops_read")
    op.drop_index("ix_ops_quarantine_status", table_name="ops_quarantine")
    op.drop_index("ix_ops_quarantine_record", table_name="ops_quarantine")
    op.drop_table("ops_quarantine")
    op.drop_table("ops_plan")
    op.drop_table("ops_disposition")
    op.drop_table("ops_cursor")
    op.drop_index("ix_ops_change_record", table_name="ops_change")
    op.drop_index("ix_ops_change_plan", table_name="ops_change")
    op.drop_index("ix_ops_change_outcome", table_name="ops_change")
    op.drop_index("ix_ops_change_digest", table_name="ops_change")
    op.drop_table("ops_change")
    op.drop_table("ops_call")
    op.drop_index("ix_ops_batch_run", table_name="ops_batch")
    op.drop_table("ops_batch")
    op.drop_index("ix_opportunity_history_valid_to", table_name="opportunity_history")
    op.drop_table("opportunity_history")
    op.drop_index("ix_opportunity_run", table_name="opportunity")
    op.drop_table("opportunity")
    op.drop_table("lineage")
    op.drop_index("ix_lead_history_valid_to", table_name="lead_history")
    op.drop_table("lead_history")
    op.drop_index("ix_lead_assignment_history_valid_to", table_name="lead_assignment_history")
    op.drop_table("lead_assignment_history")
    op.drop_index("ix_lead_assignment_run", table_name="lead_assignment")
    op.drop_table("lead_assignment")
    op.drop_index("ix_lead_run", table_name="lead")
    op.drop_table("lead")
    op.drop_table("identity_profile")
    op.drop_index("ix_identity_pair_right_profile", table_name="identity_pair")
    op.drop_table("identity_pair")
    op.drop_table("identity_model")
    op.drop_index("ix_identity_mention_same_as", table_name="identity_mention")
    op.drop_index("ix_identity_mention_merged_into", table_name="identity_mention")
    op.drop_index("ix_identity_mention_run", table_name="identity_mention")
    op.drop_index("ix_identity_mention_refers_to", table_name="identity_mention")
    op.drop_index("ix_identity_mention_profile", table_name="identity_mention")
    op.drop_table("identity_mention")
    op.drop_index("ix_identity_key_profile", table_name="identity_key")
    op.drop_table("identity_key")
    op.drop_index("ix_identity_event_run", table_name="identity_event")
    op.drop_index("ix_identity_event_hub_id", table_name="identity_event")
    op.drop_table("identity_event")
    op.drop_index("ix_identity_decision_right", table_name="identity_decision")
    op.drop_index("ix_identity_decision_left", table_name="identity_decision")
    op.drop_table("identity_decision")
    op.drop_table("identity_block")
    op.drop_index("ix_identity_alias_hub_id", table_name="identity_alias")
    op.drop_table("identity_alias")
    op.drop_index("ix_decision_entity_entity_id", table_name="decision")
    op.drop_table("decision")
    op.drop_index("ix_crosswalk_run", table_name="crosswalk")
    op.drop_index("ix_crosswalk_hub_id", table_name="crosswalk")
    op.drop_table("crosswalk")
    op.drop_index("ix_contact_history_valid_to", table_name="contact_history")
    op.drop_table("contact_history")
    op.drop_index("ix_contact_run", table_name="contact")
    op.drop_table("contact")
    op.drop_index("ix_company_history_valid_to", table_name="company_history")
    op.drop_table("company_history")
    op.drop_index("ix_company_run", table_name="company")
    op.drop_table("company")
