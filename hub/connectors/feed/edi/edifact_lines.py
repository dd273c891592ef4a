"""EDIFACT SLSRPT and INVRPT as lines of sales and of stock.

A sales report has one of two layouts: a place and then its articles, or an article and then its
places. The first of LOC and LIN says which. Retail prices (AAE, type RTP) may hold tax and are not
taken for the net resale price.
"""

import re
from datetime import date

from hub.connectors.feed.canonical import INVENTORY_LINE, POS_LINE
from hub.connectors.feed.edi.collected import Collected, Line
from hub.connectors.feed.edi.edifact import Segment
from hub.connectors.feed.edi.interchange import part
from hub.connectors.feed.edi.pos867 import GLUED, plain
from hub.connectors.feed.profile import Profile
from hub.connectors.feed.report import Head

PURPOSES = {"9": "original", "1": "cancel", "4": "change", "5": "replace", "7": "duplicate"}
_SOLD = {"153": "sale", "212": "sale", "61": "return"}
_PARTIES = {"UC": "end_customer", "UD": "end_customer", "BY": "reseller", "ST": "ship_to",
            "DP": "ship_to", "IV": "bill_to"}  # fmt: skip
_SENDERS = frozenset({"SE", "DS", "BY", "MR"})
_BRANCHES = frozenset({"DB", "WH", "GY", "DS", "SN"})
_NUMBERS = {"EN": "gtin", "SRV": "gtin", "UP": "gtin", "MF": "sku", "VN": "sku", "SA": "sku",
            "BP": "distributor_sku", "IN": "distributor_sku"}  # fmt: skip
_STOCK = {"145": "on_hand", "17": "on_hand", "198": "in_transit", "124": "defective",
          "66": "committed", "157": "opening", "21": "on_order"}  # fmt: skip
_DATES = {"137": "report_date", "90": "period_start", "91": "period_end",
          "194": "period_start", "206": "period_end", "356": "invoice_date",
          "366": "as_of_date", "11": "ship_date", "35": "ship_date"}  # fmt: skip
_LISTED = frozenset(
    (
        *("UNA", "UNB", "UNG", "UNE", "UNZ", "UNS", "CTA", "COM", "MEA", "ALI", "TAX", "DOC"),
        *("PAC", "PCI", "GIN", "GIR", "TDT", "CPS", "HAN", "FTX", "CNT", "STS", "INV", "EFI"),
        *("QVR", "EQD", "SEL", "RNG", "PRC", "PAT", "PCD", "SCC", "TOD", "LOT", "DMS", "ALC"),
        *("APR", "RTE"),
    )
)
"""Segments that sales and stock reports may have beside those read here. Others are spoilt ones."""
_FORMS = {
    "QTY": re.compile(r"[A-Z0-9]{1,3}:[^:+]*(:([A-Z][A-Z0-9]{0,7})?)?$"),
    "PRI": re.compile(
        r"[A-Z]{3}:[^:+]+(:[A-Z]{0,3}(:[A-Z]{0,3}(:\d{0,9}(:[A-Z0-9]{0,3})?)?)?)?(\+[A-Z]{0,3})?$"
    ),
}
"""What stands where in a quantity (C186) and a price (C509). A number elsewhere is part of one."""
_LEVELS = frozenset({"197", "97", "98", "146"})
_REFERENCES = {"IV": "invoice_no", "ON": "customer_po", "VN": "sales_order_no", "SE": "serial_no",
               "CT": "authorization_no", "LI": "invoice_line"}  # fmt: skip


def day(told: str, form: str) -> str:
    """A DTM value under its format code as ISO; anything else as told. Months: the last day."""
    if form in ("102", "203", "204", "718") and told[:8].isdecimal() and len(told) >= 8:
        return f"{told[:4]}-{told[4:6]}-{told[6:8]}"
    if form == "101" and len(told) == 6:
        return f"20{told[:2]}-{told[2:4]}-{told[4:6]}"
    try:
        if form == "610" and len(told) == 6:
            year, month = int(told[:4]), int(told[4:])
            following = date(year + month // 12, month % 12 + 1, 1)
            return date.fromordinal(following.toordinal() - 1).isoformat()
        if form == "616" and len(told) == 6:
            return date.fromisocalendar(int(told[:4]), int(told[4:]), 7).isoformat()
    except ValueError:
        return told
    return told


class EdifactReader:
    """Takes the segments of SLSRPT and INVRPT messages, one after the other."""

    def __init__(self, head: Head, profile: Profile | None, decimal: str) -> None:
        self._head, self._profile, self._decimal = head, profile, decimal
        self.sold, self.stock = Collected(POS_LINE), Collected(INVENTORY_LINE)
        self._is_stock = False
        self._begin()

    def _begin(self) -> None:
        self._heading: Line = {}
        self._place: Line = {}
        self._article: Line | None = None
        self._lines: list[tuple[Line, int]] = []
        self._branches: dict[str, Line] = {}
        self._pending: tuple[str, str] | None = None
        self._places_first: bool | None = None
        self._party: str | None = None
        self._at = 0
        self._inventory_at = 0
        self._glued: str | None = None

    def take(self, segment: Segment, at: int) -> None:
        """One segment; one that lost its terminator holds two, and its article is held back."""
        self._at = at
        for number, part_ in enumerate(_parted(segment)):
            handle = _HANDLERS.get(part_[0][0])
            spoilt = number > 0 or _is_spoilt(part_)
            if spoilt:
                self._glued = "+".join(":".join(element) for element in segment)
            if handle is not None:
                handle(self, part_)
            if spoilt:
                self._glued = "+".join(":".join(element) for element in segment)

    # -- the message

    def _start(self, segment: Segment) -> None:
        self._begin()
        self._is_stock = part(segment, 2) == "INVRPT"

    def _document(self, segment: Segment) -> None:
        self._head.report_id = self._head.report_id or part(segment, 2) or None
        self._head.purpose = PURPOSES.get(part(segment, 3), self._head.purpose)

    def _end(self, segment: Segment) -> None:  # noqa: ARG002
        self._close()

    # -- what may stand anywhere

    @property
    def _scopes(self) -> list[Line]:
        """What a segment speaks of: the lines of the article so far, or what is yet to come."""
        if self._article is None:
            return [self._place if self._place and not self._is_stock else self._heading]
        return [line for line, _ in self._lines] or [self._article]

    def _date(self, segment: Segment) -> None:
        qualifier, told, form = part(segment, 1), part(segment, 1, 1), part(segment, 1, 2)
        if form == "718" and "-" in told:
            first, _, last = told.partition("-")
            self._put("period_start", day(first, "102"))
            self._put("period_end", day(last, "102"))
            return
        column = _DATES.get(qualifier)
        if column is not None:
            self._put(column, day(told, form or "102"))

    def _put(self, column: str, value: str) -> None:
        for scope in self._scopes:
            scope[column] = value
        if self._article is None and column == "period_start":
            self._head.period_start = value
        if self._article is None and column == "period_end":
            self._head.period_end = value

    def _money(self, segment: Segment) -> None:
        if part(segment, 1, 1):
            self._put("currency", part(segment, 1, 1))

    def _reference(self, segment: Segment) -> None:
        column = _REFERENCES.get(part(segment, 1))
        if column is not None and part(segment, 1, 1):
            self._put(column, part(segment, 1, 1))

    def _someone(self, segment: Segment) -> None:
        code, number = part(segment, 1), part(segment, 2)
        self._party = None
        if self._article is None and not self._place:
            if code in _SENDERS:
                self._head.sender = self._head.sender or number or part(segment, 4)
            if code in _BRANCHES and (code != "DS" or self._is_stock):
                self._heading["branch"] = number or part(segment, 4)
            if code in ("BY", "SE", "DS", "SU", "MR"):
                return
        role = _PARTIES.get(code)
        if role is None:
            return
        name = " ".join(filter(None, segment[4])) if len(segment) > 4 else ""
        name = name or (" ".join(filter(None, segment[3])) if len(segment) > 3 else "")
        told = {"name": name, "street": part(segment, 5), "city": part(segment, 6),
                "region": part(segment, 7), "postal_code": part(segment, 8),
                "country": part(segment, 9)}  # fmt: skip
        for name_, value in told.items():
            if value:
                self._put(f"{role}_{name_}", value)
        if role == "reseller" and number:
            self._put("reseller_account", number)

    # -- places and articles

    def _location(self, segment: Segment) -> None:
        branch = part(segment, 2) or part(segment, 2, 3)
        if self._is_stock:
            self._stock_location(branch)
            return
        if self._places_first is None:
            self._places_first = True
        if self._places_first:
            self._close()
            self._place = {**self._heading, "branch": branch}
        elif self._article is not None:
            self._article["branch"] = branch

    def _stock_location(self, branch: str) -> None:
        if self._article is None:
            self._heading["branch"] = branch
        elif self._pending is not None:
            self._settle(branch)
        else:
            self._article["branch"] = branch

    def _item(self, segment: Segment) -> None:
        if self._places_first is None:
            self._places_first = False
        self._close()
        self._article = {**self._heading, **self._place}
        self._inventory_at = self._at
        self._number(part(segment, 3), part(segment, 3, 1) or "EN")

    def _more_numbers(self, segment: Segment) -> None:
        for element in range(2, len(segment)):
            self._number(part(segment, element), part(segment, element, 1))

    def _number(self, number: str, kind: str) -> None:
        column = _NUMBERS.get(kind)
        if self._article is not None and column is not None and number:
            self._article.setdefault(column, number)

    def _description(self, segment: Segment) -> None:
        text = part(segment, 3, 3)
        if self._article is not None and text:
            for scope in [self._article, *(line for line, _ in self._lines)]:
                scope.setdefault("product_name", text)

    def _price(self, segment: Segment) -> None:
        code, told, kind = part(segment, 1), part(segment, 1, 1), part(segment, 1, 3)
        if code == "AAA" and kind != "RTP":
            self._put_price("unit_value" if self._is_stock else "unit_price", told)
        elif code in ("AAB", "AAE"):
            self._head.warn(f"prices under {code} {kind} are not net prices and were not taken")

    def _value(self, segment: Segment) -> None:
        if part(segment, 1) in ("203", "66") and not self._is_stock:
            self._put_price("amount", part(segment, 1, 1))

    def _put_price(self, column: str, told: str) -> None:
        number = self._plain(told)
        if self._article is not None and not self._lines:
            self._article[column] = number
        elif self._lines:
            for line, _ in self._lines[-1:] if column == "amount" else self._lines:
                line[column] = number

    def _quantity(self, segment: Segment) -> None:
        code, told, unit = part(segment, 1), part(segment, 1, 1), part(segment, 1, 2)
        if self._article is None:
            return
        if self._is_stock:
            self._settle(None)
            self._pending = (code, self._plain(told))
            if unit:
                self._article["unit"] = unit
            return
        kind = _SOLD.get(code)
        if kind is None:
            named = self._profile.qualifiers.get(code) if self._profile is not None else None
            if named is None:
                self._head.warn(f"quantities under qualifier {code} are no sales, not taken")
                return
            kind = named
        line = {**self._article, "quantity": self._plain(told), "transaction_type": kind,
                "transaction_code": code}  # fmt: skip
        if unit:
            line["unit"] = unit
        self._lines.append((line, self._at))

    def _settle(self, branch: str | None) -> None:
        """The quantity before goes to its place: that of a LOC after it, else the article's."""
        if self._pending is None or self._article is None:
            return
        (code, quantity), self._pending = self._pending, None
        named = self._profile.qualifiers if self._profile is not None else {}
        bucket = named.get(code) or _STOCK.get(code)
        if bucket is None:
            if code in _LEVELS:
                return
            self._head.warn(
                f"quantities under qualifier {code} are not counted as stock: name it in "
                "`qualifiers` of the profile"
            )
            bucket = "unmapped"
        place = branch or self._article.get("branch", "")
        line = self._branches.setdefault(place, {"branch": place} if place else {})
        line[bucket] = quantity if bucket not in line else _sum(line[bucket], quantity)

    def _close(self) -> None:
        if self._article is None:
            return
        self._settle(None)
        wrong = (*GLUED, self._glued) if self._glued is not None else None
        if self._is_stock:
            for line in self._branches.values() or [{}]:
                told = {**self._article, **line}
                as_of = told.pop("report_date", "")
                told.setdefault("as_of_date", told.get("period_end", as_of))
                self.stock.add(told, self._inventory_at, wrong)
            self._branches = {}
        for line, at in self._lines:
            for column, value in self._article.items():
                if column != "branch":
                    line.setdefault(column, value)
            self.sold.add(line, at, wrong)
        if wrong is not None and not self._is_stock and not self._lines:
            self.sold.add(self._article, self._inventory_at, wrong)
        self._lines, self._article, self._glued = [], None, None

    def _plain(self, told: str) -> str:
        """A number under the decimal mark of the file. A comma and a point are both allowed."""
        bare = told.strip()
        if (self._decimal == "," and "." not in bare) or (bare.count(",") == 1 and "." not in bare):
            bare = bare.replace(",", ".")
        return plain(bare)


_HANDLERS = {
    "UNH": EdifactReader._start,
    "BGM": EdifactReader._document,
    "DTM": EdifactReader._date,
    "NAD": EdifactReader._someone,
    "CUX": EdifactReader._money,
    "RFF": EdifactReader._reference,
    "LOC": EdifactReader._location,
    "LIN": EdifactReader._item,
    "PIA": EdifactReader._more_numbers,
    "IMD": EdifactReader._description,
    "PRI": EdifactReader._price,
    "MOA": EdifactReader._value,
    "QTY": EdifactReader._quantity,
    "UNT": EdifactReader._end,
}


def _is_spoilt(segment: Segment) -> bool:
    """Whether a segment is none that a report may have, or its numbers stand where none may."""
    tag = segment[0][0]
    form = _FORMS.get(tag)
    if form is not None:
        return not form.match("+".join(":".join(element) for element in segment[1:]))
    return tag not in _HANDLERS and tag not in _LISTED


def _parted(segment: Segment) -> list[Segment]:
    """A segment, or the two it was made of: a tag at the end of an element that is not the last."""
    for at in range(1, len(segment) - 1):
        last = segment[at][-1]
        if last[-3:] in _HANDLERS and len(last) > 3:
            before = [*segment[:at], [*segment[at][:-1], last[:-3]]]
            return [before, [[last[-3:]], *segment[at + 1 :]]]
    return [segment]


def _sum(one: str, other: str) -> str:
    try:
        return str(int(one) + int(other))
    except ValueError:
        return f"{one} {other}"
