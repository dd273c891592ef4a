"""The migrations build exactly the tables that the program is written for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from hub.errors import WarehouseError
from hub.models import metadata, schema
from hub.models.database import open_engine, reading, writing

NEWEST = schema.newest()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
        yield engine
        engine.dispose()
    else:
        with request.getfixturevalue("postgres").database(empty=True) as url:
            engine = open_engine(url)
            yield engine
            engine.dispose()


def _differences(engine: Engine) -> list[Any]:
    with reading(engine) as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        found: list[Any] = compare_metadata(context, metadata)
    return found


def test_upgrading_an_empty_database_builds_the_tables_as_they_are_declared(empty: Engine) -> None:
    assert schema.current(empty) is None
    assert schema.upgrade(empty) == NEWEST
    assert schema.current(empty) == NEWEST
    assert _differences(empty) == []


def _shape(engine: Engine) -> dict[str, Any]:
    """Everything that the database itself says of the tables, but for the order of columns: one
    that is added later stands at the end."""
    inspector = inspect(engine)
    shape: dict[str, Any] = {}
    for table in inspector.get_table_names():
        if table != "alembic_version":
            shape[table] = (
                sorted(
                    (c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)
                ),
                inspector.get_pk_constraint(table),
                sorted((i["name"], i["column_names"]) for i in inspector.get_indexes(table)),
            )
    if engine.dialect.name == "sqlite":
        with reading(engine) as conn:
            listed = conn.exec_driver_sql("SELECT name, wr FROM pragma_table_list").all()
        shape["without rowid"] = sorted(name for name, without in listed if without)
    else:
        with reading(engine) as conn:
            kept = "SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL"
            told = conn.exec_driver_sql(f"{kept} AND relnamespace = 'public'::regnamespace").all()
        shape["options"] = sorted((name, sorted(options)) for name, options in told)
    return shape


def test_the_database_cannot_tell_migrated_tables_from_declared_ones(empty: Engine) -> None:
    metadata.create_all(empty)
    declared = _shape(empty)
    metadata.drop_all(empty)
    schema.upgrade(empty)
    assert _shape(empty) == declared


def test_upgrading_again_changes_nothing(empty: Engine) -> None:
    schema.upgrade(empty)
    assert schema.upgrade(empty) == NEWEST
    assert _differences(empty) == []


def test_an_empty_database_is_made_ready_by_itself(empty: Engine) -> None:
    schema.ready(empty)
    assert schema.current(empty) == NEWEST
    schema.ready(empty)


def test_a_database_of_another_revision_is_refused_with_the_remedy(empty: Engine) -> None:
    schema.upgrade(empty)
    with writing(empty) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = 'of_the_future'"))
    with pytest.raises(WarehouseError) as caught:
        schema.ready(empty)
    assert "of_the_future" in str(caught.value)
    assert NEWEST in str(caught.value)
    assert caught.value.remedy == "run `hub db upgrade`"


def test_somebody_elses_database_is_left_alone(empty: Engine) -> None:
    with writing(empty) as conn:
        conn.execute(text("CREATE TABLE invoices (id INTEGER)"))
    with pytest.raises(WarehouseError):
        schema.ready(empty)
    with reading(empty) as conn:
        assert conn.execute(text("SELECT count(*) FROM invoices")).scalar() == 0
    assert schema.current(empty) is None
