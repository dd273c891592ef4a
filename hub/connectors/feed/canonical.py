"""The columns a distributor's line is turned into, whatever format and words it came in.

The trade's terms: the point-of-sale line, the inventory line and the claim line. What does not
belong here: how a column is spelt in a file (profiles) and what makes a value wrong (checks).
"""

from typing import Literal

from hub.connectors.contract import FieldKind

Kind = Literal["pos", "inventory", "claim", "activity", "shipment"]
"""What a report is about. An activity report (X12 852) holds sales and stock in one; shipments are
the vendor's own, to its distributors."""

POS_LINE, INVENTORY_LINE, CLAIM, REPORT = "pos_line", "inventory_line", "claim", "report"
SHIPMENT = "shipment"
RESELLER, END_CUSTOMER = "reseller", "end_customer"

LINES_OF: dict[Kind, tuple[str, ...]] = {
    "pos": (POS_LINE,),
    "inventory": (INVENTORY_LINE,),
    "claim": (CLAIM,),
    "activity": (POS_LINE, INVENTORY_LINE),
    "shipment": (SHIPMENT,),
}
"""Kind of report → the lines it is made of."""


def objects_of(kind: Kind) -> tuple[str, ...]:
    """The objects that a report of a kind speaks of: its lines, the companies they name, itself."""
    lines = LINES_OF[kind]
    companies = (RESELLER, END_CUSTOMER) if {POS_LINE, CLAIM} & set(lines) else ()
    return (*lines, *companies, REPORT)


_PARTY = ("name", "street", "city", "region", "postal_code", "country")
_RESELLER = ("reseller_account", *(f"reseller_{part}" for part in _PARTY))
_END_CUSTOMER = tuple(f"end_customer_{part}" for part in _PARTY)
_PRODUCT = ("sku", "distributor_sku", "gtin", "product_name")
_PERIOD = ("period_start", "period_end")
_INVOICE = ("invoice_no", "invoice_line", "invoice_date", "ship_date")

ACTION = "action"
"""What a line of a report of changes does: add, change, delete."""

POS_COLUMNS = (
    ACTION,
    "report_date",
    *_PERIOD,
    "branch",
    "transaction_type",
    "transaction_code",
    *_RESELLER,
    *_END_CUSTOMER,
    *(f"ship_to_{part}" for part in _PARTY),
    *(f"bill_to_{part}" for part in _PARTY),
    *_PRODUCT,
    "quantity",
    "unit",
    "unit_price",
    "amount",
    "unit_cost",
    "special_cost",
    "claim_amount",
    "currency",
    *_INVOICE,
    "sales_order_no",
    "customer_po",
    "distributor_po",
    "authorization_no",
    "registration_no",
    "promotion",
    "serial_no",
)
INVENTORY_COLUMNS = (
    "as_of_date",
    *_PERIOD,
    "branch",
    *_PRODUCT,
    "on_hand",
    "available",
    "committed",
    "on_order",
    "in_transit",
    "defective",
    "opening",
    "received",
    "unmapped",
    "unit",
    "unit_value",
    "currency",
    "received_date",
)
CLAIM_COLUMNS = (
    "claim_no",
    "claim_date",
    *_PERIOD,
    "branch",
    "authorization_no",
    *_RESELLER,
    *_END_CUSTOMER,
    *_PRODUCT,
    "quantity",
    "unit",
    "unit_price",
    "unit_cost",
    "special_cost",
    "claim_amount",
    "currency",
    *_INVOICE,
    "serial_no",
)
SHIPMENT_COLUMNS = (
    "distributor",
    "document_no",
    "document_line",
    *_PERIOD,
    *_PRODUCT,
    "quantity",
    "unit",
    "unit_price",
    "currency",
    "ship_date",
    "received_date",
)
COLUMNS: dict[str, tuple[str, ...]] = {
    POS_LINE: POS_COLUMNS,
    INVENTORY_LINE: INVENTORY_COLUMNS,
    CLAIM: CLAIM_COLUMNS,
    SHIPMENT: SHIPMENT_COLUMNS,
}
"""Object → what one of its lines may say."""

QUANTITIES = (
    *("quantity", "on_hand", "available", "committed", "on_order", "in_transit", "defective"),
    *("opening", "received", "unmapped"),
)
PRICES = ("unit_price", "amount", "unit_cost", "special_cost", "claim_amount", "unit_value")
NUMBER_COLUMNS = (*QUANTITIES, *PRICES)
DATE_COLUMNS = (
    *("report_date", "as_of_date", "claim_date", *_PERIOD),
    *("invoice_date", "ship_date", "received_date"),
)
CODE_COLUMNS = (
    *("reseller_account", "sku", "distributor_sku", "gtin", "serial_no", "invoice_no"),
    *("authorization_no", "registration_no"),
    *("reseller_postal_code", "end_customer_postal_code", "ship_to_postal_code"),
)
"""Codes that look like numbers, and which a spreadsheet therefore damages."""

FLAGS, LINE, REPORT_ID, REPORT_LINE = "flags", "line", "report_record_id", "report_line"
RESELLER_ID, END_CUSTOMER_ID = "reseller_record_id", "end_customer_record_id"

REPORT_FIELDS = (
    *("status", "reason", "report_kind", "file", "digest", "format"),
    *("profile", "profile_version", "mode"),
    *("report_id", "purpose", "sender", "branch", "period_start", "period_end", "received_at"),
    *("lines_read", "lines_ignored", "evidence", "warnings"),
)

_LED_BACK = (REPORT_ID, REPORT_LINE, FLAGS)
_BUYERS = (RESELLER_ID, END_CUSTOMER_ID)

FIELDS: dict[str, dict[str, str]] = {
    POS_LINE: {name: name for name in (*POS_COLUMNS[1:], *_BUYERS, *_LED_BACK)},
    INVENTORY_LINE: {name: name for name in (*INVENTORY_COLUMNS, *_LED_BACK)},
    CLAIM: {name: name for name in (*CLAIM_COLUMNS, *_BUYERS, *_LED_BACK)},
    SHIPMENT: {name: name for name in (*SHIPMENT_COLUMNS, *_LED_BACK)},
    RESELLER: {
        "account_no": "reseller_account",
        **{part: f"reseller_{part}" for part in _PARTY},
    },
    END_CUSTOMER: {part: f"end_customer_{part}" for part in _PARTY},
    REPORT: {name: name for name in REPORT_FIELDS},
}
"""Object → its fields → the column of a line (of REPORT: of the report) each comes from."""

KINDS: dict[str, FieldKind] = {
    **dict.fromkeys((*NUMBER_COLUMNS, REPORT_LINE, "lines_read", "lines_ignored"), "number"),
    **dict.fromkeys(DATE_COLUMNS, "date"),
    "received_at": "datetime",
}
"""Columns that are more than text."""
