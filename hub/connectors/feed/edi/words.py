"""What the codes of X12 segments mean for a canonical line; a profile may say otherwise."""

import re

from hub.connectors.feed.edi.collected import Line
from hub.connectors.feed.edi.x12 import Segment
from hub.connectors.feed.profile import Profile

PARTIES = {
    "BY": "reseller", "RE": "reseller", "DL": "reseller", "RS": "reseller",
    "EU": "end_customer", "UC": "end_customer", "EN": "end_customer", "EC": "end_customer",
    "ST": "ship_to", "ST#2": "end_customer", "BT": "bill_to",
    "WH": "branch", "BR": "branch", "LC": "branch", "SF": "branch",
}  # fmt: skip
"""N101 → whom a party of a line stands for; `#2` is the second of its kind."""

SENDERS = frozenset({"DS", "DB", "DI", "SE", "FR", "41"})
REFERENCES = {
    "IV": "invoice_no", "DI": "invoice_no", "IN": "invoice_no", "LI": "invoice_line",
    "CO": "sales_order_no", "VN": "sales_order_no", "PO": "customer_po", "DP": "distributor_po",
    "AU": "authorization_no", "CT": "authorization_no", "PR": "authorization_no",
    "Q1": "authorization_no", "LE": "registration_no", "PD": "promotion", "SE": "serial_no",
    "SN": "serial_no", "LU": "branch",
}  # fmt: skip
DATES = {
    "003": "invoice_date", "011": "ship_date", "017": "ship_date", "035": "ship_date",
    "090": "period_start", "091": "period_end", "194": "period_start", "195": "period_end",
    "196": "period_start", "197": "period_end", "050": "received_date",
}  # fmt: skip
PRODUCTS = {
    "MG": "sku", "VP": "sku", "VN": "sku", "VC": "sku", "MF": "sku", "PN": "sku", "MN": "sku",
    "BP": "distributor_sku", "SK": "distributor_sku", "IN": "distributor_sku",
    "UP": "gtin", "EN": "gtin", "UK": "gtin", "UA": "gtin", "UI": "gtin", "UD": "gtin",
}  # fmt: skip
PURPOSES = {"00": "original", "01": "cancel", "04": "change", "05": "replace", "07": "duplicate",
            "15": "replace"}  # fmt: skip
_ADDRESSES = ("reseller", "end_customer", "ship_to", "bill_to")
_COMPACT = re.compile(r"(?:(\d\d)(\d\d)(\d\d)|(\d{4})(\d\d)(\d\d))(?:\d{4})?$")


def element(segment: Segment, position: int) -> str:
    return segment[position].strip() if position < len(segment) else ""


def day(told: str) -> str:
    """`20260331` or `260331` → ISO; anything else as told, for the checks to refuse."""
    found = _COMPACT.match(told)
    if found is None or len(told) not in (6, 8, 12):
        return told
    if len(told) == 6:
        return f"20{told[:2]}-{told[2:4]}-{told[4:6]}"
    return f"{told[:4]}-{told[4:6]}-{told[6:8]}"


def note_reference(line: Line, qualifier: str, value: str, profile: Profile | None) -> None:
    column = _said(profile, f"REF {qualifier}") or REFERENCES.get(qualifier)
    if column is None or not value:
        return
    if column == "serial_no" and line.get(column):
        line[column] = f"{line[column]} {value}"
    else:
        line[column] = value


def note_date(line: Line, segment: Segment, profile: Profile | None) -> None:
    qualifier = element(segment, 1)
    column = _said(profile, f"DTM {qualifier}") or DATES.get(qualifier)
    if column is not None and element(segment, 2):
        line[column] = day(element(segment, 2))


def note_products(line: Line, segment: Segment) -> None:
    """The numbers of a LIN: pairs of a qualifier and a number; the vendor's own counts as SKU."""
    for at in range(2, len(segment) - 1, 2):
        column = PRODUCTS.get(segment[at])
        if column is not None and segment[at + 1].strip():
            line.setdefault(column, segment[at + 1].strip())


class Party:
    """The party that N1 names; N2 to N4 add to it."""

    def __init__(self, profile: Profile | None) -> None:
        self._named = {**PARTIES, **(profile.parties if profile is not None else {})}
        self._role: str | None = None

    def begin(self, line: Line, segment: Segment, seen: dict[str, int]) -> None:
        """`seen` counts the parties of each code within the loop."""
        code = element(segment, 1)
        seen[code] = seen.get(code, 0) + 1
        nth = f"{code}#{seen[code]}"
        role = self._named.get(nth) if seen[code] > 1 else None
        self._role = role or self._named.get(code)
        name, number = element(segment, 2), element(segment, 4)
        if self._role == "branch":
            line["branch"] = number or name
            self._role = None
        if self._role is None:
            return
        if self._role in _ADDRESSES:
            for part in ("name", "street", "city", "region", "postal_code", "country"):
                line.pop(f"{self._role}_{part}", None)
        if name:
            line[f"{self._role}_name"] = name
        if number and self._role == "reseller":
            line["reseller_account"] = number

    def more(self, line: Line, segment: Segment) -> None:
        role, tag = self._role, segment[0]
        if role is None:
            return
        if tag == "N3":
            street = " ".join(filter(None, (element(segment, 1), element(segment, 2))))
            line[f"{role}_street"] = street
        elif tag == "N4":
            for at, part in enumerate(("city", "region", "postal_code", "country"), 1):
                if element(segment, at):
                    line[f"{role}_{part}"] = element(segment, at)
        elif tag == "N2" and element(segment, 1):
            line[f"{role}_name"] = f"{line.get(f'{role}_name', '')} {element(segment, 1)}".strip()

    def end(self) -> None:
        self._role = None


def _said(profile: Profile | None, name: str) -> str | None:
    return profile.qualifiers.get(name) if profile is not None else None
