"""The plan of an undo beside other plans: what approval, brake, expiry and newer plans do to it."""

from datetime import timedelta

import pytest
from channel import SALESFORCE, Channel, furnished
from databases import rows_of
from sqlalchemy import Engine

from hub.config import Settings
from hub.errors import ConfigError
from hub.models.operations import ops_plan, ops_undone
from hub.planning import Brake, PlanSettings
from hub.sync.apply import ApplyReport, apply_plan
from hub.sync.ledger import begin_run, end_run
from hub.sync.storing import Plan
from hub.sync.undo import make_undo

NOTHING_PASSES = PlanSettings(approval="always", brake=Brake(share=0.01, clears=0.01, least=1))


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> Channel:
    """As a first sync left it: the hub has written to both systems."""
    made = furnished(Channel(engine, settings))
    assert made.sync().status == "done"
    return made


def planned(channel: Channel, *targets: str) -> Plan:
    run = begin_run(channel.engine, "undo", "a-config", channel.clock())
    plan = make_undo(channel.engine, channel.settings, run, channel.connectors, targets)
    end_run(channel.engine, run, "done", seconds={})
    return plan


def applied(channel: Channel, plan: Plan, **later: float) -> ApplyReport:
    channel.today += timedelta(**later)
    run = begin_run(channel.engine, "apply", "a-config", channel.clock())
    try:
        return apply_plan(channel.engine, channel.settings, run, str(plan.plan), channel.connectors)
    finally:
        end_run(channel.engine, run, "done", seconds={})


def standing(channel: Channel, plan: Plan) -> object:
    return next(r["status"] for r in rows_of(channel.engine, ops_plan) if r["plan"] == plan.plan)


def test_it_was_asked_for_by_name_so_neither_approval_nor_brake_holds_it(channel: Channel) -> None:
    channel.settings = channel.settings.model_copy(update={"plans": NOTHING_PASSES})
    plan = planned(channel, "1")
    assert (plan.status, plan.held) == ("open", [])
    assert set(applied(channel, plan).outcomes) == {"applied"}
    assert standing(channel, plan) == "applied"


def test_it_expires_as_any_other(channel: Channel) -> None:
    plan = planned(channel, "1")
    before = len(channel.crm.written)
    with pytest.raises(ConfigError, match="has expired"):
        applied(channel, plan, hours=25)
    assert len(channel.crm.written) == before


def test_a_record_edited_after_it_was_planned_is_stale_and_the_rest_is_put_back(
    channel: Channel,
) -> None:
    plan = planned(channel, "1")
    channel.crm.put("Lead", "l-huber", Hub_Partner_Name__c="Mine now")
    outcomes = applied(channel, plan).outcomes
    assert outcomes["stale"] == 1
    assert outcomes["applied"] == plan.total - 1
    assert channel.crm.fields("Lead", "l-huber")["Hub_Partner_Name__c"] == "Mine now"


def test_a_made_record_edited_after_it_was_planned_stays_and_the_rest_goes(
    channel: Channel,
) -> None:
    plan = planned(channel, "1")
    [contact] = channel.portal.living("contacts")
    channel.portal.put("contacts", contact, lastname="Theirs by now")
    outcomes = applied(channel, plan).outcomes
    assert (outcomes["stale"], outcomes["applied"]) == (1, plan.total - 1)
    assert channel.portal.living("contacts") == [contact]
    assert channel.portal.living("leads") == []
    # It is the hub's again: nothing is held back for its sake.
    held = [r for r in rows_of(channel.engine, ops_undone) if r["object"] == "contacts"]
    assert held == []


def test_a_sync_leaves_it_open_and_a_newer_undo_takes_its_place(channel: Channel) -> None:
    first = planned(channel, "1")
    channel.account("a-eriksson", "Eriksson Verktyg", BillingCountry="SE")
    channel.lead("l-fischer", "Tom Fischer", "Fischer Optik", "DE")
    assert channel.sync().outcomes["applied"] > 0
    assert standing(channel, first) == "open"
    second = planned(channel, "1")
    assert (standing(channel, first), standing(channel, second)) == ("superseded", "open")
    with pytest.raises(ConfigError, match="superseded already"):
        applied(channel, first)


def test_another_configuration_ends_it(channel: Channel) -> None:
    plan = planned(channel, "1")
    systems = channel.settings.mappings
    mapping = systems[SALESFORCE]["Lead"].model_copy(update={"push": None})
    mappings = {**systems, SALESFORCE: {**systems[SALESFORCE], "Lead": mapping}}
    channel.settings = channel.settings.model_copy(update={"mappings": mappings})
    with pytest.raises(ConfigError, match="configuration has changed"):
        applied(channel, plan)
