"""Reports that are asked for: the lines that an HTTP interface tells, page by page, as one file.

The file is JSON, one line a record, and is made anew with each sync; that its bytes are those taken
last says that nothing changed.
"""

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any
from urllib.parse import urlsplit

import msgspec

from hub.connectors.contract import CallMeter
from hub.connectors.feed.config import Asked
from hub.connectors.feed.files import Drop, DroppedFile
from hub.connectors.http import Patience
from hub.connectors.rest.client import Client
from hub.connectors.rest.config import RestSystem
from hub.connectors.rest.paging import calls_for, params_of, place_after
from hub.connectors.rest.places import at, steps
from hub.errors import StopSync

_MONTH = "{month}"
_IN_MEMORY = 1 << 24


class AskedDrop(Drop):
    """One report of an HTTP interface: that of the last whole month where path or parameters hold
    `{month}` (`2026-03`), else the one there is. Every page is a call, counted in `calls`."""

    def __init__(
        self, system: str, report: str, path: str, asked: Asked, calls: CallMeter, *, today: date
    ) -> None:
        month = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
        self._path = path.replace(_MONTH, month)
        self._params = {name: told.replace(_MONTH, month) for name, told in asked.params.items()}
        super().__init__(system, report, f"{asked.base_url}/{self._path.lstrip('/')}")
        self._asked, self._calls = asked, calls
        dated = f"_{month}" if self._path != path or self._params != asked.params else ""
        self._name = f"{report}/{report}{dated}.jsonl"

    def files(self) -> Iterator[DroppedFile]:
        yield DroppedFile(self._name, self._url, None)

    def stamp(self, file: DroppedFile) -> str | None:  # noqa: ARG002
        """None: what is told says nothing of its age."""
        return None

    def open(self, file: DroppedFile) -> IO[bytes]:  # noqa: ARG002
        made = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller's
        rows = 0
        for record in self._records():
            made.write(msgspec.json.encode(record) + b"\n")
            rows += 1
        self._calls.minimum += calls_for(self._asked.paging, rows)
        made.seek(0)
        return made

    def _records(self) -> Iterator[Any]:
        config = RestSystem(
            kind="rest", role="distributor", base_url=self._asked.base_url, auth=self._asked.auth,
            paging=self._asked.paging, objects={},
        )  # fmt: skip
        client = Client(self._system, config, self._calls, Patience())
        try:
            place: str | None = None
            while True:
                params = params_of(self._asked.paging, place, self._params)
                response, document = client.get(self._path, params)
                told = at(document, steps(self._asked.records))
                if not isinstance(told, list):
                    raise StopSync(
                        f"{self._system}: {urlsplit(self._url).path} told no list of lines at "
                        f"'{self._asked.records}'.",
                        remedy=f"correct `rest.records` of the report {self._report}",
                    )
                yield from told
                place = place_after(self._asked.paging, place, response, document, len(told))
                if place is None:
                    return
        finally:
            client.close()


def today() -> date:
    return datetime.now(UTC).date()
