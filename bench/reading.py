"""Pull and check: what it takes to have rows in memory, and to know them typed and valid."""

import polars as pl

from bench import floors, peers
from bench.figures import Board, Lap, timed
from bench.scene import Batches, Scene
from bench.wire import Replay, Sent, recorded
from hub.checks.convert import convert
from hub.checks.schemas import validate
from hub.connectors.feed.config import FeedSystem
from hub.connectors.salesforce.config import SalesforceSystem
from hub.models.sources import SOURCES

_ANY = "-"
_SEPARATOR = ";"


def measure_pull(scene: Scene, board: Board, rounds: int) -> Batches:
    """Every connector drained. The CRMs must be running. Returns what was pulled last."""
    batches: Batches = {}
    for _ in range(rounds):
        for system, config in scene.settings.systems.items():
            with recorded() as sent, timed() as lap:
                pulled = scene.pulled([system])
            batches |= pulled
            rows = sum(b.rows.height for several in pulled.values() for b in several)
            place = ("pull", _ANY, system)
            if isinstance(config, FeedSystem):
                files = sorted({b.origin for s in pulled.values() for b in s if b.origin})
                lap_bare = floors.read_files([scene.folder / f for f in files], _SEPARATOR)
                board.add(place, rows, lap, "the same files as text", lap_bare)
                continue
            board.add(place, rows, lap, "the same requests, bytes only", _replayed(sent))
            if isinstance(config, SalesforceSystem):
                found, theirs = peers.query_all_iter(sent, config.api_version)
                board.add(place, rows, lap, "simple-salesforce query_all_iter", theirs, found)
            else:
                found, theirs = peers.get_all(sent)
                board.add(place, rows, lap, "hubspot-api-client get_all", theirs, found)
    return batches


def _replayed(sent: list[Sent]) -> Lap:
    replay = Replay()
    with timed() as lap:
        replay.send(sent)
    replay.close()
    return lap


def measure_check(scene: Scene, board: Board, batches: Batches, rounds: int) -> None:
    """All rows converted and validated, as if all were new."""
    frames = [
        (pl.concat([b.rows for b in several]), scene.settings.mappings[system][obj])
        for (system, obj), several in batches.items()
    ]
    rows = sum(frame.height for frame, _ in frames)
    for _ in range(rounds):
        with timed() as lap:
            for frame, mapping in frames:
                typed = convert(frame, mapping.pull, mapping.values, SOURCES[mapping.source])
                validate(mapping.source, typed)
        bare = floors.cast([(frame, mapping.pull, mapping.source) for frame, mapping in frames])
        board.add(("check", _ANY, "convert and validate"), rows, lap, "a bare cast", bare)
