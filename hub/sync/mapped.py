"""`hub.yaml` with its mappings found sound: what the linter finds by itself refuses the file."""

from pathlib import Path

from hub.config import Settings, load_config
from hub.sync.lint import lint


def load_settings(file: Path) -> Settings:
    """`load_config`, and the mappings are sound. Raises ConfigError for the first fault."""
    settings = load_config(file)
    faults = list(lint(settings))
    if faults:
        raise faults[0].as_error(file, len(faults) - 1)
    return settings
