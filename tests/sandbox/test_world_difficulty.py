"""What makes a world hard to match: all of it is in the records, and the answer sheet tells it."""

from collections import Counter, defaultdict
from datetime import date

import pytest

from sandbox.world import Difficulty, World, generate
from sandbox.world.truth import HUBSPOT, SALESFORCE

TODAY = date(2026, 8, 20)
KINDS = {"subsidiary", "franchise", "renamed", "acquired", "same_building", "job_change"}


@pytest.fixture(scope="module")
def hard() -> World:
    return generate(1200, 5, today=TODAY, difficulty="hard")


def _accounts(world: World) -> dict[str, list[dict[str, object]]]:
    """Truth id → its accounts in Salesforce."""
    rows = {str(row["Id"]): row for row in world.salesforce["Account"]}
    found: dict[str, list[dict[str, object]]] = defaultdict(list)
    for record in world.truth.records:
        if (record.system, record.object) == (SALESFORCE, "Account"):
            found[record.truth_id].append(dict(rows[record.record_id]))
    return found


def _pairs(world: World, kind: str) -> list[tuple[dict[str, object], dict[str, object]]]:
    """Accounts of both sides of each relation of `kind`."""
    accounts = _accounts(world)
    return [
        (one, other)
        for told in world.truth.relations
        if told.kind == kind
        for one in accounts[told.one]
        for other in accounts[told.other]
    ]


def test_an_easy_world_is_what_a_world_is_unless_told_otherwise() -> None:
    told, untold = generate(60, 3, today=TODAY, difficulty="easy"), generate(60, 3, today=TODAY)
    assert told == untold
    assert {relation.kind for relation in told.truth.relations} <= {"subsidiary"}


@pytest.mark.parametrize("difficulty", ["middle", "hard"])
def test_the_same_arguments_give_the_same_world(difficulty: Difficulty) -> None:
    one, other = (generate(80, 3, today=TODAY, difficulty=difficulty) for _ in range(2))
    assert one == other
    assert one != generate(80, 3, today=TODAY)


@pytest.mark.parametrize("difficulty", ["middle", "hard"])
@pytest.mark.parametrize("companies", [20, 60])
def test_small_worlds_can_be_hard(companies: int, difficulty: Difficulty) -> None:
    world = generate(companies, 1, today=TODAY, difficulty=difficulty)
    assert world.truth.hero is not None
    assert len(world.truth.registrations) >= 5


def test_a_harder_world_has_more_of_everything(hard: World) -> None:
    middle = generate(1200, 5, today=TODAY, difficulty="middle")
    less, more = (Counter(r.kind for r in world.truth.relations) for world in (middle, hard))
    assert set(less) == set(more) == KINDS
    assert all(less[kind] < more[kind] for kind in KINDS - {"subsidiary"})


def test_franchises_share_brand_and_domain_but_no_town(hard: World) -> None:
    told = [relation for relation in hard.truth.relations if relation.kind == "franchise"]
    assert all(relation.one != relation.other for relation in told)
    sites = [
        (_host(one), _host(other))
        for one, other in _pairs(hard, "franchise")
        if one.get("Website") and other.get("Website")
    ]
    assert len(sites) > 10
    assert all(one == other for one, other in sites)


def _host(account: dict[str, object]) -> str:
    return str(account["Website"]).split("//")[-1].removeprefix("www.").strip("/")


def test_a_renamed_company_is_on_record_under_both_names(hard: World) -> None:
    accounts = _accounts(hard)
    renamed = [relation for relation in hard.truth.relations if relation.kind == "renamed"]
    first = {relation.detail.split()[0] for relation in renamed}
    names = {str(row["Name"]).split()[0] for r in renamed for row in accounts[r.one]}
    assert names & first
    assert names - first


def test_who_changed_jobs_is_on_record_at_two_companies(hard: World) -> None:
    moved = {r.one for r in hard.truth.relations if r.kind == "job_change"}
    contacts = {str(row["Id"]): row for row in hard.salesforce["Contact"]}
    employers: dict[str, set[object]] = defaultdict(set)
    for record in hard.truth.records:
        if (record.system, record.object) == (SALESFORCE, "Contact"):
            employers[record.truth_id].add(contacts[record.record_id]["AccountId"])
    assert sum(len(employers[person]) > 1 for person in moved) > len(moved) / 4


def test_one_address_in_hubspot_is_one_contact_even_then(hard: World) -> None:
    mails = [
        str(r.properties["email"]) for r in hard.hubspot["contacts"] if "email" in r.properties
    ]
    assert len(mails) == len(set(mails))


def test_names_are_written_in_five_scripts(hard: World) -> None:
    names = "".join(str(row["Name"]) for row in hard.salesforce["Account"])
    for first, last in (("Α", "ω"), ("А", "я"), ("一", "鿿"), ("ا", "ي")):
        assert any(first <= letter <= last for letter in names)


def test_every_lookup_of_a_hard_world_points_at_a_record(hard: World) -> None:
    accounts = {row["Id"] for row in hard.salesforce["Account"]}
    assert {row["ParentId"] for row in hard.salesforce["Account"] if "ParentId" in row} <= accounts
    known = {(r.system, r.record_id) for r in hard.truth.records}
    assert {(HUBSPOT, record.id) for record in hard.hubspot["companies"]} <= known
