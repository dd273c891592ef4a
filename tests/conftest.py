"""Fixtures for everything that touches the warehouse: each such test runs on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import PostgresServer, postgres_server, sqlite_copy, sqlite_template
from hypothesis import settings as hypothesis_settings
from moments import MORNING
from sqlalchemy import Engine

from hub.config import Settings, load_config
from hub.models.database import open_engine
from hub.models.runs import Run
from hub.sync.ledger import begin_run

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]

# The same examples every time: a red build can be repeated.
hypothesis_settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
hypothesis_settings.load_profile("repeatable")

HUB_YAML = """
warehouse: {warehouse}
archive: ./archive
systems:
  acme_salesforce:
    kind: salesforce
    role: vendor
    priority: 10
    instance_url: http://salesforce.example
    auth: {{flow: client_credentials, client_id: an-id, client_secret: a-secret}}
  acme_hubspot:
    kind: hubspot
    role: vendor
    priority: 20
    base_url: http://hubspot.example
    auth: {{access_token: a-token}}
  northwind:
    kind: feed
    role: distributor
    priority: 30
    reports: {{pos: {{path: "feeds/pos_*.csv", profile: northwind_pos}}}}
policy: policy.yaml
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--judgements", type=int, default=12, help="how many random judgements are previewed"
    )
    parser.addoption(
        "--fire-steps", type=int, default=1400, help="steps under fire, on each kind of database"
    )
    parser.addoption(
        "--fire-world", type=int, default=50, help="steps before the dust of a world settles"
    )
    parser.addoption("--fire-seed", type=int, help="other worlds than those of every other run")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "postgresql: needs a PostgreSQL server, which the tests start by themselves"
    )


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sqlite_template(tmp_path_factory.mktemp("schema"))


@pytest.fixture(params=DATABASES)
def warehouse_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the newest schema and no rows, once of each kind."""
    if request.param == "sqlite":
        yield sqlite_copy(request.getfixturevalue("sqlite_schema"), tmp_path / "hub.db")
    else:
        with request.getfixturevalue("postgres").emptied() as url:
            yield url


@pytest.fixture
def engine(warehouse_url: str) -> Iterator[Engine]:
    engine = open_engine(warehouse_url)
    yield engine
    engine.dispose()


@pytest.fixture
def fresh(
    request: pytest.FixtureRequest, engine: Engine, sqlite_schema: Path, tmp_path: Path
) -> Iterator[Engine]:
    """Another warehouse of the same kind, without rows."""
    if engine.dialect.name == "sqlite":
        opened = open_engine(sqlite_copy(sqlite_schema, tmp_path / "replayed.db"))
        yield opened
        opened.dispose()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        opened = open_engine(url)
        yield opened
        opened.dispose()


@pytest.fixture
def settings(warehouse_url: str, tmp_path: Path) -> Settings:
    """Two CRMs and a feed, mapped as stock, in a folder of their own; nobody answers there."""
    (tmp_path / "policy.yaml").write_text("version: test-1\n")
    file = tmp_path / "hub.yaml"
    file.write_text(HUB_YAML.format(warehouse=warehouse_url))
    return load_config(file)


@pytest.fixture
def run(engine: Engine) -> Run:
    return begin_run(engine, "sync", "a-config", MORNING)
