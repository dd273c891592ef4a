"""Schema drift: what changes in a system's fields is an event; the mapping says what follows."""

from dataclasses import replace
from typing import Any

import pytest
from channel import HUBSPOT, SALESFORCE, Channel, furnished
from databases import rows_of
from desk import planned
from fakes import FakeConnector, FakeSystem
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from hub.config import Settings
from hub.connectors.contract import FieldShape
from hub.errors import HubError, SchemaChanged
from hub.models.operations import ops_change, ops_quarantine, ops_schema, ops_schema_event
from hub.models.sources import src_company
from hub.sync import drift
from hub.sync.batch import LandReport
from hub.sync.land import land
from hub.sync.ledger import begin_run
from hub.sync.retry import retry
from hub.sync.shapes import decoded, differences, encoded, shapes_of

ACCOUNT = (
    FieldShape("Name", "text", length=255, required=True),
    FieldShape("Type", "choice", choices=("Customer", "Partner")),
    FieldShape("Partner_Territories__c", "choices", choices=("AT", "DE")),
    FieldShape("Fax", "text", length=40),
)


def _with(*changed: FieldShape, without: tuple[str, ...] = ()) -> list[FieldShape]:
    fields = {**shapes_of(ACCOUNT), **shapes_of(changed)}
    return [shape for name, shape in fields.items() if name not in without]


class Org:
    """Accounts whose fields somebody changes, landed under one contract."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings
        self.crm = FakeSystem(SALESFORCE, shapes={"Account": list(ACCOUNT)})

    def contract(self, on_drift: str) -> None:
        objects = self.settings.mappings[SALESFORCE]
        account = objects["Account"].model_copy(update={"on_drift": on_drift})
        mappings = {**self.settings.mappings, SALESFORCE: {**objects, "Account": account}}
        self.settings = self.settings.model_copy(update={"mappings": mappings})

    def change(self, *fields: FieldShape, without: tuple[str, ...] = ()) -> None:
        self.crm.shapes["Account"] = _with(*fields, without=without)

    def land(self) -> LandReport:
        run = begin_run(self.engine, "sync", "a-config")
        connector = FakeConnector(self.crm)
        report = land(self.engine, self.settings, run, connector, "Account")
        self.calls = connector.calls.used
        return report

    def events(self) -> list[tuple[Any, ...]]:
        rows = rows_of(self.engine, ops_schema_event)
        return [(r["field"], r["event"], r["before"], r["after"], r["mapped"]) for r in rows]

    def names(self) -> list[str]:
        return sorted(str(row["name"]) for row in rows_of(self.engine, src_company))

    def waiting(self) -> dict[str, Any]:
        rows = rows_of(self.engine, ops_quarantine)
        return {r["record_id"]: r["faults"] for r in rows if r["status"] == "waiting"}


@pytest.fixture
def org(engine: Engine, settings: Settings) -> Org:
    return Org(engine, settings)


# -- events --------------------------------------------------------------------------------------


def test_the_first_look_is_the_baseline_and_an_unchanged_one_leaves_no_trace(org: Org) -> None:
    org.land()
    before = rows_of(org.engine, ops_schema)
    org.land()
    assert org.events() == []
    assert rows_of(org.engine, ops_schema) == before


def test_every_kind_of_change_is_one_event_with_before_and_after(org: Org) -> None:
    org.land()
    org.change(
        replace(ACCOUNT[0], length=80),
        replace(ACCOUNT[1], choices=("Customer", "Reseller")),
        replace(ACCOUNT[2], kind="text", choices=None, writable=False),
        FieldShape("Rating", "choice", choices=("Hot",)),
        without=("Fax",),
    )
    org.land()
    assert org.events() == [
        ("Fax", "field_vanished", "text(40)", None, False),
        ("Name", "length_changed", "255", "80", True),
        ("Partner_Territories__c", "type_changed", "choices", "text", True),
        ("Partner_Territories__c", "rules_changed", "writable", "read only", True),
        ("Rating", "field_new", None, "choice", False),
        ("Type", "choice_new", None, "Reseller", True),
        ("Type", "choice_vanished", "Partner", None, True),
    ]


_SHAPES = st.builds(
    FieldShape,
    st.sampled_from(["A", "B", "C"]),
    st.sampled_from(["text", "choice"]),
    length=st.none() | st.integers(1, 3),
    choices=st.none() | st.lists(st.sampled_from("xyz"), unique=True).map(tuple),
    writable=st.booleans(),
)


@given(st.lists(_SHAPES), st.lists(_SHAPES))
def test_differences_are_none_between_equals_and_survive_being_stored(
    left: list[FieldShape], right: list[FieldShape]
) -> None:
    before, after = shapes_of(left), shapes_of(right)
    assert differences(before, before) == []
    assert decoded(encoded(before)) == before
    named = {drift.field for drift in differences(before, after)}
    assert named >= set(before) ^ set(after)
    assert {n for n in named if before.get(n) == after.get(n)} == set()


# -- evolve --------------------------------------------------------------------------------------


def test_by_default_an_object_goes_on_landing_when_its_fields_change(org: Org) -> None:
    org.land()
    org.change(replace(ACCOUNT[1], choices=("Customer", "Distributor")))
    org.crm.put("Account", "a1", Name="Adler", Type="Distributor")
    assert org.land().dispositions["new"] == 1
    assert org.names() == ["Adler"]


# -- freeze --------------------------------------------------------------------------------------


def test_a_frozen_object_lands_nothing_until_its_change_is_accepted(org: Org) -> None:
    org.contract("freeze")
    org.land()
    org.change(replace(ACCOUNT[1], choices=("Customer", "Partner", "Reseller")))
    org.crm.put("Account", "a1", Name="Adler")
    for _ in range(2):
        with pytest.raises(SchemaChanged) as caught:
            org.land()
        assert caught.value.message == (
            "acme_salesforce/Account: Type has the new choice 'Reseller'. The object is frozen."
        )
        assert "`hub schema accept acme_salesforce/Account`" in caught.value.remedy
    assert (org.names(), len(org.events())) == ([], 1)
    assert drift.accept(org.engine, SALESFORCE, "Account") == 1
    org.land()
    assert org.names() == ["Adler"]


def test_a_frozen_object_thaws_by_itself_when_the_change_is_taken_back(org: Org) -> None:
    org.contract("freeze")
    org.land()
    org.change(replace(ACCOUNT[0], length=80))
    with pytest.raises(SchemaChanged):
        org.land()
    org.change()
    org.crm.put("Account", "a1", Name="Adler")
    org.land()
    assert org.names() == ["Adler"]


def test_a_field_that_nobody_maps_freezes_nothing(org: Org) -> None:
    org.contract("freeze")
    org.land()
    org.change(FieldShape("Rating", "text"), without=("Fax",))
    org.crm.put("Account", "a1", Name="Adler")
    org.land()
    assert (org.names(), len(org.events())) == (["Adler"], 2)


def test_one_frozen_object_is_a_trouble_by_name_and_the_other_systems_go_on(
    engine: Engine, settings: Settings
) -> None:
    org = Org(engine, settings)
    org.contract("freeze")
    channel = furnished(Channel(engine, org.settings))
    channel.crm.shapes["Account"] = list(ACCOUNT)
    channel.sync()
    channel.crm.shapes["Account"] = _with(without=("Partner_Territories__c",))
    channel.company("c-new", "Novak Tisk")
    report = channel.sync()
    (trouble,) = report.troubles
    assert trouble.startswith("acme_salesforce/Account: acme_salesforce/Account: ")
    assert "Partner_Territories__c is gone or hidden" in trouble
    landed = {(r.system, r.object): r.dispositions["new"] for r in report.landed}
    assert landed[(HUBSPOT, "companies")] == 1
    assert (SALESFORCE, "Account") not in landed


# -- quarantine ----------------------------------------------------------------------------------


def test_only_rows_that_use_a_new_choice_wait_in_quarantine_until_it_is_accepted(org: Org) -> None:
    org.contract("quarantine")
    org.land()
    org.change(replace(ACCOUNT[2], choices=("AT", "DE", "CH")))
    org.crm.put("Account", "a1", Name="Adler", Partner_Territories__c="AT;DE")
    org.crm.put("Account", "a2", Name="Berger", Partner_Territories__c="DE;CH")
    report = org.land()
    assert report.dispositions["new"] == 1
    assert report.dispositions["quarantined"] == 1
    assert report.faults == {"schema_drift": 1}
    assert list(org.waiting()) == ["a2"]
    assert "Partner_Territories__c has the new choice 'CH'" in org.waiting()["a2"]
    assert org.names() == ["Adler"]
    retry(org.engine, org.settings)
    assert list(org.waiting()) == ["a2"]
    drift.accept(org.engine, SALESFORCE, "Account")
    retry(org.engine, org.settings)
    assert (org.names(), org.waiting()) == (["Adler", "Berger"], {})


def test_rows_that_fill_a_retyped_field_wait_and_those_that_leave_it_empty_do_not(org: Org) -> None:
    org.contract("quarantine")
    org.land()
    org.change(FieldShape("Type", "text", length=10))
    org.crm.put("Account", "a1", Name="Adler", Type="Customer")
    org.crm.put("Account", "a2", Name="Berger")
    org.land()
    assert (org.names(), list(org.waiting())) == (["Berger"], ["a1"])


# -- accept --------------------------------------------------------------------------------------


def test_accepting_an_object_never_seen_is_refused_by_name(org: Org) -> None:
    with pytest.raises(HubError, match="acme_salesforce/Nothing were never seen"):
        drift.accept(org.engine, SALESFORCE, "Nothing")


# -- what a CRM would refuse ----------------------------------------------------------------------

STATUS = "Partner_Registration_Status__c"
TAKES = ("Submitted", "In Review", "Approved")


def _opportunity(*choices: str, **limits: Any) -> list[FieldShape]:
    return [
        FieldShape(STATUS, "choice", choices=choices, restricted=True),
        FieldShape("Hub_Registered_Partner__c", "text", **limits),
    ]


def _refused(channel: Channel) -> list[dict[str, Any]]:
    return [r for r in rows_of(channel.engine, ops_change) if r["outcome"] == "rejected"]


def test_a_value_off_a_restricted_list_is_planned_as_rejected_and_never_sent(
    engine: Engine, settings: Settings
) -> None:
    channel = furnished(Channel(engine, settings))
    channel.crm.shapes["Opportunity"] = _opportunity("In Review", "Approved")
    report = channel.sync()
    assert report.outcomes["rejected"] == 1
    assert [c for c in channel.crm.written if c.object == "Opportunity"] == []
    (change,) = _refused(channel)
    assert (change["object"], change["record_id"]) == ("Opportunity", "o-cordes")
    assert change["code"] == "value_not_accepted"
    assert change["message"] == (
        f"{STATUS}: 'Submitted' is not accepted; accepted: In Review, Approved."
    )
    assert "`map`" in change["remedy"]
    laws = {law.law: law.holds for law in report.laws}
    assert (laws["conservation"], laws["fixpoint"], laws["honesty"]) == (True, True, False)


def test_what_was_not_sent_stays_outstanding_and_goes_out_when_the_list_takes_it(
    engine: Engine, settings: Settings
) -> None:
    channel = furnished(Channel(engine, settings))
    channel.crm.shapes["Opportunity"] = _opportunity("Approved")
    channel.sync()
    again = channel.sync()
    assert again.plans[-1].plan is None
    assert len(_refused(channel)) == 1
    assert not {law.law: law.holds for law in again.laws}["honesty"]
    channel.crm.shapes["Opportunity"] = _opportunity("Approved", "Submitted")
    report = channel.sync()
    assert channel.crm.fields("Opportunity", "o-cordes")[STATUS] == "Submitted"
    assert {law.law: law.holds for law in report.laws}["honesty"]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"length": 5}, "Hub_Registered_Partner__c: 16 characters, at most 5 are accepted: "),
        ({"writable": False}, "Hub_Registered_Partner__c cannot be written by our user."),
    ],
    ids=["too long", "not writable"],
)
def test_a_value_that_does_not_fit_or_may_not_be_written_is_named_before_it_is_sent(
    engine: Engine, settings: Settings, limits: dict[str, Any], message: str
) -> None:
    channel = furnished(Channel(engine, settings))
    channel.crm.shapes["Opportunity"] = _opportunity(*TAKES, **limits)
    channel.sync()
    (change,) = _refused(channel)
    assert change["message"].startswith(message)
    assert [c for c in channel.crm.written if c.object == "Opportunity"] == []


def test_the_plan_counts_no_calls_for_what_it_does_not_send(
    engine: Engine, settings: Settings
) -> None:
    channel = furnished(Channel(engine, settings))
    channel.crm.shapes["Opportunity"] = _opportunity("Approved")
    report = channel.sync(apply=False)
    (plan,) = report.plans
    changes = planned(engine, plan).changes
    sent = {(c.system, c.object, c.op) for c in changes if c.kind != "blocked"}
    assert (SALESFORCE, "Opportunity", "update") not in sent
    # A call to write each, and one to compare what is updated: nothing is written in this run.
    assert plan.calls == len(sent) + len([op for _, _, op in sent if op == "update"])
    assert [c.record_id for c in changes if c.kind == "blocked"] == ["o-cordes"]
