"""The linter finds each defect that is put into a sound mapping, and nothing in the sound one."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hub.config import load_config
from hub.errors import ConfigError
from hub.sync.lint import lint
from hub.sync.lint.faults import Fault, line_of
from hub.sync.mapped import load_settings

SYSTEMS = ("one", "two", "three")
COLUMNS = ("phone", "street", "city", "region", "postal_code", "industry", "tax_id")
Mappings = dict[str, dict[str, Any]]


def _system(name: str) -> dict[str, Any]:
    auth = {"flow": "client_credentials", "client_id": "an-id", "client_secret": "a-secret"}
    url = f"http://{name}.example"
    return {"kind": "salesforce", "role": "vendor", "instance_url": url, "auth": auth}


def _file(folder: Path, mappings: Mappings) -> Path:
    raw = {"systems": {name: _system(name) for name in mappings}, "mappings": mappings}
    file = folder / "hub.yaml"
    file.write_text(yaml.safe_dump(raw, sort_keys=False))
    return file


def _found(folder: Path, mappings: Mappings) -> list[Fault]:
    return list(lint(load_config(_file(folder, mappings))))


@st.composite
def sound(draw: st.DrawFn) -> Mappings:
    """Two or three systems that share some columns of companies, each column with one owner."""
    systems = SYSTEMS[: draw(st.integers(2, 3))]
    fields: dict[str, dict[str, Any]] = {name: {"Name": "name"} for name in systems}
    for column in draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=4, unique=True)):
        owner = draw(st.sampled_from(systems))
        for name in systems:
            direction = draw(st.sampled_from(("pull", "push", "both")))
            rule: dict[str, Any] = {"column": column, "direction": direction}
            if name == owner and direction == "push":
                rule["direction"] = "both"
            if rule["direction"] != "push":
                rule["authority"] = owner
            if rule["direction"] == "both":
                rule["drift"] = draw(st.sampled_from(("reassert", "accept", "flag")))
            if name == owner:
                rule["blank_in"] = draw(st.sampled_from(("ignore", "clear")))
            fields[name][f"{column}_of_{name}"] = rule
    return {name: {"Account": {"source": "company", "fields": fields[name]}} for name in systems}


def _rules(mappings: Mappings, system: str) -> dict[str, Any]:
    fields: dict[str, Any] = mappings[system]["Account"]["fields"]
    return fields


def _no_owner(mappings: Mappings) -> None:
    """Two systems read and write a column, and nobody says whose it is."""
    for system in ("one", "two"):
        _rules(mappings, system)["Fax"] = {"column": "employees", "direction": "both"}


def _two_owners(mappings: Mappings) -> None:
    for system in ("one", "two"):
        rule = {"column": "employees", "direction": "both", "authority": system}
        _rules(mappings, system)["Fax"] = rule


def _mute_owner(mappings: Mappings) -> None:
    rule = {"column": "employees", "direction": "both", "authority": "two"}
    _rules(mappings, "one")["Fax"] = rule


def _circle(mappings: Mappings) -> None:
    """What `one` says in Alpha ends up in its Beta by way of `two`, and comes back."""
    read, write = {"direction": "pull"}, {"direction": "push"}
    _rules(mappings, "one")["Alpha"] = {"column": "employees", **read}
    _rules(mappings, "two")["Gamma"] = {"column": "employees", **write}
    mappings["two"]["Account"]["pull"] = {"Gamma": "duns"}
    mappings["two"]["Account"]["push"] = {
        "entity": "company", "fields": {"Gamma": {"column": "employees"}}
    }  # fmt: skip
    del _rules(mappings, "two")["Gamma"]
    del _rules(mappings, "one")["Alpha"]
    mappings["one"]["Account"]["pull"] = {"Alpha": "employees"}
    mappings["one"]["Account"]["push"] = {
        "entity": "company", "fields": {"Alpha": {"column": "duns"}}
    }  # fmt: skip


def _two_spellings(mappings: Mappings) -> None:
    push = {"direction": "push"}
    _rules(mappings, "one")["Fax__c"] = {"column": "employees", **push}
    _rules(mappings, "one")["fax__c"] = {"column": "duns", **push}


def _other_on_creation(mappings: Mappings) -> None:
    _rules(mappings, "one")["Fax"] = {"column": "employees", "direction": "push"}
    create = {"key": "Key__c", "fields": {"Fax": "duns"}}
    mappings["one"]["Account"]["push"] = {"entity": "company", "create": create}


def _foreign_blank(mappings: Mappings) -> None:
    for system in ("one", "two"):
        rule = {"column": "employees", "direction": "both", "authority": "one"}
        _rules(mappings, system)["Fax"] = rule
    _rules(mappings, "two")["Fax"]["blank_in"] = "clear"


def _accept_unread(mappings: Mappings) -> None:
    rule = {"column": "employees", "direction": "push", "drift": "accept"}
    _rules(mappings, "one")["Fax"] = rule


def _unknown_code(mappings: Mappings) -> None:
    rule = {"column": "partner_tier", "values": {"Gold": "golden"}}
    _rules(mappings, "one")["Tier"] = rule


def _unknown_code_written(mappings: Mappings) -> None:
    rule = {"column": "partner_tier", "direction": "push", "map": {"golden": "Gold"}}
    _rules(mappings, "one")["Tier"] = rule


def _codes_left_out(mappings: Mappings) -> None:
    rule = {"column": "partner_tier", "direction": "push", "map": {"gold": "Gold"}}
    _rules(mappings, "one")["Tier"] = {**rule, "blank_out": "clear"}


def _not_read_back(mappings: Mappings) -> None:
    rule = {"column": "partner_tier", "direction": "both", "map": {"gold": "Silver"}}
    _rules(mappings, "one")["Tier"] = {**rule, "values": {"Silver": "silver"}}


def _unknown_owner(mappings: Mappings) -> None:
    _rules(mappings, "one")["Fax"] = {"column": "employees", "authority": "nobody"}


DEFECTS: dict[Callable[[Mappings], None], str] = {
    _no_owner: "two_claims",
    _two_owners: "two_authorities",
    _mute_owner: "authority_without_value",
    _circle: "cycle",
    _two_spellings: "two_writers",
    _other_on_creation: "two_writers",
    _foreign_blank: "blank_of_another",
    _accept_unread: "accept_unread",
    _unknown_code: "unknown_code",
    _unknown_code_written: "unknown_code",
    _codes_left_out: "unknown_code",
    _not_read_back: "not_read_back",
    _unknown_owner: "unknown_name",
}

_few = hypothesis_settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_few
@given(mappings=sound())
def test_a_sound_mapping_passes(tmp_path: Path, mappings: Mappings) -> None:
    assert _found(tmp_path, mappings) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda f: f.__name__.strip("_"))
@_few
@given(mappings=sound())
def test_each_defect_is_found_and_nothing_beside_it(
    tmp_path: Path, defect: Callable[[Mappings], None], mappings: Mappings
) -> None:
    broken = deepcopy(mappings)
    defect(broken)
    found = _found(tmp_path, broken)
    assert {fault.rule for fault in found} == {DEFECTS[defect]}
    for fault in found:
        assert fault.key.startswith("mappings.")
        assert fault.message.endswith(".")
        assert fault.remedy
        assert line_of(tmp_path / "hub.yaml", fault.key) is not None


def test_a_file_with_two_claims_is_refused_by_key_line_and_remedy(tmp_path: Path) -> None:
    mappings: Mappings = {
        name: {"Account": {"source": "company", "fields": {"Name": "name"}}} for name in SYSTEMS[:2]
    }
    _no_owner(mappings)
    file = _file(tmp_path, mappings)
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    error = caught.value
    assert error.key == "mappings.two.Account.fields.Fax"
    line = int(error.message.partition("line ")[2].partition(":")[0])
    text = file.read_text().splitlines()
    assert text[line - 1].strip() == "Fax:"
    assert line > text.index("  two:", text.index("mappings:"))
    assert "company.employees is claimed by several systems" in error.message
    assert "`authority`" in error.remedy
    for system in ("one", "two"):
        _rules(mappings, system)["Fax"]["authority"] = "one"
    load_settings(_file(tmp_path, mappings))
