"""Landing: every row read ends in one disposition, and nothing is lost or landed twice."""

import json
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

import polars as pl
import pytest
from databases import dump, rows_of
from fakes import FakeConnector, FakeSystem
from sqlalchemy import Engine, event

from hub.checks import laws
from hub.config import Settings
from hub.connectors.contract import RESERVED, Batch, ObjectSpec
from hub.errors import PermissionLost, StopSync, SystemUnreachable
from hub.models.database import reading
from hub.models.operations import ops_batch, ops_call, ops_cursor, ops_quarantine, ops_read
from hub.models.runs import Run
from hub.models.sources import src_company, src_contact, src_lead
from hub.sync.archive import read_archive
from hub.sync.batch import LandReport
from hub.sync.land import land, land_named
from hub.sync.ledger import begin_run
from hub.sync.retry import retry

CRM = "acme_salesforce"


@pytest.fixture
def crm() -> FakeSystem:
    return FakeSystem(CRM)


class Landing:
    """Pulls from one fake system, a ledger run each time."""

    def __init__(self, engine: Engine, settings: Settings, crm: FakeSystem) -> None:
        self.engine, self.settings, self.crm = engine, settings, crm

    def __call__(self, obj: str = "Account", *, full: bool = False, **options: Any) -> LandReport:
        connector = FakeConnector(self.crm, **options)
        self.run = begin_run(self.engine, "sync", "a-config")
        return land(self.engine, self.settings, self.run, connector, obj, full=full)

    def told(self) -> dict[str, str]:
        """Account id → name, of living rows."""
        rows = rows_of(self.engine, src_company)
        return {str(r["record_id"]): str(r["name"]) for r in rows if not r["is_deleted"]}

    def waiting(self) -> list[str]:
        rows = rows_of(self.engine, ops_quarantine)
        return [str(row["record_id"]) for row in rows if row["status"] == "waiting"]

    def conserved(self) -> bool:
        with reading(self.engine) as conn:
            return laws.conservation(conn, range(1, self.run.number + 1)).holds


@pytest.fixture
def landing(engine: Engine, settings: Settings, crm: FakeSystem) -> Landing:
    return Landing(engine, settings, crm)


def _counts(report: LandReport) -> dict[str, int]:
    return {name: rows for name, rows in report.dispositions.items() if rows}


# -- each disposition --------------------------------------------------------------------------


def test_a_first_pull_is_new_and_a_second_one_of_the_same_is_unchanged(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name="Adler", BillingCountry="Germany")
    crm.put("Account", "a2", Name="Bär & Söhne", BillingCountry="AT")
    assert _counts(landing()) == {"new": 2}
    before = dump(landing.engine)
    assert _counts(landing(full=True)) == {"unchanged": 2}
    assert dump(landing.engine) == before
    assert landing.conserved()


def test_a_row_is_stored_with_its_types_and_the_way_back(landing: Landing, crm: FakeSystem) -> None:
    crm.put(
        *("Account", "a1"), Name="Adler", Type="Partner", BillingCountry="Germany",
        NumberOfEmployees="12", Partner_Tier__c="Gold", CreatedDate="2026-01-15T09:30:00.000Z",
    )  # fmt: skip
    landing()
    row = rows_of(landing.engine, src_company)[0]
    shown = ("system", "object", "record_id", "name", "country", "employees", "partner_tier")
    assert [row[n] for n in shown] == [CRM, "Account", "a1", "Adler", "DE", 12, "gold"]
    assert (row["run"], row["is_deleted"], row["told"]) == (landing.run.number, False, None)
    batch = rows_of(landing.engine, ops_batch)[0]
    assert row["batch_id"] == batch["id"]
    archived = read_archive(str(batch["archive_path"]))
    assert archived.select("record_id", "Name", "BillingCountry", "Partner_Tier__c").rows() == [
        ("a1", "Adler", "Germany", "Gold")
    ]


def test_a_changed_row_is_changed_and_its_neighbour_is_not_touched(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name="Adler")
    crm.put("Account", "a2", Name="Berger")
    landing()
    crm.put("Account", "a1", Name="Adler AG")
    assert _counts(landing(overlap=10)) == {"changed": 1, "unchanged": 1}
    runs = {row["record_id"]: row["run"] for row in rows_of(landing.engine, src_company)}
    assert runs == {"a1": 2, "a2": 1}


def test_a_stamp_that_moved_without_a_change_is_no_change(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name="Adler")
    landing()
    before = dump(landing.engine)
    crm.put("Account", "a1")
    assert _counts(landing()) == {"unchanged": 1}
    assert dump(landing.engine) == before


def test_a_value_can_be_cleared(landing: Landing, crm: FakeSystem) -> None:
    crm.put("Account", "a1", Name="Adler", BillingCity="Graz")
    landing()
    crm.put("Account", "a1", BillingCity=None)
    assert _counts(landing()) == {"changed": 1}
    assert rows_of(landing.engine, src_company)[0]["city"] is None


def test_a_deleted_row_is_marked_once_and_comes_back_when_it_is_restored(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name="Adler")
    landing()
    crm.drop("Account", "a1")
    assert _counts(landing()) == {"deleted": 1}
    assert landing.told() == {}
    assert _counts(landing(overlap=1)) == {"unchanged": 1}
    crm.put("Account", "a1")
    assert _counts(landing()) == {"changed": 1}
    assert landing.told() == {"a1": "Adler"}


def test_the_deletion_of_what_was_never_here_is_suppressed(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name="Adler")
    landing()
    crm.put("Account", "a2", Name="Berger")
    crm.drop("Account", "a2")
    assert _counts(landing()) == {"suppressed": 1}
    assert landing.told() == {"a1": "Adler"}


class Replaying(FakeConnector):
    """A system that tells rows in an order of its own, with stamps of its own."""

    rows: Sequence[tuple[str, str, Mapping[str, str | None]]] = ()

    def pull(self, spec: Any, cursor: str | None) -> Iterator[Any]:
        for batch in super().pull(spec, cursor):
            told = [
                {
                    **dict.fromkeys(spec.fields),
                    "record_id": record_id,
                    "modified_at": at,
                    "is_deleted": "false",
                    "merged_into": None,
                    **fields,
                }
                for record_id, at, fields in self.rows
            ]
            schema = dict.fromkeys(batch.rows.columns, pl.String)
            yield type(batch)(pl.DataFrame(told, schema=schema), batch.cursor)


def _replay(landing: Landing, *rows: tuple[str, str, Mapping[str, str | None]]) -> dict[str, int]:
    connector = Replaying(landing.crm)
    connector.rows = rows
    landing.run = begin_run(landing.engine, "sync", "a-config")
    report = land(landing.engine, landing.settings, landing.run, connector, "Account")
    assert landing.conserved()
    return _counts(report)


MONDAY, TUESDAY, FRIDAY = (f"2026-03-0{day}T10:00:00.000Z" for day in (2, 3, 6))


def test_of_one_record_told_twice_in_a_batch_the_latest_counts(landing: Landing) -> None:
    told = _replay(
        landing,
        ("a1", TUESDAY, {"Name": "Adler AG"}),
        ("a1", MONDAY, {"Name": "Adler"}),
        ("a2", MONDAY, {"Name": "Berger"}),
        ("a2", MONDAY, {"Name": "Berger & Co"}),
    )
    assert told == {"new": 2, "superseded": 2}
    assert landing.told() == {"a1": "Adler AG", "a2": "Berger & Co"}


def test_a_version_older_than_the_stored_one_is_superseded(landing: Landing) -> None:
    _replay(landing, ("a1", TUESDAY, {"Name": "Adler AG"}))
    assert _replay(landing, ("a1", MONDAY, {"Name": "Adler"})) == {"superseded": 1}
    assert landing.told() == {"a1": "Adler AG"}
    assert _replay(landing, ("a1", FRIDAY, {"Name": "Adler SE"})) == {"changed": 1}


def test_a_deletion_older_than_the_stored_version_is_superseded(landing: Landing) -> None:
    _replay(landing, ("a1", TUESDAY, {"Name": "Adler AG"}))
    assert _replay(landing, ("a1", MONDAY, {"is_deleted": "true"})) == {"superseded": 1}
    assert landing.told() == {"a1": "Adler AG"}
    assert _replay(landing, ("a1", TUESDAY, {"is_deleted": "true"})) == {"deleted": 1}


class Repeating(FakeConnector):
    """Its pull tells these batches, each row a record id, a time and fields."""

    batches: Sequence[Sequence[tuple[str, str, Mapping[str, str | None]]]] = ()

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:  # noqa: ARG002
        columns = (*RESERVED, *spec.fields)
        for number, rows in enumerate(self.batches):
            told = [
                {"record_id": key, "modified_at": at, "is_deleted": "false", **fields}
                for key, at, fields in rows
            ]
            yield Batch(pl.DataFrame(told, schema=dict.fromkeys(columns, pl.String)), str(number))


def test_what_a_first_pull_repeats_in_a_later_batch_is_known_by_then(landing: Landing) -> None:
    connector = Repeating(landing.crm)
    connector.batches = (
        [("a1", MONDAY, {"Name": "Adler"}), ("a2", MONDAY, {"Name": "Berger"})],
        [("a3", MONDAY, {"Name": "Castel"})],
        [("a1", MONDAY, {"Name": "Adler"}), ("a2", TUESDAY, {"Name": "Berger & Co"})],
        [("a4", MONDAY, {"is_deleted": "true"}), ("a3", TUESDAY, {"is_deleted": "true"})],
    )
    landing.run = begin_run(landing.engine, "sync", "a-config")
    report = land(landing.engine, landing.settings, landing.run, connector, "Account")
    assert _counts(report) == {
        "new": 3,
        "unchanged": 1,
        "changed": 1,
        "suppressed": 1,
        "deleted": 1,
    }
    assert landing.told() == {"a1": "Adler", "a2": "Berger & Co"}
    assert landing.conserved()


# -- the quarantine ----------------------------------------------------------------------------


def test_a_wrong_row_waits_with_its_reasons_while_the_last_valid_version_stays(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name="Adler", BillingCountry="DE")
    landing()
    crm.put("Account", "a1", Name="Adler AG", BillingCountry="Atlantis", NumberOfEmployees="-5")
    report = landing()
    assert _counts(report) == {"quarantined": 1}
    assert report.faults == {"country_unknown": 1, "negative_number": 1}
    assert landing.told() == {"a1": "Adler"}
    (held,) = rows_of(landing.engine, ops_quarantine)
    assert (held["record_id"], held["status"], held["first_run"]) == ("a1", "waiting", 2)
    assert [(f["column"], f["rule"], f["value"]) for f in json.loads(str(held["faults"]))] == [
        ("country", "country_unknown", "Atlantis"),
        ("employees", "negative_number", "-5"),
    ]
    raw = json.loads(str(held["raw"]))
    assert (raw["Name"], raw["BillingCountry"], raw["record_id"]) == ("Adler AG", "Atlantis", "a1")
    archived = read_archive(str(rows_of(landing.engine, ops_batch)[-1]["archive_path"]))
    assert archived["BillingCountry"].to_list() == ["Atlantis"]


def test_a_wrong_row_told_again_as_it_was_is_not_held_twice(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name=None)
    landing()
    before = rows_of(landing.engine, ops_quarantine)
    assert _counts(landing(overlap=1)) == {"quarantined": 1}
    assert rows_of(landing.engine, ops_quarantine) == before


def test_a_wrong_row_told_differently_takes_the_place_of_the_one_that_waits(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name=None)
    landing()
    crm.put("Account", "a1", BillingCountry="Atlantis")
    landing()
    told = [(row["status"], row["run"]) for row in rows_of(landing.engine, ops_quarantine)]
    assert told == [("replaced", 2), ("waiting", 2)]


def test_a_row_that_was_mended_in_its_crm_no_longer_waits(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name=None)
    crm.put("Account", "a2", Name=None)
    landing()
    crm.put("Account", "a1", Name="Adler")
    assert _counts(landing()) == {"new": 1}
    assert landing.waiting() == ["a2"]


def test_a_row_that_was_put_back_to_its_valid_version_no_longer_waits(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name="Adler", BillingCountry="DE")
    landing()
    crm.put("Account", "a1", BillingCountry="Atlantis")
    landing()
    assert landing.waiting() == ["a1"]
    crm.put("Account", "a1", BillingCountry="DE")
    assert _counts(landing()) == {"unchanged": 1}
    assert landing.waiting() == []


@pytest.mark.parametrize("valid_before", [True, False])
def test_a_row_that_was_deleted_in_its_crm_no_longer_waits(
    landing: Landing, crm: FakeSystem, valid_before: bool
) -> None:
    crm.put("Account", "a1", Name="Adler" if valid_before else None)
    landing()
    crm.put("Account", "a1", Name=None)
    landing()
    assert landing.waiting() == ["a1"]
    crm.drop("Account", "a1")
    assert _counts(landing()) == {"deleted" if valid_before else "suppressed": 1}
    assert landing.waiting() == []


def test_retrying_lands_what_a_corrected_mapping_can_read(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name="Adler", Partner_Tier__c="Tin")
    crm.put("Account", "a2", Name=None)
    landing()
    assert landing.waiting() == ["a1", "a2"]
    mapping = landing.settings.mappings[CRM]["Account"]
    values = {**mapping.values, "partner_tier": {"Tin": "registered"}}
    landing.settings = _with_account(landing.settings, values=values)
    (report,) = retry(landing.engine, landing.settings)
    assert _counts(report) == {"new": 1, "quarantined": 1}
    assert landing.waiting() == ["a2"]
    assert rows_of(landing.engine, src_company)[0]["partner_tier"] == "registered"


# -- cursors -----------------------------------------------------------------------------------


def test_a_pull_goes_on_after_the_last_landed_batch(landing: Landing, crm: FakeSystem) -> None:
    for n in range(1, 8):
        crm.put("Account", f"a{n}", Name=f"Company {n}")
    broken = SystemUnreachable("down")
    with pytest.raises(SystemUnreachable):
        landing(batch_rows=2, trouble=broken, batches_before_trouble=2)
    assert sorted(landing.told()) == ["a1", "a2", "a3", "a4"]
    assert rows_of(landing.engine, ops_read)[0]["completed"] is False
    report = landing(batch_rows=2)
    assert (report.read, _counts(report)) == (3, {"new": 3})
    assert [row["completed"] for row in rows_of(landing.engine, ops_read)] == [False, True]
    assert len(landing.told()) == 7
    assert landing.conserved()


def test_calls_are_counted_even_for_a_pull_that_failed(landing: Landing, crm: FakeSystem) -> None:
    for n in range(4):
        crm.put("Account", f"a{n}", Name=f"Company {n}")
    with pytest.raises(SystemUnreachable):
        landing(batch_rows=2, trouble=SystemUnreachable("down"), batches_before_trouble=1)
    landing(batch_rows=2)
    told = [(r["run"], r["step"], r["used"]) for r in rows_of(landing.engine, ops_call)]
    assert told == [(1, "land/Account", 1), (2, "land/Account", 1)]


def _with_account(settings: Settings, **changes: Any) -> Settings:
    """Settings with another mapping of Account."""
    mappings = dict(settings.mappings)
    account = mappings[CRM]["Account"].model_copy(update=changes)
    mappings[CRM] = {**mappings[CRM], "Account": account}
    return settings.model_copy(update={"mappings": mappings})


def test_a_mapping_that_asks_for_other_fields_reads_everything_again(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name="Adler", Fax="123")
    crm.put("Account", "a2", Name="Berger")
    landing()
    pull = {**landing.settings.mappings[CRM]["Account"].pull, "Fax": "phone"}
    del pull["Phone"]
    landing.settings = _with_account(landing.settings, pull=pull)
    report = landing()
    assert report.read == 2
    phones = {r["record_id"]: r["phone"] for r in rows_of(landing.engine, src_company)}
    assert phones == {"a1": "123", "a2": None}
    assert landing().read == 0


def test_a_mapping_that_reads_the_same_fields_otherwise_reads_everything_again(
    landing: Landing, crm: FakeSystem
) -> None:
    """The outside texts are as before: only what they mean has changed."""
    crm.put("Account", "a1", Name="Adler", BillingCity="Graz", BillingState="Steiermark")
    crm.put("Account", "a2", Name="Berger", Type="Partner")
    landing()
    mapping = landing.settings.mappings[CRM]["Account"]
    pull = {**mapping.pull, "BillingCity": "region", "BillingState": "city"}
    values = {**mapping.values, "company_type": {"Partner": "distributor"}}
    landing.settings = _with_account(landing.settings, pull=pull, values=values)
    landing()
    rows = {r["record_id"]: r for r in rows_of(landing.engine, src_company)}
    assert (rows["a1"]["city"], rows["a1"]["region"]) == ("Steiermark", "Graz")
    assert rows["a2"]["company_type"] == "distributor"


def test_a_batch_without_rows_moves_the_cursor_and_leaves_no_file(
    landing: Landing, crm: FakeSystem
) -> None:
    report = landing("Contact")
    assert report.read == 0
    assert rows_of(landing.engine, ops_batch) == []
    assert [row["cursor"] for row in rows_of(landing.engine, ops_cursor)] == ["0"]


class Killed(BaseException):
    """The process dies here."""


def test_rows_and_cursor_move_together_or_not_at_all(landing: Landing, crm: FakeSystem) -> None:
    """The death comes at each statement of a landing in turn, whichever of its threads says it."""
    for n in range(1, 4):
        crm.put("Account", f"a{n}", Name=f"Company {n}" if n > 1 else None)
    statements = 0
    one_at_a_time = Lock()

    def die(*_: object) -> None:
        nonlocal left
        with one_at_a_time:
            left -= 1
            if left <= 0:
                raise Killed

    while True:
        statements += 1
        left = statements
        event.listen(landing.engine, "before_cursor_execute", die)
        try:
            landing(batch_rows=2)
            finished = True
        except Killed:
            finished = False
        finally:
            event.remove(landing.engine, "before_cursor_execute", die)
        cursor = next((int(str(r["cursor"])) for r in rows_of(landing.engine, ops_cursor)), 0)
        landed = sorted([*landing.told(), *landing.waiting()])
        assert landed == ["a1", "a2", "a3"][: min(cursor, 3)]
        if finished:
            break
    assert statements > 30
    assert (landing.waiting(), sorted(landing.told())) == (["a1"], ["a2", "a3"])
    assert landing.conserved()
    paths = [str(row["archive_path"]) for row in rows_of(landing.engine, ops_batch)]
    assert sorted(r for p in paths for r in read_archive(p)["record_id"]) == ["a1", "a2", "a3"]


# -- honesty -----------------------------------------------------------------------------------


def test_a_full_pull_of_nothing_where_there_was_something_is_an_alarm_and_deletes_nothing(
    landing: Landing, crm: FakeSystem
) -> None:
    crm.put("Account", "a1", Name="Adler")
    landing()
    crm.objects["Account"].clear()
    with pytest.raises(PermissionLost, match="brought no row, 1 were known"):
        landing(full=True)
    assert landing.told() == {"a1": "Adler"}
    crm.put("Account", "a1", Name="Adler AG")
    assert _counts(landing()) == {"changed": 1}


def test_fewer_rows_than_expected_are_an_alarm(landing: Landing, crm: FakeSystem) -> None:
    systems = dict(landing.settings.systems)
    systems[CRM] = systems[CRM].model_copy(update={"minimum_rows": {"Account": 2}})
    landing.settings = landing.settings.model_copy(update={"systems": systems})
    crm.put("Account", "a1", Name="Adler")
    with pytest.raises(StopSync, match="1 rows, at least 2 are expected"):
        landing()
    crm.put("Account", "a2", Name="Berger")
    landing()


# -- what the hub writes itself ----------------------------------------------------------------


def test_fields_the_hub_writes_are_remembered_as_told(landing: Landing, crm: FakeSystem) -> None:
    crm.put("Lead", "l1", LastName="Lovelace", Company="Engines", Hub_Partner_Name__c="Adler")
    landing("Lead")
    row = rows_of(landing.engine, src_lead)[0]
    assert json.loads(str(row["told"])) == {"Hub_Partner_Name__c": "Adler"}
    crm.put("Lead", "l1", Hub_Partner_Name__c="Somebody else")
    assert _counts(landing("Lead")) == {"changed": 1}
    crm.put("Lead", "l1", Hub_Partner_Name__c=None)
    landing("Lead")
    assert rows_of(landing.engine, src_lead)[0]["told"] is None


def test_named_records_are_read_back_without_moving_the_cursor(
    landing: Landing, crm: FakeSystem, run: Run
) -> None:
    crm.put("Contact", "c1", LastName="Lovelace")
    landing("Contact")
    before = rows_of(landing.engine, ops_cursor)
    crm.put("Contact", "c2", LastName="Hopper")
    report = land_named(
        landing.engine, landing.settings, run, FakeConnector(crm), "Contact", ["c2", "unknown"]
    )
    assert _counts(report) == {"new": 1}
    assert rows_of(landing.engine, ops_cursor) == before
    assert [r["last_name"] for r in rows_of(landing.engine, src_contact)] == ["Lovelace", "Hopper"]
    assert _counts(landing("Contact")) == {"unchanged": 1}


def test_a_system_of_one_kind_never_touches_anothers_rows(
    landing: Landing, engine: Engine, settings: Settings, run: Run
) -> None:
    landing.crm.put("Account", "1", Name="Adler")
    landing()
    portal = FakeSystem("acme_hubspot")
    portal.put("companies", "1", name="Berger")
    land(engine, settings, run, FakeConnector(portal), "companies")
    assert [(r["system"], r["name"]) for r in rows_of(engine, src_company)] == [
        ("acme_hubspot", "Berger"),
        (CRM, "Adler"),
    ]
