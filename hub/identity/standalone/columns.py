"""Which column of a file is what: by its header in several languages, or as the user says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import polars as pl
import yaml

from hub.errors import HubError
from hub.identity.mentions import Entity
from hub.identity.text import fold

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NAMING: dict[Entity, tuple[str, ...]] = {
    "company": ("name", "website", "email", "tax_id", "duns"),
    "contact": ("first_name", "last_name", "full_name", "email"),
}
"""Without one of these nobody is named by a row."""


@dataclass(frozen=True)
class Columns:
    """What a file's columns are taken for: field → header, and the header of the rows' ids."""

    fields: Mapping[str, str]
    record_id: str | None = None


def fields_of(entity: Entity) -> tuple[str, ...]:
    """What a column can be taken for."""
    return tuple(_vocabulary()[entity])


def detect(
    headers: Sequence[str],
    entity: Entity,
    told: Mapping[str, str] | None = None,
    taken: Iterable[str] = (),
) -> Columns:
    """Take each header for at most one field; the better known a header is, the earlier.

    `told` names headers by field and wins; an empty header leaves the field out. Headers in `taken`
    mean something else. Raises HubError for an unknown field or header, or if no column names
    anybody.
    """
    given = dict(told or {})
    _refuse_unknown(given, headers, entity)
    fields = {field: header for field, header in given.items() if header and field != "id"}
    free = [h for h in headers if h not in {*given.values(), *taken}]
    record_id = given.get("id") or _first(free, _vocabulary()["id"]["id"], exact=True)
    free = [h for h in free if h != record_id]
    for exact in (True, False):
        for field, names in _vocabulary()[entity].items():
            if field in given or field in fields:
                continue
            found = _first(free, names, exact=exact)
            if found is not None:
                fields[field] = found
                free.remove(found)
    if not set(_NAMING[entity]) & set(fields):
        if len(free) != 1:
            raise HubError(
                f"No column names a {entity}; the columns are {', '.join(map(repr, headers))}.",
                remedy=f"say which one does with --column {_NAMING[entity][0]}=HEADER",
            )
        fields[_NAMING[entity][0] if entity == "company" else "full_name"] = free[0]
    order = [field for field in _vocabulary()[entity] if field in fields]
    return Columns({field: fields[field] for field in order}, record_id)


def without_row_numbers(columns: Columns, rows: pl.DataFrame) -> Columns:
    """Customer numbers of which none occurs twice only number the rows: they tell none apart."""
    header = columns.fields.get("account_no")
    if header is None or rows[header].drop_nulls().is_duplicated().any():
        return columns
    fields = {field: at for field, at in columns.fields.items() if field != "account_no"}
    return Columns(fields, columns.record_id or header)


def _refuse_unknown(given: Mapping[str, str], headers: Sequence[str], entity: Entity) -> None:
    known = (*fields_of(entity), "id")
    for field, header in given.items():
        if field not in known:
            raise HubError(
                f"--column {field}={header}: a {entity} has no '{field}'.",
                remedy=f"use one of: {', '.join(known)}",
            )
        if header and header not in headers:
            raise HubError(
                f"--column {field}={header}: the file has no column '{header}'.",
                remedy=f"use one of: {', '.join(headers)}",
            )


def _first(headers: Sequence[str], names: Sequence[str], *, exact: bool) -> str | None:
    """The header that is the best known of `names`, or says it among words that mean little."""
    ranked = []
    for position, header in enumerate(headers):
        words = fold(_CAMEL.sub(" ", header)).split()
        forms = ["".join(words)] if exact else _bare(words)
        ranks = [names.index(form) for form in forms if form in names]
        if ranks:
            ranked.append((min(ranks), position))
    return headers[min(ranked)[1]] if ranked else None


def _bare(words: list[str]) -> list[str]:
    """What is left of a header as the words around it are taken away, first in front."""
    around = _vocabulary()["around"]["around"]
    forms = []
    while len(words) > 1 and words[0] in around:
        words = words[1:]
        forms.append("".join(words))
    while len(words) > 1 and words[-1] in around:
        words = words[:-1]
        forms.append("".join(words))
    return forms


@cache
def _vocabulary() -> dict[str, dict[str, list[str]]]:
    text = resources.files(__package__).joinpath("headers.yaml").read_text("utf-8")
    whole: dict[str, Any] = yaml.safe_load(text)
    return {
        "around": {"around": [fold(word) for word in whole["around"].split()]},
        "id": {"id": _folded(whole["id"])},
        **{
            entity: {field: _folded(names) for field, names in whole[entity].items()}
            for entity in ("company", "contact")
        },
    }


def _folded(names: str) -> list[str]:
    """Without blanks: `e mail` is `email`, `PostalCode` is `postal code`."""
    return [fold(name).replace(" ", "") for name in names.split(",")]
