"""A change that is wanted of one record in one CRM, before it is stored."""

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from hub.sync.acceptance import Refusal

Cells = dict[str, dict[str, str | None]]
"""Outside field → {before, after, why}."""

REFERENCE = "hub:"  # a value that stands for the record id of a hub id not yet in that system


@dataclass(frozen=True)
class PlannedChange:
    """One record to write. `fields`: outside field → {before, after, why}.

    With a `refusal` it is stored and counted by the outcome that this says, and never sent.
    """

    system: str
    object: str
    op: str
    record_id: str | None
    hub_id: str
    fields: Cells
    refusal: Refusal | None = None

    @cached_property
    def digest(self) -> str:
        after = {name: cell["after"] for name, cell in self.fields.items()}
        text = json.dumps([self.system, self.object, self.op, self.hub_id, self.record_id, after])
        return blake2b(text.encode(), digest_size=16).hexdigest()
