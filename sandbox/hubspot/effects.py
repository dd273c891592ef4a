"""What a fault leaves behind for the handlers of one request, to be obeyed while it runs."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.hubspot.errors import ApiError

STATE_KEY = "hubspot.effects"


@dataclass(frozen=True, slots=True)
class Refusals:
    """Rows of a batch that are refused for no fault of their own."""

    share: float
    error: ApiError
    chance: random.Random

    def strike(self) -> None:
        """Raise the refusal for as many rows as the share says."""
        if self.chance.random() < self.share:
            raise self.error


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything that is out of order during one request; normally nothing."""

    index_lag_seconds: float = 0.0
    """Searches see what this request writes only so much later."""
    commit_lag_seconds: float = 0.0
    """Nobody sees what this request writes until so much later, though its stamps are of now."""
    hidden: frozenset[tuple[str, str]] = frozenset()
    """Properties, as (object, name), that the caller may not see."""
    unseen: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Records, by object, that the caller may not see."""
    refusals: Refusals | None = None

    def is_unseen(self, kind: str, record_id: int) -> bool:
        return record_id in self.unseen.get(kind, ())

    def refuse_row(self) -> None:
        """Call before each row of a batch write."""
        if self.refusals is not None:
            self.refusals.strike()


UNDISTURBED = Effects()
