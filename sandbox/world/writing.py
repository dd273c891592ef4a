"""How people write facts down: the same name, address, phone or country in many spellings.

Everything here is repairable: a reader who normalises legal forms, case, spacing, country names
and phone formats gets the fact back. Rows nobody can repair are made in `faults`.
"""

from dataclasses import dataclass
from random import Random

from sandbox.world.company import Address, Company, Person
from sandbox.world.naming import stripped, transliterated
from sandbox.world.places import Country

_SHORTER = {
    "International": "Intl",
    "Technologies": "Tech",
    "Services": "Svcs",
    "Systems": "Sys",
    "Solutions": "Sol.",
    "Group": "Grp",
    "Manufacturing": "Mfg",
    "Engineering": "Eng.",
    "Industries": "Ind.",
    "Construction": "Constr.",
    "Maschinenbau": "Masch.bau",
    "Elektrotechnik": "E-Technik",
    "Versicherungen": "Vers.",
    "Distribution": "Distr.",
    "Société": "Sté",
    "Construcciones": "Constr.",
    "Costruzioni": "Costr.",
}
_OWN_SCRIPT = 0.3
"""How often who has a name in a script of their own is written in it."""
_MOVED_NOTED = 0.75
_AND = ("and", "und", "+")
_STREET_SHORT = (("straße", "str."), ("Street", "St"), ("Road", "Rd"), ("Avenue", "Ave"),
                 ("avenue", "av."), ("Calle", "C/"), ("gatan", "g."))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Habits:
    """How carelessly a system is fed; each figure is a probability."""

    no_form: float
    other_form: float
    shorter: float
    typo: float
    upper: float
    lower: float
    ascii_only: float
    old_address: float
    iso_country: float
    other_country: float
    no_country: float
    missing: float


SALESFORCE = Habits(0.12, 0.15, 0.05, 0.02, 0.02, 0.01, 0.08, 0.3, 0.15, 0.12, 0.03, 0.12)
HUBSPOT = Habits(0.35, 0.12, 0.08, 0.03, 0.02, 0.04, 0.2, 0.4, 0.2, 0.25, 0.08, 0.25)
LEAD = Habits(0.45, 0.12, 0.1, 0.05, 0.03, 0.08, 0.25, 0.4, 0.2, 0.25, 0.05, 0.3)
DISTRIBUTOR = Habits(0.2, 0.25, 0.2, 0.04, 0.22, 0.01, 0.45, 0.5, 0.85, 0.1, 0.0, 0.05)


def company_name(rng: Random, company: Company, habits: Habits) -> str:
    if company.own_script and rng.random() < _OWN_SCRIPT:
        return company.own_script
    core = company.core
    if company.former_core and rng.random() < habits.old_address:
        core = company.former_core
    if rng.random() < habits.shorter * company.careless:
        core = _shortened(rng, core)
    if rng.random() < habits.typo * company.careless:
        core = mistyped(rng, core)
    dice = rng.random()
    if dice < habits.no_form:
        name = core
    elif dice < habits.no_form + habits.other_form:
        name = f"{core} {rng.choice(company.country.forms[company.form])}"
    elif company.form == "Inc" and dice > 0.85:
        name = f"{core}, Inc."
    else:
        name = f"{core} {company.form}"
    if not name.isascii() and rng.random() < habits.ascii_only:
        name = transliterated(name) if rng.random() < 0.6 else stripped(name)
    dice = rng.random()
    if dice < habits.upper:
        return name.upper()
    if dice < habits.upper + habits.lower:
        return name.lower()
    return name


def _shortened(rng: Random, core: str) -> str:
    if "&" in core:
        return core.replace("&", rng.choice(_AND), 1)
    return " ".join(_SHORTER.get(word, word) for word in core.split())


def mistyped(rng: Random, text: str) -> str:
    """One slip of the fingers in a word of five letters or more; shorter text stays as it is."""
    words = text.split()
    long_words = [place for place, word in enumerate(words) if len(word) >= 5]
    if not long_words:
        return text
    place = rng.choice(long_words)
    word = words[place]
    at = rng.randrange(1, len(word) - 2)
    dice = rng.random()
    if dice < 0.4:
        word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    elif dice < 0.7:
        word = word[:at] + word[at + 1 :]
    else:
        word = word[:at] + word[at] + word[at:]
    words[place] = word
    return " ".join(words)


def address(rng: Random, company: Company, habits: Habits) -> Address:
    """Where this record believes the company sits."""
    if company.former is not None and rng.random() < habits.old_address:
        return company.former
    return company.address


def street(rng: Random, text: str) -> str:
    if rng.random() < 0.25:
        for full, short in _STREET_SHORT:
            if full in text:
                return text.replace(full, short)
    return text


def city(rng: Random, where: Address, habits: Habits) -> str:
    name = where.city.name
    if where.city.other != name and rng.random() < 0.2:
        name = where.city.other
    return stripped(name) if rng.random() < habits.ascii_only else name


def country(rng: Random, where: Country, habits: Habits) -> str | None:
    dice = rng.random()
    if dice < habits.iso_country:
        return where.iso
    dice -= habits.iso_country
    if dice < habits.other_country:
        return rng.choice(where.spellings)
    if dice < habits.other_country + habits.no_country:
        return None
    return where.name


def phone(rng: Random, company: Company) -> str:
    area, number = company.phone.split(" ")
    return _dialled(rng, company.country, area, number)


def mobile(rng: Random, where: Country, person: Person, noted: float) -> str | None:
    """The number, where it is noted: more often of people who could not be reached otherwise."""
    if rng.random() >= (_MOVED_NOTED if person.moved else noted):
        return None
    return _dialled(rng, where, person.mobile[:3], person.mobile[3:])


def _dialled(rng: Random, where: Country, area: str, number: str) -> str:
    dice = rng.random()
    if dice < 0.35:
        return f"+{where.dial} {area} {number}"
    if dice < 0.55:
        return f"+{where.dial}{area}{number}"
    if where.iso == "US":
        return f"({area}) {number[:3]}-{number[3:]}"
    if dice < 0.7:
        return f"{where.trunk}{area} {number}"
    if dice < 0.8:
        return f"{where.trunk}{area}/{number[:3]} {number[3:]}"
    if dice < 0.9 and where.trunk:
        return f"+{where.dial} ({where.trunk}) {area} {number}"
    abroad = "010" if where.iso == "JP" else "00"
    return f"{abroad}{where.dial} {area} {number}"


def domain(rng: Random, company: Company, habits: Habits) -> str:
    """The domain this record believes the company has."""
    if company.former_domain and rng.random() < habits.old_address:
        return company.former_domain
    return company.domain


def website(rng: Random, domain: str) -> str:
    dice = rng.random()
    if dice < 0.35:
        return f"https://www.{domain}"
    if dice < 0.6:
        return f"www.{domain}"
    if dice < 0.75:
        return f"http://{domain}/"
    return domain


def email(rng: Random, address: str) -> str:
    dice = rng.random()
    if dice < 0.04:
        return address.upper()
    if dice < 0.1:
        local, _, domain = address.partition("@")
        return f"{local.title()}@{domain}"
    return address


def person_names(rng: Random, person: Person, habits: Habits) -> tuple[str, str]:
    first, last = person.first, person.last
    if person.own_script and rng.random() < _OWN_SCRIPT:
        return person.own_script
    if rng.random() < habits.ascii_only:
        first, last = transliterated(first), transliterated(last)
    dice = rng.random()
    if dice < 0.03:
        return f"{first[0]}.", last
    if dice < 0.05:
        return first.upper(), last.upper()
    if dice < 0.06:
        return first, mistyped(rng, last)
    return first, last
