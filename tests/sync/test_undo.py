"""Law 6: what was written is put back, unless somebody edited it since; and it stays undone."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from channel import SALESFORCE, Channel, furnished
from databases import empty_all, rows_of
from fakes import FakeConnector
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from hub.config import Settings, UndoRules
from hub.connectors.contract import Change, Outcome
from hub.errors import HubError
from hub.models.database import reading, writing
from hub.models.operations import ops_change, ops_plan, ops_undone
from hub.sync import undone
from hub.sync.apply import ApplyReport, apply_plan
from hub.sync.changes import PlannedChange
from hub.sync.ledger import begin_run, end_run
from hub.sync.stored import as_planned, changes_of
from hub.sync.storing import Plan
from hub.sync.undo import make_undo

State = dict[tuple[str, str, str], dict[str, str]]


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> Channel:
    return furnished(Channel(engine, settings))


@dataclass(frozen=True)
class Undone:
    plan: Plan
    refused: list[PlannedChange]
    report: ApplyReport | None

    @property
    def left(self) -> list[tuple[str | None, str]]:
        told = [(c.record_id, c.refusal.code) for c in self.refused if c.refusal is not None]
        return [one for one in told if one[1] != "as_before"]


def undo(channel: Channel, *targets: str, apply: bool = True) -> Undone:
    run = begin_run(channel.engine, "undo", "a-config", channel.clock())
    plan = make_undo(channel.engine, channel.settings, run, channel.connectors, targets)
    with reading(channel.engine) as conn:
        rows = changes_of(conn, plan.plan) if plan.plan is not None else iter(())
        refused = [c for c in map(as_planned, rows) if c.refusal is not None]
    report = None
    if plan.plan is not None and apply:
        report = apply_plan(channel.engine, channel.settings, run, plan.plan, channel.connectors)
    end_run(channel.engine, run, "done", seconds={})
    return Undone(plan, refused, report)


def said(channel: Channel) -> State:
    """What every living record of the CRMs says."""
    return {
        (outside.name, obj, record_id): outside.fields(obj, record_id)
        for outside in (channel.crm, channel.portal)
        for obj in outside.objects
        for record_id in outside.living(obj)
    }


def is_still(channel: Channel, *, full: bool = False) -> bool:
    """Whether a sync writes nothing and leaves nothing to do."""
    before = said(channel)
    report = channel.sync(full=full)
    assert report.troubles == []
    assert [law for law in report.laws if not law.holds] == []
    return said(channel) == before and channel.left_to_do() == 0


# -- putting back ------------------------------------------------------------------------------


def test_an_undone_sync_leaves_the_crms_as_they_were(channel: Channel) -> None:
    before = said(channel)
    first = channel.sync()
    assert said(channel) != before
    undone = undo(channel, str(first.runs[0]))
    assert said(channel) == before
    assert undone.left == []
    assert undone.report is not None
    assert set(undone.report.outcomes) == {"applied"}
    assert is_still(channel)
    assert is_still(channel, full=True)


def test_what_somebody_edited_since_is_left_alone_and_told_with_all_three_values(
    channel: Channel,
) -> None:
    first = channel.sync()
    channel.crm.put("Lead", "l-huber", Hub_Partner_Name__c="Mine now")
    undone = undo(channel, str(first.runs[0]))
    assert undone.left == [("l-huber", "edited_since")]
    [left] = undone.refused
    assert left.fields["Hub_Partner_Name__c"]["before"] == "Mine now"
    assert left.refusal is not None
    assert left.refusal.message == (
        "Hub_Partner_Name__c was empty, the hub wrote Adler Systemhaus, it is Mine now now."
    )
    assert is_still(channel)
    lead = channel.crm.fields("Lead", "l-huber")
    assert lead["Hub_Partner_Name__c"] == "Mine now"
    assert "Hub_Partner_Key__c" not in lead
    stored = [r for r in rows_of(channel.engine, ops_change) if r["plan"] == undone.plan.plan]
    assert [r["code"] for r in stored if r["outcome"] == "skipped"] == ["edited_since"]


def test_one_change_and_one_plan_can_be_undone_alone(channel: Channel) -> None:
    channel.sync()
    changes = rows_of(channel.engine, ops_change)
    lead = next(row for row in changes if row["object"] == "Lead")
    undo(channel, str(lead["id"]))
    assert "Hub_Partner_Key__c" not in channel.crm.fields("Lead", "l-huber")
    assert "Hub_Partner_Key__c" in channel.crm.fields("Opportunity", "o-cordes")
    undo(channel, str(lead["plan"]))
    assert "Hub_Partner_Key__c" not in channel.crm.fields("Opportunity", "o-cordes")


def test_several_writes_to_a_field_are_taken_back_to_the_first_before(channel: Channel) -> None:
    before = channel.crm.fields("Opportunity", "o-cordes")
    channel.sync()
    channel.portal.put("deals", "d-cordes", dealstage="reg_rejected")
    channel.sync()
    plans = [str(row["plan"]) for row in rows_of(channel.engine, ops_plan)]
    undone = undo(channel, *plans)
    assert undone.left == []
    assert channel.crm.fields("Opportunity", "o-cordes") == before
    assert is_still(channel)


def test_an_older_write_that_a_later_one_has_changed_is_left_alone(channel: Channel) -> None:
    first = channel.sync()
    channel.portal.put("deals", "d-cordes", dealstage="reg_rejected")
    channel.sync()
    undone = undo(channel, str(first.runs[0]))
    assert ("o-cordes", "edited_since") in undone.left


def test_an_undo_can_be_planned_without_being_written(channel: Channel) -> None:
    first = channel.sync()
    before = said(channel)
    planned = undo(channel, str(first.runs[0]), apply=False)
    assert said(channel) == before
    assert planned.plan.calls > 0
    assert is_still(channel)
    [row] = [r for r in rows_of(channel.engine, ops_plan) if r["plan"] == planned.plan.plan]
    assert (row["kind"], row["status"]) == ("undo", "open")


@pytest.mark.parametrize("target", ["99", "plan-000099", "plan-000001/000099"])
def test_a_target_that_wrote_nothing_is_named(channel: Channel, target: str) -> None:
    channel.sync()
    with pytest.raises(HubError, match=target) as caught:
        undo(channel, target)
    assert caught.value.remedy


# -- staying undone ----------------------------------------------------------------------------


def test_another_value_than_the_undone_one_is_written(channel: Channel) -> None:
    first = channel.sync()
    undo(channel, str(first.runs[0]))
    channel.sync()
    channel.portal.put("deals", "d-cordes", dealstage="reg_rejected")
    channel.sync()
    opportunity = channel.crm.fields("Opportunity", "o-cordes")
    assert opportunity["Partner_Registration_Status__c"] == "Rejected"
    assert "Hub_Partner_Key__c" not in opportunity
    ended = [r for r in rows_of(channel.engine, ops_undone) if r["lifted_run"] is not None]
    assert ("o-cordes", "Partner_Registration_Status__c") in {
        (r["subject"], r["field"]) for r in ended
    }


def test_a_value_that_is_held_does_not_keep_a_later_one_from_being_held(channel: Channel) -> None:
    first = channel.sync()
    channel.portal.put("deals", "d-cordes", dealstage="reg_rejected")
    second = channel.sync()
    assert ("o-cordes", "edited_since") in undo(channel, str(first.runs[0])).left
    assert undo(channel, str(second.runs[0])).left == []
    assert is_still(channel)
    opportunity = channel.crm.fields("Opportunity", "o-cordes")
    assert opportunity["Partner_Registration_Status__c"] == "Submitted"


def test_what_is_lifted_is_written_by_the_next_sync(channel: Channel) -> None:
    first = channel.sync()
    after = said(channel)
    plan = undo(channel, str(first.runs[0])).plan.plan
    assert plan is not None
    channel.sync()
    run = begin_run(channel.engine, "lift", "a-config", channel.clock())
    with writing(channel.engine) as conn:
        assert undone.lift(conn, run, [plan]) > 0
        assert undone.lift(conn, run, [plan]) == 0
    end_run(channel.engine, run, "done", seconds={})
    channel.sync()
    again = said(channel)
    for key, fields in after.items():
        if key in again:
            assert again[key].items() >= fields.items()
    assert {key[:2] for key in again} == {key[:2] for key in after}
    assert is_still(channel)


def test_an_undo_of_the_undo_is_a_redo(channel: Channel) -> None:
    first = channel.sync()
    after = said(channel)
    undone_plan = undo(channel, str(first.runs[0])).plan.plan
    assert undone_plan is not None
    channel.sync()
    redone = undo(channel, undone_plan)
    assert redone.left == []
    channel.sync()
    again = said(channel)
    assert {key: fields for key, fields in again.items() if key in after} == {
        key: fields for key, fields in after.items() if key in again
    }
    assert [r for r in rows_of(channel.engine, ops_undone) if r["lifted_run"] is None] == []
    assert is_still(channel)
    undo(channel, str(redone.plan.plan))
    assert is_still(channel)
    assert "Hub_Partner_Key__c" not in channel.crm.fields("Lead", "l-huber")


# -- records that were made ----------------------------------------------------------------------


def test_made_records_are_deleted_children_first(channel: Channel) -> None:
    first = channel.sync()
    made = [(c.object, c.op) for c in channel.portal.written if c.op == "create"]
    assert made == [("contacts", "create"), ("leads", "create")]
    undo(channel, str(first.runs[0]))
    assert [c.object for c in channel.portal.written if c.op == "delete"] == ["leads", "contacts"]
    assert channel.portal.living("contacts") == channel.portal.living("leads") == []


def test_a_made_record_that_somebody_works_on_is_left(channel: Channel) -> None:
    first = channel.sync()
    [lead], [contact] = channel.portal.living("leads"), channel.portal.living("contacts")
    channel.portal.put("contacts", contact, phone="+43 1 234")
    undone = undo(channel, str(first.runs[0]))
    assert undone.left == [(contact, "edited_since")]
    assert channel.portal.living("contacts") == [contact]
    assert lead not in channel.portal.living("leads")


def test_a_made_record_that_others_hang_on_is_left(channel: Channel) -> None:
    first = channel.sync()
    [contact] = channel.portal.living("contacts")
    channel.portal.put("leads", "somebodys", hs_lead_name="More", **{_CONTACT: contact})
    channel.sync()
    undone = undo(channel, str(first.runs[0]))
    assert undone.left == [(contact, "has_children")]


_CONTACT = "associations/contacts/primary"


def test_a_setting_leaves_made_records(channel: Channel) -> None:
    channel.settings = channel.settings.model_copy(update={"undo": UndoRules(creates="leave")})
    first = channel.sync()
    undone = undo(channel, str(first.runs[0]))
    assert {code for _, code in undone.left} == {"left_by_setting"}
    assert len(channel.portal.living("contacts")) == 1


# -- merged, deleted, killed -----------------------------------------------------------------------


def test_the_record_that_answers_for_a_merged_one_is_put_back(channel: Channel) -> None:
    channel.opportunity("o-other", "a-cordes", "Storage")
    first = channel.sync()
    channel.crm.put(
        "Opportunity", "o-other", **channel.crm.objects["Opportunity"]["o-cordes"].fields
    )
    channel.crm.merge("Opportunity", "o-cordes", "o-other")
    undo(channel, str(first.runs[0]))
    assert "Hub_Partner_Key__c" not in channel.crm.fields("Opportunity", "o-other")


def test_a_deleted_record_is_told(channel: Channel) -> None:
    first = channel.sync()
    channel.crm.drop("Lead", "l-huber")
    assert undo(channel, str(first.runs[0])).left == [("l-huber", "gone_since")]


class DyingConnector(FakeConnector):
    """Writes so many changes, and dies without a word."""

    alive = 1

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        list(super().apply(changes[: self.alive]))
        raise Killed


@pytest.mark.parametrize("alive", [0, 1, 2])
def test_an_undo_killed_half_way_is_not_written_over_and_can_be_finished(
    channel: Channel, alive: int
) -> None:
    before = said(channel)
    first = channel.sync()
    dying = DyingConnector(channel.crm)
    dying.alive = alive
    living, channel.connectors[SALESFORCE] = channel.connectors[SALESFORCE], dying
    with pytest.raises(Killed):
        undo(channel, str(first.runs[0]))
    channel.connectors[SALESFORCE] = living
    half_way = said(channel)
    channel.sync()
    assert said(channel) == half_way
    undo(channel, str(first.runs[0]))
    assert said(channel) == before
    assert is_still(channel)


def test_a_write_that_nobody_was_told_of_is_undone_with_its_plan(channel: Channel) -> None:
    before = channel.crm.fields("Lead", "l-huber")
    report = channel.sync(apply=False)
    dying = DyingConnector(channel.crm)
    living, channel.connectors[SALESFORCE] = channel.connectors[SALESFORCE], dying
    plan = str(report.plans[-1].plan)
    run = begin_run(channel.engine, "apply", "a-config", channel.clock())
    with pytest.raises(Killed):
        apply_plan(channel.engine, channel.settings, run, plan, channel.connectors)
    channel.connectors[SALESFORCE] = living
    assert channel.crm.fields("Lead", "l-huber") != before
    undo(channel, plan)
    assert channel.crm.fields("Lead", "l-huber") == before
    assert "Hub_Partner_Key__c" not in channel.crm.fields("Opportunity", "o-cordes")


# -- any edits -----------------------------------------------------------------------------------

_OPPORTUNITIES = tuple(f"o-{n}" for n in range(6))
_OWNED = (
    "Hub_Partner_Key__c",
    "Partner_Registration_Status__c",
    "Name",
    "Hub_Registered_Partner__c",
)
_ACTS = st.lists(
    st.tuples(
        st.sampled_from(["edit", "clear", "delete", "as before"]),
        st.sampled_from(_OPPORTUNITIES),
        st.sampled_from(_OWNED),
    ),
    max_size=8,
)


def _world(channel: Channel, owned: Sequence[int]) -> None:
    """Six opportunities with a claim each; some say already what nobody has asked for."""
    furnished(channel)
    for number, record_id in enumerate(_OPPORTUNITIES):
        product = f"Product {number}"
        told = {"Hub_Partner_Key__c": "stale"} if number in owned else {}
        channel.opportunity(record_id, "a-cordes", product, **told)
        channel.deal(f"d-{number}", "c-adler", "c-cordes", product)


def _act(channel: Channel, kind: str, record_id: str, name: str, before: State) -> None:
    if record_id not in channel.crm.living("Opportunity"):
        return
    was = before[SALESFORCE, "Opportunity", record_id].get(name)
    if kind == "delete":
        channel.crm.drop("Opportunity", record_id)
    else:
        value = {"edit": "somebody's", "clear": None, "as before": was}[kind]
        channel.crm.put("Opportunity", record_id, **{name: value})


@settings(
    max_examples=5,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(owned=st.lists(st.integers(0, 5), max_size=3), acts=_ACTS)
def test_each_field_is_put_back_or_left_by_who_wrote_it_last(
    engine: Engine, settings: Settings, owned: list[int], acts: list[tuple[str, str, str]]
) -> None:
    """The expectation comes from the CRM alone: what it said before, after the hub, and at last."""
    empty_all(engine)
    channel = Channel(engine, settings)
    _world(channel, owned)
    before = said(channel)
    first = channel.sync()
    after = said(channel)
    assume({c.object for c in channel.crm.written} >= {"Opportunity"})
    for kind, record_id, name in acts:
        _act(channel, kind, record_id, name, before)
    edited = copy.deepcopy(said(channel))
    report = undo(channel, str(first.runs[0]))
    now = said(channel)
    left = {record_id for record_id, _ in report.left}
    for record_id in _OPPORTUNITIES:
        key = (SALESFORCE, "Opportunity", record_id)
        if key not in edited:
            assert record_id in left
            continue
        expected, kept = _expected(before[key], after[key], edited[key])
        assert now[key] == expected
        assert (record_id in left) == kept
    assert is_still(channel)


def _expected(
    before: dict[str, str], after: dict[str, str], edited: dict[str, str]
) -> tuple[dict[str, str], bool]:
    """What a record should say, and whether anything the hub wrote in it was left alone."""
    expected: dict[str, Any] = dict(edited)
    kept = False
    for name in before.keys() | after.keys():
        was, hub, at_last = before.get(name), after.get(name), edited.get(name)
        if was == hub:
            continue
        if at_last == hub:
            expected[name] = was
        elif at_last != was:
            kept = True
    return {name: value for name, value in expected.items() if value is not None}, kept
