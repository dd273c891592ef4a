"""A profile says how one distributor spells a report: format, headers, codes, units, formats.

What a profile leaves out is decided by evidence of the file, and stated with the report.
"""

from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from hub.config import Settings, Strict, validated
from hub.connectors.feed.canonical import (
    COLUMNS,
    LINES_OF,
    Kind,
)
from hub.errors import ConfigError
from hub.yamlfile import read_yaml

Format = Literal["csv", "spreadsheet", "jsonl", "x12", "edifact"]
KEYS: dict[Kind, tuple[str, ...]] = {
    "pos": ("invoice_no", "invoice_line"),
    "inventory": ("as_of_date", "branch", "sku"),
    "claim": ("claim_no", "authorization_no", "invoice_no", "invoice_line", "sku"),
    "activity": ("report_date", "branch", "sku"),
    "shipment": ("document_no", "document_line"),
}


class ColumnPrint(Strict):
    """What the values of one column looked like when the profile was learned.

    `width`: all values are digits of this length. `codes`: all values, where there are few.
    `most`: ten times the largest number.
    """

    kind: Literal["number", "date", "code", "text"]
    decimal_mark: Literal[".", ","] | None = None
    order: Literal["year", "day", "month", "serial"] | None = None
    width: int | None = None
    codes: tuple[str, ...] = ()
    most: float | None = None


class Fingerprint(Strict):
    """Headers as printed, in order, and what each mapped column looked like."""

    headers: tuple[str, ...]
    columns: dict[str, ColumnPrint] = Field(default_factory=dict)


class Profile(Strict):
    """One kind of report of one sender. `columns` is canonical column → header as printed."""

    kind: Kind
    version: str = "1"
    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    decimal_mark: Literal[".", ","] | None = None
    date_formats: tuple[str, ...] = ()
    sheet: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    codes: dict[str, dict[str, str]] = Field(default_factory=dict)
    units: dict[str, int] = Field(default_factory=dict)
    sku_aliases: dict[str, str] = Field(default_factory=dict)
    widths: dict[str, int] = Field(default_factory=dict)
    qualifiers: dict[str, str] = Field(default_factory=dict)
    parties: dict[str, str] = Field(default_factory=dict)
    time_zone: str | None = None
    mode: Literal["full_replace", "delta", "append"] = "full_replace"
    strict: bool = False
    key: tuple[str, ...] | None = None
    fingerprint: Fingerprint | None = None

    @field_validator("version", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int | float) else value

    @model_validator(mode="after")
    def _only_known_columns(self) -> Self:
        known = {name for obj in LINES_OF[self.kind] for name in COLUMNS[obj]}
        named = {*self.columns, *self.constants, *self.codes, *self.widths}
        unknown = sorted(named - known)
        if unknown:
            raise ValueError(f"no such column: {', '.join(unknown)}")
        if self.columns:
            given = {*self.columns, *self.constants}
            unmapped = [name for name in self.line_key if name not in given and self._needs_key]
            if unmapped or not self.line_key:
                raise ValueError(
                    f"`key` needs mapped columns, not: {', '.join(unmapped) or 'none'}"
                )
        return self

    @model_validator(mode="after")
    def _only_known_words(self) -> Self:
        wrong = [f for f in self.units.values() if f < 1]
        if wrong:
            raise ValueError(f"a unit holds at least 1 piece, not {wrong[0]}")
        try:
            "".encode(self.encoding or "utf-8")
        except LookupError as err:
            raise ValueError(f"no such encoding: {self.encoding}") from err
        try:
            ZoneInfo(self.time_zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError) as err:
            raise ValueError(f"no such time zone: {self.time_zone}") from err
        return self

    @property
    def line_key(self) -> tuple[str, ...]:
        """What identifies a line within the sender."""
        return KEYS[self.kind] if self.key is None else self.key

    @property
    def _needs_key(self) -> bool:
        """Whether the columns of the key must be mapped: those that are named, those of sales."""
        return self.key is not None or self.kind == "pos"


def load_profile(name: str, settings: Settings) -> Profile:
    """`profiles/NAME.yaml` beside hub.yaml, else the shipped one. Raises ConfigError."""
    own = settings.folder / "profiles" / f"{name}.yaml"
    if own.is_file():
        return read_profile(own)
    found = shipped_profile(name)
    if found is not None:
        return found
    raise ConfigError(
        settings.file,
        "systems.*.reports.*.profile",
        f"there is no profile '{name}'.",
        remedy=f"write {own}, or name a shipped profile",
    )


def shipped_profile(name: str) -> Profile | None:
    """A profile that comes with the hub."""
    shipped = files("hub.connectors.feed").joinpath("profiles", f"{name}.yaml")
    if not shipped.is_file():
        return None
    with as_file(shipped) as path:
        return read_profile(path)


def read_profile(path: Path) -> Profile:
    """A profile from its file. Raises ConfigError."""
    return validated(Profile, read_yaml(path), path)


__all__ = [
    *("CLAIM_COLUMNS", "INVENTORY_COLUMNS", "POS_COLUMNS", "KEYS"),
    *("ColumnPrint", "Fingerprint", "Format", "Profile"),
    *("load_profile", "read_profile", "shipped_profile"),
]
