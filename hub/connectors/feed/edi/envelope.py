"""The envelopes of an X12 file, looked at before a line of it is taken.

An interchange without its end is cut off and refused. Wrong counts are what real senders write:
a warning, unless the profile is strict.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.connectors.feed.edi.x12 import Delimiters, Segment, segments
from hub.connectors.feed.report import Source
from hub.errors import FeedUnreadable

REPORTS = {"867": "pos", "846": "inventory", "852": "activity", "844": "claim"}
_ENERGY = frozenset({"KH", "K1", "K2", "K3", "K4", "K5", "K6", "K7", "TD", "HH", "MCF", "CCF"})
_METERS = frozenset({"MT", "6W", "LU1", "NH"})


@dataclass
class SetFound:
    """One transaction set: what it is, and whether its own count of segments is right."""

    code: str
    control: str
    said: int | None = None
    segments: int = 0
    lines: int = 0
    quantities: int = 0
    products: int = 0
    energy: bool = False
    contracts: int = 0
    sum_of_quantities: float = 0.0
    totals: tuple[str, ...] = ()
    number: str = ""

    @property
    def counts_right(self) -> bool:
        return self.said == self.segments


@dataclass
class GroupFound:
    code: str
    control: str
    sets: list[SetFound] = field(default_factory=list)


@dataclass
class Envelope:
    """What a file consists of, for the reader and for the acknowledgement."""

    sender: str
    receiver: str
    sender_qualifier: str
    receiver_qualifier: str
    control: str
    version: str
    groups: list[GroupFound] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ended: bool = False

    @property
    def sets(self) -> list[SetFound]:
        return [one for group in self.groups for one in group.sets]


def look(source: Source, delimiters: Delimiters) -> Envelope:
    """Read the envelopes of a file. Raises FeedUnreadable when its end is missing."""
    found: Envelope | None = None
    group: GroupFound | None = None
    one: SetFound | None = None
    for segment in _all(source, delimiters):
        tag = segment[0]
        if one is not None:
            one.segments += 1
            _note(one, tag, segment)
            if tag in ("ISA", "GS") and found is not None:
                # Counted as a segment of the set, it can make up for one that was lost.
                found.warnings.append(f"{tag} stands within transaction set {one.control}")
        if tag == "ISA":
            if found is not None and found.control != _at(segment, 13):
                found.ended = False
            found = found or _opened(segment)
        elif found is None:
            continue
        elif tag == "GS":
            group = GroupFound(_at(segment, 1), _at(segment, 6))
            found.groups.append(group)
        elif tag == "ST":
            if one is not None:
                raise _cut(source.name, f"transaction set {one.control} has no SE")
            one = SetFound(_at(segment, 1), _at(segment, 2), segments=1)
            if group is None:
                group = GroupFound("", "")
                found.groups.append(group)
            group.sets.append(one)
        elif tag == "SE":
            if one is not None:
                one.said = _count(_at(segment, 1))
                if _at(segment, 2) != one.control:
                    found.warnings.append(
                        f"SE02 {_at(segment, 2)} is not the control number {one.control} of ST02"
                    )
                one = None
        elif tag == "GE" and group is not None:
            if _count(_at(segment, 1)) != len(group.sets):
                found.warnings.append(
                    f"GE01 counts {_at(segment, 1)} sets, there are {len(group.sets)}"
                )
        elif tag == "IEA":
            found.ended = True
            if _at(segment, 2) != found.control:
                found.warnings.append(
                    f"IEA02 {_at(segment, 2)} is not the control number {found.control} of ISA13"
                )
    if found is None:
        raise _cut(source.name, "no interchange header ISA")
    if one is not None:
        raise _cut(source.name, f"transaction set {one.control} has no SE")
    if not found.ended:
        raise _cut(source.name, "the interchange has no end IEA")
    return found


def _note(one: SetFound, tag: str, segment: Segment) -> None:
    if tag == "QTY":
        one.quantities += 1
        unit = _at(segment, 3).split(":")[0].split(">")[0].upper()
        one.energy = one.energy or unit in _ENERGY
        if one.code == "844":
            one.sum_of_quantities += _number(_at(segment, 2))
    elif tag == "LIN":
        one.products += 1
    elif tag in ("PTD", "PAD"):
        one.lines += 1
    elif tag == "CON":
        one.contracts += 1
    elif tag == "MEA":
        one.energy = one.energy or _at(segment, 4).split(":")[0].upper() in _ENERGY
    elif tag == "BAA":
        one.number = _at(segment, 2)
    elif tag == "CTT":
        one.totals = tuple(segment[1:])


def _opened(segment: Segment) -> Envelope:
    return Envelope(
        sender=_at(segment, 6).strip(),
        receiver=_at(segment, 8).strip(),
        sender_qualifier=_at(segment, 5),
        receiver_qualifier=_at(segment, 7),
        control=_at(segment, 13),
        version=_at(segment, 12),
    )


def _all(source: Source, delimiters: Delimiters) -> Iterator[Segment]:
    for several in segments(source, delimiters):
        yield from several


def _at(segment: Segment, position: int) -> str:
    return segment[position] if position < len(segment) else ""


def _count(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _cut(file: str, what: str) -> FeedUnreadable:
    return FeedUnreadable(
        f"{file}: {what}: the file is cut off.",
        remedy="have the interchange sent again, whole; nothing of it was taken",
        rule="truncated",
    )
