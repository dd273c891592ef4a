"""Segments that lost the terminator between them: `REF*IV*4711QTY*32*5` is two.

The count of segments does not always tell. What tells is an element that ends with a segment's
name and is followed by what such a segment begins with, or a segment with too many elements.
"""

import re

from hub.connectors.feed.edi.words import REFERENCES
from hub.connectors.feed.edi.x12 import Segment

_MOST = {"REF": 4, "N1": 6, "N2": 2, "N3": 2, "N4": 7, "DTM": 6, "QTY": 4, "UIT": 5, "PTD": 6,
         "AMT": 3, "PID": 9, "PRF": 6, "CUR": 21, "CTP": 11, "CON": 3, "PAD": 14, "BPT": 9,
         "ZA": 7, "PER": 9}  # fmt: skip
_NUMERIC = {"QTY": (2,), "UIT": (2,), "DTM": (2,), "AMT": (2,), "CTT": (1, 2), "ZA": (2,)}
_WIDTHS = {("N4", 4): 3, ("PTD", 1): 2, ("PTD", 6): 2, ("N1", 1): 3, ("N1", 3): 2, ("QTY", 3): 3,
           ("UIT", 1): 3, ("CUR", 2): 3, ("REF", 1): 3, ("N4", 2): 3}  # fmt: skip
_KINDS_OF_NUMBERS = frozenset(
    ("", "1", "2", "8", "9", "10", "11", "12", "21", "24", "25", "31", "34", "54", "91", "92",
     "93", "A1", "FI", "SV", "UL", "XV", "ZN", "ZZ", "ZY", "MP")
)  # fmt: skip
_NAMES = "QTY|LIN|REF|DTM|UIT|PTD|PID|AMT|CTT|PRF|PO4|PAD|CON|N1|N2|N3|N4|SE|ZA"
_ENDS = frozenset(name[-2:] for name in _NAMES.split("|"))
_TAIL = re.compile(rf"(.+?)({_NAMES})$", re.DOTALL)
_NUMBER = re.compile(r"-?\d*\.?\d+$")
_QUALIFIER = re.compile(r"[A-Z0-9]{2,3}$")


def parted(segment: Segment) -> tuple[Segment, Segment] | None:
    """The two segments that one was made of; None when it is one."""
    tag, last = segment[0], len(segment) - 1
    too_long = last > _MOST.get(tag, 99)
    for at in range(1, last):
        if segment[at][-2:] not in _ENDS:
            continue
        found = _TAIL.match(segment[at])
        if found is None:
            continue
        after = [found[2], *segment[at + 1 :]]
        if _begins_well(after) and (too_long or _sure(after) or _breaks(segment, at)):
            return [*segment[:at], found[1]], after
    return None


def _begins_well(after: Segment) -> bool:
    name, first = after[0], after[1]
    if name == "QTY":
        return len(after) > 2 and bool(_QUALIFIER.match(first) and _NUMBER.match(after[2]))
    if name == "DTM":
        return len(after) > 2 and first.isdigit() and after[2][:6].isdigit()
    if name == "UIT":
        return len(first) <= 3
    if name in ("SE", "CTT"):
        return first.isdigit()
    if name in ("REF", "N1", "PTD"):
        return bool(_QUALIFIER.match(first))
    return True


def _sure(after: Segment) -> bool:
    """Whether nothing but a segment begins like this."""
    name, second = after[0], after[2] if len(after) > 2 else ""
    if name == "QTY":
        return True
    if name == "DTM":
        return len(after[1]) == 3
    if name == "UIT":
        return bool(_NUMBER.match(second))
    if name == "PID":
        return after[1] in ("F", "S", "X") and len(after) > 5
    return name == "LIN" and len(after) > 3 and bool(_QUALIFIER.match(second))


def _breaks(segment: Segment, at: int) -> bool:
    """Whether the segment as it stands has something where it cannot be."""
    tag = segment[0]
    if at in _NUMERIC.get(tag, ()):
        return not _NUMBER.match(segment[at])
    if len(segment[at]) > _WIDTHS.get((tag, at), 99):
        return True
    if tag == "N1" and at == 2:
        return segment[3] not in _KINDS_OF_NUMBERS
    return tag == "REF" and at == 2 and segment[3] in REFERENCES
