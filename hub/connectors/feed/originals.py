"""Originals: each file is copied once, hashed on the way, and kept in the archive as it came.

What is read is the copy: a file that somebody overwrites meanwhile is either taken whole or not.
"""

import tempfile
from functools import partial
from hashlib import sha256
from pathlib import Path

import fsspec
from fsspec.core import url_to_fs

from hub.connectors.feed.files import Drop, DroppedFile
from hub.connectors.feed.report import Source

_BLOCK = 1 << 20


class Copies:
    """Local copies of dropped files, for as long as they are read."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hub-feed-")
        self._made: dict[DroppedFile, tuple[str, Path]] = {}

    def of(self, drop: Drop, file: DroppedFile) -> tuple[str, Path]:
        """The SHA-256 of a file and its copy. Raises SystemUnreachable."""
        known = self._made.get(file)
        if known is not None:
            return known
        path = Path(self._folder.name) / str(len(self._made))
        self._made[file] = (drop.reach(lambda: _copied(drop, file, path)), path)
        return self._made[file]

    def forget(self, file: DroppedFile) -> None:
        known = self._made.pop(file, None)
        if known is not None:
            known[1].unlink(missing_ok=True)

    def close(self) -> None:
        self._made.clear()
        self._folder.cleanup()


def _copied(drop: Drop, file: DroppedFile, path: Path) -> str:
    """The SHA-256 of what was copied to `path`."""
    digest = sha256()
    with drop.open(file) as told, path.open("wb") as copy:
        for block in iter(partial(told.read, _BLOCK), b""):
            digest.update(block)
            copy.write(block)
    return digest.hexdigest()


def source_of(file: DroppedFile, copy: Path) -> Source:
    """A copy under the name that the file was dropped as."""
    return Source(file.path, lambda: copy.open("rb"), file.name)


def path_of(archive: str, system: str, name: str, digest: str) -> str:
    """Where the original of a file is kept."""
    return f"{archive.rstrip('/')}/originals/{system}/{digest[:16]}_{name.replace('/', '_')}"


def keep(archive: str, system: str, file: DroppedFile, digest: str, copy: Path) -> str:
    """Put the original into the archive, once; returns where it is."""
    path = path_of(archive, system, file.name, digest)
    filesystem = url_to_fs(path)[0]
    if not filesystem.exists(path):
        with copy.open("rb") as told, fsspec.open(path, "wb", auto_mkdir=True) as kept:
            for block in iter(partial(told.read, _BLOCK), b""):
                kept.write(block)
    return path
