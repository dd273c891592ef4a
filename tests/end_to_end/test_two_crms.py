"""Two CRMs that both claim a field: refused, or settled in one run; and what an edit there does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databases import rows_of
from two_crms import HUBSPOT, NAMES, SALESFORCE, TwoCrms, two_crms

from hub.commands.doctor import examine
from hub.commands.fitness import MappingFinding
from hub.commands.status import status
from hub.commands.warehouse import open_workplace
from hub.errors import ConfigError
from hub.models.golden import company
from hub.models.operations import ops_change

BOTH = {"column": "phone", "direction": "both"}


@pytest.fixture
def world(tmp_path: Path, warehouse_url: str) -> Iterator[TwoCrms]:
    with two_crms(tmp_path, warehouse_url) as world:
        yield world


def _said(system: str) -> list[str]:
    word = "crm" if system == SALESFORCE else "portal"
    return [f"{word}-{n}" for n in range(len(NAMES))]


def _configure(world: TwoCrms, authority: str, **other: Any) -> str:
    """Both claim the phone, one owns it; `other` is the rule of the one that does not: returned."""
    owned = {**BOTH, "authority": authority}
    rules = {system: {**owned, **other} for system in (SALESFORCE, HUBSPOT)}
    rules[authority] = owned
    world.configure({"Phone": rules[SALESFORCE]}, {"phone": rules[HUBSPOT]})
    return HUBSPOT if authority == SALESFORCE else SALESFORCE


def _still(world: TwoCrms) -> None:
    before = world.writes()
    report = world.sync()
    assert report.status == "done"
    assert sum(report.outcomes.values()) == 0
    assert world.writes() == before


def test_two_claims_are_refused_before_anything_is_read_or_written(world: TwoCrms) -> None:
    with pytest.raises(ConfigError) as caught:
        world.configure({"Phone": BOTH}, {"phone": BOTH})
    assert caught.value.key == "mappings.acme_hubspot.companies.fields.phone"
    assert "line " in caught.value.message
    assert "company.phone is claimed by several systems" in caught.value.message
    assert "`authority`" in caught.value.remedy
    file = world.folder / "hub.yaml"
    (own,) = examine(open_workplace(file, sound=False))
    (found,) = [f for f in own.findings if f.severity == "error"]
    assert isinstance(found, MappingFinding)
    assert (found.rule, found.file, found.key) == ("two_claims", str(file), caught.value.key)
    assert file.read_text().splitlines()[(found.line or 0) - 1].strip().startswith("phone:")
    assert [log.lines for log in world.logs.values()] == [[], []]


@pytest.mark.parametrize("authority", [SALESFORCE, HUBSPOT])
def test_with_an_authority_a_ping_pong_world_converges_in_one_run(
    world: TwoCrms, authority: str
) -> None:
    _configure(world, authority)
    report = world.sync()
    assert report.status == "done"
    assert report.outcomes["applied"] == len(NAMES)
    assert world.phones() == dict.fromkeys((SALESFORCE, HUBSPOT), _said(authority))
    _still(world)


@pytest.mark.parametrize("authority", [SALESFORCE, HUBSPOT])
@pytest.mark.parametrize("drift", ["reassert", "accept", "flag"])
def test_an_edit_in_the_other_crm_follows_its_rule(
    world: TwoCrms, authority: str, drift: str
) -> None:
    other = _configure(world, authority, drift=drift)
    world.sync()
    world.edit(other, 2, "edited")
    before = world.writes()
    report = world.sync()
    assert report.status == "done"
    phones, left = world.phones(), {authority: f"{_said(authority)[2]}", other: "edited"}
    golden = {row["name"]: row["phone"] for row in rows_of(world.place.engine, company)}
    changes = sorted(rows_of(world.place.engine, ops_change), key=lambda row: str(row["id"]))
    last = changes[-1]
    if drift == "reassert":
        assert phones == dict.fromkeys(phones, _said(authority))
        assert f"changed there from '{left[authority]}' to 'edited'" in last["fields"]
        assert world.writes() == before + 1
    elif drift == "accept":
        assert {system: said[2] for system, said in phones.items()} == dict.fromkeys(left, "edited")
        assert golden[NAMES[2]] == "edited"
        assert (last["system"], world.writes()) == (authority, before + 1)
    else:
        assert {system: said[2] for system, said in phones.items()} == left
        assert (last["outcome"], last["code"]) == ("skipped", "changed_there")
        told = {s["system"]: s["left_alone"] for s in status(world.place)["systems"]}
        field = "Account" if other == SALESFORCE else "companies"
        assert told == {
            authority: [],
            other: [f"{field} {last['record_id']}: {next(iter(json.loads(last['fields'])))}"],
        }
        assert world.writes() == before
    _still(world)
