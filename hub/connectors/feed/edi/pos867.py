"""X12 867 as lines of sales: what stands above holds for all below, until it is said anew.

Heading → PTD loop (a transfer) → QTY loop (a line). Some senders put LIN before QTY; the first of
the two in a PTD loop says which of them begins a line.
"""

import re

from hub.connectors.feed.canonical import POS_LINE
from hub.connectors.feed.edi.collected import Collected, Line
from hub.connectors.feed.edi.glued import parted
from hub.connectors.feed.edi.words import (
    SENDERS,
    Party,
    day,
    element,
    note_date,
    note_products,
    note_reference,
)
from hub.connectors.feed.edi.x12 import Segment
from hub.connectors.feed.profile import Profile
from hub.connectors.feed.report import Head

_SALES = frozenset({"SS", "SD", "SH", "DS", "BP", "SM"})
_RETURNS = frozenset({"RB", "RP", "RU"})
_STOCK = frozenset({"RV", "RC", "IB", "IA", "SA", "SC", "TD"})
_MOVEMENTS = {"CD": "return", "DM": "inventory", "MD": "inventory", "TI": "inventory",
              "TO": "inventory", "AI": "inventory", "AO": "inventory"}  # fmt: skip
_PRICES = ("unit_price", "unit_cost", "special_cost")
_RETURNED_QUANTITIES = frozenset({"76", "RT"})
_GLUED = "two segments run into each other, or one is spoilt: have the line sent again"
GLUED = ("glued_segments", _GLUED)
_LISTED = frozenset(
    (
        *("ISA", "GS", "ST", "BPT", "CUR", "DTM", "REF", "PER", "MEA", "PSA", "N1", "N2", "N3"),
        *("N4", "N9", "PTD", "PRF", "MAN", "SII", "QTY", "LIN", "UIT", "PO3", "PO4", "CTP", "AMT"),
        *("ITA", "PID", "SAC", "TXI", "CTT", "SE", "GE", "IEA", "MSG", "LM", "LQ", "IT8", "PAM"),
    )
)
"""Segments that 867 lists in releases 4010 to 8010. Any other is a spoilt one."""
_CODE = re.compile(r"[A-Z0-9]{1,3}$")


def type_of(code: str, movement: str) -> str:
    """PTD01 and PTD06 → type of transaction; an unknown code stays as told, for the checks."""
    if movement in _MOVEMENTS:
        return _MOVEMENTS[movement]
    if code in _SALES:
        return "sale"
    if code in _RETURNS:
        return "return"
    if code in _STOCK:
        return "inventory"
    return {"PA": "price_adjustment", "SU": "summary", "": "sale"}.get(code, code)


class SalesReader:
    """Takes the segments of 867 sets, one after the other."""

    def __init__(self, head: Head, profile: Profile | None) -> None:
        self._head, self._profile = head, profile
        self.collected = Collected(POS_LINE)
        self._party = Party(profile)
        self._heading: Line = {}
        self._transfer: Line = {}
        self._line: Line | None = None
        self._started_at = 0
        self._glued: str | None = None
        self._transfer_glued: str | None = None
        self._lin_first: bool | None = None
        self._in_transfer = False
        self._seen: dict[str, int] = {}
        self._of_transfer: set[tuple[str, str]] = set()
        self._prices = 0

    def take(self, segment: Segment, at: int) -> None:
        """One segment; it may turn out to be two."""
        two = parted(segment)
        if two is None:
            self._one(segment, at)
            return
        raw = "*".join(segment)
        self._mark(raw)
        self._one(two[0], at)
        self._mark(raw)
        self._one(two[1], at)
        self._mark(raw)

    def _mark(self, raw: str) -> None:
        if self._line is not None:
            self._glued = self._glued or raw
        elif self._in_transfer:
            self._transfer_glued = self._transfer_glued or raw

    def _one(self, segment: Segment, at: int) -> None:
        handle = _HANDLERS.get(segment[0])
        if handle is not None:
            handle(self, segment, at)
        elif segment[0] not in _LISTED:
            self._doubt_transfer("*".join(segment))

    def _doubt_transfer(self, raw: str) -> None:
        """A segment cannot be told: it may have been the one that begins the next transfer, so what
        follows is doubted until one begins."""
        self._mark(raw)
        if self._in_transfer:
            self._transfer_glued = self._transfer_glued or raw

    @property
    def _scope(self) -> Line:
        """What a segment speaks of: the line, the transfer, or all."""
        if self._line is not None:
            return self._line
        return self._transfer if self._in_transfer else self._heading

    def _begin_set(self, segment: Segment, at: int) -> None:  # noqa: ARG002
        self._close_line()
        self._heading, self._transfer, self._in_transfer = {}, {}, False
        if self._head.currency:
            self._heading["currency"] = self._head.currency
        self._seen = {}

    def _begin_report(self, segment: Segment, at: int) -> None:  # noqa: ARG002
        self._heading["report_date"] = day(element(segment, 3))

    def _begin_transfer(self, segment: Segment, at: int) -> None:  # noqa: ARG002
        self._close_line()
        self._in_transfer, self._lin_first, self._transfer_glued = True, None, None
        self._seen, self._of_transfer = {}, set()
        code, movement = element(segment, 1), element(segment, 6)
        self._transfer = {**self._heading, "transaction_type": type_of(code, movement)}
        if code or movement:
            self._transfer["transaction_code"] = code or movement
        for qualifier in (2, 4):
            note_reference(
                self._transfer, element(segment, qualifier), element(segment, qualifier + 1),
                self._profile,
            )  # fmt: skip
        self._party.end()

    def _hear(self, segment: Segment, at: int) -> None:
        """A transfer whose PTD was lost looks like more of the line before, and takes over whether
        that was sold or came back; what tells it is that all is said anew."""
        said = segment[0], element(segment, 1)
        if self._line is None:
            self._of_transfer.add(said)
        elif said in self._of_transfer:
            self._head.warn(
                f"{' '.join(said)} of a transfer is said anew after its line, at segment {at}; "
                "the PTD that begins the next transfer may be lost"
            )

    def _begin_line(self, at: int, like: Line | None = None) -> Line:
        product = {n: v for n, v in (like or {}).items() if n in _OF_PRODUCT}
        self._close_line()
        self._line = {**self._transfer, **product}
        self._started_at, self._prices = at, 0
        self._party.end()
        return self._line

    def _quantity(self, segment: Segment, at: int) -> None:
        if self._lin_first is None:
            self._lin_first = False
        line = self._line
        if not self._lin_first or line is None or "quantity" in line:
            line = self._begin_line(at, line if self._lin_first else None)
        line["quantity"] = _plain(element(segment, 2))
        unit = element(segment, 3).split(">")[0].split(":")[0]
        if unit:
            line["unit"] = unit
        if unit.isdecimal():
            self._mark("*".join(segment))
        if element(segment, 1) in _RETURNED_QUANTITIES and line["transaction_type"] == "sale":
            line["transaction_type"] = "return"

    def _product(self, segment: Segment, at: int) -> None:
        if self._lin_first is None:
            self._lin_first = True
        line = self._line
        if self._lin_first or line is None:
            line = self._begin_line(at)
        note_products(line, segment)

    def _price(self, segment: Segment, at: int) -> None:  # noqa: ARG002
        if self._line is None:
            return
        unit, basis = element(segment, 1).split(">")[0].split(":")[0], element(segment, 3)
        if unit and not _CODE.match(unit):
            self._mark("*".join(segment))
        if basis and (not element(segment, 2) or not _CODE.match(basis) or basis.isdecimal()):
            self._mark("*".join(segment))
        named = self._profile.qualifiers.get(f"UIT {basis}") if self._profile else None
        place = _PRICES[self._prices] if self._prices < len(_PRICES) else None
        column = named or place
        if column is not None and element(segment, 2):
            self._line[column] = _plain(element(segment, 2))
        self._prices += 1

    def _amount(self, segment: Segment, at: int) -> None:  # noqa: ARG002
        if self._line is not None and element(segment, 2):
            sign = "-" if element(segment, 3) == "C" and element(segment, 2)[0] != "-" else ""
            self._line["amount"] = sign + _plain(element(segment, 2))

    def _name(self, segment: Segment, at: int) -> None:  # noqa: ARG002
        if self._line is not None and element(segment, 5):
            self._line.setdefault("product_name", element(segment, 5))

    def _reference(self, segment: Segment, at: int) -> None:
        if self._in_transfer:
            self._hear(segment, at)
        note_reference(self._scope, element(segment, 1), element(segment, 2), self._profile)

    def _order(self, segment: Segment, at: int) -> None:  # noqa: ARG002
        self._scope["customer_po"] = element(segment, 1)

    def _date(self, segment: Segment, at: int) -> None:
        if self._in_transfer:
            self._hear(segment, at)
        note_date(self._scope, segment, self._profile)
        if not self._in_transfer:
            self._head.period_start = self._heading.get("period_start", self._head.period_start)
            self._head.period_end = self._heading.get("period_end", self._head.period_end)

    def _money(self, segment: Segment, at: int) -> None:  # noqa: ARG002
        self._scope["currency"] = element(segment, 2)

    def _someone(self, segment: Segment, at: int) -> None:
        if self._in_transfer:
            self._hear(segment, at)
        code = element(segment, 1)
        if not self._in_transfer and (code in SENDERS or self._is_sender(code)):
            self._head.sender = element(segment, 4) or element(segment, 2)
            self._party.end()
            return
        self._party.begin(self._scope, segment, self._seen)

    def _is_sender(self, code: str) -> bool:
        """The buyer of the whole report is the distributor, who buys from the vendor."""
        named = self._profile.parties if self._profile is not None else {}
        return code == "BY" and self._head.sender is None and "BY" not in named

    def _address(self, segment: Segment, at: int) -> None:  # noqa: ARG002
        self._party.more(self._scope, segment)

    def _end(self, segment: Segment, at: int) -> None:  # noqa: ARG002
        self._close_line()
        self._in_transfer = False

    def _close_line(self) -> None:
        if self._line is None:
            return
        raw = self._glued or self._transfer_glued
        wrong = (*GLUED, raw) if raw is not None else None
        self.collected.add(self._line, self._started_at, wrong)
        self._line, self._glued = None, None


_OF_PRODUCT = ("sku", "distributor_sku", "gtin", "product_name")
_HANDLERS = {
    "ST": SalesReader._begin_set,
    "BPT": SalesReader._begin_report,
    "PTD": SalesReader._begin_transfer,
    "QTY": SalesReader._quantity,
    "LIN": SalesReader._product,
    "UIT": SalesReader._price,
    "AMT": SalesReader._amount,
    "PID": SalesReader._name,
    "REF": SalesReader._reference,
    "PRF": SalesReader._order,
    "DTM": SalesReader._date,
    "CUR": SalesReader._money,
    "N1": SalesReader._someone,
    "N2": SalesReader._address,
    "N3": SalesReader._address,
    "N4": SalesReader._address,
    "CTT": SalesReader._end,
    "SE": SalesReader._end,
}


def _plain(told: str) -> str:
    """`5.`, `.5` and `+5` as X12 allows them, as plain decimals."""
    if told.isdecimal() and told[0] != "0":
        return told
    bare = told.removeprefix("+")
    sign = "-" if bare.startswith("-") else ""
    digits = bare.removeprefix("-")
    if not digits.replace(".", "", 1).isdecimal():
        return told
    whole, _, decimals = digits.partition(".")
    decimals = decimals.rstrip("0")
    whole = whole.lstrip("0") or "0"
    number = f"{whole}.{decimals}" if decimals else whole
    return number if number == "0" else sign + number


plain = _plain
