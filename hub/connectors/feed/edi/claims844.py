"""X12 844 as claim lines: heading → CON loop (a contract) → PAD loop (a line)."""

from hub.connectors.feed.canonical import CLAIM
from hub.connectors.feed.edi.collected import Collected, Line
from hub.connectors.feed.edi.glued import parted
from hub.connectors.feed.edi.pos867 import GLUED, plain
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

_PRICES = ("unit_cost", "special_cost", "unit_price")


class ClaimReader:
    """Takes the segments of 844 sets."""

    def __init__(self, head: Head, profile: Profile | None) -> None:
        self._head, self._profile = head, profile
        self.collected = Collected(CLAIM)
        self._party = Party(profile)
        self._heading: Line = {}
        self._contract: Line | None = None
        self._line: Line | None = None
        self._at, self._prices = 0, 0
        self._glued: str | None = None
        self._seen: dict[str, int] = {}

    def take(self, segment: Segment, at: int) -> None:
        two = parted(segment)
        if two is None:
            self._one(segment, at)
            return
        raw = "*".join(segment)
        for part in two:
            self._glued = raw if self._line is not None else self._glued
            self._one(part, at)
        self._glued = raw

    @property
    def _scope(self) -> Line:
        for scope in (self._line, self._contract):
            if scope is not None:
                return scope
        return self._heading

    def _one(self, segment: Segment, at: int) -> None:
        tag = segment[0]
        if tag == "ST":
            self._close()
            self._heading, self._contract = {}, None
        elif tag == "BAA":
            self._heading["claim_no"] = element(segment, 2)
            self._heading["claim_date"] = day(element(segment, 3))
        elif tag == "CON":
            self._close()
            self._contract = {**self._heading, "authorization_no": element(segment, 2)}
            self._seen = {}
            self._party.end()
        elif tag == "PAD":
            self._close()
            self._line = dict(self._contract if self._contract is not None else self._heading)
            self._at, self._prices = at, 0
            self._party.end()
        elif tag in ("CTT", "SE"):
            self._close()
            self._contract = None
        else:
            self._detail(segment)

    def _detail(self, segment: Segment) -> None:
        tag, scope = segment[0], self._scope
        if tag == "LIN":
            note_products(scope, segment)
        elif tag == "QTY":
            scope["quantity"] = plain(element(segment, 2))
            if element(segment, 3):
                scope["unit"] = element(segment, 3).split(">")[0].split(":")[0]
        elif tag == "UIT" and element(segment, 2):
            self._price(segment, scope)
        elif tag == "AMT" and element(segment, 2):
            scope["claim_amount"] = plain(element(segment, 2))
        elif tag == "PID" and element(segment, 5):
            scope.setdefault("product_name", element(segment, 5))
        elif tag == "CUR":
            scope["currency"] = element(segment, 2)
        elif tag == "REF":
            note_reference(scope, element(segment, 1), element(segment, 2), self._profile)
        elif tag == "DTM":
            note_date(scope, segment, self._profile)
        elif tag == "N1":
            self._someone(segment, scope)
        elif tag in ("N2", "N3", "N4"):
            self._party.more(scope, segment)

    def _price(self, segment: Segment, scope: Line) -> None:
        named = self._profile.qualifiers if self._profile is not None else {}
        place = _PRICES[self._prices] if self._prices < len(_PRICES) else None
        column = named.get(f"UIT {element(segment, 3)}") or place
        self._prices += 1
        if column is not None:
            scope[column] = plain(element(segment, 2))

    def _someone(self, segment: Segment, scope: Line) -> None:
        code = element(segment, 1)
        if self._contract is None and (code in SENDERS or code == "BY"):
            self._head.sender = element(segment, 4) or element(segment, 2)
            self._party.end()
        else:
            self._party.begin(scope, segment, self._seen)

    def _close(self) -> None:
        if self._line is not None:
            wrong = (*GLUED, self._glued) if self._glued is not None else None
            self.collected.add(self._line, self._at, wrong)
            self._line, self._glued = None, None
