"""A change that is wanted of one record in one CRM, before it is stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

from hub.sync.acceptance import Refusal

REFERENCE = "hub:"  # a value that stands for the record id of a hub id not yet in that system
KINDS = ("create", "update", "clear", "delete", "erase", "skip", "blocked")
"""How a plan counts its changes. A clear is an update that only empties fields; what is skipped or
blocked is not sent."""

Cells = dict[str, dict[str, Any]]
"""Outside field → {before, after, why} and, once traced, {rule, source}. An undo adds `wrote`, what
the hub had written, and to the delete of a record that it made the other fields as `only_read`."""


@dataclass(frozen=True)
class PlannedChange:
    """One record to write, by `op`: create, update.

    `origin` are the golden rows that its values come from (entity → hub id). With a `refusal` it is
    stored and counted by the outcome that this says, and never sent. `notes` say what is unusual
    about it, `weight` how much; `attempts` counts the plans that asked for the very same, this one
    among them; `id` is that of a stored one.
    """

    system: str
    object: str
    op: str
    record_id: str | None
    hub_id: str
    fields: Cells
    refusal: Refusal | None = None
    origin: Mapping[str, str | None] = field(default_factory=dict)
    notes: tuple[Mapping[str, str], ...] = ()
    weight: int = 0
    attempts: int = 1
    id: str = ""

    @cached_property
    def digest(self) -> str:
        after = {name: cell["after"] for name, cell in self.fields.items()}
        text = json.dumps(
            [self.system, self.object, self.op, self.hub_id, self.record_id, after],
            sort_keys=True,  # stored fields come back in the order of their names
        )
        return blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def kind(self) -> str:
        if self.refusal is not None:
            return self.refusal.kind
        if self.op == "update" and self.fields and len(self.emptied) == len(self.fields):
            return "clear"
        return self.op

    @cached_property
    def emptied(self) -> list[str]:
        """The fields that say something and will say nothing."""
        return [
            name
            for name, cell in self.fields.items()
            if cell["after"] is None and cell["before"] is not None
        ]

    @property
    def references(self) -> list[str]:
        """Hub ids of records that must be made before this one."""
        values = (cell["after"] or "" for cell in self.fields.values())
        return [v.removeprefix(REFERENCE) for v in values if v.startswith(REFERENCE)]
