"""Somebody edits a record between plan and apply: that one change is stale, all others land, and
the next plan, without a sync between, starts from what the record says now. Nor does an undo delete
what somebody has worked on since it was planned. Over HTTP, in both CRMs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from demo_folder import Demo

from hub.commands.demo import rep_view
from hub.commands.warehouse import open_workplace

SALESFORCE, HUBSPOT = "acme_salesforce", "acme_hubspot"
OBJECT = {SALESFORCE: "Opportunity", HUBSPOT: "deals"}
STATUS = {SALESFORCE: "Partner_Registration_Status__c", HUBSPOT: "partner_registration_status"}
EXPIRES = {SALESFORCE: "Partner_Registration_Expires__c", HUBSPOT: "partner_protected_until"}
WANTED = {SALESFORCE: "Info Requested", HUBSPOT: "info_requested"}
MEANWHILE = {SALESFORCE: "Lost", HUBSPOT: "lost"}


@dataclass(frozen=True)
class Story:
    """A plan of updates to both CRMs, one record of each edited, the plan applied.

    `edited` is system → record; `before` is what the edited records said of `EXPIRES` just then;
    `asked` are the requests of applying, as the CRMs logged them.
    """

    demo: Demo
    plan: dict[str, Any]
    edited: Mapping[str, str]
    before: Mapping[str, str | None]
    code: int
    outcomes: Mapping[str, int]
    asked: list[dict[str, Any]]

    def planned(self, system: str) -> set[str]:
        """Records of the object that this is about."""
        return _records(self.plan["changes"], system)

    def says(self, system: str, record: str) -> dict[str, str | None]:
        return _says(self.demo, system, record)


@pytest.fixture(scope="module")
def story(live: Demo) -> Story:
    """Of three deals more information is asked for, which their opportunities are to say, too.
    Then somebody sets the first deal and its opportunity to lost, and writes into a field of
    another opportunity that the hub leaves to people."""
    told = [each for each in live.truth["registrations"] if each["opportunity"]][:3]
    for each in told:
        live.hubspot_edit("deals", each["deal"], dealstage="reg_info_requested")
    live.hub("sync", "--no-apply", "--json")
    plan = live.hub("plan", "--json").json
    first, other = told[:2]
    edited = {SALESFORCE: first["opportunity"], HUBSPOT: first["deal"]}
    before = {s: _says(live, s, record)[EXPIRES[s]] for s, record in edited.items()}
    live.salesforce_edit("Opportunity", edited[SALESFORCE], **{STATUS[SALESFORCE]: "Lost"})
    live.hubspot_edit("deals", edited[HUBSPOT], **{STATUS[HUBSPOT]: "lost"})
    live.salesforce_edit("Opportunity", other["opportunity"], NextStep="call them")
    mark = len(_log(live))
    applied = live.hub("apply", plan["plan"], "--json")
    asked = _log(live)[mark:]
    return Story(live, plan, edited, before, applied.code, applied.json["outcomes"], asked)


def test_exactly_the_edited_records_are_stale_and_all_others_land(story: Story) -> None:
    total = len(story.plan["changes"])
    # Of each system something is edited and something is not.
    assert min(len(story.planned(system)) for system in OBJECT) >= 2
    assert (story.code, story.outcomes) == (
        1,
        {"applied": total - 2, "rejected": 0, "skipped": 0, "stale": 2, "pending": 0},
    )
    shown = story.demo.hub("plan", "show", story.plan["plan"], "--json").json["changes"]
    stale = {(c["system"], c["record_id"]) for c in shown if c["outcome"] == "stale"}
    assert stale == set(story.edited.items())


@pytest.mark.parametrize("system", [SALESFORCE, HUBSPOT])
def test_nothing_of_a_stale_change_is_sent(story: Story, system: str) -> None:
    edited = story.edited[system]
    now = story.says(system, edited)
    assert story.before[system] is not None
    assert (now[STATUS[system]], now[EXPIRES[system]]) == (MEANWHILE[system], story.before[system])
    for record in story.planned(system) - {edited}:
        said = story.says(system, record)
        assert (said[STATUS[system]], said[EXPIRES[system]]) == (WANTED[system], None)


@pytest.mark.parametrize("system", [SALESFORCE, HUBSPOT])
def test_applying_takes_the_calls_that_the_plan_names(story: Story, system: str) -> None:
    parts = [part["calls"] for part in story.plan["parts"] if part["system"] == system]
    asked = [line for line in story.asked if line["system"] == system]
    last = max(at for at, line in enumerate(asked) if _writes(line))
    calls, after = asked[: last + 1], asked[last + 1 :]
    assert any(_compares(line) for line in after)  # the stale record is read again
    reads = [line for line in calls if _compares(line)]
    assert len(reads) == sum(part["compare"] for part in parts)
    writes = [line for line in calls if _writes(line)]
    assert len(writes) == sum(part["write"] for part in parts)
    others = [line["path"].rsplit("/", 1)[-1] for line in calls if line not in (*reads, *writes)]
    assert set(others) <= {"token", "describe", "deals"}
    assert len(others) == sum(part["open"] for part in parts)
    # All records of the plan are compared, those that turn out to be stale among them.
    assert sum(line["rows"] for line in reads) == len(story.planned(system))


def test_the_next_plan_starts_from_what_the_records_say_now(story: Story) -> None:
    demo = story.demo
    plan = demo.hub("plan", "--json").json
    cells = {
        (c["system"], c["record_id"]): c["fields"][STATUS[c["system"]]] for c in plan["changes"]
    }
    assert {where: (cell["before"], cell["after"]) for where, cell in cells.items()} == {
        (system, record): (MEANWHILE[system], WANTED[system])
        for system, record in story.edited.items()
    }
    applied = demo.hub("apply", plan["plan"], "--json")
    assert (applied.code, applied.json["outcomes"]["applied"]) == (0, 2)
    assert demo.hub("plan", "--json").json["plan"] is None


def test_a_made_record_that_somebody_works_on_after_its_undo_was_planned_stays(
    story: Story,
) -> None:
    demo = story.demo
    plan = demo.hub("undo", "1", "--json").json
    made = {
        obj: [c["record_id"] for c in plan["changes"] if (c["object"], c["op"]) == (obj, "delete")]
        for obj in ("leads", "contacts")
    }
    assert min(len(records) for records in made.values()) >= 3
    contact, lead = made["contacts"][0], made["leads"][-1]
    # The hub never wrote a city there: what it says went into the plan all the same.
    demo.hubspot_edit("contacts", contact, city="Graz")
    demo.hubspot_edit("leads", lead, hs_lead_name="Theirs by now")
    mark = len(_log(demo))
    applied = demo.hub("apply", plan["plan"], "--json")
    asked = _log(demo)[mark:]
    shown = demo.hub("plan", "show", plan["plan"], "--json").json["changes"]
    stale = {c["record_id"]: c["answer"]["code"] for c in shown if c["outcome"] == "stale"}
    # The contact of the lead stays with it.
    [parent] = stale.keys() - {contact, lead}
    assert stale == {contact: "changed_there", lead: "changed_there", parent: "has_children"}
    assert (applied.code, applied.json["outcomes"]["stale"]) == (1, 3)
    assert {c["outcome"] for c in shown} == {"applied", "skipped", "stale"}
    there = {obj: [r for r in made[obj] if demo.is_there(HUBSPOT, obj, r)] for obj in made}
    assert {obj: set(records) for obj, records in there.items()} == {
        "contacts": {contact, parent},
        "leads": {lead},
    }
    calls = 0
    for system in (SALESFORCE, HUBSPOT):
        lines = [line for line in asked if line["system"] == system]
        calls += max(at for at, line in enumerate(lines) if _writes(line)) + 1
    assert calls == plan["calls"]
    again = demo.hub("undo", "1", "--json").json
    left = {c["record_id"]: c["refused"]["code"] for c in again["left"]}
    assert {r: left[r] for r in stale} == {
        contact: "edited_since",
        lead: "edited_since",
        parent: "has_children",
    }


def _compares(line: Mapping[str, Any]) -> bool:
    if line["system"] == SALESFORCE:
        return line["method"] == "GET" and "/query" in line["path"]
    return "/objects/" in line["path"] and line["path"].endswith("/batch/read")


def _writes(line: Mapping[str, Any]) -> bool:
    if line["system"] == SALESFORCE:
        return bool(line["method"] in ("PATCH", "POST", "DELETE") and "/composite/" in line["path"])
    written = ("/batch/update", "/batch/upsert", "/batch/create", "/batch/archive")
    return bool(line["path"].endswith(written))


def _records(changes: list[dict[str, Any]], system: str) -> set[str]:
    here = (system, OBJECT[system])
    return {
        change["record_id"] for change in changes if (change["system"], change["object"]) == here
    }


def _says(demo: Demo, system: str, record: str) -> dict[str, str | None]:
    """What the CRM itself says of a record."""
    if system == SALESFORCE:
        return rep_view(open_workplace(demo.folder / "hub.yaml"), record)
    answer = requests.get(
        f"{demo.urls[HUBSPOT]}/crm/v3/objects/deals/{record}",
        params={"properties": f"{STATUS[HUBSPOT]},{EXPIRES[HUBSPOT]}"},
        headers={"Authorization": "Bearer pat-na1-demo-0000"},
        timeout=10,
    )
    answer.raise_for_status()
    told = answer.json()["properties"]
    return {name: told.get(name) or None for name in (STATUS[HUBSPOT], EXPIRES[HUBSPOT])}


def _log(demo: Demo) -> list[dict[str, Any]]:
    """The requests so far, as the CRMs logged them. A request is logged after its answer has gone
    out: one more answer, of a route that is not logged, and it is there."""
    for system in OBJECT:
        demo.control(system, "clock")
    lines = (demo.folder / "sandbox" / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
