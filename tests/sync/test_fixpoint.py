"""Law 2 on worlds that people keep changing: after a sync there is nothing left to do.

Every round of edits is followed by a sync, which must leave a model that a second sync, a full plan
and a full rebuild all agree with: what is worked out step by step from changes is what would be
worked out from scratch.
"""

from typing import Any

from channel import Channel, furnished
from databases import dump, empty_all
from edits import EDITS, Edit
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from hub.config import Settings
from hub.models.database import exclusive
from hub.sync.derivation import derive
from hub.sync.ledger import Stopwatch, begin_run, end_run


def _sync(channel: Channel) -> None:
    report = channel.sync()
    assert report.troubles == []
    assert [law for law in report.laws if not law.holds] == []


def _settled(channel: Channel) -> None:
    """Nothing is left to do, whichever way one looks at it."""
    before = dump(channel.engine)
    written = len(channel.crm.written), len(channel.portal.written)
    report = channel.sync()
    assert [plan.total for plan in report.plans] == [0]
    assert (len(channel.crm.written), len(channel.portal.written)) == written
    assert dump(channel.engine) == before
    assert channel.left_to_do() == 0
    assert _rebuilt(channel) == _model(before)


def _rebuilt(channel: Channel) -> dict[str, Any]:
    """The model after every step took everything again."""
    with exclusive(channel.engine):
        run = begin_run(channel.engine, "rebuild", "a-config", channel.clock())
        derive(channel.engine, channel.settings, run, Stopwatch(), full=True)
        end_run(channel.engine, run, "done", seconds={})
    return _model(dump(channel.engine))


def _model(tables: dict[str, Any]) -> dict[str, Any]:
    """What must come out the same: matching keeps its own books anew in a rebuild."""
    return {name: rows for name, rows in tables.items() if not name.startswith("identity_")}


@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.lists(EDITS, min_size=1, max_size=5), min_size=1, max_size=3))
def test_nothing_is_left_to_do_after_a_sync_whatever_people_did(
    engine: Engine, settings: Settings, rounds: list[list[tuple[str, Edit]]]
) -> None:
    empty_all(engine)
    channel = furnished(Channel(engine, settings))
    _sync(channel)
    for edits in rounds:
        for told, edit in edits:
            note(told)
            edit(channel)
        _sync(channel)
        _settled(channel)


def test_a_lead_that_is_closed_says_so_when_its_partner_is_none_any_more(
    engine: Engine, settings: Settings
) -> None:
    """Found under fire: nothing of the lead changes when the account of its partner turns out to be
    another company, and that company becomes another partner."""
    empty_all(engine)
    channel = furnished(Channel(engine, settings))
    _sync(channel)
    channel.lead("l-huber", "Eva Huber", "Huber Druck", "AT", Status="Closed - Not Converted")
    _sync(channel)
    assert channel.crm.fields("Lead", "l-huber")["Hub_Partner_Name__c"] == "Adler Systemhaus"
    channel.account("a-cordes", "Adler Systemhaus")
    channel.company("c-adler", "Adler Systemhaus")
    _sync(channel)
    channel.account("a-adler", "Dupont Logistique")
    _sync(channel)
    assert channel.crm.fields("Lead", "l-huber").get("Hub_Partner_Name__c") is None
    _settled(channel)
