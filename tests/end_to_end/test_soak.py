"""A small soak: what `make soak` proves at length, and that it would see what it looks for."""

import sqlite3
from pathlib import Path
from shutil import copytree

import pytest

from hub.commands.warehouse import open_workplace
from soak.campaign import Plan, Result, judged, soak


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("soaked") / "soak"
    plan = Plan(runs=6, records=300, seed=5, changes=40)
    return folder, soak(plan, folder, lambda _message: None)


@pytest.fixture
def copy(soaked: tuple[Path, Result], tmp_path: Path) -> Path:
    return copytree(soaked[0], tmp_path / "soak")


def test_after_a_soak_the_warehouse_equals_the_crms_and_nothing_was_written_twice(
    soaked: tuple[Path, Result],
) -> None:
    result = soaked[1]
    assert result.differences == {}
    assert result.account["struck"] >= 0.08 * result.account["requests"] > 0
    assert min(result.figures[name] for name in ("rows", "deletions", "merges", "writes")) > 0
    assert sum(result.runs.values()) == 6


_ONE = "rowid = (SELECT max(rowid) FROM src_contact WHERE gone IS NULL)"
_AT_LAST = "(SELECT max(started_at) FROM ops_run)"
_UPDATED = "outcome = 'applied' AND op = 'update'"


@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        (f"DELETE FROM src_contact WHERE {_ONE}", "missing"),
        (f"UPDATE src_contact SET last_name = 'Nobody' WHERE {_ONE}", "last_name"),
        ("UPDATE src_company SET is_deleted = 0, gone = NULL WHERE is_deleted", "not deleted"),
        ("UPDATE src_company SET merged_into = NULL", "merge"),
        ("UPDATE ops_quarantine SET status = 'replaced'", "quarantine"),
        ("DELETE FROM ops_change WHERE outcome = 'applied'", "unplanned"),
        (f"UPDATE ops_change SET record_id = 'nobody' WHERE {_UPDATED}", "never written"),
        (f"UPDATE ops_change SET outcome = 'rejected', at = {_AT_LAST} WHERE seq = 1", "refused"),
    ],
)
def test_what_is_wrong_in_the_warehouse_is_found(copy: Path, statement: str, seen: str) -> None:
    with sqlite3.connect(copy / "hub.db") as connection:
        assert connection.execute(statement).rowcount > 0
    assert seen in _kinds(copy)


def test_a_record_written_twice_is_found(copy: Path) -> None:
    for file in (copy / "sandbox").glob("*.sqlite"):
        with sqlite3.connect(file) as connection:
            connection.execute(
                "INSERT INTO soak_write(object, record, op) "
                "SELECT object, record, 'update' FROM soak_write WHERE op = 'update' LIMIT 1"
            )
    assert "duplicate" in _kinds(copy)


def _kinds(folder: Path) -> set[str]:
    place = open_workplace(folder / "hub.yaml")
    try:
        found = [where for verdict in judged(folder, place) for where in verdict.differences]
    finally:
        place.engine.dispose()
    return {where.rpartition(", ")[2] for where in found}
