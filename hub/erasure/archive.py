"""The archive without an erased person: files that hold something of the person are written anew,
and take the place of the old ones at once; all others stay as they are, byte for byte."""

import fsspec
import polars as pl

from hub.config import Settings
from hub.erasure.known import Known
from hub.erasure.suppression import cleaned, scrubbed
from hub.sync.archive import read_archive, write_archive

_UNFINISHED = ".erasing"


def clean_archive(settings: Settings, known: Known, *, dry: bool = False) -> dict[str, int]:
    """File → rows taken out or changed. Looks at all files, also those that no batch lists."""
    root = settings.resolve(settings.archive).rstrip("/")
    fs, path = fsspec.core.url_to_fs(root)
    found: dict[str, int] = {}
    for file in sorted(fs.glob(f"{path}/**/*.parquet")):
        parts = str(file).removeprefix(path).strip("/").split("/")
        rows = read_archive(fs.unstrip_protocol(file))
        mapping = settings.mappings.get(parts[0], {}).get(parts[1]) if len(parts) > 1 else None
        clean = (
            scrubbed(known, rows) if mapping is None else cleaned(known, parts[0], mapping, rows)
        )
        if clean.equals(rows):
            continue
        found["/".join(parts)] = max(rows.height - clean.height, 0) or _changed(rows, clean)
        if not dry:
            unfinished = f"{file}{_UNFINISHED}"
            write_archive(fs.unstrip_protocol(unfinished), clean)
            fs.mv(unfinished, file)
    return found


def _changed(before: pl.DataFrame, after: pl.DataFrame) -> int:
    return (
        before.height - before.join(after, on=before.columns, how="semi", nulls_equal=True).height
    )
