"""What every unify function needs to know of the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.config import Settings


@dataclass(frozen=True)
class Context:
    """Trust per system, the objects references point to, and which deals are registrations."""

    priorities: Mapping[str, int]
    company_objects: Mapping[str, str]
    contact_objects: Mapping[str, str]
    registration_pipelines: frozenset[tuple[str, str, str]] = field(default_factory=frozenset)

    @property
    def text(self) -> str:
        """The same for the same configuration, whatever order hub.yaml has it in."""
        maps = (self.priorities, self.company_objects, self.contact_objects)
        return repr([*(sorted(m.items()) for m in maps), sorted(self.registration_pipelines)])

    @classmethod
    def of(cls, settings: Settings) -> "Context":
        return cls(
            priorities={name: system.priority for name, system in settings.systems.items()},
            company_objects=_objects(settings, "company"),
            contact_objects=_objects(settings, "contact"),
            registration_pipelines=frozenset(
                (system, obj, pipeline)
                for system, objects in settings.mappings.items()
                for obj, mapping in objects.items()
                if mapping.registrations is not None
                for pipeline in mapping.registrations.pipelines
            ),
        )


def _objects(settings: Settings, source: str) -> dict[str, str]:
    """System → the first of its objects that lands in the given source table."""
    found: dict[str, str] = {}
    for system, objects in settings.mappings.items():
        for obj, mapping in objects.items():
            if mapping.source == source:
                found.setdefault(system, obj)
    return found
