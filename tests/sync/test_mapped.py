"""A configuration that names what is not there is refused before anything runs, by file and key."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from sqlalchemy import Engine

from hub.config import Settings, load_config
from hub.errors import ConfigError
from hub.models.database import reading
from hub.models.frames import polars_type
from hub.policy.settings import load_policy
from hub.sync.assigned import ALWAYS, SHARED
from hub.sync.columns import PUSHED
from hub.sync.desired import DESIRED
from hub.sync.mapped import load_settings

CRM = {
    "kind": "salesforce",
    "role": "vendor",
    "instance_url": "http://salesforce.example",
    "auth": {"flow": "client_credentials", "client_id": "an-id", "client_secret": "a-secret"},
}
ACCOUNT: dict[str, Any] = {"source": "company", "pull": {"Name": "name"}}
LEAD: dict[str, Any] = {
    "source": "lead",
    "pull": {"LastName": "last_name"},
    "push": {"entity": "lead", "fields": {"Hub_Partner_Name__c": "partner_name"}},
}


def _file(folder: Path, text: str) -> Path:
    file = folder / "hub.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def _mapped(folder: Path, **objects: Any) -> Path:
    return _file(
        folder,
        yaml.safe_dump({"systems": {"crm": CRM}, "mappings": {"crm": objects}}, sort_keys=False),
    )


def _refused(file: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    assert caught.value.file == str(file)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("systems: [a]", "systems"),
        ("systems: a", "systems"),
        ("systems: {a: [b]}", "systems.a"),
        ("systems: {a: {kind: [b], role: vendor}}", "systems.a.kind"),
        ("systems: {1: {kind: feed, role: vendor}}", "systems.1"),
        ("systems: {}", "systems"),
        ("systems: {a: {kind: nowhere, role: vendor}}", "systems.a.kind"),
        ("mappings: [a]\nsystems: {a: {kind: feed, role: vendor, reports: {}}}", "mappings"),
        ("mappings: {a: [b]}\nsystems: {a: {kind: feed, role: vendor, reports: {}}}", "mappings.a"),
        ("mappings: {b: {}}\nsystems: {a: {kind: feed, role: vendor, reports: {}}}", "mappings.b"),
        ("file: other.yaml\nsystems: {a: {kind: feed, role: vendor, reports: {}}}", "file"),
        ("config_hash: abc\nsystems: {a: {kind: feed, role: vendor, reports: {}}}", "config_hash"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_by_its_key(tmp_path: Path, text: str, key: str) -> None:
    assert _refused(_file(tmp_path, text)).key == key


def _lead(**push: Any) -> dict[str, Any]:
    return {**LEAD, "push": {**LEAD["push"], **push}}


@pytest.mark.parametrize(
    ("objects", "key", "message"),
    [
        (
            {"Account": {**ACCOUNT, "source": "firm"}},
            "Account.source",
            "there is no source table for 'firm'.",
        ),
        (
            {"Account": {**ACCOUNT, "pull": {"Name": "nome"}}},
            "Account.pull.Name",
            "src_company has no column 'nome'.",
        ),
        (
            {"Account": {**ACCOUNT, "pull": {"Id": "record_id"}}},
            "Account.pull.Id",
            "src_company has no column 'record_id'.",
        ),
        (
            {"Account": {**ACCOUNT, "pull": {"Name": "name", "Alias": "name"}}},
            "Account.pull.Alias",
            "column 'name' is filled by Name already.",
        ),
        (
            {"Account": {**ACCOUNT, "values": {"partner_tier": {"A": "gold"}}}},
            "Account.values.partner_tier",
            "no pulled field fills this column.",
        ),
        ({"Lead": _lead(entity="deal")}, "Lead.push.entity", "'deal' has no desired state."),
        (
            {"Lead": _lead(fields={"X__c": "protected_until"})},
            "Lead.push.fields.X__c",
            "the desired state of a lead has no column 'protected_until'.",
        ),
        (
            {"Lead": _lead(create={"key": "K__c", "fields": {"X__c": "tier"}})},
            "Lead.push.create.fields.X__c",
            "the desired state of a lead has no column 'tier'.",
        ),
        (
            {"Lead": _lead(fields={"X__c": {"column": "contact_id", "ref": "Person"}})},
            "Lead.push.fields.X__c",
            "no object 'Person' of this system is mapped.",
        ),
        (
            {"Lead": _lead(fields={"X__c": {"column": "lead_id", "ref": "Lead"}})},
            "Lead.push.fields.X__c",
            "`ref` cannot stand for 'lead_id'.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_a_mapping_that_names_what_is_not_there_is_refused_with_what_is(
    tmp_path: Path, objects: dict[str, Any], key: str, message: str
) -> None:
    error = _refused(_mapped(tmp_path, **objects))
    assert error.key == f"mappings.crm.{key}"
    assert f": {message}" in error.message


def test_minimum_rows_of_an_object_that_is_not_mapped_are_refused(tmp_path: Path) -> None:
    system = {**CRM, "minimum_rows": {"Acount": 5}}
    error = _refused(_file(tmp_path, yaml.safe_dump({"systems": {"crm": system}})))
    assert error.key == "systems.crm.minimum_rows.Acount"
    assert "Account" in error.remedy


def test_the_stock_mappings_stand_the_check(tmp_path: Path, settings: Settings) -> None:
    assert load_settings(settings.file) == load_config(settings.file)
    load_settings(_mapped(tmp_path, Account=ACCOUNT, Lead=LEAD))


def test_the_columns_to_push_are_those_of_the_desired_states_with_their_types(
    engine: Engine, settings: Settings
) -> None:
    nobody, policy = pl.DataFrame(schema={"id": pl.String}), load_policy(settings)
    beside = {"hub_id", "why", "create", "id", "run", "source_rows"}
    assert set(PUSHED) == {*DESIRED, "assigned_lead"}
    assert set(PUSHED["assigned_lead"]) == {*ALWAYS, *SHARED}
    for entity, made in DESIRED.items():
        with reading(engine) as conn:
            frame = made(conn, nobody, policy)
        found = {name: kind for name, kind in frame.schema.items() if name not in beside}
        expected = {name: polars_type(c.type) for name, c in PUSHED[entity].items()}
        assert found == expected, entity
