"""Applying: one outcome per change, what was written is remembered, nothing is written twice."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from channel import HUBSPOT, SALESFORCE, Channel, furnished
from databases import dump, empty_all, rows_of
from desk import Desk
from fakes import FakeConnector, FakeSystem
from sqlalchemy import Engine

from hub.checks import laws
from hub.config import Settings
from hub.connectors.contract import Change, Outcome
from hub.errors import ConfigError, SystemUnreachable
from hub.models.database import reading
from hub.models.operations import ops_call, ops_change, ops_plan
from hub.models.sources import src_opportunity
from hub.sync.apply import ApplyReport, apply_plan
from hub.sync.report import SyncReport


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture
def desk(engine: Engine, settings: Settings) -> Desk:
    return Desk(engine, settings)


@pytest.fixture
def crm() -> FakeSystem:
    return FakeSystem(SALESFORCE)


@pytest.fixture
def portal() -> FakeSystem:
    return FakeSystem(HUBSPOT)


def _claims(desk: Desk, crm: FakeSystem, count: int) -> None:
    """Claims on opportunities that do not say so yet."""
    desk.golden("partner", "pa_1")
    for n in range(1, count + 1):
        desk.golden("opportunity", f"op_{n}")
        desk.golden("registration", f"re_{n}", opportunity_id=f"op_{n}")
        desk.record(SALESFORCE, "Opportunity", f"o{n}", f"op_{n}")
        crm.put("Opportunity", f"o{n}", Name="Firewalls")


def _apply(desk: Desk, plan: str | None, *connectors: FakeConnector) -> ApplyReport:
    assert plan is not None
    by_name = {connector.system: connector for connector in connectors}
    return apply_plan(desk.engine, desk.settings, desk.run, plan, by_name)


def _outcomes(desk: Desk) -> list[tuple[Any, ...]]:
    rows = rows_of(desk.engine, ops_change)
    return [(row["object"], row["outcome"], row["code"]) for row in rows]


# -- outcomes ----------------------------------------------------------------------------------


def test_every_change_ends_in_one_outcome_with_the_systems_own_words(
    desk: Desk, crm: FakeSystem
) -> None:
    _claims(desk, crm, 4)
    plan = desk.plan().plan

    def refuse(change: Change) -> str | None:
        return "INSUFFICIENT_ACCESS" if change.record_id == "o2" else None

    report = _apply(desk, plan, FakeConnector(crm, refuse=refuse, halt=3))
    assert report.outcomes == {"applied": 2, "rejected": 1, "pending": 1}
    assert _outcomes(desk) == [
        ("Opportunity", "applied", None),
        ("Opportunity", "rejected", "INSUFFICIENT_ACCESS"),
        ("Opportunity", "applied", None),
        ("Opportunity", "pending", "quota_spent"),
    ]
    refused = rows_of(desk.engine, ops_change)[1]
    assert (refused["message"], refused["remedy"]) == ("no", "say yes")
    assert (refused["run"], refused["at"]) == (desk.run.number, desk.run.started_at)
    with reading(desk.engine) as conn:
        assert laws.conservation(conn, [desk.run.number]).holds


def test_what_was_written_stands_in_the_crm_and_is_remembered_as_told(
    desk: Desk, crm: FakeSystem
) -> None:
    _claims(desk, crm, 1)
    _apply(desk, desk.plan().plan, FakeConnector(crm))
    told = crm.fields("Opportunity", "o1")
    assert told["Hub_Registered_Partner__c"] == "Adler"
    assert told["Partner_Registration_Expires__c"] == "2026-04-15"
    row = rows_of(desk.engine, src_opportunity)[0]
    assert '"Hub_Registered_Partner__c": "Adler"' in str(row["told"])
    assert row["hub_key"] == "re_1"
    assert desk.plan().plan is None
    assert desk.plan(full=True).plan is None


def test_a_cleared_field_is_remembered_as_empty(desk: Desk, crm: FakeSystem) -> None:
    desk.golden("opportunity", "op_1")
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", told={"Hub_Partner_Key__c": "pa_9"})
    crm.put("Opportunity", "o1", Hub_Partner_Key__c="pa_9")
    _apply(desk, desk.plan().plan, FakeConnector(crm))
    assert crm.fields("Opportunity", "o1") == {}
    assert rows_of(desk.engine, src_opportunity)[0]["told"] is None
    assert desk.plan(full=True).plan is None


def test_what_was_refused_or_left_is_not_remembered_as_told(desk: Desk, crm: FakeSystem) -> None:
    _claims(desk, crm, 2)
    _apply(desk, desk.plan().plan, FakeConnector(crm, refuse=lambda _: "NO", halt=1))
    assert [row["told"] for row in rows_of(desk.engine, src_opportunity)] == [None, None]


def test_calls_are_counted_per_object(desk: Desk, crm: FakeSystem) -> None:
    _claims(desk, crm, 2)
    _apply(desk, desk.plan().plan, FakeConnector(crm, rows_per_write=1))
    shown = ("system", "step", "used", "minimum", "writes")
    assert [tuple(row[n] for n in shown) for row in rows_of(desk.engine, ops_call)] == [
        (SALESFORCE, "apply/Opportunity", 3, 3, 2)  # the plan is older: compared in one call
    ]


# -- plans -------------------------------------------------------------------------------------


def test_a_plan_is_applied_once(desk: Desk, crm: FakeSystem) -> None:
    _claims(desk, crm, 1)
    plan = desk.plan().plan
    _apply(desk, plan, FakeConnector(crm))
    assert [row["status"] for row in rows_of(desk.engine, ops_plan)] == ["applied"]
    with pytest.raises(ConfigError, match="this plan is applied already"):
        _apply(desk, plan, FakeConnector(crm))
    assert len(crm.written) == 1


@pytest.mark.parametrize(("plan", "says"), [("plan-000009", "no such plan"), ("", "no such plan")])
def test_an_unknown_plan_is_refused_with_a_remedy(desk: Desk, plan: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        _apply(desk, plan)
    assert caught.value.remedy == "run `hub plan` and apply the plan it names"


def test_a_superseded_plan_is_refused(desk: Desk, crm: FakeSystem) -> None:
    _claims(desk, crm, 1)
    old = desk.plan().plan
    desk.plan()
    with pytest.raises(ConfigError, match="this plan is superseded already"):
        _apply(desk, old, FakeConnector(crm))
    assert crm.written == []


def test_a_system_that_is_not_connected_keeps_its_changes_pending(
    desk: Desk, crm: FakeSystem, portal: FakeSystem
) -> None:
    _claims(desk, crm, 1)
    desk.record(HUBSPOT, "deals", "d1", "re_1")
    portal.put("deals", "d1")
    plan = desk.plan().plan
    report = _apply(desk, plan, FakeConnector(portal))
    assert report.outcomes == {"pending": 1, "applied": 1}
    assert [row["status"] for row in rows_of(desk.engine, ops_plan)] == ["open"]
    assert _apply(desk, plan, FakeConnector(crm)).outcomes == {"applied": 1}
    assert [row["status"] for row in rows_of(desk.engine, ops_plan)] == ["applied"]
    assert (len(crm.written), len(portal.written)) == (1, 1)


# -- making records ----------------------------------------------------------------------------


def _routed(desk: Desk) -> None:
    desk.golden("partner", "pa_1")
    desk.golden("contact", "ct_1")
    desk.golden("lead", "ld_1", contact_id="ct_1")
    desk.golden("lead_assignment", "ld_1")


def test_a_record_hangs_on_the_one_made_before_it(desk: Desk, portal: FakeSystem) -> None:
    _routed(desk)
    report = _apply(desk, desk.plan().plan, FakeConnector(portal))
    (person,) = portal.living("contacts")
    (lead,) = portal.living("leads")
    assert portal.fields("leads", lead)["associations/contacts/primary"] == person
    assert report.made == {(HUBSPOT, "contacts"): [person], (HUBSPOT, "leads"): [lead]}
    rows = rows_of(desk.engine, ops_change)
    assert [row["record_id"] for row in rows] == [person, lead]


def test_a_record_whose_support_could_not_be_made_waits_and_is_made_later(
    desk: Desk, portal: FakeSystem
) -> None:
    _routed(desk)

    def refuse(change: Change) -> str | None:
        return "NO" if change.object == "contacts" else None

    report = _apply(desk, desk.plan().plan, FakeConnector(portal, refuse=refuse))
    assert report.outcomes == {"rejected": 1, "pending": 1}
    assert _outcomes(desk) == [("contacts", "rejected", "NO"), ("leads", "pending", "waiting")]
    assert portal.objects.get("leads", {}) == {}
    _apply(desk, desk.plan(full=True).plan, FakeConnector(portal))
    assert len(portal.living("leads")) == 1


def test_a_record_that_was_made_already_is_found_by_its_key(desk: Desk, portal: FakeSystem) -> None:
    """A process died after the record was made and before it was known."""
    _routed(desk)
    portal.put("contacts", "c7", hub_contact_key="ct_1", firstname="Eva")
    _apply(desk, desk.plan().plan, FakeConnector(portal))
    assert portal.living("contacts") == ["c7"]
    (lead,) = portal.living("leads")
    assert portal.fields("leads", lead)["associations/contacts/primary"] == "c7"


# -- whole syncs -------------------------------------------------------------------------------


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> Channel:
    return furnished(Channel(engine, settings))


def _told(channel: Channel) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    """What every record of both CRMs says."""
    return {
        outside.name: {
            obj: {record_id: outside.fields(obj, record_id) for record_id in outside.living(obj)}
            for obj in sorted(outside.objects)
        }
        for outside in (channel.crm, channel.portal)
    }


class Dying(FakeConnector):
    """The process dies when it has written `writes` changes, before anybody hears of them."""

    writes: int = 0

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        done = []
        for change in changes:
            if self.writes == 0:
                raise Killed
            self.writes -= 1
            done.extend(super().apply([change]))
        yield from done


@pytest.mark.parametrize("writes", range(5))
def test_a_death_between_writing_and_remembering_loses_and_repeats_nothing(
    channel: Channel, engine: Engine, settings: Settings, writes: int
) -> None:
    channel.sync()
    undisturbed = _told(channel), len(channel.crm.written) + len(channel.portal.written)
    disturbed = furnished(Channel(engine, settings))
    empty_all(engine)
    healthy = dict(disturbed.connectors)
    for name, connector in healthy.items():
        dying = Dying(connector.outside)
        dying.writes = writes
        disturbed.connectors[name] = dying
    with contextlib.suppress(Killed):
        disturbed.sync()
    disturbed.connectors = healthy
    report = disturbed.sync()
    assert [law for law in report.laws if not law.holds] == []
    written = len(disturbed.crm.written) + len(disturbed.portal.written)
    assert (_told(disturbed), written) == undisturbed
    assert disturbed.left_to_do() == 0


def test_a_refused_change_is_told_until_it_is_accepted_but_not_asked_by_itself(
    channel: Channel,
) -> None:
    channel.connectors[SALESFORCE].refuse = lambda _: "NO"
    first = channel.sync()
    assert first.status == "failed"
    assert _broken(first) == ["honesty"]
    second = channel.sync()
    assert (second.status, [plan.total for plan in second.plans]) == ("failed", [0])
    assert _broken(second) == ["honesty"]
    channel.connectors[SALESFORCE].refuse = lambda _: None
    assert channel.sync(full=True).outcomes["applied"] == 2
    assert channel.sync().status == "done"
    assert "Hub_Registration_Key__c" in channel.crm.fields("Opportunity", "o-cordes")


def _broken(report: SyncReport) -> list[str]:
    return [law.law for law in report.laws if not law.holds]


def test_a_system_that_could_not_be_read_is_not_written(channel: Channel) -> None:
    channel.connectors[SALESFORCE].trouble = SystemUnreachable("the org is down")
    report = channel.sync()
    assert report.status == "failed"
    assert report.troubles == ["acme_salesforce/Account: the org is down"]
    assert channel.crm.written == []
    channel.connectors[SALESFORCE].trouble = None
    assert channel.sync().status == "done"
    assert channel.left_to_do() == 0


def test_a_spent_quota_leaves_the_rest_for_the_next_sync(channel: Channel) -> None:
    channel.connectors[HUBSPOT].halt = 0
    report = channel.sync()
    assert (report.status, _broken(report)) == ("paused: quota", ["fixpoint", "honesty"])
    channel.connectors[HUBSPOT].halt = None
    assert channel.sync().status == "done"
    assert channel.left_to_do() == 0


def test_a_dry_run_writes_nothing_and_plans_everything(channel: Channel) -> None:
    report = channel.sync(apply=False)
    assert [plan.total for plan in report.plans] == [5]
    assert (channel.crm.written, channel.portal.written) == ([], [])
    assert channel.sync().outcomes["applied"] == 5


def test_the_echo_of_our_own_writes_changes_nothing(channel: Channel) -> None:
    channel.sync()
    before = dump(channel.engine)
    report = channel.sync()
    assert sum(landed.read for landed in report.landed) > 0
    assert {landed.dispositions["unchanged"] for landed in report.landed} > {0}
    assert dump(channel.engine) == before
