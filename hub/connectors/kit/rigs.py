"""What the promises need of a test: a system that can be steered, and connectors to it.

Each class of promises needs the rig named beside it. A rig of several abilities has the methods of
all their classes; it need not inherit from any.
"""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from hub.connectors.contract import Change, Connector, ObjectSpec

Where = Literal["pages", "writes", "removals", "everything"]


class Rig(Protocol):
    """One empty outside system and the object that the promises are tried on.

    The first field of `spec` is a free text that can be written. `secrets` are texts that must
    never be seen.
    """

    spec: ObjectSpec
    secrets: Sequence[str]

    def connector(self, **settings: Any) -> Connector:
        """A new connector, `settings` replacing keys of its system in `hub.yaml`.

        Its pauses take no real time.
        """
        ...

    def seed(self, count: int, *, one_stamp: bool = False) -> list[str]:
        """Make records whose first field is `Account 1`, `Account 2`, …; their ids in that order.

        They changed a day ago: a second apart, or all at the same moment.
        """
        ...

    def text_of(self, record_id: str) -> str | None:
        """The first field of a record, asked of the system itself; None when it is empty."""
        ...

    def requests(self) -> int:
        """How many requests the system has had of connectors, by its own count."""
        ...


class ChangingRig(Rig, Protocol):
    """A system that tells what has changed since."""

    def wait(self, minutes: float) -> None:
        """Time passes on the system's clock."""
        ...

    def touch(self, record_id: str, text: str) -> None:
        """Somebody writes a text into the first field."""
        ...


class DeletingRig(ChangingRig, Protocol):
    """A system that tells of deletions."""

    def delete(self, record_id: str) -> None: ...

    def restore(self, record_id: str) -> None:
        """A deleted record is there again, under the same id."""
        ...


class MergingRig(ChangingRig, Protocol):
    """A system that tells of merges."""

    def merge(self, survivor: str, loser: str) -> str:
        """The id under which both are known from now on."""
        ...


class HidingRig(ChangingRig, Protocol):
    """A system that does not show every record to everybody."""

    def hide(self, record_id: str) -> None:
        """Our user no longer sees the record. Nothing about the record changes."""
        ...

    def show(self, record_id: str) -> None: ...


class SigningRig(Rig, Protocol):
    """A system that asks who we are."""

    def badly_signed_in(self) -> Connector:
        """A connector with credentials that the system refuses."""
        ...


class FailingRig(Rig, Protocol):
    """A system reached over a network, in pages."""

    def shorten_pages(self, rows: int) -> None:
        """No page of a pull holds more records from now on."""
        ...

    def fail(
        self,
        where: Where,
        status: int,
        *,
        body: bytes = b"",
        after: int = 0,
        times: int = 1,
        committed: bool = False,
        hang: float = 0.0,
    ) -> None:
        """Answer with this status in place of the system, `times` times, after `after` requests
        of that sort. Status 0 breaks the connection; `committed` lets the request have its effect
        first; `hang` seconds pass before the answer."""
        ...

    def heal(self) -> None:
        """Nothing fails any more."""
        ...


class WritingRig(ChangingRig, FailingRig, Protocol):
    """A system the hub writes to. Updates are of first fields; creates may be of another object."""

    unknown_id: str
    """Looks like an id, but no record has it."""

    def update(self, change_id: str, record_id: str, text: str) -> Change: ...

    def clear(self, change_id: str, record_id: str) -> Change:
        """An update that empties a field of a record that `create` made."""
        ...

    def is_cleared(self, record_id: str) -> bool:
        """Whether that field is empty, asked of the system itself."""
        ...

    def invalid(self, change_id: str, record_id: str) -> Change:
        """An update with a value that the system does not take."""
        ...

    def create(self, change_id: str, key: str) -> Change: ...

    def created(self, key: str) -> list[str]:
        """The ids of all records made under this key, asked of the system itself."""
        ...


class QuotaRig(WritingRig, Protocol):
    """A system with an allowance of calls."""

    def spend_allowance(self) -> None:
        """Somebody else uses up all calls; the system refuses every further one."""
        ...


class SchemaRig(Rig, Protocol):
    """A system whose fields an admin can change."""

    def add_field(self, name: str) -> None: ...

    def drop_field(self, name: str) -> None:
        """A field of the spec is no longer there."""
        ...


class VolatileRig(ChangingRig, Protocol):
    """A system with a field that changes without its record being told as changed."""

    volatile_spec: ObjectSpec
    """The object of `spec`, with such a field among others."""

    def change_silently(self, record_id: str) -> tuple[str, str]:
        """Change it; the name of the field and the canonical text it holds now."""
        ...
