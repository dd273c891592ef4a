"""`hub feed learn`: a profile proposed from a file, as YAML to look through and keep."""

from pathlib import Path
from typing import Any

import yaml

from hub.commands.feed import Named, source_of
from hub.connectors.feed.learn import learn
from hub.connectors.feed.profile import Profile
from hub.errors import HubError


def propose(file: Path, profile: Named | None) -> tuple[dict[str, Any], list[str]]:
    """The keys of a profile for files like this one, and what is new or doubtful about it.

    `profile`: the one so far, which is brought up to the file. Raises HubError.
    """
    made, notes = learn(source_of(file), None if profile is None else profile[1])
    return as_keys(made), notes


def as_keys(profile: Profile) -> dict[str, Any]:
    """A profile as it stands in a file: only what differs from the defaults, the kind first."""
    told = profile.model_dump(mode="json", exclude_defaults=True)
    return {"kind": told.pop("kind"), "version": profile.version, **told}


def as_yaml(keys: dict[str, Any], notes: list[str]) -> str:
    """The profile's file. Notes are comments at its head."""
    comments = "".join(f"# {note}\n" for note in notes)
    text = yaml.safe_dump(keys, allow_unicode=True, sort_keys=False, width=100)
    return f"{comments}{text}"


def write(file: Path, text: str) -> None:
    """Write a profile. Raises HubError rather than over a file that is there."""
    if file.exists():
        raise HubError(f"{file}: there is a file already.", remedy="name another one with --out")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
