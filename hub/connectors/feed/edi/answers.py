"""What is sent back: 997 (is the syntax right), 849 (what becomes of a claim), CONTRL.

An acknowledgement says that a file arrived and can be taken apart, not that its lines are right:
business faults go into the 849 and the list of bad lines.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.connectors.feed.edi.envelope import Envelope, GroupFound
from hub.connectors.feed.edi.interchange import Interchange

_ELEMENT, _COMPONENT, _TERMINATOR = "*", ">", "~"
_SEGMENTS_DIFFER = "4"
_REASONS = {
    "required": "15",
    "line_repeated": "28",
    "scientific_notation": "14",
    "gtin_check_digit": "14",
    "date_in_future": "18",
    "date_unparsable": "27",
}
_ANY_REASON = "25"
"""X12 element 901: data missing, duplicate invoice, part number invalid, ship date in the future or
invalid; for all else, that somebody has to look at it."""


def functional_acknowledgement(told: Envelope, now: datetime) -> str:
    """The 997 for an interchange: AK1 per group, AK2 and AK5 per set, AK9 with the counts.

    A set whose own count is wrong is accepted with errors (E, code 4), as it is read all the same.
    """
    groups = [group for group in told.groups if group.code != "FA"]
    body: list[list[str]] = []
    for number, group in enumerate(groups, 1):
        segments = [["AK1", group.code, group.control], *_sets(group), _result(group)]
        control = f"{number:04d}"
        body += [["ST", "997", control], *segments, ["SE", str(len(segments) + 2), control]]
    return _interchange(told, "FA", len(groups), body, now)


def _sets(group: GroupFound) -> list[list[str]]:
    return [
        segment
        for one in group.sets
        for segment in (
            ["AK2", one.code, one.control],
            ["AK5", "A"] if one.counts_right else ["AK5", "E", _SEGMENTS_DIFFER],
        )
    ]


def _result(group: GroupFound) -> list[str]:
    right = all(one.counts_right for one in group.sets)
    number = str(len(group.sets))
    return ["AK9", "A" if right else "E", number, number, number]


def claim_answer(
    told: Envelope,
    lines: Sequence[Mapping[str, Any]],
    faults: Sequence[Mapping[str, Any]],
    now: datetime,
) -> str:
    """The 849 for a claim: per contract its lines, received (LA: accepted to be settled) or
    refused with a reason. A claim refused as a whole is answered by one line."""
    refused: dict[int | None, Mapping[str, Any]] = {}
    for fault in faults:
        refused.setdefault(fault["line"], fault)
    body: list[list[str]] = [["ST", "849", "0001"], ["BRA", told.sets[0].number,
                                                      f"{now:%Y%m%d}", "00", "RA"]]  # fmt: skip
    contract = object()
    for line in lines:
        if line.get("authorization_no") != contract:
            contract = line.get("authorization_no")
            body.append(["CON", "CT", str(contract or ""), "AC"])
        body.append(["PAD", str(line["line"]), "AA"])
        body.append(["QTY", "01", str(line["quantity"]), str(line.get("unit", "EA"))])
    for number, fault in refused.items():
        body.append(["PAD", str(number or 0), "RJ", _REASONS.get(fault["rule"], _ANY_REASON)])
        body.append(["MSG", _plain(fault["message"])])
    total = sum((Decimal(str(line["quantity"])) for line in lines), Decimal(0))
    body.append(["CTT", str(len(lines) + len(refused)), f"{total:f}"])
    body.append(["SE", str(len(body) + 1), "0001"])
    return _interchange(told, "CF", 1, body, now)


def contrl(told: Interchange, now: datetime) -> str:
    """The CONTRL for an interchange: UCI for the whole, UCM per message; 7 acknowledged."""
    head = ["UCI", told.reference, told.sender, told.receiver, "7"]
    messages = [["UCM", one.reference, f"{one.type}:{one.version}", "7"] for one in told.messages]
    segments = [["UNH", "1", "CONTRL:2:2:UN"], head, *messages]
    segments.append(["UNT", str(len(segments) + 1), "1"])
    opening = ["UNB", "UNOC:3", told.receiver, told.sender, f"{now:%y%m%d:%H%M}", told.reference]
    every = [opening, *segments, ["UNZ", "1", told.reference]]
    return "UNA:+.? '" + "".join("+".join(map(str, one)) + "'\r\n" for one in every)


def _interchange(
    told: Envelope, code: str, sets: int, body: Sequence[Sequence[str]], now: datetime
) -> str:
    """Segments in an interchange of their own, from the receiver back to the sender."""
    control = told.control.zfill(9)[-9:]
    opening = [
        *("ISA", "00", " " * 10, "00", " " * 10),
        *(told.receiver_qualifier.ljust(2), told.receiver.ljust(15)[:15]),
        *(told.sender_qualifier.ljust(2), told.sender.ljust(15)[:15]),
        *(f"{now:%y%m%d}", f"{now:%H%M}", "U", "00401", control, "0", "P", _COMPONENT),
    ]
    group = ["GS", code, told.receiver.strip(), told.sender.strip(), f"{now:%Y%m%d}",
             f"{now:%H%M}", "1", "X", "004010"]  # fmt: skip
    every = [opening, group, *body, ["GE", str(sets), "1"], ["IEA", "1", control]]
    return "".join(_ELEMENT.join(one) + _TERMINATOR + "\n" for one in every)


def _plain(text: str) -> str:
    for delimiter in (_ELEMENT, _COMPONENT, _TERMINATOR):
        text = text.replace(delimiter, " ")
    return text[:264]
