"""Distributor northwind's sell-through: who sold what to whom, before a spreadsheet touches it."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import cycle
from random import Random

from sandbox.world import writing
from sandbox.world.catalog import PRODUCTS, Product
from sandbox.world.company import Company
from sandbox.world.population import HERO_CUSTOMER, HERO_PARTNER

WEEKS = 6
_LINES_PER_COMPANY = 1.5
_BRANCHES = ("Rotterdam", "Hamburg", "Lyon", "Milano", "Boston")
_UNNAMED = ("VARIOUS", "Stock", "", "diverse")
_UNNAMED_SHARE = 0.02
_RETURN_SHARE = 0.02
_PRICE_LEVEL = {"SEK": 11}
"""What a price of 1 is in currencies that are worth far less than the others."""


@dataclass(frozen=True, slots=True)
class Reseller:
    """A customer account at the distributor, with the master data its clerk once typed."""

    company: Company
    account: str
    name: str
    city: str
    postal: str
    country: str
    branch: str


@dataclass(frozen=True, slots=True)
class Buyer:
    """An end customer as typed on one invoice; `company` is None where nobody was named."""

    company: Company | None
    name: str
    city: str
    postal: str
    country: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice."""

    reseller: Reseller
    buyer: Buyer
    product: Product
    quantity: int
    cents: int
    currency: str
    invoice: str
    number: int
    invoiced: date
    serial: str

    @property
    def key(self) -> str:
        return f"{self.invoice}/{self.number}"


@dataclass(frozen=True, slots=True)
class Week:
    """One full ISO week and the file that reports it."""

    monday: date
    lines: list[Line] = field(default_factory=list)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def file(self) -> str:
        year, week, _ = self.monday.isocalendar()
        return f"pos_{year}-W{week:02d}.csv"


def full_weeks(today: date) -> list[Week]:
    """The last six ISO weeks that ended before `today`, oldest first."""
    this_monday = today - timedelta(days=today.weekday())
    return [Week(this_monday - timedelta(weeks=back)) for back in range(WEEKS, 0, -1)]


def sell(companies: list[Company], rng: Random, today: date) -> list[Week]:
    """Invoices of one to four lines until the weeks are full; everybody on record sells or buys."""
    weeks = full_weeks(today)
    resellers = _resellers(companies, rng)
    buyers = [c for c in companies if c.presence.pos and not c.sells]
    suppliers = _Suppliers(resellers, rng)
    invoices = len(resellers) + len(buyers)
    wanted = max(round(len(companies) * _LINES_PER_COMPANY), invoices)
    made = 0
    invoice = 0
    while made < wanted:
        first = invoice < len(buyers)
        customer = buyers[invoice] if first else rng.choice(buyers)
        named = first or customer.number == HERO_CUSTOMER or rng.random() >= _UNNAMED_SHARE
        reseller = suppliers.of(customer) if first else suppliers.idle() or suppliers.of(customer)
        week = weeks[rng.randrange(WEEKS)]
        invoice += 1
        number = f"N{week.monday:%y}{invoice:07d}"
        buyer = _buyer(rng, customer) if named else _nobody(rng, reseller)
        count = min(wanted - made, rng.choices((1, 2, 3, 4), (60, 25, 10, 5))[0])
        if wanted - made - count < invoices - invoice:
            count = 1
        week.lines.extend(_invoice(rng, reseller, buyer, week, number, count))
        made += count
    for week in weeks:
        week.lines.sort(key=lambda line: (line.invoiced, line.invoice, line.number))
    return weeks


def _resellers(companies: list[Company], rng: Random) -> list[Reseller]:
    made = []
    for company in companies:
        if not (company.presence.pos and company.sells):
            continue
        for copy in range(2 if company.number > HERO_PARTNER and rng.random() < 0.04 else 1):
            where = writing.address(rng, company, writing.DISTRIBUTOR)
            made.append(
                Reseller(
                    company=company,
                    account=f"{(company.number * 2 + copy) * 37 + 1_000_003:08d}",
                    name=writing.company_name(rng, company, writing.DISTRIBUTOR),
                    city=writing.city(rng, where, writing.DISTRIBUTOR),
                    postal=where.postal,
                    country=_country(rng, company),
                    branch=rng.choice(_BRANCHES),
                )
            )
    return made


def _country(rng: Random, company: Company) -> str:
    return writing.country(rng, company.country, writing.DISTRIBUTOR) or company.country.iso


class _Suppliers:
    """Each customer buys from one reseller of its country, now and then from the next one."""

    def __init__(self, resellers: list[Reseller], rng: Random) -> None:
        self._rng = rng
        self._first = resellers[0]
        near: dict[str, list[Reseller]] = {}
        for reseller in resellers:
            near.setdefault(reseller.company.country.iso, []).append(reseller)
        self._near = {iso: cycle(local) for iso, local in near.items()}
        self._anywhere = cycle(resellers)
        self._usual: dict[int, Reseller] = {}
        self._idle = {reseller.account: reseller for reseller in resellers}

    def idle(self) -> Reseller | None:
        """One that has not sold anything yet."""
        if not self._idle:
            return None
        account = next(iter(self._idle))
        return self._idle.pop(account)

    def of(self, customer: Company) -> Reseller:
        if customer.number == HERO_CUSTOMER:
            return self._first
        usual = self._usual.get(customer.number)
        if usual is not None and self._rng.random() < 0.85:
            return usual
        chosen = next(self._near.get(customer.country.iso, self._anywhere))
        self._idle.pop(chosen.account, None)
        return self._usual.setdefault(customer.number, chosen) if usual is None else chosen


def _buyer(rng: Random, customer: Company) -> Buyer:
    habits = writing.DISTRIBUTOR
    where = writing.address(rng, customer, habits)
    return Buyer(
        company=customer,
        name=writing.company_name(rng, customer, habits),
        city=writing.city(rng, where, habits) if rng.random() < 0.9 else "",
        postal=where.postal if rng.random() < 0.85 else "",
        country=_country(rng, customer),
    )


def _nobody(rng: Random, reseller: Reseller) -> Buyer:
    return Buyer(None, rng.choice(_UNNAMED), "", "", reseller.country)


def _invoice(
    rng: Random, reseller: Reseller, buyer: Buyer, week: Week, number: str, count: int
) -> list[Line]:
    invoiced = week.monday + timedelta(days=rng.choices(range(7), (20, 20, 20, 20, 17, 2, 1))[0])
    currency = reseller.company.country.currency
    lines = []
    for place in range(1, count + 1):
        product = rng.choice(PRODUCTS)
        quantity = rng.choices((1, 2, 3, 5, 10, 25), (40, 20, 12, 14, 10, 4))[0]
        if rng.random() < _RETURN_SHARE:
            quantity = -1
        single = product.hardware and abs(quantity) == 1
        lines.append(
            Line(
                reseller=reseller,
                buyer=buyer,
                product=product,
                quantity=quantity,
                cents=product.cents * _PRICE_LEVEL.get(currency, 1) * rng.randrange(78, 104) // 100,
                currency=currency,
                invoice=number,
                number=place,
                invoiced=invoiced,
                serial=f"2{rng.randrange(10**11):011d}" if single else "",
            )
        )
    return lines
