"""Writes whose answer was lost: the ledger tells them as applied once their records show it."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from channel import HUBSPOT, SALESFORCE, Channel, furnished
from databases import rows_of
from fakes import FakeConnector, FakeSystem
from sqlalchemy import Engine

from hub.config import Settings
from hub.connectors.contract import Batch, Change, ObjectSpec, Outcome
from hub.connectors.outcomes import pending
from hub.errors import SystemUnreachable
from hub.models.operations import ops_change
from hub.sync.apply import apply_plan
from hub.sync.ledger import begin_run
from hub.sync.undo import make_undo


class Killed(BaseException):
    """The process dies here."""


class Silent(FakeConnector):
    """Writes all it is given, then the system goes down: nobody is told what became of it."""

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        list(super().apply(changes))
        yield from pending(changes, SystemUnreachable("no answer"))


class Dying(FakeConnector):
    """Writes all it is given, then the process dies."""

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        list(super().apply(changes))
        raise Killed


class Lagging(FakeConnector):
    """Its index shows nothing new yet; records asked for by id or key are there."""

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:
        yield Batch(self._frame(spec, []), cursor)


class Deaf(FakeConnector):
    """Writes nothing, and the system goes down."""

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        yield from pending(changes, SystemUnreachable("no answer"))


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> Channel:
    return furnished(Channel(engine, settings))


def _disturbed(channel: Channel, kind: type[FakeConnector]) -> None:
    """A sync in which both systems fail so."""
    healthy = dict(channel.connectors)
    for name in (SALESFORCE, HUBSPOT):
        channel.connectors[name] = kind(healthy[name].outside)
    with contextlib.suppress(Killed):
        channel.sync()
    channel.connectors = healthy


def _written(*systems: FakeSystem) -> list[tuple[Any, ...]]:
    """What the systems saw written, by record."""
    return sorted(
        (outside.name, change.object, change.op, _record(outside, change))
        for outside in systems
        for change in outside.written
    )


def _record(outside: FakeSystem, change: Change) -> str | None:
    return change.record_id or (change.key and outside.find(change.object, *change.key))


def _rows(channel: Channel, **having: str) -> list[dict[str, Any]]:
    rows = [dict(row) for row in rows_of(channel.engine, ops_change)]
    return [row for row in rows if all(row[name] == value for name, value in having.items())]


def _told(channel: Channel) -> list[tuple[Any, ...]]:
    """What the ledger tells as written."""
    applied = _rows(channel, outcome="applied")
    return sorted((row["system"], row["object"], row["op"], row["record_id"]) for row in applied)


@pytest.mark.parametrize("kind", [Silent, Dying])
def test_what_landed_though_nobody_heard_of_it_is_told_as_applied_once(
    channel: Channel, kind: type[FakeConnector]
) -> None:
    _disturbed(channel, kind)
    assert _told(channel) == []
    written = _written(channel.crm, channel.portal)
    assert written
    report = channel.sync()
    assert [law for law in report.laws if not law.holds] == []
    seen = _written(channel.crm, channel.portal)
    assert set(written) <= set(seen)
    assert _told(channel) == seen


def test_what_did_not_land_is_not_told_as_applied_and_is_written_once(channel: Channel) -> None:
    _disturbed(channel, Deaf)
    assert len(_rows(channel, outcome="pending")) > 1
    assert channel.sync().status == "done"
    written = _written(channel.crm, channel.portal)
    assert len(written) == len(set(written))
    assert _told(channel) == written
    assert {row["code"] for row in _rows(channel, outcome="stale")} == {"superseded"}


def test_a_write_that_nobody_wants_any_more_is_told_as_applied_too(channel: Channel) -> None:
    """Between the lost answer and the next sync the reason for the record is gone."""
    _disturbed(channel, Silent)
    [made] = channel.portal.living("contacts")
    channel.crm.drop("Lead", "l-huber")
    channel.sync()
    [create] = [row for row in _rows(channel, object="contacts") if row["op"] == "create"]
    assert (create["outcome"], create["record_id"]) == ("applied", made)


def test_a_record_that_shows_itself_late_turns_what_was_superseded_into_applied(
    channel: Channel,
) -> None:
    """The search index lags: the next sync sees nothing of the record that was made."""
    _disturbed(channel, Silent)
    [made] = channel.portal.living("contacts")
    channel.crm.drop("Lead", "l-huber")
    channel.portal.hide("contacts", made)
    channel.sync()
    [create] = [row for row in _rows(channel, object="contacts") if row["op"] == "create"]
    assert (create["outcome"], create["code"]) == ("stale", "superseded")
    channel.portal.hide("contacts", made, hidden=False)
    channel.portal.put("contacts", made)
    channel.sync()
    [create] = [row for row in _rows(channel, object="contacts") if row["op"] == "create"]
    assert (create["outcome"], create["code"]) == ("applied", None)


def test_what_somebody_made_of_a_write_since_is_told_from_the_write(channel: Channel) -> None:
    """What the hub wrote is agreed on, so that the edit is seen for what it is."""
    _disturbed(channel, Silent)
    channel.crm.put("Opportunity", "o-cordes", Hub_Registered_Partner__c="Somebody")
    channel.sync()
    first, again = _rows(channel, object="Opportunity", op="update")
    assert (first["outcome"], first["code"]) == ("applied", "already")
    cell = json.loads(again["fields"])["Hub_Registered_Partner__c"]
    assert "changed there from 'Adler Systemhaus' to 'Somebody'" in cell["why"]
    assert channel.crm.fields("Opportunity", "o-cordes")["Hub_Registered_Partner__c"] == (
        "Adler Systemhaus"
    )


def test_what_landed_unheard_can_be_undone(channel: Channel) -> None:
    _disturbed(channel, Silent)
    plan = _rows(channel, object="contacts")[0]["plan"]
    channel.sync(apply=False)
    run = begin_run(channel.engine, "undo", "a-config", channel.clock())
    parts = (channel.engine, channel.settings, run)
    undo = make_undo(*parts, channel.connectors, [plan])
    assert undo.plan is not None
    apply_plan(*parts, undo.plan, channel.connectors)
    assert channel.portal.living("contacts") == []
    assert "Hub_Registered_Partner__c" not in channel.crm.fields("Opportunity", "o-cordes")


def test_a_write_in_doubt_is_not_repeated_before_a_look_at_its_record(channel: Channel) -> None:
    """The next sync does not see the records in their index; asked by id or key they are there."""
    _disturbed(channel, Silent)
    written = _written(channel.crm, channel.portal)
    healthy = dict(channel.connectors)
    for name in (SALESFORCE, HUBSPOT):
        channel.connectors[name] = Lagging(healthy[name].outside)
    channel.sync()
    channel.connectors = healthy
    channel.sync()
    seen = _written(channel.crm, channel.portal)
    assert set(written) <= set(seen)
    assert (len(seen), _told(channel)) == (len(set(seen)), seen)
