"""The three-way delete truth: gone, merged into which, or hidden; and nothing there is missed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from databases import empty_all, rows_of
from fakes import FakeConnector, FakeSystem
from hypothesis import HealthCheck, given, note
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from moments import MORNING
from sqlalchemy import Engine

from hub.checks import laws
from hub.config import ObjectMapping, Settings
from hub.errors import PermissionLost, QuotaSpent
from hub.models.database import reading
from hub.models.operations import ops_call, ops_quarantine
from hub.models.sources import src_company, src_lead
from hub.sync.batch import LandReport
from hub.sync.land import land
from hub.sync.ledger import begin_run

CRM, PORTAL = "acme_salesforce", "acme_hubspot"


class Desk:
    """Lands one system's objects; each landing is a run, an hour after the one before."""

    def __init__(self, engine: Engine, settings: Settings, outside: FakeSystem) -> None:
        self.engine, self.settings, self.outside = engine, settings, outside
        self.now: datetime = MORNING
        self.lenient()

    def lenient(self, **system: Any) -> None:
        """Change the settings of the system; half of an object may be hidden."""
        config = self.settings.systems[self.outside.name]
        changed = config.model_copy(update={"hidden_share": 0.5, **system})
        systems = {**self.settings.systems, self.outside.name: changed}
        self.settings = self.settings.model_copy(update={"systems": systems})

    def land(self, obj: str = "Account", *, full: bool = False, compare: bool = False,
             hours: float = 1, **options: Any) -> LandReport:  # fmt: skip
        self.now += timedelta(hours=hours)
        self.connector = FakeConnector(self.outside, **options)
        self.run = begin_run(self.engine, "sync", "a-config", self.now)
        return land(
            *(self.engine, self.settings, self.run, self.connector, obj),
            full=full,
            compare=compare,
        )

    def gone(self) -> dict[str, tuple[str | None, str | None]]:
        """Account → what became of it, for those that are not simply there."""
        rows = rows_of(self.engine, src_company)
        for row in rows:
            assert row["is_deleted"] == (row["gone"] in ("deleted", "merged"))
        return {
            str(r["record_id"]): (r["gone"], r["merged_into"])
            for r in rows
            if (r["gone"], r["merged_into"]) != (None, None)
        }  # type: ignore[misc]

    def steps(self) -> dict[str, int]:
        """Step → calls of the last run."""
        rows = rows_of(self.engine, ops_call)
        return {str(r["step"]): int(str(r["used"])) for r in rows if r["run"] == self.run.number}


@pytest.fixture
def crm() -> FakeSystem:
    crm = FakeSystem(CRM)
    for name in "abcd":
        crm.put("Account", name, Name=f"Company {name}")
    return crm


@pytest.fixture
def desk(engine: Engine, settings: Settings, crm: FakeSystem) -> Desk:
    desk = Desk(engine, settings, crm)
    desk.land()
    return desk


def test_a_full_pull_finds_what_was_deleted_and_merged_meanwhile(
    desk: Desk, crm: FakeSystem
) -> None:
    crm.drop("Account", "a")
    crm.merge("Account", "b", "c")
    report = desk.land(full=True)
    assert desk.gone() == {"a": ("deleted", None), "b": ("merged", "c")}
    assert report.dispositions["deleted"] == 2
    with reading(desk.engine) as conn:
        assert laws.conservation(conn, [desk.run.number]).holds


def test_a_first_pull_under_another_mapping_loses_no_deletion(desk: Desk, crm: FakeSystem) -> None:
    crm.drop("Account", "a")
    mapping = desk.settings.mappings[CRM]["Account"]
    pull = {field: column for field, column in mapping.pull.items() if column != "industry"}
    other = ObjectMapping.model_validate({**mapping.model_dump(), "pull": pull})
    objects = {**desk.settings.mappings[CRM], "Account": other}
    desk.settings = desk.settings.model_copy(
        update={"mappings": {**desk.settings.mappings, CRM: objects}}
    )
    assert desk.land().whole
    assert desk.gone() == {"a": ("deleted", None)}


def test_a_deletion_no_increment_told_is_found_when_comparing_is_due(
    desk: Desk, crm: FakeSystem
) -> None:
    crm.drop("Account", "a")
    desk.land(hours=22, tells_deletions=False)
    assert desk.gone() == {}
    desk.land(hours=2, tells_deletions=False)
    assert desk.gone() == {"a": ("deleted", None)}
    assert desk.steps() == {"land/Account": 1, "reconcile/Account": 2}
    desk.land(hours=23)
    assert desk.steps() == {"land/Account": 1}


def test_what_is_there_and_unknown_here_is_read(desk: Desk, crm: FakeSystem) -> None:
    crm.put("Account", "e", Name="Company e")
    crm.hide("Account", "e")
    crm.put("Account", "f", Name="Company f", BillingCountry="Atlantis")
    crm.hide("Account", "f")
    desk.land()
    crm.hide("Account", "e", "f", hidden=False)
    desk.land()
    assert len(rows_of(desk.engine, src_company)) == 4
    report = desk.land(compare=True)
    assert (report.dispositions["new"], report.dispositions["quarantined"]) == (1, 1)
    # What waits in quarantine is known: it is not read again each time.
    assert desk.land(compare=True).read == 0


def test_merges_are_followed_to_the_end_whenever_they_are_told(desk: Desk, crm: FakeSystem) -> None:
    crm.merge("Account", "a", "b")
    desk.land()
    assert desk.gone() == {"a": ("merged", "b")}
    crm.merge("Account", "b", "c")
    desk.land()
    assert desk.gone() == {"a": ("merged", "c"), "b": ("merged", "c")}
    crm.merge("Account", "c", "d")
    desk.land(compare=True, tells_deletions=False)
    assert desk.gone() == dict.fromkeys("abc", ("merged", "d"))


def test_a_survivor_that_was_never_landed_leads_on_to_the_end(desk: Desk, crm: FakeSystem) -> None:
    crm.put("Account", "e", Name="Company e", BillingCountry="Atlantis")
    desk.land()
    crm.merge("Account", "a", "e")
    desk.land()
    assert desk.gone() == {"a": ("merged", "e")}
    crm.merge("Account", "e", "b")
    assert desk.land().dispositions["suppressed"] == 1
    assert desk.gone() == {"a": ("merged", "b")}


def test_what_waits_in_quarantine_waits_no_longer_when_its_record_is_gone_without_a_trace(
    desk: Desk, crm: FakeSystem
) -> None:
    for name in "ef":
        crm.put("Account", name, Name=f"Company {name}", BillingCountry="Atlantis")
    desk.land()
    crm.purge("Account", "e")
    desk.land(compare=True)
    assert [row["record_id"] for row in rows_of(desk.engine, ops_quarantine)
            if row["status"] == "waiting"] == ["f"]  # fmt: skip
    assert desk.land(compare=True).read == 0
    crm.put("Account", "e", Name="Company e", BillingCountry="Austria")
    assert desk.land(compare=True).dispositions["new"] == 1


def test_a_merged_record_that_is_restored_is_no_longer_merged(desk: Desk, crm: FakeSystem) -> None:
    crm.merge("Account", "a", "b")
    desk.land()
    crm.put("Account", "a")
    desk.land()
    assert desk.gone() == {}


def test_hidden_records_stay_in_effect_until_they_are_shown_again(
    desk: Desk, crm: FakeSystem
) -> None:
    crm.hide("Account", "a")
    crm.purge("Account", "b")
    desk.land(compare=True)
    assert desk.gone() == {"a": ("hidden", None), "b": ("hidden", None)}
    crm.hide("Account", "a", hidden=False)
    desk.land(compare=True)
    assert desk.gone() == {"b": ("hidden", None)}


def test_too_many_hidden_records_are_a_lost_permission_until_they_are_back(
    desk: Desk, crm: FakeSystem
) -> None:
    desk.lenient(hidden_share=0.25)
    crm.hide("Account", "a", "b")
    with pytest.raises(PermissionLost, match=r"2 of 4 known records .* `hidden_share` allows 25"):
        desk.land(compare=True)
    assert desk.gone() == {}
    # It stays an alarm, though comparing would not be due.
    with pytest.raises(PermissionLost):
        desk.land(hours=0.1)
    with pytest.raises(PermissionLost):
        desk.land(full=True)
    crm.hide("Account", "b", hidden=False)
    desk.land(hours=0.1)
    assert desk.gone() == {"a": ("hidden", None)}


def test_a_first_load_compares_nothing_even_if_it_was_broken_off(
    engine: Engine, settings: Settings, crm: FakeSystem
) -> None:
    desk = Desk(engine, settings, crm)
    with pytest.raises(QuotaSpent):
        desk.land(batch_rows=2, trouble=QuotaSpent("enough"), batches_before_trouble=1)
    assert len(rows_of(engine, src_company)) == 2
    desk.land()
    assert len(rows_of(engine, src_company)) == 4
    assert desk.steps() == {"land/Account": 1}


def test_a_full_pull_that_was_broken_off_is_compared_when_it_is_done(
    desk: Desk, crm: FakeSystem
) -> None:
    crm.drop("Account", "b")
    with pytest.raises(QuotaSpent):
        desk.land(full=True, batch_rows=2, trouble=QuotaSpent("enough"), batches_before_trouble=1)
    desk.land(tells_deletions=False)
    assert desk.gone() == {"b": ("deleted", None)}


# -- fields that change without a trace --------------------------------------------------------


def test_a_formula_that_comes_to_say_something_else_arrives(desk: Desk, crm: FakeSystem) -> None:
    crm.volatile = {"Account": ("Industry",)}
    desk.land(full=True)
    crm.drift("Account", "a", Industry="Energy")
    assert desk.land(hours=0.5).read == 0
    report = desk.land(hours=1)
    assert (report.read, report.dispositions["changed"]) == (1, 1)
    assert {r["record_id"]: r["industry"] for r in rows_of(desk.engine, src_company)} == {
        "a": "Energy", "b": None, "c": None, "d": None,
    }  # fmt: skip
    assert desk.steps() == {"land/Account": 1, "refresh/Account": 2}
    assert desk.land(compare=True).read == 0


def test_rows_landed_before_a_field_was_volatile_are_read_once(desk: Desk, crm: FakeSystem) -> None:
    crm.volatile = {"Account": ("Industry",)}
    assert desk.land().dispositions["unchanged"] == 4
    assert desk.land(compare=True).read == 0


def test_a_quarantined_row_is_read_again_only_when_it_says_something_else(
    desk: Desk, crm: FakeSystem
) -> None:
    crm.volatile = {"Account": ("BillingCountry",)}
    desk.land(full=True)
    crm.drift("Account", "a", BillingCountry="Atlantis")
    assert desk.land(compare=True).dispositions["quarantined"] == 1
    assert desk.land(compare=True).read == 0
    crm.drift("Account", "a", BillingCountry="Austria")
    assert desk.land(compare=True).dispositions["changed"] == 1


def test_an_association_the_hub_writes_is_compared_with_what_was_told(
    engine: Engine, settings: Settings
) -> None:
    portal = FakeSystem(PORTAL)
    mapping = settings.mappings[PORTAL]["leads"]
    link = next(f for f in mapping.all_fields if f.startswith("associations/"))
    owned = mapping.told_fields[0]
    portal.volatile = {"leads": (link, owned)}
    portal.put("leads", "l", hs_lead_name="Eva", **{link: "77", owned: "x"})
    desk = Desk(engine, settings, portal)
    desk.land("leads")
    assert desk.land("leads", compare=True).read == 0
    portal.drift("leads", "l", **{owned: "y"})
    assert desk.land("leads", compare=True).dispositions["changed"] == 1
    assert '"y"' in str(rows_of(engine, src_lead)[0]["told"])
    portal.drift("leads", "l", **{link: "78"})
    assert desk.land("leads", compare=True).dispositions["changed"] == 1


# -- whatever happens --------------------------------------------------------------------------

IDS = tuple("abcdef")
Act = Callable[[FakeSystem, str, str], None]


def _edit(crm: FakeSystem, one: str, other: str) -> None:
    crm.put("Account", one, Name=f"Company {one} {other}")


def _drop(crm: FakeSystem, one: str, _other: str) -> None:
    if one in crm.living("Account"):
        crm.drop("Account", one)


def _merge(crm: FakeSystem, one: str, other: str) -> None:
    if one != other and {one, other} <= set(crm.shown("Account")):
        crm.merge("Account", one, other)


def _purge(crm: FakeSystem, one: str, _other: str) -> None:
    if one in crm.living("Account"):
        crm.purge("Account", one)


def _hide(crm: FakeSystem, one: str, _other: str) -> None:
    if one in crm.living("Account"):
        crm.hide("Account", one)


def _show(crm: FakeSystem, one: str, _other: str) -> None:
    if one in crm.objects.get("Account", {}):
        crm.hide("Account", one, hidden=False)


def _drift(crm: FakeSystem, one: str, other: str) -> None:
    if one in crm.objects.get("Account", {}):
        crm.drift("Account", one, Industry=f"of {other}")


ACTS: tuple[Act, ...] = (_edit, _edit, _drop, _merge, _merge, _purge, _hide, _show, _drift)
LANDINGS: tuple[dict[str, Any], ...] = (
    {},
    {"tells_deletions": False},
    {"overlap": 3},
    {"compare": True},
    {"full": True},
    {"hours": 30},
    {"batch_rows": 1, "trouble": QuotaSpent("enough"), "batches_before_trouble": 1},
    {"full": True, "batch_rows": 1, "trouble": QuotaSpent("x"), "batches_before_trouble": 1},
)
STEPS = st.one_of(
    st.tuples(st.sampled_from(ACTS), st.sampled_from(IDS), st.sampled_from(IDS)),
    st.tuples(st.sampled_from(ACTS), st.sampled_from(IDS), st.sampled_from(IDS)),
    st.sampled_from(LANDINGS),
)


def _truth(crm: FakeSystem, known: set[str]) -> dict[str, tuple[str, Any]]:
    """What must be known of each record ever landed, told from the system itself."""
    truth: dict[str, tuple[str, Any]] = {}
    for record_id, record in crm.objects.get("Account", {}).items():
        if record.shown:
            truth[record_id] = ("there", (record.fields["Name"], record.fields.get("Industry")))
        elif record_id in known and not (record.purged or record.hidden):
            into = record.merged_into
            truth[record_id] = ("merged" if into else "deleted", into)
    return truth


@hypothesis_settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEPS, min_size=4, max_size=24))
def test_after_comparing_what_is_known_is_what_is_true(
    engine: Engine, settings: Settings, steps: list[Any]
) -> None:
    empty_all(engine)
    crm = FakeSystem(CRM, volatile={"Account": ("Industry",)})
    crm.put("Account", "z", Name="Company z")
    desk = Desk(engine, settings, crm)
    desk.lenient(hidden_share=1.0)
    for step in steps:
        note(str(step))
        if isinstance(step, dict):
            try:
                desk.land(**step)
            except QuotaSpent:
                continue
        else:
            act, one, other = step
            act(crm, one, other)
    known_before = {str(r["record_id"]) for r in rows_of(engine, src_company)}
    desk.land(compare=True)
    rows = {str(r["record_id"]): r for r in rows_of(engine, src_company)}
    truth = _truth(crm, known_before)
    told = {
        record_id: ("there", (row["name"], row["industry"]))
        if row["gone"] is None
        else (row["gone"], row["merged_into"])
        for record_id, row in rows.items()
        if record_id in truth
    }
    assert told == truth
    # Of all others the system tells our user nothing: they are as last known, or hidden.
    assert {rows[r]["gone"] for r in rows.keys() - truth.keys()} <= {"hidden", "deleted", "merged"}
    again = {d for d, n in desk.land(compare=True).dispositions.items() if n}
    assert again <= {"unchanged", "suppressed"}
