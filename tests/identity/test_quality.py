"""How well made-up worlds are matched; `bench.matching` measures larger ones."""

from datetime import date
from pathlib import Path

import pytest
from databases import sqlite_copy
from identity_kit import NOON

from bench.landing import land, source_rows
from bench.matching import found_ids, quality
from hub.identity import resolve
from hub.models.database import open_engine, writing
from hub.models.runs import Run
from sandbox.world import generate


@pytest.mark.parametrize("seed", [101])
def test_a_world_of_three_systems_is_matched_well(
    seed: int, sqlite_schema: Path, tmp_path: Path
) -> None:
    frames, truth = source_rows(generate(400, seed, today=date(2026, 3, 2)))
    engine = open_engine(sqlite_copy(sqlite_schema, tmp_path / "hub.db"))
    with writing(engine) as conn:
        land(conn, frames, run=1)
    for entity in ("company", "contact"):
        resolve(engine, Run(1, NOON), entity)
        found = found_ids(engine)
        mine = {k: true for k, true in truth.items() if k[0] == entity and k in found}
        precision, recall, *_ = quality(mine, found)
        assert precision >= 0.98
        assert recall >= 0.95
    engine.dispose()
