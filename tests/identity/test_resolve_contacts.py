"""What resolve promises about people, on rows written out by hand."""

from identity_kit import (
    Row,
    account,
    company,
    events,
    go,
    ids,
    key,
    person,
    row,
    together,
)
from sqlalchemy import Engine

BRAVO = account("A2", "Bravo Systems GmbH", website="bravo-systems.de", country="DE")
BRAVO_IN_HUBSPOT = company("20", "Bravo Systems", website="bravo-systems.de", country="DE")
TOBIAS = person(
    "C1", "Tobias", "Vogt", email="tobias.vogt@bravo-systems.de", company_record_id="A2"
)


def in_hubspot(record_id: str, first: str | None, last: str | None, **columns: str) -> Row:
    return row("hs", "contacts", record_id, first_name=first, last_name=last, **columns)


def test_the_same_address_is_the_same_person(engine: Engine) -> None:
    other = in_hubspot("1", "T.", "Vogt", email="Tobias.Vogt@Bravo-Systems.de")
    go(engine, 1, [TOBIAS, other])
    assert ids(engine, "contact") == {key(TOBIAS): "ct_00000001", key(other): "ct_00000001"}


def test_two_people_behind_one_shared_mailbox_stay_two(engine: Engine) -> None:
    one = person("C1", "Tobias", "Vogt", email="info@bravo-systems.de")
    other = in_hubspot("1", "Sabine", "Koch", email="info@bravo-systems.de")
    go(engine, 1, [one, other])
    assert not together(engine, one, other, entity="contact")


def test_a_private_address_does_not_hide_a_colleague(engine: Engine) -> None:
    other = in_hubspot("1", "Tobias", "Vogt", email="tobi99@gmx.de", company_record_id="20")
    go(engine, 1, [BRAVO, BRAVO_IN_HUBSPOT, TOBIAS, other])
    assert together(engine, TOBIAS, other, entity="contact")


def test_namesakes_at_two_companies_are_two(engine: Engine) -> None:
    other = in_hubspot("1", "Tobias", "Vogt", email="tobias.vogt@zenith.ch")
    go(engine, 1, [BRAVO, TOBIAS, other])
    assert not together(engine, TOBIAS, other, entity="contact")


def test_a_missing_given_name_is_read_from_the_mailbox(engine: Engine) -> None:
    other = in_hubspot("1", None, "Vogt", email="tobiasv@bravo-systems.de")
    without = person("C1", "Tobias", "Vogt", mobile="+49 151 04339776", company_record_id="A2")
    colleague = person("C2", "Sabine", "Vogt", company_record_id="A2")
    other["company_record_id"] = "20"
    go(engine, 1, [BRAVO, BRAVO_IN_HUBSPOT, without, colleague, other])
    assert together(engine, without, other, entity="contact")
    assert not together(engine, colleague, other, entity="contact")


def test_siblings_at_one_company_and_one_switchboard_are_two(engine: Engine) -> None:
    shared = {"phone": "+49 40 3711367", "company_record_id": "A2"}
    one = person("C1", "Tobias", "Vogt", **shared)
    other = person("C2", "Sabine", "Vogt", **shared)
    go(engine, 1, [BRAVO, one, other])
    assert not together(engine, one, other, entity="contact")


def test_the_person_of_a_lead_is_the_contact(engine: Engine) -> None:
    lead = row(
        *("sf", "Lead", "L1"),
        first_name="Tobias",
        last_name="Vogt",
        company_name="Bravo Systems",
        website="bravo-systems.de",
        mobile="+49 151 04339776",
    )
    go(engine, 1, [BRAVO, TOBIAS, lead])
    assert together(engine, TOBIAS, lead, entity="contact")


def test_a_converted_lead_is_the_contact_it_became(engine: Engine) -> None:
    lead = row(
        *("sf", "Lead", "L1"),
        first_name="Tobi",
        last_name="V.",
        company_name="Bravo Systems",
        converted_contact_record_id="C1",
    )
    go(engine, 1, [BRAVO, TOBIAS, lead])
    assert together(engine, TOBIAS, lead, entity="contact")


def test_people_are_looked_at_again_when_their_companies_turn_out_to_be_one(
    engine: Engine,
) -> None:
    here = person("C1", "Tobias", "Vogt", company_record_id="A2")
    there = in_hubspot("1", "Tobias", "Vogt", company_record_id="20")
    go(engine, 1, [BRAVO, {**BRAVO_IN_HUBSPOT, "name": "Zenith", "website": None}, here, there])
    assert not together(engine, here, there, entity="contact")
    go(engine, 2, [BRAVO_IN_HUBSPOT])
    assert together(engine, here, there, entity="contact")
    assert events(engine, 2, "contact") == [("merge", "ct_00000001", "ct_00000002")]


def test_people_are_looked_at_again_when_their_company_is_deleted(engine: Engine) -> None:
    here = person("C1", "Tobias", "Vogt", company_record_id="A2")
    there = in_hubspot("1", "Tobias", "Vogt", company_record_id="20")
    go(engine, 1, [BRAVO, BRAVO_IN_HUBSPOT, here, there])
    assert together(engine, here, there, entity="contact")
    go(engine, 2, [{**BRAVO, "is_deleted": True}])
    assert not together(engine, here, there, entity="contact")


def test_who_changes_jobs_is_known_again_by_the_mobile(engine: Engine) -> None:
    before = person("C1", "Tobias", "Vogt", email="tobias.vogt@bravo-systems.de",
                    company_record_id="A2", mobile="+49 151 04339776")  # fmt: skip
    now = in_hubspot("1", "Tobias", "Vogt", email="t.vogt@velanda.com",
                     company_record_id="21", mobile="0151 04339776", country="DE")  # fmt: skip
    namesake = in_hubspot("2", "Tobias", "Vogt", email="vogt@velanda.com", company_record_id="21")
    velanda = company("21", "Velanda Logistik AG", website="velanda.com", country="DE")
    go(engine, 1, [BRAVO, velanda, before, now])
    assert together(engine, before, now, entity="contact")
    go(engine, 2, [row(*key(now), first_name="Tobias", last_name="Vogt", country="DE",
                       email="t.vogt@velanda.com", company_record_id="21"), namesake])  # fmt: skip
    assert not together(engine, before, now, entity="contact")


def test_a_person_is_one_in_two_scripts(engine: Engine) -> None:
    one = person("C1", "Γιώργος", "Παπαδόπουλος", email="g.p@velanda.gr")
    other = in_hubspot("1", "Giorgos", "Papadopoulos", email="g.p@velanda.gr")
    stranger = in_hubspot("2", "Nikos", "Makris", email="n.makris@velanda.gr")
    go(engine, 1, [one, other, stranger])
    assert together(engine, one, other, entity="contact")
    assert not together(engine, one, stranger, entity="contact")
