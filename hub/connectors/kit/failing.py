"""Promises about trouble: outages, refusals, spent allowances, and what is said about them."""

# ruff: noqa: S101 - these are tests
import logging
from collections.abc import Iterable

import pytest

from hub.connectors.contract import Batch
from hub.connectors.kit.reading import ids, pulled
from hub.connectors.kit.rigs import FailingRig, QuotaRig, SigningRig
from hub.errors import CredentialsRefused, HubError, QuotaSpent, SystemUnreachable

_FOREVER = 10_000


def until_broken(batches: Iterable[Batch]) -> tuple[list[Batch], HubError | None]:
    """What a pull yields before it fails, and how it failed."""
    read: list[Batch] = []
    try:
        for batch in batches:
            read.append(batch)
    except HubError as err:
        return read, err
    return read, None


class FailurePromises:
    """A connector to a system over a network, in pages. Needs a FailingRig."""

    def test_every_record_is_read_once_however_many_pages_there_are(self, rig: FailingRig) -> None:
        expected = rig.seed(23)
        rig.shorten_pages(5)
        assert sorted(ids(pulled(rig)[0])) == sorted(expected)

    @pytest.mark.parametrize("pages_read", [1, 2, 3, 4])
    @pytest.mark.parametrize("one_stamp", [False, True], ids=["stamps", "one-stamp"])
    def test_a_pull_broken_after_any_page_goes_on_from_there(
        self, rig: FailingRig, pages_read: int, one_stamp: bool
    ) -> None:
        expected = rig.seed(23, one_stamp=one_stamp)
        rig.shorten_pages(5)
        rig.fail("pages", 503, after=pages_read, times=_FOREVER)
        read, error = until_broken(rig.connector().pull(rig.spec, None))
        assert isinstance(error, SystemUnreachable)
        assert read, "the pages read before the break were not handed over"
        rig.heal()
        rest, _ = pulled(rig, read[-1].cursor)
        assert set(ids(read)) | set(ids(rest)) == set(expected)
        assert len(ids(rest)) < len(expected), "the whole list was read again"

    @pytest.mark.parametrize("status", [500, 502, 503, 0])
    def test_a_passing_failure_while_reading_is_waited_out(
        self, rig: FailingRig, status: int
    ) -> None:
        expected = rig.seed(12)
        rig.shorten_pages(5)
        rig.fail("pages", status, body=b"<html>Bad gateway</html>", after=1, times=2)
        assert sorted(ids(pulled(rig)[0])) == sorted(expected)

    def test_an_answer_that_is_no_answer_of_the_system_is_an_outage(self, rig: FailingRig) -> None:
        rig.seed(1)
        rig.fail("everything", 200, body=b"<html>Please log in</html>", times=_FOREVER)
        with pytest.raises(SystemUnreachable) as caught:
            list(rig.connector().pull(rig.spec, None))
        assert caught.value.remedy

    def test_a_server_that_never_answers_is_given_up(self, rig: FailingRig) -> None:
        rig.fail("everything", 503, times=_FOREVER, hang=0.15)
        with pytest.raises(SystemUnreachable):
            list(rig.connector(timeout_seconds=0.05).pull(rig.spec, None))

    def test_secrets_are_in_no_error_log_or_repr(
        self, rig: FailingRig, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        rig.seed(1)
        connector = rig.connector()
        told = [repr(connector), repr(vars(connector))]
        for status in (400, 401, 403, 500, 0):
            rig.heal()
            rig.fail("everything", status, body=b'{"message": "no"}', times=_FOREVER)
            with pytest.raises(HubError) as caught:
                list(connector.pull(rig.spec, None))
            told += [str(caught.value), repr(caught.value)]
        told += [record.getMessage() for record in caplog.records]
        for secret in rig.secrets:
            assert [line for line in told if secret in line] == []


class CredentialPromises:
    """A connector to a system that asks who we are. Needs a SigningRig."""

    def test_bad_credentials_fail_at_once_and_say_what_to_do(self, rig: SigningRig) -> None:
        connector = rig.badly_signed_in()
        for _ in range(2):
            with pytest.raises(CredentialsRefused) as caught:
                list(connector.pull(rig.spec, None))
            assert caught.value.remedy
        assert rig.requests() <= 2, "refused credentials were tried again"
        [refused] = rig.badly_signed_in().preflight([rig.spec])
        assert (refused.subject, refused.severity) == ("credentials", "error")
        assert refused.remedy


class QuotaPromises:
    """A connector to a system with an allowance of calls. Needs a QuotaRig."""

    def test_the_quota_is_read_from_the_answers(self, rig: QuotaRig) -> None:
        connector = rig.connector()
        list(connector.pull(rig.spec, None))
        assert connector.calls.quota_limit
        assert connector.calls.quota_used

    def test_a_spent_allowance_stops_reading_and_leaves_writes_pending(self, rig: QuotaRig) -> None:
        expected = rig.seed(3)
        connector = rig.connector()
        list(connector.pull(rig.spec, None))
        rig.spend_allowance()
        with pytest.raises(QuotaSpent) as caught:
            list(connector.pull(rig.spec, None))
        assert caught.value.remedy
        changes = [rig.update(f"c{n}", one, "New name") for n, one in enumerate(expected)]
        outcomes = list(connector.apply(changes))
        assert [(o.change_id, o.status, o.code) for o in outcomes] == [
            (change.id, "pending", "quota_spent") for change in changes
        ]

    def test_no_more_than_our_share_of_the_allowance_is_used(self, rig: QuotaRig) -> None:
        rig.seed(3)
        generous = rig.connector()
        list(generous.pull(rig.spec, None))
        limit, used = generous.calls.quota_limit, generous.calls.quota_used
        assert limit is not None
        assert used is not None
        connector = rig.connector(quota_share=(used + 0.5) / limit)
        before = rig.requests()
        pulls = (batch for _ in range(20) for batch in connector.pull(rig.spec, None))
        with pytest.raises(QuotaSpent, match="share"):
            list(pulls)
        assert connector.calls.used == rig.requests() - before
