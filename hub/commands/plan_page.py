"""A plan as one page to send to the person who approves: it needs nothing but a browser, and asks
nothing of any network."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Row

from hub.commands.reasons import reasons
from hub.commands.reviewing import Review, Wanted, review
from hub.commands.shapes import change_shape
from hub.commands.warehouse import Workplace
from hub.sync.changes import KINDS
from hub.sync.storing import OPEN, WAITING, Part
from hub.sync.surprises import EMPTIED, UNSENT

MOST = 2_000
"""Changes on a page: a browser searches them without delay. The most unusual ones are on it."""
_NOTED = 12
_PLAIN = frozenset((EMPTIED, UNSENT))
"""Notes of what a change shows by itself."""
_STANDING = {OPEN: "ready to apply", WAITING: "waits for approval"}
_WORDS = {kind: "skipped" if kind == "skip" else kind for kind in KINDS}


def write_page(place: Workplace, name: str, file: Path, wanted: Wanted) -> int:
    """Write the page of a stored plan; returns how many changes are on it.

    Everything that systems say is escaped. Raises ConfigError when there is no such plan.
    """
    found = review(place, name, wanted, MOST)
    environment = Environment(
        loader=PackageLoader("hub", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters.update(number=_number, moment=_moment)
    page = environment.get_template("plan.html").stream(_told(found))
    with file.open("wb") as out:
        page.dump(out, encoding="utf-8")
    return len(found.changes)


def _told(found: Review) -> Mapping[str, Any]:
    plan = found.plan
    changes = [_change(row, found.names) for row in found.changes]
    return {
        "plan": plan,
        "digest": found.digest,
        "standing": _STANDING.get(plan.status, plan.status),
        "kinds": KINDS,
        "words": _WORDS,
        "to_send": sum(part.to_send for part in plan.parts),
        "systems": list(dict.fromkeys(part.system for part in plan.parts if part.to_send)),
        "writing": sum(part.calls.writing for part in plan.parts),
        "opening": sum(part.calls.opening for part in plan.parts),
        "comparing": sum(part.calls.comparing for part in plan.parts),
        "reasons": list(dict.fromkeys(part.reason for part in plan.held if part.reason)),
        "brakes": list(dict.fromkeys(brake for part in plan.held for brake in part.brakes)),
        "decisions": found.decisions,
        "unusual": found.unusual,
        "noted": [change for change in changes if change["notes"]][:_NOTED],
        "groups": _grouped(plan.parts, changes),
        "shown": len(changes),
        "matching": found.matching,
    }


def _change(row: Row[Any], names: Mapping[str, str]) -> dict[str, Any]:
    told = {"refused": None, **change_shape(row)}
    return {
        **told,
        "name": names.get(row.hub_id),
        "reasons": reasons(told["fields"], names),
        "warnings": [note for note in told["notes"] if note["code"] not in _PLAIN],
        "overwrites": any(cell["before"] is not None for cell in told["fields"].values()),
    }


def _grouped(
    parts: Sequence[Part], changes: Sequence[Mapping[str, Any]]
) -> list[tuple[Part, list[Mapping[str, Any]]]]:
    """The changes of each object that has any here, the most unusual first."""
    of = [(p, [c for c in changes if (c["system"], c["object"]) == p.where]) for p in parts]
    return [(part, found) for part, found in of if found]


def _number(value: int) -> str:
    return f"{value:,}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
