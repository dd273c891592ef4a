"""A few leads and deals to begin with: the same ones every time, told relative to a moment."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.partner_api.store import stamp

_PEOPLE = (
    ("Ada", "Brandt"),
    ("Jonas", "Keller"),
    ("Mireille", "Dubois"),
    ("Karin", "Lindqvist"),
    ("Tomás", "Herrera"),
    ("Aoife", "Byrne"),
    ("Piotr", "Nowak"),
    ("Greta", "Zimmermann"),
)
_COMPANIES = (
    ("Hafenlogistik Kiel GmbH", "Kiel", "DE"),
    ("Moulins de la Loire SA", "Nantes", "FR"),
    ("Fjällverk AB", "Umeå", "SE"),
    ("Talleres Herrera SL", "Bilbao", "ES"),
    ("Byrne Dairies Ltd", "Cork", "IE"),
)
_PRODUCTS = ("Firewall 10", "Switch 24", "Endpoint Suite")
_SOURCES = ("Trade fair", "Web form", "Referral")
_STATUSES = ("new", "new", "working", "lost")
_STAGES = ("open", "registered", "won")


def demo_records(
    now: datetime, leads: int = 40, deals: int = 12
) -> dict[str, list[dict[str, Any]]]:
    """Records for `PartnerStore.load`, each changed an hour after the one before it."""
    return {"leads": list(_leads(now, leads)), "deals": list(_deals(now, deals))}


def _leads(now: datetime, count: int) -> Iterator[dict[str, Any]]:
    for n in range(1, count + 1):
        first, last = _PEOPLE[n % len(_PEOPLE)]
        company, city, country = _COMPANIES[n % len(_COMPANIES)]
        site = company.split()[0].lower().encode("ascii", "ignore").decode()
        yield {
            "id": f"L-{100_000 + n}",
            "updated_at": stamp(now - timedelta(hours=count + 1 - n)),
            "contact.first_name": first,
            "contact.last_name": last,
            "contact.email": f"{first}.{last}.{n}@{site}.example".lower(),
            "company.name": company,
            "company.city": city,
            "company.country": country,
            "company.website": f"https://{site}.example",
            "product": _PRODUCTS[n % len(_PRODUCTS)],
            "source": _SOURCES[n % len(_SOURCES)],
            "status": _STATUSES[n % len(_STATUSES)],
            "score": n * 2.5,
            "opted_in": n % 2 == 0,
        }


def _deals(now: datetime, count: int) -> Iterator[dict[str, Any]]:
    for n in range(1, count + 1):
        company, city, _ = _COMPANIES[n % len(_COMPANIES)]
        yield {
            "id": f"D-{100_000 + n}",
            "updated_at": stamp(now - timedelta(hours=count + 1 - n)),
            "title": f"{_PRODUCTS[n % len(_PRODUCTS)]} for {company}",
            "account.name": company,
            "account.city": city,
            "stage": _STAGES[n % len(_STAGES)],
            "amount.value": 1_250.5 * n,
            "amount.currency": "EUR",
            "close_date": (now + timedelta(days=30 + n)).date().isoformat(),
            "product": _PRODUCTS[n % len(_PRODUCTS)],
            "closed": n % 3 == 2,
        }
