"""Names of companies and people, and the domains and addresses that follow from them.

Names are combined from word lists, so hundreds of thousands are distinct and a few collide, as
they do in the world: two unrelated "Smith Group" in two cities.
"""

import unicodedata
from functools import cache
from random import Random

from sandbox.world.places import Country, drawn
from sandbox.world.words import (
    ADJECTIVES,
    BRAND_HEADS,
    BRAND_MIDDLES,
    BRAND_TAILS,
    ENGLISH_TRADES,
    FIRST_NAMES,
    FREEMAIL,
    NOUNS,
    PARTNER_TRADES,
    STREETS,
    SURNAMES,
    TRADES,
)

_TRANSLITERATED = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss",
        "å": "a", "Å": "A", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae",
    }
)  # fmt: skip
_STRIPPED = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae"})


def transliterated(text: str) -> str:
    """ASCII the way a German writes it without the keys: `Müller` → `Mueller`."""
    return text if text.isascii() else stripped(text.translate(_TRANSLITERATED))


def stripped(text: str) -> str:
    """ASCII by dropping the marks: `Müller` → `Muller`."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_STRIPPED))
    return decomposed.encode("ascii", "ignore").decode("ascii")


def brand(rng: Random) -> str:
    return rng.choice(BRAND_HEADS) + rng.choice(BRAND_MIDDLES) + rng.choice(BRAND_TAILS)


def _trade(rng: Random, language: str) -> str:
    if language != "en" and rng.random() < 0.35:
        return rng.choice(ENGLISH_TRADES)
    return rng.choice(TRADES[language])


def company_core(rng: Random, country: Country, *, sells_it: bool) -> str:
    """A company name without its legal form; IT resellers are named after what they sell."""
    language = country.language
    trade = rng.choice(PARTNER_TRADES) if sells_it else _trade(rng, language)
    dice = rng.random()
    if dice < 0.46:
        return f"{brand(rng)} {trade}"
    if dice < 0.64:
        return f"{rng.choice(SURNAMES[language])} {trade}"
    if dice < 0.73:
        pair = f"{rng.choice(SURNAMES[language])} & {rng.choice(SURNAMES[language])}"
        return pair if rng.random() < 0.5 else f"{pair} {trade}"
    if dice < 0.82:
        return f"{rng.choice(country.cities).name} {trade}"
    if dice < 0.94:
        return f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)} {trade}"
    return f"{''.join(rng.choices('ABCDFGHIKLMNPRSTVW', k=3))} {trade}"


@cache
def _mail_word(word: str) -> str:
    """What is left of a word in a domain or an address."""
    return "".join(char for char in transliterated(word).lower() if char.isalnum())


class Domains:
    """Hands out each domain once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def reserve(self, domain: str) -> str:
        self._taken.add(domain)
        return domain

    def draw(self, rng: Random, core: str, country: Country) -> str:
        words = [word for word in map(_mail_word, core.split()) if word]
        stem = "".join(words) if rng.random() < 0.55 else "-".join(words)
        if len(words) > 1 and len(words[0]) > 5 and rng.random() < 0.4:
            stem = words[0]
        tld = rng.choice(country.tlds)
        for candidate in (
            f"{stem}.{tld}",
            f"{''.join(words)}.{tld}",
            f"{'-'.join(words)}-{country.iso.lower()}.{tld}",
        ):
            if candidate not in self._taken:
                return self.reserve(candidate)
        number = 2
        while f"{stem}{number}.{tld}" in self._taken:
            number += rng.randrange(1, 9)
        return self.reserve(f"{stem}{number}.{tld}")


class Mailboxes:
    """Hands out each e-mail address once, so one address is always one person."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def reserve(self, address: str) -> str:
        self._taken.add(address)
        return address

    def draw(self, rng: Random, first: str, last: str, domain: str, tag: str = "") -> str:
        given, family = _mail_word(first), _mail_word(last)
        dice = rng.random()
        local = f"{given}.{family}{tag}"
        if dice < 0.2:
            local = f"{given[0]}.{family}{tag}"
        elif dice < 0.3:
            local = given + family[0] + tag
        address, number = f"{local}@{domain}", 2
        while address in self._taken:
            address, number = f"{local}{number}@{domain}", number + 1
        return self.reserve(address)

    def private(self, rng: Random, first: str, last: str) -> str:
        return self.draw(rng, first, last, rng.choice(FREEMAIL), f"{rng.randrange(60, 99)}")


def person_name(rng: Random, country: Country) -> tuple[str, str]:
    language = country.language
    if rng.random() < 0.06:
        language = rng.choice(("en", "de", "fr", "in", "es"))
    return rng.choice(FIRST_NAMES[language]), rng.choice(SURNAMES[language])


def street(rng: Random, country: Country) -> str:
    name = rng.choice(STREETS[country.language])
    number = rng.randrange(1, 190)
    if country.language in ("en", "fr", "in"):
        return f"{number} {name}"
    if country.language in ("it", "es"):
        return f"{name}, {number}"
    if country.language == "jp":
        return f"{number % 9 + 1}-{number % 20 + 1}-{number % 7 + 1} {name}"
    return f"{name} {number}"


def tax_id(rng: Random, country: Country) -> str:
    """A number of the country's usual shape; its checksum is not computed."""
    if country.iso == "US":
        return drawn(rng, "##-#######")
    if country.iso in ("IN", "JP"):
        return drawn(rng, "##@@@@@####@#Z#" if country.iso == "IN" else "T#############")
    prefix = {"CH": "CHE-", "AT": "ATU", "SE": "SE", "FR": "FR"}.get(country.iso, country.iso)
    return drawn(rng, prefix + ("########" if country.iso == "AT" else "#########"))
