"""A large world made quickly: accounts and companies of the stock mapping's width, and no more.

Ids and stamps rise with the row's number, a thousand rows to a second; everything else is spread by
arithmetic, so that two folders made alike are alike. No two CRMs' rows speak of the same company.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.hubspot.store import HubSpotStore, LoadedRecord
from sandbox.salesforce.ids import record_id
from sandbox.salesforce.store import SalesforceStore
from sandbox.seed import hubspot_file, salesforce_file

_BORN = datetime(2026, 1, 5, 8, 0, 0, tzinfo=UTC)
_ROWS_A_SECOND = 1_000
FIRST_COMPANY = 9_000_000_000
_STEMS = ("Adler", "Brücken", "Castel", "Dorn", "Esker", "Fjord", "Gipfel", "Hafen", "Iris", "Jura")
_TRADES = ("Logistik", "Robotics", "Foods", "Medizintechnik", "Software", "Bau", "Optik")
_CITIES = (
    ("Graz", "8010", "Austria", "Steiermark", "+43 316 "),
    ("München", "80331", "Germany", "Bayern", "+49 89 "),
    ("Lyon", "69002", "France", "Rhône", "+33 4 78 "),
    ("Leeds", "LS1 4AP", "United Kingdom", "West Yorkshire", "+44 113 "),
    ("Austin", "78701", "US", "Texas", "+1 512 "),
)
_INDUSTRIES = ("Manufacturing", "Transportation", "Healthcare", None, "Technology")
_TYPES = ("Customer", "Prospect", "Partner", "Customer", None)


def fill(folder: Path, accounts: int, companies: int) -> None:
    """Put so many rows into new CRMs under `folder`, which must hold none."""
    (folder / "sandbox").mkdir(parents=True)
    org = SalesforceStore(salesforce_file(folder))
    try:
        org.load({"Account": map(account, range(1, accounts + 1))})
    finally:
        org.close()
    portal = HubSpotStore(hubspot_file(folder))
    try:
        portal.load({"companies": _companies(companies)})
    finally:
        portal.close()


def account(number: int) -> dict[str, object]:
    """The account of that number, all columns of the stock mapping filled as often as is usual."""
    city, postal, country, region, dial = _CITIES[number % 5]
    partner = number % 20 == 2
    at = _stamp(number)
    row: dict[str, object] = {
        "Id": account_id(number),
        "Name": _name(number),
        "Type": "Partner" if partner else _TYPES[number % 5],
        "ParentId": account_id(number // 40) if number % 40 == 0 and number > 40 else None,
        "Website": f"https://www.{_host(number)}" if number % 3 else None,
        "Phone": f"{dial}{number % 1_000_000:06d}" if number % 4 else None,
        "BillingStreet": f"{_STEMS[number % 10]}straße {number % 199 + 1}",
        "BillingCity": city,
        "BillingState": region if number % 2 else None,
        "BillingPostalCode": postal,
        "BillingCountry": country,
        "Industry": _INDUSTRIES[number % 5],
        "NumberOfEmployees": number % 5_000 + 1 if number % 5 < 3 else None,
        "Tax_Id__c": f"ATU{number:08d}" if number % 3 == 0 else None,
        "DunsNumber": f"{number:09d}" if number % 4 == 0 else None,
        "AccountNumber": f"OLD-{number}" if number % 2 else None,
        "Partner_Tier__c": "Gold" if partner else None,
        "Partner_Status__c": "Active" if partner else None,
        "Partner_Territories__c": "AT;DE" if partner else None,
        "CreatedDate": at,
        "LastModifiedDate": at,
        "SystemModstamp": at,
    }
    return row


def account_id(number: int) -> str:
    return record_id("001", number)


def _companies(rows: int) -> Iterator[LoadedRecord]:
    for number in range(1, rows + 1):
        city, postal, country, region, dial = _CITIES[number % 5]
        at = _stamp(number)
        told = {
            "name": f"{_name(number)} Holding",
            "domain": f"holding.{_host(number)}" if number % 3 else None,
            "phone": f"{dial}{number % 1_000_000:06d}" if number % 4 else None,
            "address": f"{_STEMS[number % 10]}gasse {number % 199 + 1}",
            "city": city,
            "state": region if number % 2 else None,
            "zip": postal,
            "country": country,
            "numberofemployees": str(number % 5_000 + 1) if number % 5 < 3 else None,
            "tax_id": f"FN{number:08d}" if number % 3 == 0 else None,
            "description": f"Customer OLD-{number}" if number % 2 else None,
        }
        yield {
            "id": FIRST_COMPANY + number,
            "properties": {name: value for name, value in told.items() if value is not None},
            "createdAt": at,
            "updatedAt": at,
        }


def _stamp(number: int) -> str:
    return f"{_BORN + timedelta(seconds=number // _ROWS_A_SECOND):%Y-%m-%dT%H:%M:%SZ}"


def _name(number: int) -> str:
    return f"{_STEMS[number % 10]} {_TRADES[number % 7]} {number} GmbH"


def _host(number: int) -> str:
    return f"{_STEMS[number % 10].lower().replace('ü', 'ue')}-{number}.example"
