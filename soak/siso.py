"""Worlds in which one thing went wrong with a distributor's reports: does reconciling say which?

    python -m soak.siso [--worlds 1000] [--seed 1]

Each world is made without the code it tests: goods are shipped, arrive, are sold, come back and are
counted; then documents are written of it, and one of them is spoilt. The truth is what was spoilt.
"""

import argparse
import calendar
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import polars as pl

from hub.policy.siso.reconcile import Documents, Rules, reconcile

FAULTS = (
    *("missing_file", "duplicate_file", "wrong_sign", "unit_of_measure", "sku_alias"),
    *("in_transit", "return"),
)
_START, _MONTHS = date(2026, 1, 1), 5
_SPOILT = "2026-04"
_PACKS = (6, 10, 12, 20, 24)
_SALES = {
    "distributor": pl.String, "sku": pl.String, "period": pl.String, "date": pl.Date,
    "transaction_type": pl.String, "transaction_code": pl.String, "quantity": pl.Int64,
    "unit_price": pl.Decimal(15, 4), "amount": pl.Decimal(15, 2), "invoice_no": pl.String,
    "reseller_account": pl.String, "report_id": pl.String,
}  # fmt: skip
_STOCK = {
    "distributor": pl.String, "sku": pl.String, "period": pl.String, "on_hand": pl.Int64,
    "in_transit": pl.Int64, "unit_value": pl.Decimal(15, 4),
}  # fmt: skip
_SHIPMENTS = {
    "distributor": pl.String, "sku": pl.String, "period": pl.String, "ship_date": pl.Date,
    "received_date": pl.Date, "quantity": pl.Int64,
}  # fmt: skip
_MISSING = {
    "distributor": pl.String, "period": pl.String, "missing": pl.Float64, "names": pl.String,
}  # fmt: skip


@dataclass
class World:
    """Documents as rows, what was spoilt in them, and of which SKU (None: of all)."""

    fault: str
    sku: str | None
    sales: list[dict[str, object]] = field(default_factory=list)
    stock: list[dict[str, object]] = field(default_factory=list)
    shipments: list[dict[str, object]] = field(default_factory=list)
    missing: list[dict[str, object]] = field(default_factory=list)

    @property
    def documents(self) -> Documents:
        return Documents(
            pl.DataFrame(self.sales, schema=_SALES),
            pl.DataFrame(self.stock, schema=_STOCK),
            pl.DataFrame(self.shipments, schema=_SHIPMENTS),
            pl.DataFrame(self.missing, schema=_MISSING),
        )


def make_world(seed: int) -> World:
    """A world with one fault that moves at least one balance by clearly more than is tolerated."""
    for attempt in range(1_000):
        rng = Random(seed * 1_000 + attempt)  # noqa: S311 (worlds, not secrets)
        world = _unspoilt(rng, FAULTS[seed % len(FAULTS)])
        if _SPOIL[world.fault](rng, world):
            return world
    raise RuntimeError(f"no world of seed {seed}")


# -- the world as it is --------------------------------------------------------------------------


def _unspoilt(rng: Random, fault: str) -> World:
    world = World(fault, None)
    skus = [
        f"{rng.choice('ABCDEFGH')}{rng.choice('KLMNPQRS')}{n}{rng.randint(0, 9)}"
        f"-{rng.randint(100, 999)}"
        for n in range(rng.randint(5, 10))
    ]
    for sku in skus:
        _live(rng, world, sku)
    return world


def _live(rng: Random, world: World, sku: str) -> None:
    """One SKU from the first to the last day: physical stock, and the documents of it."""
    pack, demand = rng.choice(_PACKS), rng.randint(4, 20)
    price = rng.randint(20, 900)
    on_hand, coming = demand * 40, []  # arrival day, units
    day, last = _START, _month_end(_START, _MONTHS - 1)
    while day <= last:
        on_hand += sum(units for arrives, units in coming if arrives == day)
        if rng.random() < 0.07:
            units = demand * rng.randint(3, 12)
            arrives = day + timedelta(days=rng.randint(2, 6))
            coming.append((arrives, units))
            told = arrives if rng.random() < 0.7 else None
            world.shipments.append(_shipment(sku, day, told, units))
        if day.weekday() < 5:
            on_hand -= _sell(rng, world, sku, day, demand, pack, price)
        if rng.random() < 0.01:
            back = rng.randint(3, 10)
            on_hand -= back
            world.sales.append(_line(rng, sku, day, back, price, "inventory", "RV"))
            world.shipments.append(_shipment(sku, day, day, -back))
        if day == _month_end(day, 0):
            counted = on_hand + rng.choice((-2, -1, 0, 0, 0, 1, 2))
            on_the_way = sum(units for arrives, units in coming if arrives > day)
            on_hand = counted
            world.stock.append(
                {"distributor": "d", "sku": sku, "period": _month(day), "on_hand": counted,
                 "in_transit": on_the_way, "unit_value": price}
            )  # fmt: skip
        day += timedelta(days=1)


def _sell(
    rng: Random, world: World, sku: str, day: date, demand: int, pack: int, price: int
) -> int:
    """Sales and returns of a day; returns by how much the stock went down."""
    gone = 0
    if rng.random() < 0.55:
        quantity = pack * rng.randint(1, 3) if rng.random() < 0.5 else rng.randint(1, demand)
        world.sales.append(_line(rng, sku, day, quantity, price, "sale", "SS"))
        gone += quantity
    if rng.random() < 0.04:
        quantity = rng.randint(2, 2 * demand)
        world.sales.append(_line(rng, sku, day, -quantity, price, "return", "RP"))
        gone -= quantity
    return gone


def _line(
    rng: Random, sku: str, day: date, quantity: int, price: int, kind: str, code: str
) -> dict[str, object]:
    unit = round(price * rng.uniform(0.97, 1.03), 2)
    prefix = "CN" if kind == "return" else "I"
    return {
        "distributor": "d", "sku": sku, "period": _month(day), "date": day,
        "transaction_type": kind, "transaction_code": code, "quantity": quantity,
        "unit_price": unit, "amount": round(unit * quantity, 2),
        "invoice_no": f"{prefix}{rng.randint(10_000, 99_999)}",
        "reseller_account": f"R-{rng.randint(1, 9)}", "report_id": _week(day),
    }  # fmt: skip


def _shipment(sku: str, day: date, received: date | None, units: int) -> dict[str, object]:
    return {"distributor": "d", "sku": sku, "period": _month(day), "ship_date": day,
            "received_date": received, "quantity": units}  # fmt: skip


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _month_end(day: date, later: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + later, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def _week(day: date) -> str:
    return f"{day - timedelta(days=day.weekday()):%Y-%m-%d}"


# -- what goes wrong -----------------------------------------------------------------------------


def _in_month(world: World) -> list[dict[str, object]]:
    return [one for one in world.sales if one["period"] == _SPOILT]


def _whole_week(rng: Random, world: World) -> str:
    """A week that is all within the month."""
    weeks = sorted({str(one["report_id"]) for one in _in_month(world)})
    inside = [w for w in weeks if w[:7] == _SPOILT and
              _month(date.fromisoformat(w) + timedelta(days=6)) == _SPOILT]  # fmt: skip
    return rng.choice(inside)


def _moves_a_balance(world: World, lines: list[dict[str, object]]) -> bool:
    """Whether the sold units of these lines are clearly more than is tolerated, of some SKU."""
    units: Counter[object] = Counter()
    for one in lines:
        if one["transaction_type"] != "inventory":
            units[one["sku"]] += one["quantity"]  # type: ignore[call-overload]
    return any(_large(world, str(sku), number) for sku, number in units.items())


def _large(world: World, sku: str, units: int) -> bool:
    counted = max(abs(int(str(one["on_hand"]))) for one in world.stock if one["sku"] == sku)
    return abs(units) > 2 * max(5.0, 0.02 * counted) + 4


def _missing_file(rng: Random, world: World) -> bool:
    week = _whole_week(rng, world)
    lost = [one for one in world.sales if one["report_id"] == week]
    world.sales = [one for one in world.sales if one["report_id"] != week]
    world.missing = [{"distributor": "d", "period": _SPOILT, "missing": 1.0, "names": week}]
    return _moves_a_balance(world, lost)


def _duplicate_file(rng: Random, world: World) -> bool:
    week = _whole_week(rng, world)
    again = [{**one, "report_id": f"{week} again"} for one in world.sales
             if one["report_id"] == week and one["transaction_type"] != "inventory"]  # fmt: skip
    world.sales += again
    return _moves_a_balance(world, again)


def _wrong_sign(rng: Random, world: World) -> bool:
    """A return told as a sale, or a sale told as a return."""
    kind = rng.choice(("return", "sale"))
    lines = [one for one in _in_month(world) if one["transaction_type"] == kind]
    if not lines:
        return False
    one = rng.choice(lines)
    one["quantity"] = -int(str(one["quantity"]))
    if kind == "return":
        one["transaction_type"], one["transaction_code"] = "sale", "SS"
        if rng.random() < 0.5:  # the price goes with the quantity; the number of the note stays
            one["amount"] = -float(str(one["amount"]))
    else:
        one["transaction_type"] = "return"
        if rng.random() < 0.5:
            one["amount"] = -float(str(one["amount"]))
    world.sku = str(one["sku"])
    return _large(world, world.sku, 2 * int(str(one["quantity"])))


def _unit_of_measure(rng: Random, world: World) -> bool:
    """Of one SKU, a report counts packs where it sells whole ones, at the price of a pack."""
    world.sku = rng.choice([str(one["sku"]) for one in _in_month(world)])
    pack, week, moved = rng.choice(_PACKS), _whole_week(rng, world), 0
    for one in world.sales:
        quantity = int(str(one["quantity"]))
        told = one["sku"] == world.sku and one["report_id"] == week
        if told and one["transaction_type"] == "sale" and quantity % pack == 0:
            one["quantity"] = quantity // pack
            one["unit_price"] = round(float(str(one["unit_price"])) * pack, 2)
            moved += quantity - quantity // pack
    return _large(world, world.sku, moved)


def _sku_alias(rng: Random, world: World) -> bool:
    """One report, or the rest of the month, names an SKU otherwise."""
    world.sku = rng.choice([str(one["sku"]) for one in _in_month(world)])
    alias = rng.choice(
        (f"{world.sku}-EU", world.sku.replace("-", ""), f"{world.sku[:4]}/{rng.randint(10, 99)}")
    )
    week, on = _whole_week(rng, world), rng.random() < 0.5
    lines = [one for one in _in_month(world) if one["sku"] == world.sku
             and (one["report_id"] == week or (on and str(one["report_id"]) > week))
             and one["transaction_type"] != "inventory"]  # fmt: skip
    for one in lines:
        one["sku"] = alias
    return _large(world, world.sku, sum(int(str(one["quantity"])) for one in lines))


def _in_transit(rng: Random, world: World) -> bool:
    """Goods are on their way at the end of the month, and neither side says so."""
    late = [one for one in world.stock if one["period"] == _SPOILT and one["in_transit"]]
    if not late:
        return False
    counted = rng.choice(late)
    world.sku, units = str(counted["sku"]), int(str(counted["in_transit"]))
    end = _month_end(date.fromisoformat(f"{_SPOILT}-01"), 0)
    counted["in_transit"] = None
    for one in world.shipments:
        shipped = date.fromisoformat(str(one["ship_date"]))
        if one["sku"] == world.sku and end - timedelta(days=6) <= shipped <= end:
            received = one["received_date"]
            if received is None or date.fromisoformat(str(received)) > end:
                one["received_date"] = None
    return _large(world, world.sku, units)


def _return(rng: Random, world: World) -> bool:
    """The distributor sends goods back and says so; the vendor books it a month later."""
    world.sku = rng.choice([str(one["sku"]) for one in _in_month(world)])
    counted = [one for one in world.stock if one["sku"] == world.sku]
    units = rng.randint(15, 60)
    price = int(str(counted[0]["unit_value"]))
    day = _month_end(date.fromisoformat(f"{_SPOILT}-01"), 0) - timedelta(days=rng.randint(0, 6))
    world.sales.append(_line(rng, world.sku, day, units, price, "inventory", "RV"))
    booked = day + timedelta(days=10)
    world.shipments.append(_shipment(world.sku, booked, booked, -units))
    for one in counted:
        if str(one["period"]) >= _SPOILT:
            one["on_hand"] = int(str(one["on_hand"])) - units
    return _large(world, world.sku, units)


_SPOIL = {
    "missing_file": _missing_file,
    "duplicate_file": _duplicate_file,
    "wrong_sign": _wrong_sign,
    "unit_of_measure": _unit_of_measure,
    "sku_alias": _sku_alias,
    "in_transit": _in_transit,
    "return": _return,
}


# -- what reconciling says of it -----------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """The truth, what came first, and whether there was anything to say (a gap above tolerance)."""

    fault: str
    first: str | None

    @property
    def right(self) -> bool:
        return self.first == self.fault


def judged(seed: int) -> Verdict:
    """What reconciling puts first for the largest gap of the spoilt month: of the SKU whose
    documents were spoilt, or of all when a whole file was."""
    world = make_world(seed)
    found = reconcile(world.documents, Rules())
    month = pl.col("period") == _SPOILT
    gaps = found.balances.filter(month & (pl.col("status") == "exception"))
    if world.sku is not None:
        gaps = gaps.filter(pl.col("sku") == world.sku)
    if gaps.is_empty():
        return Verdict(world.fault, None)
    worst = gaps.sort(pl.col("gap").abs(), descending=True)["sku"][0]
    top = found.causes.filter(month & (pl.col("sku") == worst) & (pl.col("rank") == 1))
    return Verdict(world.fault, None if top.is_empty() else str(top["cause"][0]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    start = time.perf_counter()
    verdicts = [judged(told.seed + number) for number in range(told.worlds)]
    seconds = time.perf_counter() - start
    for fault in FAULTS:
        of_fault = [one for one in verdicts if one.fault == fault]
        right = sum(one.right for one in of_fault)
        wrong = Counter(one.first or "nothing" for one in of_fault if not one.right)
        said = ", ".join(f"{name} {number}" for name, number in wrong.most_common())
        instead = f"; instead: {said}" if said else ""
        sys.stdout.write(f"{fault:16} {right:4} of {len(of_fault):4} first{instead}\n")
    right = sum(one.right for one in verdicts)
    share = right / len(verdicts)
    sys.stdout.write(
        f"{right} of {len(verdicts)} true causes first ({share:.1%}), {seconds:.0f} s\n"
    )
    return 0 if share >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
