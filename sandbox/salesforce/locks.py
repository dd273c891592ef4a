"""Records that somebody else's transaction holds: writes to them, or below them, are refused."""

from collections.abc import Callable, Sequence

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.store import Row


class RowLocks:
    """Locks by record id, each for so many attempts. An attempt is one API call that meets the
    lock, however many of its rows do."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self._met_in: dict[str, int] = {}
        self.attempt = 0
        self._injected: Sequence[Callable[[Sequence[str]], None]] = ()

    def hold(self, record: str, attempts: int) -> None:
        self._left[record] = attempts

    def clear(self) -> None:
        self._left.clear()
        self._met_in.clear()

    def next_call(self, injected: Sequence[Callable[[Sequence[str]], None]] = ()) -> None:
        """A new attempt begins; `injected` faults are what else its rows may meet."""
        self.attempt += 1
        self._injected = injected

    def check(self, records: Sequence[str]) -> None:
        """UNABLE_TO_LOCK_ROW naming those that are held."""
        for meet in self._injected:
            meet(records)
        held = [record for record in records if self._is_held(record)]
        if held:
            raise ApiError(
                "UNABLE_TO_LOCK_ROW",
                "unable to obtain exclusive access to this record or "
                f"{len(held)} records: {','.join(held)}",
                [],
            )

    def _is_held(self, record: str) -> bool:
        if self._met_in.get(record) == self.attempt:
            return True
        left = self._left.get(record, 0)
        if left <= 0:
            return False
        self._left[record] = left - 1
        self._met_in[record] = self.attempt
        return True


def locked_by(sobject: SObject, row: Row, record: str | None = None) -> list[str]:
    """What a write has to lock: the record and the parents it hangs on, owners excepted."""
    found = [record] if record is not None else []
    found += [str(row[link.name]) for link in sobject.parents if row.get(link.name)]
    return found
