"""Reports that a distributor puts into a bucket, of a server that speaks S3: moto's, as published.

It runs in an environment of its own, from which the hub takes its S3 package too: the hub is
installed without one, since few need it.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from drops import feed, originals, pulled, report
from venvs import environment

from hub.connectors.feed import FeedConnector
from hub.connectors.feed.files import Drop

_SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""
PATH = "s3://reports/out/pos_*.csv"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of a server that has one empty bucket."""
    home = environment("s3")
    [packages] = home.glob("lib/python*/site-packages")
    command = [str(home / "bin" / "python"), "-c", _SERVE]
    with (
        pytest.MonkeyPatch.context() as patch,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as server,
    ):
        assert server.stdout is not None
        # Last, so that what the hub has of its own stays its own.
        patch.setattr(sys, "path", [*sys.path, str(packages)])
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        requests.put(f"{url}/reports", timeout=10).raise_for_status()
        yield url


@pytest.fixture
def bucket(endpoint: str) -> Iterator[str]:
    yield f"{endpoint}/reports"
    requests.post(f"{endpoint}/moto-api/reset", timeout=10).raise_for_status()
    requests.put(f"{endpoint}/reports", timeout=10).raise_for_status()


def put(bucket: str, name: str, content: bytes) -> None:
    # Anonymous, it might not be replaced.
    signed = {"Authorization": "AWS northwind:unchecked"}
    answer = requests.put(f"{bucket}/out/{name}", data=content, headers=signed, timeout=10)
    answer.raise_for_status()


def options(endpoint: str) -> dict[str, str]:
    return {"key": "acme", "secret": "s3cret-Word", "endpoint_url": endpoint}


def acme(folder: Path, endpoint: str) -> FeedConnector:
    return feed(folder, PATH, **options(endpoint))


def test_new_and_changed_objects_are_taken_once_and_their_originals_kept(
    tmp_path: Path, endpoint: str, bucket: str
) -> None:
    put(bucket, "pos_2026-03.csv", report(("N1", 2), ("N2", 3)))
    put(bucket, "readme.txt", b"not a report")
    lines, cursor = pulled(acme(tmp_path, endpoint), None)
    assert lines == [("N1", "2"), ("N2", "3")]
    assert originals(tmp_path) == [report(("N1", 2), ("N2", 3))]

    assert pulled(acme(tmp_path, endpoint), cursor) == ([], cursor)
    put(bucket, "pos_2026-04.csv", report(("N3", 4)))
    lines, cursor = pulled(acme(tmp_path, endpoint), cursor)
    assert lines == [("N3", "4")]

    put(bucket, "pos_2026-03.csv", report(("N1", 2), ("N2", 5000)))
    lines, _ = pulled(acme(tmp_path, endpoint), cursor)
    assert lines == [("N1", "2"), ("N2", "5000")]


def test_an_object_that_is_replaced_while_it_is_read_bears_another_stamp(
    endpoint: str, bucket: str
) -> None:
    put(bucket, "pos_2026-03.csv", report(("N1", 2)))
    drop = Drop("northwind", "pos", PATH, options(endpoint))
    [file] = drop.files()
    assert drop.stamp(file) == file.stamp
    put(bucket, "pos_2026-03.csv", report(("N1", 3)))
    assert drop.stamp(file) != file.stamp
