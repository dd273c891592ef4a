"""A file's rows as mentions: the columns that `standardise` takes, whatever the file calls them."""

import polars as pl

from hub.checks.codes import country_codes
from hub.identity.mentions import COMPANY, CONTACT, STATE, Entity
from hub.identity.standalone.columns import Columns
from hub.identity.wordlists import word_list

_FAMILY_PARTS = word_list("family_parts")


def mentions(
    rows: pl.DataFrame, columns: Columns, entity: Entity, source: str | None, country: str | None
) -> pl.DataFrame:
    """ROW + STATE + the entity's columns, one per row; `record_id` is the row's number.

    `source` names a column of `rows` that tells who counts the account numbers; `country` is
    assumed where a row names none.
    """
    held = {field: _text(header) for field, header in columns.fields.items()}
    if "house" in held:
        house = held.pop("house")
        held["street"] = (
            pl.concat_str(house, held["street"], separator=" ", ignore_nulls=True)
            if "street" in held
            else house
        )
    if "full_name" in held:
        given, family = _halves(rows.select(full=held.pop("full_name"))["full"])
        held["first_name"] = pl.coalesce(held.get("first_name", pl.lit(None, pl.String)), given)
        held["last_name"] = pl.coalesce(held.get("last_name", pl.lit(None, pl.String)), family)
    land = _code(held["country"]) if "country" in held else pl.lit(None, pl.String)
    held["country"] = land.fill_null(pl.lit(country, pl.String))
    nothing = pl.lit(None, pl.String)
    wanted = COMPANY if entity == "company" else CONTACT
    return rows.select(
        system=_text(source).fill_null("") if source else pl.lit(""),
        object=pl.lit("row"),
        record_id=pl.int_range(pl.len()).cast(pl.String),
        **dict.fromkeys(STATE, nothing),
        **{name: held.get(name, nothing) for name in wanted},
    )


def _text(header: str) -> pl.Expr:
    text = pl.col(header).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def _code(country: pl.Expr) -> pl.Expr:
    """The ISO code of a country however it is written; what is none is left out."""
    return country.str.to_lowercase().replace_strict(
        country_codes(), default=None, return_dtype=pl.String
    )


def _halves(full: pl.Series) -> tuple[pl.Series, pl.Series]:
    halves = [(None, None) if text is None else _split(text) for text in full]
    given = pl.Series([first for first, _ in halves], dtype=pl.String)
    return given, pl.Series([last for _, last in halves], dtype=pl.String)


def _split(full: str) -> tuple[str | None, str]:
    """Given and family name; `Family, Given` is read as such, `van der` goes with the family."""
    last, comma, first = (part.strip() for part in full.partition(","))
    if comma and first and last:
        return first, last
    words = full.replace(",", " ").split()
    at = len(words) - 1
    while at > 1 and words[at - 1].casefold() in _FAMILY_PARTS:
        at -= 1
    return " ".join(words[:at]) or None, " ".join(words[at:])
