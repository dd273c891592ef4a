"""`python -m bench.feeds`: a million lines of POS CSV and 300,000 segments of 867, beside peers.

Each file is read by a process of its own, so that its peak memory is its own. Beside it, in the
same run: polars' bare `read_csv`; pyx12 and pydifact, which only take the file apart. They live in
`.venv-bench`, which `make bench` makes of `requirements-bench.txt`; without it they are left out.
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import NamedTuple

_LINES_OF_A_TRANSFER = 10
_SEGMENTS_OF_A_LINE = 3


def write_csv(path: Path, lines: int) -> None:
    """A POS report as a distributor sends it, a hundred bytes a line."""
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(
            "Invoice No;Invoice Line;Invoice Date;Reseller Account;Reseller Name;End Customer;SKU;"
            "Qty;Unit Price;Currency\n"
        )
        for at in range(lines):
            out.write(
                f"N{at // 4:08d};{at % 4 + 1};2026-03-{at % 28 + 1:02d};{at % 977:08d};"
                f"Reseller {at % 977};Customer {at % 40_009};FW-{at % 503:05d};{at % 17 + 1};"
                f"{at % 9_000 + 1}.{at % 90 + 10};EUR\n"
            )


def write_x12(path: Path, segments: int) -> None:
    """An 867 of about so many segments: transfers of ten lines of three segments each."""
    per_transfer = 6 + _LINES_OF_A_TRANSFER * _SEGMENTS_OF_A_LINE
    transfers = segments // per_transfer
    with path.open("w", encoding="latin-1", newline="") as out:
        out.write(
            "ISA*00*          *00*          *ZZ*NORTHWIND      *ZZ*ACME           *260403*1200*U*"
            "00401*000000101*0*P*>~\nGS*PT*NORTHWIND*ACME*20260403*1200*1*X*004010~\n"
            "ST*867*0001~\nBPT*00*RPT-1*20260331*02~\nCUR*DS*EUR~\n"
        )
        for at in range(transfers):
            out.write(
                f"PTD*SS~\nDTM*003*202603{at % 28 + 1:02d}~\nREF*IV*N{at:08d}~\n"
                f"N1*BY*Reseller {at % 977}*91*{at % 977:08d}~\nN1*EU*Customer {at % 40_009}~\n"
                f"N4*Bonn**53111*DE~\n"
            )
            for line in range(_LINES_OF_A_TRANSFER):
                out.write(
                    f"QTY*32*{line + 1}*EA~\nLIN**VP*FW-{(at * 7 + line) % 503:05d}~\n"
                    f"UIT*EA*{at % 900 + 1}.{line + 10}~\n"
                )
        out.write(f"SE*{4 + transfers * per_transfer}*0001~\nGE*1*1~\nIEA*1*000000101~\n")


def write_edifact(path: Path, segments: int) -> None:
    """A SLSRPT of about so many segments, five a line."""
    with path.open("w", encoding="latin-1", newline="") as out:
        out.write(
            "UNA:+.? 'UNB+UNOC:3+NW:14+AC:14+260403:1200+77'UNH+1+SLSRPT:D:96A:UN:EAN004'"
            "BGM+73E+S-1+9'DTM+137:20260402:102'CUX+2:EUR'"
        )
        lines = segments // 5
        for at in range(lines):
            out.write(
                f"LOC+162+B{at % 40}::92'LIN+{at + 1}++FW-{at % 503:05d}:MF'DTM+356:20260310:102'"
                f"PRI+AAA:{at % 900 + 1}.50'QTY+153:{at % 17 + 1}'"
            )
        out.write(f"UNT+{5 + lines * 5}+1'UNZ+1+77'")


Reader = Callable[[Path], int]


def _hub() -> Reader:
    from hub.connectors.feed.reading import open_report
    from hub.connectors.feed.report import Source

    def read(path: Path) -> int:
        report = open_report(Source(str(path), lambda: path.open("rb")), None)
        return sum(part.rows.height for part in report.parts())

    return read


def _segments() -> Reader:
    from hub.connectors.feed.edi import x12
    from hub.connectors.feed.report import Source

    def read(path: Path) -> int:
        source = Source(str(path), lambda: path.open("rb"))
        marks = x12.delimiters_of(x12.opening(source), source.name)
        return sum(map(len, x12.segments(source, marks)))

    return read


def _polars() -> Reader:
    import polars as pl

    return lambda path: pl.read_csv(path, separator=";", infer_schema=False).height


def _pyx12() -> Reader:
    from pyx12.x12file import X12Reader

    def read(path: Path) -> int:
        with path.open() as file:
            return sum(1 for _ in X12Reader(file))

    return read


def _pydifact() -> Reader:
    from pydifact.segmentcollection import RawSegmentCollection

    def read(path: Path) -> int:
        text = path.read_text(encoding="latin-1")
        return len(RawSegmentCollection.from_str(text).segments)

    return read


READERS: dict[str, Callable[[], Reader]] = {
    "hub": _hub,
    "hub, segments only": _segments,
    "polars read_csv": _polars,
    "pyx12": _pyx12,
    "pydifact": _pydifact,
}
"""Name → what imports a reader and returns it; importing is not timed."""

_PEERS = frozenset({"pyx12", "pydifact"})
_PEERS_PYTHON = Path(".venv-bench/bin/python")


def alone(reader: str, path: Path) -> None:
    """Read one file and say units, seconds, CPU seconds and peak memory (MB); run by a process of
    its own."""
    read = READERS[reader]()
    began, worked = perf_counter(), process_time()
    units = read(path)
    seconds, busy = perf_counter() - began, process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{units} {seconds} {busy} {peak}\n")


class Measured(NamedTuple):
    """Seconds on the clock, seconds of CPU, and peak memory in MB."""

    seconds: float
    busy: float
    peak: float


def _measured(reader: str, path: Path) -> Measured:
    python = _PEERS_PYTHON if reader in _PEERS else sys.executable
    command = [str(python), "-m", "bench.feeds", "--alone", reader, str(path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return Measured(*map(float, told[-3:]))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.feeds", description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--segments", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        alone(options.alone[0], Path(options.alone[1]))
        return 0
    with TemporaryDirectory(prefix="bench-feeds-") as folder:
        files = {name: Path(folder) / name for name in ("pos.csv", "pos.edi", "sales.edi")}
        write_csv(files["pos.csv"], options.lines)
        write_x12(files["pos.edi"], options.segments)
        write_edifact(files["sales.edi"], options.segments)
        _table(files, options)
    return 0


def _table(files: dict[str, Path], options: argparse.Namespace) -> None:
    plan = [
        ("pos.csv", options.lines, ("hub", "polars read_csv")),
        ("pos.edi", options.segments, ("hub", "hub, segments only", "pyx12")),
        ("sales.edi", options.segments, ("hub", "pydifact")),
    ]
    sys.stdout.write(
        "| file | reader | lines or segments/s | seconds | CPU s | peak MB |\n"
        "|---|---|---|---|---|---|\n"
    )
    for file, units, readers in plan:
        there = [r for r in readers if r not in _PEERS or _PEERS_PYTHON.exists()]
        rounds: dict[str, list[Measured]] = {reader: [] for reader in there}
        for _ in range(options.rounds):
            for reader in there:
                rounds[reader].append(_measured(reader, files[file]))
        for reader, measured in rounds.items():
            seconds = median(one.seconds for one in measured)
            busy = median(one.busy for one in measured)
            peak = max(one.peak for one in measured)
            sys.stdout.write(
                f"| {file} | {reader} | {units / seconds:,.0f} | {seconds:.2f} | {busy:.2f} "
                f"| {peak:,.0f} |\n"
            )


if __name__ == "__main__":
    sys.exit(main())
