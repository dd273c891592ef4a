"""The documentation is true: every example runs and says what the page says it says."""

import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from databases import PostgresServer
from demo_folder import Demo, run
from pages import Block, blocks
from sqlalchemy import Engine, select

from hub.commands.init import template
from hub.commands.warehouse import open_workplace
from hub.config import Settings, load_config
from hub.connectors.feed.profile import load_profile
from hub.models import metadata, partitions
from hub.models.database import open_engine, reading, writing
from hub.models.sources import SOURCES
from hub.policy.settings import load_policy
from hub.sync.assigned import held_leads
from hub.sync.desired import DESIRED
from hub.sync.isolation import ENTITY as ASSIGNED
from sandbox.faults import Knowledge, read_faults
from sandbox.faults.file import rules_of

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")
_EXIT = re.compile(r"\s+# exit (\d)$")


def _flat(text: str) -> list[str]:
    """Lines without the padding of tables."""
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines()]


# -- console -------------------------------------------------------------------------------------


def _steps(block: Block) -> list[tuple[list[str], int, list[str]]]:
    """(arguments, exit code, expected lines) of each `$ hub …` of a block."""
    steps: list[tuple[list[str], int, list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            code = _EXIT.search(line)
            command = shlex.split(_EXIT.sub("", line.removeprefix("$ ")))
            assert command[0] == "hub", f"{block}: only hub is run"
            steps.append((command[1:], int(code[1]) if code else 0, []))
        else:
            steps[-1][2].append(line)
    return steps


def _says(told: list[str], expected: list[str]) -> bool:
    """Whether the lines are as expected; `…` is any text, and alone on a line any lines."""
    parts = [
        r"(?:.*\n)*" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n"
        for line in expected
    ]
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in told)) is not None


@pytest.mark.parametrize("block", blocks("console"), ids=str)
def test_a_console_example_runs_and_says_so(
    block: Block, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo.folder)
    for arguments, code, expected in _steps(block):
        answer = run(*arguments)
        assert answer.code == code, f"{arguments}: {answer.err}"
        if expected:
            told, lines = _flat(answer.out), _flat("\n".join(expected))
            assert _says(told, lines), f"{arguments} said: {answer.out}"


# -- sql -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def on_sqlite(made: Demo) -> Engine:
    return open_workplace(made.folder / "hub.yaml").engine


@pytest.fixture(scope="module")
def on_postgresql(on_sqlite: Engine, postgres: PostgresServer) -> Iterator[Engine]:
    """A PostgreSQL warehouse that holds the same rows."""
    with postgres.database() as url:
        engine = open_engine(url)
        with reading(on_sqlite) as told, writing(engine) as conn:
            for table in metadata.sorted_tables:
                rows = [dict(row) for row in told.execute(select(table)).mappings()]
                if rows:
                    key = partitions.key_of(table)
                    if key is not None:
                        partitions.make_room(conn, table, [str(row[key]) for row in rows])
                    conn.execute(table.insert(), rows)
        yield engine
        engine.dispose()


def _rows(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    """As a client without SQLAlchemy sees them."""
    with reading(engine) as conn:
        cursor = conn.connection.cursor()
        cursor.execute(sql)
        return list(cursor.fetchall())


def _plain(value: object) -> str:
    """A value as text that both databases would say it in: times to the second in UTC, numbers to
    the cent, truth as 0 or 1."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool | int | float | Decimal):
        return f"{float(value):.2f}"
    text = "" if value is None else str(value)
    return text[:19] if _TIME.fullmatch(text) else text


@pytest.mark.parametrize("block", blocks("sql"), ids=str)
def test_a_query_answers_on_sqlite(block: Block, on_sqlite: Engine) -> None:
    assert _rows(on_sqlite, block.text) or "-- may be empty" in block.text


@pytest.mark.postgresql
@pytest.mark.parametrize("block", blocks("sql"), ids=str)
def test_a_query_answers_the_same_on_postgresql(
    block: Block, on_sqlite: Engine, on_postgresql: Engine
) -> None:
    told, expected = (
        sorted(tuple(map(_plain, row)) for row in _rows(engine, block.text))
        for engine in (on_postgresql, on_sqlite)
    )
    assert told == expected


# -- yaml ----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration folder as `hub init` writes it, every secret of the documentation set."""
    for block in blocks("yaml"):
        for name in re.findall(r"\$\{(\w+)\}", block.text):
            monkeypatch.setenv(name, "a-secret")
    for name in ("SF_CLIENT_ID", "SF_CLIENT_SECRET", "HUBSPOT_TOKEN"):
        monkeypatch.setenv(name, "a-secret")
    for name in ("hub.yaml", "policy.yaml"):
        (tmp_path / name).write_text(template(name), encoding="utf-8")
    return tmp_path


def _merged(whole: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    merged = dict(whole)
    for key, value in part.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = value
    return merged


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_a_configuration_example_is_valid(block: Block, folder: Path, on_sqlite: Engine) -> None:
    title = block.text.splitlines()[0].removeprefix("# ")
    file = folder / "hub.yaml"
    if title == "faults.yaml":
        (folder / title).write_text(block.text, encoding="utf-8")
        faults = read_faults(folder / title)
        assert all(rules_of(faults, system, Knowledge()) for system in faults.systems)
        return
    if title == "part of hub.yaml":
        whole = _merged(yaml.safe_load(file.read_text()), yaml.safe_load(block.text))
        file.write_text(yaml.safe_dump(whole), encoding="utf-8")
    else:
        target = folder / title
        target.parent.mkdir(exist_ok=True)
        target.write_text(block.text, encoding="utf-8")
    settings = load_config(file)
    load_policy(settings)
    if title.startswith("profiles/"):
        load_profile(Path(title).stem, settings)
    _mappings_name_real_columns(settings, on_sqlite)


def _mappings_name_real_columns(settings: Settings, engine: Engine) -> None:
    for objects in settings.mappings.values():
        for mapping in objects.values():
            columns = set(SOURCES[mapping.source].columns.keys())
            assert set(mapping.pull.values()) <= columns
            assert set(mapping.values) <= set(mapping.pull.values())
            push = mapping.push
            if push is not None:
                fields = [
                    *push.fields.values(),
                    *(push.create.fields if push.create else {}).values(),
                ]
                pushed = {field.column for field in fields if field.column}
                assert pushed <= desired_columns(engine, settings, push.entity)


def desired_columns(engine: Engine, settings: Settings, entity: str) -> set[str]:
    """What a mapping may push of an entity."""
    policy = load_policy(settings)
    nobody = pl.DataFrame(schema={"id": pl.String})
    with reading(engine) as conn:
        if entity == ASSIGNED:
            return set(held_leads(conn, nobody, []).columns)
        return set(DESIRED[entity](conn, nobody, policy).columns)


# -- json ----------------------------------------------------------------------------------------


def _decide_anew(demo: Demo) -> None:
    """The vendor moves the hero's deal on, so that something is left to write."""
    deal = demo.truth["hero"]["deal"]
    fields = demo.hub("explain", "registration", "re_00000001", "--json").json["fields"]
    status = next(field["value"] for field in fields if field["field"] == "status")
    stage = "reg_in_review" if status == "info_requested" else "reg_info_requested"
    demo.hubspot_edit("deals", deal, dealstage=stage)
    demo.hub("sync", "--only", "acme_hubspot/deals", "--no-apply")


def _same_shape(documented: Any, told: Any, at: str) -> None:
    if isinstance(documented, dict):
        assert isinstance(told, dict), at
        if len(documented) == 1 and next(iter(documented)).isupper():
            for key, value in told.items():
                _same_shape(next(iter(documented.values())), value, f"{at}.{key}")
            return
        assert set(told) == set(documented), at
        for key, value in documented.items():
            _same_shape(value, told[key], f"{at}.{key}")
    elif isinstance(documented, list):
        assert isinstance(told, list), at
        if documented and told:
            _same_shape(documented[0], told[0], f"{at}[0]")
    elif documented is not None and told is not None and at.rpartition(".")[2] != "INPUT":
        kinds = (int, float) if type(documented) is float else (type(documented),)
        assert isinstance(told, kinds), at


@pytest.mark.parametrize("block", [b for b in blocks("json") if b.mark], ids=str)
def test_json_has_the_documented_shape(block: Block, demo: Demo) -> None:
    command = block.mark.removeprefix("shape: hub ").split()
    if command[0] in ("plan", "apply"):
        _decide_anew(demo)
    if "PLAN" in command:
        plan = demo.hub("plan", "--json").json["plan"]
        command[command.index("PLAN")] = plan
    if "FILE" in command:
        dropped = sorted((demo.folder / "feeds" / "northwind").glob("pos_*.csv"))
        command[command.index("FILE")] = str(dropped[0])
    answer = demo.hub(*command)
    if command[0] == "plan":
        assert answer.json["changes"]
    _same_shape(json.loads(block.text), answer.json, "")


def test_every_json_example_names_the_command_it_is_of() -> None:
    assert [
        str(block) for block in blocks("json") if not block.mark.startswith("shape: hub ")
    ] == []
