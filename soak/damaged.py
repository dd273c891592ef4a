"""`python -m soak.damaged`: damaged reports by the hundred thousand, read as a sync reads them.

No file may crash the reader, no line may be accepted with a number that was not sold, and every
line read is accepted or quarantined. Ends with exit code 1 and the seeds of the files that did.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from time import perf_counter

import polars as pl

from hub.checks.convert import convert
from hub.checks.schemas import ROW, validate
from hub.connectors.feed.canonical import FIELDS, POS_LINE, REPORT_ID, REPORT_LINE
from hub.connectors.feed.reading import open_report
from hub.connectors.feed.report import Source
from hub.errors import FeedUnreadable
from hub.models.sources import SOURCES
from soak.reports import DAMAGES, MAKERS, File, Sale, sales

_FIELDS = {n: n for n in FIELDS[POS_LINE] if n not in (REPORT_ID, REPORT_LINE)}
_AT_ONCE = 250
_FILE = "file_number"
_COUNTED = ("x12", "edifact")
"""Formats that tell by their own counts that something is missing; that is a warning."""


@dataclass(frozen=True)
class Case:
    """One file: everything about it follows from these."""

    seed: int
    form: str
    damages: tuple[str, ...]

    def made(self) -> tuple[list[Sale], File]:
        rng = Random(self.seed)  # noqa: S311
        sold = sales(rng, rng.randrange(1, 9))
        file = MAKERS[self.form](rng, sold)
        for name in self.damages:
            file = DAMAGES[name](rng, file)
        return sold, file


@dataclass
class Outcome:
    """Figures over many files, and what was wrong with the reader."""

    files: int = 0
    refused: int = 0
    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    ignored: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def examine(cases: Sequence[Case], outcome: Outcome) -> None:
    """Read the files of some cases; their lines are checked together, which costs less."""
    frames: list[pl.DataFrame] = []
    held: list[set[int]] = []
    known: dict[int, tuple[Case, list[Sale], File, bool]] = {}
    for number, case in enumerate(cases):
        sold, file = case.made()
        outcome.files += 1
        try:
            loud = _read(number, file, frames, held, outcome)
        except FeedUnreadable:
            outcome.refused += 1
            continue
        except Exception as err:  # noqa: BLE001 - a crash is what is looked for
            outcome.wrong.append(f"{case}: {type(err).__name__}: {err}")
            continue
        known[number] = (case, sold, file, loud)
    if frames:
        _judge(frames, held, known, outcome)


def _read(
    number: int, file: File, frames: list[pl.DataFrame], held: list[set[int]], outcome: Outcome
) -> bool:
    """Add the lines of a file; returns whether anything about it was told."""
    from io import BytesIO

    report = open_report(Source(file.name, lambda: BytesIO(file.content)), None)
    for part in report.parts():
        outcome.ignored += part.ignored
        if part.object != POS_LINE:
            raise TypeError(f"a report of sales was read as {part.object}")
        frames.append(part.rows.with_columns(pl.lit(number).alias(_FILE)))
        held.append(set(part.faults[ROW]))
        outcome.rules.update(part.faults["rule"])
    return bool(report.head.warnings)


def _judge(
    frames: list[pl.DataFrame],
    held: list[set[int]],
    known: dict[int, tuple[Case, list[Sale], File, bool]],
    outcome: Outcome,
) -> None:
    rows = pl.concat(frames)
    offsets, at = [], 0
    for frame in frames:
        offsets.append(at)
        at += frame.height
    doubted = {start + row for start, some in zip(offsets, held, strict=True) for row in some}
    split = validate(POS_LINE, convert(rows, _FIELDS, {}, SOURCES[POS_LINE]))
    outcome.rules.update(split.faults["rule"])
    doubted |= set(split.faults[ROW])
    outcome.read += rows.height
    outcome.quarantined += len(doubted)
    positions = [p for p in split.good_rows if p not in doubted]
    outcome.accepted += len(positions)
    if outcome.read != outcome.accepted + outcome.quarantined:
        outcome.wrong.append("read is not accepted + quarantined")
    good = split.good.filter(
        pl.Series([p not in doubted for p in split.good_rows], dtype=pl.Boolean)
    )
    of_file = rows[_FILE].gather(positions).to_list() if positions else []
    loaded: dict[int, list[tuple[str, int, str]]] = {}
    for number, line in zip(of_file, good.iter_rows(named=True), strict=True):
        loaded.setdefault(number, []).append(_told(line))
    faulty = {rows[_FILE][row] for row in doubted}
    for number, (case, sold, file, loud) in known.items():
        truth = [sale.truth for sale in sold]
        got = loaded.get(number, [])
        strange = [one for one in got if not _was_sold(one, truth)]
        counted_wrong = loud and case.form in _COUNTED
        if strange and not counted_wrong:
            outcome.wrong.append(f"{case}: accepted {strange[0]}, which was not sold")
        elif file.whole and not loud and number not in faulty and sorted(got) != sorted(truth):
            outcome.wrong.append(f"{case}: {len(got)} of {len(truth)} lines, and nothing was told")


def _was_sold(one: tuple[str, int, str], truth: list[tuple[str, int, str]]) -> bool:
    """Whether a line says what was sold. The number of a product may be spoilt, which only a list
    of products can tell; quantity and price may not."""
    known = one[0] in {sku for sku, _, _ in truth}
    return one in truth or (not known and one[1:] in {sold[1:] for sold in truth})


def _told(line: dict[str, object]) -> tuple[str, int, str]:
    price = line["unit_price"]
    text = f"{price:f}" if isinstance(price, Decimal) else ""
    return str(line["sku"]), int(str(line["quantity"])), text.rstrip("0").rstrip(".")


def cases(files: int, seed: int) -> Iterator[Case]:
    """Cases in any mix of formats and up to two damages each."""
    rng = Random(seed)  # noqa: S311
    for _ in range(files):
        form = rng.choice(list(MAKERS))
        damages = tuple(rng.choice(list(DAMAGES)) for _ in range(rng.choice((0, 1, 1, 2))))
        yield Case(rng.randrange(2**32), form, damages)


def run(all_cases: Iterable[Case], outcome: Outcome) -> None:
    batch: list[Case] = []
    for case in all_cases:
        batch.append(case)
        if len(batch) == _AT_ONCE:
            examine(batch, outcome)
            batch = []
    examine(batch, outcome)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m soak.damaged", description=__doc__)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    began, outcome = perf_counter(), Outcome()
    run(cases(options.files, options.seed), outcome)
    rules = ", ".join(f"{rule} {number:,}" for rule, number in outcome.rules.most_common())
    sys.stdout.write(
        f"files            {outcome.files:,}, {outcome.refused:,} refused as a whole\n"
        f"lines            {outcome.read:,} read = {outcome.accepted:,} accepted + "
        f"{outcome.quarantined:,} quarantined; {outcome.ignored:,} rows ignored\n"
        f"faults           {rules}\n"
        f"seconds          {perf_counter() - began:.0f}\n"
        f"wrong            {len(outcome.wrong)}\n"
    )
    for one in outcome.wrong[:20]:
        sys.stdout.write(f"  {one}\n")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
