"""The benchmarks of calls, plans and undoing on few rows: what they show at length holds here."""

import json
from pathlib import Path

import pytest

from bench.databases import Sqlite
from bench.figures import Board
from bench.numbered import HUBSPOT as COMPANIES
from bench.numbered import SALESFORCE as ACCOUNTS
from bench.numbered import numbered
from bench.planning import measured
from bench.scale import rows, warehouse
from bench.scene import Scene
from bench.undoing import Taken, undone
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


# Of Salesforce's half the smaller number goes by Collections, the larger one by a job.
@pytest.mark.parametrize("changes", [200, 2_400])
def test_a_plan_costs_the_calls_that_it_says(tmp_path: Path, changes: int) -> None:
    result = measured(tmp_path / "world", changes)
    assert result.planned.changes == changes
    assert result.outcomes == {"applied": changes}
    assert result.used == result.planned.calls


def test_an_undo_restores_all_but_what_somebody_edited_by_the_crms_own_stores(
    tmp_path: Path,
) -> None:
    result = undone(numbered(tmp_path / "world", 120), Sqlite(tmp_path), edited=7)
    assert result.holds
    assert result.taken == [
        Taken(target.system, written=120, edited=7, restored=113, kept=7, astray=0, listed=7)
        for target in (ACCOUNTS, COMPANIES)
    ]
    assert (result.wrong, result.later_writes) == (0, 0)
    assert result.requests == result.looking + result.calls_planned


@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def test_a_standing_warehouse_takes_changed_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], database: str
) -> None:
    rows.main(str(tmp_path), records="900", seed="5")
    frames = rows.source_frames(tmp_path)
    warehouse.main(str(tmp_path), database, changed="20", times="2")
    told = json.loads(capsys.readouterr().out)
    # Half of the rows that change are new, in each of the two rounds: they are not in the batch.
    assert told["records"] == sum(one.height for kind in frames.values() for one in kind) - 20
    assert len(told["rounds"]) == 2
    assert told["pairs"] > 0
