"""The sandbox as a process: `python -m sandbox seed` fills a demo folder, `serve` runs its CRMs.

`hub demo` and `hub sandbox` start it and wait for one line per system on stdout, printed once that
system listens. SIGTERM or SIGINT ends it with exit code 0; 2 means that it could not start.
"""

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType
from typing import get_args
from urllib.parse import urlsplit

import yaml
from starlette.types import ASGIApp

from sandbox import hubspot, partner_api, salesforce
from sandbox.clock import Clock
from sandbox.faults import FaultFile, FaultsError, read_faults
from sandbox.requestlog import RequestLog
from sandbox.seed import (
    PORTAL,
    hubspot_file,
    portal_store,
    request_log_file,
    salesforce_file,
    seed,
)
from sandbox.server import LOOPBACK, serve_all
from sandbox.world import Difficulty, generate
from sandbox.world.truth import HUBSPOT, SALESFORCE

_URL_KEYS = {SALESFORCE: "instance_url", HUBSPOT: "base_url", PORTAL: "base_url"}
_RETRY_SECONDS = 0.02


class CannotStart(Exception):
    """Nothing was started; the message says what to change."""


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        if options.command == "seed":
            world = (options.records, options.seed, options.today, options.difficulty)
            return _seed(options.dir, *world)
        ports = _ports(
            options.dir, options.salesforce_port, options.hubspot_port, options.partner_port
        )
        return _serve(options.dir, ports, options.faults)
    except CannotStart as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    filling = commands.add_parser("seed", help="replace the sandbox data of a demo folder")
    filling.add_argument("--dir", type=Path, required=True, help="the demo folder")
    filling.add_argument("--records", type=int, default=2000, help="companies in the world")
    filling.add_argument("--seed", type=int, default=7, help="another number is another world")
    filling.add_argument("--today", type=date.fromisoformat, help="the world's day, else today")
    hard = "how hard it is to tell who is who"
    filling.add_argument("--difficulty", choices=get_args(Difficulty), default="easy", help=hard)
    serving = commands.add_parser("serve", help="serve the CRMs of a demo folder until stopped")
    serving.add_argument("--dir", type=Path, required=True, help="the demo folder")
    for name in ("salesforce", "hubspot"):
        serving.add_argument(f"--{name}-port", type=int, help="default: as hub.yaml says")
    serving.add_argument("--partner-port", type=int, help=f"default: as hub.yaml says of {PORTAL}")
    serving.add_argument("--faults", type=Path, help="a YAML file of what is to go wrong")
    return parser


def _seed(
    folder: Path, companies: int, number: int, today: date | None, difficulty: Difficulty
) -> int:
    day = today or datetime.now(UTC).date()
    try:
        world = generate(companies, number, today=day, difficulty=difficulty)
    except ValueError as error:
        raise CannotStart(str(error)) from error
    seed(folder, world)
    counts = {name: len(rows) for name, rows in world.salesforce.items() if name != "User"}
    counts |= {kind: len(records) for kind, records in world.hubspot.items()}
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    sys.stdout.write(f"seeded {companies} companies: {told}, {len(world.feeds)} POS files\n")
    return 0


def _ports(
    folder: Path, salesforce: int | None, hubspot: int | None, partner: int | None
) -> dict[str, int]:
    """Where each system is to listen; CannotStart when a port is taken.

    The partner's portal is served when a port is given, or when hub.yaml has a system of its name.
    """
    ports = {
        SALESFORCE: salesforce or _configured_port(folder, SALESFORCE),
        HUBSPOT: hubspot or _configured_port(folder, HUBSPOT),
    }
    if partner or _is_configured(folder, PORTAL):
        ports[PORTAL] = partner or _configured_port(folder, PORTAL)
    for system, port in ports.items():
        _refuse_taken(system, port)
    return ports


def _serve(folder: Path, ports: dict[str, int], faults_file: Path | None) -> int:
    for file in (salesforce_file(folder), hubspot_file(folder)):
        if not file.is_file():
            raise CannotStart(f"{file} does not exist; run `python -m sandbox seed` first")
    log = RequestLog(request_log_file(folder))
    org = salesforce.SalesforceStore(salesforce_file(folder))
    portal = hubspot.HubSpotStore(hubspot_file(folder))
    clock = Clock()
    portal_of_partner = portal_store(folder, clock.now()) if PORTAL in ports else None
    try:
        faults = _faults(faults_file, ports)
        apps: dict[int, ASGIApp] = {
            ports[SALESFORCE]: salesforce.create_app(
                org,
                system=SALESFORCE,
                base_url=_url(ports[SALESFORCE]),
                log=log,
                clock=clock,
                switches=salesforce.Switches(),
                faults=faults,
            ),
            ports[HUBSPOT]: hubspot.create_app(
                portal,
                system=HUBSPOT,
                log=log,
                clock=clock,
                switches=hubspot.Switches(),
                faults=faults,
            ),
        }
        if portal_of_partner is not None:
            apps[ports[PORTAL]] = partner_api.create_app(
                portal_of_partner,
                system=PORTAL,
                log=log,
                clock=clock,
                switches=partner_api.Switches(),
                faults=faults,
            )
        _run(apps, ports)
    except FaultsError as error:
        raise CannotStart(str(error)) from error
    finally:
        if portal_of_partner is not None:
            portal_of_partner.close()
        portal.close()
        org.close()
        log.close()
    return 0


def _faults(file: Path | None, systems: Collection[str]) -> FaultFile | None:
    if file is None:
        return None
    read = read_faults(file)
    read.require_known(systems)
    return read


def _run(apps: dict[int, ASGIApp], ports: dict[str, int]) -> None:
    # Each server hands the signal that stopped it on to whoever held it before. The last in that
    # chain would be Python's default, which kills the process before the stores are closed.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_stopping)

    async def serve() -> None:
        announcing = asyncio.create_task(_announce(ports))
        try:
            await serve_all(apps)
        finally:
            announcing.cancel()

    asyncio.run(serve())


def _already_stopping(_number: int, _frame: FrameType | None) -> None:
    return None


async def _announce(ports: dict[str, int]) -> None:
    """One line per system, as soon as its port takes connections."""
    for system, port in ports.items():
        listening = False
        while not listening:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(LOOPBACK, port)
                writer.close()
                listening = True
            if not listening:
                await asyncio.sleep(_RETRY_SECONDS)
        sys.stdout.write(f"{system} ready at {_url(port)}\n")
        sys.stdout.flush()


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def _is_configured(folder: Path, system: str) -> bool:
    """Whether hub.yaml, if there is one that can be read, knows a system of that name."""
    try:
        told = yaml.safe_load((folder / "hub.yaml").read_text(encoding="utf-8"))
        return system in told["systems"]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return False


def _configured_port(folder: Path, system: str) -> int:
    """The port that hub.yaml tells the hub to look for this system at."""
    file, key = folder / "hub.yaml", _URL_KEYS[system]
    where = f"systems.{system}.{key}"
    try:
        text = file.read_text(encoding="utf-8")
        port = urlsplit(str(yaml.safe_load(text)["systems"][system][key])).port
    except OSError as error:
        raise CannotStart(f"cannot read {file} ({error}); give the ports as options") from error
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise CannotStart(f"{file}: no usable URL at {where}; give the ports as options") from error
    if port is None:
        raise CannotStart(f"{file}: {where} names no port; give the ports as options")
    return port


def _refuse_taken(system: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            raise CannotStart(f"port {port} for {system} cannot be used: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
