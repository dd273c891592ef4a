"""Files at a path or fsspec URL: read whole, and replaced whole or not at all."""

from collections.abc import Callable
from typing import Any, TypeVar

from hub.connectors.filesystem import Options, opened, reach

_T = TypeVar("_T")
_MAGIC = frozenset("*?[")


class Place:
    """One file, or those that match a glob."""

    def __init__(self, system: str, url: str, options: Options) -> None:
        self._system, self._url, self._options = system, url, options

    @property
    def name(self) -> str:
        return self._url

    def content(self) -> bytes | None:
        """The bytes of the file; None when it is not there."""

        def cat() -> bytes | None:
            filesystem, path = self._opened()
            if not filesystem.exists(path):
                return None
            data: bytes = filesystem.cat_file(path)
            return data

        return self._reach(cat)

    def contents(self) -> list[tuple[str, bytes]]:
        """Name and bytes of each matching file, by name."""

        def cat() -> list[tuple[str, bytes]]:
            filesystem, pattern = self._opened()
            if _MAGIC & set(pattern):
                found = filesystem.glob(pattern)
            else:
                found = [pattern] if filesystem.isfile(pattern) else []
            return [
                (str(path).rpartition("/")[2], filesystem.cat_file(path)) for path in sorted(found)
            ]

        return self._reach(cat)

    def replace(self, content: bytes) -> None:
        """Put the file there under a name of its own, then in the place of the one before, so that
        nobody ever reads half of it."""

        def put() -> None:
            filesystem, path = self._opened()
            folder, _, name = path.rpartition("/")
            if folder:
                filesystem.makedirs(folder, exist_ok=True)
            part = f"{folder}/.{name}.part" if folder else f".{name}.part"
            filesystem.pipe_file(part, content)
            filesystem.mv(part, path)

        self._reach(put)

    def _opened(self) -> tuple[Any, str]:
        # Anew each time: what others put there is asked for, not remembered.
        return opened(self._url, self._options)

    def _reach(self, action: Callable[[], _T]) -> _T:
        remedy = "check that the folder exists and that the hub may read and write there"
        return reach(self._system, self._url, action, remedy=remedy)
