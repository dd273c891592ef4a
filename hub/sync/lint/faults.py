"""A fault of a mapping, and where it stands in the file."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from hub.errors import ConfigError

_OBJECT = 3
"""Keys down to an object: `mappings.SYSTEM.OBJECT`."""


@dataclass(frozen=True)
class Fault:
    """`rule` names what is broken; `key` is dotted, as in `mappings.acme_hubspot.companies`."""

    rule: str
    key: str
    message: str
    remedy: str
    severity: Literal["warning", "error"] = "error"

    def as_error(self, file: Path, more: int = 0) -> ConfigError:
        """The error that refuses the file, `more` faults beside this one."""
        line = line_of(file, self.key)
        where = f"line {line}: " if line is not None else ""
        others = f" ({more} more: `hub doctor`)" if more else ""
        message = f"{where}{self.message}{others}"
        return ConfigError(file, self.key, message, remedy=self.remedy)


def line_of(file: Path, key: str) -> int | None:
    """The line, counted from 1, on which a dotted key stands, or the nearest key above it. None
    when the file does not hold the object that it is about: that of a stock mapping."""
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError):
        return None
    found, rest, depth = None, key, 0
    while isinstance(node, yaml.MappingNode) and rest:
        for name, value in node.value:
            told = str(name.value)
            if rest == told or rest.startswith(f"{told}."):
                found, node, rest = name.start_mark.line + 1, value, rest[len(told) + 1 :]
                depth += 1
                break
        else:
            break
    return found if depth >= _OBJECT else None


def one_of(names: Collection[str]) -> str:
    return f"use one of: {', '.join(sorted(names))}"
