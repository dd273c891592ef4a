"""What the org's store promises: nothing is lost on restart, loading keeps what it is given."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.salesforce import SalesforceStore, record_id
from sandbox.salesforce.ids import serial, to_long
from sandbox.salesforce.schema import Field
from sandbox.salesforce.sessions import Sessions

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def fetch(store: SalesforceStore, sobject: str, record: str) -> dict[str, object]:
    found = store.schema.get(sobject)
    assert found is not None
    row = store.fetch(found, record)
    assert row is not None
    return dict(row)


def test_records_schema_and_sessions_survive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "org.sqlite"
    store = SalesforceStore(file)
    store.put_field("Lead", Field(name="New__c", type="string", label="New", length=10), NOON)
    store.load({"Lead": [{"LastName": "Ada", "Company": "Acme", "New__c": "x"}]})
    token = Sessions(store).issue("005bn0000003m89AAA", None, NOON)
    store.close()

    again = SalesforceStore(file)
    assert fetch(again, "Lead", record_id("00Q", 1))["New__c"] == "x"
    assert again.schema_changed_at["Lead"] == NOON
    assert Sessions(again).user_of(token, NOON, NOON - datetime(2026, 3, 10, tzinfo=UTC)) == (
        "005bn0000003m89AAA"
    )
    assert again.next_id("00Q") == record_id("00Q", 2)
    users = again.db.execute('SELECT COUNT(*) FROM "User"').fetchone()
    assert users == (1,)
    again.close()


def test_loading_keeps_ids_and_stamps_and_derives_the_rest() -> None:
    store = SalesforceStore(None)
    given = record_id("001", 500)
    store.load(
        {
            "Account": [
                {
                    "Id": given[:15],
                    "Name": "Acme",
                    "AnnualRevenue": Decimal("10.5"),
                    "NumberOfEmployees": 7,
                    "CreatedDate": datetime(2024, 5, 1, 8, 30, 15, 999, tzinfo=UTC),
                    "LastModifiedDate": "2025-05-01T10:00:00+02:00",
                },
                {"Name": "Next"},
            ],
            "Opportunity": [
                {"Name": "Won", "StageName": "Closed Won", "CloseDate": date(2026, 1, 31)},
                {"Name": "Own", "StageName": "Closed Lost", "CloseDate": "2026-01-31",
                 "Probability": 5},
            ],
            "Contact": [{"FirstName": "Grace", "LastName": "Ada"}],
        }
    )  # fmt: skip
    account = fetch(store, "Account", given)
    assert {name: account[name] for name in (
        "AnnualRevenue", "CreatedDate", "LastModifiedDate", "SystemModstamp", "IsDeleted",
    )} == {
        "AnnualRevenue": 10.5,
        "CreatedDate": "2024-05-01T08:30:15.000+0000",
        "LastModifiedDate": "2025-05-01T08:00:00.000+0000",
        "SystemModstamp": "2025-05-01T08:00:00.000+0000",
        "IsDeleted": 0,
    }  # fmt: skip
    assert fetch(store, "Account", record_id("001", 501))["Name"] == "Next"
    won = fetch(store, "Opportunity", record_id("006", 1))
    assert (won["IsWon"], won["Probability"], won["CloseDate"]) == (1, 100.0, "2026-01-31")
    assert fetch(store, "Opportunity", record_id("006", 2))["Probability"] == 5.0
    assert fetch(store, "Contact", record_id("003", 1))["Name"] == "Grace Ada"


@pytest.mark.parametrize(
    ("sobject", "record", "error"),
    [
        ("Nope", {}, KeyError),
        ("Account", {"Nope": 1}, KeyError),
        ("Account", {"CreatedDate": "2026-01-01T00:00:00"}, ValueError),
        ("Account", {"ParentId": "nope"}, ValueError),
    ],
)
def test_loading_refuses_what_it_does_not_understand_and_loads_nothing(
    sobject: str, record: dict[str, object], error: type[Exception]
) -> None:
    store = SalesforceStore(None)
    with pytest.raises(error):
        store.load({"Account": [{"Name": "Acme"}], sobject: [record]})
    assert store.db.execute('SELECT COUNT(*) FROM "Account"').fetchone() == (0,)


def test_inner_transactions_undo_themselves_only() -> None:
    store = SalesforceStore(None)

    def load_and_fail() -> None:
        with store.transaction():
            store.load({"Account": [{"Name": "undone"}]})
            raise RuntimeError

    with store.transaction():
        store.load({"Account": [{"Name": "kept"}]})
        with pytest.raises(RuntimeError):
            load_and_fail()
    assert store.db.execute('SELECT "Name" FROM "Account"').fetchall() == [("kept",)]


@pytest.mark.parametrize("number", [0, 1, 61, 62, 3_844, 62**9 - 1])
def test_record_ids_carry_their_number(number: int) -> None:
    long_id = record_id("001", number)
    assert len(long_id) == 18
    assert (serial(long_id), to_long(long_id[:15])) == (number, long_id)


def test_record_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        record_id("001", 62**9)
