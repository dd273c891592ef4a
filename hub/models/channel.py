"""What the hub makes of distributors' reports over time: periods, and the entries booked in them.

`pos_entry` is a ledger with two times. `effective_…` is when a sale happened, `known_at` and
`posting_period` when the hub came to know it. Nothing in it is changed: what a report restates is
booked as the difference.
"""

from sqlalchemy import Column, Date, Float, Index, Integer, String, Table, Text

from hub.models.base import Money, UtcTime, metadata

channel_period = Table(
    "channel_period",
    metadata,
    Column("period", String(7), primary_key=True, comment="YYYY-MM"),
    Column("closed_at", UtcTime, nullable=False),
    Column("closed_by", String(120), nullable=False),
    comment="closed periods: what is restated of them is booked in the first one still open",
)

pos_entry = Table(
    "pos_entry",
    metadata,
    Column("posting_period", String(7), primary_key=True, comment="YYYY-MM: open when booked"),
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("effective_period", String(7), nullable=False, comment="the period of the line"),
    Column("effective_date", Date, nullable=False),
    Column("known_at", UtcTime, nullable=False),
    Column("kind", String(16), nullable=False, comment="first, restated, withdrawn"),
    Column("line_id", String(40), nullable=False, comment="→ pos_line, also when it is withdrawn"),
    Column("report_id", String(40), comment="→ report, the version that brought it about"),
    Column("distributor", String(64), nullable=False),
    Column("sku", String(64), nullable=False),
    Column("reseller_account", String(64)),
    Column("quantity", Integer, nullable=False, comment="difference"),
    Column("amount", Money, comment="difference"),
    Column("currency", String(3)),
    Column("run", Integer, nullable=False),
    Index("ix_pos_entry_line_id", "line_id"),
    Index("ix_pos_entry_run", "run"),
    postgresql_partition_by="LIST (posting_period)",
    comment="sales as they became known: the sum of a line's entries is what holds now",
)

siso = Table(
    "siso",
    metadata,
    Column("distributor", String(64), primary_key=True),
    Column("sku", String(64), primary_key=True),
    Column("period", String(7), primary_key=True, comment="YYYY-MM"),
    Column("opening", Integer, comment="counted at the end of the month before"),
    Column("opening_in_transit", Integer),
    Column("sales_in", Integer, nullable=False, comment="shipped by the vendor"),
    Column("sales_out", Integer, nullable=False),
    Column("returns", Integer, nullable=False, comment="by customers"),
    Column("returned_to_vendor", Integer, nullable=False),
    Column("adjustments", Integer, nullable=False),
    Column("net_sell_through", Integer, nullable=False, comment="sales-out less returns"),
    Column("in_transit", Integer, nullable=False),
    Column("expected", Integer, comment="on hand, by what moved"),
    Column("closing", Integer, comment="on hand, as counted"),
    Column("gap", Integer, comment="closing less expected"),
    Column("tolerance", Integer),
    Column("status", String(20), nullable=False),
    Column("implied_sell_through", Integer, comment="what must have been sold if stock is right"),
    Column("trailing", Integer, comment="net sell-through of 13 weeks"),
    Column("weeks_of_supply", Float),
    Column("days_of_inventory", Float),
    Column("sell_through_rate", Float),
    Column("aged_30", Integer, comment="of closing: up to 30 days old"),
    Column("aged_90", Integer),
    Column("aged_180", Integer),
    Column("aged_more", Integer),
    Column("aged_unknown", Integer),
    Column("at_risk_units", Integer),
    Column("unit_value", Money(4)),
    Column("run", Integer, nullable=False),
    comment="sell-in against sell-out: what should be on hand, what is, and how long it lasts",
)

siso_cause = Table(
    "siso_cause",
    metadata,
    Column("distributor", String(64), primary_key=True),
    Column("sku", String(64), primary_key=True),
    Column("period", String(7), primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("cause", String(32), nullable=False),
    Column("effect", Integer, nullable=False, comment="the part of the gap it accounts for"),
    Column("removes", Integer, nullable=False, comment="by how many pieces the gap gets smaller"),
    Column("share", Float, nullable=False, comment="of the gap"),
    Column("across", Integer, nullable=False, comment="removed of all gaps of that month"),
    Column("evidence", Text, nullable=False),
    Column("run", Integer, nullable=False),
    comment="likely causes of each gap above tolerance, the one that removes most first",
)

allocation = Table(
    "allocation",
    metadata,
    Column("period", String(7), primary_key=True, comment="by the stock at its end"),
    Column("sku", String(64), primary_key=True),
    Column("distributor", String(64), primary_key=True),
    Column("weekly_demand", Float, nullable=False),
    Column("on_hand", Integer, nullable=False),
    Column("in_transit", Integer, nullable=False),
    Column("need", Integer, nullable=False, comment="to have the weeks that the policy wants"),
    Column("supply", Integer, comment="of the vendor, for all distributors"),
    Column("allocated", Integer),
    Column("reason", String(32), nullable=False),
    Column("policy_version", String(32), nullable=False),
    Column("run", Integer, nullable=False),
    comment="who gets how much of what is scarce, and why",
)

expected_report = Table(
    "expected_report",
    metadata,
    Column("distributor", String(64), primary_key=True),
    Column("report", String(64), primary_key=True),
    Column("period_end", Date, primary_key=True),
    Column("period_start", Date, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("report_id", String(40), comment="→ report in force"),
    Column("received_at", UtcTime, comment="the first that was taken"),
    Column("days_late", Integer, comment="begun days after due_at; 0: on time; null: not due yet"),
    Column("escalation", String(16), comment="ops_contact, cam, hold"),
    Column("alerted_at", UtcTime, comment="when it was told of for the first time"),
    Column("waived_by", String(120)),
    Column("waived_why", String(255)),
    Column("run", Integer, nullable=False),
    comment="every report that is due, and what became of it",
)
