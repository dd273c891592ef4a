"""How well made-up worlds are matched; `bench.matching` measures larger ones."""

from datetime import date
from pathlib import Path

import pytest
from databases import sqlite_copy
from identity_kit import NOON

from bench import deals
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


@pytest.mark.parametrize("seed", [41, 42])
def test_registrations_find_their_deals_among_lookalikes(seed: int) -> None:
    world = generate(1000, seed, today=date(2026, 3, 2), difficulty="middle")
    truth, found = deals.real(world), deals.tie(world)
    precision, recall = deals.quality(truth, found.ties)
    assert precision >= 0.97
    assert recall >= 0.95
    assert deals.quality(truth, found.first_fitting)[0] <= precision
    sure = {claim: deal for claim, deal in found.ties.items() if claim in found.sure}
    assert deals.quality(truth, sure)[0] >= 0.98
    assert len(found.asked) < len(truth) / 4
