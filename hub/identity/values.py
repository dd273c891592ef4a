"""One value at a time into the form that is compared: domains, e-mail, phones, codes, addresses.

Every function takes text as a source wrote it and returns None when nothing usable is in it.
"""

import re
from typing import NamedTuple

import phonenumbers
from tldextract import TLDExtract

from hub.identity.text import fold
from hub.identity.wordlists import word_list

# The bundled suffix list only: matching must not depend on the network, nor on a cache.
_suffixes = TLDExtract(suffix_list_urls=(), cache_dir=None)

_NOBODYS_DOMAINS = word_list("freemail") | word_list("hosting")
_SHARED_MAILBOXES = word_list("shared_mailboxes")
_STREET_WORDS = frozenset(fold(word) for word in word_list("streets"))


def domain(text: str) -> str | None:
    """The registrable domain of a URL or host; hosts that many companies share count as none."""
    found = _suffixes(text.strip().lower().rstrip("/"))
    name = found.top_domain_under_public_suffix
    return None if not name or name in _NOBODYS_DOMAINS else name


class Mailbox(NamedTuple):
    """An e-mail address taken apart; `domain` is None at providers that anybody can use."""

    address: str
    local: str
    domain: str | None
    shared: bool


def mailbox(text: str) -> Mailbox | None:
    """The address in lower case without a `+tag`; `shared` says that it is no one person's."""
    local, at, host = text.strip().lower().rpartition("@")
    local = local.partition("+")[0]
    if not at or not local or "." not in host:
        return None
    return Mailbox(f"{local}@{host}", local, domain(host), local in _SHARED_MAILBOXES)


def given_name(local: str, last: str) -> str | None:
    """The given name that `anna.meyer`, `meyer_anna` or `annam` spell out for a Meyer."""
    letters = [part for part in re.split(r"[^a-z]+", local) if part]
    family = fold(last).replace(" ", "")
    others = [part for part in letters if fold(part) != family]
    if len(letters) == 2 and len(others) == 1:
        return fold(others[0]) if len(others[0]) > 1 else None
    if len(letters) == 1 and len(local) >= 4 and letters[0][-1] == family[0]:
        return fold(letters[0][:-1])
    return None


def phone(text: str, country: str | None) -> str | None:
    """E.164 where the number and country allow it, else `~` and the last nine digits."""
    dialled = re.sub(r"^\s*00", "+", text).replace("(0)", "")
    try:
        parsed = phonenumbers.parse(dialled, country)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is not None and phonenumbers.is_possible_number(parsed):
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    digits = re.sub(r"\D", "", text).lstrip("0")
    return f"~{digits[-9:]}" if len(digits) >= 6 else None


def code(text: str) -> str | None:
    """A tax or registration number: letters and digits only, upper case."""
    plain = re.sub(r"[^0-9A-Z]", "", text.upper())
    return plain if sum(c.isdigit() for c in plain) >= 5 else None


def tax_number(text: str) -> str | None:
    """The tax number without the country or scheme letters that some systems put in front."""
    plain = code(text)
    return None if plain is None else re.sub(r"^[A-Z]{2,3}(?=.*\d)", "", plain)


def postal_code(text: str) -> str | None:
    """Letters and digits; without the leading zeros that spreadsheets lose."""
    plain = re.sub(r"[^0-9A-Z]", "", text.upper())
    return (plain.lstrip("0") if plain.isdigit() else plain) or None


def account_number(text: str) -> str | None:
    """A customer number as its issuer counts, without separators and leading zeros."""
    return re.sub(r"[^0-9A-Z]", "", text.upper()).lstrip("0") or None


def birth_date(text: str) -> str | None:
    """`YYYYMMDD`; a day and month that could be either are taken in the order they stand in."""
    digits = [int(run) for run in re.findall(r"\d+", text.partition("T")[0])][:3]
    if len(digits) == 1 and len(str(digits[0])) == 8:
        return str(digits[0])
    if len(digits) != 3:
        return None
    year, month, day = digits if digits[0] > 31 else reversed(digits)
    if month > 12:
        month, day = day, month
    return f"{year:04d}{month:02d}{day:02d}" if year > 999 else None


def street(text: str) -> str | None:
    """House numbers, then how the street's own words begin: survives `Str.` and word order."""
    tokens = fold(text).split()
    numbers = sorted(t for t in tokens if t[0].isdigit())
    names = sorted(t[:4] for t in tokens if not t[0].isdigit() and t not in _STREET_WORDS)
    return " ".join(numbers + names) or None
