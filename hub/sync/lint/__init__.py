"""The linter of the mappings: what cannot be meant, what never comes to rest, what would be lost.

`lint` needs no outside knowledge and runs whenever a configuration is loaded; what the described
fields and the warehouse's own values add is asked by `hub doctor`.
"""

from collections.abc import Iterator

from hub.config import Settings
from hub.sync.agreements import agreement_faults
from hub.sync.lint.codes import code_faults
from hub.sync.lint.faults import Fault
from hub.sync.lint.names import name_faults
from hub.sync.lint.plans import plan_faults
from hub.sync.lint.writers import writer_faults


def lint(settings: Settings) -> Iterator[Fault]:
    """Faults of the mappings by themselves. Where names stand for nothing, these alone."""
    unknown = [*name_faults(settings), *plan_faults(settings)]
    yield from unknown
    if not unknown:
        yield from writer_faults(settings)
        yield from code_faults(settings)
        for key, message, remedy in agreement_faults(settings):
            yield Fault("agreement", key, message, remedy)
