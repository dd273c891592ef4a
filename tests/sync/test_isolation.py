"""Law 5 under attack: whatever is planned, stored or configured wrongly, a partner's system is sent
nothing of another partner's lead. Asserted on what was sent, as the systems have it."""

import json
from typing import Any

import pytest
import yaml
from databases import empty_all, rows_of
from hypothesis import HealthCheck, given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st
from partners import COUNTRIES, PartnerChannel, partner_yaml, with_partners
from sqlalchemy import Engine, insert, update
from sqlalchemy.exc import IntegrityError

from hub.config import Settings
from hub.errors import ConfigError
from hub.models.database import exclusive, writing
from hub.models.golden import lead_assignment
from hub.models.operations import ops_change
from hub.models.partners import lead_share, partner_system
from hub.sync.apply import ApplyReport, apply_plan
from hub.sync.derivation import derive
from hub.sync.land import land
from hub.sync.ledger import Stopwatch, begin_run, end_run
from hub.sync.mapped import load_settings

SYSTEMS = ("p0", "p1", "p2")


@pytest.fixture
def told(settings: Settings) -> Settings:
    """Three partners with CRMs of their own."""
    kinds = ("salesforce", "hubspot", "hubspot")
    systems = [
        partner_yaml(s, n, kind=k) for n, (s, k) in enumerate(zip(SYSTEMS, kinds, strict=True))
    ]
    return with_partners(settings, *systems)


@pytest.fixture
def channel(engine: Engine, told: Settings) -> PartnerChannel:
    return _furnished(PartnerChannel(engine, told))


def _furnished(channel: PartnerChannel) -> PartnerChannel:
    for number in range(3):
        channel.partner_of(number)
        channel.lead_of(f"l-{number}", number, f"Marker{number}")
    return channel


def _nothing_of(channel: PartnerChannel, *markers: str, in_system: str) -> None:
    said = channel.told(in_system).casefold()
    assert [marker for marker in markers if marker.casefold() in said] == []


def _outcomes(channel: PartnerChannel, system: str) -> list[tuple[Any, Any]]:
    rows = rows_of(channel.engine, ops_change)
    return [(r["outcome"], r["code"]) for r in rows if r["system"] == system]


def _with_mapping(channel: PartnerChannel, system: str, obj: str, **fields: Any) -> None:
    """Somebody writes further fields into the `push` of a partner's mapping."""
    mapping = channel.settings.mappings[system][obj]
    assert mapping.push is not None
    push = type(mapping.push).model_validate({"entity": mapping.push.entity, "fields": fields})
    changed = mapping.push.model_copy(update={"fields": {**mapping.push.fields, **push.fields}})
    objects = {**channel.settings.mappings[system]}
    objects[obj] = mapping.model_copy(update={"push": changed})
    mappings = {**channel.settings.mappings, system: objects}
    channel.settings = channel.settings.model_copy(update={"mappings": mappings})


def _apply(channel: PartnerChannel, plan: str | None) -> ApplyReport:
    assert plan is not None
    with exclusive(channel.engine):
        run = begin_run(channel.engine, "apply", "a-config", channel.clock())
        report = apply_plan(channel.engine, channel.settings, run, plan, channel.connectors)
        end_run(channel.engine, run, "done", seconds={})
    return report


def _derive(channel: PartnerChannel) -> None:
    """Land what the vendor's CRM says now and decide anew, without planning anew."""
    with exclusive(channel.engine):
        run = begin_run(channel.engine, "derive", "a-config", channel.clock())
        for obj in channel.settings.mappings["acme_salesforce"]:
            land(channel.engine, channel.settings, run, channel.connectors["acme_salesforce"], obj)
        derive(channel.engine, channel.settings, run, Stopwatch(), full=False)
        end_run(channel.engine, run, "done", seconds={})


# -- a mapping that is wrong on purpose ---------------------------------------------------------


@pytest.mark.parametrize(
    "constant",
    [
        "marker1@marker1.example",
        "FirmMarker1",
        "LastMarker1",
        "FirstMarker1 LastMarker1",
        "ld_00000002",
    ],
)
def test_a_constant_that_names_somebody_elses_lead_is_not_sent(
    channel: PartnerChannel, constant: str
) -> None:
    channel.sync()
    _with_mapping(channel, "p0", "Lead", Description={"value": constant})
    report = channel.sync()
    _nothing_of(channel, constant, in_system="p0")
    assert ("rejected", "isolation") in _outcomes(channel, "p0")
    assert {law.law: law.holds for law in report.laws}["honesty"] is False


def test_a_translation_into_somebody_elses_data_is_not_sent(channel: PartnerChannel) -> None:
    channel.sync()
    wrong = {"column": "country", "map": {COUNTRIES[0]: "FirmMarker2"}}
    _with_mapping(channel, "p0", "Lead", Description=wrong)
    channel.sync()
    _nothing_of(channel, "Marker2", in_system="p0")


@pytest.mark.parametrize(
    ("push", "named"),
    [
        ({"entity": "lead", "fields": {"Hub_Partner_Name__c": "partner_name"}}, "push.entity"),
        ({"entity": "contact", "fields": {"Email": "email"}}, "push.entity"),
        ({"entity": "assigned_lead", "fields": {"X__c": "partner_id"}}, "push.fields.X__c"),
        ({"entity": "assigned_lead", "fields": {"X__c": {"column": "company_id", "ref": "Lead"}}},
         "push.fields.X__c"),
    ],
)  # fmt: skip
def test_a_mapping_to_what_is_not_the_partners_is_refused_before_anything_runs(
    told: Settings, push: dict[str, Any], named: str
) -> None:
    raw = yaml.safe_load(told.file.read_text())
    raw["mappings"] = {"p0": {"Lead": {"source": "assigned_lead", "pull": {}, "push": push}}}
    told.file.write_text(yaml.safe_dump(raw))
    with pytest.raises(ConfigError) as caught:
        load_settings(told.file)
    assert caught.value.key.startswith(f"mappings.p0.Lead.{named}")


@pytest.mark.parametrize("source", ["lead", "contact", "company"])
def test_what_a_partner_knows_is_not_read_to_be_told_to_others(told: Settings, source: str) -> None:
    raw = yaml.safe_load(told.file.read_text())
    raw["mappings"] = {"p0": {"Lead": {"source": source, "pull": {}}}}
    told.file.write_text(yaml.safe_dump(raw))
    with pytest.raises(ConfigError, match="assigned_lead"):
        load_settings(told.file)


# -- between plan and apply ---------------------------------------------------------------------


def test_a_lead_that_moved_after_the_plan_is_not_sent_to_the_old_partner(
    channel: PartnerChannel,
) -> None:
    plan = channel.sync(apply=False).plans[-1].plan
    channel.crm.put("Lead", "l-0", Country=COUNTRIES[1])
    _derive(channel)
    _apply(channel, plan)
    _nothing_of(channel, "Marker0", in_system="p0")
    assert _outcomes(channel, "p0") == [("stale", "isolation")]
    channel.sync()
    _nothing_of(channel, "Marker0", in_system="p0")
    assert "CityMarker0" in channel.told("p1")


def test_an_acceptance_that_was_taken_back_after_the_plan_unmasks_nothing(
    channel: PartnerChannel,
) -> None:
    channel.sync()
    channel.answer("p1", "l-1", "Accepted")
    plan = channel.sync(apply=False).plans[-1].plan
    channel.answer("p1", "l-1", "Returned", "bad_data")
    with exclusive(channel.engine):
        run = begin_run(channel.engine, "derive", "a-config", channel.clock())
        land(channel.engine, channel.settings, run, channel.connectors["p1"], "contacts")
        derive(channel.engine, channel.settings, run, Stopwatch(), full=False)
        end_run(channel.engine, run, "done", seconds={})
    _apply(channel, plan)
    _nothing_of(channel, "LastMarker1", "marker1@", in_system="p1")


def test_a_stored_plan_that_was_tampered_with_is_not_sent(channel: PartnerChannel) -> None:
    plan = channel.sync(apply=False).plans[-1].plan
    with writing(channel.engine) as conn:
        (row,) = [r for r in rows_of(channel.engine, ops_change) if r["system"] == "p0"]
        cells = json.loads(str(row["fields"]))
        cells["LastName"]["after"] = "LastMarker1"
        conn.execute(
            update(ops_change).where(ops_change.c.id == row["id"]).values(fields=json.dumps(cells))
        )
    with pytest.raises(ConfigError, match="not those that were planned"):
        _apply(channel, plan)
    _nothing_of(channel, "Marker1", in_system="p0")


# -- the database itself ------------------------------------------------------------------------


def test_the_database_stores_no_change_for_a_lead_its_system_never_held(
    channel: PartnerChannel,
) -> None:
    channel.sync()
    (row,) = [r for r in rows_of(channel.engine, ops_change) if r["system"] == "p0"]
    foreign = {**row, "id": "plan-000001/999999", "hub_id": channel.key_of("l-1")}
    with pytest.raises(IntegrityError, match="isolation"), writing(channel.engine) as conn:
        conn.execute(insert(ops_change), [foreign])
    with pytest.raises(IntegrityError, match="isolation"), writing(channel.engine) as conn:
        conn.execute(
            update(ops_change)
            .where(ops_change.c.id == row["id"])
            .values(hub_id=channel.key_of("l-1"))
        )


@pytest.mark.parametrize("state", ["held", "withdrawn"])
def test_the_database_stores_no_share_that_no_assignment_bears_out(
    channel: PartnerChannel, state: str
) -> None:
    channel.sync()
    (share,) = [r for r in rows_of(channel.engine, lead_share) if r["system"] == "p0"]
    foreign = {**share, "hub_id": channel.key_of("l-1"), "state": state}
    with pytest.raises(IntegrityError, match="isolation"), writing(channel.engine) as conn:
        conn.execute(insert(lead_share), [foreign])


# -- systems and keys that are not who they say -------------------------------------------------


def test_a_key_that_a_partner_was_not_given_says_nothing(channel: PartnerChannel) -> None:
    channel.sync()
    channel.partners["p0"].put(
        "Lead", "forged", LastName="X", Company="X", Hub_Lead_Key__c=channel.key_of("l-1"),
        Hub_Lead_Status__c="Won",
    )  # fmt: skip
    channel.sync()
    _nothing_of(channel, "Marker1", channel.key_of("l-1"), in_system="p0")
    assert {r["status"] for r in rows_of(channel.engine, lead_assignment)} == {"offered"}


@pytest.mark.parametrize(
    ("reference", "said"),
    [("nobody-4711", "no company is known"), ("acme_salesforce/Account/a-none", "no company")],
)
def test_a_partner_that_is_not_known_gets_nothing_and_the_sync_says_so(
    engine: Engine, settings: Settings, reference: str, said: str
) -> None:
    system = partner_yaml("p0", 0, kind="salesforce")
    told = with_partners(settings, system.replace("acme_salesforce/Account/a-0", reference))
    channel = _furnished(PartnerChannel(engine, told))
    report = channel.sync()
    assert [trouble for trouble in report.troubles if said in trouble]
    assert channel.partners["p0"].written == []


def test_a_reference_that_comes_to_stand_for_somebody_else_stops_the_system(
    channel: PartnerChannel,
) -> None:
    """The record behind it is made over to another firm: that is not the partner of the system."""
    channel.sync()
    with writing(channel.engine) as conn:
        theirs = [r["partner_id"] for r in rows_of(channel.engine, partner_system)]
        conn.execute(
            update(partner_system)
            .where(partner_system.c.system == "p0")
            .values(partner_id=theirs[1])
        )
    written = len(channel.partners["p0"].written)
    channel.crm.put("Lead", "l-0", City="Elsewhere")
    report = channel.sync()
    assert [trouble for trouble in report.troubles if trouble.startswith("p0: the reference stood")]
    assert len(channel.partners["p0"].written) == written


# -- any assignments ----------------------------------------------------------------------------


@of_hypothesis(
    max_examples=4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    moves=st.lists(
        st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=3),
        min_size=1,
        max_size=2,
    ),
    answers=st.sampled_from(["Accepted", "Returned", None]),
)
def test_whoever_has_had_a_lead_is_told_of_it_and_nobody_else(
    engine: Engine, told: Settings, moves: list[list[tuple[int, int]]], answers: str | None
) -> None:
    empty_all(engine)
    channel = PartnerChannel(engine, told)
    for number in range(3):
        channel.partner_of(number)
    had: dict[int, set[int]] = {n: {n % 3} for n in range(5)}
    for n in range(5):
        channel.lead_of(f"l-{n}", n % 3, f"Marker{n}")
    channel.sync()
    if answers is not None and channel.copy_of("p0", "l-0"):
        channel.answer("p0", "l-0", answers, "no_budget")
    for several in moves:
        for lead, number in several:
            channel.crm.put("Lead", f"l-{lead}", Country=COUNTRIES[number])
        for lead, number in several:
            had[lead].add(number)
        channel.sync()
    assert channel.left_to_do() == 0
    for number, system in enumerate(SYSTEMS):
        foreign = [f"Marker{n}" for n, held in had.items() if number not in held]
        _nothing_of(channel, *foreign, in_system=system)
