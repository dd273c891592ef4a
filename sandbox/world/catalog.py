"""What the vendor sells: eight product families of five SKUs, and the prices a distributor asks."""

from dataclasses import dataclass

FAMILIES = (
    "Sentinel Firewall",
    "Beacon Wireless",
    "Atlas Switch",
    "Harbor Backup",
    "Orbit Endpoint",
    "Prism Analytics",
    "Relay VPN",
    "Vault Storage",
)
_MODELS = ("100", "200", "400", "800", "1200")
_HARDWARE = frozenset({"Sentinel Firewall", "Beacon Wireless", "Atlas Switch", "Vault Storage"})


@dataclass(frozen=True, slots=True)
class Product:
    """`cents` is the distributor's list price; only hardware carries serial numbers."""

    sku: str
    family: str
    description: str
    cents: int
    hardware: bool


def _product(family: str, place: int, model: str) -> Product:
    hardware = family in _HARDWARE
    kind = "appliance" if hardware else "licence, 1 year"
    return Product(
        sku=f"{family[:3].upper()}-{model.zfill(4)}",
        family=family,
        description=f"{family} {model} {kind}",
        cents=(place + 1) * (place + 2) * (FAMILIES.index(family) + 3) * 1799,
        hardware=hardware,
    )


PRODUCTS = tuple(
    _product(family, place, model) for family in FAMILIES for place, model in enumerate(_MODELS)
)
