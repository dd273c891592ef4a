"""`hub feed unmatched`: resellers that nobody knows for certain, the costliest first."""

from typing import Any

import polars as pl
from sqlalchemy import select

from hub.commands.warehouse import Workplace
from hub.golden.buyers import AMBIGUOUS, UNMATCHED
from hub.golden.matching import companies_by_name, with_keys
from hub.golden.scope import on_key
from hub.models import bulk
from hub.models.database import reading
from hub.models.golden import company, pos_line
from hub.models.identity import crosswalk
from hub.models.sources import src_pos_line

_NAMED = ("distributor", "reseller_account", "reseller_name", "reseller_postal_code")
_KEYS = ("name_key", "postal_key")


def unmatched(place: Workplace) -> list[dict[str, Any]]:
    """One row per reseller as printed: how many lines and how much money (by currency) wait for
    it to be known, and the `candidates` (id, name) where several companies fit equally well."""
    with reading(place.engine) as conn:
        c, s = pos_line.c, src_pos_line.c
        rows = bulk.read(
            conn,
            select(
                *(c.distributor, c.reseller_match, c.amount, c.currency),
                *(s.reseller_account, s.reseller_name, s.reseller_postal_code),
            )
            .join_from(crosswalk, src_pos_line, on_key(src_pos_line, "pos_line"))
            .join(pos_line, c.id == crosswalk.c.hub_id)
            .where(c.reseller_match.in_([AMBIGUOUS, UNMATCHED])),
        )
        keyed = with_keys(rows, "reseller_name", "reseller_postal_code").with_columns(
            by_identity=pl.lit(None, pl.String)
        )
        likely = companies_by_name(conn, keyed).drop_nulls(_KEYS).unique("id")
        names = dict(
            conn.execute(
                select(company.c.id, company.c.name).where(company.c.id.in_(likely["id"].to_list()))
            ).all()
        )
    money = (
        keyed.group_by(*_NAMED, "reseller_match", *_KEYS, "currency")
        .agg(pl.len().alias("lines"), pl.col("amount").abs().sum())
        .sort("amount", descending=True)
    )
    fitting: dict[tuple[str, str], list[str]] = {}
    for name_key, postal_key, one in likely.select(*_KEYS, "id").sort("id").iter_rows():
        fitting.setdefault((name_key, postal_key), []).append(one)
    found = []
    for key, group in money.group_by(*_NAMED, "reseller_match", *_KEYS, maintain_order=True):
        found.append(
            {
                **dict(zip((*_NAMED, "match"), key[:5], strict=True)),
                "lines": int(group["lines"].sum()),
                "amounts": {
                    str(currency): str(amount)
                    for currency, amount in group.select("currency", "amount").iter_rows()
                },
                "candidates": [{"id": one, "name": names[one]} for one in fitting.get(key[5:], [])],
            }
        )
    return found
