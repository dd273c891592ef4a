"""`hub.yaml` and the mapping files as typed settings.

Secrets come only from the environment (`${NAME}`, or a `.env` file beside `hub.yaml`) and live in
`SecretStr`. Every error names the file, the key and a remedy. Relative paths are relative to the
folder of `hub.yaml`.
"""

import os
import re
from collections.abc import Mapping
from hashlib import blake2b
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

import yaml
from dotenv import dotenv_values
from pydantic import BaseModel, Field, SecretStr, ValidationError, model_validator

from hub.errors import ConfigError
from hub.mappings.schema import ObjectMapping as ObjectMapping
from hub.planning import PlanSettings
from hub.strict import Strict as Strict
from hub.yamlfile import read_yaml

CONNECTORS = "partner_hub.connectors"
"""The entry point group by which a connector is found."""

_Model = TypeVar("_Model", bound=BaseModel)
_OWN = frozenset({"file", "config_hash"})
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


# -- systems -----------------------------------------------------------------------------------

Role = Literal["vendor", "partner", "distributor"]


Mask = Literal["hide", "initial", "city"]
"""What is sent in place of a value: nothing, its first letter, or the city of the company."""


_MASKED: Mapping[str, Mask] = {
    "name": "initial",
    "first_name": "initial",
    "last_name": "initial",
    "company_name": "city",
    "email": "hide",
    "phone": "hide",
    "mobile": "hide",
    "postal_code": "hide",
}


class Agreement(Strict):
    """What the system of a partner gets of the leads that are assigned to the partner.

    `entities`: whose desired state is written there at all. `fields`: the columns that may be
    sent, None for all. `masked`: column → what is sent in its place until the partner has accepted
    the lead (AWS, too, hides address and contact of a lead until then). `on_withdrawal`: whether
    the copy of a lead that is the partner's no longer is cleared, or deleted.
    """

    entities: tuple[Literal["assigned_lead"], ...] = ("assigned_lead",)
    fields: tuple[str, ...] | None = None
    masked: dict[str, Mask] = Field(default_factory=lambda: dict(_MASKED))
    on_withdrawal: Literal["clear", "delete"] = "clear"


class SystemBase(Strict):
    """What every outside system states.

    `partner` says whose system it is: a hub id, a record of another system
    (`SYSTEM/OBJECT/RECORD`), or an account number.

    `overlap_minutes` is how far behind the last pull's start the next pull begins: rows that were
    committed late are read again rather than missed. `quota_share` is the part of the system's
    API allowance that may be used up, by whomever, before the hub stops. Ids known here are
    compared with those that the system shows every `reconcile_hours`, and fields that change
    without a trace are read again every `volatile_minutes` (0: in each sync). When a larger share
    of an object's records than `hidden_share` is neither shown nor known to be deleted, a
    permission is taken to be lost.
    """

    silence_is_a_loss: ClassVar[bool] = True
    """Whether a full pull without a row, where rows were known, means that a permission is gone."""

    kind: str
    role: Role
    partner: str | None = Field(default=None, max_length=255)
    agreement: Agreement = Agreement()
    priority: int = Field(default=100, description="survivorship: lower is trusted first")
    overlap_minutes: int = Field(default=10, ge=0)
    timeout_seconds: float = Field(default=60, gt=0)
    minimum_rows: dict[str, int] = Field(default_factory=dict)
    quota_share: float = Field(default=1.0, gt=0, le=1)
    reconcile_hours: float = Field(default=24, ge=0)
    volatile_minutes: float = Field(default=60, ge=0)
    hidden_share: float = Field(default=0.01, ge=0, le=1)

    @model_validator(mode="after")
    def _partner_systems_name_their_partner(self) -> Self:
        if self.role == "partner" and not self.partner:
            raise ValueError("a system with role 'partner' must name its partner")
        if self.role != "partner" and "agreement" in self.model_fields_set:
            raise ValueError("only a system with role 'partner' has an `agreement`")
        return self


class UndoRules(Strict):
    """What `hub undo` does with records that the hub made: delete them so that their system can
    bring them back, or leave them."""

    creates: Literal["archive", "leave"] = "archive"


# -- the whole ---------------------------------------------------------------------------------


class MatchingSettings(Strict):
    """What stewards are asked: sums of evidence between `review_from` and `review_to`, in log-odds.

    `rates` say what one unit of a currency counts for when the queue is ordered by money.
    """

    review_from: float = -3.0
    review_to: float = 3.0
    rates: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _the_band_is_around_zero(self) -> Self:
        if not self.review_from < 0 < self.review_to:
            raise ValueError("`review_from` must be below 0 and `review_to` above it")
        if any(rate <= 0 for rate in self.rates.values()):
            raise ValueError("a rate must be above 0")
        return self


class Settings(Strict):
    """All of `hub.yaml`, with secrets resolved and stock mappings filled in."""

    warehouse: SecretStr = SecretStr("sqlite:///hub.db")
    archive: str = "./archive"
    systems: dict[str, SystemBase]
    mappings: dict[str, dict[str, ObjectMapping]] = Field(default_factory=dict)
    policy: str = "policy.yaml"
    products: str = ""
    accounts: str = ""
    matching: MatchingSettings = MatchingSettings()
    undo: UndoRules = UndoRules()
    plans: PlanSettings = PlanSettings()
    file: Path = Path("hub.yaml")
    config_hash: str = ""

    @property
    def folder(self) -> Path:
        return self.file.parent

    @property
    def warehouse_url(self) -> str:
        """The database URL, a relative SQLite path made absolute. Holds the password, if any."""
        return self.database_url(self.warehouse.get_secret_value())

    def database_url(self, url: str) -> str:
        """A database URL, a relative SQLite path made absolute: it starts at our folder."""
        prefix = "sqlite:///"
        if url.startswith(prefix) and not url.startswith("sqlite:////"):
            return f"{prefix}{(self.folder / url.removeprefix(prefix)).resolve()}"
        return url

    def resolve(self, path: str) -> str:
        """A path or fsspec URL from `hub.yaml`; relative paths start at its folder."""
        if "://" in path or Path(path).is_absolute():
            return path
        return str((self.folder / path).resolve())


def load_config(file: Path) -> Settings:
    """Read, substitute, validate. Raises ConfigError naming file, key and remedy."""
    raw = read_yaml(file, remedy="run `hub init` to write one, or name it with --config")
    for key in _OWN.intersection(raw):
        raise ConfigError(file, key, "the hub fills this in by itself.", remedy="remove the key")
    environment = {**dotenv_values(file.parent / ".env"), **os.environ}
    resolved = _substitute(raw, environment, file, ())
    systems = _typed_systems(resolved, file)
    resolved["mappings"] = _with_stock_mappings(resolved, file)
    resolved["systems"] = systems
    digest = blake2b(yaml.safe_dump(raw, sort_keys=True).encode(), digest_size=8).hexdigest()
    return validated(Settings, {**resolved, "file": file, "config_hash": digest}, file)


def validated(
    model: type[_Model], raw: Mapping[str, Any], file: Path, *, within: str = ""
) -> _Model:
    """Validate with pydantic; the first fault becomes a ConfigError that names the key.

    `within` is the key of `file` that `raw` stands under.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as err:
        faults = err.errors(include_url=False, include_input=False, include_context=False)
        first = faults[0]
        key = ".".join(str(part) for part in (*filter(None, [within]), *first["loc"])) or "-"
        more = f" ({len(faults) - 1} more faults)" if len(faults) > 1 else ""
        remedy = "remove the key or correct its name" if first["type"] == "extra_forbidden" else ""
        raise ConfigError(file, key, f"{first['msg']}.{more}", remedy=remedy) from err


def _substitute(
    value: Any, environment: Mapping[str, str | None], file: Path, path: tuple[str, ...]
) -> Any:
    if isinstance(value, dict):
        return {k: _substitute(v, environment, file, (*path, str(k))) for k, v in value.items()}
    if isinstance(value, list):
        return [_substitute(v, environment, file, (*path, str(i))) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        found = environment.get(match[1])
        if found is None:
            raise ConfigError(
                file,
                ".".join(path),
                f"environment variable {match[1]} is not set.",
                remedy=f"export {match[1]}=… or put it into {file.parent / '.env'}",
            )
        return found

    return _REFERENCE.sub(replace, value)


def connector_kinds() -> dict[str, EntryPoint]:
    """Kind of system → the entry point of its connector, shipped or installed beside the hub."""
    return {point.name: point for point in entry_points(group=CONNECTORS)}


def _typed_systems(raw: Mapping[str, Any], file: Path) -> dict[str, SystemBase]:
    """Each system as the settings model of its connector.

    A connector is loaded only when a system of its kind is configured.
    """
    systems = _mapping(raw.get("systems"), file, "systems")
    if not systems:
        raise ConfigError(
            file, "systems", "must name at least one system.", remedy="see docs/configuration.md"
        )
    kinds = connector_kinds()
    typed: dict[str, SystemBase] = {}
    for name, system in systems.items():
        key = f"systems.{name}"
        kind = _mapping(system, file, key).get("kind")
        if not isinstance(kind, str) or kind not in kinds:
            raise ConfigError(
                file,
                f"{key}.kind",
                f"no connector for '{kind}' is installed.",
                remedy=f"use one of: {', '.join(sorted(kinds))}",
            )
        model = _config_model(kinds[kind], file, f"{key}.kind")
        typed[name] = validated(model, system, file, within=key)
    return typed


def _config_model(point: EntryPoint, file: Path, key: str) -> type[SystemBase]:
    """The settings model of a connector. Raises ConfigError when it cannot be loaded."""
    try:
        model: type[SystemBase] = point.load().config_model
    except (ImportError, AttributeError) as err:
        raise ConfigError(
            file,
            key,
            f"the connector {point.value} cannot be loaded ({err}).",
            remedy="install its package whole, or correct its entry point; "
            "see docs/connectors/writing-one.md",
        ) from err
    return model


def _with_stock_mappings(raw: Mapping[str, Any], file: Path) -> dict[str, dict[str, Any]]:
    """Stock mapping of each system's kind, overridden object by object from `mappings`."""
    systems = _mapping(raw.get("systems"), file, "systems")
    own = _mapping(raw.get("mappings"), file, "mappings")
    unknown = sorted(set(own) - set(systems))
    if unknown:
        raise ConfigError(
            file,
            f"mappings.{unknown[0]}",
            "no such system.",
            remedy=f"use one of: {', '.join(sorted(systems))}",
        )
    return {
        name: {
            **_stock_of(_mapping(system, file, f"systems.{name}")),
            **_mapping(own.get(name), file, f"mappings.{name}"),
        }
        for name, system in systems.items()
    }


def _mapping(value: Any, file: Path, key: str) -> dict[str, Any]:
    """A mapping whose keys are text, empty for nothing. Raises ConfigError for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(
            file,
            key,
            f"must be a mapping of names to values, not a {type(value).__name__}.",
            remedy="write `name: …` lines below the key; see docs/configuration.md",
        )
    for name in value:
        if not isinstance(name, str):
            raise ConfigError(
                file, f"{key}.{name}", "a name must be text.", remedy=f'write "{name}" in quotes'
            )
    return value


def _stock_of(system: Mapping[str, Any]) -> dict[str, Any]:
    return stock_mapping(str(system.get("kind")), str(system.get("role")))


def stock_mapping(kind: str, role: str = "vendor") -> dict[str, Any]:
    """The mapping that comes with a kind of system, or an empty one.

    The hub ships `hub/mappings/KIND.yaml`, and `hub/mappings/partner/KIND.yaml` for systems that
    are a partner's own; another connector brings its own as `stock_mapping`.
    """
    folder = files("hub").joinpath("mappings", *(["partner"] if role == "partner" else []))
    resource = folder.joinpath(f"{kind}.yaml")
    if resource.is_file():
        stock: dict[str, Any] = yaml.safe_load(resource.read_text(encoding="utf-8"))
        return stock
    if role == "partner":
        return {}
    point = connector_kinds().get(kind)
    return dict(getattr(point.load(), "stock_mapping", {})) if point is not None else {}
