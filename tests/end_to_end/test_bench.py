"""The benchmark of calls on a few thousand rows: what `make bench` shows at length holds here."""

from pathlib import Path

from bench.databases import Sqlite
from bench.figures import Board
from bench.scene import Scene
from bench.volume import HUBSPOT, SALESFORCE, Sizes, measure_calls


def test_pulls_increments_and_pushes_take_no_more_calls_than_they_must(tmp_path: Path) -> None:
    rows = {SALESFORCE: 2_500, HUBSPOT: 250}
    scene = Scene.filled(tmp_path / "volume", rows[SALESFORCE], rows[HUBSPOT])
    board = Board()
    measure_calls(scene, Sqlite(tmp_path), board, Sizes(rows, changes=20, writes=220))
    told = [(line["system"], line["used"]) for line in board.volume_calls]
    # token, describe, two pages; one page; two batches. Properties, three pages; archived, search;
    # three batches.
    assert told == [
        *((SALESFORCE, calls) for calls in (4, 3, 4)),
        *((HUBSPOT, calls) for calls in (4, 3, 4)),
    ]
    for line in board.volume_calls:
        assert line["used"] == line["minimum"] == line["counted by the sandbox"]
