"""Rules for plans that name a system or an object which is not there."""

from collections.abc import Collection, Iterator

from hub.config import Settings
from hub.sync.lint.faults import Fault


def plan_faults(settings: Settings) -> Iterator[Fault]:
    for system, rule in settings.plans.systems.items():
        mapped = settings.mappings.get(system)
        at = f"plans.systems.{system}"
        if mapped is None:
            yield Fault("name", at, "no such system.", _one_of(settings.mappings))
            continue
        for obj in sorted(set(rule.objects) - set(mapped)):
            message = "no such object is mapped."
            yield Fault("name", f"{at}.objects.{obj}", message, _one_of(mapped))


def _one_of(names: Collection[str]) -> str:
    return f"use one of: {', '.join(sorted(names))}"
