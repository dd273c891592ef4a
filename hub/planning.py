"""What `hub.yaml` says of plans: what passes by itself, what needs approval, what stops one."""

from typing import Literal

from pydantic import Field

from hub.strict import Strict


class Above(Strict):
    """More changes than this to one object need approval."""

    above: int = Field(ge=0)


Approval = Literal["auto", "always"] | Above


class Brake(Strict):
    """When a plan is stopped. Of an object that has been written before: more changes than `share`
    of its records, or more than `clears` of its records losing a field; either only from `least`
    changes on. And an object of at least `emptied` records, all of which have gone since the last
    plan."""

    share: float = Field(default=0.5, gt=0)
    clears: float = Field(default=0.1, gt=0)
    least: int = Field(default=100, ge=1)
    emptied: int = Field(default=10, ge=1)


class ObjectPlanRule(Strict):
    """What differs for one object; what is left out is as for its system."""

    approval: Approval | None = None
    brake: Brake | None = None


class SystemPlanRule(ObjectPlanRule):
    """What differs for one system; what is left out is as for all."""

    objects: dict[str, ObjectPlanRule] = Field(default_factory=dict)


class PlanSettings(Strict):
    """What is let pass by itself, what needs somebody's approval, and what stops a plan."""

    approval: Approval = "auto"
    brake: Brake = Brake()
    expire_hours: float = Field(default=24, gt=0)
    systems: dict[str, SystemPlanRule] = Field(default_factory=dict)

    def approval_of(self, system: str, obj: str) -> Approval:
        ours = self._rules(system, obj)
        return next((r.approval for r in ours if r.approval is not None), self.approval)

    def brake_of(self, system: str, obj: str) -> Brake:
        return next((r.brake for r in self._rules(system, obj) if r.brake is not None), self.brake)

    def _rules(self, system: str, obj: str) -> list[ObjectPlanRule]:
        """The nearest first."""
        ours = self.systems.get(system, SystemPlanRule())
        return [ours.objects.get(obj, ObjectPlanRule()), ours]
