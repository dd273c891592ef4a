"""How well registrations find their opportunities: made-up worlds against what is really the case.

.venv/bin/python -m bench.deals --companies 2000 --seeds 31,32,fresh

Beside it a tie to the first open opportunity of the customer that is not for another product.
`fresh` is a seed nobody has seen: drawn now, and printed.
"""

import argparse
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import polars as pl

from hub.config import MatchingSettings
from hub.identity.bands import DIFFERENT, REVIEW, SAME, band
from hub.identity.deals import THERE, alike
from hub.identity.model import load_model
from sandbox.world import World, generate

TODAY = date(2026, 3, 2)
Ties = Mapping[str, str | None]
"""Registration → opportunity."""


@dataclass(frozen=True)
class Found:
    """Ties that were found, and how: by more evidence than is asked about, or in doubt."""

    ties: Ties
    first_fitting: Ties
    sure: frozenset[str]
    asked: frozenset[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=2000)
    parser.add_argument("--seeds", default="31,32,33")
    parser.add_argument("--difficulties", default="easy,middle,hard")
    options = parser.parse_args()
    seeds = [secrets.randbelow(10**6) if s == "fresh" else int(s) for s in options.seeds.split(",")]
    print(f"{'world':8} {'seed':>6} {'ties':15} {'true':>5} {'found':>5}  P       R       asked")
    for difficulty, seed in product(options.difficulties.split(","), seeds):
        world = generate(options.companies, seed, today=TODAY, difficulty=difficulty)
        for line in _lines(f"{difficulty:8} {seed:>6}", world):
            print(line, flush=True)


def _lines(place: str, world: World) -> Iterator[str]:
    truth, found = real(world), tie(world)
    sure = {claim: deal for claim, deal in found.ties.items() if claim in found.sure}
    asked = {"hub": f"{len(found.asked):>5}"}
    matchers = {"hub": found.ties, "hub, unasked": sure, "first fitting": found.first_fitting}
    for name, ties in matchers.items():
        precision, recall = quality(truth, ties)
        counted = f"{sum(v is not None for v in truth.values()):>5} {len(ties):>5}"
        yield f"{place} {name:15} {counted}  {precision:.4f}  {recall:.4f}  {asked.get(name, '')}"


def real(world: World) -> Ties:
    """Each registration's opportunity; None where the vendor's rep has not made one."""
    return {told.deal: told.opportunity for told in world.truth.registrations}


def tie(world: World) -> Found:
    """What a world's registrations are tied to, if all companies are known for who they are."""
    ends = ("registration_id", "opportunity_id")
    scored = alike(_pairs(world), load_model("deal"))
    fitting = scored.filter(pl.col("odds").is_not_null())
    first = fitting.unique("registration_id", keep="first", maintain_order=True)
    ranked = fitting.sort("registration_id", -pl.col("odds"), "opportunity_id")
    best = ranked.unique("registration_id", keep="first", maintain_order=True)
    matching = MatchingSettings()
    bands: dict[str, set[str]] = {SAME: set(), REVIEW: set(), DIFFERENT: set()}
    for claim, odds in best.select("registration_id", "odds").iter_rows():
        bands[band(odds, matching)].add(claim)
    return Found(
        dict(best.filter(pl.col("odds") > 0).select(ends).iter_rows()),
        dict(first.select(ends).iter_rows()),
        frozenset(bands[SAME]),
        frozenset(bands[REVIEW]),
    )


def quality(truth: Ties, ties: Ties) -> tuple[float, float]:
    """Precision and recall of ties."""
    hits = sum(truth[claim] == deal for claim, deal in ties.items())
    there = sum(deal is not None for deal in truth.values())
    return hits / max(len(ties), 1), hits / max(there, 1)


def _pairs(world: World) -> pl.DataFrame:
    """Each registration beside each opportunity of its customer."""
    by_account: dict[str, list[dict[str, Any]]] = {}
    for row in world.salesforce["Opportunity"]:
        by_account.setdefault(str(row["AccountId"]), []).append(_opportunity(row))
    deals = {record.id: record.properties for record in world.hubspot["deals"]}
    rows = [
        {"registration_id": told.deal, **_claim(deals[told.deal]), **there}
        for told in world.truth.registrations
        for there in by_account.get(told.account or "", ())
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _claim(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "product": told["registration_product"],
        "amount": _money(told["amount"]),
        "currency": told["deal_currency_code"],
        "close_date": date.fromisoformat(str(told["closedate"])[:10]),
    }


def _opportunity(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "opportunity_id": row["Id"],
        f"product{THERE}": row["Product_Family__c"],
        f"amount{THERE}": _money(row["Amount"]),
        f"currency{THERE}": row["CurrencyIsoCode"],
        f"close_date{THERE}": date.fromisoformat(str(row["CloseDate"])),
        "is_closed": str(row["StageName"]).startswith("Closed"),
    }


def _money(value: object) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))


if __name__ == "__main__":
    main()
