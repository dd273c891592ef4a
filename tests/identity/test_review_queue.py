"""What stewards are asked, in which order, and why: the queue and the explanation of a pair."""

from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from identity_kit import NOON, account, company, go, ids, key, person
from sqlalchemy import Engine

from hub.config import MatchingSettings
from hub.errors import HubError
from hub.identity.bands import band, doubt
from hub.identity.model import load_model
from hub.models.database import deciding, reading, writing
from hub.models.golden import opportunity, registration
from hub.models.identity import identity_decision
from hub.stewardship.chart import page
from hub.stewardship.evidence import explain, words
from hub.stewardship.judging import Wish, judge_one
from hub.stewardship.queue import Item, waiting

WIDE = MatchingSettings(review_from=-3, review_to=3)
# One name in two towns: 7.5 for the name, -1.7 for the place, 0.3 for the country, -5 at first.
LYON = account("1", "Dubois Industrie", postal_code="69003", city="Lyon", country="FR")
LILLE = company("2", "Dubois Industrie", city="Lille", country="FR")
# The same, but forbidden: two tax numbers.
NORTH = account("3", "Nordwind Logistik", tax_id="DE111111111", website="nordwind.de")
SOUTH = company("4", "Nordwind Logistik", tax_id="DE222222222", website="nordwind.de")
# As likely as not to be two: another number, another legal form, one town.
BRAVO = account("5", "Bravo Sys GmbH", city="Wien", country="AT")
BRAVO_TOO = company("6", "Bravo Systems AG", country="AT")
SURE = account("7", "Cordes Maschinenbau", website="cordes.de", city="Ulm", country="DE")
SURE_TOO = company("8", "Cordes Maschinenbau", website="cordes.de", city="Ulm", country="DE")
ALL = (LYON, LILLE, NORTH, SOUTH, SURE, SURE_TOO)


def name(one: dict[str, Any]) -> str:
    return "/".join(key(one))


def queue(engine: Engine, matching: MatchingSettings = WIDE) -> list[Item]:
    with reading(engine) as conn:
        return waiting(conn, "company", matching)


def deal(engine: Engine, number: int, company_id: str, amount: str, currency: str) -> None:
    with writing(engine) as conn:
        conn.execute(
            opportunity.insert().values(
                id=f"op_{number}", name="a deal", company_id=company_id, stage="open",
                amount=amount, currency=currency, is_closed=False, is_won=False, system="sf", run=1,
            )
        )  # fmt: skip


def decide(engine: Engine, judgement: Any, a: str, b: str) -> None:
    with deciding(engine, identity_decision) as conn:
        judge_one(conn, Wish(judgement, a, b, "Ada", "seen"), NOON)


def test_what_hangs_together_by_little_is_asked_and_what_is_sure_is_not(engine: Engine) -> None:
    go(engine, 1, ALL)
    found = {(item.kind, item.a, item.b): item for item in queue(engine)}
    held = ids(engine)
    together = held[key(LYON)]
    assert held[key(LILLE)] == together
    split = found.pop(("split", together, together))
    assert (split.row in (key(LYON), key(LILLE)), split.total, split.veto) == (True, 110, None)
    both = sorted((held[key(NORTH)], held[key(SOUTH)]))
    conflict = found.pop(("conflict", both[0], both[1]))
    assert (conflict.veto, conflict.doubt) == ("tax", 1.0)
    assert found == {}


def test_a_narrower_band_asks_less(engine: Engine) -> None:
    go(engine, 1, [BRAVO, BRAVO_TOO])
    [asked] = queue(engine, MatchingSettings(review_from=-8, review_to=8))
    nats = abs(asked.total) / 100
    assert nats > 0.01
    narrow = MatchingSettings(review_from=-nats + 0.01, review_to=nats - 0.01)
    assert queue(engine, narrow) == []


def test_money_and_doubt_order_the_queue(engine: Engine) -> None:
    go(engine, 1, ALL)
    held = ids(engine)
    deal(engine, 1, held[key(NORTH)], "100", "EUR")
    deal(engine, 2, held[key(LYON)], "90", "EUR")
    deal(engine, 3, held[key(LYON)], "90", "SEK")
    with writing(engine) as conn:
        conn.execute(
            registration.insert().values(
                id="re_1", name="a claim", company_id=held[key(NORTH)], amount="20",
                currency="EUR", status="approved", system="hs", run=1,
            )
        )  # fmt: skip
    plain = queue(engine)
    assert [(item.kind, item.priority) for item in plain] == [
        ("split", pytest.approx(181 * doubt(110))), ("conflict", pytest.approx(121)),
    ]  # fmt: skip
    assert {code: str(amount) for code, amount in plain[0].money.items()} == {
        "EUR": "90.00", "SEK": "90.00",
    }  # fmt: skip
    rated = queue(engine, WIDE.model_copy(update={"rates": {"SEK": 0.1}}))
    assert [item.kind for item in rated] == ["conflict", "split"]


def test_what_was_decided_is_not_asked_again(engine: Engine) -> None:
    go(engine, 1, ALL)
    decide(engine, "different", name(NORTH), name(SOUTH))
    decide(engine, "same", name(LYON), name(LILLE))
    assert queue(engine) == []


def test_a_parent_and_its_child_are_no_question(engine: Engine) -> None:
    child = {**NORTH, "tax_id": None, "parent_record_id": "9"}
    parent = account("9", "Nordwind Logistik", website="nordwind.de")
    go(engine, 1, [child, parent])
    assert len(set(ids(engine).values())) == 2
    assert queue(engine) == []


def test_doubt_is_greatest_where_either_is_as_likely() -> None:
    assert doubt(0) == 1
    assert doubt(150) == pytest.approx(doubt(-150))
    assert doubt(900) < doubt(300) < doubt(100)
    assert [band(at, WIDE) for at in (-301, -300, 0, 300, 301)] == [
        "different", "review", "review", "review", "same",
    ]  # fmt: skip


# -- explanation -------------------------------------------------------------------------------


def test_the_fields_of_two_records_are_explained_and_add_up(engine: Engine) -> None:
    go(engine, 1, ALL)
    with reading(engine) as conn:
        found = explain(conn, name(LYON), name(LILLE), None, WIDE)
    told = {
        field.field: (field.level, field.weight, field.left, field.right) for field in found.fields
    }
    assert told["name"] == ("same_rare", 750, "Dubois Industrie", "Dubois Industrie")
    assert told["place"] == ("elsewhere", -170, "69003, Lyon", "Lille")
    assert told["tax"] == ("missing", 0, None, None)
    assert found.score == found.bias + sum(field.weight for field in found.fields) == 110
    assert found.together


def test_two_hub_ids_are_explained_by_the_records_most_alike(engine: Engine) -> None:
    twin = account("31", "Nordwind Log", tax_id="DE111111111", country="DE")
    go(engine, 1, [*ALL, twin])
    held = ids(engine)
    with reading(engine) as conn:
        found = explain(conn, held[key(NORTH)], held[key(SOUTH)], None, WIDE)
    assert {found.left, found.right} == {key(NORTH), key(SOUTH)}
    assert [field.field for field in found.fields if field.forbids] == ["tax"]
    assert found.pairs == 2


def test_a_record_that_is_gone_cannot_be_compared(engine: Engine) -> None:
    go(engine, 1, ALL)
    go(engine, 2, [{**LYON, "is_deleted": True}])
    with reading(engine) as conn, pytest.raises(HubError, match="is gone"):
        explain(conn, name(LYON), name(LILLE), None, WIDE)


@pytest.mark.parametrize("entity", ["company", "contact"])
def test_every_level_that_is_weighed_has_words(entity: Any) -> None:
    said = words(entity)
    for field, levels in load_model(entity).weights.items():
        assert set(levels) <= set(said[field]) - {"title", "columns"}, field
        assert {"title", "columns"} <= set(said[field])


class _Page(HTMLParser):
    """The tags of a page, their attributes that lead somewhere, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.leads: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.leads += [f"{n}={v}" for n, v in attrs if n in ("src", "href", "onload", "onerror")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_in_itself_and_nothing_that_was_said_becomes_markup(
    engine: Engine,
) -> None:
    evil = '<script>alert("1")</script><img src=x onerror=y>'
    go(engine, 1, [person("1", evil, "O'Hara & <b>Söhne"), person("2", evil, "O'Hara & <b>Söhne")])
    decide(engine, "same", "sf/Contact/1", "sf/Contact/2")
    with reading(engine) as conn:
        found = explain(conn, "sf/Contact/1", "sf/Contact/2", None, WIDE)
    text = page(found, WIDE)
    read = _Page(text)
    assert read.tags.isdisjoint({"script", "img", "link", "iframe"})
    assert read.leads == []
    assert evil in read.text
    assert "http" not in text.replace("http-equiv", "")
    assert f"{found.score / 100:+.2f}" in text
    assert "by Ada, 2026-03-02: “seen”" in read.text


def test_the_band_and_the_rates_are_checked() -> None:
    for wrong in ("review_from: 1", "review_to: -1", "rates: {USD: 0}"):
        with pytest.raises(ValueError, match=r"review_from|rate"):
            MatchingSettings(**yaml.safe_load(wrong))
