"""SOSL: `FIND {words} IN NAME FIELDS RETURNING Lead(Id, Name WHERE … LIMIT n)`.

Every word has to occur in one of the fields searched; `*` and `?` stand for any characters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.reading import Record, records_of
from sandbox.salesforce.schema import TEXT_TYPES, SObject
from sandbox.salesforce.setup_objects import SETUP_OBJECTS
from sandbox.salesforce.soql.compiled import compile_rows
from sandbox.salesforce.soql.parser import parse

MAX_FOUND = 2_000
_STATEMENT = re.compile(
    r"\s*FIND\s*\{(?P<words>(?:[^{}\\]|\\.)+)\}"
    r"(?:\s+IN\s+(?P<fields>ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS)?"
    r"(?:\s+RETURNING\s+(?P<objects>.+?))?(?:\s+LIMIT\s+(?P<limit>\d+))?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_OBJECT = re.compile(r"\s*(\w+)\s*(?:\(((?:[^()]|\([^()]*\))*)\))?\s*(?:,|\Z)")
_CLAUSE = re.compile(r"\b(WHERE|ORDER\s+BY|LIMIT)\b", re.IGNORECASE)
_KINDS = {"EMAIL": ("email",), "PHONE": ("phone",)}


@dataclass(frozen=True)
class _Returning:
    """What is wanted of one object; `where` and `rest` are SOQL."""

    sobject: SObject
    fields: str
    where: str
    rest: str


def search(org: Org, call: Call) -> Reply:
    statement = call.query.get("q", "")
    match = _STATEMENT.match(statement)
    words = re.sub(r"\\(.)", r"\1", match["words"]).split() if match is not None else []
    if match is None or max(map(len, words), default=0) < 2:
        raise ApiError("MALFORMED_SEARCH", f"search term must be longer: {statement}")
    scope = (match["fields"] or "ALL").upper()
    most = int(match["limit"] or MAX_FOUND)
    found: list[Record] = []
    for wanted in _returning(org, match["objects"]):
        soql = _soql(wanted, words, scope)
        if soql is not None:
            found += _records(org, call, soql)
    return Reply(body={"searchRecords": found[:most]}, rows=min(len(found), most))


def _returning(org: Org, given: str | None) -> Iterator[_Returning]:
    if given is None:
        for sobject in org.schema:
            if sobject.name not in SETUP_OBJECTS:
                yield _Returning(sobject, "Id", "", "")
        return
    at = 0
    while at < len(given):
        match = _OBJECT.match(given, at)
        named = org.schema.get(match[1]) if match is not None else None
        if match is None or named is None:
            raise ApiError("INVALID_TYPE", f"sObject type '{given[at:]}' is not supported.")
        at = match.end()
        parts = _CLAUSE.split(match[2] or "Id")
        clauses = {
            " ".join(word.upper().split()): text
            for word, text in zip(parts[1::2], parts[2::2], strict=True)
        }
        where = clauses.pop("WHERE", "")
        rest = " ".join(f"{word} {text}" for word, text in clauses.items())
        yield _Returning(named, parts[0].strip() or "Id", where, rest)


def _soql(wanted: _Returning, words: list[str], scope: str) -> str | None:
    """The SOQL that finds the same; None where the object has no field to search in."""
    kinds = _KINDS.get(scope, tuple(TEXT_TYPES))
    names = [
        field.name
        for field in wanted.sobject.readable
        if field.type in kinds and not field.long_text
        and (scope != "NAME" or field.name in ("Name", "FirstName", "LastName"))
    ]  # fmt: skip
    if not names:
        return None
    terms = []
    for word in words:
        pattern = _escaped(word)
        terms.append("(" + " OR ".join(f"{name} LIKE '%{pattern}%'" for name in names) + ")")
    if wanted.where:
        terms.append(f"({wanted.where})")
    return (
        f"SELECT {wanted.fields} FROM {wanted.sobject.name} WHERE {' AND '.join(terms)} "
        f"{wanted.rest}"
    )


def _escaped(word: str) -> str:
    """A word as a LIKE pattern within quotes."""
    for plain, escaped in (("\\", "\\\\"), ("'", "\\'"), ("%", "\\%"), ("_", "\\_")):
        word = word.replace(plain, escaped)
    return word.replace("*", "%").replace("?", "_")


def _records(org: Org, call: Call, soql: str) -> list[Record]:
    compiled = compile_rows(org.context(include_deleted=False), parse(soql))
    rows = [row for (row,) in org.store.db.execute(compiled.rows.sql, compiled.rows.params)]
    return records_of(org, compiled, rows[:MAX_FOUND], call.base)


ROUTES = (Route("GET", "search", search),)
