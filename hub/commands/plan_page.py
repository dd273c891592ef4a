"""A plan as one page to send to the person who approves: it needs nothing but a browser, and asks
nothing of any network."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from hub.commands.reviewing import Review, Wanted, review
from hub.commands.shapes import change_shape
from hub.commands.show_plan import source
from hub.commands.warehouse import Workplace
from hub.sync.changes import KINDS
from hub.sync.storing import BRAKED, WAITING

MOST = 2_000
"""Changes on a page: a browser searches them without delay. The most unusual ones are on it."""
_NOTED = 12
_STANDING = {WAITING: "waits for approval", BRAKED: "braked"}
_WORDS = {
    "create": "created",
    "update": "updated",
    "clear": "emptied",
    "delete": "deleted",
    "erase": "erased",
    "skip": "skipped",
    "blocked": "blocked",
}


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
    environment.filters.update(number=_number, moment=_moment, origin=source)
    page = environment.get_template("plan.html").stream(_told(found))
    with file.open("wb") as out:
        page.dump(out, encoding="utf-8")
    return len(found.changes)


def _told(found: Review) -> Mapping[str, Any]:
    plan = found.plan
    changes = [{"refused": None, **change_shape(row)} for row in found.changes]
    return {
        "plan": plan,
        "digest": found.digest,
        "standing": _STANDING.get(plan.status, plan.status),
        "kinds": KINDS,
        "words": _WORDS,
        "to_send": sum(part.to_send for part in plan.parts),
        "compared": sum(part.compare_calls for part in plan.parts),
        "reasons": list(dict.fromkeys(part.reason for part in plan.held if part.reason)),
        "brakes": list(dict.fromkeys(brake for part in plan.held for brake in part.brakes)),
        "decisions": found.decisions,
        "unusual": found.unusual,
        "noted": [change for change in changes if change["notes"]][:_NOTED],
        "changes": changes,
        "shown": len(changes),
        "matching": found.matching,
        "left_out": found.matching > len(changes),
    }


def _number(value: int) -> str:
    return f"{value:,}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
