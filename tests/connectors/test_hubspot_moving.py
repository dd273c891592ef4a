"""Reading a portal that does not hold still: nothing missed, nothing brought back."""

from collections.abc import Callable, Iterable

import pytest
import requests
from rigs import HubSpotRig, Meanwhile, ids

from hub.connectors.contract import Batch

BEFORE = '{"since":"2026-05-03T00:00:00.000Z"}'
CAP = 200


def truth(portal: HubSpotRig) -> dict[str, str | None]:
    """Living companies by id, with their names, straight from the store."""
    rows = portal.store.db.execute(
        "SELECT id, p_name FROM record_companies WHERE archived_at IS NULL"
    ).fetchall()
    return {str(record_id): name for record_id, name in rows}


def known(batches: Iterable[Batch]) -> dict[str, str | None]:
    """What somebody knows who takes in rows in the order of batches and of change within each."""
    state: dict[str, str | None] = {}
    for batch in batches:
        for record_id, deleted, name in batch.rows.select("record_id", "is_deleted", "name").rows():
            if deleted == "true":
                state.pop(record_id, None)
            else:
                state[record_id] = name
    return state


def events(portal: HubSpotRig) -> list[Callable[[], object]]:
    """An edit before and behind the place of reading, a deletion, two merges, a restoration."""

    def merge(primary: int, loser: int) -> object:
        return portal.control(
            "merge", object="companies", primary=1000 + primary, loser=1000 + loser
        )

    return [
        lambda: (portal.wait(seconds=1), portal.touch(2, "Again"), portal.touch(17, "Again")),
        lambda: (portal.delete(3), portal.delete(18)),
        lambda: (merge(4, 19), merge(16, 5)),
        lambda: portal.control("restore", object="companies", id=1020),
    ]


def disturbed(portal: HubSpotRig, path: str) -> None:
    """20 companies, 5 a page, one of them archived; between pages things happen."""
    portal.seed(20)
    portal.delete(20)
    portal.wait(minutes=1)
    portal.shrink_pages(5)
    for number, act in enumerate(events(portal), 1):
        portal.trouble.meanwhile.append(Meanwhile(path, number if number < 4 else 3, act))


@pytest.mark.parametrize("keeps_id", [True, False])
def test_a_first_load_of_a_portal_in_motion_and_an_increment_are_the_truth(
    portal: HubSpotRig, keeps_id: bool
) -> None:
    portal.control("switches", merge_keeps_primary_id=keeps_id)
    disturbed(portal, "/objects/companies")
    connector = portal.connector()
    first = list(connector.pull(portal.spec, None))
    assert portal.trouble.meanwhile == []
    portal.wait(minutes=20)
    second = list(connector.pull(portal.spec, first[-1].cursor))
    assert known([*first, *second]) == truth(portal)


@pytest.mark.parametrize("keeps_id", [True, False])
def test_increments_over_a_portal_in_motion_are_the_truth(
    portal: HubSpotRig, keeps_id: bool
) -> None:
    portal.control("switches", merge_keeps_primary_id=keeps_id)
    disturbed(portal, "/search")
    connector = portal.connector()
    first = list(connector.pull(portal.spec, BEFORE))
    assert portal.trouble.meanwhile == []
    portal.wait(minutes=20)
    second = list(connector.pull(portal.spec, first[-1].cursor))
    assert known([*first, *second]) == truth(portal)
    portal.wait(minutes=20)
    third = list(connector.pull(portal.spec, second[-1].cursor))
    assert ids(third) == []


def test_more_records_of_one_moment_than_a_search_can_show_are_all_read(
    portal: HubSpotRig,
) -> None:
    portal.control("switches", search_results_max=CAP)
    expected = portal.seed(2 * CAP + 50, one_stamp=True)
    with pytest.raises(requests.HTTPError, match="400"):
        portal.call("POST", "objects/companies/search", {"limit": CAP, "after": str(CAP)})
    connector = portal.connector()
    assert sorted(ids(connector.pull(portal.spec, BEFORE))) == sorted(expected)
    # properties, the archived, three searches
    assert connector.calls.used == connector.calls.minimum == 5


def test_what_the_index_shows_late_is_read_by_the_overlap(portal: HubSpotRig) -> None:
    portal.seed(3)
    connector = portal.connector(search_lag_seconds=30, overlap_minutes=10)
    *_, first = connector.pull(portal.spec, None)
    portal.wait(hours=1)
    portal.control("switches", index_lag_seconds=300)
    portal.touch(2, "Late")
    portal.wait(minutes=2)
    *early, second = connector.pull(portal.spec, first.cursor)
    assert portal.id(2) not in ids([*early, second])
    portal.wait(minutes=5)
    assert ids(connector.pull(portal.spec, second.cursor)) == [portal.id(2)]


def test_a_restored_record_comes_back(portal: HubSpotRig) -> None:
    portal.seed(2)
    connector = portal.connector()
    first = list(connector.pull(portal.spec, None))
    portal.wait(hours=1)
    portal.delete(1)
    portal.wait(hours=1)
    second = list(connector.pull(portal.spec, first[-1].cursor))
    assert set(known([*first, *second])) == {portal.id(2)}
    portal.control("restore", object="companies", id=1001)
    portal.wait(hours=1)
    third = list(connector.pull(portal.spec, second[-1].cursor))
    assert known([*first, *second, *third]) == truth(portal)
    assert portal.id(1) in known(third)


def archived_pages(portal: HubSpotRig) -> int:
    """How often the list of archived records was asked for, since last asked here."""
    asked = [line for line in portal.log.lines if "archived=True" in str(line["path"])]
    portal.log.lines.clear()
    return len(asked)


def test_a_long_list_of_archived_records_is_read_now_and_then_and_loses_nobody(
    portal: HubSpotRig,
) -> None:
    portal.seed(20)
    *_, batch = portal.connector().pull(portal.spec, None)
    cursor, told = batch.cursor, []
    portal.shrink_pages(5)
    pages = []
    for number in range(1, 15):
        portal.wait(minutes=10)
        portal.delete(number)
        batches = list(portal.connector().pull(portal.spec, cursor))
        told.append({int(record) - 1000 for record in ids(batches)})
        cursor = batches[-1].cursor
        pages.append(archived_pages(portal))
    # One page at a time until the sixth is archived, two of them then, and again an hour later.
    assert pages == [1, 1, 1, 1, 1, 2, 0, 0, 0, 0, 0, 3, 0, 0]
    assert set().union(*told[:6]) == {1, 2, 3, 4, 5, 6}
    assert set().union(*told[6:11]) == set()
    assert told[11] >= {7, 8, 9, 10, 11, 12}
    assert told[12] | told[13] == set()


def test_what_changes_is_read_whether_or_not_the_archived_are(portal: HubSpotRig) -> None:
    portal.seed(20)
    for number in range(1, 8):
        portal.delete(number)
    *_, batch = portal.connector().pull(portal.spec, None)
    cursor = batch.cursor
    portal.shrink_pages(5)
    for number in range(8, 14):
        portal.touch(number, f"Renamed {number}")
        portal.wait(minutes=10)
        batches = list(portal.connector().pull(portal.spec, cursor))
        assert portal.id(number) in ids(batches)
        cursor = batches[-1].cursor


def test_the_archived_are_read_each_time_if_that_is_wanted(portal: HubSpotRig) -> None:
    portal.seed(12)
    *_, batch = portal.connector().pull(portal.spec, None)
    cursor = batch.cursor
    portal.shrink_pages(5)
    for number in range(1, 8):
        portal.delete(number)
    for _ in range(3):
        portal.wait(minutes=10)
        batches = list(portal.connector(archived_minutes=0).pull(portal.spec, cursor))
        cursor = batches[-1].cursor
        assert archived_pages(portal) == 2
