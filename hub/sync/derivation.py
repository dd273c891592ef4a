"""Resolve, unify, govern: from landed rows to the model, without any outside system."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from hub.config import Settings
from hub.golden.unify import ENTITIES, unify
from hub.identity import ResolveReport, resolve
from hub.identity.mentions import Entity
from hub.models.runs import Run
from hub.policy.govern import SUBJECTS, govern
from hub.sync.ledger import Stopwatch

RESOLVED: tuple[Entity, ...] = ("company", "contact")
Progress = Callable[[str], None]


def in_silence(_message: str) -> None:
    """Progress that nobody wants to hear of."""


@dataclass
class Derivation:
    """Resolve, unify, govern: the steps that need no outside system."""

    engine: Engine
    settings: Settings
    run: Run
    watch: Stopwatch
    full: bool = False
    progress: Progress = in_silence

    def resolve(self, entity: Entity) -> ResolveReport:
        self.progress(f"resolve {entity}")
        with self.watch.lap("resolve"):
            return resolve(self.engine, self.run, entity, full=self.full)

    def unify(self, entity: str) -> int:
        self.progress(f"unify {entity}")
        with self.watch.lap("unify"):
            return unify(self.engine, self.settings, self.run, entity, full=self.full)

    def govern(self, subject: str) -> int:
        self.progress(f"govern {subject}")
        with self.watch.lap("govern"):
            return govern(self.engine, self.settings, self.run, subject, full=self.full)

    def all(self) -> None:
        for resolved in RESOLVED:
            self.resolve(resolved)
        for entity in ENTITIES:
            self.unify(entity)
        for subject in SUBJECTS:
            self.govern(subject)


def derive(
    engine: Engine,
    settings: Settings,
    run: Run,
    watch: Stopwatch,
    *,
    full: bool,
    progress: Progress = in_silence,
) -> None:
    """Resolve, unify, govern, for a run of the caller's own."""
    Derivation(engine, settings, run, watch, full, progress).all()
