"""A preview is what then happens: for random judgements the whole warehouse is compared.

`--judgements 200` tries that many on each database.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from databases import PostgresServer
from sqlalchemy import select
from stewards import ADA, CALLS, Desk, everything, rows_by_key, synced_desk

from hub.models import metadata
from hub.models.database import deciding, reading
from hub.models.golden import opportunity, registration
from hub.models.identity import identity_decision
from hub.stewardship.judging import Wish, judge_one
from hub.stewardship.names import written
from hub.stewardship.preview import Preview, preview
from hub.sync.changes import PlannedChange

# What matching remembers, and bookkeeping.
BESIDE = ("ops_", "src_", "identity_decision", "identity_mention", "identity_profile")
BESIDE = (*BESIDE, "identity_pair", "identity_key", "identity_block", "identity_model")
# The moment differs, and the number that the database gives an event.
OWN = {"run", "at"}

# A registration and an opportunity of its customer.
_ONE_CUSTOMERS = (
    select(registration.c.id, opportunity.c.id)
    .where(registration.c.company_id == opportunity.c.company_id)
    .order_by(registration.c.id, opportunity.c.id)
)

Rows = dict[tuple[Any, ...], dict[str, Any]]
Difference = tuple[str, dict[str, Any], dict[str, Any]]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    server: PostgresServer | None = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
    with synced_desk(tmp_path_factory.mktemp("stewards"), 60, server) as made:
        yield made


def _wish(desk: Desk, number: int) -> Wish:
    """A random merge or split of companies or persons, by hub ids or by records; or a word on a
    deal."""
    draw = random.Random(number)
    entity = draw.choice(["company", "company", "contact", "deal"])
    if entity == "deal":
        with reading(desk.engine) as conn:
            a, b = draw.choice(conn.execute(_ONE_CUSTOMERS).all())
        return Wish(draw.choice(["same", "different"]), a, b, ADA, "she called them")
    ids = desk.ids(entity)
    groups: dict[str, list[Any]] = {}
    for row, hub_id in ids.items():
        groups.setdefault(hub_id, []).append(row)
    if draw.random() < 0.5:
        a, b = draw.sample(sorted(groups), 2)
        if draw.random() < 0.3:
            a, b = written(draw.choice(groups[a])), written(draw.choice(groups[b]))
        return Wish("same", a, b, ADA, "they are one", entity)
    several = sorted(hub_id for hub_id, rows in groups.items() if len(rows) > 1)
    whole = draw.choice(several)
    a, b = map(written, draw.sample(sorted(groups[whole]), 2))
    if draw.random() < 0.4:
        b = whole
    return Wish("different", a, b, ADA, "they are two", entity)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "number" in metafunc.fixturenames:
        metafunc.parametrize("number", range(metafunc.config.getoption("--judgements")))


def test_what_is_previewed_is_what_then_happens(desk: Desk, number: int) -> None:
    wish = _wish(desk, number)
    before = everything(desk.engine)
    found = preview(desk.engine, desk.place.settings, CALLS, wish, desk.later())
    assert everything(desk.engine) == before
    with desk.rehearsal() as stage:
        old = _model(stage)
        with deciding(stage.engine, identity_decision) as conn:
            judge_one(conn, wish, stage.later())
        planned = {row.digest: json.loads(row.fields) for row in stage.next_plan()}
        assert _sorted(_previewed(found)) == _sorted(_differences(old, _model(stage)))
        assert _fields(found.planned) == planned
    assert everything(desk.engine) == before


def _model(desk: Desk) -> dict[str, Rows]:
    return {
        table.name: rows_by_key(desk.engine, table)
        for table in metadata.sorted_tables
        if not table.name.startswith(BESIDE) and not table.name.endswith("_history")
    }


def _differences(old: dict[str, Rows], new: dict[str, Rows]) -> Iterator[Difference]:
    for table in old:
        for key in {**old[table], **new[table]}:
            yield table, old[table].get(key, {}), new[table].get(key, {})


def _previewed(found: Preview) -> Iterator[Difference]:
    return ((one.table, one.before or {}, one.after or {}) for one in found.rows)


def _sorted(differences: Iterator[Difference]) -> list[Difference]:
    said = (
        (table, _said(table, before), _said(table, after)) for table, before, after in differences
    )
    return sorted((d for d in said if d[1] != d[2]), key=lambda d: (d[0], str(d[1]), str(d[2])))


def _said(table: str, row: dict[str, Any]) -> dict[str, Any]:
    own = {*OWN, "id"} if table == "identity_event" else OWN
    return {name: value for name, value in row.items() if name not in own}


def _fields(changes: list[PlannedChange]) -> dict[str, Any]:
    return {one.digest: one.fields for one in changes}
