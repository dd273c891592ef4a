"""The shipped model: complete, readable, and with the directions one expects."""

from typing import get_args

import polars as pl
import pytest

from hub.identity.compare import evidence, levels, patterns, score
from hub.identity.mentions import Entity
from hub.identity.model import load_model
from hub.identity.names import Relation
from hub.identity.standardise import COLUMNS

FULL = {
    "company": {
        "name": "velanda systems", "form": "gmbh", "domain": "velanda.de", "phone": "+49403123456",
        "street": "12 haup", "city": "hamburg", "postal": "20095", "country": "DE",
        "tax": "123456789", "duns": "123456789", "account": "pos/77",
    },
    "contact": {
        "person": "anna|meyer", "mail": "anna@velanda.de", "mail_domain": "velanda.de",
        "shared_box": None, "phone": "+49403123456", "mobile": "+4915112345678",
        "company": "co_1", "employer": "velanda", "street": "12 haup",
        "city": "hamburg", "postal": "20095", "country": "DE", "born": "19800213",
        "national": "123456789",
    },
}  # fmt: skip
ENTITIES: tuple[Entity, ...] = get_args(Entity)


def profiles(entity: Entity, *rows: dict[str, str | None]) -> pl.DataFrame:
    columns = dict.fromkeys(COLUMNS[entity], pl.String)
    frame = pl.DataFrame([{c: row.get(c) for c in columns} for row in rows], schema=columns)
    sizes = [pl.lit(1).alias(f"{kind}_size") for kind in load_model(entity).rarity]
    return frame.with_row_index("profile").with_columns(pl.col("profile").cast(pl.Int64), *sizes)


def scored(
    entity: Entity, left: dict[str, str | None], right: dict[str, str | None]
) -> pl.DataFrame:
    pair = pl.DataFrame({"left": [0], "right": [1]}, schema={"left": pl.Int64, "right": pl.Int64})
    return score(pair, profiles(entity, left, right), entity, load_model(entity))


@pytest.mark.parametrize("entity", ENTITIES)
def test_what_is_missing_weighs_nothing(entity: Entity) -> None:
    assert scored(entity, FULL[entity], {})["score"].item() == load_model(entity).bias


@pytest.mark.parametrize("entity", ENTITIES)
def test_full_agreement_is_certain(entity: Entity) -> None:
    found = scored(entity, FULL[entity], FULL[entity])
    assert found["score"].item() > 1000
    assert found["veto"].item() is None


@pytest.mark.parametrize(("column", "value"), [("tax", "999999999"), ("duns", "999999999")])
def test_another_registration_number_is_a_veto(column: str, value: str) -> None:
    found = scored("company", FULL["company"], {**FULL["company"], column: value})
    assert found["veto"].item() == column


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_score_is_the_same_from_either_side(entity: Entity) -> None:
    other = {**FULL[entity], "postal": "20099", "phone": None, "name": "velanda sys"}
    there, back = scored(entity, FULL[entity], other), scored(entity, other, FULL[entity])
    assert there["score"].item() == back["score"].item()


def test_evidence_names_each_field_with_its_level_and_weight() -> None:
    model = load_model("company")
    found = scored("company", FULL["company"], {"name": "velanda systems", "country": "AT"})
    assert evidence(found, model).item() == '{"name":["same_rare",7.5],"country":["differs",-4.0]}'


def test_every_relation_of_names_has_a_weight() -> None:
    weights = load_model("company").weights["name"]
    told_apart = {"same", "slip", "short"}
    wanted = {
        *(set(get_args(Relation)) - told_apart),
        *(f"{level}_{how}" for level in told_apart for how in ("rare", "some", "common")),
    }
    assert set(weights) == wanted


@pytest.mark.parametrize("entity", ENTITIES)
def test_what_few_share_speaks_louder_than_what_many_share(entity: Entity) -> None:
    for weights in load_model(entity).weights.values():
        for level in {name.rpartition("_")[0] for name in weights if name.endswith("_rare")}:
            assert (
                weights[f"{level}_rare"] >= weights[f"{level}_some"] >= weights[f"{level}_common"]
            )


@pytest.mark.parametrize("entity", ENTITIES)
def test_patterns_say_of_each_pair_what_its_levels_say(entity: Entity) -> None:
    full: dict[str, str | None] = FULL[entity]
    rows = [full, *({**full, name: None} for name in full), *({name: full[name]} for name in full)]
    told, model = profiles(entity, *rows), load_model(entity)
    every = pl.DataFrame({"left": range(len(rows))}).join(
        pl.DataFrame({"right": range(len(rows))}), how="cross"
    )
    found = patterns(every, told, entity, model)
    one_by_one = levels(every, told, entity, model).select(*model.weights)
    assert found.table[found.of].equals(one_by_one)
    assert found.table.height < every.height


@pytest.mark.parametrize("entity", get_args(Entity))
def test_the_hopeful_weigh_a_value_as_if_nobody_else_had_it(entity: Entity) -> None:
    model = load_model(entity)
    hopeful = model.hopeful
    assert (hopeful.bias, hopeful.vetoes, hopeful.caps) == (model.bias, model.vetoes, model.caps)
    for field, weights in model.weights.items():
        for level, weight in weights.items():
            stem = level.rpartition("_")[0]
            rarities = [f"{stem}_{size}" for size in ("rare", "some", "common")]
            alike = rarities if level in rarities else [level]
            expected = max(weights[one] for one in alike if one in weights)
            assert hopeful.weights[field][level] == expected >= weight
    assert hopeful.weights != model.weights
