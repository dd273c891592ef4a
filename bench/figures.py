"""What was measured, beside what it is measured against: medians, tables, one JSON file."""

import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter, process_time


@dataclass
class Lap:
    """Wall and CPU seconds of one block; CPU is of this process only."""

    seconds: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Lap]:
    """Times a block, with the garbage of what went before collected beforehand."""
    gc.collect()
    lap = Lap()
    wall, cpu = perf_counter(), process_time()
    yield lap
    lap.seconds, lap.cpu = perf_counter() - wall, process_time() - cpu


@dataclass
class Measure:
    """One step, and all rounds of it. `beside` names the floor or the peer; its rounds may carry
    another number of rows than the step's own. `at_least` is the ratio that is promised."""

    group: str
    database: str
    step: str
    beside: str
    at_least: float | None = None
    laps: list[tuple[int, Lap]] = field(default_factory=list)
    others: list[tuple[int, Lap]] = field(default_factory=list)

    def shown(self) -> dict[str, object]:
        rows, seconds, cpu = _middle(self.laps)
        told: dict[str, object] = {
            "group": self.group,
            "database": self.database,
            "step": self.step,
            "rounds": len(self.laps),
            "rows": rows,
            "seconds": round(seconds, 4),
            "cpu_seconds": round(cpu, 4),
            "rows_per_second": round(rows / seconds),
        }
        if self.others:
            other_rows, other_seconds, other_cpu = _middle(self.others)
            told |= {
                "beside": self.beside,
                "beside_rows": other_rows,
                "beside_seconds": round(other_seconds, 4),
                "beside_cpu_seconds": round(other_cpu, 4),
                "beside_rows_per_second": round(other_rows / other_seconds),
                "ratio": round((rows / seconds) / (other_rows / other_seconds), 3),
            }
        if self.at_least is not None:
            told["at_least"] = self.at_least
        return told


def _middle(laps: Sequence[tuple[int, Lap]]) -> tuple[int, float, float]:
    rows = laps[-1][0]
    return rows, median(lap.seconds for _, lap in laps), median(lap.cpu for _, lap in laps)


class Board:
    """All figures of one run of the benchmark."""

    def __init__(self) -> None:
        self.measures: dict[tuple[str, str, str, str], Measure] = {}
        self.syncs: list[dict[str, object]] = []
        self.calls: list[dict[str, object]] = []
        self.volume_calls: list[dict[str, object]] = []

    def add(
        self,
        place: tuple[str, str, str],
        rows: int,
        lap: Lap,
        beside: str = "",
        other: Lap | None = None,
        other_rows: int | None = None,
        *,
        at_least: float | None = None,
    ) -> None:
        """One round. `place`: group, database, step. A step without rows has no speed."""
        if not rows:
            return
        group, database, step = place
        key = (group, database, step, beside)
        measure = self.measures.setdefault(key, Measure(group, database, step, beside, at_least))
        measure.laps.append((rows, lap))
        if other is not None:
            measure.others.append((rows if other_rows is None else other_rows, other))

    def tables(self) -> str:
        """One table per group, as text that is Markdown, too."""
        parts = []
        shown = [measure.shown() for measure in self.measures.values()]
        for group in dict.fromkeys(str(line["group"]) for line in shown):
            lines = [_line(line) for line in shown if line["group"] == group]
            parts.append(f"{group}\n\n{_table(_HEAD, lines)}")
        if self.syncs:
            parts.append(f"whole: hub sync\n\n{_table(list(self.syncs[0]), _rows(self.syncs))}")
            parts.append(f"whole: API calls\n\n{_table(list(self.calls[0]), _rows(self.calls))}")
        if self.volume_calls:
            told = _table(list(self.volume_calls[0]), _rows(self.volume_calls))
            parts.append(f"volume: API calls, at most 1.10 of the minimum\n\n{told}")
        return "\n\n".join(parts)

    def save(self, file: Path, about: dict[str, object]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        figures = [measure.shown() for measure in self.measures.values()]
        whole = {
            "about": about,
            "steps": figures,
            "syncs": self.syncs,
            "calls": self.calls,
            "volume_calls": self.volume_calls,
        }
        file.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


_HEAD = [
    *("database", "step", "rows", "seconds", "CPU s", "rows/s"),
    *("beside", "its CPU s", "its rows/s", "ratio", "at least"),
]


def _line(line: dict[str, object]) -> list[str]:
    beside = line.get("beside", "")
    names = ("database", "step", "rows", "seconds", "cpu_seconds", "rows_per_second")
    cells = [_cell(line[name]) for name in names]
    if not beside:
        return [*cells, "", "", "", "", ""]
    theirs = [_cell(line[name]) for name in ("beside_cpu_seconds", "beside_rows_per_second")]
    least = f"{line['at_least']:.2f}" if "at_least" in line else ""
    return [*cells, str(beside), *theirs, f"{line['ratio']:.2f}", least]


def _rows(dicts: Sequence[dict[str, object]]) -> list[list[str]]:
    return [[_cell(value) for value in line.values()] for line in dicts]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[n]) for line in (head, *lines)) for n in range(len(head))]
    numeric = [all(_is_number(line[n]) for line in lines) for n in range(len(head))]

    def drawn(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(cells, widths, numeric, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    columns = zip(widths, numeric, strict=True)
    rule = [f"{'-' * (width - 1)}:" if n else "-" * width for width, n in columns]
    return "\n".join([drawn(head), f"| {' | '.join(rule)} |", *map(drawn, lines)])


def _is_number(cell: str) -> bool:
    return not cell or cell.replace(",", "").replace(".", "").isdigit()
