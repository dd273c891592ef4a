"""A merge in a CRM is followed to its end: ids become one, what hung on the loser follows."""

import json
from datetime import timedelta

import pytest
from channel import HUBSPOT, SALESFORCE, Channel, furnished
from databases import rows_of
from sqlalchemy import Engine, select

from hub.config import Settings
from hub.identity.outcome import resolve_id
from hub.models.database import reading, writing
from hub.models.golden import company, lead, opportunity, registration
from hub.models.identity import crosswalk, identity_alias, identity_decision, identity_event
from hub.models.operations import ops_change
from hub.models.sources import src_opportunity
from hub.sync.apply import apply_plan
from hub.sync.ledger import begin_run


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> Channel:
    lenient = {
        name: config.model_copy(update={"hidden_share": 1.0})
        for name, config in settings.systems.items()
    }
    return furnished(Channel(engine, settings.model_copy(update={"systems": lenient})))


def _id(channel: Channel, system: str, record_id: str, entity: str = "company") -> str:
    x = crosswalk.c
    with reading(channel.engine) as conn:
        found = conn.scalar(
            select(x.hub_id).where(x.entity == entity, x.system == system, x.record_id == record_id)
        )
    assert found is not None
    return str(found)


def test_the_losers_id_leads_to_the_survivors_and_everything_on_it_follows(
    channel: Channel,
) -> None:
    channel.account("a-eriksson", "Eriksson Bygg")
    channel.sync()
    loser = _id(channel, SALESFORCE, "a-cordes")
    survivor = _id(channel, SALESFORCE, "a-eriksson")
    channel.crm.merge("Account", "a-cordes", "a-eriksson")
    report = channel.sync()
    assert (report.status, report.troubles) == ("done", [])
    with reading(channel.engine) as conn:
        assert resolve_id(conn, loser) == survivor
    assert _id(channel, HUBSPOT, "c-cordes") == survivor
    [deal] = rows_of(channel.engine, registration)
    assert deal["company_id"] == survivor
    companies = {r["name"]: r["company_id"] for r in rows_of(channel.engine, opportunity)}
    assert companies["Firewall for a-cordes"] == survivor
    [event] = [
        e for e in rows_of(channel.engine, identity_event)
        if e["kind"] == "merge" and e["other_id"] == loser
    ]  # fmt: skip
    assert event["hub_id"] == survivor
    assert json.loads(str(event["evidence"]))["told"] == ["merged in acme_salesforce"]
    # The survivor says what the company is called, the loser nothing any more.
    names = {r["id"]: r["name"] for r in rows_of(channel.engine, company)}
    assert (loser in names, names[survivor]) == (False, "Eriksson Bygg")
    assert channel.sync().outcomes["applied"] == 0
    assert channel.left_to_do() == 0


def test_a_chain_of_merges_ends_at_the_last_survivor(channel: Channel) -> None:
    channel.account("a-eriksson", "Eriksson Bygg")
    channel.account("a-fischer", "Fischer Optik")
    channel.sync()
    first = _id(channel, SALESFORCE, "a-dupont")
    second = _id(channel, SALESFORCE, "a-eriksson")
    last = _id(channel, SALESFORCE, "a-fischer")
    channel.crm.merge("Account", "a-dupont", "a-eriksson")
    channel.sync()
    channel.crm.merge("Account", "a-eriksson", "a-fischer")
    channel.sync()
    aliases = {r["old_id"]: r["hub_id"] for r in rows_of(channel.engine, identity_alias)}
    assert {first: last, second: last}.items() <= aliases.items()


def test_a_steward_who_said_they_differ_is_obeyed(channel: Channel) -> None:
    channel.account("a-eriksson", "Eriksson Bygg")
    channel.sync()
    key = {"system": SALESFORCE, "object": "Account"}
    with writing(channel.engine) as conn:
        conn.execute(
            identity_decision.insert().values(
                id=1,
                entity="company",
                judgement="different",
                decided_by="steward",
                decided_at=channel.clock(),
                **{f"left_{n}": v for n, v in {**key, "record_id": "a-dupont"}.items()},
                **{f"right_{n}": v for n, v in {**key, "record_id": "a-eriksson"}.items()},
            )
        )
    before = _id(channel, HUBSPOT, "c-dupont")
    channel.crm.merge("Account", "a-dupont", "a-eriksson")
    channel.sync()
    assert _id(channel, HUBSPOT, "c-dupont") == before
    assert _id(channel, SALESFORCE, "a-eriksson") != before


def test_an_undone_merge_parts_them_again(channel: Channel) -> None:
    channel.account("a-eriksson", "Eriksson Bygg")
    channel.sync()
    channel.crm.merge("Account", "a-dupont", "a-eriksson")
    channel.sync()
    channel.crm.put("Account", "a-dupont")
    channel.sync()
    assert _id(channel, SALESFORCE, "a-dupont") != _id(channel, SALESFORCE, "a-eriksson")
    assert _id(channel, SALESFORCE, "a-dupont") == _id(channel, HUBSPOT, "c-dupont")


def test_a_survivor_that_is_deleted_takes_what_was_merged_into_it_along(channel: Channel) -> None:
    channel.account("a-eriksson", "Eriksson Bygg")
    channel.account("a-fischer", "Fischer Optik")
    channel.sync()
    channel.crm.merge("Account", "a-eriksson", "a-fischer")
    channel.sync()
    channel.crm.drop("Account", "a-fischer")
    report = channel.sync()
    assert [law.law for law in report.laws if not law.holds] == []
    with reading(channel.engine) as conn:
        left = conn.execute(
            select(crosswalk.c.record_id).where(
                crosswalk.c.entity == "company",
                crosswalk.c.record_id.in_(("a-eriksson", "a-fischer")),
            )
        ).all()
    assert left == []


def test_a_stored_plan_for_a_record_merged_since_is_written_to_its_survivor(
    channel: Channel,
) -> None:
    channel.approve("d-cordes", channel.today.date())
    channel.opportunity("o-other", "a-cordes", "Cabling")
    channel.sync(apply=False)
    [planned] = [
        c for c in rows_of(channel.engine, ops_change)
        if c["object"] == "Opportunity" and c["record_id"] == "o-cordes"
    ]  # fmt: skip
    with writing(channel.engine) as conn:
        conn.execute(
            src_opportunity.update()
            .where(src_opportunity.c.record_id == "o-cordes")
            .values(is_deleted=True, gone="merged", merged_into="o-other")
        )
    run = begin_run(channel.engine, "apply", "a-config", channel.clock())
    apply_plan(channel.engine, channel.settings, run, str(planned["plan"]), channel.connectors)
    assert [c.record_id for c in channel.crm.written if c.object == "Opportunity"] == ["o-other"]
    told = {r["record_id"]: r["told"] for r in rows_of(channel.engine, src_opportunity)}
    assert "Hub_Registration_Key__c" in str(told["o-other"])


def test_a_hidden_record_is_neither_written_to_nor_made_again(channel: Channel) -> None:
    channel.sync()
    [made] = channel.portal.living("leads")
    channel.portal.hide("leads", made)
    channel.today += timedelta(hours=30)
    channel.sync()
    written = len(channel.portal.written)
    channel.crm.put("Lead", "l-huber", Status="Closed - Not Converted")
    report = channel.sync()
    assert len(channel.portal.written) == written
    assert report.outcomes["rejected"] == 0
    assert [r["id"] for r in rows_of(channel.engine, lead)] == [
        _id(channel, SALESFORCE, "l-huber", "lead")
    ]
