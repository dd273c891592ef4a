"""What speaks for and against two records being the same, field by field and in words."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import product
from typing import Any

import polars as pl
import yaml
from sqlalchemy import Connection, select

from hub.config import MatchingSettings
from hub.errors import HubError
from hub.identity.ids import Row
from hub.identity.mentions import ROW, Entity
from hub.identity.model import Model, Scored, load_model
from hub.identity.store import Store
from hub.identity.versions import model_in_use
from hub.models.sources import src_company, src_contact, src_lead
from hub.stewardship.deals import candidates_of, is_deal, two_deals
from hub.stewardship.decisions import Edge, read_standing
from hub.stewardship.names import Directory, Side
from hub.stewardship.pairs import ENDS, compared, most_alike, profiles_of

_MISSING = "missing"
_MOST_PAIRS = 10_000
_TOLD_BY = {"company": (src_company, src_lead), "contact": (src_contact, src_lead)}


@dataclass(frozen=True)
class FieldEvidence:
    """One field: the level reached, its weight in hundredths of a nat, and what each side says."""

    field: str
    title: str
    level: str
    weight: int
    words: str
    left: str | None
    right: str | None
    forbids: bool


@dataclass(frozen=True)
class Evidence:
    """Two records, one of each side: the two that are most alike; `names` is what they call
    themselves.

    `score` is what their fields and `bias` add up to; `total` is that of all records of one side
    with all of the other, `pairs` how many pairs of different contents those are. Hundredths of a
    nat. `decided` is what stewards have said between the sides; `together`, whether both have one
    hub id now, or are tied.
    """

    entity: Scored
    version: str
    a: Side
    b: Side
    left: Row
    right: Row
    names: tuple[str | None, str | None]
    bias: int
    fields: list[FieldEvidence]
    score: int
    total: int
    pairs: int
    decided: list[Edge]
    together: bool


def explain(
    conn: Connection, a: str, b: str, entity: Scored | None, matching: MatchingSettings
) -> Evidence:
    """What the weights in use say of the two. Raises HubError when there is nothing to compare."""
    if entity == "deal" or is_deal(a) or is_deal(b):
        return _of_deals(conn, a, b, matching)
    found, left, right = Directory(conn, (a, b)).pair(a, b, entity)
    model, store = model_in_use(conn, found), Store(conn, found, 0)
    [pair] = most_alike(store, model, [(left, right)])
    profiles = profiles_of(store, [*left.rows, *right.rows])
    gone = [name for row, name in zip(pair, (a, b), strict=True) if row not in profiles]
    if gone:
        raise HubError(
            f"{gone[0]} is gone: it has nothing that could be compared.",
            remedy="name a record that is in effect",
        )
    scored = compared(store, model, _all_pairs(left, right, profiles))
    levels = compared(store, model, _all_pairs(*_narrowed(left, right, pair), profiles))
    best = levels.row(0, named=True)
    told = _told(conn, found, pair)
    fields = [_field(model, found, name, best, told) for name in model.weights]
    names = (fields[0].left, fields[0].right)
    return Evidence(
        *(found, model.version, left, right, *pair, names, model.bias),
        fields,
        score=best["score"],
        total=int(scored["score"].sum()),
        pairs=scored.height,
        decided=read_standing(conn, found).between(left.rows, right.rows),
        together=left.hub_id is not None and left.hub_id == right.hub_id,
    )


def _of_deals(conn: Connection, a: str, b: str, matching: MatchingSettings) -> Evidence:
    """A registration and an opportunity; `total` are the odds against the customer's other
    opportunities, `pairs` how many it has."""
    claim, deal = two_deals(conn, a, b)
    model, hub_id = load_model("deal"), claim.side.asked
    candidates = candidates_of(conn, [hub_id], matching)[hub_id]
    [found] = (one for one in candidates if one.opportunity_id == deal.side.asked)
    levels = {name: level for name, (level, _) in json.loads(found.evidence).items()}
    told = [dict(claim.told), dict(deal.told)]
    fields = [_field(model, "deal", name, levels, told) for name in model.weights]
    score = model.bias + sum(field.weight for field in fields)
    names = (claim.told["name"], deal.told["name"])
    return Evidence(
        *("deal", model.version, claim.side, deal.side, claim.row, deal.row, names, model.bias),
        fields,
        score=score,
        total=score if found.odds is None else found.odds,
        pairs=len(candidates),
        decided=read_standing(conn, "deal").between([claim.row], [deal.row]),
        together=claim.told["opportunity_id"] == deal.told["id"],
    )


def _narrowed(a: Side, b: Side, pair: tuple[Row, Row]) -> tuple[Side, Side]:
    return Side(a.asked, (pair[0],), None, False), Side(b.asked, (pair[1],), None, False)


def _all_pairs(a: Side, b: Side, profiles: Mapping[Row, int]) -> pl.DataFrame:
    crossed = ((profiles.get(x), profiles.get(y)) for x, y in product(a.rows, b.rows) if x != y)
    ends = {(min(p, q), max(p, q)) for p, q in crossed if p is not None and q is not None}
    return pl.DataFrame(sorted(ends)[:_MOST_PAIRS], schema=ENDS, orient="row")


def _field(
    model: Model, entity: Scored, name: str, best: Mapping[str, Any], told: list[dict[str, Any]]
) -> FieldEvidence:
    said = words(entity).get(name, {})
    level = best.get(name) or _MISSING
    left, right = (_value(one, said.get("columns", ())) for one in told)
    return FieldEvidence(
        name,
        str(said.get("title", name)),
        level,
        model.weights[name].get(level, 0),
        _missing(left, right, said) if level == _MISSING else str(said.get(level, level)),
        left,
        right,
        forbids=(name, level) in model.vetoes,
    )


def _missing(left: str | None, right: str | None, said: Mapping[str, Any]) -> str:
    if left is None and right is None:
        return "neither says"
    if left is None or right is None:
        return "only one says"
    return str(said.get(_MISSING, "nothing that can be compared"))


def _value(told: Mapping[str, Any], columns: Iterable[str]) -> str | None:
    values = [str(told[name]) for name in columns if told.get(name) not in (None, "")]
    return ", ".join(dict.fromkeys(values)) or None


def _told(conn: Connection, entity: Entity, pair: tuple[Row, Row]) -> list[dict[str, Any]]:
    """What the two source rows say, as they were told."""
    found: list[dict[str, Any]] = []
    for row in pair:
        told: dict[str, Any] = {}
        for table in _TOLD_BY[entity]:
            same = (table.c[name] == part for name, part in zip(ROW, row, strict=True))
            for one in conn.execute(select(table).where(*same)).mappings():
                told = dict(one)
        found.append(told)
    return found


@cache
def words(entity: Scored) -> dict[str, dict[str, Any]]:
    """Field → its title, the columns it is told by, and words for each level."""
    text = resources.files(__package__).joinpath("words.yaml").read_text("utf-8")
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)[entity]
    return found
