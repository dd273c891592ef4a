"""Query jobs of Bulk API 2.0: made, waited for, and fetched page by page.

A job's answer is fixed when it starts and is kept for seven days; until then every page can be
fetched again by its locator.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec
import polars as pl
import requests

from hub.connectors.ahead import read_ahead
from hub.connectors.http import server_time
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.cost import RESULT_ROWS
from hub.connectors.salesforce.rows import Rows
from hub.errors import SchemaChanged, StopSync, SystemUnreachable

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 60.0
_LONGEST_WAIT = 3_600.0
_ENDED = frozenset({"JobComplete", "Failed", "Aborted"})


class JobRefused(StopSync):
    """The org does not run this statement as a job."""


class JobState(msgspec.Struct):
    id: str
    state: str
    errorMessage: str = ""  # noqa: N815 - the wire's name
    numberRecordsProcessed: int = 0  # noqa: N815
    numberRecordsFailed: int = 0  # noqa: N815


def start_query(org: Org, statement: str, *, gone: bool) -> tuple[str, datetime]:
    """The id of a new job and the server's time. A request repeated for want of an answer may make
    two jobs; the one nobody knows of ends by itself.

    Raises JobRefused when the statement is nothing for a job.
    """
    body = {"operation": "queryAll" if gone else "query", "query": statement}
    try:
        response = org.post("jobs/query", body)
    except StopSync as err:
        if type(err) is not StopSync:
            raise
        raise JobRefused(err.message, remedy="set `bulk: never` for this system") from err
    job = msgspec.json.decode(response.content, type=JobState)
    return job.id, server_time(response.headers, org.system)


def results(
    org: Org, rows: Rows, job: str, locator: str | None
) -> Iterator[tuple[pl.DataFrame, str | None]]:
    """The pages of a job from `locator` on, each with the locator after it (None: the last).

    Raises LocatorLost when the org knows no such job (any more), JobRefused when it failed.
    """
    path = f"jobs/query/{job}"
    if locator is None:
        state = ended(org, path)
        if state.state != "JobComplete":
            raise _failed(org, state)
    with read_ahead(_pages(org, path, locator)) as pages:
        for response in pages:
            frame = _decoded(org, rows, response.content)
            if str(frame.height) != response.headers.get("Sforce-NumberOfRecords"):
                raise SystemUnreachable(
                    f"{org.system}/{rows.object}: a page of job {job} is not complete.",
                    remedy="wait; the next run asks for the page again",
                )
            yield frame, _next_locator(response)


def _pages(org: Org, path: str, locator: str | None) -> Iterator[requests.Response]:
    while True:
        page = {"maxRecords": str(RESULT_ROWS)}
        if locator is not None:
            page["locator"] = locator
        response = org.get(f"{path}/results", page, forgettable=True)
        locator = _next_locator(response)
        yield response
        if locator is None:
            return


def _next_locator(response: requests.Response) -> str | None:
    told = response.headers.get("Sforce-Locator", "null")
    return None if told in {"", "null"} else told


def ended(org: Org, path: str) -> JobState:
    """Wait until a job has ended, well or not. Each look costs a call, so they become rarer; the
    time that an answer takes is time waited."""
    pause, waited, answering = _FIRST_PAUSE, 0.0, 0.0
    while waited < _LONGEST_WAIT:
        org.patience.sleep(max(0.0, pause - answering))
        waited += pause
        pause = min(2 * pause, _LONGEST_PAUSE)
        asked = org.patience.monotonic()
        response = org.get(path, forgettable=True)
        answering = org.patience.monotonic() - asked
        job = msgspec.json.decode(response.content, type=JobState)
        if job.state in _ENDED:
            return job
    raise SystemUnreachable(
        f"{org.system}: job {path} is not complete after {waited / 60:.0f} minutes.",
        remedy="wait; the next run looks for its results",
    )


def _failed(org: Org, job: JobState) -> StopSync:
    message = f"{org.system}: job {job.id} ended {job.state} ({job.errorMessage or 'no reason'})."
    if "INVALID_FIELD" in job.errorMessage or "INVALID_TYPE" in job.errorMessage:
        return SchemaChanged(
            message, remedy="compare the mapping with the object's fields (`hub doctor`)"
        )
    return JobRefused(message, remedy="run again, or set `bulk: never` for this system")


def _decoded(org: Org, rows: Rows, body: bytes) -> pl.DataFrame:
    try:
        return rows.decode_csv(body)
    except (pl.exceptions.PolarsError, ValueError) as err:
        raise SystemUnreachable(
            f"{org.system}/{rows.object}: a page of results cannot be read ({err}).",
            remedy="wait; the next run asks for the page again",
        ) from err
