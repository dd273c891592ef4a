"""A field that goes back and forth is named, with whom and an example; an edit put right is not."""

import json

import pytest
from sqlalchemy import Engine

from hub.models.database import reading, writing
from hub.models.operations import ops_change
from hub.sync.flaps import WINDOW, flapping

CRM, PORTAL = "acme_salesforce", "acme_hubspot"


def _write(engine: Engine, run: int, system: str, record: str, before: str, after: str) -> None:
    """The hub has written a phone."""
    with writing(engine) as conn:
        conn.execute(
            ops_change.insert().values(
                id=f"plan-{run:06d}/{system[5:8]}{record}", plan=f"plan-{run:06d}", seq=1,
                system=system, object="firms", op="update", record_id=f"{system[5]}{record}",
                hub_id=f"co_{record}", digest="d", outcome="applied", run=run,
                kind="update", weight=0, attempts=0,
                fields=json.dumps({"phone": {"before": before, "after": after, "why": "so"}}),
            )
        )  # fmt: skip


def _told(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        return [f"{flap.system} {flap}" for flap in flapping(conn)]


def test_two_systems_that_disagree_by_way_of_the_hub_are_named(engine: Engine) -> None:
    for run, value in enumerate("1212", start=1):
        other = "2" if value == "1" else "1"
        for record in ("1", "2"):
            _write(engine, run, CRM, record, other, value)
            _write(engine, run, PORTAL, record, value, other)
    told = "phone goes back and forth between"
    assert _told(engine) == [
        f"{PORTAL} {told} '2' and '1' with {CRM} (2 records, such as h1)",
        f"{CRM} {told} '1' and '2' with {PORTAL} (2 records, such as s1)",
    ]


def test_what_is_undone_again_and_again_where_it_is_written_is_named(engine: Engine) -> None:
    for run in (1, 2, 3):
        _write(engine, run, CRM, "1", "9", "1")
    said = "phone goes back and forth between '1' and '9' with edits there (1 records, such as s1)"
    assert _told(engine) == [f"{CRM} {said}"]


@pytest.mark.parametrize("written", ["11", "123", "121"])
def test_an_edit_put_right_and_a_value_that_moves_on_are_not(engine: Engine, written: str) -> None:
    for run, value in enumerate(written, start=1):
        _write(engine, run, CRM, "1", "9", value)
    assert _told(engine) == []


def test_what_went_back_and_forth_long_ago_is_over(engine: Engine) -> None:
    for run in (1, 2, 3):
        _write(engine, run, CRM, "1", "9", "1")
    _write(engine, WINDOW + 3, CRM, "2", "8", "7")
    assert _told(engine) == []
