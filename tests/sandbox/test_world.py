"""What the generated world promises: the same dice fall alike, and the answer sheet is right."""

import csv
import io
import json
from collections import Counter
from datetime import date, datetime

import pytest

from sandbox.world import World, generate
from sandbox.world.truth import HUBSPOT, NORTHWIND, SALESFORCE, Fault

TODAY = date(2026, 8, 20)


@pytest.fixture(scope="module")
def world() -> World:
    return generate(2000, 7, today=TODAY)


def _feed_rows(world: World) -> dict[tuple[str, int], dict[str, str]]:
    """(file, line) → cells, counting the header as line 1."""
    rows = {}
    for file, text in world.feeds.items():
        reader = csv.DictReader(io.StringIO(text), delimiter=";", strict=True)
        for number, row in enumerate(reader, start=2):
            rows[file, number] = row
    return rows


def _bytes(world: World) -> bytes:
    told = [
        world.salesforce,
        {kind: [r.properties for r in records] for kind, records in world.hubspot.items()},
        {
            kind: [(r.id, r.created_at, r.updated_at) for r in records]
            for kind, records in world.hubspot.items()
        },
        world.associations,
        world.feeds,
        json.loads(world.truth.to_json()),
    ]
    return json.dumps(told).encode()


# The same dice


def test_same_arguments_give_the_same_bytes() -> None:
    assert _bytes(generate(150, 3, today=TODAY)) == _bytes(generate(150, 3, today=TODAY))


@pytest.mark.parametrize(
    ("companies", "seed", "today"), [(151, 3, TODAY), (150, 4, TODAY), (150, 3, date(2026, 8, 27))]
)
def test_any_other_argument_gives_another_world(companies: int, seed: int, today: date) -> None:
    other = generate(companies, seed, today=today)
    assert _bytes(other) != _bytes(generate(150, 3, today=TODAY))


@pytest.mark.parametrize("companies", [20, 21, 50, 499, 500])
def test_small_worlds_are_whole(companies: int) -> None:
    world = generate(companies, 1, today=TODAY)
    assert len(world.truth.registrations) >= 5
    assert world.truth.hero is not None
    assert len(world.feeds) == 6


def test_a_world_too_small_for_its_story_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20 companies, not 19"):
        generate(19, 1, today=TODAY)


# Everything resolves


def test_every_salesforce_lookup_points_at_a_record(world: World) -> None:
    ids = {name: {row["Id"] for row in rows} for name, rows in world.salesforce.items()}
    targets = {
        "OwnerId": "User",
        "ParentId": "Account",
        "AccountId": "Account",
        "ConvertedAccountId": "Account",
        "ConvertedContactId": "Contact",
    }
    seen = Counter[str]()
    for rows in world.salesforce.values():
        for row in rows:
            for field, target in targets.items():
                if field in row:
                    seen[field] += 1
                    assert row[field] in ids[target], (row["Id"], field)
    assert set(seen) == set(targets)


def test_ids_and_hubspot_addresses_are_unique(world: World) -> None:
    for rows in world.salesforce.values():
        assert len({row["Id"] for row in rows}) == len(rows)
    for records in world.hubspot.values():
        assert len({record.id for record in records}) == len(records)
    contacts = [record.properties for record in world.hubspot["contacts"]]
    mails = [contact["email"] for contact in contacts if "email" in contact]
    assert len(set(mails)) == len(mails)


def test_every_association_joins_two_records(world: World) -> None:
    ids = {kind: {record.id for record in records} for kind, records in world.hubspot.items()}
    for link in world.associations:
        assert link.from_id in ids[link.from_type]
        assert link.to_id in ids[link.to_type]
    kinds = Counter((link.from_type, link.to_type, link.kind) for link in world.associations)
    assert kinds["deals", "companies", "registering_partner"] == 160
    assert kinds["deals", "contacts", "plain"] == 160
    assert kinds["contacts", "companies", "primary"] > 700


def test_every_registration_has_customer_partner_and_contact(world: World) -> None:
    links = {(a.from_id, a.kind, a.to_type): a.to_id for a in world.associations}
    truths = _truths(world)
    for told in world.truth.registrations:
        assert links[told.deal, "primary", "companies"] == told.customer_company
        assert links[told.deal, "registering_partner", "companies"] == told.partner_company
        contact = links[told.deal, "plain", "contacts"]
        assert links[contact, "primary", "companies"] == told.customer_company
        assert truths["company", HUBSPOT, told.customer_company] == told.customer_truth
        assert truths["company", HUBSPOT, told.partner_company] == told.partner_truth


def test_registered_opportunities_are_the_only_open_ones_for_their_product(world: World) -> None:
    truths = _truths(world)
    still_open: dict[tuple[str, object], list[object]] = {}
    for row in world.salesforce["Opportunity"]:
        if row["StageName"] not in ("Closed Won", "Closed Lost"):
            customer = truths["company", SALESFORCE, str(row["AccountId"])]
            still_open.setdefault((customer, row["Product_Family__c"]), []).append(row["Id"])
    for told in world.truth.registrations:
        expected = [told.opportunity] if told.opportunity else []
        assert still_open.get((told.customer_truth, told.product), []) == expected
    kinds = Counter((bool(t.account), bool(t.opportunity)) for t in world.truth.registrations)
    assert kinds == {(True, True): 112, (True, False): 32, (False, False): 16}


def test_registrations_were_submitted_in_the_last_120_days(world: World) -> None:
    deals = {record.id: record.properties for record in world.hubspot["deals"]}
    for told in world.truth.registrations:
        deal = deals[told.deal]
        submitted = datetime.fromisoformat(str(deal["registration_submitted_at"])).date()
        assert date(2026, 4, 21) <= submitted <= date(2026, 8, 18)
        assert deal["pipeline"] == "deal_registrations"
        assert f"hs_v2_date_entered_{told.stage}" in deal
    stages = {told.stage for told in world.truth.registrations}
    assert stages == {"reg_submitted", "reg_in_review", "reg_approved", "reg_rejected", "reg_won"}


def test_nothing_was_touched_within_the_last_day(world: World) -> None:
    stamps = [str(r["SystemModstamp"]) for rows in world.salesforce.values() for r in rows]
    stamps += [record.updated_at for records in world.hubspot.values() for record in records]
    assert max(stamps) < "2026-08-19T00:00:01"
    assert min(stamps) > "2024-02-01"
    busiest = Counter(str(row["SystemModstamp"]) for row in world.salesforce["Contact"])
    (second, count), (_, next_count) = busiest.most_common(2)
    assert second == "2026-01-30T02:13:07.000+0000"
    assert count > 150
    assert next_count < 5


# The answer sheet


def _truths(world: World) -> dict[tuple[str, str, str], str]:
    return {(r.entity, r.system, r.record_id): r.truth_id for r in world.truth.records}


def test_truth_names_every_record_once(world: World) -> None:
    told = Counter((r.entity, r.system, r.object, r.record_id) for r in world.truth.records)
    assert max(told.values()) == 1
    expected = set()
    for entity, name in (
        ("company", "Account"),
        ("contact", "Contact"),
        ("contact", "Lead"),
        ("company", "Lead"),
    ):
        expected |= {(entity, SALESFORCE, name, row["Id"]) for row in world.salesforce[name]}
    for company in world.hubspot["companies"]:
        expected.add(("company", HUBSPOT, "companies", company.id))
    for contact in world.hubspot["contacts"]:
        expected.add(("contact", HUBSPOT, "contacts", contact.id))
    unreadable = {f.record_id for f in world.truth.dirty if f.column == "reseller_account"}
    for row in _feed_rows(world).values():
        key = f"{row['Invoice No']}/{row['Invoice Line']}"
        if row["Reseller Account"] and key not in unreadable:
            expected.add(("company", NORTHWIND, "reseller", row["Reseller Account"]))
        nobody = row["End Customer"].strip() in ("", "VARIOUS", "Stock", "diverse")
        if row["Invoice No"] and not nobody:
            expected.add(("company", NORTHWIND, "end_customer", key))
    assert set(told) == expected


def test_one_printed_account_is_one_company(world: World) -> None:
    resellers = [r for r in world.truth.records if r.object == "reseller"]
    numbers: dict[int, set[str]] = {}
    for record in resellers:
        numbers.setdefault(int(record.record_id), set()).add(record.truth_id)
    assert all(len(companies) == 1 for companies in numbers.values())
    assert len(resellers) > len(numbers)


def test_companies_appear_where_the_channel_has_them(world: World) -> None:
    where: dict[str, set[str]] = {}
    twice = Counter[tuple[str, str]]()
    for record in world.truth.records:
        if record.entity == "company":
            where.setdefault(record.object, set()).add(record.truth_id)
            twice[record.object, record.truth_id] += 1
    share = {name: round(len(companies) / 2000, 2) for name, companies in where.items()}
    assert 0.70 < share["Account"] < 0.82
    assert 0.40 < share["companies"] < 0.50
    assert 0.30 < len(where["reseller"] | where["end_customer"]) / 2000 < 0.42
    assert 0.12 < share["Lead"] < 0.18
    assert len(set().union(*where.values())) == 2000
    doubled = sum(count == 2 for (name, _), count in twice.items() if name == "Account")
    assert 0.025 < doubled / len(where["Account"]) < 0.055
    partners = [a for a in world.salesforce["Account"] if a.get("Partner_Tier__c")]
    assert 0.07 < len(partners) / 2000 < 0.095


def test_subsidiaries_share_a_domain_and_are_other_companies(world: World) -> None:
    truths = _truths(world)
    accounts = {str(row["Id"]): row for row in world.salesforce["Account"]}
    children = [row for row in accounts.values() if "ParentId" in row]
    assert len(children) > 30
    for child in children:
        mother = accounts[str(child["ParentId"])]
        assert (
            truths["company", SALESFORCE, str(child["Id"])]
            != truths["company", SALESFORCE, str(mother["Id"])]
        )


# Dirt


def _value_of(world: World, fault: Fault) -> object:
    """What the faulty field holds, by the names the systems use."""
    crm = {
        ("Account", "company_type"): "Type",
        ("Account", "country"): "BillingCountry",
        ("Contact", "email"): "Email",
        ("Lead", "email"): "Email",
        ("Lead", "country"): "Country",
        ("companies", "country"): "country",
        ("companies", "name"): "name",
        ("contacts", "country"): "country",
        ("contacts", "last_name"): "lastname",
        ("deals", "name"): "dealname",
    }
    field = crm[fault.object, str(fault.column)]
    if fault.system == SALESFORCE:
        rows = {row["Id"]: row for row in world.salesforce[fault.object]}
        return rows[str(fault.record_id)].get(field, "")
    records = {r.id: r for kind in world.hubspot.values() for r in kind}
    return records[str(fault.record_id)].properties.get(field, "")


_HEADERS = {
    "invoice_date": "Invoice Date",
    "quantity": "Qty",
    "unit_price": "Unit Price",
    "currency": "Currency",
    "sku": "SKU",
    "serial_no": "Serial No",
    "reseller_account": "Reseller Account",
    "end_customer_country": "End Customer Country",
    "end_customer_name": "End Customer",
}


def test_every_fault_is_where_the_truth_says(world: World) -> None:
    rows = _feed_rows(world)
    for fault in [*world.truth.dirty, *world.truth.either]:
        if fault.file is None or fault.line is None:
            assert _value_of(world, fault) == fault.value
        elif fault.column is None:
            row = rows[fault.file, fault.line]
            assert (row["Description"], row["Invoice No"]) == ("Total", "")
        else:
            row = rows[fault.file, fault.line]
            assert row[_HEADERS[fault.column]].strip() == fault.value.strip()
            assert f"{row['Invoice No']}/{row['Invoice Line']}" == fault.record_id


def test_every_kind_of_fault_is_there_and_rows_have_one_each(world: World) -> None:
    kinds = {(f.object, f.column, f.rule) for f in world.truth.dirty}
    assert kinds == {
        ("Account", "company_type", "code_list"),
        ("Account", "country", "country_unknown"),
        ("Contact", "email", "email_format"),
        ("Lead", "email", "email_format"),
        ("Lead", "country", "country_unknown"),
        ("companies", "country", "country_unknown"),
        ("companies", "name", "too_long"),
        ("companies", "name", "required"),
        ("contacts", "country", "country_unknown"),
        ("contacts", "last_name", "required"),
        ("deals", "name", "required"),
        ("pos_line", "invoice_date", "date_unparsable"),
        ("pos_line", "invoice_date", "date_in_future"),
        ("pos_line", "quantity", "number_unparsable"),
        ("pos_line", "unit_price", "number_unparsable"),
        ("pos_line", "quantity", "quantity_zero"),
        ("pos_line", "unit_price", "negative_price"),
        ("pos_line", "currency", "currency_unknown"),
        ("pos_line", "sku", "required"),
        ("pos_line", "quantity", "required"),
        ("pos_line", "serial_no", "scientific_notation"),
        ("pos_line", "reseller_account", "scientific_notation"),
        ("pos_line", "end_customer_country", "country_unknown"),
        ("pos_line", "end_customer_name", "too_long"),
        ("pos_line", None, "total_row"),
    }
    places = Counter(
        (f.system, f.object, f.record_id, f.file, f.line)
        for f in [*world.truth.dirty, *world.truth.either]
    )
    assert max(places.values()) == 1


def test_about_one_row_in_a_hundred_is_dirty(world: World) -> None:
    rows = sum(len(r) for name, r in world.salesforce.items() if name != "User")
    rows += sum(map(len, world.hubspot.values())) + len(_feed_rows(world))
    assert 0.008 < len(world.truth.dirty) / rows < 0.02


def test_no_partner_and_no_registration_rests_on_a_dirty_row(world: World) -> None:
    dirty = {fault.record_id for fault in world.truth.dirty if fault.record_id}
    for told in world.truth.registrations:
        assert not {told.deal, told.account, told.customer_company, told.partner_company} & dirty
    partners = {a["Id"] for a in world.salesforce["Account"] if a.get("Partner_Tier__c")}
    assert not partners & dirty


def test_totals_never_add_up(world: World) -> None:
    totals = {f.file: f.line for f in world.truth.dirty if f.rule == "total_row"}
    assert len(totals) == 3
    rows = _feed_rows(world)
    for file, line in totals.items():
        quantities = [row["Qty"] for (name, at), row in rows.items() if name == file and at != line]
        real = sum(int(q) for q in quantities if q.removeprefix("-").isdigit())
        assert int(rows[str(file), int(line or 0)]["Qty"]) != real


# The distributor's reports


def test_reports_cover_the_last_six_full_weeks(world: World) -> None:
    assert list(world.feeds) == [
        "pos_2026-W28.csv",
        "pos_2026-W29.csv",
        "pos_2026-W30.csv",
        "pos_2026-W31.csv",
        "pos_2026-W32.csv",
        "pos_2026-W33.csv",
    ]
    rows = _feed_rows(world)
    assert len(rows) == 3003
    assert rows["pos_2026-W33.csv", 2]["Report Date"] == "2026-08-16"
    assert {len(row) for row in rows.values()} == {20}
    assert len({row["SKU"] for row in rows.values()} - {""}) == 40


@pytest.mark.parametrize(
    ("today", "last"),
    [(date(2026, 1, 1), "pos_2025-W52.csv"), (date(2027, 1, 4), "pos_2026-W53.csv")],
)
def test_week_names_follow_the_iso_calendar(today: date, last: str) -> None:
    assert list(generate(20, 1, today=today).feeds)[-1] == last


# The story


def test_the_hero_customer_is_written_differently_in_both_crms(world: World) -> None:
    hero = world.truth.hero
    assert hero is not None
    opportunity = next(o for o in world.salesforce["Opportunity"] if o["Id"] == hero.opportunity)
    assert opportunity["Name"] == "Project Polarlicht: Sentinel Firewall for 42 cold stores"
    assert opportunity["StageName"] == "Proposal/Price Quote"
    account = next(a for a in world.salesforce["Account"] if a["Id"] == hero.account)
    assert account["Name"] == "Müller & Söhne Kältetechnik GmbH"
    deal = next(d for d in world.hubspot["deals"] if d.id == hero.deal)
    assert deal.properties["dealname"] == "Mueller & Soehne Kaeltetechnik - Sentinel Firewall"
    assert deal.properties["dealstage"] == "reg_approved"
    assert deal.properties["hs_v2_date_entered_reg_approved"] == "2026-07-28T15:00:00.000Z"
    assert (hero.partner_name, hero.product) == ("Bravo Systems GmbH", "Sentinel Firewall")


@pytest.mark.parametrize("seed", [1, 2, 99])
def test_the_hero_story_does_not_depend_on_the_seed(seed: int) -> None:
    hero = generate(60, seed, today=TODAY).truth.hero
    assert hero is not None
    assert (hero.partner_name, hero.customer_name, hero.registered_customer_name) == (
        "Bravo Systems GmbH",
        "Müller & Söhne Kältetechnik GmbH",
        "Mueller & Soehne Kaeltetechnik",
    )
