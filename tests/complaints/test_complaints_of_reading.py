"""Complaints of rows that were missed, kept though gone, or read for ever.

Numbers are those of docs/complaints.md.
"""

from pathlib import Path

from complaint_kit import START, Crm, Hub, HubSpotCrm, SalesforceCrm
from databases import sqlite_copy

from hub.models.operations import ops_disposition, ops_read
from hub.models.sources import src_company

AnyCrm = SalesforceCrm | HubSpotCrm


def _name(crm: Crm, record: str) -> object:
    return crm.source("company")[record]["name"]


# -- 4: green though nothing came -----------------------------------------------------------------


def test_complaint_04_no_rows_where_there_were_some_is_a_failure_with_a_name(crm: AnyCrm) -> None:
    known = set(crm.add_companies(5))
    assert crm.sync().status == "done"
    table = "Account" if isinstance(crm, SalesforceCrm) else "record_companies"
    db = crm.store.db
    db.execute(f'ALTER TABLE "{table}" RENAME TO kept')
    db.execute(f'CREATE TABLE "{table}" AS SELECT * FROM kept WHERE 0')
    report = crm.sync(full=True)
    assert report.status == "failed"
    (trouble,) = [t for t in report.troubles if f"/{crm.companies}:" in t]
    assert "a full pull brought no row, 5 were known" in trouble
    assert "permissions" in trouble
    assert crm.living("company") == known


def test_complaint_04_source_landed_and_modelled_rows_are_counted_in_every_run(
    crm: AnyCrm,
) -> None:
    crm.add_companies(7)
    report = crm.sync()
    run = report.runs[0]
    (read,) = [r["rows"] for r in crm.table(ops_read, run=run) if r["object"] == crm.companies]
    disposed = sum(
        r["rows"] for r in crm.table(ops_disposition, run=run) if r["object"] == crm.companies
    )
    assert read == disposed == len(crm.source("company")) == 7
    assert next(law for law in report.laws if law.law == "conservation").holds


def test_complaint_04_a_distributor_who_sends_nothing_is_named(
    tmp_path: Path, sqlite_schema: Path
) -> None:
    sqlite_copy(sqlite_schema, tmp_path / "hub.db")
    (tmp_path / "feeds").mkdir()
    hub = Hub(
        tmp_path,
        "  northwind:\n    kind: feed\n    role: distributor\n    minimum_rows: {pos_line: 1}\n"
        '    reports: {pos: {path: "feeds/pos_*.csv", profile: northwind_pos}}\n',
    )
    report = hub.sync()
    assert report.status == "failed"
    assert "northwind/pos_line: 0 rows, at least 1 are expected." in report.troubles[0]


# -- 6: changes missed at the edges of a window ---------------------------------------------------


def test_complaint_06_a_row_committed_after_its_stamp_is_not_missed(crm: AnyCrm) -> None:
    """It carries the stamp of a moment that an earlier pull had already passed."""
    crm.add_companies(3)
    crm.sync()
    crm.wait(minutes=5)
    late = crm.stamp(minutes=2)
    crm.wait(minutes=1)
    crm.sync()
    crm.add_companies(1, first=50, modified=late)
    crm.wait(minutes=1)
    crm.sync()
    assert len(crm.living("company")) == 4


def test_complaint_06_a_row_changed_while_a_long_pull_runs_is_read_by_the_next(
    crm: AnyCrm,
) -> None:
    """The window of a pull ends where it began, not where it ended."""
    ids = crm.add_companies(4)
    crm.sync()
    crm.wait(minutes=30)
    crm.rename(ids[0], "Changed before")
    crm.wait(minutes=1)
    crm.sync()
    crm.rename(ids[1], "Changed the very moment the pull ended")
    crm.wait(minutes=30)
    crm.sync()
    assert _name(crm, ids[0]) == "Changed before"
    assert _name(crm, ids[1]) == "Changed the very moment the pull ended"


# -- 7: the start date nobody asked for -----------------------------------------------------------


def test_complaint_07_records_of_fifteen_years_ago_are_in_the_first_load(crm: AnyCrm) -> None:
    old = crm.add_companies(2, modified="2011-03-01T08:00:00Z")
    new = crm.add_companies(2, first=100)
    crm.sync()
    assert crm.living("company") == {*old, *new}


# -- 8: a search index that lags ------------------------------------------------------------------


def test_complaint_08_a_lagging_index_costs_no_row_and_empties_no_link(portal: HubSpotCrm) -> None:
    (company,) = portal.add_companies(1)
    people = portal.add_people(3, company)
    portal.sync()
    portal.wait(minutes=20)
    portal.control("switches", index_lag_seconds=25)
    properties = {"properties": {"jobtitle": "Buyer"}}
    portal.call("PATCH", f"v3/objects/contacts/{people[0]}", properties)
    portal.wait(seconds=5)
    portal.sync()
    portal.wait(minutes=20)
    portal.sync()
    rows = portal.source("contact")
    assert rows[people[0]]["job_title"] == "Buyer"
    assert {row["company_record_id"] for row in rows.values()} == {company}


# -- 9: more rows of one stamp than a search may return -------------------------------------------


def test_complaint_09_ten_thousand_rows_of_one_stamp_are_read_and_the_pull_ends(
    portal: HubSpotCrm,
) -> None:
    portal.add_companies(1)
    portal.land(portal.system, "companies")
    portal.wait(minutes=5)
    portal.add_companies(10_050, first=500, modified=portal.stamp())
    portal.wait(minutes=5)
    before = len(portal.log.lines)
    report = portal.land(portal.system, "companies")
    searches = [line for line in portal.requests(before) if "/search" in line["path"]]
    assert (report.dispositions["new"], len(portal.living("company"))) == (10_050, 10_051)
    assert len(searches) == 51


def test_complaint_09_a_bulk_update_of_one_second_is_read_over_many_pages(
    org: SalesforceCrm,
) -> None:
    org.add_companies(1)
    org.land(org.system, "Account")
    org.wait(minutes=5)
    org.add_companies(1_500, first=500, modified=org.stamp())
    org.control("switches", page_shrink_to=200)
    report = org.land(org.system, "Account")
    assert (report.dispositions["new"], len(org.living("company"))) == (1_500, 1_501)


# -- 11: archived, though nothing moved -----------------------------------------------------------


def test_complaint_11_an_archived_record_is_seen_though_its_stamp_does_not_move(
    crm: AnyCrm,
) -> None:
    kept, gone = crm.add_companies(2)
    crm.sync()
    crm.wait(minutes=30)
    crm.delete(crm.companies, gone)
    crm.wait(minutes=30)
    crm.sync()
    assert crm.living("company") == {kept}


def test_complaint_11_a_tombstone_outlives_the_recycle_bin(crm: AnyCrm) -> None:
    kept, gone = crm.add_companies(2)
    crm.sync()
    crm.wait(minutes=30)
    crm.delete(crm.companies, gone)
    crm.wait(minutes=30)
    crm.sync()
    table = "Account" if isinstance(crm, SalesforceCrm) else "record_companies"
    column = "Id" if isinstance(crm, SalesforceCrm) else "id"
    crm.store.db.execute(f'DELETE FROM "{table}" WHERE "{column}" = ?', (gone,))
    crm.wait(days=95)
    crm.sync()
    row = crm.source("company")[gone]
    assert (row["is_deleted"], row["name"] is not None) == (True, True)
    assert crm.living("company") == {kept}
    assert crm.clock.now() > START
    assert [r["record_id"] for r in crm.table(src_company, is_deleted=True)] == [gone]
