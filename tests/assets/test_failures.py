"""What goes wrong is red, in Dagster and in the ledger, and says what to do about it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster_rig import LINE, Hub, broken_checks, drop, failures, figures, materialized

from hub.assets.failures import named_failures
from hub.connectors.contract import Batch
from hub.connectors.feed import FeedConnector
from hub.errors import CredentialsRefused, HubError, QuotaSpent, SystemUnreachable


def _trigger(hub: Hub, statement: str) -> None:
    """Make the warehouse itself break a law; the tables are there after a first run."""
    assert hub.materialize("land/northwind_reseller").success
    with sqlite3.connect(hub.folder / "hub.db") as connection:
        connection.execute(statement)


def test_a_broken_law_of_landing_stops_everything_after_it(feed: Hub) -> None:
    _trigger(
        feed,
        "CREATE TRIGGER lose AFTER INSERT ON ops_disposition WHEN new.object = 'pos_line' "
        "BEGIN DELETE FROM ops_disposition WHERE object = 'pos_line'; END",
    )
    result = feed.sync()
    assert not result.success
    assert broken_checks(result) == ["land/northwind_pos_line: conservation"]
    assert sorted(materialized(result)) == [
        "land/northwind_claim",
        "land/northwind_end_customer",
        "land/northwind_inventory_line",
        "land/northwind_pos_line",
        "land/northwind_report",
        "land/northwind_reseller",
        "land/northwind_shipment",
    ]
    assert list(failures(result)) == ["laws_of_landing"]
    assert feed.ledger()[-1] == ("dagster", "failed")
    error = feed.query("SELECT error FROM ops_run ORDER BY run DESC LIMIT 1")[0][0]
    assert "conservation" in error


def test_a_broken_law_that_does_not_block_still_fails_the_run(feed: Hub) -> None:
    _trigger(
        feed,
        "CREATE TRIGGER waste AFTER INSERT ON ops_call "
        "BEGIN UPDATE ops_call SET used = minimum + 50; END",
    )
    result = feed.sync()
    assert not result.success
    assert broken_checks(result) == ["run/settle: frugality"]
    told = failures(result)["run__verdict"]
    assert told["message"].startswith("frugality: ")
    assert told["remedy"] == "run `hub status`; see the failed checks of this run"
    assert feed.ledger()[-1] == ("dagster", "failed")


def test_an_unreadable_file_fails_its_asset_with_the_remedy(feed: Hub) -> None:
    (feed.folder / "feeds" / "pos_0.csv").write_text("not;a;report\n1;2;3\n")
    result = feed.sync()
    told = failures(result)["land__northwind_pos_line"]
    assert told["kind"] == "FeedUnreadable"
    assert "pos_0.csv" in told["message"]
    assert told["remedy"]
    assert "identity/company" not in materialized(result)
    assert feed.ledger() == [("dagster", "failed")]


def test_a_missing_configuration_is_named_by_file_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="run `hub init` to write one"):
        Hub(tmp_path).definitions()


def test_the_run_after_a_failed_one_takes_up_what_was_left(feed: Hub) -> None:
    bad = feed.folder / "feeds" / "pos_0.csv"
    bad.write_text("not;a;report\n1;2;3\n")
    feed.sync()
    bad.unlink()
    week_after = LINE.replace("2026-03-01", "2026-03-08").replace("N1;1", "N2;1")
    drop(feed.folder, "pos_2.csv", week_after)
    result = feed.sync()
    assert failures(result) == {}
    assert figures(result, "golden/pos_line")["dagster/row_count"] == 2
    assert feed.ledger() == [("dagster", "failed"), ("dagster", "done")]


def _attempts_at(error: HubError) -> tuple[list[int], dict[str, str]]:
    """How a step that always raises `error` is tried, and what its failure says."""
    attempts: list[int] = []

    @dg.asset
    def busy(context: dg.AssetExecutionContext) -> None:
        attempts.append(context.retry_number)
        with named_failures(context):
            raise error

    result = dg.materialize([busy], instance=dg.DagsterInstance.ephemeral(), raise_on_error=False)
    return attempts, failures(result)["busy"]


def test_a_busy_system_is_tried_again_and_named_in_the_end() -> None:
    attempts, told = _attempts_at(SystemUnreachable("No answer.", seconds=0, remedy="wait"))
    assert attempts == [0, 1, 2, 3]
    assert told == {"message": "No answer.", "remedy": "wait", "kind": "SystemUnreachable"}


def test_what_takes_longer_than_a_run_may_wait_is_left_to_the_next() -> None:
    attempts, told = _attempts_at(SystemUnreachable("No answer.", seconds=3600, remedy="wait"))
    assert attempts == [0]
    assert told["remedy"] == "wait"


def test_a_spent_allowance_pauses_the_run_by_name(
    feed: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spent(*_args: object) -> Iterator[Batch]:
        raise QuotaSpent("No calls left.", seconds=0, remedy="wait")
        yield

    monkeypatch.setattr(FeedConnector, "pull", spent)
    result = feed.sync()
    told = failures(result)["land__northwind_pos_line"]
    assert told == {
        "message": "paused: quota: No calls left.", "remedy": "wait", "kind": "QuotaSpent",
    }  # fmt: skip
    assert feed.ledger() == [("dagster", "paused: quota")]


def test_a_paused_run_is_tagged_and_not_tried_again() -> None:
    @dg.asset
    def busy(context: dg.AssetExecutionContext) -> None:
        with named_failures(context):
            raise QuotaSpent("No calls left.", seconds=0, remedy="wait")

    instance = dg.DagsterInstance.ephemeral()
    result = dg.materialize([busy], instance=instance, raise_on_error=False)
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags["hub/status"] == "paused: quota"
    assert failures(result)["busy"]["message"] == "paused: quota: No calls left."


def test_refused_credentials_are_not_tried_again() -> None:
    attempts, told = _attempts_at(CredentialsRefused("Token unknown.", remedy="renew it"))
    assert attempts == [0]
    assert told == {"message": "Token unknown.", "remedy": "renew it", "kind": "CredentialsRefused"}
