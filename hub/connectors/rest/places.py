"""Places in JSON, dotted or as JSON pointers: reading what is there, building what is sent."""

from typing import Any

ABSENT = object()
"""What a place holds that is not there at all, as opposed to one that holds null."""


def steps(place: str) -> tuple[str, ...]:
    """`company.city` and `/company/city` → the names on the way; nothing for the whole document."""
    if place == "":
        return ()
    if place.startswith("/"):
        return tuple(
            part.replace("~1", "/").replace("~0", "~")
            for part in place.removeprefix("/").split("/")
        )
    return tuple(place.split("."))


def at(document: Any, way: tuple[str, ...]) -> Any:
    """What stands there; ABSENT when the way ends before. Below null everything is null."""
    for step in way:
        if document is None:
            return None
        if isinstance(document, dict):
            document = document.get(step, ABSENT)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return ABSENT
        if document is ABSENT:
            return ABSENT
    return document


def put(document: dict[str, Any], way: tuple[str, ...], value: Any) -> None:
    """Set a value, making the objects on the way to it."""
    *before, last = way
    for step in before:
        document = document.setdefault(step, {})
    document[last] = value
