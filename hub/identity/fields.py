"""Which level of agreement two profiles reach in each field, as expressions over columns of pairs.

The left profile's columns begin with `l_`, the right one's with `r_`: texts as `Agreement` numbers
them, and per measured kind how common the value is (`KIND_of`). A level is its place in the list of
the field's levels.
"""

from collections.abc import Callable, Sequence

import polars as pl
from rapidfuzz.distance import OSA

from hub.identity.names import across_scripts, person_relation
from hub.identity.relations import RELATION, Names

MISSING = "missing"
_SIZES = ("rare", "some", "common")
_EQUAL = (MISSING, "same", "differs")
_NAMES = (MISSING, *RELATION.categories)
_PERSONS = (
    *(MISSING, "same", "slip", "initial", "near", "part", "sounds", "script", "relative"),
    "different",
)
Levels = dict[str, list[str]]
"""The levels of each field, in the order of their numbers."""


def company_fields(levels: Levels, names: Names) -> dict[str, pl.Expr]:
    """The number of each field's level; `names` numbers the profiles' names, in `named`."""
    place = _number(levels["place"])
    nothing = place(MISSING)
    alike_forms = (pl.col("l_form") != pl.col("r_form")) & pl.col("l_limited") & pl.col("r_limited")
    other_account = pl.col("l_account") != pl.col("r_account")
    return {
        "name": _rare("word", _names(names), _NAMES, levels["name"], ("same", "slip", "short")),
        "form": pl.when(alike_forms).then(nothing).otherwise(_equal("form", levels["form"])),
        "domain": _rare("domain", _equal("domain"), _EQUAL, levels["domain"]),
        "phone": _rare("phone", _equal("phone"), _EQUAL, levels["phone"]),
        "place": pl.when(_same("postal") & _same("street"))
        .then(place("street"))
        .when(_same("postal"))
        .then(place("postal"))
        .when(_same("area"))
        .then(place("near"))
        .when(_known("postal"))
        .then(place("far"))
        .when(_same("city"))
        .then(place("city"))
        .when(_known("city"))
        .then(place("elsewhere"))
        .otherwise(place(MISSING)),
        "country": _equal("country", levels["country"]),
        "tax": _equal("tax", levels["tax"]),
        "duns": _equal("duns", levels["duns"]),
        "account": pl.when(other_account & ~_same("issuer"))
        .then(nothing)
        .otherwise(_equal("account", levels["account"])),
    }


def contact_fields(levels: Levels) -> dict[str, pl.Expr]:
    """The number of each field's level."""
    mail, company = _number(levels["mail"]), _number(levels["company"])
    shared = pl.col("l_shared_box").is_not_null()
    # Another firm, and so another mail domain: that is one fact, told by the company.
    other_company = (pl.col("l_company") != pl.col("r_company")).fill_null(False)
    return {
        "person": _rare("person", _persons(), _PERSONS, levels["person"]),
        "mail": pl.when(~_known("mail"))
        .then(mail(MISSING))
        .when(_same("mail") & shared)
        .then(mail("same_shared"))
        .when(_same("mail"))
        .then(mail("same"))
        .when(_same("mail_domain"))
        .then(mail("differs_inside"))
        .when(_known("mail_domain") & other_company)
        .then(mail(MISSING))
        .when(_known("mail_domain"))
        .then(mail("elsewhere"))
        .otherwise(mail("differs")),
        "phone": _phones(levels["phone"]),
        "company": pl.when(_known("company"))
        .then(_equal("company", levels["company"]))
        .when(_same("mail_domain"))
        .then(company("domain"))
        .when(_same("employer"))
        .then(company("employer"))
        .otherwise(company(MISSING)),
        "street": _close("street", levels),
        "city": _equal("city", levels["city"]),
        "postal": _close("postal", levels),
        "country": _equal("country", levels["country"]),
        "born": _close("born", levels),
        "national": _close("national", levels),
    }


def _phones(levels: Sequence[str]) -> pl.Expr:
    """The best agreement among the numbers of both; a mobile is one person's own."""
    crossed = [
        (pl.col(f"l_{a}") == pl.col(f"r_{b}")).fill_null(False)
        for a, b in (("phone", "phone"), ("phone", "mobile"), ("mobile", "phone"))
    ]
    told = pl.any_horizontal(crossed).cast(pl.UInt8)
    mobile = _number(levels)("mobile")
    return pl.when(_same("mobile")).then(mobile).otherwise(_rare("phone", told, _EQUAL, levels))


def _number(levels: Sequence[str]) -> Callable[[str], pl.Expr]:
    """Level → its number."""
    return lambda level: pl.lit(_place(level, levels), pl.UInt8)


def _place(level: str, levels: Sequence[str]) -> int:
    return levels.index(level) if level in levels else 0


def _known(column: str) -> pl.Expr:
    return pl.col(f"l_{column}").is_not_null() & pl.col(f"r_{column}").is_not_null()


def _same(column: str) -> pl.Expr:
    return (pl.col(f"l_{column}") == pl.col(f"r_{column}")).fill_null(False)


def _equal(column: str, levels: Sequence[str] = _EQUAL) -> pl.Expr:
    left, right, number = pl.col(f"l_{column}"), pl.col(f"r_{column}"), _number(levels)
    return (
        pl.when(left == right)
        .then(number("same"))
        .when(left != right)
        .then(number("differs"))
        .otherwise(number(MISSING))
    )


def _rare(
    kind: str,
    told: pl.Expr,
    told_of: Sequence[str],
    levels: Sequence[str],
    parted: Sequence[str] = ("same",),
) -> pl.Expr:
    """The level that is told as a number of `told_of`; those `parted` are told apart by how many
    profiles hold the value."""
    places = [
        _place(f"{level}_{size}" if level in parted else level, levels)
        for level in told_of
        for size in _SIZES
    ]
    size = pl.max_horizontal(f"l_{kind}_of", f"r_{kind}_of")
    table = pl.lit(pl.Series(places, dtype=pl.UInt8))
    return table.gather(told.cast(pl.UInt32) * len(_SIZES) + size)


def _names(names: Names) -> pl.Expr:
    """The relation of two companies' names."""

    def related(both: pl.Series) -> pl.Series:
        told = both.struct.unnest()
        found = names.relations(told["l_named"], told["r_named"])
        at = (told["crossed"] & found.is_not_null()).arg_true()
        if len(at):
            crossed = pl.DataFrame([found, told["l_name"], told["r_name"]])[at].rows()
            seen = pl.Series([across_scripts(*one) for one in crossed], dtype=RELATION)
            found = found.scatter(at, seen)
        return (found.to_physical() + 1).fill_null(0)

    ends = ("l_name", "r_name", "l_named", "r_named", _crossed())
    return pl.struct(*ends).map_batches(related, return_dtype=pl.UInt8)


def _persons() -> pl.Expr:
    """The relation of two people's names."""

    def related(left: str, right: str, crossed: bool) -> str:
        found = person_relation(left, right)
        return across_scripts(found, left, right) if crossed else found

    return _each_pair(("l_person", "r_person", _crossed()), related, _PERSONS)


def _crossed() -> pl.Expr:
    """Whether the names are written in two scripts."""
    return (pl.col("l_script").is_null() != pl.col("r_script").is_null()).alias("crossed")


def _close(column: str, levels: Levels) -> pl.Expr:
    """Numbers that are the same, differ by a slip of the fingers, or altogether."""
    return _each_pair((f"l_{column}", f"r_{column}"), _closeness, levels[column])


def _closeness(left: str, right: str) -> str:
    if left == right:
        return "same"
    return "slip" if OSA.distance(left, right, score_cutoff=1) <= 1 else "differs"


def _each_pair(
    ends: Sequence[str | pl.Expr], how: Callable[..., str], levels: Sequence[str]
) -> pl.Expr:
    """What `how` makes of two texts and what else it takes; of each distinct pair only once."""

    def made(both: pl.Series) -> pl.Series:
        frame = both.struct.unnest()
        distinct = frame.unique()
        found = [
            0 if x is None or y is None else _place(how(x, y, *beside), levels)
            for x, y, *beside in distinct.iter_rows()
        ]
        table = distinct.with_columns(level=pl.Series(found, dtype=pl.UInt8))
        return frame.join(
            table, on=frame.columns, how="left", nulls_equal=True, maintain_order="left"
        ).get_column("level")

    return pl.struct(*ends).map_batches(made, return_dtype=pl.UInt8)
