"""Which source row gives a golden row each value: by trust, then recency, never by arrival."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from hub.golden.survivorship import Survivors, survive

FIELDS = ("name", "phone", "city")
TRUST = {"crm": 10, "portal": 20, "feed": 30}
SCHEMA = {
    "hub_id": pl.String,
    "system": pl.String,
    "object": pl.String,
    "record_id": pl.String,
    "modified_at": pl.Datetime("us", "UTC"),
    "demoted": pl.Boolean,
    **dict.fromkeys(FIELDS, pl.String),
}


def _day(day: int) -> datetime:
    return datetime(2026, 3, day, tzinfo=UTC)


def _row(system: str, record_id: str, day: int | None = 1, **values: Any) -> dict[str, Any]:
    return {
        "hub_id": "co_1",
        "system": system,
        "object": "Account",
        "record_id": record_id,
        "modified_at": _day(day) if day else None,
        "demoted": False,
        **dict.fromkeys(FIELDS),
        **values,
    }


def _survive(*rows: dict[str, Any]) -> Survivors:
    return survive(pl.DataFrame(rows, schema=SCHEMA, orient="row"), FIELDS, TRUST)


def _values(*rows: dict[str, Any]) -> dict[str, Any]:
    (golden,) = _survive(*rows).rows.rows(named=True)
    return {name: golden[name] for name in FIELDS}


def test_each_field_comes_from_the_most_trusted_system_that_has_it() -> None:
    crm = _row("crm", "1", name="Adler AG")
    portal = _row("portal", "2", day=9, name="adler", phone="123", city="Wien")
    feed = _row("feed", "3", day=9, name="ADLER", phone="999")
    expected = {"name": "Adler AG", "phone": "123", "city": "Wien"}
    assert _values(crm, portal, feed) == _values(feed, portal, crm) == expected


def test_within_a_system_the_row_that_changed_last_counts() -> None:
    older, newer = _row("crm", "1", day=1, city="Graz"), _row("crm", "2", day=2, city="Linz")
    undated = _row("crm", "0", day=None, city="Wien", phone="1")
    expected = {"name": None, "phone": "1", "city": "Linz"}
    assert _values(older, newer, undated) == _values(undated, newer, older) == expected


def test_of_two_rows_alike_the_smaller_key_counts() -> None:
    one, two = _row("crm", "1", city="Graz"), _row("crm", "2", city="Linz")
    assert _values(two, one)["city"] == _values(one, two)["city"] == "Graz"


def test_a_mention_gives_only_what_no_record_says() -> None:
    mention = {**_row("crm", "1", day=9, name="Adler (Lead)", phone="555"), "demoted": True}
    record = _row("feed", "2", name="Adler")
    assert _values(mention, record) == {"name": "Adler", "phone": "555", "city": None}


def test_a_system_without_a_priority_comes_last() -> None:
    assert _values(_row("other", "1", name="A"), _row("feed", "2", name="B"))["name"] == "B"


def test_each_value_tells_the_row_it_came_from_and_a_missing_one_tells_none() -> None:
    found = _survive(_row("crm", "1", name="Adler"), _row("portal", "2", name="x", phone="1"))
    told = found.lineage.select("hub_id", "field", "system", "object", "record_id", "rule")
    assert sorted(told.rows()) == [
        ("co_1", "name", "crm", "Account", "1", "priority"),
        ("co_1", "phone", "portal", "Account", "2", "priority"),
    ]


_rows = st.lists(
    st.builds(
        lambda hub_id, system, record_id, day, demoted, values: {
            **_row(system, record_id, day, **values),
            "hub_id": hub_id,
            "demoted": demoted,
        },
        st.sampled_from(["co_1", "co_2"]),
        st.sampled_from([*TRUST, "other"]),
        st.sampled_from("abcd"),
        st.none() | st.integers(1, 3),
        st.booleans(),
        st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(["x", "y", "z"])),
    ),
    unique_by=lambda row: (row["system"], row["record_id"]),
    max_size=8,
)


@given(_rows.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_of_arrival_makes_no_difference(
    orders: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    one, other = (_survive(*rows) for rows in orders)
    assert sorted(one.rows.rows(), key=repr) == sorted(other.rows.rows(), key=repr)
    assert sorted(one.lineage.rows()) == sorted(other.lineage.rows())


@given(_rows)
def test_lineage_points_to_the_row_that_says_the_value(rows: list[dict[str, Any]]) -> None:
    found = _survive(*rows)
    said = {(r["hub_id"], r["system"], r["record_id"]): r for r in rows}
    told = {(r["hub_id"], r["field"]): r for r in found.lineage.rows(named=True)}
    for golden in found.rows.rows(named=True):
        for field in FIELDS:
            origin = told.get((golden["hub_id"], field))
            if origin is None:
                assert golden[field] is None
                assert all(r[field] is None for r in rows if r["hub_id"] == golden["hub_id"])
            else:
                key = (golden["hub_id"], origin["system"], origin["record_id"])
                assert said[key][field] == golden[field]
