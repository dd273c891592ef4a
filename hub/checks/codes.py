"""Code lists: what the hub's enumerations allow, and how countries and currencies are written.

Countries and currencies come from the Unicode CLDR through Babel, so that `Deutschland`, `Germany`,
`DEU` and `de` are all DE. A name that two countries share in different languages is left out: a
guess would change data silently.
"""

from functools import cache

from anyascii import anyascii
from babel import Locale
from babel.core import get_global
from babel.numbers import list_currencies

COMPANY_TYPES = ("customer", "prospect", "partner", "distributor", "reseller", "end_customer")
PARTNER_TIERS = ("registered", "silver", "gold", "platinum")
PARTNER_STATUSES = ("prospect", "applicant", "active", "suspended", "terminated")
TRANSACTIONS = ("sale", "return", "price_adjustment", "inventory", "summary")
"""What a line of sales is: goods sold, goods come back, a value without goods, a movement of stock
that is no sale, a sum over lines that were not told."""
REPORT_STATUSES = ("taken", "duplicate_ignored", "held", "growing", "rejected")
LEAD_STATUSES = ("open", "working", "converted", "closed")
RETURNED = "returned"
ACCEPTED = ("accepted", "contacted", "qualified", "registered", "won", "lost")
ASSIGNMENT_STATUSES = (*ACCEPTED, RETURNED)
RETURN_REASONS = (
    *("out_of_territory", "no_capacity", "wrong_product", "existing_relationship_conflict"),
    *("already_our_lead", "bad_data", "duplicate", "not_interested", "customer_chose_other"),
    *("no_budget", "unreachable"),
)

_LISTS: dict[str, dict[str, tuple[str, ...]]] = {
    "company": {
        "company_type": COMPANY_TYPES,
        "partner_tier": PARTNER_TIERS,
        "partner_status": PARTNER_STATUSES,
    },
    "partner": {"tier": PARTNER_TIERS, "status": PARTNER_STATUSES},
    "lead": {"status": LEAD_STATUSES},
    "assigned_lead": {"status": ASSIGNMENT_STATUSES},
}

# Languages in which the trade writes country names on its forms.
_LANGUAGES = (
    *("en", "de", "fr", "es", "it", "nl", "pt", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu"),
    *("ro", "el", "tr", "ru", "uk", "bg", "hr", "sl", "et", "lv", "lt", "ja", "zh", "ko", "ar"),
)
# CLDR codes for "unknown", unions and pseudo-locales.
_NOT_COUNTRIES = frozenset({"ZZ", "EU", "EZ", "UN", "QO", "XA", "XB"})
# In common use, but not CLDR's display names.
_ALIASES = {
    "u.k.": "GB",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "usa": "US",
    "u.s.a.": "US",
    "u.s.": "US",
    "united states of america": "US",
    "holland": "NL",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "republic of ireland": "IE",
    "eire": "IE",
    "korea": "KR",
    "russian federation": "RU",
    "uae": "AE",
}


def code_list(table: str, column: str) -> tuple[str, ...] | None:
    """The codes that a column of a source or golden table may hold; None when it has no list."""
    return _LISTS.get(table.removeprefix("src_"), {}).get(column)


@cache
def country_codes() -> dict[str, str]:
    """Case-folded way of writing a country → its ISO 3166-1 alpha-2 code."""
    names: dict[str, set[str]] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES:
                for written in _ways_to_write(name):
                    names.setdefault(written, set()).add(code)
    codes = {name: next(iter(found)) for name, found in names.items() if len(found) == 1}
    for alias, targets in get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and len(targets) == 1:
            codes[alias.casefold()] = targets[0]
    codes.update(_ALIASES)
    codes.update({c.casefold(): c for found in names.values() for c in found})
    return codes


def _ways_to_write(name: str) -> set[str]:
    """A name as it stands, without accents, and with German umlauts spelt out."""
    folded = name.casefold()
    spelt_out = folded.translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue"})
    return {folded, anyascii(folded).casefold(), spelt_out}


@cache
def currency_codes() -> frozenset[str]:
    """ISO 4217 codes."""
    return frozenset(list_currencies())
