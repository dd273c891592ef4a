"""`hub feed versions` and `hub feed diff`: what a distributor sent again, and what that changes."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import fsspec
from sqlalchemy import select

from hub.commands.feed import Checked, Named, check, named_profile
from hub.commands.warehouse import open_workplace
from hub.connectors.feed.config import FeedSystem
from hub.connectors.feed.originals import path_of
from hub.errors import HubError
from hub.models.database import reading
from hub.models.golden import report

_PLACES = ("line", "object", "record_id", "action")
_MONEY = ("amount", "claim_amount")


@dataclass(frozen=True)
class Difference:
    """Two versions of a report: lines by what became of them, and the sums before and after.

    `changed` has a row per value: record_id, column, before, after.
    """

    old: str
    new: str
    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    same: int
    sums: dict[str, list[str]] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def shape(self) -> dict[str, Any]:
        return dict(self.__dict__)


def versions(config: Path, system: str | None) -> list[dict[str, Any]]:
    """Reports with their versions, by distributor, report and period; the newest version last."""
    place = open_workplace(config)
    c = report.c
    query = select(report).order_by(
        c.distributor, c.report, c.period_end, c.branch, c.version, c.received_at, c.id
    )
    if system is not None:
        if system not in place.settings.systems:
            known = ", ".join(place.settings.systems)
            raise HubError(f"There is no system '{system}'.", remedy=f"name one of: {known}")
        query = query.where(c.distributor == system)
    with reading(place.engine) as conn:
        return [
            {name: _plain(value) for name, value in row.items() if name not in ("run", "digest")}
            for row in conn.execute(query).mappings()
        ]


def diff(old: str, new: str, profile: str | None, config: Path) -> Difference:
    """Compare two files, or two reports by their ids (`rp_…`), line by line as they are read.

    Lines are the same when they bear the same key (invoice and line, as the profile says). A line
    that cannot be read in one of them counts as missing there. Raises HubError when one is not
    there, or cannot be read as a whole.
    """
    return compare(old, _lines(old, profile, config), new, _lines(new, profile, config))


def compare(
    old: str, before: list[dict[str, Any]], new: str, after: list[dict[str, Any]]
) -> Difference:
    """The difference between lines as `hub feed check --json` tells them."""
    left, right = ({(one["object"], one["record_id"]): one for one in of} for of in (before, after))
    changed = [
        {"record_id": key[1], "line": right[key]["line"], "column": column,
         "before": left[key].get(column), "after": right[key].get(column)}
        for key in right if key in left
        for column in dict.fromkeys([*left[key], *right[key]])
        if column not in _PLACES and left[key].get(column) != right[key].get(column)
    ]  # fmt: skip
    moved = {(one["record_id"]) for one in changed}
    return Difference(
        old,
        new,
        added=[one for key, one in right.items() if key not in left],
        removed=[one for key, one in left.items() if key not in right],
        changed=changed,
        same=sum(key in left and key[1] not in moved for key in right),
        sums=_sums(before, after),
    )


def _sums(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Column → its sum before and after, money per currency."""
    found: dict[str, list[str]] = {"lines": [str(len(before)), str(len(after))]}
    for column in ("quantity", "on_hand"):
        if any(column in one for one in (*before, *after)):
            found[column] = [str(sum(one.get(column) or 0 for one in of)) for of in (before, after)]
    for column in _MONEY:
        for currency in sorted({str(one.get("currency")) for one in (*before, *after)
                                if column in one}):  # fmt: skip
            found[f"{column} {currency}"] = [
                str(sum((Decimal(one[column]) for one in of
                         if column in one and str(one.get("currency")) == currency), Decimal(0)))
                for of in (before, after)
            ]  # fmt: skip
    return found


def _lines(named: str, profile: str | None, config: Path) -> list[dict[str, Any]]:
    if named.startswith("rp_") and not Path(named).exists():
        with _original(named, config) as (path, own, period):
            return _good(check(path, own or named_profile(profile, config.parent), period))
    return _good(check(Path(named), named_profile(profile, config.parent), None))


def _good(found: Checked) -> list[dict[str, Any]]:
    if found.head is None or (found.faults and found.faults[0]["line"] is None):
        raise HubError(
            f"{found.file}: {found.faults[0]['message']}",
            remedy=str(found.faults[0].get("remedy", "see `hub feed check`")),
        )
    return found.lines


@contextmanager
def _original(report_id: str, config: Path) -> Iterator[tuple[Path, Named | None, str | None]]:
    """A copy of what was received as a report, its profile and its period."""
    place = open_workplace(config)
    with reading(place.engine) as conn:
        row = conn.execute(select(report).where(report.c.id == report_id)).mappings().first()
    if row is None or row["digest"] is None:
        raise HubError(
            f"There is no report '{report_id}' that was taken.", remedy="see `hub feed versions`"
        )
    settings = place.settings
    feed = settings.systems.get(row["distributor"])
    named = feed.reports.get(row["report"]) if isinstance(feed, FeedSystem) else None
    if named is None:
        raise HubError(
            f"hub.yaml has no report '{row['report']}' of '{row['distributor']}' any more.",
            remedy="put it back, so that the hub knows how its files are spelt",
        )
    archive = settings.resolve(settings.archive)
    original = path_of(archive, row["distributor"], row["file"], row["digest"])
    period = f"{row['period_start']}..{row['period_end']}" if row["period_end"] else None
    with tempfile.TemporaryDirectory(prefix="hub-diff-") as folder:
        path = Path(folder) / str(row["file"]).rsplit("/", 1)[-1]
        with fsspec.open(original, "rb") as kept:
            path.write_bytes(kept.read())
        yield path, named_profile(named.profile, config.parent), period


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


__all__ = ["Difference", "compare", "diff", "versions"]
