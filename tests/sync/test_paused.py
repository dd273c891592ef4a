"""A spent allowance of calls stops in order: nothing lost, others go on, and the run says so."""

import pytest
from channel import HUBSPOT, SALESFORCE, Channel, furnished
from databases import rows_of
from sqlalchemy import Engine

from hub.checks import laws
from hub.commands.planning import FINISHED
from hub.config import Settings
from hub.connectors.contract import CallMeter
from hub.errors import QuotaSpent, SystemUnreachable
from hub.models.database import reading
from hub.models.operations import ops_call, ops_change, ops_run
from hub.models.sources import src_company
from hub.sync.ledger import PAUSED
from hub.sync.report import SyncReport


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> Channel:
    return furnished(Channel(engine, settings))


def _allow(channel: Channel, system: str, calls: int, share: float = 1.0) -> None:
    """So many calls a day, of which the hub may use its share."""
    meter = CallMeter(quota_used=0, quota_limit=calls, share=share)
    channel.connectors[system].calls = meter


def _companies(channel: Channel, system: str) -> int:
    return sum(row["system"] == system for row in rows_of(channel.engine, src_company))


def _told(report: SyncReport) -> dict[str, bool]:
    return {law.law: law.holds for law in report.laws}


def test_a_spent_share_pauses_the_pull_and_the_next_run_goes_on_at_the_cursor(
    channel: Channel,
) -> None:
    channel.connectors[SALESFORCE].batch_rows = 1
    _allow(channel, SALESFORCE, 6, share=0.5)
    report = channel.sync()
    assert report.status == "paused: quota"
    assert report.troubles == []
    [pause] = report.pauses
    assert pause == (
        "acme_salesforce/Account: paused: quota: 3 of 6 calls are used, 3 are the share of the "
        "hub. Remedy: wait until the allowance is renewed, or raise `quota_share`; the next run "
        "goes on where this one stopped"
    )
    # What was read stays; the other system was read in full; the unread one was not written to.
    assert (_companies(channel, SALESFORCE), _companies(channel, HUBSPOT)) == (3, 3)
    assert channel.crm.written == []
    assert (_told(report)["conservation"], _told(report)["honesty"]) == (True, False)
    assert [row["status"] for row in rows_of(channel.engine, ops_run)] == [PAUSED]

    _allow(channel, SALESFORCE, 1000)
    second = channel.sync()
    assert second.status == "done"
    accounts = [r for r in second.landed if (r.system, r.object) == (SALESFORCE, "Account")]
    assert accounts[0].read == 1
    assert _companies(channel, SALESFORCE) == 4
    assert channel.left_to_do() == 0


def test_a_spent_share_pauses_the_writing_and_leaves_the_rest_to_the_next_run(
    channel: Channel,
) -> None:
    channel.lead("l-moser", "Max Moser", "Moser Optik", "DE")
    channel.sync(apply=False)
    portal = channel.connectors[HUBSPOT]
    portal.rows_per_write = 1
    used = sum(int(str(r["used"])) for r in rows_of(channel.engine, ops_call)
               if r["system"] == HUBSPOT)  # fmt: skip
    reads = used + 2
    _allow(channel, HUBSPOT, reads)
    report = channel.sync()
    assert report.status == PAUSED
    assert report.outcomes["pending"] > 0
    assert [p.partition(":")[0] for p in report.pauses] == [HUBSPOT]
    assert (_told(report)["fixpoint"], _told(report)["honesty"]) == (False, False)
    waiting = [r for r in rows_of(channel.engine, ops_change) if r["outcome"] == "pending"]
    assert {r["system"] for r in waiting} == {HUBSPOT}
    _allow(channel, HUBSPOT, 1000)
    assert channel.sync().status == "done"
    assert channel.left_to_do() == 0


def test_a_failure_beside_a_pause_is_a_failure(channel: Channel) -> None:
    _allow(channel, SALESFORCE, 1)
    channel.connectors[HUBSPOT].trouble = SystemUnreachable("the portal is down")
    assert channel.sync().status == "failed"


def test_what_a_system_says_itself_is_a_pause_too(channel: Channel) -> None:
    channel.connectors[HUBSPOT].trouble = QuotaSpent("No calls left today.", remedy="wait")
    report = channel.sync()
    assert (report.status, report.pauses) == (
        "paused: quota",
        ["acme_hubspot/companies: paused: quota: No calls left today. Remedy: wait"],
    )


def test_a_broken_law_is_no_pause() -> None:
    assert laws.fixpoint(3, paused=True).waits
    assert not laws.fixpoint(3).waits
    assert laws.fixpoint(0, paused=True).holds


def test_refused_changes_beside_a_pause_keep_it_from_being_only_a_pause(engine: Engine) -> None:
    with reading(engine) as conn:
        assert laws.honesty(conn, [1], [], pauses=["crm: paused: quota: …"], refused=0).waits
        assert not laws.honesty(conn, [1], [], pauses=["crm: paused: quota: …"], refused=1).waits
        assert not laws.honesty(conn, [1], ["crm: down"], pauses=["x"], refused=0).waits


def test_nothing_more_is_sent_once_an_allowance_is_spent(channel: Channel) -> None:
    portal = channel.connectors[HUBSPOT]
    portal.halt, portal.rows_per_apply = 0, 1
    channel.lead("l-moser", "Max Moser", "Moser Optik", "DE")
    report = channel.sync()
    assert report.status == PAUSED
    assert set(report.outcomes) - FINISHED >= {"pending"}
    steps = {r["step"] for r in rows_of(channel.engine, ops_call) if r["system"] == HUBSPOT}
    assert len([step for step in steps if str(step).startswith("apply/")]) == 1
