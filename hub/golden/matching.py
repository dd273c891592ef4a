"""What lines are matched with, read from the warehouse: companies, accounts, distributors.

A company is named in the vendor's lists and in hub.yaml by its hub id, by a record
(`SYSTEM/OBJECT/RECORD`) or by its account number with the vendor.
"""

import re

import polars as pl
from sqlalchemy import Connection, select

from hub.golden.catalogue import Catalogue
from hub.golden.scope import on_key
from hub.identity.legal_forms import split_form
from hub.identity.names import core_words
from hub.identity.text import words
from hub.identity.values import postal_code
from hub.models import bulk
from hub.models.golden import company
from hub.models.identity import crosswalk, identity_alias
from hub.models.sources import src_company

_HUB_ID = r"^(?:pa|co)_(\d{8,})$"


def accounts_of(conn: Connection, catalogue: Catalogue) -> pl.DataFrame:
    """The list of accounts with the companies it names, null where nobody is known by that name."""
    listed = catalogue.accounts
    known = referred(conn, listed["company"].unique().to_list())
    return with_keys(listed, "name", "postal_code").join(
        pl.DataFrame(
            {"company": list(known), "company_id": list(known.values())},
            schema={"company": pl.String, "company_id": pl.String},
        ),
        on="company",
        how="left",
    )


def companies_by_name(conn: Connection, lines: pl.DataFrame) -> pl.DataFrame:
    """id, name_key, postal_key of companies in the postal codes of lines whose reseller no account
    tells."""
    bare = lines.filter(pl.col("by_identity").is_null())["postal_key"].drop_nulls().unique()
    query = select(company.c.id, company.c.name, company.c.postal_code)
    if not bare.len():
        return with_keys(bulk.read(conn, query.limit(0)), "name", "postal_code")
    rows = bulk.read(conn, query.where(company.c.postal_code.is_not(None)))
    keyed = with_keys(rows, "name", "postal_code")
    return keyed.filter(pl.col("postal_key").is_in(bare.implode()))


def distributors_of(conn: Connection, references: dict[str, str]) -> pl.DataFrame:
    """company_id of the distributors that report to the hub: `references` is system → `partner`."""
    known = referred(conn, list(references.values()))
    return pl.DataFrame(
        {"company_id": sorted(set(known.values()))}, schema={"company_id": pl.String}
    )


def referred(conn: Connection, references: list[str]) -> dict[str, str]:
    """Reference → the living company it stands for; one that stands for none, or several, is left
    out."""
    found: dict[str, set[str]] = {}
    for reference in references:
        hub_id = re.match(_HUB_ID, reference)
        if hub_id:
            found[reference] = {f"co_{hub_id[1]}"}
        elif reference.count("/") >= 2:
            system, obj, record_id = reference.split("/", 2)
            x = crosswalk.c
            query = select(x.hub_id).where(
                x.entity == "company", x.system == system, x.object == obj,
                x.record_id == record_id,
            )  # fmt: skip
            found[reference] = set(conn.scalars(query))
    numbers = [one for one in references if one not in found]
    query = (
        select(src_company.c.account_no, crosswalk.c.hub_id)
        .join_from(crosswalk, src_company, on_key(src_company, "company"))
        .where(
            src_company.c.account_no.in_(numbers),
            src_company.c.is_deleted.is_(False),
            src_company.c.object != "reseller",  # a distributor's own numbers are not the vendor's
        )
    )
    for number, hub_id in conn.execute(query):
        found.setdefault(number, set()).add(hub_id)
    alive = _living(conn, {one for ids in found.values() for one in ids})
    sure = {ref: {alive.get(one, one) for one in ids} for ref, ids in found.items()}
    return {ref: next(iter(ids)) for ref, ids in sure.items() if len(ids) == 1}


def with_keys(rows: pl.DataFrame, name: str, postal: str) -> pl.DataFrame:
    """`rows` with `name_key` (without legal form, folded) and `postal_key`."""
    return rows.with_columns(
        _each(rows[name], _core).alias("name_key"),
        _each(rows[postal], postal_code).alias("postal_key"),
    )


def _each(values: pl.Series, made: object) -> pl.Series:
    """A function of text over a column, once per distinct value."""
    distinct = values.drop_nulls().unique().to_list()
    known = {text: made(text) for text in distinct}  # type: ignore[operator]
    return pl.Series([known.get(text) for text in values.to_list()], dtype=pl.String)


def _core(text: str) -> str | None:
    core, _ = split_form(words(text))
    return " ".join(core_words(core)) or None


def _living(conn: Connection, ids: set[str]) -> dict[str, str]:
    a = identity_alias.c
    rows = conn.execute(select(a.old_id, a.hub_id).where(a.old_id.in_(sorted(ids))))
    return {row.old_id: row.hub_id for row in rows}
