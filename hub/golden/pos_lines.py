"""Golden POS lines: each reported sale, its reseller and end customer as central companies."""

import polars as pl
from sqlalchemy import Connection, Table, delete, exists, select, union
from sqlalchemy.sql import ColumnElement

from hub.golden.buyers import (
    AMBIGUOUS,
    NAME_POSTAL,
    UNMATCHED,
    with_end_customers,
    with_legs,
    with_resellers,
)
from hub.golden.context import Context
from hub.golden.entries import book
from hub.golden.matching import accounts_of, companies_by_name, distributors_of, with_keys
from hub.golden.minting import mint
from hub.golden.products import with_products
from hub.golden.scope import members, references
from hub.golden.singles import changed_rows, touched_by_reference, touched_singles
from hub.golden.write import remove, write
from hub.models import bulk
from hub.models.golden import company, pos_line
from hub.models.identity import identity_alias
from hub.models.runs import Run
from hub.models.sources import src_pos_line


def unify_pos_lines(conn: Connection, context: Context, run: Run, since: int) -> int:
    """Rebuild the POS lines touched after run `since`; returns how many were written."""
    changed = changed_rows(conn, src_pos_line, since)
    fresh = changed.filter(~pl.col("is_deleted")).with_columns(
        hub_key=pl.lit(None, dtype=pl.String)
    )
    mint(conn, "pos_line", "ps", fresh, pos_line, run)
    ids = touched_singles(conn, "pos_line", src_pos_line, since)
    for column in ("reseller_record_id", "end_customer_record_id"):
        moved = touched_by_reference(conn, "pos_line", src_pos_line, since, column)
        ids = pl.concat([ids, moved])
    ids = pl.concat([ids, _doubtful(conn, since)]).unique()
    if not ids.height:
        return 0
    rows = _matched(conn, context, members(conn, "pos_line", src_pos_line, ids))
    rows = references(conn, "report", rows, "report", "report_record_id", "report_id")
    golden = rows.with_columns(
        pl.col("system").alias("distributor"),
        pl.coalesce("period_end", "report_date").dt.strftime("%Y-%m").alias("period"),
        amount=pl.coalesce(
            pl.col("amount"),
            (pl.col("unit_price") * pl.col("quantity").cast(pl.Decimal(15, 0)))
            .round(2, mode="half_away_from_zero")
            .cast(pl.Decimal(15, 2)),
        ),
    ).rename({"hub_id": "id"})
    ids = ids.rename({"hub_id": "id"})
    if conn.scalar(select(pos_line.c.id).limit(1)) is not None:
        _leave_other_periods(conn, golden)
    written = write(conn, pos_line, golden, run)
    remove(conn, pos_line, ids.join(golden, on="id", how="anti"), run)
    book(conn, run, ids, golden)
    return written


def _doubtful(conn: Connection, since: int) -> pl.DataFrame:
    """`hub_id` of lines whose reseller was looked for by name, when companies have changed since,
    and of those whose reseller lives on under another id."""
    by_name = select(pos_line.c.id.label("hub_id")).where(
        pos_line.c.reseller_match.in_([NAME_POSTAL, AMBIGUOUS, UNMATCHED]),
        select(company.c.id).where(company.c.run > since).exists(),
    )
    merged = select(pos_line.c.id.label("hub_id")).where(
        pos_line.c.reseller_company_id == identity_alias.c.old_id
    )
    found = union(by_name, merged).subquery()
    return bulk.read(conn, select(found.c.hub_id))


def _matched(conn: Connection, context: Context, rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with the companies and the product that each speaks of, and how they were found."""
    day = pl.coalesce("ship_date", "invoice_date", "report_date")
    rows = with_products(rows.with_columns(day=day), context.catalogue.products)
    rows = references(conn, "company", rows, "reseller", "reseller_record_id", "by_identity")
    rows = with_keys(rows, "reseller_name", "reseller_postal_code")
    accounts = accounts_of(conn, context.catalogue)
    rows = with_resellers(rows, accounts, companies_by_name(conn, rows))
    rows = references(
        conn, "company", rows, "end_customer", "end_customer_record_id", "end_customer_company_id"
    )
    return with_legs(with_end_customers(rows), distributors_of(conn, dict(context.distributors)))


def _leave_other_periods(conn: Connection, lines: pl.DataFrame) -> None:
    """A line that moved to another period is no longer in the one before."""
    with bulk.staged(conn, lines.select("id", "period"), pos_line) as stage:
        conn.execute(delete(pos_line).where(_elsewhere(stage)))


def _elsewhere(stage: Table) -> ColumnElement[bool]:
    return exists().where(stage.c.id == pos_line.c.id, stage.c.period != pos_line.c.period)
