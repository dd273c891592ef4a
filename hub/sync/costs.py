"""What a plan costs in API calls, as its connectors tell it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hub.connectors.comparing import COMPARED
from hub.connectors.contract import Operation, Write

SENT: tuple[Operation, ...] = ("update", "create", "delete", "erase")
"""What is sent, in the order in which it is sent of each object."""


class Cost(Protocol):
    """What a connector says of calls, and how many changes it is handed at once."""

    @property
    def rows_per_apply(self) -> int: ...

    def opening_calls(self, writes: Collection[Write], *, anew: bool) -> int: ...

    def write_calls(self, obj: str, rows: int, op: Operation = ...) -> int: ...

    def compare_calls(self, obj: str, rows: int, *, asked: bool) -> int: ...


Costs = Mapping[str, Cost]
"""System → what calls cost there."""


@dataclass(frozen=True)
class Calls:
    """Calls to sign in and ask for fields, to write, and to compare before."""

    opening: int = 0
    writing: int = 0
    comparing: int = 0

    @property
    def total(self) -> int:
        return self.opening + self.writing + self.comparing


@dataclass
class Bill:
    """Prices the parts of a plan in the order of applying; each session is opened once."""

    costs: Costs
    _opened: dict[tuple[str, bool], set[Write]] = field(default_factory=dict)

    def of(self, system: str, obj: str, sent: Mapping[Operation, int], *, later: bool) -> Calls:
        """Calls to write so many changes of each operation. `later`: by another session than the
        one that is asked here, which compares the records before it updates or deletes them."""
        cost = self.costs[system]
        writes = self._opened.setdefault((system, later), set())
        before = cost.opening_calls(writes, anew=later)
        writes |= {(obj, op) for op, number in sent.items() if number}
        writing = sum(
            cost.write_calls(obj, rows, op)
            for op, number in sent.items()
            for rows in _handed_over(number, cost.rows_per_apply)
        )
        comparing = sum(
            cost.compare_calls(obj, rows, asked=later)
            for op in COMPARED
            for rows in _handed_over(sent.get(op, 0), cost.rows_per_apply)
        )
        return Calls(cost.opening_calls(writes, anew=later) - before, writing, comparing)


def _handed_over(rows: int, at_once: int) -> list[int]:
    """As apply hands them over: so many at a time, and what is left."""
    whole, left = divmod(rows, at_once)
    return [at_once] * whole + ([left] if left else [])
