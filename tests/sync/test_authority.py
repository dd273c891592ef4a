"""Two CRMs that tell of the same companies: whose value counts, and what becomes of an edit."""

from typing import Any

import pytest
from channel import HUBSPOT, SALESFORCE, Channel
from databases import rows_of
from sqlalchemy import Engine

from hub.config import Settings
from hub.mappings.schema import ObjectMapping
from hub.models.golden import company, lineage
from hub.models.operations import ops_accepted, ops_change
from hub.models.sources import src_company

AUTHORITY = {"direction": "both", "authority": SALESFORCE}


def remapped(settings: Settings, crm: dict[str, Any], portal: dict[str, Any]) -> Settings:
    """Phones are agreed on between accounts and companies; more of a rule by CRM and portal."""
    account = {
        "source": "company",
        "fields": {"Name": "name", "Phone": {"column": "phone", **AUTHORITY, **crm}},
    }
    companies = {
        "source": "company",
        "fields": {"name": "name", "phone": {"column": "phone", **AUTHORITY, **portal}},
    }
    mappings = {
        SALESFORCE: {"Account": ObjectMapping.model_validate(account)},
        HUBSPOT: {"companies": ObjectMapping.model_validate(companies)},
    }
    return settings.model_copy(update={"mappings": mappings})


def _channel(engine: Engine, settings: Settings, crm: Any = None, **portal: Any) -> Channel:
    """One company in both CRMs, which have agreed on its phone."""
    channel = Channel(engine, remapped(settings, crm or {}, portal))
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="1")
    channel.company("c-cordes", "Cordes Maschinenbau", phone="1")
    assert channel.sync().status == "done"
    assert rows_of(engine, company)[0]["source_rows"] == 2
    return channel


def _phones(channel: Channel) -> tuple[str | None, str | None, str | None]:
    """As the vendor's CRM, the hub and the portal say."""
    (golden,) = rows_of(channel.engine, company)
    crm = channel.crm.fields("Account", "a-cordes").get("Phone")
    return crm, golden["phone"], channel.portal.fields("companies", "c-cordes").get("phone")


def _still(channel: Channel) -> None:
    """A second sync writes nothing, and a look at everything finds nothing to write."""
    report = channel.sync()
    assert sum(report.outcomes.values()) == 0
    assert channel.left_to_do() == 0


def _why(channel: Channel) -> str:
    change = max(rows_of(channel.engine, ops_change), key=lambda row: row["id"])
    return str(change["fields"])


def test_a_new_value_of_the_authority_reaches_the_others_in_one_run(
    engine: Engine, settings: Settings
) -> None:
    channel = _channel(engine, settings)
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="2")
    channel.sync()
    assert _phones(channel) == ("2", "2", "2")
    assert "changed there" not in _why(channel)
    _still(channel)


@pytest.mark.parametrize("drift", ["reassert", "flag"])
def test_the_authority_s_own_edit_is_no_drift(
    engine: Engine, settings: Settings, drift: str
) -> None:
    channel = _channel(engine, settings, drift=drift)
    for phone in ("2", "1", "2"):
        channel.account("a-cordes", "Cordes Maschinenbau", Phone=phone)
        channel.sync()
        assert _phones(channel) == (phone, phone, phone)
        _still(channel)


def test_what_was_changed_elsewhere_is_written_again_with_the_reason(
    engine: Engine, settings: Settings
) -> None:
    channel = _channel(engine, settings)
    channel.company("c-cordes", "Cordes Maschinenbau", phone="9")
    channel.sync()
    assert _phones(channel) == ("1", "1", "1")
    assert "changed there from '1' to '9'" in _why(channel)
    _still(channel)


def test_what_was_changed_elsewhere_and_is_accepted_becomes_everybody_s(
    engine: Engine, settings: Settings
) -> None:
    channel = _channel(engine, settings, drift="accept")
    channel.company("c-cordes", "Cordes Maschinenbau", phone="9")
    channel.sync()
    assert _phones(channel) == ("9", "9", "9")
    assert {r["rule"] for r in rows_of(engine, lineage) if r["field"] == "phone"} == {"accepted"}
    _still(channel)
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="3")
    channel.sync()
    assert _phones(channel) == ("3", "3", "3")
    assert rows_of(engine, ops_accepted) == []
    _still(channel)


def test_what_is_accepted_stands_until_the_authority_says_something_new(
    engine: Engine, settings: Settings
) -> None:
    """The authority is only read here: it keeps saying what was overruled."""
    channel = Channel(engine, remapped(settings, {}, {"drift": "accept"}))
    account = {"source": "company", "fields": {"Name": "name", "Phone": {"column": "phone"}}}
    mapping = ObjectMapping.model_validate(account)
    mappings = {**channel.settings.mappings, SALESFORCE: {"Account": mapping}}
    channel.settings = channel.settings.model_copy(update={"mappings": mappings})
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="1")
    channel.company("c-cordes", "Cordes Maschinenbau", phone="1")
    channel.sync()
    for phone in ("8", "9"):
        channel.company("c-cordes", "Cordes Maschinenbau", phone=phone)
        channel.sync()
        assert _phones(channel) == ("1", phone, phone)
        _still(channel)
        channel.sync(full=True)
        assert _phones(channel) == ("1", phone, phone)
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="2")
    channel.sync()
    assert _phones(channel) == ("2", "2", "2")
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="1")
    channel.sync()
    assert _phones(channel) == ("1", "1", "1")
    _still(channel)


def test_when_both_sides_change_the_authority_wins(engine: Engine, settings: Settings) -> None:
    channel = _channel(engine, settings, drift="accept")
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="2")
    channel.company("c-cordes", "Cordes Maschinenbau", phone="9")
    channel.sync()
    assert _phones(channel) == ("2", "2", "2")
    _still(channel)


def test_what_was_changed_elsewhere_and_is_flagged_is_left_and_told_once(
    engine: Engine, settings: Settings
) -> None:
    channel = _channel(engine, settings, drift="flag")
    channel.company("c-cordes", "Cordes Maschinenbau", phone="9")
    report = channel.sync()
    assert report.outcomes["skipped"] == 1
    assert report.status == "done"
    (change,) = [r for r in rows_of(engine, ops_change) if r["outcome"] == "skipped"]
    assert (change["code"], change["record_id"]) == ("changed_there", "c-cordes")
    assert "left as it is: phone" in change["message"]
    assert change["remedy"]
    assert _phones(channel) == ("1", "1", "9")
    _still(channel)
    channel.company("c-cordes", "Cordes Maschinenbau", phone="1")
    channel.sync()
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="2")
    channel.sync()
    assert _phones(channel) == ("2", "2", "2")


def test_a_flagged_field_is_settled_when_both_sides_say_the_same(
    engine: Engine, settings: Settings
) -> None:
    """From then on it is followed again, also back to what it said before."""
    channel = _channel(engine, settings, drift="flag")
    channel.company("c-cordes", "Cordes Maschinenbau", phone="9")
    channel.sync()
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="9")
    channel.sync()
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="1")
    channel.sync()
    assert _phones(channel) == ("1", "1", "1")
    _still(channel)


@pytest.mark.parametrize(("blank_in", "left"), [("ignore", "7"), ("clear", None)])
def test_an_empty_field_of_the_authority_says_nothing_or_empties(
    engine: Engine, settings: Settings, blank_in: str, left: str | None
) -> None:
    crm = {"blank_in": blank_in}
    channel = _channel(engine, settings, crm, blank_out="clear", drift="accept")
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="7")
    channel.sync()
    channel.account("a-cordes", "Cordes Maschinenbau", Phone=None)
    channel.sync()
    assert _phones(channel) == (left, left, left)
    _still(channel)


def test_what_the_hub_wrote_is_what_the_record_says_in_its_table(
    engine: Engine, settings: Settings
) -> None:
    channel = _channel(engine, settings)
    channel.account("a-cordes", "Cordes Maschinenbau", Phone="2")
    channel.sync()
    phones = {row["record_id"]: row["phone"] for row in rows_of(engine, src_company)}
    assert phones == {"a-cordes": "2", "c-cordes": "2"}


def test_only_rows_that_are_included_are_read(engine: Engine, settings: Settings) -> None:
    """One that is included no more leaves the model, one whose value cannot be read waits."""
    account = {
        "source": "company",
        "fields": {"Name": "name", "BillingCountry": "country"},
        "include": {"pull": {"column": "country", "in": ["DE", "AT"]}},
    }
    mappings = {SALESFORCE: {"Account": ObjectMapping.model_validate(account)}}
    channel = Channel(engine, settings.model_copy(update={"mappings": mappings}))
    for name, country in (("Adler", "Germany"), ("Berger", "FR"), ("Cordes", "Atlantis")):
        channel.account(f"a-{name}", name, BillingCountry=country)
    report = channel.sync()
    told = {k: v for k, v in report.landed[0].dispositions.items() if v}
    assert told == {"new": 1, "suppressed": 1, "quarantined": 1}
    assert [row["name"] for row in rows_of(engine, company)] == ["Adler"]
    channel.account("a-Adler", "Adler", BillingCountry="US")
    channel.account("a-Berger", "Berger", BillingCountry="AT")
    channel.sync()
    assert [row["name"] for row in rows_of(engine, company)] == ["Berger"]
    channel.account("a-Adler", "Adler", BillingCountry="DE")
    channel.sync(full=True)
    assert sorted(row["name"] for row in rows_of(engine, company)) == ["Adler", "Berger"]
