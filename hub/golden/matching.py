"""What lines are matched with, read from the warehouse: companies, accounts, distributors.

A company is named in the vendor's lists and in hub.yaml by its hub id, by a record
(`SYSTEM/OBJECT/RECORD`) or by its account number with the vendor.
"""

from collections.abc import Callable, Sequence

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
_RECORD = ("system", "object", "record_id")


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


def referred(conn: Connection, references: Sequence[str]) -> dict[str, str]:
    """Reference → the living company it stands for; one that stands for none, or several, is left
    out."""
    told = pl.DataFrame({"reference": references}, schema={"reference": pl.String}).unique()
    record = pl.col("reference").str.splitn("/", 3)
    told = told.with_columns(
        pl.col("reference").str.extract(_HUB_ID).alias("number"),
        *(record.struct.field(f"field_{at}").alias(name) for at, name in enumerate(_RECORD)),
    )
    by_id = told.filter(pl.col("number").is_not_null()).select(
        "reference", hub_id=pl.format("co_{}", "number")
    )
    others = told.filter(pl.col("number").is_null())
    is_record = pl.col("record_id").is_not_null()
    found = pl.concat(
        [
            by_id,
            _by_record(conn, others.filter(is_record)),
            _by_number(conn, others.filter(~is_record).select(account_no="reference")),
        ]
    )
    alive = _living(conn, found.select("hub_id").unique())
    sure = found.join(alive, on="hub_id").group_by("reference").agg(pl.col("alive").unique())
    sure = sure.filter(pl.col("alive").list.len() == 1)
    return dict(zip(sure["reference"], sure["alive"].list.first(), strict=True))


def _by_record(conn: Connection, told: pl.DataFrame) -> pl.DataFrame:
    """reference, hub_id of the companies that records are of."""
    x = crosswalk.c
    with bulk.staged(conn, told.select(_RECORD), crosswalk, index=_RECORD) as wanted:
        same = [x[name] == wanted.c[name] for name in _RECORD]
        query = select(*(x[name] for name in _RECORD), x.hub_id)
        rows = bulk.read(conn, query.where(x.entity == "company", *same))
    return told.join(rows, on=_RECORD).select("reference", "hub_id")


def _by_number(conn: Connection, told: pl.DataFrame) -> pl.DataFrame:
    """reference, hub_id of the companies that bear an account number of the vendor."""
    number = src_company.c.account_no
    with bulk.staged(conn, told, src_company, index=["account_no"]) as wanted:
        query = (
            select(number.label("reference"), crosswalk.c.hub_id)
            .join_from(crosswalk, src_company, on_key(src_company, "company"))
            .where(
                number.in_(select(wanted.c.account_no)),
                src_company.c.is_deleted.is_(False),
                src_company.c.object != "reseller",  # a distributor's own numbers
            )
        )
        return bulk.read(conn, query)


def _living(conn: Connection, ids: pl.DataFrame) -> pl.DataFrame:
    """hub_id, alive: the company that an id stands for now; what is no company is left out."""
    a, x = identity_alias.c, crosswalk.c
    with bulk.staged(conn, ids.select(old_id="hub_id"), identity_alias, index=["old_id"]) as asked:
        moved = bulk.read(conn, select(a.old_id, a.hub_id).where(a.old_id == asked.c.old_id))
    now = ids.join(
        moved.rename({"hub_id": "alive"}), left_on="hub_id", right_on="old_id", how="left"
    )
    now = now.with_columns(pl.coalesce("alive", "hub_id").alias("alive"))
    wanted = now.select(hub_id="alive").unique()
    with bulk.staged(conn, wanted, crosswalk, index=["hub_id"]) as asked:
        query = select(x.hub_id).where(x.entity == "company", x.hub_id.in_(select(asked.c.hub_id)))
        there = bulk.read(conn, query.distinct())["hub_id"]
    return now.filter(pl.col("alive").is_in(there.implode()))


def with_keys(rows: pl.DataFrame, name: str, postal: str) -> pl.DataFrame:
    """`rows` with `name_key` (without legal form, folded) and `postal_key`."""
    return rows.with_columns(
        _each(rows[name], _core).alias("name_key"),
        _each(rows[postal], postal_code).alias("postal_key"),
    )


def _each(values: pl.Series, made: Callable[[str], str | None]) -> pl.Series:
    """A function of text over a column, once per distinct value."""
    distinct = values.drop_nulls().unique().to_list()
    known = {text: made(text) for text in distinct}
    return pl.Series([known.get(text) for text in values.to_list()], dtype=pl.String)


def _core(text: str) -> str | None:
    core, _ = split_form(words(text))
    return " ".join(core_words(core)) or None
