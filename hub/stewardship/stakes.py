"""How much money hangs on a company: what would move if it were merged or split wrongly."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import Column, ColumnElement, Connection, select

from hub.identity.among import given_ids
from hub.models import bulk
from hub.models.golden import contact, opportunity, partner, pos_line, registration
from hub.policy.registration import LIVE

Money = dict[str, Decimal]
"""Currency → amount; the hub converts no currencies."""


@dataclass(frozen=True)
class _Source:
    """Amounts of a table that hang on a company, under a condition."""

    what: str
    company: Column[str]
    amount: Column[Decimal]
    currency: Column[str]
    when: ColumnElement[bool]


_OPEN = opportunity.c.is_closed.is_(False)
_CLAIMED = registration.c.status.in_(LIVE)
_REPORTED = pos_line.c.amount.is_not(None)
_OF_COMPANY = (
    _Source(
        "open opportunities",
        opportunity.c.company_id,
        opportunity.c.amount,
        opportunity.c.currency,
        _OPEN,
    ),
    _Source(
        "registrations",
        registration.c.company_id,
        registration.c.amount,
        registration.c.currency,
        _CLAIMED,
    ),
    *(
        _Source("reported sales", company, pos_line.c.amount, pos_line.c.currency, _REPORTED)
        for company in (pos_line.c.reseller_company_id, pos_line.c.end_customer_company_id)
    ),
)


def at_stake(conn: Connection, hub_ids: Collection[str]) -> dict[str, Money]:
    """Hub id of a company or person → the money that hangs on it; a person's is its company's."""
    employers = _employers(conn, [one for one in hub_ids if one.startswith("ct_")])
    companies = {*(one for one in hub_ids if one.startswith("co_")), *employers.values()}
    found: dict[str, Money] = {}
    frames = [_amounts(conn, source, companies) for source in _OF_COMPANY]
    frames.append(_by_partner(conn, companies))
    summed = pl.concat(frames).group_by("company", "currency").agg(pl.col("amount").sum())
    for company, currency, amount in summed.sort("company", "currency").iter_rows():
        found.setdefault(company, {})[currency] = amount
    return {one: found.get(employers.get(one, one), {}) for one in hub_ids}


def weighed(money: Mapping[str, Decimal], rates: Mapping[str, float]) -> float:
    """One number to order by: each currency times its rate; one that has none counts as it is."""
    return sum(float(abs(amount)) * rates.get(code, 1.0) for code, amount in money.items())


def added(*moneys: Mapping[str, Decimal]) -> Money:
    total: Money = {}
    for money in moneys:
        for currency, amount in money.items():
            total[currency] = total.get(currency, Decimal(0)) + amount
    return total


def _amounts(conn: Connection, source: _Source, companies: Collection[str]) -> pl.DataFrame:
    with given_ids(conn, companies) as given:
        names: dict[str, Column[Any]] = {
            "company": source.company,
            "currency": source.currency,
            "amount": source.amount,
        }
        columns: list[Any] = [column.label(name) for name, column in names.items()]
        query = select(*columns).where(
            source.company.in_(given), source.amount.is_not(None), source.when
        )
        return _known(bulk.read(conn, query))


def _by_partner(conn: Connection, companies: Collection[str]) -> pl.DataFrame:
    """Registrations hang on the partner who made them, too."""
    with given_ids(conn, companies) as given:
        query = (
            select(
                partner.c.company_id.label("company"),
                registration.c.currency.label("currency"),
                registration.c.amount.label("amount"),
            )
            .join_from(registration, partner, partner.c.id == registration.c.partner_id)
            .where(partner.c.company_id.in_(given), registration.c.amount.is_not(None), _CLAIMED)
        )
        return _known(bulk.read(conn, query))


def _known(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("currency").fill_null("?"))


def _employers(conn: Connection, persons: Collection[str]) -> dict[str, str]:
    with given_ids(conn, persons) as given:
        query = select(contact.c.id, contact.c.company_id).where(
            contact.c.id.in_(given), contact.c.company_id.is_not(None)
        )
        return {row.id: row.company_id for row in conn.execute(query)}
