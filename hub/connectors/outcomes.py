"""One outcome per change: what every `apply` shares, whatever the system's way of writing."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from hub.connectors.contract import Change, Outcome
from hub.errors import (
    CredentialsRefused,
    HubError,
    PermissionLost,
    QuotaSpent,
    SchemaChanged,
    SystemUnreachable,
)

QUOTA_SPENT = "quota_spent"
"""The code of a pending change that waits for the next allowance."""
ALREADY = "already"
"""The code of an update that was found written: by whom, nobody can tell."""
UNREACHABLE, STOPPED, UNANSWERED = "unreachable", "stopped", "unanswered"
IN_DOUBT = frozenset({UNREACHABLE, STOPPED, UNANSWERED})
"""The codes of pending changes that may have been written."""

_CODES: dict[type[HubError], str] = {
    QuotaSpent: QUOTA_SPENT,
    SystemUnreachable: UNREACHABLE,
    CredentialsRefused: "credentials_refused",
    PermissionLost: "permission_lost",
}


def grouped(
    changes: Iterable[Change], by: Callable[[Change], Hashable]
) -> Iterator[tuple[Change, ...]]:
    """Changes that travel in the same kind of request, in the order they first appear."""
    groups: dict[Hashable, list[Change]] = {}
    for change in changes:
        groups.setdefault(by(change), []).append(change)
    yield from (tuple(group) for group in groups.values())


def chunks(
    changes: Sequence[Change], size: int, identity: Callable[[Change], Hashable]
) -> Iterator[tuple[Change, ...]]:
    """Requests of at most `size` changes in which no record appears twice.

    The APIs refuse a request that names one record twice. The second change to a record waits for
    a later request, so that changes to one record keep their order.
    """
    waves: list[list[Change]] = []
    seen: defaultdict[Hashable, int] = defaultdict(int)
    for change in changes:
        wave = seen[identity(change)]
        seen[identity(change)] += 1
        if wave == len(waves):
            waves.append([])
        waves[wave].append(change)
    for members in waves:
        for start in range(0, len(members), size):
            yield tuple(members[start : start + size])


def one_each(
    groups: Iterable[Sequence[Change]], write: Callable[[Sequence[Change]], Iterator[Outcome]]
) -> Iterator[Outcome]:
    """Write group by group; every change ends in exactly one outcome, whatever `write` raises.

    A group whose object or fields are gone is rejected. After any other failure of a whole request
    nothing more is sent: what is left is pending.
    """
    halt: HubError | None = None
    for group in groups:
        left = {change.id: change for change in group}
        if halt is None:
            try:
                for outcome in write(group):
                    left.pop(outcome.change_id, None)
                    yield outcome
                continue
            except SchemaChanged as err:
                for change in left.values():
                    yield rejected(change, "schema_changed", err.message, err.remedy)
                continue
            except HubError as err:
                halt = err
        yield from pending(left.values(), halt)


def pending(changes: Iterable[Change], error: HubError) -> Iterator[Outcome]:
    """Changes that are not known to have landed; the next plan decides what is left to do."""
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), STOPPED)
    for change in changes:
        yield Outcome(change.id, "pending", change.record_id, code, error.message, error.remedy)


class LeftOpen(SystemUnreachable):
    """What became of a write could not be read: it may have landed."""


@contextmanager
def left_open(what: str) -> Iterator[None]:
    """Around looking up what became of a write. Raises LeftOpen, whatever goes wrong inside."""
    try:
        yield
    except HubError as err:
        raise LeftOpen(
            f"What became of {what} could not be read: {err.message}",
            remedy="the next sync reads it",
        ) from err


def already(change: Change) -> Outcome:
    """The outcome of an update that its record makes needless."""
    return Outcome(change.id, "applied", change.record_id, ALREADY, "it says so already")


def rejected(change: Change, code: str, message: str, remedy: str) -> Outcome:
    return Outcome(change.id, "rejected", change.record_id, code, message, remedy)
