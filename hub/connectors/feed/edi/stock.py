"""X12 846 and 852 as lines of stock, and what an 852 says of sales.

Which qualifier means which stock is the profile's to say. One that nobody named is never added to
the stock on hand: its quantity stands under `unmapped`, with a warning.
"""

from decimal import Decimal, InvalidOperation

from hub.connectors.feed.canonical import INVENTORY_LINE, POS_LINE
from hub.connectors.feed.edi.collected import Collected, Line
from hub.connectors.feed.edi.glued import parted
from hub.connectors.feed.edi.pos867 import GLUED, plain
from hub.connectors.feed.edi.words import SENDERS, day, element, note_products
from hub.connectors.feed.edi.x12 import Segment
from hub.connectors.feed.profile import Profile
from hub.connectors.feed.report import Head

_BUCKETS = {"17": "on_hand", "33": "available", "63": "on_order"}
_ACTIVITIES = {"QA": "available", "QP": "on_order", "QR": "received", "QH": "on_hand",
               "QI": "in_transit", "QC": "committed"}  # fmt: skip
_SOLD = frozenset({"QS"})
_RETURNED = frozenset({"QU"})
_NO_STOCK = frozenset({"QO", "QD", "QT", "QX"})
_BRANCHES = frozenset({"WH", "ST", "BR", "LC", "SF", "RL"})
_SHARED = ("sku", "distributor_sku", "gtin", "product_name", "branch")


class StockReader:
    """Takes the segments of 846 and 852 sets."""

    def __init__(self, head: Head, profile: Profile | None) -> None:
        self._head, self._profile = head, profile
        self.collected = Collected(INVENTORY_LINE)
        self.sold = Collected(POS_LINE)
        self._heading: Line = {}
        self._line: Line | None = None
        self._sales: Line = {}
        self._at = 0
        self._glued: str | None = None
        self._code = ""

    def take(self, segment: Segment, at: int) -> None:
        two = parted(segment)
        if two is None:
            self._one(segment, at)
            return
        raw = "*".join(segment)
        for part in two:
            self._one(part, at)
            self._glued = raw if self._line is not None else None

    def _one(self, segment: Segment, at: int) -> None:
        tag = segment[0]
        if tag == "LIN":
            self._close()
            self._line, self._at = dict(self._heading), at
            note_products(self._line, segment)
        elif tag == "QTY" and self._line is not None:
            self._quantity(element(segment, 1), element(segment, 2), element(segment, 3))
        elif tag == "ZA" and self._line is not None:
            self._code = element(segment, 1)
            if element(segment, 2):
                self._activity(self._code, element(segment, 2), element(segment, 3), self._line)
        elif tag == "SDQ" and self._line is not None:
            self._stores(segment)
        elif tag in ("CTT", "SE", "ST"):
            self._close()
            if tag == "ST":
                self._heading = {}
        else:
            self._note(segment)

    def _note(self, segment: Segment) -> None:
        tag, scope = segment[0], self._heading if self._line is None else self._line
        if tag == "BIA":
            scope["as_of_date"] = day(element(segment, 4))
        elif tag == "XQ":
            scope["period_start"] = day(element(segment, 2))
            last = day(element(segment, 3) or element(segment, 2))
            scope["period_end"] = scope["as_of_date"] = last
            self._head.period_start, self._head.period_end = scope["period_start"], last
        elif tag == "N1":
            self._place(segment, scope)
        elif tag == "REF" and element(segment, 1) in ("LU", "WS") and element(segment, 2):
            self._at_branch(element(segment, 2))
        elif tag == "CUR":
            scope["currency"] = element(segment, 2)
        elif tag == "PID" and self._line is not None and element(segment, 5):
            scope.setdefault("product_name", element(segment, 5))
        elif tag == "UIT" and element(segment, 2) and self._line is not None:
            scope["unit_value"] = plain(element(segment, 2))
        elif tag == "CTP" and element(segment, 3) and self._line is not None:
            scope["unit_value"] = plain(element(segment, 3))
        elif tag == "DTM":
            self._date(segment, scope)

    def _place(self, segment: Segment, scope: Line) -> None:
        code, number = element(segment, 1), element(segment, 4) or element(segment, 2)
        if code in _BRANCHES:
            if self._line is None:
                scope["branch"] = number
            else:
                self._at_branch(number)
        elif code in SENDERS or code == "BY":
            self._head.sender = self._head.sender or number

    def _at_branch(self, branch: str) -> None:
        """A line that has quantities of one branch is followed by one of the next."""
        if self._line is None:
            self._heading["branch"] = branch
            return
        known = {n: v for n, v in self._line.items() if n in (*_SHARED, *self._heading)}
        if set(self._line) - set(known) - {"unit", "unit_value"}:
            extra: Line = {n: self._line[n] for n in ("unit", "unit_value") if n in self._line}
            at = self._at
            self._close()
            self._line, self._at = {**known, **extra}, at
        self._line["branch"] = branch

    def _date(self, segment: Segment, scope: Line) -> None:
        qualifier, told = element(segment, 1), day(element(segment, 2))
        column = {"366": "as_of_date", "007": "as_of_date", "090": "period_start",
                  "091": "period_end", "050": "received_date"}.get(qualifier)  # fmt: skip
        if column is not None:
            scope[column] = told

    def _quantity(self, qualifier: str, quantity: str, unit: str) -> None:
        line = self._line
        if line is None:
            return
        named = self._profile.qualifiers if self._profile is not None else {}
        bucket = named.get(qualifier) or _BUCKETS.get(qualifier)
        if bucket is None:
            self._head.warn(
                f"quantities under qualifier {qualifier} are not counted as stock: name it in "
                "`qualifiers` of the profile"
            )
            bucket = "unmapped"
        _add(line, bucket, plain(quantity))
        _unit(line, unit)

    def _activity(self, code: str, quantity: str, unit: str, line: Line) -> None:
        if code in _SOLD or code in _RETURNED:
            sale = self._sales
            signed = plain(quantity)
            if code in _RETURNED and not signed.startswith("-"):
                signed = f"-{signed}"
            _add(sale, "quantity", signed)
            _unit(sale, unit)
            return
        named = self._profile.qualifiers if self._profile is not None else {}
        bucket = named.get(code) or _ACTIVITIES.get(code)
        if bucket is not None:
            _add(line, bucket, plain(quantity))
            _unit(line, unit)
        elif code not in _NO_STOCK:
            self._quantity(code, quantity, unit)

    def _stores(self, segment: Segment) -> None:
        """SDQ: the activity before, store by store."""
        for at in range(3, len(segment) - 1, 2):
            if element(segment, at):
                self._at_branch(element(segment, at))
                if self._line is not None:
                    self._activity(
                        self._code, element(segment, at + 1), element(segment, 1), self._line
                    )

    def _close(self) -> None:
        line, sales = self._line, self._sales
        self._line, self._sales = None, {}
        if line is None:
            return
        wrong = (*GLUED, self._glued) if self._glued is not None else None
        self._glued = None
        if sales:
            shared = {n: line[n] for n in (*_SHARED, "period_start", "period_end") if n in line}
            told = {**shared, **sales, "report_date": line.get("as_of_date", "")}
            told["transaction_type"] = "summary"
            self.sold.add(told, self._at, wrong)
        if any(n in line for n in _STOCK) or not sales:
            self.collected.add(line, self._at, wrong)


_STOCK = ("on_hand", "available", "committed", "on_order", "in_transit", "defective", "opening",
          "received", "unmapped")  # fmt: skip


def _add(line: Line, column: str, quantity: str) -> None:
    """Add up; two figures one of which is no number stand beside each other, to be refused."""
    if column not in line:
        line[column] = quantity
        return
    try:
        line[column] = f"{Decimal(line[column]) + Decimal(quantity):f}"
    except InvalidOperation:
        line[column] = f"{line[column]} {quantity}"


def _unit(line: Line, unit: str) -> None:
    if unit:
        line["unit"] = unit.split(">")[0].split(":")[0]
