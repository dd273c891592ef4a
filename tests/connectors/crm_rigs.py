"""The CRMs' rigs as the connector kit wants them: steered by record ids, counted by the server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from rigs import HubSpotRig, Incident, SalesforceRig, Stage, hubspot_rig, salesforce_rig

from hub.connectors.contract import Change, Connector, ObjectSpec
from sandbox.salesforce.schema import Field


class CrmRig:
    """What both have in common: accounts by number there, by id here."""

    paths: ClassVar[dict[str, str]]

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.spec: ObjectSpec = inner.spec
        self.secrets: tuple[str, ...] = inner.secrets
        self.unknown_id: str = inner.id(999)
        self._own = 0

    def connector(self, **settings: Any) -> Connector:
        made: Connector = self.inner.connector(**settings)
        return made

    def badly_signed_in(self) -> Connector:
        made: Connector = self.inner.badly_signed_in()
        return made

    def seed(self, count: int, *, one_stamp: bool = False) -> list[str]:
        made: list[str] = self.inner.seed(count, one_stamp=one_stamp)
        return made

    def text_of(self, record_id: str) -> str | None:
        return str(self._by_us(lambda: self.inner.name_of(self._number(record_id))))

    def requests(self) -> int:
        seen = self.inner.trouble.seen
        return len([one for one in seen if "__sandbox__" not in one.path]) - self._own

    def wait(self, minutes: float) -> None:
        self.inner.wait(minutes=minutes)

    def touch(self, record_id: str, text: str) -> None:
        self._by_us(lambda: self.inner.touch(self._number(record_id), text))

    def delete(self, record_id: str) -> None:
        self._by_us(lambda: self.inner.delete(self._number(record_id)))

    def shorten_pages(self, rows: int) -> None:
        self.inner.shrink_pages(rows)

    def fail(self, where: str, status: int, **how: Any) -> None:
        self.inner.trouble.incidents.append(Incident(self.paths[where], status, **how))

    def heal(self) -> None:
        self.inner.trouble.incidents.clear()

    def update(self, change_id: str, record_id: str, text: str) -> Change:
        return Change(change_id, self.spec.name, "update", {self.spec.fields[0]: text}, record_id)

    def invalid(self, change_id: str, record_id: str) -> Change:
        made: Change = self.inner.invalid(change_id, self._number(record_id))
        return made

    def created(self, key: str) -> list[str]:
        found: list[str] = self._by_us(lambda: self.inner.created(key))
        return found

    def _number(self, record_id: str) -> int:
        return next(n for n in range(1, 1000) if self.inner.id(n) == record_id)

    def _by_us(self, act: Callable[[], Any]) -> Any:
        """Do something there, and leave its requests out of the count."""
        before = self.requests()
        done = act()
        self._own += self.requests() - before
        return done


class SalesforceAccounts(CrmRig):
    paths: ClassVar = {
        "pages": "/query",
        "writes": "composite/sobjects",
        "removals": "composite/sobjects",
        "everything": "^/services",
    }
    volatile_spec = ObjectSpec("Account", ("Name", "Owner.Email"))

    def restore(self, record_id: str) -> None:
        self.inner.control("undelete", object="Account", ids=[record_id])

    def merge(self, survivor: str, loser: str) -> str:
        self.inner.control("merge", object="Account", master=survivor, losers=[loser])
        return survivor

    def create(self, change_id: str, key: str) -> Change:
        fields = {"LastName": "Lovelace", "Company": "Analytical Engines", "Title": "Countess"}
        return Change(change_id, "Lead", "create", fields, key=("Hub_Lead_Key__c", key))

    def clear(self, change_id: str, record_id: str) -> Change:
        return Change(change_id, "Lead", "update", {"Title": None}, record_id)

    def is_cleared(self, record_id: str) -> bool:
        query = f"SELECT Title FROM Lead WHERE Id = '{record_id}'"
        [lead] = self._by_us(lambda: self.inner.query(query))
        return lead["Title"] is None

    def spend_allowance(self) -> None:
        self.inner.control("use-calls", calls=20_000)

    def add_field(self, name: str) -> None:
        field = Field(name=f"{name}__c", type="string", label=name, length=80)
        self.inner.store.put_field("Account", field, self.inner.clock.now())

    def drop_field(self, name: str) -> None:
        gone = {"kind": "change_field", "object": "Account", "field": name, "readable": False}
        self.inner.control("faults", rules=[gone])

    def change_silently(self, record_id: str) -> tuple[str, str]:
        def change() -> None:
            [account] = self.inner.query(f"SELECT OwnerId FROM Account WHERE Id = '{record_id}'")
            owner = f"sobjects/User/{account['OwnerId']}"
            self.inner.call("PATCH", owner, {"Email": "new.owner@acme.example"})

        self._by_us(change)
        return "Owner.Email", "new.owner@acme.example"


class HubSpotCompanies(CrmRig):
    paths: ClassVar = {
        "pages": "/objects/companies",
        "writes": "/batch/u",
        "removals": "/batch/archive",
        "everything": "^/(crm|oauth|account)",
    }
    volatile_spec = ObjectSpec("companies", ("name", "associations/contacts/any"))

    def restore(self, record_id: str) -> None:
        self.inner.control("restore", object="companies", id=int(record_id))

    def merge(self, survivor: str, loser: str) -> str:
        made = self.inner.control(
            "merge", object="companies", primary=int(survivor), loser=int(loser)
        )
        return str(made["id"])

    def hide(self, record_id: str) -> None:
        hidden = {"kind": "permission_lost", "object": "companies", "ids": [int(record_id)]}
        self.inner.control("faults", rules=[hidden])

    def show(self, _record_id: str) -> None:
        self.inner.control("faults", rules=[])

    def create(self, change_id: str, key: str) -> Change:
        fields = {"firstname": "Ada", "lastname": "Lovelace", "jobtitle": "Countess"}
        return Change(change_id, "contacts", "create", fields, key=("hub_contact_key", key))

    def clear(self, change_id: str, record_id: str) -> Change:
        return Change(change_id, "contacts", "update", {"jobtitle": None}, record_id)

    def is_cleared(self, record_id: str) -> bool:
        path = f"objects/contacts/{record_id}?properties=jobtitle"
        answer = self._by_us(lambda: self.inner.call("GET", path))
        return not answer["properties"]["jobtitle"]

    def spend_allowance(self) -> None:
        self.inner.control("switches", daily_max=1, enforce_daily=True)

    def add_field(self, name: str) -> None:
        self._schema(name, "add")

    def drop_field(self, name: str) -> None:
        self._schema(name, "remove")

    def _schema(self, name: str, change: str) -> None:
        rule = {"kind": "schema_change", "object": "companies", "property": name, "change": change}
        self.inner.control("faults", rules=[{**rule, "match": {"times": 1}}])

    def change_silently(self, record_id: str) -> tuple[str, str]:
        def change() -> str:
            person = {"properties": {"firstname": "Ada", "lastname": "Lovelace"}}
            contact = str(self.inner.call("POST", "objects/contacts", person)["id"])
            path = f"../v4/objects/contacts/{contact}/associations/default/companies/{record_id}"
            self.inner.call("PUT", path)
            return contact

        return "associations/contacts/any", self._by_us(change)


@contextmanager
def salesforce_accounts(stage: Stage, url: str) -> Iterator[SalesforceAccounts]:
    with salesforce_rig(stage, url) as inner:
        assert isinstance(inner, SalesforceRig)
        yield SalesforceAccounts(inner)


@contextmanager
def hubspot_companies(stage: Stage, url: str) -> Iterator[HubSpotCompanies]:
    with hubspot_rig(stage, url) as inner:
        assert isinstance(inner, HubSpotRig)
        yield HubSpotCompanies(inner)
