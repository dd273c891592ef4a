"""What really is the case in a world: the answer sheet that `truth.json` holds.

    {
      "seed", "companies", "today",
      "records": [{"entity", "truth_id", "system", "object", "record_id"}, …],
      "registrations": [{"deal", "stage", "product", "submitted_at", "partner_truth",
                         "customer_truth", "partner_company", "customer_company", "account",
                         "opportunity"}, …],
      "relations": [{"kind", "one", "other", "detail"}, …],
      "dirty": [{"system", "object", "column", "rule", "value", "record_id", "file", "line"}, …],
      "either": [ like dirty ],
      "hero": {"opportunity", "opportunity_name", "account", "deal", "product", "partner_name",
               "partner_truth", "customer_name", "customer_truth", "registered_customer_name"}
    }

`records` names every row that speaks of a company (`entity` "company") or a person ("contact"),
once per entity. Two rows with one `truth_id` are the same company or person. `object` is what the
system calls it: Account, Contact, Lead; companies, contacts. A Lead stands in the list twice: as
contact for the person, as company for the employer. In a distributor's files a `reseller` is
identified by its account number as printed (a spreadsheet that ate leading zeros makes another
record of the same company) and an `end_customer` by `Invoice No/Invoice Line`. Left out are
end customers that nobody could name (VARIOUS, Stock, blank) and accounts printed as 4.82E+07.

`registrations`: `partner_company` and `customer_company` are HubSpot ids, `account` and
`opportunity` Salesforce ids or null; `opportunity` is the registered deal. In worlds that are not
easy the customer may have another open opportunity for the same product.

`relations` tells what makes companies and people hard to match: `one` is a `subsidiary` of, a
`franchise` of, or was `acquired` by `other`, or sits in the `same_building`; it was `renamed`
(`detail` is its former name); a person made a `job_change` and worked at `other` before. All these
are different companies, and the renamed and those who changed jobs are the same as before.

`dirty` lists every row that must be quarantined, with the canonical column and the rule at fault.
CRM rows carry `record_id`; feed rows carry `file`, `line` (the header is line 1) and, unless it is
a total row, `record_id` as above. A total row is at fault as a whole: its `column` is null.
`either` has the same form: a reader may repair such a row (a country misspelt by one slip; a cell
with a day-first date, a serial day number or a decimal comma in a file that has none) or quarantine
it under the rule given. Rows in neither list must pass.
"""

from datetime import date
from typing import Literal

import msgspec

from sandbox.world.company import Company, Person

SALESFORCE = "acme_salesforce"
HUBSPOT = "acme_hubspot"
NORTHWIND = "northwind"

Entity = Literal["company", "contact"]


class Record(msgspec.Struct, frozen=True, gc=False):
    """One source row and whom it speaks of."""

    entity: Entity
    truth_id: str
    system: str
    object: str
    record_id: str


class Fault(msgspec.Struct, frozen=True, gc=False):
    """One row that cannot be taken as it is."""

    system: str
    object: str
    column: str | None
    rule: str
    value: str
    record_id: str | None = None
    file: str | None = None
    line: int | None = None


class Relation(msgspec.Struct, frozen=True, gc=False):
    """How two truth ids, or one with its past, hang together without being one."""

    kind: str
    one: str
    other: str
    detail: str


class RegistrationTruth(msgspec.Struct, frozen=True, gc=False):
    """Who registered what for whom, and the opportunity it is about."""

    deal: str
    stage: str
    product: str
    submitted_at: str
    partner_truth: str
    customer_truth: str
    partner_company: str
    customer_company: str
    account: str | None
    opportunity: str | None


class Hero(msgspec.Struct, frozen=True):
    """The story a demo tells: one deal, its opportunity, and one customer under two names."""

    opportunity: str
    opportunity_name: str
    account: str
    deal: str
    product: str
    partner_name: str
    partner_truth: str
    customer_name: str
    customer_truth: str
    registered_customer_name: str


class Truth(msgspec.Struct):
    """The whole answer sheet; see the module for the meaning of each list."""

    seed: int
    companies: int
    today: date
    records: list[Record] = []
    registrations: list[RegistrationTruth] = []
    relations: list[Relation] = []
    dirty: list[Fault] = []
    either: list[Fault] = []
    hero: Hero | None = None

    def company(self, company: Company, system: str, object_name: str, record_id: str) -> None:
        self.records.append(Record("company", company.truth_id, system, object_name, record_id))

    def contact(self, person: Person, system: str, object_name: str, record_id: str) -> None:
        self.records.append(Record("contact", person.truth_id, system, object_name, record_id))

    def to_json(self) -> bytes:
        return msgspec.json.encode(self)
