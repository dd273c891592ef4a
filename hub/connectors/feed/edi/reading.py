"""X12 and EDIFACT files as reports: the envelope first, then line by line."""

from collections.abc import Iterator
from typing import Protocol

from hub.connectors.feed.canonical import Kind
from hub.connectors.feed.edi import edifact, envelope, interchange, x12
from hub.connectors.feed.edi.claims844 import ClaimReader
from hub.connectors.feed.edi.collected import Collected
from hub.connectors.feed.edi.edifact_lines import EdifactReader
from hub.connectors.feed.edi.envelope import Envelope, SetFound
from hub.connectors.feed.edi.pos867 import SalesReader
from hub.connectors.feed.edi.prices import with_prices_compared
from hub.connectors.feed.edi.stock import StockReader
from hub.connectors.feed.edi.words import PURPOSES, day, element
from hub.connectors.feed.profile import Profile
from hub.connectors.feed.report import Head, Part, Report, Source
from hub.errors import FeedUnreadable

_LINES_OF_A_PART = 50_000
_KINDS: dict[str, Kind] = {"867": "pos", "846": "inventory", "852": "activity", "844": "claim",
                           "SLSRPT": "pos", "INVRPT": "inventory"}  # fmt: skip
_OPENING = {"BPT": (1, 2, 3), "BIA": (1, 3, 4), "BAA": (1, 2, 3)}
"""Segment → where its purpose, number and date stand."""


class _Reader(Protocol):
    def take(self, segment: x12.Segment, at: int) -> None: ...


def read_x12(source: Source, profile: Profile | None) -> Report:
    """An X12 interchange of 867, 846, 852 or 844 sets. Raises FeedUnreadable."""
    marks = x12.delimiters_of(x12.opening(source), source.name)
    found = envelope.look(source, marks)
    kind = _kind_of(found, profile, source.name)
    head = Head(kind, "x12", sender=found.sender or None)
    head.evidence["delimiters"] = f"{marks.element} {marks.component} {marks.terminator!r}"
    head.evidence["control_number"] = found.control
    for warning in filter(None, [marks.warning, *found.warnings]):
        head.warn(warning)
    for one in found.sets:
        _check_set(one, head, profile, source.name)
    _note_opening(source, marks, head)
    return Report(
        head, lambda: with_prices_compared(_x12_parts(source, marks, head, profile), head)
    )


def _kind_of(found: Envelope, profile: Profile | None, file: str) -> Kind:
    codes = {one.code for one in found.sets}
    kinds = {_KINDS[code] for code in codes if code in _KINDS}
    others = sorted(codes - set(_KINDS))
    if len(kinds) != 1 or others:
        shown = ", ".join(others or sorted(codes)) or "none"
        raise FeedUnreadable(
            f"{file}: transaction sets {shown}: a report is 867, 846, 852 or 844, one kind a file.",
            remedy="take the file to where it belongs, or have the reports sent as files of their "
            "own",
            rule="not_a_report",
        )
    kind = kinds.pop()
    if profile is not None and profile.kind != kind:
        raise FeedUnreadable(
            f"{file}: a report of kind {kind}, the profile is of {profile.kind}.",
            remedy="name the profile of this kind of report",
            rule="not_a_report",
        )
    return kind


def _check_set(one: SetFound, head: Head, profile: Profile | None, file: str) -> None:
    """What can be told of a set before its lines are read."""
    if one.code == "867" and (one.energy or (one.quantities and not one.products)):
        what = "quantities of energy" if one.energy else "quantities without any product"
        raise FeedUnreadable(
            f"{file}: set {one.control} reports {what}: this 867 is of a utility's meters, no "
            "point-of-sale report.",
            remedy="take it to where it belongs; the hub reads 867 reports of goods sold",
            rule="not_channel_pos",
        )
    if one.code == "844":
        _check_claim(one, file)
    if not one.counts_right:
        _tell(
            f"SE01 of set {one.control} counts {one.said} segments, there are {one.segments}",
            head, profile, file,
        )  # fmt: skip
    counted = {"867": one.lines, "846": one.products, "852": one.products}.get(one.code)
    said = one.totals[0] if one.totals else ""
    if counted is not None and said.isdecimal() and int(said) not in (
        counted, one.quantities, one.products
    ):  # fmt: skip
        _tell(f"CTT01 of set {one.control} counts {said} lines, there are {counted}",
              head, profile, file)  # fmt: skip


def _check_claim(one: SetFound, file: str) -> None:
    """The totals of a claim are money: a claim whose totals are wrong is refused as a whole."""
    said = one.totals[1] if len(one.totals) > 1 else ""
    try:
        right = not said or abs(float(said) - one.sum_of_quantities) < 1e-6
    except ValueError:
        right = False
    if not right:
        raise FeedUnreadable(
            f"{file}: CTT02 of claim set {one.control} says {said}, its quantities add up to "
            f"{one.sum_of_quantities:g}.",
            remedy="have the claim sent again with totals that are those of its lines",
            rule="control_total",
        )


def _tell(what: str, head: Head, profile: Profile | None, file: str) -> None:
    if profile is not None and profile.strict:
        raise FeedUnreadable(
            f"{file}: {what}.",
            remedy="have it sent again, or take `strict` out of the profile",
            rule="control_total",
        )
    head.warn(what)


def _note_opening(source: Source, marks: x12.Delimiters, head: Head) -> None:
    for several in x12.segments(source, marks):
        for segment in several:
            if segment[0] == "CUR" and head.currency is None:
                head.currency = element(segment, 2)
            places = _OPENING.get(segment[0])
            if places is not None:
                purpose, number, date = places
                head.purpose = PURPOSES.get(element(segment, purpose), "original")
                head.report_id = element(segment, number) or None
                head.report_date = day(element(segment, date)) or None
                return
            if segment[0] == "XQ":
                return


def _x12_parts(
    source: Source, marks: x12.Delimiters, head: Head, profile: Profile | None
) -> Iterator[Part]:
    reader, gathered = _reader_for(head, profile)
    at = 0
    head.currency = None
    for several in x12.segments(source, marks):
        for segment in several:
            at += 1
            reader.take(segment, at)
        yield from _full(gathered)
    yield from _full(gathered, least=1)


def _reader_for(head: Head, profile: Profile | None) -> tuple[_Reader, list[Collected]]:
    if head.kind == "pos":
        sales = SalesReader(head, profile)
        return sales, [sales.collected]
    if head.kind == "claim":
        claims = ClaimReader(head, profile)
        return claims, [claims.collected]
    stock = StockReader(head, profile)
    return stock, [stock.collected, stock.sold]


def _full(gathered: list[Collected], least: int = _LINES_OF_A_PART) -> Iterator[Part]:
    for collected in gathered:
        if len(collected.lines) >= least:
            yield collected.take()


def read_edifact(source: Source, profile: Profile | None) -> Report:
    """An EDIFACT interchange of SLSRPT or INVRPT messages. Raises FeedUnreadable."""
    marks = edifact.service_string(source)
    found = interchange.look(source, marks)
    types = {message.type for message in found.messages}
    if len(types) != 1 or not types <= set(interchange.REPORTS):
        raise FeedUnreadable(
            f"{source.name}: messages {', '.join(sorted(types)) or 'none'}: a report is SLSRPT or "
            "INVRPT, one kind a file.",
            remedy="take the file to where it belongs",
            rule="not_a_report",
        )
    head = Head(_KINDS[types.pop()], "edifact", sender=found.sender or None)
    if marks.terminator == "\n":
        head.warn("segments end with line ends only")
    head.evidence["control_number"] = found.reference
    for warning in found.warnings:
        head.warn(warning)
    for message in found.messages:
        if message.said != message.segments:
            _tell(
                f"UNT of message {message.reference} counts {message.said} segments, there are "
                f"{message.segments}",
                head, profile, source.name,
            )  # fmt: skip
    return Report(
        head, lambda: with_prices_compared(_edifact_parts(source, marks, head, profile), head)
    )


def _edifact_parts(
    source: Source, marks: edifact.ServiceString, head: Head, profile: Profile | None
) -> Iterator[Part]:
    reader = EdifactReader(head, profile, marks.decimal)
    gathered = [reader.sold, reader.stock]
    at = 0
    for several in edifact.segments(source, marks):
        for segment in several:
            at += 1
            reader.take(segment, at)
        yield from _full(gathered)
    yield from _full(gathered, least=1)
