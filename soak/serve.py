"""Both CRMs of a folder in a process of their own: `python -m soak.serve --dir DIR`.

It prints a line once both listen. At the Salesforce port, `POST /__sandbox__/soak` lets time and
the world go on and sets what goes wrong from here on; GET tells what has happened so far. SIGTERM
ends it.
"""

import argparse
import asyncio
import signal
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import hubspot, salesforce
from sandbox.clock import Clock
from sandbox.faults import FaultFile, Faults
from sandbox.hubspot.records import column, table
from sandbox.hubspot.schema import OBJECT_TYPES
from sandbox.requestlog import CONTROL_PREFIX, RequestLog
from sandbox.salesforce.app import SalesforceApp
from sandbox.seed import hubspot_file, salesforce_file
from sandbox.server import serve_all
from soak.journal import Watched, watch, watch_links
from soak.marketers import Marketers
from soak.reps import Reps
from soak.unrest import Restless, World

CONTROL = f"{CONTROL_PREFIX}/soak"
SYSTEMS = ("acme_salesforce", "acme_hubspot")
START = datetime(2026, 8, 20, 9, 0, tzinfo=UTC)
_MUCH = 1_000_000_000
_OBJECTS = ("Account", "Contact", "Lead", "Opportunity")


class Told(msgspec.Struct):
    """What is to happen now: changes of the world over so many seconds, and faults from here on."""

    changes: int = 0
    seconds: float = 0.0
    during: float = 0.0
    bulk_rows: int = 300
    rules: dict[str, list[dict[str, Any]]] = {}
    seed: int = 0


class Stage:
    """Both apps as wired for a soak, and the hand that moves the world behind them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.clock, self.log = Clock(frozen_at=START), RequestLog(None)
        self.org = salesforce.SalesforceStore(salesforce_file(folder))
        self.portal = hubspot.HubSpotStore(hubspot_file(folder))
        chance = Random(f"world:{seed}")  # noqa: S311 - chance that can be repeated
        crm = self._salesforce()
        marketing = self._hubspot()
        inner: SalesforceApp = crm.app.app
        self.reps = Reps(inner, chance)
        self.marketers = Marketers(marketing.app.app, self.portal, chance)
        self.world = World(self.reps, self.marketers, self.clock, chance)
        self.faults: dict[str, Faults] = {}
        for system, app in zip(SYSTEMS, (crm, marketing), strict=True):
            self.faults[system] = app.app.faults
            app.app.app = Restless(app.app.app, self.world)
        self.apps: tuple[ASGIApp, ASGIApp] = (Steered(crm, self), marketing)
        self._watch()

    def _salesforce(self) -> Any:
        return salesforce.create_app(
            self.org,
            system=SYSTEMS[0],
            base_url="",
            log=self.log,
            clock=self.clock,
            switches=salesforce.Switches(daily_api_requests=_MUCH),
        )

    def _hubspot(self) -> Any:
        return hubspot.create_app(
            self.portal,
            system=SYSTEMS[1],
            log=self.log,
            clock=self.clock,
            switches=hubspot.Switches(burst_max=_MUCH, daily_max=_MUCH),
        )

    def _watch(self) -> None:
        org_tables = [
            Watched(
                sobject.name,
                sobject.name,
                '"Id"',
                {field.name: f'"{field.name}"' for field in sobject.stored},
            )
            for sobject in self.org.schema
            if sobject.name in _OBJECTS
        ]
        watch(self.org.db, org_tables)
        portal_tables = [
            Watched(
                kind.name,
                table(kind),
                "id",
                {p.name: column(kind, p.name) for p in self.portal.catalog.all_properties(kind)},
            )
            for kind in OBJECT_TYPES
        ]
        watch(self.portal.db.connection, portal_tables)
        watch_links(self.portal.db.connection)

    async def go_on(self, told: Told) -> dict[str, Any]:
        """Faults off while the world moves; then as told. Answers with the CRMs' time."""
        self.world.during, self.world.bulk_rows = told.during, told.bulk_rows
        await self.world.live(told.changes, told.seconds)
        for system, faults in self.faults.items():
            faults.replace(FaultFile("soak", told.seed, {system: told.rules.get(system, [])}))
        return {"now": self.clock.now().isoformat()}

    def account(self) -> dict[str, Any]:
        struck: Counter[str] = Counter()
        for line in self.log.lines:
            for name in filter(None, str(line.get("fault", "")).split(", ")):
                struck[name] += 1
        return {
            "requests": len(self.log.lines),
            "struck": sum("fault" in line for line in self.log.lines),
            "faults": dict(struck),
            "changes": dict(self.world.done),
            "merges": {
                SYSTEMS[0]: self.reps.merges,
                SYSTEMS[1]: self.marketers.merges,
            },
        }

    def close(self) -> None:
        self.org.close()
        self.portal.close()


class Steered:
    """The way in for whoever conducts the soak."""

    def __init__(self, app: ASGIApp, stage: Stage) -> None:
        self._app, self._stage = app, stage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != CONTROL:
            await self._app(scope, receive, send)
            return
        if scope["method"] == "POST":
            body, more = bytearray(), True
            while more:
                message = await receive()
                body.extend(message.get("body", b""))
                more = message.get("more_body", False)
            answer = await self._stage.go_on(msgspec.json.decode(body, type=Told))
        else:
            answer = self._stage.account()
        encoded = msgspec.json.encode(answer)
        headers = [(b"content-length", str(len(encoded)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": encoded})


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m soak.serve")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--ports", type=int, nargs=2, required=True)
    options = parser.parse_args()
    stage = Stage(options.dir, options.seed)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_stopping)
    try:
        asyncio.run(_serve(dict(zip(options.ports, stage.apps, strict=True))))
    finally:
        stage.close()
    return 0


async def _serve(apps: dict[int, ASGIApp]) -> None:
    announcing = asyncio.create_task(_announce(list(apps)))
    try:
        await serve_all(apps)
    finally:
        announcing.cancel()


async def _announce(ports: list[int]) -> None:
    for port in ports:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                break
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def _already_stopping(_number: int, _frame: FrameType | None) -> None:
    return None


if __name__ == "__main__":
    sys.exit(main())
