"""Business rules per source table, beside what the table's own types already say.

A rule is a name (the reason code that ops sees), the column it hangs on, a polars expression that
is true for good rows (a null is good: whether a value is required is the table's business), and a
plain message. Sources of the rules: the distributor error list of the trade (POS), the CRMs' own
restrictions (people, deals).
"""

from dataclasses import dataclass

import polars as pl

from hub.checks import codes
from hub.checks.convert import told_column
from hub.gtin import checks_out
from hub.models.base import MONEY_DIGITS

# A whole value like 4.05E+12: a spreadsheet has eaten digits, the original cannot be restored.
_SCIENTIFIC = r"(?i)^\d([.,]\d+)?e[+-]?\d+$"
NUL = "\x00"
_EMAIL = r"^[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+$"


@dataclass(frozen=True)
class Rule:
    """One business rule; `holds` is true (or null) for rows that obey it.

    `surely`, where given, is told faster than `holds` and never true where `holds` is not.
    """

    name: str
    column: str
    holds: pl.Expr
    message: str
    surely: pl.Expr | None = None


def one_of(column: str, allowed: tuple[str, ...]) -> Rule:
    shown = ", ".join(allowed)
    return Rule("code_list", column, pl.col(column).is_in(allowed), f"must be one of: {shown}")


def not_scientific(column: str) -> Rule:
    return Rule(
        "scientific_notation",
        column,
        ~pl.col(column).str.contains(_SCIENTIFIC),
        "a spreadsheet turned this identifier into a rounded number; send it as text",
    )


def email_format(column: str) -> Rule:
    return Rule(
        "email_format", column, pl.col(column).str.contains(_EMAIL), "not an e-mail address"
    )


def currency_known(column: str) -> Rule:
    return Rule(
        "currency_unknown",
        column,
        pl.col(column).is_in(sorted(codes.currency_codes())),
        "not an ISO 4217 currency code",
    )


def storable(column: str) -> Rule:
    return Rule(
        "control_character",
        column,
        ~pl.col(column).str.contains(NUL, literal=True),
        "holds the character U+0000, which no text may hold",
    )


def not_negative(column: str, name: str) -> Rule:
    return Rule(name, column, pl.col(column) >= 0, "must not be negative")


def any_of(columns: tuple[str, ...], hang_on: str, message: str) -> Rule:
    present = pl.any_horizontal(pl.col(c).is_not_null() for c in columns)
    return Rule("required", hang_on, present, message)


def _person(*naming: str) -> tuple[Rule, ...]:
    message = "a person needs a name or an e-mail address"
    return (email_format("email"), any_of((*naming, "email"), "last_name", message))


# Below what fits into a column of money, by more than what a float may err.
_LARGEST_AMOUNT = 10 ** (MONEY_DIGITS - 2) - 1
_MONEY = (currency_known("currency"), not_negative("amount", "negative_amount"))

_STOCK = (
    *("on_hand", "available", "committed", "on_order", "in_transit", "defective", "opening"),
    *("received", "unmapped"),
)


def _product() -> tuple[Rule, ...]:
    """A line names what it is about, by a number that no spreadsheet has rounded."""
    numbers = ("sku", "gtin", "distributor_sku")
    return (
        any_of(numbers, "sku", "a line needs the vendor's or distributor's number, or the GTIN"),
        *(not_scientific(number) for number in numbers),
        Rule(
            "gtin_check_digit",
            "gtin",
            pl.col("gtin").str.contains(r"^(\d{8}|\d{12,14})$") & checks_out(pl.col("gtin")),
            "no GTIN: 8, 12, 13 or 14 digits, of which the last is the check digit of the others",
        ),
    )


def _priced(*amounts: str) -> tuple[Rule, ...]:
    """An amount is in a currency."""
    without = pl.all_horizontal(pl.col(amount).is_null() for amount in amounts)
    return (
        currency_known("currency"),
        Rule(
            "required",
            "currency",
            pl.col(told_column("currency")).is_not_null() | without,
            "an amount needs a currency",
        ),
    )


RULES: dict[str, tuple[Rule, ...]] = {
    "company": (
        one_of("company_type", codes.COMPANY_TYPES),
        one_of("partner_tier", codes.PARTNER_TIERS),
        one_of("partner_status", codes.PARTNER_STATUSES),
        Rule("duns_format", "duns", pl.col("duns").str.contains(r"^\d{9}$"), "must be 9 digits"),
        not_scientific("account_no"),
        not_scientific("tax_id"),
        not_negative("employees", "negative_number"),
    ),
    "contact": _person("last_name", "first_name"),
    "lead": (*_person("last_name", "first_name", "name"), one_of("status", codes.LEAD_STATUSES)),
    "assigned_lead": (
        one_of("status", codes.ASSIGNMENT_STATUSES),
        Rule(
            "return_reason",
            "reason",
            pl.col("status").ne_missing(codes.RETURNED)
            | pl.col("reason").is_in(codes.RETURN_REASONS),
            f"a lead is returned for one of: {', '.join(codes.RETURN_REASONS)}",
        ),
        Rule(
            "lead_unknown",
            "hub_key",
            pl.col("hub_key").is_not_null() | pl.col("origin").is_null(),
            "the line names no lead that was sent to this partner",
        ),
    ),
    "opportunity": _MONEY,
    "report": (one_of("status", codes.REPORT_STATUSES),),
    "pos_line": (
        *_product(),
        *_priced("unit_price", "amount", "unit_cost", "special_cost", "claim_amount"),
        one_of("transaction_type", codes.TRANSACTIONS),
        any_of(
            ("invoice_date", "ship_date", "period_end"),
            "invoice_date",
            "a sale needs the day of its invoice or shipment, or the period of its report",
        ),
        Rule(
            "quantity_zero",
            "quantity",
            (pl.col("quantity") != 0)
            | pl.col("transaction_type")
            .is_in(["price_adjustment", "summary"])
            .fill_null(value=False),
            "a line must move something",
        ),
        not_negative("unit_price", "negative_price"),
        Rule(
            "amount_too_large",
            "quantity",
            pl.col("quantity").cast(pl.Float64).abs() * pl.col("unit_price").cast(pl.Float64).abs()
            < _LARGEST_AMOUNT,
            "quantity × unit price is more than any amount can be",
        ),
        Rule(
            "date_in_future",
            "invoice_date",
            pl.col("invoice_date") <= pl.col("report_date"),
            "the invoice is dated after the report it stands in",
        ),
        Rule(
            "date_in_future",
            "ship_date",
            pl.col("ship_date") <= pl.col("report_date"),
            "shipped after the date of the report it stands in",
        ),
        not_scientific("serial_no"),
        not_scientific("reseller_account"),
        Rule(
            "total_row",
            "invoice_no",
            pl.col("invoice_no").is_not_null()
            | ~pl.any_horizontal(
                pl.col(told_column(c)).str.contains(r"(?i)^(grand )?totals?\b|^summe|^gesamt")
                for c in ("branch", "reseller_account", "reseller_name", "sku", "product_name")
            ).fill_null(value=False),
            "a total row, not a sale",
        ),
    ),
    "inventory_line": (
        *_product(),
        *_priced("unit_value"),
        any_of(_STOCK, "on_hand", "a line of stock needs a quantity"),
        not_negative("unit_value", "negative_price"),
    ),
    "claim": (
        *_product(),
        *_priced("unit_price", "unit_cost", "special_cost", "claim_amount"),
        Rule("quantity_zero", "quantity", pl.col("quantity") != 0, "a claim must be for goods"),
        not_negative("special_cost", "negative_price"),
        not_scientific("serial_no"),
        not_scientific("reseller_account"),
    ),
    "shipment": (
        *_product(),
        *_priced("unit_price"),
        Rule("quantity_zero", "quantity", pl.col("quantity") != 0, "a line must move something"),
        not_negative("unit_price", "negative_price"),
    ),
}
