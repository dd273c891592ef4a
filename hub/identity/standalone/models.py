"""Model files: the shape of the shipped one, so that estimated weights can be kept and used again.

One file may hold the parts of both entities.
"""

from pathlib import Path
from typing import Any

import yaml

from hub.errors import HubError
from hub.identity.mentions import Entity
from hub.identity.model import NATS, Model, parse_model


def read_model(file: Path, entity: Entity) -> Model:
    """Raises HubError if the file holds no model of this entity."""
    try:
        return parse_model(_document(file), entity)
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise HubError(
            f"{file}: holds no model of a {entity} ({type(err).__name__}: {err}).",
            remedy="name a file that --save-model wrote for this entity",
        ) from err


def save_model(model: Model, entity: Entity, file: Path) -> None:
    """Write the entity's part; what the file holds of the other entity stays."""
    whole = _document(file) if file.exists() else {}
    whole |= document(model, entity)
    file.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")


def document(model: Model, entity: Entity) -> dict[str, Any]:
    """The entity's model in the form of the shipped file."""
    return {
        "version": model.version,
        "keep_above": model.keep_above / NATS,
        "caps": dict(model.caps),
        entity: {
            "bias": model.bias / NATS,
            "rarity": {kind: list(bounds) for kind, bounds in model.rarity.items()},
            "fields": {
                field: {
                    level: "veto" if (field, level) in model.vetoes else weight / NATS
                    for level, weight in by_level.items()
                }
                for field, by_level in model.weights.items()
            },
        },
    }


def _document(file: Path) -> dict[str, Any]:
    try:
        whole = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as err:
        raise HubError(
            f"{file}: cannot be read as a model: {str(err).splitlines()[0]}",
            remedy="name a file that --save-model wrote",
        ) from err
    if not isinstance(whole, dict):
        raise HubError(f"{file}: is no model.", remedy="name a file that --save-model wrote")
    return whole
