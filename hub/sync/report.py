"""What one sync did: the account of all its passes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine, select

from hub.checks import laws
from hub.checks.laws import LawResult
from hub.models.database import reading
from hub.models.operations import ops_call
from hub.sync.apply import ApplyReport
from hub.sync.batch import LandReport
from hub.sync.ledger import DONE, Stopwatch
from hub.sync.storing import Plan

STEPS = ("pull", "land", "check", "resolve", "unify", "govern", "plan", "apply")


@dataclass
class SyncReport:
    """All passes of one sync: figures added up, and how the laws stand.

    `troubles` are failures, `pauses` the systems whose allowance of calls was used up, `waits` the
    changes that nobody has approved yet; all name the system and the remedy.
    """

    runs: list[int] = field(default_factory=list)
    status: str = DONE
    landed: list[LandReport] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    applied: list[ApplyReport] = field(default_factory=list)
    laws: list[LawResult] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    pauses: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    calls: dict[str, dict[str, int]] = field(default_factory=dict)
    watch: Stopwatch = field(default_factory=Stopwatch)

    @property
    def outcomes(self) -> dict[str, int]:
        """Changes by outcome: of those sent, and of those a plan would not send."""
        total = dict.fromkeys(laws.OUTCOMES, 0)
        counted = [*(plan.unsent for plan in self.plans), *(a.outcomes for a in self.applied)]
        for outcomes in counted:
            for outcome, number in outcomes.items():
                total[outcome] += number
        return total

    @property
    def faults(self) -> list[str]:
        """Everything that keeps the sync from being green, but for the laws."""
        return [*self.troubles, *self.pauses, *self.waits]


def calls_of(engine: Engine, runs: Sequence[int]) -> dict[str, dict[str, int]]:
    """System → API calls of these runs: used, and the computed minimum."""
    calls: dict[str, dict[str, int]] = {}
    with reading(engine) as conn:
        for row in conn.execute(select(ops_call).where(ops_call.c.run.in_(runs))):
            spent = calls.setdefault(row.system, {"used": 0, "minimum": 0})
            spent["used"] += row.used
            spent["minimum"] += row.minimum
    return calls
