"""A registration that may be an opportunity, or not: what is asked, what waits, what is decided."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from channel import Channel, furnished
from databases import rows_of
from sqlalchemy import Engine, update

from hub.config import Settings
from hub.errors import HubError
from hub.models.database import deciding, reading, writing
from hub.models.golden import decision, opportunity, registration
from hub.models.identity import crosswalk, identity_decision
from hub.stewardship.chart import page
from hub.stewardship.decisions import Contradiction, withdraw
from hub.stewardship.evidence import explain
from hub.stewardship.judging import Judged, Wish, judge_one
from hub.stewardship.queue import waiting

CLAIM, DEAL = "re_00000001", "op_00000001"
ON = date(2026, 1, 15)


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> Channel:
    """The registered amount is 14,000 where the opportunity says 10,000, for a year later."""
    made = furnished(Channel(engine, settings))
    told = {"amount": "14000", "closedate": "2027-06-30T00:00:00.000Z"}
    made.portal.put("deals", "d-cordes", **told)
    made.approve("d-cordes", ON)
    return made


def _claim(channel: Channel, key: str = CLAIM) -> dict[str, Any]:
    return next(row for row in rows_of(channel.engine, registration) if row["id"] == key)


def _tied(channel: Channel) -> tuple[str | None, str | None]:
    claim = _claim(channel)
    return claim["opportunity_id"], claim["doubted_opportunity_id"]


def _rules(channel: Channel) -> list[str]:
    return [r["rule"] for r in rows_of(channel.engine, decision) if r["kind"] == "opportunity"]


def _judge(channel: Channel, judgement: Any, a: str = CLAIM, b: str = DEAL) -> Judged:
    wish = Wish(judgement, a, b, "Ada Vogt", "she called them")
    with deciding(channel.engine, identity_decision) as conn:
        return judge_one(conn, wish, channel.clock())


def _asked(channel: Channel) -> list[tuple[str, str, str]]:
    with reading(channel.engine) as conn:
        items = waiting(conn, "deal", channel.settings.matching)
    return [(item.kind, item.a, item.b) for item in items]


def test_a_deal_in_doubt_is_asked_about_and_no_second_one_is_made(
    channel: Channel, sync: Callable[[], None]
) -> None:
    sync()
    assert _tied(channel) == (None, DEAL)
    assert _rules(channel) == ["in_doubt"]
    assert _asked(channel) == [("tie", CLAIM, DEAL)]
    assert channel.crm.living("Opportunity") == ["o-cordes", "o-dupont"]
    told = channel.portal.fields("deals", "d-cordes")["partner_registration_note"]
    assert told == "An open opportunity of this customer may be this deal: a steward is asked."


def test_what_is_asked_first_is_what_most_money_hangs_on(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.deal("d-dupont", "c-adler", "c-dupont", "Storage", amount="90000")
    sync()
    with reading(channel.engine) as conn:
        items = waiting(conn, "deal", channel.settings.matching)
    money = [{code: int(amount) for code, amount in item.money.items()} for item in items]
    assert money == [{"EUR": 90_000}, {"EUR": 14_000}]


def test_a_steward_says_it_is_the_deal(channel: Channel, sync: Callable[[], None]) -> None:
    sync()
    assert _judge(channel, "same").new
    sync()
    assert _tied(channel) == (DEAL, None)
    assert _rules(channel) == ["in_doubt", "judged_same"]
    assert _asked(channel) == []
    shown = channel.crm.fields("Opportunity", "o-cordes")
    assert shown["Hub_Registered_Partner__c"] == "Adler Systemhaus"
    assert not _judge(channel, "same").new


def test_a_steward_says_it_is_another_one_and_the_deal_gets_its_own(
    channel: Channel, sync: Callable[[], None]
) -> None:
    sync()
    _judge(channel, "different")
    sync()
    assert channel.crm.living("Opportunity") == [
        *("o-cordes", "o-dupont", f"opportunity-{CLAIM}"),
    ]
    assert "Hub_Registration_Key__c" not in channel.crm.fields("Opportunity", "o-cordes")
    assert _claim(channel)["opportunity_id"] not in (None, DEAL)


def test_a_word_against_a_tie_ends_it_and_withdrawn_it_is_in_doubt_again(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.portal.put("deals", "d-cordes", closedate=None, dealstage="reg_submitted")
    sync()
    assert _tied(channel) == (DEAL, DEAL)
    made = _judge(channel, "different")
    sync()
    assert _tied(channel) == (None, None)
    with deciding(channel.engine, identity_decision) as conn:
        withdraw(conn, made.number, "Bo Lind", "it was", channel.clock())
    sync()
    assert _tied(channel) == (DEAL, DEAL)


def test_a_registration_is_one_deal(channel: Channel, sync: Callable[[], None]) -> None:
    channel.opportunity("o-twin", "a-cordes", "Firewall", Amount="15000")
    sync()
    _judge(channel, "same")
    known = {row["record_id"]: row["hub_id"] for row in rows_of(channel.engine, crosswalk)}
    twin = known["o-twin"]
    with pytest.raises(Contradiction, match="cannot be judged same"):
        _judge(channel, "same", b=twin)
    assert _judge(channel, "different", b=twin).new
    with pytest.raises(Contradiction, match="cannot be judged different"):
        _judge(channel, "different")


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        (CLAIM, CLAIM, "are not a registration and an opportunity"),
        (CLAIM, "co_00000001", "are not a registration and an opportunity"),
        (CLAIM, "op_00000002", "deals of two customers are never one"),
        (CLAIM, "op_99999999", "There is no opportunity op_99999999"),
    ],
)
def test_what_cannot_be_one_deal_is_refused(
    channel: Channel, sync: Callable[[], None], a: str, b: str, told: str
) -> None:
    sync()
    with pytest.raises(HubError, match=told):
        _judge(channel, "same", a, b)
    assert rows_of(channel.engine, identity_decision) == []


def test_a_deal_in_a_partners_own_system_is_refused(
    channel: Channel, sync: Callable[[], None]
) -> None:
    sync()
    with writing(channel.engine) as conn:
        conn.execute(update(opportunity).values(partner_id="pa_00000001"))
    with pytest.raises(HubError, match="is a deal in a partner's own system"):
        _judge(channel, "same")


def test_the_evidence_adds_up_to_what_was_decided_by(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.opportunity("o-twin", "a-cordes", "Firewall", Amount="15000", CloseDate="2027-06-30")
    sync()
    with reading(channel.engine) as conn:
        found = explain(conn, DEAL, CLAIM, None, channel.settings.matching)
    assert [(f.field, f.level, f.weight) for f in found.fields] == [
        *(("product", "same", 180), ("amount", "double", -70)),
        *(("close", "apart", -190), ("state", "missing", 0)),
    ]
    assert (found.left, found.right) == (
        ("acme_hubspot", "deals", "d-cordes"), ("acme_salesforce", "Opportunity", "o-cordes"),
    )  # fmt: skip
    assert (found.bias, found.score, found.pairs, found.together) == (-80, -160, 2, False)
    assert [field.left for field in found.fields][:3] == ["Firewall", "14000.00, EUR", "2027-06-30"]
    assert found.total < found.score, "the other opportunity speaks against it"
    assert found.fields[3].words == "the opportunity is open"
    deals = [*rows_of(channel.engine, registration), *rows_of(channel.engine, opportunity)]
    called = {row["id"]: row["name"] for row in deals}
    assert found.names == (called[CLAIM], called[DEAL])
    title = page(found, channel.settings.matching).partition("<title>")[2].partition("</title>")[0]
    assert title == f"{called[CLAIM]} · {called[DEAL]}"


def test_other_bands_ask_other_questions(channel: Channel, sync: Callable[[], None]) -> None:
    sync()
    assert _asked(channel) != []
    narrow = channel.settings.matching.model_copy(update={"review_from": -1.0})
    channel.settings = channel.settings.model_copy(update={"matching": narrow})
    sync()
    assert _asked(channel) == []
    assert _tied(channel)[0] not in (None, DEAL), "an approval gets an opportunity of its own"
    assert isinstance(_claim(channel)["approved_at"], datetime)
