"""A profile says how one distributor spells a report: encoding, delimiter, headers, formats."""

from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from hub.config import Settings, Strict, read_yaml, validated
from hub.errors import ConfigError

POS_COLUMNS = (
    "report_date",
    "branch",
    "reseller_account",
    "reseller_name",
    "reseller_city",
    "reseller_postal_code",
    "reseller_country",
    "end_customer_name",
    "end_customer_city",
    "end_customer_postal_code",
    "end_customer_country",
    "sku",
    "product_name",
    "quantity",
    "unit_price",
    "currency",
    "invoice_no",
    "invoice_line",
    "invoice_date",
    "serial_no",
)
NUMBER_COLUMNS = ("quantity", "unit_price")
DATE_COLUMNS = ("report_date", "invoice_date")


class Profile(Strict):
    """One kind of report of one sender. `columns` is canonical column → header as printed."""

    kind: Literal["pos"]
    encoding: str = "utf-8"
    delimiter: str = Field(default=";", min_length=1, max_length=1)
    decimal_mark: Literal[".", ","] = "."
    date_formats: tuple[str, ...] = ("%Y-%m-%d",)
    columns: dict[str, str]
    key: tuple[str, ...] = ("invoice_no", "invoice_line")

    @model_validator(mode="after")
    def _only_known_columns(self) -> Self:
        unknown = sorted(set(self.columns) - set(POS_COLUMNS))
        if unknown:
            raise ValueError(f"no such column: {', '.join(unknown)}")
        unmapped = [name for name in self.key if name not in self.columns]
        if unmapped or not self.key:
            raise ValueError(f"`key` needs mapped columns, not: {', '.join(unmapped) or 'none'}")
        try:
            "".encode(self.encoding)
        except LookupError as err:
            raise ValueError(f"no such encoding: {self.encoding}") from err
        return self


def load_profile(name: str, settings: Settings) -> Profile:
    """`profiles/NAME.yaml` beside hub.yaml, else the shipped one. Raises ConfigError."""
    own = settings.folder / "profiles" / f"{name}.yaml"
    if own.is_file():
        return _read(own)
    shipped = files("hub.connectors.feed").joinpath("profiles", f"{name}.yaml")
    if shipped.is_file():
        with as_file(shipped) as path:
            return _read(path)
    raise ConfigError(
        settings.file,
        "systems.*.reports.*.profile",
        f"there is no profile '{name}'.",
        remedy=f"write {own}, or name a shipped profile",
    )


def _read(path: Path) -> Profile:
    return validated(Profile, read_yaml(path), path)
