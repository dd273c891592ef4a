"""What is looked up is found whole, however long the list and whichever way it reaches the
database."""

import polars as pl
import pytest
from sqlalchemy import Engine, select

from hub.identity.among import given_ids, given_numbers, given_rows, read_among
from hub.models import bulk
from hub.models.database import writing
from hub.models.identity import crosswalk, identity_block

MANY = 300
NUMBERS = [(-1) ** n * (2**62 + n) for n in range(MANY)]
IDS = [f"co_{n:037}" for n in range(MANY)]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Ids as long as their column is, each of a record of its own."""
    at = {"entity": "company", "system": "sf", "object": "Account", "run": 1}
    rows = pl.DataFrame({"record_id": [f"r{n}" for n in range(MANY)], "hub_id": IDS})
    blocks = pl.DataFrame({"key": NUMBERS, "label": "x", "kind": "word", "members": 1})
    with writing(engine) as conn:
        bulk.insert(conn, crosswalk, rows.with_columns(**{k: pl.lit(v) for k, v in at.items()}))
        bulk.insert(conn, identity_block, blocks.with_columns(entity=pl.lit("company")))
    return engine


@pytest.mark.parametrize("asked", [0, 1, MANY])
def test_numbers_are_found(filled: Engine, asked: int) -> None:
    with writing(filled) as conn:
        query = select(identity_block.c.key)
        with given_numbers(conn, pl.Series(NUMBERS[:asked], dtype=pl.Int64)) as given:
            found = read_among(conn, query, identity_block.c.key, given)
    assert sorted(found["key"]) == sorted(NUMBERS[:asked])


@pytest.mark.parametrize("asked", [0, 1, MANY])
def test_ids_are_found_and_none_by_its_beginning(filled: Engine, asked: int) -> None:
    query = select(crosswalk.c.hub_id)
    with writing(filled) as conn:
        with given_ids(conn, IDS[:asked]) as given:
            found = read_among(conn, query, crosswalk.c.hub_id, given)
        with given_ids(conn, [f"{hub_id}0" for hub_id in IDS[:asked]]) as given:
            longer = read_among(conn, query, crosswalk.c.hub_id, given)
    assert sorted(found["hub_id"]) == IDS[:asked]
    assert longer.is_empty()


@pytest.mark.parametrize("asked", [0, 1, MANY])
def test_rows_are_found_by_all_that_names_them(filled: Engine, asked: int) -> None:
    rows = pl.DataFrame(
        {"record_id": [f"r{n}" for n in range(asked)], "system": "sf", "object": "Account"},
        schema_overrides={"record_id": pl.String},
    )
    elsewhere = rows.with_columns(system=pl.lit("hs"))
    with writing(filled) as conn:
        found = []
        for entity, these in (("company", rows), ("company", elsewhere), ("contact", rows)):
            with given_rows(conn, entity, these) as given:
                found.append(read_among(conn, select(crosswalk.c.record_id), crosswalk, given))
    assert sorted(found[0]["record_id"]) == sorted(rows["record_id"])
    assert found[1].is_empty()
    assert found[2].is_empty()
