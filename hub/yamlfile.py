"""YAML files that people write: a key that stands twice is an error, not a silent choice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from hub.errors import ConfigError

_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(file: Path, *, remedy: str = "") -> dict[str, Any]:
    """A YAML file whose top level is a mapping. Raises ConfigError naming file, key and line."""
    try:
        loader = yaml.SafeLoader(file.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        for key, line, first in _repeated(node, ()):
            raise ConfigError(
                file,
                key,
                f"line {line}: the key stands there again; it was set in line {first}.",
                remedy="keep one of the two",
            )
        raw = loader.construct_document(node) if node is not None else None
    except FileNotFoundError as err:
        raise ConfigError(file, "-", "no such file.", remedy=remedy) from err
    except yaml.YAMLError as err:
        raise ConfigError(file, "-", f"not valid YAML: {err}") from err
    if not isinstance(raw, dict):
        raise ConfigError(file, "-", "must be a mapping of keys to values.")
    return raw


def _repeated(node: yaml.Node | None, path: tuple[str, ...]) -> Iterator[tuple[str, int, int]]:
    """Key, its line, and the line it stands in first, of each key that a mapping has twice."""
    if isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            yield from _repeated(item, (*path, str(at)))
    if not isinstance(node, yaml.MappingNode):
        return
    seen: dict[tuple[str, str], int] = {}
    for key, value in node.value:
        here = (*path, str(key.value))
        line = key.start_mark.line + 1
        same = (key.tag, str(key.value))
        if same in seen and key.tag != _MERGE:
            yield ".".join(here), line, seen[same]
        seen.setdefault(same, line)
        yield from _repeated(value, here)
