"""`hub provision`: make in each system the fields its mappings name, or say what it would make."""

from dataclasses import dataclass
from typing import Any

from hub.commands.warehouse import Workplace
from hub.connectors.provision import Item, Provisionable, ProvisionPlan
from hub.errors import HubError, StopSync
from hub.sync.flow import connected
from hub.sync.wanted import wanted


@dataclass(frozen=True)
class SystemProvision:
    """What one system has and lacks. `made`: whether what it lacked was made; `calls` what that
    costs, or has cost. `error` tells why it could not even be looked at, or not be made."""

    system: str
    items: tuple[Item, ...]
    calls: int
    made: bool = False
    error: HubError | None = None

    @property
    def done(self) -> bool:
        return self.error is None and not any(i.action == "conflict" for i in self.items)

    @property
    def to_do(self) -> int:
        return sum(item.action in ("create", "grant", "extend") for item in self.items)


def provision(
    place: Workplace, *, only: str | None = None, dry: bool = False
) -> list[SystemProvision]:
    """Every system that can be provisioned, or the one named `only`; `dry` writes nothing.

    One that refuses does not keep the others from being provisioned. Raises HubError when `only`
    names nothing that can be provisioned.
    """
    settings = place.settings
    names = list(settings.systems) if only is None else [only]
    if only is not None and only not in settings.systems:
        raise HubError(
            f"No system is named '{only}'.", remedy=f"use one of: {', '.join(settings.systems)}"
        )
    with connected(settings, names) as connectors:
        found = [
            _one(system, connector, place, dry=dry)
            for system, connector in connectors.items()
            if isinstance(connector, Provisionable)
        ]
    if only is not None and not found:
        raise HubError(
            f"{only} is a {settings.systems[only].kind}: there are no fields to be made in it.",
            remedy="name a CRM with --system, or none for all",
        )
    return found


def _one(system: str, connector: Provisionable, place: Workplace, *, dry: bool) -> SystemProvision:
    provisioner = connector.provisioner()
    wants = wanted(place.settings.mappings[system])
    plan = ProvisionPlan(())
    try:
        plan = provisioner.plan(wants)
        if dry or not plan.to_do:
            return SystemProvision(system, plan.items, plan.calls)
        provisioner.carry_out(plan)
        _check(system, provisioner.plan(wants))
    except HubError as err:
        return SystemProvision(system, plan.items, plan.calls, error=err)
    return SystemProvision(system, plan.items, plan.calls, made=True)


def _check(system: str, after: ProvisionPlan) -> None:
    """Honest about a system that says yes and does not do it."""
    if after.to_do:
        left = ", ".join(f"{i.object} {i.name}".strip() for i in after.to_do[:5])
        raise StopSync(
            f"{system}: took everything, and yet lacks: {left}.",
            remedy="run `hub provision` again; if that does not help, look in the system's setup",
        )


def provision_shape(found: list[SystemProvision]) -> dict[str, Any]:
    """As documented JSON."""
    return {
        "systems": [
            {
                "system": one.system,
                "calls": one.calls,
                "made": one.made,
                "error": None if one.error is None else str(one.error),
                "items": [vars(item) for item in one.items],
            }
            for one in found
        ]
    }
