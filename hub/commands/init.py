"""`hub init`: a commented hub.yaml and policy.yaml to start from."""

from importlib.resources import files
from pathlib import Path

from hub.errors import ConfigError

FILES = ("hub.yaml", "policy.yaml")


def write_templates(folder: Path) -> list[Path]:
    """Write the shipped templates into `folder`; an existing file is never overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / name for name in FILES]
    for target in targets:
        if target.exists():
            raise ConfigError(
                target, "-", "exists already.", remedy="edit it, or choose another --dir"
            )
    for target in targets:
        target.write_text(template(target.name), encoding="utf-8")
    return targets


def template(name: str) -> str:
    """The text of a shipped template."""
    return files("hub.commands").joinpath("templates", name).read_text(encoding="utf-8")
