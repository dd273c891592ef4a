"""The reference tables name all there is and nothing else; links and anchors lead somewhere."""

import dataclasses
import re
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import click
import msgspec
import pytest
import yaml
from demo_folder import Demo
from pages import DOCS, PAGES, Table, anchors, links, tables
from pydantic import BaseModel, SecretStr
from sqlalchemy import Column
from sqlalchemy.types import BigInteger, Boolean, Date, Float, Integer
from test_docs import desired_columns

from hub import marts
from hub.checks import codes
from hub.checks.laws import OUTCOMES
from hub.checks.rules import RULES
from hub.checks.schemas import schema_of
from hub.cli import main
from hub.commands.warehouse import open_workplace
from hub.config import ObjectMapping, stock_mapping
from hub.connectors.feed.canonical import COLUMNS, FIELDS
from hub.connectors.rest import config as rest_config
from hub.models import metadata
from hub.models.base import Money, UtcTime
from hub.models.golden import HISTORIES
from hub.models.sources import HOUSEKEEPING, SOURCES
from hub.sync.assigned import ALWAYS, SHARED
from hub.sync.desired import DESIRED
from sandbox import hubspot, partner_api, salesforce
from sandbox.faults import FaultFile, Knowledge
from sandbox.faults.file import rules_of
from sandbox.faults.rules import Match
from sandbox.faults.transport import TRANSPORT
from sandbox.hubspot import control as hubspot_control
from sandbox.hubspot import faults as hubspot_faults
from sandbox.partner_api import control as partner_control
from sandbox.partner_api import faults as portal_faults
from sandbox.requestlog import CONTROL_PREFIX
from sandbox.salesforce import control as salesforce_control
from sandbox.salesforce import faults as salesforce_faults
from sandbox.world.truth import Truth


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _the(kind: str) -> Table:
    (table,) = tables(kind)
    return table


# -- configuration -------------------------------------------------------------------------------


def _model(dotted: str) -> type[BaseModel]:
    module, _, name = dotted.rpartition(".")
    found: type[BaseModel] = getattr(import_module(module), name)
    return found


def _fields(mark: str) -> dict[str, Any]:
    """Fields that `keys: MODEL [except a b] [beyond BASE]` stands for."""
    words = mark.removeprefix("keys: ").split()
    fields = {f.alias or name: f for name, f in _model(words[0]).model_fields.items()}
    left_out = words[2:] if "except" in words else []
    if "beyond" in words:
        left_out = list(_model(words[2]).model_fields)
    return {name: field for name, field in fields.items() if name not in left_out}


@pytest.mark.parametrize("table", tables("keys"), ids=lambda t: f"{t} {t.mark.split('.')[-1]}")
def test_a_table_of_keys_lists_all_keys_with_their_defaults(table: Table) -> None:
    fields = _fields(table.mark)
    assert sorted(table.names) == sorted(fields)
    for name, cell in table.by_name(2).items():
        assert cell == "required" if fields[name].is_required() else cell != "required", name
        if not fields[name].is_required():
            assert yaml.safe_load(cell.strip("`")) == _default(fields[name]), name


def _default(field: Any) -> Any:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    return list(value) if isinstance(value, tuple) else value


def _models_of_rest() -> list[str]:
    return [
        name
        for name, model in vars(rest_config).items()
        if isinstance(model, type)
        and issubclass(model, BaseModel)
        and model.__module__ == rest_config.__name__
    ]


def test_every_model_of_the_configuration_has_its_table() -> None:
    documented = {table.mark.split()[1] for table in tables("keys")}
    assert documented == {
        *(f"hub.config.{name}" for name in ("Settings", "SystemBase", "Agreement")),
        *(f"hub.planning.{name}" for name in ("PlanSettings", "SystemPlanRule", "ObjectPlanRule")),
        *(f"hub.planning.{name}" for name in ("Above", "Brake")),
        *(
            f"hub.connectors.salesforce.config.{name}"
            for name in (
                *("SalesforceSystem", "ClientCredentials", "RefreshToken"),
                *("JwtBearer", "SoapLogin"),
            )
        ),
        *(
            f"hub.connectors.hubspot.config.{name}"
            for name in ("HubSpotSystem", "BearerToken", "InstalledApp")
        ),
        *(f"hub.connectors.feed.config.{name}" for name in ("FeedSystem", "FeedReport", "Asked")),
        *(f"hub.connectors.rest.config.{name}" for name in _models_of_rest()),
        *(
            f"hub.connectors.files.config.{name}"
            for name in ("FilesSystem", "LeadFile", "AnswerFiles", "AnswerColumns")
        ),
        *(
            f"hub.mappings.schema.{name}"
            for name in (
                *("ObjectMapping", "FieldRule", "RegistrationRule"),
                *("PushRule", "CreateRule", "PushField"),
            )
        ),
        *(f"hub.mappings.inclusion.{name}" for name in ("Inclusion", "Condition")),
        *(f"hub.policy.settings.{n}" for n in ("Policy", "RegistrationPolicy", "RoutingPolicy")),
        *(f"hub.policy.settings.{n}Policy" for n in ("Calendar", "Siso", "Allocation")),
        "hub.config.MatchingSettings",
        "hub.config.UndoRules",
        "hub.connectors.feed.profile.Profile",
    }


def test_the_stock_mappings_are_those_listed() -> None:
    for row in _the("stock").rows:
        kind = row[0].strip("`")
        assert re.findall(r"`(\w+)`", row[1]) == list(stock_mapping(kind))
        assert re.findall(r"`(\w+)`", row[2]) == list(stock_mapping(kind, "partner"))


def test_the_codes_are_those_listed() -> None:
    listed = {row[0]: tuple(re.findall(r"`(\w+)`", row[1])) for row in _the("codes").rows}
    assert listed == {
        "`company_type`": codes.COMPANY_TYPES,
        "`partner_tier`": codes.PARTNER_TIERS,
        "`partner_status`": codes.PARTNER_STATUSES,
        "`status` of a lead": codes.LEAD_STATUSES,
        "`status` of an assigned lead": codes.ASSIGNMENT_STATUSES,
        "`reason` of a returned lead": codes.RETURN_REASONS,
    }


def test_the_columns_that_can_be_pushed_are_those_listed(made: Demo) -> None:
    place = open_workplace(made.folder / "hub.yaml")
    listed = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in _the("desired").rows
    }
    assert set(listed) == set(DESIRED)
    beside = {"hub_id", "why", "create", "id", "run", "source_rows"}
    for entity, columns in listed.items():
        assert desired_columns(place.engine, place.settings, entity) - beside == columns, entity


def test_the_columns_of_an_assigned_lead_are_those_listed() -> None:
    assert _the("assigned lead").names == [*ALWAYS, *SHARED]


def test_the_columns_of_a_profile_are_those_listed() -> None:
    found = re.search(
        r"`columns` may name, of sales: (.+?);\nof stock: (.+?);\nof claims: (.+?);\n"
        r"of shipments: (.+?)\.\n",
        _page("configuration.md"),
        re.DOTALL,
    )
    assert found is not None
    listed = [tuple(re.findall(r"`(\w+)`", found[at])) for at in (1, 2, 3, 4)]
    assert listed == [COLUMNS[obj] for obj in ("pos_line", "inventory_line", "claim", "shipment")]


@pytest.mark.parametrize("obj", ["report", "pos_line", "inventory_line", "claim", "shipment"])
def test_a_feed_tells_every_column_of_its_table(obj: str) -> None:
    columns = {c.name for c in SOURCES[obj].columns} - set(HOUSEKEEPING)
    assert set(FIELDS[obj]) == columns


# -- warehouse -----------------------------------------------------------------------------------


def _kinds(column: Column[Any]) -> set[str]:
    """The words that the documentation may use for a column's type."""
    kind = column.type
    if isinstance(kind, Money):
        return {"money" if kind.scale == 2 else "unit price"}
    for of, word in (
        (UtcTime, "time"),
        (Boolean, "boolean"),
        (BigInteger, "integer"),
        (Integer, "integer"),
        (Float, "number"),
        (Date, "date"),
    ):
        if isinstance(kind, of):
            return {word}
    return {"text", "JSON"}


@pytest.mark.parametrize("table", tables("columns"), ids=lambda t: t.mark)
def test_a_table_of_columns_lists_all_columns_with_their_types(table: Table) -> None:
    name = table.mark.removeprefix("columns: ")
    listed = table.by_name(1)
    if name == "src_*":
        for source in SOURCES.values():
            columns = [c for c in source.columns if c.name in HOUSEKEEPING]
            assert set(listed) == {c.name for c in columns}
            assert [c.name for c in columns if listed[c.name] not in _kinds(c)] == []
        return
    columns = [
        c
        for c in metadata.tables[name].columns
        if not (name.startswith("src_") and c.name in HOUSEKEEPING)
    ]
    assert sorted(table.names) == sorted(c.name for c in columns)
    assert [c.name for c in columns if listed[c.name] not in _kinds(c)] == []


def test_every_table_of_the_warehouse_is_documented() -> None:
    documented = {table.mark.removeprefix("columns: ") for table in tables("columns")} - {"src_*"}
    histories = {history.name for history in HISTORIES.values()}
    assert documented == set(metadata.tables) - histories
    named = set(re.findall(r"`(\w+_history)`", _page("warehouse.md")))
    assert named == histories


def test_every_view_is_documented() -> None:
    assert sorted(re.findall(r"<!-- view: (\w+) -->", _page("warehouse.md"))) == marts.names()


# -- operations ----------------------------------------------------------------------------------


def _commands(command: click.Command, path: str = "hub") -> dict[str, set[str]]:
    """Command line → its options beside those that all have."""
    found: dict[str, set[str]] = {}
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            # A hidden command is what the group does with what is no command.
            found |= _commands(child, path if child.hidden else f"{path} {name}")
        if not command.invoke_without_command:
            return found
    options = {
        option
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--")
    }
    return {**found, path: options - {"--config", "--json", "--help"}}


def test_every_command_is_documented_with_its_options() -> None:
    listed = {
        re.match(r"(?:hub)(?: [a-z]+)+", name)[0]: set(re.findall(r"--[a-z-]+", name))  # type: ignore[index]
        for name in _the("commands").names
    }
    assert listed == _commands(main)


def test_every_rule_is_documented() -> None:
    used = {
        check.name
        for source in SOURCES
        for c in schema_of(source).columns.values()
        for check in c.checks
    }
    assert {rule.name for rules in RULES.values() for rule in rules} <= used
    assert set(_the("rules").names) == used


def test_laws_and_outcomes_are_documented() -> None:
    assert _the("laws").names == [
        *("conservation", "fixpoint", "identity", "isolation", "reversibility", "honesty"),
        "frugality",
    ]
    assert sorted(_the("outcomes").names) == sorted(OUTCOMES)


# -- connectors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["salesforce", "hubspot"])
def test_the_fields_that_the_hub_writes_are_listed(kind: str) -> None:
    (table,) = [t for t in tables("written") if t.mark == f"written: {kind}"]
    listed = {name for row in table.rows for name in re.findall(r"`(\w+)`", row[1])}
    owned, settable = set(), set()
    for raw in stock_mapping(kind).values():
        push = ObjectMapping.model_validate(raw).push
        if push is not None:
            owned |= {*push.fields, *([push.create.key] if push.create else [])}
            settable |= {*push.fields, *(push.create.fields if push.create else {})}
    assert owned <= listed <= owned | settable


def test_every_custom_field_of_the_stock_salesforce_mapping_is_named() -> None:
    page = _page("connectors/salesforce.md")
    mapped = {
        name
        for raw in stock_mapping("salesforce").values()
        for name in ObjectMapping.model_validate(raw).all_fields
    }
    missing = [n for n in sorted(mapped) if n.endswith("__c") and not re.search(rf"[`.]{n}`", page)]
    assert missing == []


# -- sandbox -------------------------------------------------------------------------------------


def test_the_keys_of_the_request_log_and_the_truth_file_are_those_listed(made: Demo) -> None:
    log = (made.folder / "sandbox" / "requests.jsonl").read_text().splitlines()
    assert sorted(_the("log").names) == sorted(msgspec.json.decode(log[0]))
    fields = {field.name for field in msgspec.structs.fields(Truth)}
    assert {name for row in _the("truth").rows for name in re.findall(r"`(\w+)`", row[0])} == fields
    assert set(made.truth) == fields


@pytest.mark.parametrize("table", tables("switches"), ids=lambda t: t.mark)
def test_a_switch_in_the_documentation_exists_with_that_default(table: Table) -> None:
    system = {"salesforce": salesforce, "hubspot": hubspot, "partner_api": partner_api}[
        table.mark.removeprefix("switches: ")
    ]
    switches = system.Switches()
    told = dataclasses.asdict(switches)
    for name, cell in table.by_name(1).items():
        default = list(told[name]) if isinstance(told[name], tuple) else told[name]
        assert yaml.safe_load(cell.strip("`")) == default, name


def test_a_control_route_in_the_documentation_exists() -> None:
    org = SimpleNamespace(switches=salesforce.Switches())
    routes = {
        "salesforce": {route.path for route in salesforce_control.control_routes(org)},  # type: ignore[arg-type]
        "hubspot": {rule.path for rule in hubspot_control.rules()},
        "partner_api": {route.path for route in partner_control.control_routes(org)},  # type: ignore[arg-type]
    }
    for table in tables("routes"):
        system = table.mark.removeprefix("routes: ")
        assert {f"{CONTROL_PREFIX}/{name}" for name in table.names} <= routes[system]


def test_the_ways_to_match_and_the_kinds_of_faults_are_those_listed() -> None:
    fields = {field.name: field.default for field in msgspec.structs.fields(Match)}
    listed = _the("match").by_name(1)
    assert {name: yaml.safe_load(cell.strip("`")) for name, cell in listed.items()} == fields
    assert _the("transport").names == list(TRANSPORT)
    for table in tables("kinds"):
        kinds = _knowledge(table.mark.removeprefix("kinds: ")).kinds
        assert sorted(table.names) == sorted(kinds)


@pytest.mark.parametrize("match", [{"every": 3}, {"probability": 0.1}], ids=["count", "chance"])
@pytest.mark.parametrize(("system", "column"), [("salesforce", 1), ("hubspot", 2)])
def test_every_fault_of_the_documentation_strikes_by_count_and_by_chance(
    system: str, column: int, match: dict[str, float]
) -> None:
    told = [row[column].strip("`") for row in _the("faults").rows if row[column] != "·"]
    given = [yaml.safe_load(cell) for cell in told]
    rules = [{**rule, "match": {**rule.get("match", {}), **match}} for rule in given]
    assert len(rules) > 20
    made = rules_of(FaultFile(systems={system: rules}), system, _knowledge(system))
    assert [rule.kind for rule in made] == [rule["kind"] for rule in rules]


def _knowledge(system: str) -> Knowledge:
    """What a system tells the fault engine; handlers are made, not called."""
    account: Any = SimpleNamespace(store=salesforce.SalesforceStore(None))
    made = {
        "salesforce": salesforce_faults,
        "hubspot": hubspot_faults,
        "partner_api": portal_faults,
    }
    return made[system].knowledge(account)


# -- links ---------------------------------------------------------------------------------------


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page, target in links():
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.is_file() or (anchor and anchor not in anchors(file)):
            broken.append(f"{page.name}: {target}")
    assert broken == []


def test_every_page_ends_its_fences() -> None:
    assert [p.name for p in PAGES if p.read_text(encoding="utf-8").count("\n```") % 2] == []
