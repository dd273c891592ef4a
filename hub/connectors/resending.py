"""Writing again what nobody answered: only after a look, and only what is not there.

A write sets absolute values, so sending it twice ends in the same values; but it would touch the
record twice, and with it whatever the system does at each touch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from hub.connectors.http import AnswerLost, Patience
from hub.connectors.outcomes import left_open

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Delivery(Generic[Item, Answer]):
    """What became of a request: `found` items say already what was sent (change id → record id);
    `answer` is about the items `sent` last, None when nothing was left to send."""

    found: Mapping[str, str] = field(default_factory=dict)
    sent: Sequence[Item] = ()
    answer: Answer | None = None


def delivered(
    items: Sequence[Item],
    send: Callable[[Sequence[Item]], Answer],
    there: Callable[[Sequence[Item]], Mapping[str, str]],
    change_id: Callable[[Item], str],
    patience: Patience,
) -> Delivery[Item, Answer]:
    """Send until answered; after each lost answer, only those whose records are not `there` (change
    id → id of the record that says all that was sent). Raises AnswerLost when patience ends, and
    LeftOpen when nobody can tell what is there."""
    found: dict[str, str] = {}
    left, number = list(items), 0
    while left:
        number += 1
        try:
            return Delivery(found, left, send(left))
        except AnswerLost:
            patience.sleep(number)
            with left_open(f"{len(left)} changes"):
                found.update(there(left))
            left = [item for item in left if change_id(item) not in found]
            if left and number >= patience.attempts:
                raise
    return Delivery(found)
