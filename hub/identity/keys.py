"""Blocking keys: profiles that share one are compared. Each kind is a reason to look twice.

The number of profiles that hold a key is kept exactly. It serves twice: keys that too many hold
bring no candidates, and the size of a value's block says how telling the value is. Both change in
steps only, so the profiles to look at again when a block grows are known and few.
"""

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


def keys_of(profiles: pl.DataFrame, entity: Entity) -> pl.DataFrame:
    """(profile, key, kind, label), distinct, of profiles given with their columns."""
    found = values_of(profiles, entity)
    if found.is_empty():
        return pl.DataFrame(schema=_KEY_SCHEMA)
    whole = pl.concat_str(pl.lit(f"{entity} "), "kind", pl.lit(" "), "value")
    return found.select(
        "profile",
        whole.map_batches(hashes, return_dtype=pl.Int64).alias("key"),
        "kind",
        label=pl.col("value").str.slice(0, _LABEL),
    )


def values_of(profiles: pl.DataFrame, entity: Entity) -> pl.DataFrame:
    """(profile, kind, value), distinct: what keys are made of."""
    rules = _company() if entity == "company" else _contact()
    return pl.concat([_values(profiles, *rule) for rule in rules]).unique()


def _values(profiles: pl.DataFrame, kind: str, listed: pl.Expr, beside: str | None) -> pl.DataFrame:
    """(profile, kind, value): each listed text, together with the column `beside` if given."""
    one = pl.col("value")
    return (
        profiles.select("profile", value=listed, beside=pl.col(beside) if beside else pl.lit(""))
        .explode("value")
        .drop_nulls()
        .select(
            "profile",
            kind=pl.lit(kind),
            value=pl.concat_str(one, pl.lit("/"), "beside") if beside else one,
        )
    )


_Rule = tuple[str, pl.Expr, str | None]


def _company() -> list[_Rule]:
    words = pl.col("name").str.split(" ")
    sorted_name = pl.concat_list(words.list.sort().list.join(" "))
    long = words.list.eval(pl.element().filter(pl.element().str.len_chars() >= 3))
    telling = long.list.set_difference(pl.lit(_COMMON))
    foreign = pl.col("script").is_not_null() | pl.col("country").is_in(_OTHER_SCRIPTS)
    steady = pl.when(foreign).then(consonants(pl.col("name"))).str.split(" ")
    sounds = steady.list.eval(pl.element().filter(pl.element().str.len_chars() >= 3))
    letters = pl.col("name").str.replace_all(" ", "").str.split("").list.unique().list.sort()
    return [
        *((kind, pl.concat_list(kind), None) for kind in ("tax", "duns", "domain", "account")),
        ("phone", pl.concat_list(phone_tail(pl.col("phone"))), None),
        ("name", sorted_name, None),
        ("name+country", sorted_name, "country"),
        ("glued", pl.concat_list(pl.col("name").str.replace_all(" ", "")), None),
        ("word", telling, None),
        ("trade", long.list.set_intersection(pl.lit(_COMMON)), None),
        ("word+country", telling, "country"),
        ("word+postal", long, "postal"),
        ("word+city", telling, "city"),
        ("sound", sounds, "country"),
        # Letters swapped or doubled leave the set of a name's letters as it was.
        ("letters+country", pl.concat_list(letters.list.join("")), "country"),
        ("street+postal", pl.concat_list("street"), "postal"),
    ]


def _contact() -> list[_Rule]:
    halves = pl.col("person").str.split("|")
    halves = halves.list.eval(pl.element().filter(pl.element().str.len_chars() >= 2))
    both = pl.when(halves.list.len() == 2).then(halves.list.sort().list.join(" "))
    person = pl.concat_list(both)
    return [
        ("mail", pl.concat_list("mail"), None),
        ("phone", pl.concat_list(phone_tail(pl.col("phone"))), None),
        ("phone", pl.concat_list(phone_tail(pl.col("mobile"))), None),
        ("person", person, None),
        ("person+country", person, "country"),
        ("name+company", halves, "company"),
        ("name+domain", halves, "mail_domain"),
        ("name+employer", halves, "employer"),
        ("name+postal", halves, "postal"),
        ("name+street", halves, "street"),
        ("name+city", halves, "city"),
        ("name+born", halves, "born"),
        ("street+postal", pl.concat_list("street"), "postal"),
        ("born", pl.concat_list("born"), None),
        ("national", pl.concat_list("national"), None),
    ]


def phone_tail(number: pl.Expr) -> pl.Expr:
    """What two ways to write one number share even if one of them lacks its country."""
    return number.str.replace_all(r"\D", "").str.tail(8)
