"""What reading costs in API calls, by REST query and by Bulk API 2.0, and which of them is cheaper.

A query job costs one call to make, polls until it is complete (it is seen running at least once),
and one call for each page of results.
"""

from typing import Literal

from hub.connectors.contract import CallMeter

Bulk = Literal["auto", "never", "always"]

PAGE_ROWS = 2_000
"""Rows to a page of a REST query, at most."""
RESULT_ROWS = 50_000
"""Rows to a page of a job's results."""
POLLS = 2


def rest_calls(rows: int, per_page: int = PAGE_ROWS) -> int:
    return max(1, -(-rows // per_page))


def job_calls(rows: int) -> int:
    return 1 + POLLS + max(1, -(-rows // RESULT_ROWS))


def job_is_cheaper(bulk: Bulk, rows: int, per_page: int) -> bool:
    """Whether the rows that are left should come by a job rather than by further pages."""
    return bulk == "auto" and job_calls(rows) < rest_calls(rows, max(1, per_page))


def further_calls(bulk: Bulk, rows: int) -> int:
    """The calls that the rows after the first page take."""
    paged = rest_calls(rows)
    return {"auto": min(paged, job_calls(rows)), "never": paged, "always": 0}[bulk]


def fewest_calls(bulk: Bulk, rows: int) -> int:
    """The calls without which so many rows cannot be read.

    Nobody knows how many rows there are before the first answer, so the first page is a REST page
    unless only jobs are allowed.
    """
    if bulk == "always":
        return job_calls(rows)
    paged = rest_calls(rows)
    if bulk == "auto" and rows > PAGE_ROWS:
        return min(paged, 1 + job_calls(rows - PAGE_ROWS))
    return paged


class ReadMinimum:
    """Adds to a meter the fewest calls that could have carried the rows counted so far."""

    def __init__(self, meter: CallMeter, bulk: Bulk) -> None:
        self._meter, self._bulk = meter, bulk
        self._rows = self._calls = 0
        self.add(0)

    def add(self, rows: int) -> None:
        self._rows += rows
        calls = fewest_calls(self._bulk, self._rows)
        self._meter.minimum += calls - self._calls
        self._calls = calls
