"""What a plan says of itself: kinds, sources, duplicates, surprises; and what holds it back."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from databases import rows_of
from desk import HUBSPOT, SALESFORCE, Desk
from fakes import FakeConnector, FakeSystem
from sqlalchemy import Engine, update

from hub.commands import outstanding as outstanding_commands
from hub.commands.plan_page import write_page
from hub.commands.reasons import Told, reasons
from hub.commands.reviewing import Wanted, review
from hub.commands.warehouse import Workplace
from hub.config import Settings
from hub.errors import ConfigError
from hub.models.database import reading, writing
from hub.models.operations import ops_approval, ops_change, ops_plan
from hub.planning import Above, Brake, ObjectPlanRule, PlanSettings, SystemPlanRule
from hub.sync.apply import ApplyReport, apply_plan
from hub.sync.approving import approve, reject
from hub.sync.surprises import unusual


@pytest.fixture
def desk(engine: Engine, settings: Settings) -> Desk:
    return Desk(engine, settings)


@pytest.fixture
def crm() -> FakeSystem:
    return FakeSystem(SALESFORCE)


def _rule(desk: Desk, **rule: Any) -> None:
    plans = PlanSettings(**rule)
    desk.settings = desk.settings.model_copy(update={"plans": plans})


def _claims(desk: Desk, crm: FakeSystem, count: int, first: int = 1) -> None:
    """Claims on opportunities that do not say so yet."""
    desk.golden("partner", "pa_1")
    for n in range(first, first + count):
        desk.golden("opportunity", f"op_{n}")
        desk.golden("registration", f"re_{n}", opportunity_id=f"op_{n}")
        desk.record(SALESFORCE, "Opportunity", f"o{n}", f"op_{n}")
        crm.put("Opportunity", f"o{n}", Name="Firewalls")


def _apply(desk: Desk, plan: str | None, *outside: FakeSystem) -> ApplyReport:
    assert plan is not None
    connectors = {one.name: FakeConnector(one) for one in outside}
    return apply_plan(desk.engine, desk.settings, desk.run, plan, connectors)


def _statuses(desk: Desk) -> list[object]:
    return [row["status"] for row in rows_of(desk.engine, ops_plan)]


# -- what a change says of itself ----------------------------------------------------------------


def test_each_value_names_the_row_it_comes_from_and_the_rule(desk: Desk, crm: FakeSystem) -> None:
    _claims(desk, crm, 1)
    desk.record(HUBSPOT, "deals", "d1", "re_1", told={"hub_registration_key": "re_1"})
    desk.record(SALESFORCE, "Account", "a1", "co_1")
    (change,) = [c for c in desk.plan().changes if c.object == "Opportunity"]
    deal = {"system": HUBSPOT, "object": "deals", "record_id": "d1"}
    account = {"system": SALESFORCE, "object": "Account", "record_id": "a1"}
    told = {name: (cell["rule"], cell["source"]) for name, cell in change.fields.items()}
    assert told == {
        "Hub_Registration_Key__c": ("derived", deal),
        "Hub_Partner_Key__c": ("derived", deal),
        "Hub_Registered_Partner__c": ("only_source", account),
        "Partner_Registration_Status__c": ("derived", deal),
        "Partner_Registration_Expires__c": ("derived", deal),
    }


def test_an_update_that_only_empties_is_a_clear_and_weighs(desk: Desk) -> None:
    desk.golden("opportunity", "op_1")
    told = {"Hub_Partner_Key__c": "pa_9", "Hub_Registered_Partner__c": "Old"}
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", told=told)
    plan = desk.plan()
    (change,) = plan.changes
    assert (change.op, change.kind, change.weight) == ("update", "clear", 32)
    assert [note["code"] for note in change.notes] == ["fields_emptied"]
    (part,) = plan.made.parts
    assert (part.kinds, part.emptying, part.to_send) == ({"clear": 1}, 1, 1)
    assert part.fields["Hub_Partner_Key__c"] == {"set": 0, "cleared": 1}


def test_a_create_is_shown_with_the_record_it_would_run_into(desk: Desk) -> None:
    desk.golden("partner", "pa_1")
    desk.golden("contact", "ct_1", email="Eva@Huber.example")
    desk.golden("lead", "ld_1", contact_id="ct_1")
    desk.golden("lead_assignment", "ld_1")
    desk.record(HUBSPOT, "contacts", "c9", "ct_9", email="eva@huber.example")
    person, lead = desk.plan().changes
    assert [(note["code"], note["record_id"]) for note in person.notes] == [("duplicate", "c9")]
    assert person.notes[0]["message"] == "contacts c9 has the same email already"
    assert (person.weight, lead.weight, lead.notes) == (50, 0, [])


def test_a_hidden_record_is_blocked_until_it_is_shown(desk: Desk, crm: FakeSystem) -> None:
    _claims(desk, crm, 1)
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", gone="hidden")
    (change,) = desk.plan().changes
    assert (change.kind, change.outcome, change.code) == ("blocked", "skipped", "hidden_record")
    assert desk.plan().plan is None
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", gone=None)
    (change,) = desk.plan().changes
    assert (change.kind, change.outcome) == ("update", "pending")
    assert [row["resolved"] is None for row in rows_of(desk.engine, ops_change)] == [False, True]


def test_the_cost_counts_comparing_unless_the_run_writes_what_it_has_just_read(
    desk: Desk, crm: FakeSystem
) -> None:
    _claims(desk, crm, 3)
    assert desk.plan(at_once=True).calls == 1
    (part,) = desk.plan(at_once=False).made.parts
    assert (part.calls.writing, part.calls.comparing) == (1, 1)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ([], []),
        ([{"crm/Lead": {"update": 10}}], ["crm/Lead: 31 × update, usually about 10",
                                          "crm/Lead: 2 × clear, for the first time"]),
        ([{"crm/Lead": {"update": 11, "clear": 1}}], []),
        ([{"crm/Lead": {"update": 10, "clear": 1}}, {}, {"crm/Lead": {"update": 30}}], []),
    ],
    ids=["no history", "three times as many", "just not", "the median of those that had it"],
)  # fmt: skip
def test_kinds_and_fields_are_held_against_the_plans_before(
    before: list[dict[str, dict[str, int]]], expected: list[str]
) -> None:
    assert unusual({"crm/Lead": {"update": 31, "clear": 2}}, before) == expected


def test_what_an_object_has_for_the_first_time_is_told_in_one_line() -> None:
    now = {"crm/Lead": {"A set": 1, "B set": 7, "C set": 7, "D set": 3, "E set": 0}}
    assert unusual(now, [{"crm/Lead": {"D set": 3}}]) == [
        "crm/Lead: 7 × B set, 7 × C set, 1 × A set, for the first time"
    ]


def test_the_most_unusual_changes_come_first_and_can_be_picked(desk: Desk, crm: FakeSystem) -> None:
    _claims(desk, crm, 3)
    desk.golden("opportunity", "op_9")
    desk.record(SALESFORCE, "Opportunity", "o9", "op_9", told={"Hub_Partner_Key__c": "pa_9"})
    place = Workplace(desk.settings, desk.engine)
    name = str(desk.plan().plan)
    found = review(place, name, Wanted(), 2)
    assert ([row.record_id for row in found.changes], found.matching) == (["o9", "o1"], 4)
    assert review(place, name, Wanted(op="update")).matching == 3
    field = Wanted(field="Hub_Registered_Partner__c")
    assert review(place, name, field).matching == 3
    assert review(place, name, Wanted(field="Hub_Registered%")).matching == 0
    assert review(place, name, Wanted(system=HUBSPOT)).matching == 0


def test_the_page_of_a_plan_escapes_what_systems_say_and_asks_nothing_of_any_network(
    desk: Desk, crm: FakeSystem, tmp_path: Path
) -> None:
    _claims(desk, crm, 1)
    hostile = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"
    desk.golden("partner", "pa_1", name=hostile)
    file = tmp_path / "plan.html"
    shown = write_page(Workplace(desk.settings, desk.engine), str(desk.plan().plan), file, Wanted())
    page = file.read_text(encoding="utf-8")
    assert shown == 1
    assert hostile not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;{{ 7 * 7 }}" in page
    assert page.count("<script>") == 1
    assert re.findall(r"(?:src|href)=\"(?!#)", page) == []
    assert "default-src 'none'" in page


def test_the_page_names_the_record_and_gives_a_reason_once_for_all_its_fields(
    desk: Desk, crm: FakeSystem, tmp_path: Path
) -> None:
    desk.golden("opportunity", "op_1", name="Firewalls & more")
    told = {"Hub_Partner_Key__c": "pa_9", "Hub_Registered_Partner__c": "Old"}
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", told=told)
    file = tmp_path / "plan.html"
    write_page(Workplace(desk.settings, desk.engine), str(desk.plan().plan), file, Wanted())
    page = file.read_text(encoding="utf-8")
    assert "<b>Firewalls &amp; more</b>" in page
    assert page.count("no registration claims this opportunity") == 1
    assert [page.count(f'<span class="was">{value}</span>') for value in told.values()] == [1, 1]


def test_a_reason_is_told_once_and_a_source_where_it_is_that_of_all() -> None:
    row = {"system": SALESFORCE, "object": "Lead", "record_id": "l1"}
    fields = {
        "A": {"before": None, "after": "1", "why": "routed", "rule": "derived", "source": row},
        "B": {"before": "x", "after": "y", "why": "drifted", "rule": "priority", "source": row},
        "C": {"before": None, "after": "hub:ct_1", "why": "routed", "rule": "derived"},
        "D": {"before": None, "after": "hub:ct_2", "why": "drifted", "rule": "priority",
              "source": row},
    }  # fmt: skip
    routed, drifted = reasons(fields, {"ct_1": "Eva Huber"})
    assert (routed.why, routed.origin) == ("routed", "")
    assert routed.fields == (
        Told("A", None, "1", "from acme_salesforce/Lead/l1 (derived)"),
        Told("C", None, "Eva Huber (ct_1), made first", "by rule: derived"),
    )
    assert (drifted.why, drifted.origin) == ("drifted", "from acme_salesforce/Lead/l1 (priority)")
    assert drifted.fields == (Told("B", "x", "y", ""), Told("D", None, "ct_2, made first", ""))


# -- approval ------------------------------------------------------------------------------------

ALWAYS = {SALESFORCE: SystemPlanRule(approval="always")}
NOT_HERE = {SALESFORCE: SystemPlanRule(objects={"Opportunity": ObjectPlanRule(approval="always")})}


@pytest.mark.parametrize(
    ("rule", "held"),
    [
        ({"approval": "auto"}, False),
        ({"approval": "always"}, True),
        ({"approval": Above(above=3)}, False),
        ({"approval": Above(above=2)}, True),
        ({"approval": "auto", "systems": ALWAYS}, True),
        ({"approval": "auto", "systems": NOT_HERE}, True),
        ({"approval": "always", "systems": {HUBSPOT: SystemPlanRule(approval="auto")}}, True),
        ({"approval": "always", "systems": {SALESFORCE: SystemPlanRule(approval="auto")}}, False),
    ],
)
def test_what_needs_approval_waits_for_it(
    desk: Desk, crm: FakeSystem, rule: dict[str, Any], held: bool
) -> None:
    _rule(desk, **rule)
    _claims(desk, crm, 3)
    plan = desk.plan()
    assert (plan.made.status == "waiting") is held
    report = _apply(desk, plan.plan, crm)
    assert report.outcomes == ({"pending": 3} if held else {"applied": 3})
    assert (len(crm.written), bool(report.waits)) == ((0, True) if held else (3, False))


def test_only_what_needs_approval_is_held(desk: Desk, crm: FakeSystem) -> None:
    _rule(desk, systems=ALWAYS)
    _claims(desk, crm, 1)
    portal = FakeSystem(HUBSPOT)
    desk.record(HUBSPOT, "deals", "d1", "re_1")
    portal.put("deals", "d1")
    plan = desk.plan().plan
    assert _apply(desk, plan, crm, portal).outcomes == {"pending": 1, "applied": 1}
    assert _statuses(desk) == ["waiting"]
    approve(desk.engine, str(plan), "Kim", "seen", (), desk.run.started_at)
    assert _apply(desk, plan, crm, portal).outcomes == {"applied": 1}
    assert _statuses(desk) == ["applied"]
    (decision,) = rows_of(desk.engine, ops_approval)
    assert (decision["who"], decision["verdict"], decision["why"]) == ("Kim", "approved", "seen")


def test_a_plan_keeps_its_name_while_it_is_all_that_is_wanted(desk: Desk, crm: FakeSystem) -> None:
    _rule(desk, approval="always")
    _claims(desk, crm, 2)
    first = desk.plan().plan
    assert desk.plan().plan == first
    approve(desk.engine, str(first), "Kim", "", (), desk.run.started_at)
    again = desk.plan()
    assert (again.plan, again.made.status) == (first, "open")
    assert _statuses(desk) == ["open"]
    _claims(desk, crm, 1, first=3)
    more = desk.plan()
    assert (more.plan, more.made.status) == ("plan-000002", "waiting")
    assert _statuses(desk) == ["superseded", "waiting"]


def test_what_is_left_of_an_approved_plan_needs_no_second_look(desk: Desk, crm: FakeSystem) -> None:
    _rule(desk, approval="always")
    _claims(desk, crm, 3)
    plan = desk.plan().plan
    approve(desk.engine, str(plan), "Kim", "", (), desk.run.started_at)
    halting = {SALESFORCE: FakeConnector(crm, halt=1)}
    report = apply_plan(desk.engine, desk.settings, desk.run, str(plan), halting)
    assert report.outcomes == {"applied": 1, "pending": 2}
    left = desk.plan()
    assert (left.made.status, left.made.total) == ("open", 2)
    assert _apply(desk, left.plan, crm).outcomes == {"applied": 2}


def test_what_was_rejected_is_not_planned_again_until_it_differs(
    desk: Desk, crm: FakeSystem
) -> None:
    _rule(desk, approval="always")
    _claims(desk, crm, 2)
    plan = desk.plan().plan
    assert reject(desk.engine, str(plan), "Kim", "too early", desk.run.started_at) == 2
    assert _statuses(desk) == ["rejected"]
    assert {row["message"] for row in rows_of(desk.engine, ops_change)} == {"Kim: too early"}
    assert desk.plan().plan is None
    assert desk.plan(full=True).plan is None
    desk.golden("registration", "re_1", opportunity_id="op_1", status="won")
    assert [change.record_id for change in desk.plan().changes] == ["o1"]
    with pytest.raises(ConfigError, match="rejected: there is nothing to decide"):
        approve(desk.engine, str(plan), "Kim", "", (), desk.run.started_at)


# -- brakes --------------------------------------------------------------------------------------

TIGHT = Brake(share=0.5, clears=0.4, least=3, emptied=2)


def _written(desk: Desk, crm: FakeSystem, count: int) -> None:
    """So many opportunities say what they should."""
    _claims(desk, crm, count)
    _apply(desk, desk.plan().plan, crm)
    desk.next_run()


def test_the_first_time_much_may_change(desk: Desk, crm: FakeSystem) -> None:
    _rule(desk, brake=TIGHT)
    _claims(desk, crm, 4)
    assert desk.plan().made.status == "open"


@pytest.mark.parametrize(("renamed", "status"), [(2, "open"), (4, "open"), (5, "braked")])
def test_a_large_share_of_the_records_stops_the_plan(
    desk: Desk, crm: FakeSystem, renamed: int, status: str
) -> None:
    _rule(desk, brake=TIGHT)
    _written(desk, crm, 8)
    for n in range(1, renamed + 1):
        desk.golden("registration", f"re_{n}", opportunity_id=f"op_{n}", status="won")
    plan = desk.plan()
    assert plan.made.status == status
    if status == "braked":
        with pytest.raises(ConfigError, match=r"braked \(acme_salesforce/Opportunity: 5 changes"):
            _apply(desk, plan.plan, crm)


def test_many_emptied_records_stop_the_plan_until_the_brake_is_named(
    desk: Desk, crm: FakeSystem
) -> None:
    _rule(desk, brake=TIGHT)
    _written(desk, crm, 8)
    for n in range(1, 5):
        desk.golden("registration", f"re_{n}", opportunity_id=f"op_{n}", protected_until=None)
    plan = desk.plan()
    assert (plan.made.status, plan.made.parts[0].brakes) == ("braked", ("clears",))
    name, now = str(plan.plan), desk.run.started_at
    with pytest.raises(ConfigError, match="a brake has tripped that is not named: clears"):
        approve(desk.engine, name, "Kim", "", (), now)
    with pytest.raises(ConfigError, match="there is no brake 'cleras'"):
        approve(desk.engine, name, "Kim", "", ("cleras",), now)
    approve(desk.engine, name, "Kim", "agreed", ("clears",), now)
    assert desk.plan().plan == name
    assert _apply(desk, name, crm).outcomes == {"applied": 4}


def test_an_object_that_had_rows_and_has_none_stops_the_plan(desk: Desk, crm: FakeSystem) -> None:
    _rule(desk, brake=TIGHT)
    for n in range(3):
        desk.record(SALESFORCE, "Account", f"a{n}", f"co_{n}")
    _written(desk, crm, 1)
    for n in range(3):
        desk.record(SALESFORCE, "Account", f"a{n}", f"co_{n}", is_deleted=True, gone="deleted")
    desk.golden("registration", "re_1", opportunity_id="op_1", status="won")
    plan = desk.plan().made
    assert (plan.status, plan.parts[0].brakes) == ("braked", ("zero_rows",))
    assert plan.parts[0].reason == "acme_salesforce/Account: all of its 3 records have gone"


# -- what is applied is what was shown -----------------------------------------------------------


def test_a_plan_that_has_expired_is_not_applied(desk: Desk, crm: FakeSystem) -> None:
    _rule(desk, expire_hours=0.5)
    _claims(desk, crm, 1)
    plan = desk.plan().plan
    late = desk.run.__class__(desk.run.number, desk.run.started_at + timedelta(minutes=31))
    desk.run = late
    with pytest.raises(ConfigError, match="this plan has expired at"):
        _apply(desk, plan, crm)


def test_a_plan_is_not_applied_under_another_configuration(desk: Desk, crm: FakeSystem) -> None:
    _claims(desk, crm, 1)
    plan = desk.plan().plan
    desk.settings = desk.settings.model_copy(update={"config_hash": "another"})
    with pytest.raises(ConfigError, match="the configuration has changed since"):
        _apply(desk, plan, crm)


def test_a_plan_is_not_applied_under_another_policy(desk: Desk, crm: FakeSystem) -> None:
    _claims(desk, crm, 1)
    plan = desk.plan().plan
    policy = "version: test-2\nregistration: {create_opportunity: false}\n"
    (desk.settings.folder / "policy.yaml").write_text(policy)
    with pytest.raises(ConfigError, match="the configuration has changed since"):
        _apply(desk, plan, crm)


@pytest.mark.parametrize(
    "tampering",
    [{"fields": '{"Name": {"before": null, "after": "x", "why": ""}}'}, {"record_id": "o2"},
     {"hub_id": "op_7"}, {"op": "create"}, {"object": "Lead"}],
    ids=lambda values: next(iter(values)),
)  # fmt: skip
def test_a_plan_that_was_changed_in_the_warehouse_is_not_applied(
    desk: Desk, crm: FakeSystem, tampering: dict[str, str]
) -> None:
    _claims(desk, crm, 1)
    plan = desk.plan().plan
    with writing(desk.engine) as conn:
        conn.execute(update(ops_change).values(**tampering))
    with pytest.raises(ConfigError, match="its changes are not those that were planned"):
        _apply(desk, plan, crm)
    assert crm.written == []


def test_what_somebody_edited_since_is_stale_and_the_rest_lands(
    desk: Desk, crm: FakeSystem
) -> None:
    _claims(desk, crm, 3)
    plan = desk.plan().plan
    crm.put("Opportunity", "o2", Hub_Registered_Partner__c="By hand")
    report = _apply(desk, plan, crm)
    assert report.outcomes == {"stale": 1, "applied": 2}
    assert report.moved == {(SALESFORCE, "Opportunity"): ["o2"]}
    assert crm.fields("Opportunity", "o2")["Hub_Registered_Partner__c"] == "By hand"
    assert [change.record_id for change in desk.plan().changes] == ["o2"]


# -- outstanding ---------------------------------------------------------------------------------


def test_what_was_refused_stays_listed_until_somebody_dismisses_it(
    desk: Desk, crm: FakeSystem
) -> None:
    _claims(desk, crm, 2)
    plan = desk.plan().plan
    refusing = {
        SALESFORCE: FakeConnector(crm, refuse=lambda c: "NO" if c.record_id == "o1" else None)
    }
    apply_plan(desk.engine, desk.settings, desk.run, str(plan), refusing)
    place = Workplace(desk.settings, desk.engine)
    (row,) = outstanding_commands.listing(place)["outstanding"]
    assert (row["id"], row["attempts"], row["code"]) == ("plan-000001/000001", 1, "NO")
    assert (row["message"], row["remedy"], row["since"]) == ("no", "say yes", desk.run.started_at)
    assert row["next"] == desk.run.started_at + timedelta(minutes=15)
    assert desk.plan().plan is None
    outstanding_commands.dismiss(place, row["id"], "Kim", "agreed with sales")
    assert outstanding_commands.listing(place)["outstanding"] == []
    assert desk.plan(full=True).plan is None
    with pytest.raises(ConfigError, match="no such change is outstanding"):
        outstanding_commands.dismiss(place, row["id"], "Kim", "again")


def test_what_is_blocked_is_told_of_until_it_is_not(desk: Desk, crm: FakeSystem) -> None:
    """Later plans do not repeat it: what is outstanding does, with reason and age."""
    _claims(desk, crm, 2)
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", gone="hidden")
    first = desk.plan().made.created_at.isoformat()
    hidden = {
        "system": SALESFORCE,
        "object": "Opportunity",
        "code": "hidden_record",
        "changes": 1,
        "oldest": first,
        "example": "o1 is not shown to our user, so it cannot be written.",
    }
    for _ in range(2):
        desk.next_run()
        desk.plan()
        with reading(desk.engine) as conn:
            told = outstanding_commands.summary(conn)
        assert told == {"changes": 1, "oldest": first, "reasons": [hidden]}
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", gone=None)
    desk.next_run()
    desk.plan()
    with reading(desk.engine) as conn:
        told = outstanding_commands.summary(conn)
    assert told == {"changes": 0, "oldest": None, "reasons": []}


def test_what_is_blocked_may_be_dismissed(desk: Desk, crm: FakeSystem) -> None:
    _claims(desk, crm, 1)
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", gone="hidden")
    desk.plan()
    place = Workplace(desk.settings, desk.engine)
    (row,) = outstanding_commands.listing(place)["outstanding"]
    outstanding_commands.dismiss(place, row["id"], "Kim", "it is the board's")
    desk.next_run()
    assert desk.plan().plan is None
    assert outstanding_commands.summarized(place)["changes"] == 0


def test_what_is_not_wanted_any_more_is_outstanding_no_more(desk: Desk, crm: FakeSystem) -> None:
    _claims(desk, crm, 1)
    plan = desk.plan().plan
    refusing = {SALESFORCE: FakeConnector(crm, refuse=lambda _: "NO")}
    apply_plan(desk.engine, desk.settings, desk.run, str(plan), refusing)
    with reading(desk.engine) as conn:
        assert outstanding_commands.summary(conn)["changes"] == 1
    desk.next_run()
    after = {name: cell["after"] for name, cell in json.loads(
        str(rows_of(desk.engine, ops_change)[0]["fields"])).items()}  # fmt: skip
    desk.record(SALESFORCE, "Opportunity", "o1", "op_1", told=after)
    assert desk.plan().plan is None
    with reading(desk.engine) as conn:
        assert outstanding_commands.summary(conn)["changes"] == 0


def test_an_amount_that_moves_by_half_weighs() -> None:
    from hub.sync.changes import PlannedChange
    from hub.sync.surprises import weighed

    def change(before: str, after: str) -> PlannedChange:
        fields = {"Amount": {"before": before, "after": after, "why": "x"}}
        return weighed(PlannedChange("crm", "Deal", "update", "d1", "h1", fields), {"Amount"})

    assert change("1000", str(Decimal(501))).weight == 0
    (note,) = change("1000", "500").notes
    assert note["message"] == "Amount from 1000 to 500: -50%"
    assert change("0", "500").weight == 0
