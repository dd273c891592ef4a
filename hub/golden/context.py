"""What every unify function needs to know of the configuration."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hub.config import Settings
from hub.golden.catalogue import Catalogue
from hub.golden.columns import golden_column
from hub.golden.survivorship import Authority
from hub.mappings.schema import FieldRule, ObjectMapping


@dataclass(frozen=True)
class Context:
    """Trust per system, the objects references point to, which deals are registrations, and who
    owns which column: `authorities` is entity → golden column → its authority. `accepting` are the
    systems, objects and mappings with a field whose drift is accepted."""

    priorities: Mapping[str, int]
    company_objects: Mapping[str, str]
    contact_objects: Mapping[str, str]
    registration_pipelines: frozenset[tuple[str, str, str]] = field(default_factory=frozenset)
    authorities: Mapping[str, Mapping[str, Authority]] = field(default_factory=dict)
    accepting: tuple[tuple[str, str, ObjectMapping], ...] = ()
    catalogue: Catalogue = field(default_factory=Catalogue.empty)
    distributors: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The same for the same configuration, whatever order hub.yaml has it in."""
        maps = (self.priorities, self.company_objects, self.contact_objects, self.distributors)
        owners = [(entity, sorted(of.items())) for entity, of in sorted(self.authorities.items())]
        parts = [sorted(m.items()) for m in maps]
        return repr([*parts, sorted(self.registration_pipelines), owners])

    @classmethod
    def of(cls, settings: Settings) -> "Context":
        return cls(
            catalogue=Catalogue.of(settings),
            distributors={
                name: system.partner
                for name, system in settings.systems.items()
                if system.role == "distributor" and system.partner
            },
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
            authorities=_authorities(settings),
            accepting=tuple(
                (system, obj, mapping)
                for system, objects in settings.mappings.items()
                for obj, mapping in objects.items()
                if mapping.accepted
            ),
        )


def _authorities(settings: Settings) -> dict[str, dict[str, Authority]]:
    found: dict[str, dict[str, Authority]] = {}
    for system, source, rule in _rules(settings):
        if rule.authority is None:
            continue
        column = golden_column(source, rule.column)
        known = found.setdefault(source, {}).get(column)
        clears = system == rule.authority and rule.blank_in == "clear"
        clears = clears or (known is not None and known.clears)
        found[source][column] = Authority(rule.authority, clears)
    return found


def _rules(settings: Settings) -> Iterator[tuple[str, str, FieldRule]]:
    """System, source table and rule of each field that has one in full."""
    for system, objects in settings.mappings.items():
        for mapping in objects.values():
            for rule in mapping.fields.values():
                yield system, mapping.source, rule


def _objects(settings: Settings, source: str) -> dict[str, str]:
    """System → the first of its objects that lands in the given source table."""
    found: dict[str, str] = {}
    for system, objects in settings.mappings.items():
        for obj, mapping in objects.items():
            if mapping.source == source:
                found.setdefault(system, obj)
    return found
