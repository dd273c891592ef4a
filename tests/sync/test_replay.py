"""Law 4: archive, configuration and decisions as of a moment rebuild the same tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from channel import SALESFORCE, Channel, furnished
from databases import dump, empty_all, rows_of
from sqlalchemy import Engine

from hub.commands.replaying import moment_of
from hub.config import Settings
from hub.errors import HubError
from hub.models import metadata
from hub.models.database import writing
from hub.models.operations import ops_step
from hub.models.sources import DELETED, HIDDEN, MERGED, SOURCES
from hub.stewardship.judging import Wish, judge_one
from hub.sync.apply import apply_plan
from hub.sync.ledger import begin_run, end_run
from hub.sync.replay import replay

# By what volatile fields are compared the next time they are looked at: no row says it.
NOT_SAID = ("volatile_hash",)
Tables = dict[str, list[dict[str, object]]]


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> Channel:
    """Where a record out of sight is no reason to stop: there are so few."""
    crm = settings.systems[SALESFORCE].model_copy(update={"hidden_share": 1.0})
    systems = {**settings.systems, SALESFORCE: crm}
    return furnished(Channel(engine, settings.model_copy(update={"systems": systems})))


@dataclass
class Past:
    """What the warehouse held at each of some moments."""

    channel: Channel
    moments: list[tuple[datetime, Tables]] = field(default_factory=list)

    def note(self) -> None:
        self.moments.append((datetime.now(UTC), tables(self.channel.engine)))


def tables(engine: Engine) -> Tables:
    """The model, but for the serial numbers of events, which the database gives out."""
    model = dump(engine, without=NOT_SAID)
    for event in model["identity_event"]:
        del event["id"]
    return model


def everything(engine: Engine) -> Tables:
    return {name: rows_of(engine, table) for name, table in metadata.tables.items()}


def lived(channel: Channel) -> Past:
    """Syncs with news in between: edits on both sides, deletes, merges, hidden records, judgements
    and their withdrawal, bad rows, and days that pass."""
    past = Past(channel)
    channel.sync()
    past.note()
    for news in _NEWS:
        news(channel)
        channel.sync()
        past.note()
    return past


def _edits(channel: Channel) -> None:
    channel.account("a-cordes", "Cordes Maschinenbau GmbH", BillingCity="Bonn")
    channel.crm.put("Lead", "l-huber", Hub_Partner_Name__c="typed by hand")
    channel.approve("d-cordes", channel.today.date())


def _newcomers(channel: Channel) -> None:
    channel.account("a-eriksson", "Eriksson Verktyg", BillingCountry="SE")
    channel.company("c-eriksson", "Eriksson Verktyg", country="SE")
    channel.lead("l-fischer", "Tom Fischer", "Fischer Optik", "DE")
    channel.lead("l-bad", "Ann Gruber", "Gruber Bau", "AT", Email="no address")
    channel.deal("d-dupont", "c-adler", "c-dupont", "Storage")


def _judged_apart(channel: Channel) -> None:
    wish = Wish("different", f"{SALESFORCE}/Account/a-cordes", "acme_hubspot/companies/c-cordes",
                "Ada", "two firms", "company")  # fmt: skip
    with writing(channel.engine) as conn:
        judge_one(conn, wish, datetime.now(UTC))


def _merged_and_deleted(channel: Channel) -> None:
    channel.crm.merge("Account", "a-dupont", "a-eriksson")
    channel.crm.drop("Lead", "l-fischer")
    channel.crm.put("Lead", "l-bad", Email="ann@gruber.example")


def _hidden(channel: Channel) -> None:
    channel.crm.hide("Opportunity", "o-cordes")
    channel.pass_days(30)


def _back(channel: Channel) -> None:
    channel.crm.hide("Opportunity", "o-cordes", hidden=False)
    channel.pass_days(200)


_NEWS: Sequence[Callable[[Channel], Any]] = (
    _edits, _newcomers, _judged_apart, _merged_and_deleted, _hidden, _back,
)  # fmt: skip


def test_each_moment_of_the_past_is_rebuilt_row_for_row_with_the_same_ids(
    channel: Channel, fresh: Engine
) -> None:
    past = lived(channel)
    gone = {
        row["gone"] for _, then in past.moments for name in SOURCES for row in then[f"src_{name}"]
    }
    assert gone >= {None, HIDDEN, DELETED, MERGED}
    # Each replay begins at the beginning: the last one goes through all moments.
    for moment, then in (past.moments[2], past.moments[-1]):
        empty_all(fresh)
        replay(channel.engine, channel.settings, fresh, moment)
        now = tables(fresh)
        for name, rows in then.items():
            assert now[name] == rows, name


def test_what_a_plan_wrote_in_a_run_of_its_own_is_rebuilt_too(
    channel: Channel, fresh: Engine
) -> None:
    report = channel.sync(apply=False)
    run = begin_run(channel.engine, "apply", channel.settings.config_hash, channel.clock())
    apply_plan(channel.engine, channel.settings, run, str(report.plans[0].plan), channel.connectors)
    end_run(channel.engine, run, "done", seconds={})
    then = tables(channel.engine)
    told = replay(channel.engine, channel.settings, fresh, datetime.now(UTC))
    assert told.writes > 0
    assert tables(fresh) == then


def test_nothing_is_written_to_the_archive_or_the_warehouse(
    channel: Channel, fresh: Engine
) -> None:
    channel.sync()
    root = Path(channel.settings.resolve(channel.settings.archive))

    def files() -> dict[Path, tuple[int, bytes]]:
        return {f: (f.stat().st_mtime_ns, f.read_bytes()) for f in root.rglob("*.parquet")}

    before, held = files(), everything(channel.engine)
    replay(channel.engine, channel.settings, fresh, datetime.now(UTC))
    assert before
    assert files() == before
    assert everything(channel.engine) == held


def test_a_moment_before_the_first_run_is_refused(channel: Channel, fresh: Engine) -> None:
    before = datetime.now(UTC)
    channel.sync()
    with pytest.raises(HubError, match="No run had ended by") as refused:
        replay(channel.engine, channel.settings, fresh, before)
    assert refused.value.remedy


def test_a_warehouse_that_holds_something_is_not_replayed_into(channel: Channel) -> None:
    channel.sync()
    with pytest.raises(HubError, match="not empty"):
        replay(channel.engine, channel.settings, channel.engine, datetime.now(UTC))


def test_a_run_that_kept_no_account_of_its_steps_is_refused_by_name(
    channel: Channel, fresh: Engine
) -> None:
    channel.sync()
    with writing(channel.engine) as conn:
        conn.execute(ops_step.delete().where(ops_step.c.run == 1))
    with pytest.raises(HubError, match="Run 1 kept no account"):
        replay(channel.engine, channel.settings, fresh, datetime.now(UTC))


def test_runs_under_another_configuration_are_told(channel: Channel, fresh: Engine) -> None:
    channel.sync()
    other = channel.settings.model_copy(update={"config_hash": "another"})
    told = replay(channel.engine, other, fresh, datetime.now(UTC))
    assert told.other_configuration == tuple(range(1, told.last_run + 1))
    assert tables(fresh) == tables(channel.engine)


def test_a_moment_needs_its_zone() -> None:
    assert moment_of("2027-01-15T07:00:00+01:00") == datetime(2027, 1, 15, 6, tzinfo=UTC)
    for text in ("2027-01-15T06:00:00", "2027-01-15", "yesterday"):
        with pytest.raises(HubError, match="is not a moment with a time zone"):
            moment_of(text)
