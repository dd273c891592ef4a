"""Limits: kept to without being refused, shared, and obeyed when the portal says so."""

import pytest
from rigs import FakeTime, HubSpotRig, Incident, ids

from hub.connectors.hubspot.pacing import Pace
from hub.errors import QuotaSpent, RetryLater

STRICT = {"enforce_burst": True, "enforce_search": True, "enforce_daily": True}


def statuses(portal: HubSpotRig) -> set[int]:
    return {line["status"] for line in portal.log.lines}


def test_no_window_ever_holds_more_calls_than_allowed() -> None:
    time = FakeTime()
    pace = Pace(9, 10.0, time.patience())
    moments = []
    for _ in range(100):
        pace.wait()
        moments.append(time.now)
        time.now += 0.25
    for start in moments:
        assert len([moment for moment in moments if start <= moment < start + 10]) <= 9


def test_nobody_sleeps_while_the_portal_has_calls_to_spare(portal: HubSpotRig) -> None:
    portal.seed(60)
    portal.shrink_pages(1)
    list(portal.connector().pull(portal.spec, None))
    assert portal.time.slept == []


def test_searches_keep_to_four_a_second(portal: HubSpotRig) -> None:
    portal.control("switches", **STRICT)
    portal.seed(30)
    connector = portal.connector()
    *_, first = connector.pull(portal.spec, None)
    portal.wait(hours=1)
    for n in range(1, 11):
        portal.touch(n, f"Renamed {n}")
    portal.wait(minutes=1)
    portal.shrink_pages(1)
    before = portal.time.now
    assert len(ids(connector.pull(portal.spec, first.cursor))) == 10
    assert portal.time.now - before == 2.0
    assert 429 not in statuses(portal)


def test_the_general_pace_follows_the_announced_limit(portal: HubSpotRig) -> None:
    portal.control("switches", burst_max=10, **STRICT)
    portal.seed(20)
    portal.shrink_pages(1)
    list(portal.connector().pull(portal.spec, None))
    assert portal.time.now == 20.0
    assert statuses(portal) == {200}


def test_connectors_of_one_portal_share_its_limit(portal: HubSpotRig) -> None:
    portal.control("switches", burst_max=10, **STRICT)
    portal.seed(10)
    portal.shrink_pages(1)
    for _ in range(2):
        list(portal.connector().pull(portal.spec, None))
    assert portal.time.now == 20.0
    assert statuses(portal) == {200}


def test_what_others_use_of_the_limit_is_left_to_them(portal: HubSpotRig) -> None:
    portal.control("switches", burst_max=20, **STRICT)
    portal.seed(15)
    portal.shrink_pages(1)
    for _ in range(12):
        portal.name_of(1)
    list(portal.connector().pull(portal.spec, None))
    assert statuses(portal) == {200}


@pytest.mark.parametrize(
    ("policy", "waits"), [("TEN_SECONDLY_ROLLING", [10.0, 20.0]), ("SECONDLY", [1.0, 2.0])]
)
def test_a_refusal_for_speed_is_waited_out(
    portal: HubSpotRig, policy: str, waits: list[float]
) -> None:
    portal.seed(1)
    said = f'{{"status":"error","policyName":"{policy}"}}'.encode()
    portal.trouble.incidents.append(Incident(portal.pages, 429, said, times=2))
    assert ids(portal.connector().pull(portal.spec, None)) == [portal.id(1)]
    assert portal.time.slept == waits


@pytest.mark.parametrize("status", [429, 503])
def test_the_time_to_wait_that_the_portal_tells_is_waited(portal: HubSpotRig, status: int) -> None:
    portal.seed(1)
    told = (("retry-after", "7"),)
    portal.trouble.incidents.append(Incident(portal.pages, status, b"{}", headers=told))
    assert ids(portal.connector().pull(portal.spec, None)) == [portal.id(1)]
    assert portal.time.slept == [7.0]


def test_a_wait_of_minutes_is_left_to_the_next_run(portal: HubSpotRig) -> None:
    told = (("retry-after", "900"),)
    portal.trouble.incidents.append(Incident(portal.pages, 429, b"{}", headers=told))
    with pytest.raises(RetryLater) as caught:
        list(portal.connector().pull(portal.spec, None))
    assert (caught.value.seconds, portal.time.slept) == (900.0, [])


def test_the_daily_limit_is_not_waited_out(portal: HubSpotRig) -> None:
    said = b'{"status":"error","policyName":"DAILY","message":"You have reached your daily limit."}'
    incident = Incident(portal.pages, 429, said, headers=(("retry-after", "7200"),))
    portal.trouble.incidents.append(incident)
    with pytest.raises(QuotaSpent) as caught:
        list(portal.connector().pull(portal.spec, None))
    assert caught.value.seconds == 7200
    assert portal.time.slept == []


def test_a_share_of_the_quota_is_spent_and_no_more(portal: HubSpotRig) -> None:
    portal.control("switches", daily_max=20, **STRICT)
    portal.seed(30)
    portal.shrink_pages(1)
    connector = portal.connector(quota_share=0.5)
    with pytest.raises(QuotaSpent, match="share of the hub"):
        list(connector.pull(portal.spec, None))
    assert connector.calls.used == len(portal.log.lines) == 10
