"""When a fault strikes: a rule counts the requests it matches and picks some of them.

Every rule counts for itself, whether or not another one struck the same request, and draws from its
own seeded source of chance; so what strikes follows from the file and the order of the requests.
"""

import random
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from sandbox.faults.kinds import Behaviour, Request

Count = Annotated[int, msgspec.Meta(ge=0)]
Step = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Which requests a rule is about, and which of those it strikes: all that is said must hold.

    `path` is searched for as a regular expression. Of the requests that fit, the first `after` go
    free; of those that follow, `first` limits how many are looked at, `every` takes each n-th, and
    `probability` draws for each. `times` ends the rule after so many strikes.
    """

    method: str | None = None
    path: str | None = None
    object: str | None = None
    after: Count = 0
    first: Count | None = None
    every: Step = 1
    probability: Share = 1.0
    times: Count | None = None


@dataclass
class Rule:
    """A match with what it brings, and its count so far."""

    name: str
    kind: str
    match: Match
    behaviour: Behaviour
    seed: str
    seen: int = 0
    struck: int = 0
    chance: random.Random = field(init=False)
    memory: Counter[str] = field(init=False)
    path: re.Pattern[str] | None = field(init=False)

    def __post_init__(self) -> None:
        self.path = re.compile(self.match.path) if self.match.path is not None else None
        self.restart()

    def restart(self) -> None:
        """Forget every request seen so far."""
        self.seen = self.struck = 0
        self.chance = random.Random(self.seed)
        self.memory = Counter()

    def strikes(self, request: Request, objects: Collection[str]) -> bool:
        """Count a request, if it is one of the rule's, and say whether the fault strikes it."""
        if not self._fits(request, objects):
            return False
        self.seen += 1
        if not self._picks(self.seen - self.match.after):
            return False
        self.struck += 1
        return True

    def _fits(self, request: Request, objects: Collection[str]) -> bool:
        match = self.match
        if match.method is not None and match.method.upper() != request.method:
            return False
        if self.path is not None and self.path.search(request.path) is None:
            return False
        return match.object is None or match.object in objects

    def _picks(self, number: int) -> bool:
        match = self.match
        if number < 1 or (match.first is not None and number > match.first):
            return False
        if match.times is not None and self.struck >= match.times:
            return False
        if number % match.every:
            return False
        return match.probability >= 1.0 or self.chance.random() < match.probability
