"""Who bought: the reseller and the end customer of each line among the central companies.

A reseller is found, in this order, by the vendor's own list of accounts, by the identity of the
distributor's account, by name and postal code. Two that fit equally well are nobody: such a line
waits for a decision (`ambiguous`), and still counts for stock. `VARIOUS`, nothing, or the reseller
itself is no end customer: `unresolved`, counted in the coverage, without credit for any deal.
"""

import polars as pl

AUTHORISED, IDENTITY, NAME_POSTAL, AMBIGUOUS, UNMATCHED, UNRESOLVED = (
    *("authorised", "identity", "name_postal", "ambiguous", "unmatched", "unresolved"),
)
TO_RESELLER, TO_DISTRIBUTOR = "to_reseller", "to_distributor"


def with_resellers(
    lines: pl.DataFrame, accounts: pl.DataFrame, companies: pl.DataFrame
) -> pl.DataFrame:
    """`lines` with `reseller_company_id` and `reseller_match`.

    Wants of lines: system, day, reseller_account, name_key, postal_key, by_identity (a company id).
    `accounts`: distributor, account_no, name_key, postal_key, company_id, valid_from, valid_to.
    `companies`: id, name_key, postal_key.
    """
    numbered = lines.with_row_index("at")
    listed = _listed(numbered, accounts)
    likely = _likely(numbered, companies)
    rows = numbered.join(listed, on="at", how="left").join(likely, on="at", how="left")
    several = (pl.col("likely_number") > 1).fill_null(value=False)
    bare = pl.col("by_identity").is_null() & pl.col("listed_id").is_null()
    return (
        rows.sort("at")
        .with_columns(
            reseller_company_id=pl.coalesce(
                "listed_id", "by_identity", pl.when(~several).then("likely_id")
            ),
            reseller_match=pl.when(pl.col("listed_id").is_not_null()).then(pl.lit(AUTHORISED))
            .when(~bare).then(pl.lit(IDENTITY))
            .when(several).then(pl.lit(AMBIGUOUS))
            .when(pl.col("likely_id").is_not_null()).then(pl.lit(NAME_POSTAL))
            .otherwise(pl.lit(UNMATCHED)),
        )
        .drop("at", "listed_id", "likely_id", "likely_number")
    )  # fmt: skip


def with_end_customers(lines: pl.DataFrame) -> pl.DataFrame:
    """`lines` (end_customer_record_id, end_customer_company_id, reseller_company_id) with
    `end_customer_match`; the reseller itself is no end customer."""
    customer = pl.col("end_customer_company_id")
    itself = (customer == pl.col("reseller_company_id")).fill_null(value=False)
    nobody = pl.col("end_customer_record_id").is_null() | itself
    return lines.with_columns(
        end_customer_match=pl.when(nobody).then(pl.lit(UNRESOLVED))
        .when(customer.is_not_null()).then(pl.lit(IDENTITY))
        .otherwise(pl.lit(UNMATCHED)),
        end_customer_company_id=pl.when(~nobody).then(customer),
    )  # fmt: skip


def with_legs(lines: pl.DataFrame, distributors: pl.DataFrame) -> pl.DataFrame:
    """`lines` with `channel_leg`: what one reporting distributor sells to another is reported again
    by that one, so it counts as stock that moves, not as demand. `distributors`: company_id."""
    known = distributors["company_id"].implode()
    between = pl.col("reseller_company_id").is_in(known).fill_null(value=False)
    return lines.with_columns(
        channel_leg=pl.when(between).then(pl.lit(TO_DISTRIBUTOR)).otherwise(pl.lit(TO_RESELLER))
    )


def _listed(lines: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """at, listed_id: by account number; of lines without one, by name and postal code."""
    known = accounts.filter(pl.col("company_id").is_not_null()).rename({"distributor": "system"})
    held = ("company_id", "valid_from", "valid_to")
    numbered = lines.select("at", "system", "day", account_no="reseller_account")
    bare = lines.filter(pl.col("reseller_account").is_null())
    hits = pl.concat(
        [
            numbered.join(known.select("system", "account_no", *held), on=["system", "account_no"])
            .select("at", "day", *held),
            bare.select("at", "system", "day", "name_key", "postal_key")
            .join(
                known.filter(pl.col("account_no").is_null()).select(
                    "system", "name_key", "postal_key", *held
                ),
                on=["system", "name_key", "postal_key"],
            )
            .select("at", "day", *held),
        ]
    ).filter(
        (pl.col("valid_from").is_null() | (pl.col("valid_from") <= pl.col("day")))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("day")))
    )  # fmt: skip
    sure = hits.group_by("at").agg(pl.col("company_id").unique())
    return sure.filter(pl.col("company_id").list.len() == 1).select(
        "at", listed_id=pl.col("company_id").list.first()
    )


def _likely(lines: pl.DataFrame, companies: pl.DataFrame) -> pl.DataFrame:
    """at, likely_id, likely_number: companies of the same name and postal code, where no account
    says more."""
    open_ = lines.filter(pl.col("by_identity").is_null()).select("at", "name_key", "postal_key")
    hits = open_.drop_nulls().join(companies.drop_nulls(), on=["name_key", "postal_key"])
    return hits.group_by("at").agg(
        likely_id=pl.col("id").min(), likely_number=pl.col("id").n_unique()
    )
