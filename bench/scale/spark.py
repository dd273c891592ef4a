"""Matching on Spark beside the embedded engine: the same rows must end in the same clusters.

.venv-spark/bin/python -m bench.scale.spark --records 200000

Starts a standalone cluster of its own, a master and two workers of one core each, and stops it at
the end. `make .venv-spark/installed` installs what it needs, but Java 17.
"""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyspark

from bench.scale.__main__ import quality, world_of
from bench.scale.file import COLUMNS
from hub.identity.standalone import Matched, match

_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
_WAIT = 120
_WORKERS = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--dir", type=Path, help="where worlds are kept for the next time")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="hub-spark-") as temporary:
        folder = Path(temporary)
        world = world_of(options.dir or folder, options.records, options.seed)
        rows = pl.read_parquet(world / "rows.parquet")
        here = _timed("embedded", rows, None)
        with _cluster(folder) as master:
            there = _timed("spark", rows, master)
    same = here.rows.equals(there.rows)
    print(f"clusters and probabilities are {'the same' if same else 'NOT the same'}")
    return 0 if same else 1


def _timed(engine: str, rows: pl.DataFrame, master: str | None) -> Matched:
    start = time.perf_counter()
    found = match(rows.drop("truth"), COLUMNS, "company", source="system", spark=master)
    seconds = time.perf_counter() - start
    figures = "  ".join(
        f"{figure:.4f}" for figure in quality(rows["truth"], found.rows["cluster_id"])
    )
    print(
        f"{engine:9} {rows.height:>8,} records {found.clusters:>8,} clusters {found.pairs:>10,} "
        f"pairs, weights {found.model.version}, P R F1 {figures}, {seconds:.1f} s",
        flush=True,
    )
    return found


@contextmanager
def _cluster(folder: Path) -> Iterator[str]:
    """The URL of a standalone cluster of two workers."""
    port = _free_port()
    master = f"spark://127.0.0.1:{port}"
    with ExitStack() as stack:
        _start(stack, folder, "Master", "--host", "127.0.0.1", "--port", str(port))
        _wait_for(port)
        for number in range(_WORKERS):
            place = str(folder / f"worker_{number}")
            _start(stack, folder, "Worker", "--cores", "1", "--memory", "3g", "-d", place, master)
        yield master


def _start(stack: ExitStack, folder: Path, name: str, *arguments: str) -> None:
    command = [str(_CLASS), f"org.apache.spark.deploy.{name.lower()}.{name}", *arguments]
    log = stack.enter_context((folder / "spark.log").open("a"))
    # Executors start Python with what they find here.
    settings = os.environ | {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    started = subprocess.Popen(command, stdout=log, stderr=log, env=settings)
    stack.callback(started.wait)
    stack.callback(started.terminate)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _wait_for(port: int) -> None:
    end = time.monotonic() + _WAIT
    while time.monotonic() < end:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise TimeoutError(f"Spark's master has not opened port {port} within {_WAIT} s")


if __name__ == "__main__":
    sys.exit(main())
