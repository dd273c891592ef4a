"""Blocking keys: profiles that share one are compared. Each kind is a reason to look twice.

The number of profiles that hold a key is kept exactly. It serves twice: keys that too many hold
bring no candidates, and the size of a value's block says how telling the value is. Both change in
steps only, so the profiles to look at again when a block grows are known and few.
"""

from collections.abc import Collection

import polars as pl

from hub.identity.hashing import hashes
from hub.identity.mentions import Entity
from hub.identity.names import common_words
from hub.identity.scripts import consonants
from hub.identity.wordlists import word_list

MEASURED: dict[str, tuple[str, ...]] = {
    "word": ("word", "trade"),
    **{kind: (kind,) for kind in ("domain", "phone", "person", "mail")},
}
"""What the model calls rare or common, and the kinds of keys whose blocks tell: of a name's words
the rarest counts, of phones the commonest."""

_KEY_SCHEMA = {"profile": pl.Int64, "key": pl.Int64, "kind": pl.String, "label": pl.String}
_LABEL = 120
_OTHER_SCRIPTS = sorted(word_list("other_scripts"))
_COMMON = pl.Series([sorted(common_words())])


def size_of(kind: str, column: str) -> pl.Expr:
    """The size of a profile's value of a measured kind, of the sizes of the blocks it is in."""
    return pl.col(column).min() if kind == "word" else pl.col(column).max()


def keys_of(
    profiles: pl.DataFrame, entity: Entity, kinds: Collection[str] | None = None
) -> pl.DataFrame:
    """(profile, key, kind, label), distinct, of profiles given with their columns; `kinds` keeps
    the named ones."""
    found = values_of(profiles, entity, kinds).unique()
    if found.is_empty():
        return pl.DataFrame(schema=_KEY_SCHEMA)
    whole = pl.concat_str(pl.lit(f"{entity} "), "kind", pl.lit(" "), "value")
    return found.select(
        "profile",
        whole.map_batches(hashes, return_dtype=pl.Int64).alias("key"),
        "kind",
        label=pl.col("value").str.slice(0, _LABEL),
    )


def values_of(
    profiles: pl.DataFrame, entity: Entity, kinds: Collection[str] | None = None
) -> pl.DataFrame:
    """(profile, kind, value): what keys are made of; a word may come as often as it was said."""
    lists, rules = (_words(), _COMPANY) if entity == "company" else (_halves(), _CONTACT)
    wanted = [rule for rule in rules if kinds is None or rule[0] in kinds]
    used = {column for _, *columns in wanted for column in columns}
    told = profiles.with_columns(**{name: made for name, made in lists.items() if name in used})
    return pl.concat([_values(told, *rule) for rule in wanted])


def _values(profiles: pl.DataFrame, kind: str, column: str, beside: str | None) -> pl.DataFrame:
    """(profile, kind, value): each text of the column, together with that `beside` if given."""
    one = pl.col(column)
    told = profiles.select(*dict.fromkeys(("profile", column, beside or "profile"))).drop_nulls()
    if isinstance(told.schema[column], pl.List):
        told = told.explode(column).drop_nulls()
    return told.select(
        "profile",
        kind=pl.lit(kind),
        value=pl.concat_str(one, pl.lit("/"), beside) if beside else one,
    )


def _words() -> dict[str, pl.Expr]:
    """What the keys of companies are made of beside the standardised columns."""
    words = pl.col("name").str.split(" ")
    long = words.list.eval(pl.element().filter(pl.element().str.len_chars() >= 3))
    foreign = pl.col("script").is_not_null() | pl.col("country").is_in(_OTHER_SCRIPTS)
    steady = pl.when(foreign).then(consonants(pl.col("name"))).str.split(" ")
    glued = pl.col("name").str.replace_all(" ", "", literal=True)
    return {
        "tail": phone_tail(pl.col("phone")),
        "sorted": words.list.sort().list.join(" "),
        "glued": glued,
        "long": long,
        "telling": long.list.set_difference(pl.lit(_COMMON)),
        "trade": long.list.set_intersection(pl.lit(_COMMON)),
        "sounds": steady.list.eval(pl.element().filter(pl.element().str.len_chars() >= 3)),
        # Letters swapped or doubled leave the set of a name's letters as it was.
        "letters": glued.str.split("").list.unique().list.sort().list.join(""),
    }


def _halves() -> dict[str, pl.Expr]:
    """What the keys of persons are made of beside the standardised columns."""
    halves = pl.col("person").str.split("|")
    halves = halves.list.eval(pl.element().filter(pl.element().str.len_chars() >= 2))
    return {
        "tail": phone_tail(pl.col("phone")),
        "mobile_tail": phone_tail(pl.col("mobile")),
        "halves": halves,
        "both": pl.when(halves.list.len() == 2).then(halves.list.sort().list.join(" ")),
    }


_Rule = tuple[str, str, str | None]
"""A kind of keys, the column of its texts or lists of texts, and a column that goes with each."""
_COMPANY: tuple[_Rule, ...] = (
    ("tax", "tax", None),
    ("duns", "duns", None),
    ("domain", "domain", None),
    ("account", "account", None),
    ("phone", "tail", None),
    ("name", "sorted", None),
    ("name+country", "sorted", "country"),
    ("glued", "glued", None),
    ("word", "telling", None),
    ("trade", "trade", None),
    ("word+country", "telling", "country"),
    ("word+postal", "long", "postal"),
    ("word+city", "telling", "city"),
    ("sound", "sounds", "country"),
    ("letters+country", "letters", "country"),
    ("street+postal", "street", "postal"),
)
_CONTACT: tuple[_Rule, ...] = (
    ("mail", "mail", None),
    ("phone", "tail", None),
    ("phone", "mobile_tail", None),
    ("person", "both", None),
    ("person+country", "both", "country"),
    ("name+company", "halves", "company"),
    ("name+domain", "halves", "mail_domain"),
    ("name+employer", "halves", "employer"),
    ("name+postal", "halves", "postal"),
    ("name+street", "halves", "street"),
    ("name+city", "halves", "city"),
    ("name+born", "halves", "born"),
    ("street+postal", "street", "postal"),
    ("born", "born", None),
    ("national", "national", None),
)
KIND = pl.Enum(sorted({rule[0] for rule in (*_COMPANY, *_CONTACT)}))


def phone_tail(number: pl.Expr) -> pl.Expr:
    """What two ways to write one number share even if one of them lacks its country."""
    return number.str.replace_all(r"\D", "").str.tail(8)
