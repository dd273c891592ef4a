"""Which files of a report are new, told by their bytes: names are reused, copies are renamed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import IO, Any, TypeVar

import msgspec

from hub.connectors.filesystem import Options, opened, reach
from hub.connectors.text import canonical_time
from hub.errors import StopSync

_T = TypeVar("_T")

_MAGIC = frozenset("*?[")


_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".partial", "~")


class Taken(msgspec.Struct, array_like=True, frozen=True):
    """A file already taken: the digest of its bytes, the stamp it bore (size and time), and the
    sender's own number of the report."""

    digest: str
    stamp: str | None = None
    report_id: str | None = None


class Ledger:
    """The files already taken, by name: what a feed's cursor holds."""

    def __init__(self, files: dict[str, Taken]) -> None:
        self._files = files
        self._digests = {taken.digest for taken in files.values()}
        self._reports = {taken.report_id for taken in files.values()} - {None}

    @classmethod
    def read(cls, text: str | None, system: str) -> "Ledger":
        if text is None:
            return cls({})
        try:
            return cls(msgspec.json.decode(text, type=dict[str, Taken]))
        except msgspec.MsgspecError as err:
            raise StopSync(
                f"{system}: the list of files already taken cannot be read.",
                remedy="run `hub sync --full`",
            ) from err

    def text(self) -> str:
        return msgspec.json.encode(self._files, order="sorted").decode()

    def knows(self, file: "DroppedFile") -> bool:
        """Whether the file bears the stamp it bore when it was taken: it need not be opened."""
        taken = self._files.get(file.name)
        return taken is not None and taken.stamp is not None and taken.stamp == file.stamp

    def holds(self, digest: str) -> bool:
        return digest in self._digests

    def took(self, file: "DroppedFile", digest: str) -> bool:
        """Whether these bytes were taken under this name: it was touched, and says nothing new."""
        taken = self._files.get(file.name)
        return taken is not None and taken.digest == digest

    def has_report(self, report_id: str) -> bool:
        """Whether a report of this number was taken, from any file."""
        return report_id in self._reports

    def touch(self, file: "DroppedFile") -> None:
        """Remember the stamp that a file taken before bears now."""
        taken = self._files[file.name]
        self._files[file.name] = msgspec.structs.replace(taken, stamp=file.stamp)

    def take(self, file: "DroppedFile", digest: str, report_id: str | None = None) -> None:
        self._files[file.name] = Taken(digest, file.stamp, report_id)
        self._digests.add(digest)
        if report_id is not None:
            self._reports.add(report_id)


class DroppedFile(msgspec.Struct, frozen=True):
    """A file that matches a report's path. `name` is the report's, then the path after the part
    without wildcards: it stays the same when the folder moves."""

    name: str
    path: str
    stamp: str | None
    written_at: str | None = None


class Drop:
    """The files of one report: a path, a folder's glob, or any fsspec URL of one."""

    def __init__(self, system: str, report: str, url: str, options: Options | None = None) -> None:
        self._system, self._report, self._url = system, report, url
        self._options = options or {}

    def files(self) -> Iterator[DroppedFile]:
        """As they were written, so that a correction comes after what it corrects, whatever it is
        called; of one moment by name, so that reports come in the order of their periods."""
        found = self.reach(self._listed)
        yield from sorted(found, key=lambda file: (file.written_at or "", file.name))

    def open(self, file: DroppedFile) -> IO[bytes]:
        content: IO[bytes] = self.reach(lambda: self._opened[0].open(file.path, "rb"))
        return content

    def stamp(self, file: DroppedFile) -> str | None:
        """The stamp the file bears now; None when it has none, or is gone."""
        return self.reach(lambda: self._stamp_of(file.path))

    def reach(self, action: Callable[[], _T]) -> _T:
        """What `action` returns, which reads here. Raises SystemUnreachable and its like."""
        remedy = "check that the path exists and that the hub may read it"
        return reach(self._system, self._url, action, remedy=remedy)

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        return opened(self._url, self._options)

    def _stamp_of(self, path: str) -> str | None:
        filesystem = self._opened[0]
        filesystem.invalidate_cache()
        try:
            return _stamp(filesystem.info(path))
        except FileNotFoundError:
            return None

    def _listed(self) -> list[DroppedFile]:
        filesystem, pattern = self._opened
        root = _root(pattern)
        entries = filesystem.glob(pattern, detail=True) if _MAGIC & set(pattern) else {}
        if not entries and filesystem.isfile(pattern):
            entries = {pattern: filesystem.info(pattern)}
        return [
            DroppedFile(
                f"{self._report}/{str(path).removeprefix(root)}",
                str(path),
                _stamp(info),
                _written_at(info),
            )
            for path, info in entries.items()
            if info.get("type") != "directory" and not str(path).endswith(_UNFINISHED)
        ]


def _root(pattern: str) -> str:
    """The folder before the first wildcard, with its slash; of a plain path, its folder."""
    plain = pattern
    for position, character in enumerate(pattern):
        if character in _MAGIC:
            plain = pattern[:position]
            break
    return plain[: plain.rfind("/") + 1]


def _stamp(info: dict[str, Any]) -> str | None:
    # A bucket tells times to the second, but also a digest.
    changed = info.get("mtime") or info.get("ETag") or info.get("LastModified")
    return f"{info.get('size')}@{changed}" if changed is not None else None


def _written_at(info: dict[str, Any]) -> str | None:
    """When the file was written last, UTC; None where its file system does not say."""
    changed = info.get("mtime") or info.get("LastModified") or info.get("modified")
    if isinstance(changed, int | float):
        changed = datetime.fromtimestamp(changed, UTC)
    if not isinstance(changed, datetime):
        return None
    moment = changed if changed.tzinfo is not None else changed.replace(tzinfo=UTC)
    return canonical_time(moment)
