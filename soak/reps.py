"""Everybody else who works in the Salesforce org: reps who edit, create, merge, convert, delete."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from sandbox.salesforce.app import SalesforceApp
from sandbox.salesforce.lifecycle import convert_lead, merge
from sandbox.salesforce.recycle import delete, purge, undelete
from sandbox.salesforce.values import stamp
from sandbox.salesforce.writes import Writer, create, update

_LATE_SHARE = 0.1
_LATE_SECONDS = 400
_STAGES = ("Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review")
_ENDS = ("Closed Won", "Closed Lost")
_INDUSTRIES = ("Energy", "Retail", "Transportation", "Manufacturing")
_CITIES = (("Wien", "1010"), ("Lyon", "69001"), ("Utrecht", "3511"), ("Bremen", "28195"))
_HUB_FIELDS = {
    "Lead": ("Hub_Partner_Name__c", "Hub_Partner_Key__c"),
    "Opportunity": ("Hub_Registered_Partner__c", "Hub_Partner_Key__c"),
}


class Reps:
    """Change the org by the sandbox's own functions, so that all its rules hold."""

    def __init__(self, app: SalesforceApp, chance: Random) -> None:
        self._org, self._chance = app.org, chance
        self._db = app.org.store.db
        user = self._db.execute('SELECT "Id" FROM "User" ORDER BY "Id" LIMIT 1').fetchone()[0]
        self._writer = Writer(app.org, str(user), assign=False)
        self._number = 0
        self.merges: list[tuple[str, str, str]] = []
        """Object, loser, master of every merge, in order."""

    @property
    def habits(self) -> tuple[tuple[str, float, Callable[[], None]], ...]:
        """What happens, how often beside the others, and how."""
        return (
            ("edit", 18, self._edit_account),
            ("edit", 22, self._edit_contact),
            ("edit", 12, self._edit_opportunity),
            ("edit", 9, self._edit_lead),
            ("re-association", 5, self._move_contact),
            ("re-association", 2, self._move_account),
            ("create", 3, self._new_account),
            ("create", 6, self._new_contact),
            ("create", 4, self._new_opportunity),
            ("create", 4, self._new_lead),
            ("delete", 3, lambda: self._delete("Contact")),
            ("delete", 1, lambda: self._delete("Account")),
            ("delete", 2, lambda: self._delete("Opportunity")),
            ("delete", 2, lambda: self._delete("Lead")),
            ("undelete", 2, self._undelete),
            ("hard delete", 1, self._purge),
            ("merge", 1, lambda: self._merge("Account")),
            ("merge", 2, lambda: self._merge("Contact")),
            ("merge", 1, lambda: self._merge("Lead")),
            ("chained merge", 1, self._merge_again),
            ("conversion", 1, self._convert),
            ("edit of the hub's fields", 2, lambda: self._meddle("Opportunity")),
            ("edit of the hub's fields", 2, lambda: self._meddle("Lead")),
            ("stamp without a change", 1, self._touch),
        )

    def begin(self) -> None:
        """What they do now meets none of the locks and refusals meant for the last request."""
        self._org.locks.next_call(())

    def bulk_update(self, rows: int) -> None:
        """Many records changed in one transaction, all with one stamp."""
        name = self._chance.choice(("Account", "Contact"))
        found = self._db.execute(
            f'SELECT "Id" FROM "{name}" WHERE "IsDeleted" = 0 AND _row >= ? ORDER BY _row LIMIT ?',
            (self._place(name), rows),
        ).fetchall()
        field = "BillingCity" if name == "Account" else "MailingCity"
        city = self._chance.choice(_CITIES)[0]
        for (record,) in found:
            self._change(name, record, {field: city})

    # -- edits

    def _edit_account(self) -> None:
        city, postal = self._chance.choice(_CITIES)
        change: Mapping[str, object] = self._chance.choice(
            (
                {"Phone": f"+49 30 {self._next():07d}"},
                {"BillingCity": city, "BillingPostalCode": postal},
                {"NumberOfEmployees": self._chance.randrange(1, 9000)},
                {"Industry": self._chance.choice(_INDUSTRIES)},
                {"Website": f"https://www.site{self._next()}.example"},
                {"BillingStreet": None},
                {"Name": f"Renamed {self._next()} GmbH"},
            )
        )
        self._change("Account", self._any("Account"), change)

    def _edit_contact(self) -> None:
        change: Mapping[str, object] = self._chance.choice(
            (
                {"Title": f"Head of {self._next()}"},
                {"Phone": f"+43 1 {self._next():06d}"},
                {"Email": f"person{self._next()}@mail{self._next()}.example"},
                {"MobilePhone": None},
                {"LastName": f"Newname{self._next()}"},
            )
        )
        self._change("Contact", self._any("Contact"), change)

    def _edit_opportunity(self) -> None:
        change: Mapping[str, object] = self._chance.choice(
            (
                {"StageName": self._chance.choice(_STAGES)},
                {"StageName": self._chance.choice(_ENDS)},
                {"Amount": self._chance.randrange(100, 900_000) / 4},
                {"Amount": None},
                {"CloseDate": f"2027-{self._chance.randrange(1, 13):02d}-15"},
                {"Name": f"Deal {self._next()}"},
            )
        )
        self._change("Opportunity", self._any("Opportunity"), change)

    def _edit_lead(self) -> None:
        change: Mapping[str, object] = self._chance.choice(
            (
                {"Status": "Working - Contacted"},
                {"Company": f"Prospect {self._next()} Ltd"},
                {"Phone": f"+44 20 {self._next():07d}"},
                {"Country": self._chance.choice(("Germany", "Austria", "France"))},
            )
        )
        self._change("Lead", self._any("Lead"), change)

    def _move_contact(self) -> None:
        self._change("Contact", self._any("Contact"), {"AccountId": self._any("Account")})

    def _move_account(self) -> None:
        child, parent = self._any("Account"), self._any("Account")
        if child is not None and parent is not None and child > parent:
            self._change("Account", child, {"ParentId": parent})

    def _meddle(self, name: str) -> None:
        """Somebody writes into what the hub owns."""
        field = self._chance.choice(_HUB_FIELDS[name])
        value = None if self._chance.random() < 0.4 else f"by hand {self._next()}"
        self._change(name, self._any(name), {field: value})

    def _touch(self) -> None:
        record = self._any("Account")
        if record is not None:
            self._org.store.touch(self._org.sobject("Account"), [record], self._org.now())

    # -- coming and going

    def _new_account(self) -> None:
        name = f"Newcomer {self._next()} AG"
        self._create("Account", {"Name": name, "Type": "Prospect", "BillingCountry": "Austria"})

    def _new_contact(self) -> None:
        self._create(
            "Contact",
            {
                "LastName": f"Fresh{self._next()}",
                "FirstName": "Kim",
                "AccountId": self._any("Account"),
                "Email": f"kim{self._next()}@fresh.example",
            },
        )

    def _new_opportunity(self) -> None:
        self._create(
            "Opportunity",
            {
                "Name": f"Chance {self._next()}",
                "AccountId": self._any("Account"),
                "StageName": self._chance.choice(_STAGES),
                "CloseDate": "2027-03-31",
                "Amount": self._chance.randrange(1, 2000) * 50,
                "CurrencyIsoCode": "EUR",
            },
        )

    def _new_lead(self) -> None:
        self._create(
            "Lead",
            {
                "LastName": f"Asker{self._next()}",
                "FirstName": "Toni",
                "Company": f"Asking {self._next()} SARL",
                "Email": f"toni{self._next()}@asking{self._next()}.example",
                "Country": self._chance.choice(("Germany", "Austria", "France")),
                "Product_Interest__c": "Orbit Endpoint",
            },
        )

    def _create(self, name: str, body: dict[str, object]) -> None:
        """Some inserts are committed long after the stamp they carry."""
        before = self._org.switches
        if self._chance.random() < _LATE_SHARE:
            self._org.switches = replace(before, commit_lag_seconds=_LATE_SECONDS)
        try:
            create(self._writer, self._org.sobject(name), body)
        finally:
            self._org.switches = before

    def _delete(self, name: str) -> None:
        record = self._any(name)
        if record is not None:
            delete(self._writer, self._org.sobject(name), record)

    def _undelete(self) -> None:
        name = self._chance.choice(("Contact", "Lead", "Opportunity", "Account"))
        record = self._binned(name)
        if record is not None:
            undelete(self._org, self._org.sobject(name), record)

    def _purge(self) -> None:
        """Gone for good, past the recycle bin: nothing but its absence tells."""
        name = self._chance.choice(("Contact", "Lead", "Opportunity"))
        record = self._binned(name)
        if record is not None:
            purge(self._org, self._org.sobject(name), record)

    # -- merging and converting

    def _merge(self, name: str) -> None:
        master, loser = self._any(name), self._any(name)
        if master is not None and loser is not None:
            self._merge_these(name, master, loser)

    def _merge_again(self) -> None:
        """The survivor of an earlier merge is merged away itself."""
        alive = [
            (name, master) for name, _, master in self.merges[-20:] if self._is_alive(name, master)
        ]
        if alive:
            name, loser = self._chance.choice(alive)
            master = self._any(name)
            if master is not None:
                self._merge_these(name, master, loser)

    def _merge_these(self, name: str, master: str, loser: str) -> None:
        if master == loser or self._is_converted(name, master) or self._is_converted(name, loser):
            return
        merge(self._org, self._org.sobject(name), master, [loser])
        self.merges.append((name, loser, master))

    def _convert(self) -> None:
        lead = self._any("Lead")
        if lead is not None and not self._is_converted("Lead", lead):
            convert_lead(self._org, lead, opportunity_name=f"Won over {self._next()}")

    # -- below

    def _change(self, name: str, record: str | None, values: Mapping[str, object]) -> None:
        if record is not None and not self._is_converted(name, record):
            update(self._writer, self._org.sobject(name), record, dict(values))

    def _any(self, name: str) -> str | None:
        """A living record; the later ones, which are new, as often as the others."""
        row = self._db.execute(
            f'SELECT "Id" FROM "{name}" WHERE "IsDeleted" = 0 AND _row >= ? AND '
            "(_VisibleFrom IS NULL OR _VisibleFrom <= ?) ORDER BY _row LIMIT 1",
            (self._place(name), stamp(self._org.now())),
        ).fetchone()
        return None if row is None else str(row[0])

    def _binned(self, name: str) -> str | None:
        """A record that was deleted, and not merged away."""
        master = "" if name == "Opportunity" else 'AND "MasterRecordId" IS NULL'
        rows = self._db.execute(
            f'SELECT "Id" FROM "{name}" WHERE "IsDeleted" = 1 {master} '
            'ORDER BY "SystemModstamp" DESC, "Id" LIMIT 20'
        ).fetchall()
        return str(self._chance.choice(rows)[0]) if rows else None

    def _place(self, name: str) -> int:
        last = self._db.execute(f'SELECT max(_row) FROM "{name}"').fetchone()[0] or 1
        return self._chance.randrange(1, last + 1)

    def _is_alive(self, name: str, record: str) -> bool:
        row = self._org.store.fetch(self._org.sobject(name), record)
        return row is not None and not row["IsDeleted"]

    def _is_converted(self, name: str, record: str) -> bool:
        if name != "Lead":
            return False
        row = self._org.store.fetch(self._org.sobject(name), record)
        return row is None or bool(row["IsConverted"])

    def _next(self) -> int:
        self._number += 1
        return self._number
