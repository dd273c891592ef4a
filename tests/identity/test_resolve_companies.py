"""What resolve promises about companies, on rows written out by hand."""

import pytest
from databases import dump
from identity_kit import (
    account,
    company,
    decide,
    events,
    go,
    groups,
    ids,
    key,
    land,
    row,
    together,
    withdraw_all,
)
from sqlalchemy import Engine

from hub.identity import resolve_id
from hub.models.database import reading

KAELTE = account(
    "A1",
    "Müller & Söhne Kältetechnik GmbH",
    website="https://www.mueller-kaeltetechnik.de",
    phone="+49 40 3123456",
    street="Hauptstraße 12",
    city="Hamburg",
    postal_code="20095",
    country="DE",
)
KAELTE_IN_HUBSPOT = company(
    "1", "Mueller und Soehne Kaeltetechnik", website="mueller-kaeltetechnik.de", country="DE"
)
BRAVO = account("A2", "Bravo Systems GmbH", website="bravo-systems.de", country="DE")


def test_one_company_in_two_systems_gets_one_id(engine: Engine) -> None:
    go(engine, 1, [KAELTE, KAELTE_IN_HUBSPOT, BRAVO])
    assert ids(engine) == {
        ("sf", "Account", "A1"): "co_00000001",
        ("hs", "companies", "1"): "co_00000001",
        ("sf", "Account", "A2"): "co_00000002",
    }


def test_a_row_that_comes_later_joins_without_changing_the_id(engine: Engine) -> None:
    go(engine, 1, [KAELTE, BRAVO])
    before = ids(engine)
    go(engine, 2, [KAELTE_IN_HUBSPOT])
    assert ids(engine) == {**before, key(KAELTE_IN_HUBSPOT): before[key(KAELTE)]}
    assert events(engine, 2) == []


def test_a_subsidiary_on_its_parents_domain_and_address_stays_apart(engine: Engine) -> None:
    shared = {
        "website": "granolta.com",
        "phone": "+1 860 345 9705",
        "street": "113 Church Road",
        "postal_code": "06180",
        "country": "US",
    }
    parent = account("A1", "Granolta Retail Inc", **shared)
    child = company("1", "Granolta Retail Ventures", **shared)
    go(engine, 1, [parent, child])
    assert not together(engine, parent, child)


def test_a_child_account_is_never_its_parent_however_alike(engine: Engine) -> None:
    child = {**KAELTE, "record_id": "A9", "parent_record_id": "A1"}
    go(engine, 1, [KAELTE, child])
    assert not together(engine, KAELTE, child)


def test_different_tax_numbers_keep_apart_through_a_third_row_too(engine: Engine) -> None:
    one = {**KAELTE, "tax_id": "DE111111111"}
    other = {**KAELTE, "record_id": "A3", "tax_id": "DE222222222"}
    go(engine, 1, [one, other, KAELTE_IN_HUBSPOT])
    assert not together(engine, one, other)
    assert len(groups(engine)) == 2


def test_the_same_tax_number_is_recognised_however_it_is_written(engine: Engine) -> None:
    one = account("A1", "Alte Firma Holding AG", tax_id="DE 123 456 789", country="DE")
    other = company("1", "Alte Firma", tax_id="DE123456789", country="DE")
    go(engine, 1, [one, other])
    assert together(engine, one, other)


def test_the_same_common_name_in_two_towns_is_two_companies(engine: Engine) -> None:
    one = account("A1", "Clark Automotive Ltd", city="Leeds", postal_code="LS2 1MC", country="GB")
    other = company("1", "Clark Automotive Ltd", city="London", postal_code="EC3A 0MW", phone="1")
    rivals = [
        account(f"R{n}", f"Clark {trade}", city=f"Town {n}", country="GB")
        for n, trade in enumerate(("Pharma", "Hotels", "Foods", "Media", "Retail", "Steel") * 9)
    ]
    go(engine, 1, [one, other, *rivals])
    assert not together(engine, one, other)


@pytest.mark.parametrize(
    "name",
    [
        "MUELLER & SOEHNE KAELTETECHNIK GMBH",
        "Müller and Söhne Kältetechnik G.m.b.H.",
        "Müller & Söhne Kältetechnki GmbH",
        "MÃ¼ller & SÃ¶hne KÃ¤ltetechnik",
        "Söhne & Müller Kältetechnik",
    ],
    ids=["capitals without marks", "dotted form", "a slip", "wrong decoding", "word order"],
)
def test_a_name_is_recognised_in_the_spellings_people_use(engine: Engine, name: str) -> None:
    other = row("pos", "end_customer", "e1", name=name, postal_code="20095", country="DE")
    go(engine, 1, [KAELTE, other, BRAVO])
    assert together(engine, KAELTE, other)


def test_a_postal_code_that_lost_its_zero_in_a_spreadsheet_is_the_same(engine: Engine) -> None:
    one = row("pos", "reseller", "01003629", name="Wolf Pharma AG", account_no="01003629",
              postal_code="01976", country="DE")  # fmt: skip
    other = row("pos", "reseller", "1003629", name="Wolf Pharma AG", account_no="1003629",
                postal_code="1976", country="DE")  # fmt: skip
    go(engine, 1, [one, other])
    assert together(engine, one, other)


def test_a_lead_speaks_of_its_employer(engine: Engine) -> None:
    lead = row(
        *("sf", "Lead", "L1"),
        first_name="Anna",
        last_name="Meyer",
        company_name="Müller u. Söhne Kältetechnik",
        email="anna.meyer@mueller-kaeltetechnik.de",
    )
    go(engine, 1, [KAELTE, lead])
    assert together(engine, KAELTE, lead)


def test_a_lead_without_a_company_speaks_of_none(engine: Engine) -> None:
    lead = row("hs", "Lead", "77", name="A lead", contact_record_id="5")
    go(engine, 1, [lead])
    assert ids(engine) == {}
    assert ids(engine, "contact") == {}


@pytest.mark.parametrize("name", ["VARIOUS", "Stock", "n/a", "Unknown", "[not provided]"])
def test_a_placeholder_is_no_company(engine: Engine, name: str) -> None:
    go(engine, 1, [row("pos", "end_customer", "e1", name=name, country="DE")])
    assert ids(engine) == {}


def test_a_converted_lead_is_the_account_it_became(engine: Engine) -> None:
    lead = row(
        *("sf", "Lead", "L1"),
        last_name="Meyer",
        company_name="Something typed in a hurry",
        converted_company_record_id="A2",
    )
    go(engine, 1, [BRAVO, lead])
    assert together(engine, BRAVO, lead)


# -- the hub's own key -------------------------------------------------------------------------


def test_a_row_that_carries_a_hub_id_belongs_to_it(engine: Engine) -> None:
    go(engine, 1, [BRAVO])
    told_back = company("9", "A name somebody typed", hub_key="co_00000001")
    go(engine, 2, [told_back])
    assert together(engine, BRAVO, told_back)


def test_an_absorbed_hub_id_is_followed_to_its_heir(engine: Engine) -> None:
    far_name = account("A7", "Zenith Bau", country="DE")
    go(engine, 1, [BRAVO, far_name])
    decide(engine, BRAVO, far_name, "same")
    go(engine, 2)
    with reading(engine) as conn:
        assert resolve_id(conn, "co_00000002") == "co_00000001"
    told_back = company("9", "Whatever", hub_key="co_00000002")
    go(engine, 3, [told_back])
    assert ids(engine)[key(told_back)] == "co_00000001"


def test_a_hub_id_that_was_never_issued_is_ignored(engine: Engine) -> None:
    go(engine, 1, [BRAVO, company("9", "Zenith Bau", hub_key="co_00000777")])
    assert len(groups(engine)) == 2


def test_a_hub_id_does_not_override_a_different_tax_number(engine: Engine) -> None:
    go(engine, 1, [{**BRAVO, "tax_id": "DE111111111"}])
    told_back = company("9", "Zenith Bau", hub_key="co_00000001", tax_id="DE999999999")
    go(engine, 2, [told_back])
    assert len(groups(engine)) == 2


# -- stewards ----------------------------------------------------------------------------------


def test_a_steward_joins_what_has_nothing_in_common(engine: Engine) -> None:
    other = company("1", "Zenith Bau", tax_id="DE999999999")
    go(engine, 1, [{**BRAVO, "tax_id": "DE111111111"}, other])
    decide(engine, BRAVO, other, "same")
    go(engine, 2)
    assert together(engine, BRAVO, other)
    assert events(engine, 2) == [("merge", "co_00000001", "co_00000002")]


def test_a_steward_parts_what_is_alike_and_the_parts_stay_apart(engine: Engine) -> None:
    go(engine, 1, [KAELTE, KAELTE_IN_HUBSPOT])
    decide(engine, KAELTE, KAELTE_IN_HUBSPOT, "different")
    go(engine, 2)
    assert not together(engine, KAELTE, KAELTE_IN_HUBSPOT)
    bridge = {**KAELTE, "record_id": "A5"}
    go(engine, 3, [bridge])
    assert not together(engine, KAELTE, KAELTE_IN_HUBSPOT)


def test_rows_that_say_exactly_the_same_can_be_parted(engine: Engine) -> None:
    twin = {**KAELTE, "system": "hs", "object": "companies"}
    go(engine, 1, [KAELTE, twin])
    decide(engine, KAELTE, twin, "different")
    go(engine, 2)
    assert not together(engine, KAELTE, twin)


def test_judgements_about_a_row_do_not_reach_its_twin(engine: Engine) -> None:
    twin = {**KAELTE, "record_id": "A8"}
    go(engine, 1, [KAELTE, twin, BRAVO])
    decide(engine, BRAVO, KAELTE, "same")
    decide(engine, BRAVO, twin, "different")
    go(engine, 2)
    assert together(engine, BRAVO, KAELTE)
    assert not together(engine, BRAVO, twin)


def test_a_withdrawn_judgement_no_longer_counts(engine: Engine) -> None:
    go(engine, 1, [KAELTE, KAELTE_IN_HUBSPOT])
    decide(engine, KAELTE, KAELTE_IN_HUBSPOT, "different")
    go(engine, 2)
    withdraw_all(engine)
    go(engine, 3)
    assert together(engine, KAELTE, KAELTE_IN_HUBSPOT)
    assert ids(engine)[key(KAELTE)] == "co_00000001"


def test_contradicting_judgements_are_counted_and_the_rows_stay_apart(engine: Engine) -> None:
    go(engine, 1, [KAELTE, BRAVO])
    decide(engine, KAELTE, BRAVO, "different")
    decide(engine, KAELTE, BRAVO, "same")
    report = go(engine, 2)["company"]
    assert report.conflicts == 1
    assert not together(engine, KAELTE, BRAVO)
    assert events(engine, 2) == [("conflict", "co_00000001", "co_00000002")]
    go(engine, 3, [KAELTE_IN_HUBSPOT])
    assert events(engine, 3) == []


# -- rows that leave ---------------------------------------------------------------------------


def test_a_deleted_row_leaves_and_the_id_it_leaves_is_named(engine: Engine) -> None:
    go(engine, 1, [KAELTE, KAELTE_IN_HUBSPOT])
    go(engine, 2, [{**KAELTE, "is_deleted": True}])
    assert ids(engine) == {key(KAELTE_IN_HUBSPOT): "co_00000001"}
    assert events(engine, 2) == [("shrink", "co_00000001", None)]


def test_an_id_without_rows_is_retired_and_comes_back_with_its_row(engine: Engine) -> None:
    go(engine, 1, [BRAVO])
    go(engine, 2, [{**BRAVO, "is_deleted": True}])
    assert ids(engine) == {}
    assert events(engine, 2) == [("retire", "co_00000001", None)]
    go(engine, 3, [BRAVO])
    assert ids(engine) == {key(BRAVO): "co_00000001"}
    assert events(engine, 3) == [("revive", "co_00000001", None)]


def test_a_row_that_becomes_another_company_is_a_split_with_its_evidence(engine: Engine) -> None:
    go(engine, 1, [KAELTE, {**KAELTE, "record_id": "A4"}, KAELTE_IN_HUBSPOT])
    go(engine, 2, [company("1", "Zenith Bau AG", website="zenith.ch", country="CH")])
    assert ids(engine)[("hs", "companies", "1")] == "co_00000002"
    assert events(engine, 2) == [
        ("mint", "co_00000002", None),
        ("split", "co_00000001", "co_00000002"),
    ]


# -- work that is not done ---------------------------------------------------------------------


def test_a_second_call_changes_nothing(engine: Engine) -> None:
    go(engine, 1, [KAELTE, KAELTE_IN_HUBSPOT, BRAVO])
    before = dump(engine)
    reports = go(engine, 1)
    assert dump(engine) == before
    assert [report.changed_rows for report in reports.values()] == [0, 0]


def test_a_change_that_matching_does_not_look_at_is_not_matched_again(engine: Engine) -> None:
    go(engine, 1, [KAELTE, BRAVO])
    report = go(engine, 2, [{**KAELTE, "industry": "machinery", "employees": 12}])["company"]
    assert (report.changed_rows, report.unchanged) == (0, 1)


def test_rows_landed_later_in_the_same_run_are_seen(engine: Engine) -> None:
    go(engine, 1, [KAELTE])
    go(engine, 1, [KAELTE_IN_HUBSPOT])
    assert together(engine, KAELTE, KAELTE_IN_HUBSPOT)


def test_only_rows_whose_id_changed_are_marked_with_the_run(engine: Engine) -> None:
    go(engine, 1, [KAELTE, BRAVO])
    go(engine, 2, [KAELTE_IN_HUBSPOT])
    marked = {(x["record_id"], x["run"]) for x in dump(engine)["crosswalk"]}
    assert marked == {("A1", 1), ("A2", 1), ("1", 2)}


def test_doing_everything_again_keeps_every_id(engine: Engine) -> None:
    go(engine, 1, [KAELTE, BRAVO])
    go(engine, 2, [KAELTE_IN_HUBSPOT])
    before = ids(engine)
    go(engine, 3, full=True)
    assert ids(engine) == before
    assert events(engine, 3) == []


def test_a_row_that_vanished_from_its_table_is_noticed_when_everything_is_done_again(
    engine: Engine,
) -> None:
    go(engine, 1, [KAELTE, KAELTE_IN_HUBSPOT])
    land(engine, 2, [])
    with engine.begin() as conn:
        conn.exec_driver_sql("DELETE FROM src_company WHERE record_id = 'A1'")
    go(engine, 3, full=True)
    assert ids(engine) == {key(KAELTE_IN_HUBSPOT): "co_00000001"}


def test_a_company_is_one_in_two_scripts_where_its_place_agrees(engine: Engine) -> None:
    place = {"postal_code": "10563", "city": "Athina", "country": "GR"}
    own = account("A1", "Παπαδόπουλος Ναυτιλιακή Α.Ε.", **place)
    abroad = company("1", "Papadopoulos Naftiliaki", **place)
    neighbour = company("2", "Georgiou Naftiliaki", **place)
    go(engine, 1, [own, abroad, neighbour])
    assert together(engine, own, abroad)
    assert not together(engine, own, neighbour)
