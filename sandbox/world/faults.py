"""Rows of the CRMs that nobody can repair, each noted in the truth with its column and rule.

A row gets one fault at most, and none where a partner, a registration or the hero depends on it.
Only what the real systems let through is planted: loosely checked e-mail fields, free-text
countries, an unrestricted picklist, names pasted without looking, records left half filled in.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from sandbox.world.company import Company
from sandbox.world.places import COUNTRIES
from sandbox.world.records import Org, Portal, Row
from sandbox.world.registrations import Plan
from sandbox.world.truth import HUBSPOT, SALESFORCE, Fault, Truth
from sandbox.world.writing import mistyped

NO_COUNTRY = ("EMEA", "XX", "Atlantis", "Nordics", "DACH region")
_NO_TYPE = ("asdf", "???", "Sonstiges 2", "#REF!", "x", "Type 7")
_TYPO_SHARE = 0.004
_TOO_LONG = 1500


@dataclass(frozen=True, slots=True)
class _Kind:
    """One way a field goes wrong; `spoil` makes the bad value from the good one."""

    field: str
    column: str
    rule: str
    share: float
    spoil: Callable[[Random, str], str]
    cleared: tuple[str, ...] = ()
    """Fields emptied along with it, because each could stand in for the value."""


def bad_email(rng: Random, address: str) -> str:
    """An address with an empty domain label: never deliverable, yet Salesforce lets it pass."""
    local, _, domain = address.partition("@")
    if rng.random() < 0.6:
        return f"{local}@{domain.replace('.', '..', 1)}"
    return f"{local}@.{domain}"


def pasted(name: str) -> str:
    """A name field with a whole paragraph in it."""
    paragraph = f"{name} - please note the new delivery address and opening hours, see mail below. "
    return (paragraph * (_TOO_LONG // len(paragraph) + 1)).strip()


def _no_country(rng: Random, _country: str) -> str:
    return rng.choice(NO_COUNTRY)


def _no_type(rng: Random, _type: str) -> str:
    return rng.choice(_NO_TYPE)


def _too_long(_rng: Random, name: str) -> str:
    return pasted(name)


def _nothing(_rng: Random, _value: str) -> str:
    return ""


_KINDS: dict[tuple[str, str], tuple[_Kind, ...]] = {
    (SALESFORCE, "Account"): (
        _Kind("Type", "company_type", "code_list", 0.006, _no_type),
        _Kind("BillingCountry", "country", "country_unknown", 0.006, _no_country),
    ),
    (SALESFORCE, "Contact"): (_Kind("Email", "email", "email_format", 0.012, bad_email),),
    (SALESFORCE, "Lead"): (
        _Kind("Email", "email", "email_format", 0.008, bad_email),
        _Kind("Country", "country", "country_unknown", 0.008, _no_country),
    ),
    (HUBSPOT, "companies"): (
        _Kind("country", "country", "country_unknown", 0.005, _no_country),
        _Kind("name", "name", "too_long", 0.004, _too_long),
        _Kind("name", "name", "required", 0.004, _nothing, cleared=("domain", "website")),
    ),
    (HUBSPOT, "contacts"): (
        _Kind("country", "country", "country_unknown", 0.008, _no_country),
        _Kind("lastname", "last_name", "required", 0.006, _nothing, cleared=("firstname", "email")),
    ),
    (HUBSPOT, "deals"): (_Kind("dealname", "name", "required", 0.01, _nothing),),
}
_COUNTRY_FIELDS = {
    (SALESFORCE, "Account"): "BillingCountry",
    (SALESFORCE, "Lead"): "Country",
    (HUBSPOT, "companies"): "country",
}
_COUNTRY_NAMES = frozenset(country.name for country in COUNTRIES.values())


class _Rows:
    """Rows of one object in random order; each is handed out once."""

    def __init__(self, rng: Random, rows: Iterable[tuple[str, Row]]) -> None:
        self._rows = list(rows)
        self.size = len(self._rows)
        rng.shuffle(self._rows)

    def take(self, fits: Callable[[Row], bool]) -> tuple[str, Row] | None:
        for place, (_, row) in enumerate(self._rows):
            if fits(row):
                return self._rows.pop(place)
        return None


def plant(org: Org, portal: Portal, spared: set[str], truth: Truth, rng: Random) -> None:
    """Spoil about one row in a hundred outside the `spared` record ids."""
    for (system, name), rows in _objects(org, portal):
        pool = _Rows(rng, ((key, row) for key, row in rows if key not in spared))
        for kind in _KINDS[system, name]:
            for _ in range(max(1, round(pool.size * kind.share))):
                taken = pool.take(_holds(kind.field))
                if taken is not None:
                    truth.dirty.append(_spoil(rng, system, name, taken, kind))
        if (system, name) in _COUNTRY_FIELDS:
            _misspell(rng, system, name, pool, truth)


def spared_records(truth: Truth, plans: list[Plan], companies: list[Company]) -> set[str]:
    """Every record of a company, or of its people, that a registration or the programme needs."""
    busy = {_number(c.truth_id) for c in companies if c.programme is not None}
    busy |= {_number(plan.customer.truth_id) for plan in plans}
    spared = {r.record_id for r in truth.records if _number(r.truth_id) in busy}
    return spared | {registration.deal for registration in truth.registrations}


def _number(truth_id: str) -> str:
    """The company's part of a truth id; a person carries that of the employer."""
    return truth_id.split("-")[1]


def _holds(field: str) -> Callable[[Row], bool]:
    return lambda row: bool(row.get(field))


def _objects(
    org: Org, portal: Portal
) -> Iterator[tuple[tuple[str, str], Iterator[tuple[str, Row]]]]:
    for name in ("Account", "Contact", "Lead"):
        yield (SALESFORCE, name), ((str(row["Id"]), row) for row in org.rows[name])
    for kind, records in portal.objects.items():
        yield (HUBSPOT, kind), ((record.id, record.properties) for record in records)


def _spoil(rng: Random, system: str, name: str, taken: tuple[str, Row], kind: _Kind) -> Fault:
    record_id, row = taken
    value = kind.spoil(rng, str(row[kind.field]))
    for field in (kind.field, *kind.cleared):
        row.pop(field, None)
    if value:
        row[kind.field] = value
    return Fault(system, name, kind.column, kind.rule, value, record_id=record_id)


def _misspell(rng: Random, system: str, name: str, pool: _Rows, truth: Truth) -> None:
    """Countries with one slip in the name: a reader may see through it or not."""
    field = _COUNTRY_FIELDS[system, name]
    for _ in range(round(pool.size * _TYPO_SHARE)):
        taken = pool.take(lambda row: row.get(field) in _COUNTRY_NAMES)
        if taken is None:
            return
        record_id, row = taken
        good = str(row[field])
        bad = good
        while bad == good:
            bad = mistyped(rng, good)
        row[field] = bad
        truth.either.append(
            Fault(system, name, "country", "country_unknown", bad, record_id=record_id)
        )
