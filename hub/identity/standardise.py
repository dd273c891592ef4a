"""Mentions into profiles: the columns that matching compares, each in one spelling.

Two mentions with the same standardised columns share one profile and are matched once. `profile`
is a hash of those columns, so a change that is not about matching leaves it as it was.
"""

from collections.abc import Callable

import polars as pl

from hub.identity import values
from hub.identity.hashing import hashes
from hub.identity.legal_forms import split_form
from hub.identity.mentions import ROW, STATE, Entity
from hub.identity.names import core_words
from hub.identity.scripts import in_another_script
from hub.identity.text import fold, folded, words_of
from hub.identity.wordlists import phrases

_PLACEHOLDERS = frozenset(fold(phrase) for phrase in phrases("placeholders")) | {""}

COMPANY = (
    "name", "form", "domain", "phone", "street", "city", "postal", "country", "tax", "duns",
    "account", "script",
)  # fmt: skip
CONTACT = (
    "person", "mail", "mail_domain", "shared_box", "phone", "mobile", "company", "employer",
    "street", "city", "postal", "country", "born", "national", "script",
)  # fmt: skip
COLUMNS: dict[Entity, tuple[str, ...]] = {"company": COMPANY, "contact": CONTACT}


def standardise(mentions: pl.DataFrame, entity: Entity) -> pl.DataFrame:
    """ROW + STATE + the entity's standardised columns + `profile`, of those that name somebody."""
    made = _company(mentions) if entity == "company" else _contact(mentions)
    columns = COLUMNS[entity]
    return made.select(*ROW, *STATE, *columns).with_columns(
        profile=hashes(made.select(pl.struct(columns).struct.json_encode()).to_series())
    )


def _company(m: pl.DataFrame) -> pl.DataFrame:
    # A lead's number is its person's as often as the switchboard's: it only stands in for a
    # domain, so that the many leads of one large employer keep few profiles.
    domain = pl.coalesce(_each("website", values.domain), _each("email", _mail_domain))
    told = m.with_columns(domain=domain, plain=folded(pl.col("name")))
    # A name may only fill a field that asks for one.
    named = ~pl.col("plain").is_in(sorted(_PLACEHOLDERS)).fill_null(True)
    known = told.filter(
        named | pl.any_horizontal(pl.col(n).is_not_null() for n in ("domain", "tax_id", "duns"))
    )
    return known.with_columns(
        *_core_and_form(known["plain"]),
        _each("name", _script).alias("script"),
        pl.coalesce(
            _phone("phone"), pl.when(pl.col("domain").is_null()).then(_phone("lead_phone"))
        ).alias("phone"),
        _each("street", values.street).alias("street"),
        _each("city", _folded).alias("city"),
        _each("postal_code", values.postal_code).alias("postal"),
        _each("tax_id", values.tax_number).alias("tax"),
        _each("duns", values.code).alias("duns"),
        (pl.col("system") + "/" + _each("account_no", values.account_number)).alias("account"),
    )


def _contact(m: pl.DataFrame) -> pl.DataFrame:
    parts = [pl.col(n).fill_null("") for n in ("first_name", "last_name", "email")]
    person = _each(pl.concat_str(parts, separator="\n"), _person)
    return m.with_columns(
        pl.col("company_id").alias("company"),
        person.alias("person"),
        _each("last_name", _script).alias("script"),
        _each("email", _address).alias("mail"),
        _each("email", _mail_domain).alias("mail_domain"),
        _each("email", _shared).alias("shared_box"),
        _phone("phone").alias("phone"),
        _phone("mobile").alias("mobile"),
        _core_and_form(m.select(folded(pl.col("company_name"))).to_series())[0].alias("employer"),
        _each("street", values.street).alias("street"),
        _each("city", _folded).alias("city"),
        _each("birth_date", values.birth_date).alias("born"),
        _each("national_id", values.code).alias("national"),
        _each("postal_code", values.postal_code).alias("postal"),
    )


def _each(column: str | pl.Expr, made: Callable[[str], str | None]) -> pl.Expr:
    """`made` of every text of the column; each distinct text is worked on once."""

    def mapped(texts: pl.Series) -> pl.Series:
        distinct = texts.drop_nulls().unique()
        results = pl.Series([made(text) for text in distinct], dtype=pl.String)
        return texts.replace_strict(distinct, results, default=None, return_dtype=pl.String)

    texts = pl.col(column) if isinstance(column, str) else column
    return texts.map_batches(mapped, return_dtype=pl.String)


def _phone(column: str) -> pl.Expr:
    """Numbers are read in the light of the row's country."""
    number = pl.concat_str(pl.col("country").fill_null(""), pl.lit("|"), pl.col(column))
    return _each(number, _dialled)


def _dialled(text: str) -> str | None:
    country, _, number = text.partition("|")
    return values.phone(number, country or None)


def _core_and_form(plain: pl.Series) -> tuple[pl.Series, pl.Series]:
    """`name` and `form` of folded names."""
    distinct = plain.drop_nulls().unique()
    parts = [split_form(words_of(text)) for text in distinct]
    table = pl.DataFrame(
        {
            "plain": distinct,
            "name": [" ".join(core_words(core)) or None for core, _ in parts],
            "form": [form for _, form in parts],
        },
        schema_overrides={"name": pl.String, "form": pl.String},
    )
    told = plain.to_frame("plain").join(table, on="plain", how="left", maintain_order="left")
    return told["name"], told["form"]


def _script(text: str) -> str | None:
    return "other" if in_another_script(text) else None


def _folded(text: str) -> str | None:
    return fold(text) or None


def _person(text: str) -> str | None:
    """`first|last`; a given name that is missing or abbreviated is taken from the mailbox."""
    first_name, last_name, email = text.split("\n")
    first, last = fold(first_name), fold(last_name)
    box = values.mailbox(email)
    if len(first) < 2 and last and box and not box.shared:
        told = values.given_name(box.local, last)
        if told and told.startswith(first):
            first = told
    return f"{first}|{last}" if first or last else None


def _address(text: str) -> str | None:
    box = values.mailbox(text)
    return box and box.address


def _mail_domain(text: str) -> str | None:
    box = values.mailbox(text)
    return box and box.domain


def _shared(text: str) -> str | None:
    box = values.mailbox(text)
    return "yes" if box and box.shared else None
