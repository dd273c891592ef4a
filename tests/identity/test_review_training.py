"""Weights learn from decisions, are used only when approved, and can be taken back."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from identity_kit import NOON, account, company, decide, go, groups, key, together
from sqlalchemy import Engine

from hub.errors import HubError
from hub.identity.model import NATS, load_model
from hub.identity.standalone.models import document
from hub.identity.versions import approve, model_in_use, read_version
from hub.models.database import reading, take_numbers, writing
from hub.models.identity import identity_version
from hub.stewardship.refit import refitted
from hub.stewardship.training import LEAST_DECISIONS, Trained, train

DECIDED, LEFT = LEAST_DECISIONS + 10, 15
SHIPPED = load_model("company")


def _names(number: int) -> Iterator[str]:
    """Names that have nothing to do with each other."""
    draw = random.Random(4)
    for _ in range(number):
        yield " ".join("".join(draw.choices("bdfgklmnprstvz", k=1) + draw.choices("aeiou", k=1)
                               + draw.choices("bdfgklmnprstvz", k=2) + draw.choices("aeiou", k=1)
                               + draw.choices("lnrst", k=1)).title() for _ in range(2))  # fmt: skip


def _moved(name: str, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """One firm that moved: for the shipped weights another region makes it two."""
    there = {"postal_code": f"{10000 + number}", "city": "Berlin", "country": "DE"}
    here = {"postal_code": f"{80000 + number}", "city": "Munich", "country": "DE"}
    return account(f"a{number}", name, **there), company(f"c{number}", name, **here)


FIRMS = [_moved(name, number) for number, name in enumerate(_names(DECIDED + LEFT))]


def _learn(engine: Engine, decided: int) -> Trained:
    go(engine, 1, [row for firm in FIRMS for row in firm])
    for firm in FIRMS[:decided]:
        decide(engine, *firm, "same")
    go(engine, 2)
    with writing(engine) as conn:
        take_numbers(conn, "run", 100)  # rehearsals are runs that the ledger counts
    return train(engine, "a-config", "company", NOON, lambda _: None)


def _versions(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        return list(conn.scalars(identity_version.select().with_only_columns(
            identity_version.c.version)))  # fmt: skip


def _approve(engine: Engine, version: str) -> None:
    with writing(engine) as conn:
        approve(conn, "company", version, "Ada", "looks right", NOON)


def test_what_stewards_decided_again_and_again_is_learned_and_used_once_approved(
    engine: Engine,
) -> None:
    found = _learn(engine, DECIDED)
    assert (found.decisions, found.learned, found.base) == (DECIDED, True, SHIPPED.version)
    assert found.model is not None
    assert found.effect["merged"] == LEFT
    assert found.effect["entities"] == {"before": DECIDED + 2 * LEFT, "after": DECIDED + LEFT}
    undecided = FIRMS[DECIDED:]
    before = groups(engine)
    go(engine, 201)
    assert groups(engine) == before
    _approve(engine, found.model.version)
    assert go(engine, 202)["company"].merged == LEFT
    assert all(together(engine, *firm) for firm in undecided)
    _approve(engine, SHIPPED.version)
    go(engine, 203)
    assert groups(engine) == before


def test_training_again_finds_nothing_better_than_what_is_in_use(engine: Engine) -> None:
    found = _learn(engine, DECIDED)
    assert found.model is not None
    _approve(engine, found.model.version)
    go(engine, 201)
    again = train(engine, "a-config", "company", NOON, lambda _: None)
    assert (again.model, again.base) == (None, found.model.version)
    assert _versions(engine) == [found.model.version]


def test_few_decisions_are_obeyed_and_not_learned_from(engine: Engine) -> None:
    found = _learn(engine, LEAST_DECISIONS - 1)
    assert (found.decisions, found.learned) == (LEAST_DECISIONS - 1, False)
    assert found.model is None or found.effect["merged"] == 0


# -- versions ----------------------------------------------------------------------------------


def test_a_version_that_does_not_exist_cannot_be_approved(engine: Engine) -> None:
    with pytest.raises(HubError, match=r"no weights of the version 1999-9"):
        _approve(engine, "1999-9")


def test_weights_of_fields_that_are_not_compared_any_more_are_refused(engine: Engine) -> None:
    told = document(SHIPPED, "company")
    told["company"]["fields"]["horoscope"] = {"same": 3.0}
    with writing(engine) as conn:
        conn.execute(
            identity_version.insert().values(
                entity="company", version="old", document=yaml.safe_dump(told), base="", pairs=0,
                decisions=0, effect="{}", made_at=NOON,
            )
        )  # fmt: skip
        with pytest.raises(HubError, match="horoscope"):
            read_version(conn, "company", "old")


def test_without_approval_the_shipped_weights_are_in_use(engine: Engine) -> None:
    with reading(engine) as conn:
        assert model_in_use(conn, "company") is SHIPPED


# -- fit ---------------------------------------------------------------------------------------


def _levels(*pairs: dict[str, str]) -> pl.DataFrame:
    rows = [{field: pair.get(field, "missing") for field in SHIPPED.weights} for pair in pairs]
    return pl.DataFrame(rows, schema=dict.fromkeys(SHIPPED.weights, pl.String))


def test_without_decisions_nothing_is_learned() -> None:
    fitted = refitted(SHIPPED, SHIPPED, _levels(), [])
    assert (fitted.weights, fitted.bias) == (SHIPPED.weights, SHIPPED.bias)


def test_the_fit_is_where_decisions_and_prior_pull_alike() -> None:
    pairs = [{"name": "same_rare", "place": "far"}, {"name": "near", "domain": "same_rare"},
             {"name": "near", "place": "postal"}] * 40  # fmt: skip
    same = [True, True, False] * 40
    fitted = refitted(SHIPPED, SHIPPED, _levels(*pairs), same)
    moved = {
        at: (fitted.weights[at[0]][at[1]] - SHIPPED.weights[at[0]][at[1]]) / NATS
        for at in (("name", "same_rare"), ("place", "far"), ("name", "near"), ("place", "postal"))
    }

    def surprise(pair: dict[str, str], told: bool) -> float:
        total = fitted.bias + sum(fitted.weights[f][level] for f, level in pair.items())
        return float(told) - 1 / (1 + float(np.exp(-total / NATS)))

    for (field, level), by in moved.items():
        pull = sum(
            surprise(p, s) for p, s in zip(pairs, same, strict=True) if p.get(field) == level
        )
        # Prior of one nat's spread: the pull of the decisions is how far the weight has moved.
        assert pull == pytest.approx(by, abs=0.15), (field, level)


def test_a_better_level_never_weighs_less_than_a_worse_one() -> None:
    pairs = [{"name": "same_rare", "place": "street"}] * 150
    fitted = refitted(SHIPPED, SHIPPED, _levels(*pairs), [False] * 150)
    for field, by_level in SHIPPED.weights.items():
        order = sorted(by_level, key=lambda level: by_level[level])
        weights = [
            fitted.weights[field][level] for level in order if (field, level) not in SHIPPED.vetoes
        ]
        assert weights == sorted(weights), field
    assert fitted.vetoes == SHIPPED.vetoes


def test_what_tells_sisters_apart_is_not_unlearned() -> None:
    pairs = [{"name": "branch", "domain": "same_rare", "phone": "same_rare"}] * 300
    fitted = refitted(SHIPPED, SHIPPED, _levels(*pairs), [True] * 300)
    assert fitted.weights["name"]["branch"] <= SHIPPED.weights["name"]["branch"] / 2


def test_decisions_are_those_of_the_records_and_not_of_what_hangs_on_them(engine: Engine) -> None:
    go(engine, 1, [row for firm in FIRMS for row in firm])
    twin = {**FIRMS[0][1], "record_id": "twin"}
    go(engine, 2, [twin])
    decide(engine, FIRMS[0][1], twin, "same")
    assert key(twin)[2] == "twin"
    found = train(engine, "a-config", "company", NOON, lambda _: None)
    assert found.decisions == 0
