"""The real world behind the records: companies and people before anybody types them."""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.world.places import City, Country
from sandbox.world.scripts import Script, Spelt

Role = Literal["customer", "prospect", "partner", "distributor", "dealer"]
"""A dealer buys at the distributor and sells on, but the vendor has no agreement with it."""
BUYERS: tuple[Role, ...] = ("customer", "prospect")


@dataclass(frozen=True, slots=True)
class Address:
    city: City
    street: str
    postal: str


@dataclass(frozen=True, slots=True)
class Programme:
    """A partner's standing in the vendor's partner programme."""

    tier: str
    status: str
    territories: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Person:
    """One human being; `email` is empty when nobody noted one. `private` is a freemail address.

    `own_script` is (first, last) as written at home. Who changed jobs is one of the people of both
    firms, twice with one `truth_id`: the former firm's records never heard of it.
    """

    truth_id: str
    first: str
    last: str
    email: str
    private: str
    mobile: str
    title: str
    own_script: Spelt | None = None
    moved: bool = False


@dataclass(slots=True)
class Presence:
    """Where a company is on record: how many times in each CRM, at the distributor, as a lead."""

    salesforce: int = 0
    hubspot: int = 0
    pos: bool = False
    leads: int = 0

    @property
    def with_people(self) -> bool:
        """Whether some record of it can name a person; distributors' files name none."""
        return bool(self.salesforce or self.hubspot or self.leads)


@dataclass(slots=True, eq=False)
class Company:
    """One organisation. `domain` is empty for those that live on freemail addresses.

    A subsidiary (`parent` set) shares its parent's domain and is another company all the same.
    `former` is where it sat before it moved; some records never heard of the move, nor of
    `former_core` and `former_domain`, which it had before it was renamed or bought. `own_script` is
    its whole name as written at home. `careless` multiplies how often its records are mistyped.
    """

    number: int
    core: str
    form: str
    country: Country
    address: Address
    former: Address | None
    phone: str
    domain: str
    parent: "Company | None"
    role: Role
    industry: tuple[str, str]
    employees: int
    tax_id: str
    duns: str
    programme: Programme | None = None
    people: list[Person] = field(default_factory=list)
    presence: Presence = field(default_factory=Presence)
    former_core: str = ""
    former_domain: str = ""
    script: Script | None = None
    own_script: str = ""
    careless: float = 1.0

    @property
    def truth_id(self) -> str:
        return f"c-{self.number:06d}"

    @property
    def name(self) -> str:
        return f"{self.core} {self.form}"

    @property
    def sells(self) -> bool:
        """Whether it can be the reseller of a POS line."""
        return self.role in ("partner", "dealer")
