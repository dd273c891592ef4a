"""The landing archive: what was said, as Parquet, append-only, on any fsspec URL.

A file counts only when `ops_batch` lists it; what a killed process left unlisted is overwritten by
the next run of the same number, or ignored.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import fsspec
import polars as pl


def archive_path(
    root: str, system: str, obj: str, run: int, sequence: int, period: str | None = None
) -> str:
    """`ROOT/SYSTEM/OBJECT/run=000042/0001.parquet`; lines of reports by their month before that:
    `ROOT/SYSTEM/OBJECT/period=2026-03/run=000042/0001.parquet`."""
    month = f"/period={period}" if period else ""
    return f"{root.rstrip('/')}/{system}/{obj}{month}/run={run:06d}/{sequence:04d}.parquet"


def write_archive(path: str, rows: pl.DataFrame) -> None:
    """Store one batch of raw rows. Higher levels of compression save little and take their time."""
    with fsspec.open(path, "wb", auto_mkdir=True) as handle:
        rows.write_parquet(handle, compression="zstd", compression_level=1)


@contextmanager
def archived_meanwhile(path: str, rows: pl.DataFrame) -> Iterator[None]:
    """Store one batch while the block runs; when it has ended, the batch is stored or it raises."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive") as writer:
        written = writer.submit(write_archive, path, rows) if rows.height else None
        yield
        if written is not None:
            written.result()


def read_archive(path: str) -> pl.DataFrame:
    """The rows of one archived batch, as they were told."""
    with fsspec.open(path, "rb") as handle:
        return pl.read_parquet(handle.read())
