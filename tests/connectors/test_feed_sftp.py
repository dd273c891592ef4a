"""Reports that a distributor puts on an SFTP server."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drops import feed, originals, pulled, report
from pydantic import ValidationError
from sftp_server import PASSWORD, USER, Sftp, sftp_server

from hub.connectors.feed import FeedConnector
from hub.connectors.feed.config import FeedReport
from hub.connectors.files.folder import Place
from hub.errors import CredentialsRefused, StopSync, SystemUnreachable

SIGNED_IN = {"username": USER, "password": PASSWORD}


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """The folder that the distributor fills."""
    (tmp_path / "served" / "out").mkdir(parents=True)
    return tmp_path / "served"


@pytest.fixture
def server(served: Path) -> Iterator[Sftp]:
    with sftp_server(served) as listening:
        yield listening


def drop(served: Path, name: str, *lines: tuple[str, int], at: int = 1_775_000_000) -> None:
    """A report put there, written at so many seconds since 1970."""
    path = served / "out" / name
    path.write_bytes(report(*lines))
    os.utime(path, (at, at))


def acme(served: Path, path: str, **options: Any) -> FeedConnector:
    return feed(served.parent, path, **{**SIGNED_IN, **options})


def test_new_and_changed_files_are_taken_once_and_their_originals_kept(
    served: Path, server: Sftp
) -> None:
    drop(served, "pos_2026-03.csv", ("N1", 2), ("N2", 3))
    drop(served, "pos_2026-04.csv.part", ("N9", 9))
    url = server.url("out/pos_*.csv*")
    lines, cursor = pulled(acme(served, url), None)
    assert lines == [("N1", "2"), ("N2", "3")]
    assert originals(served.parent) == [report(("N1", 2), ("N2", 3))]

    assert pulled(acme(served, url), cursor) == ([], cursor)
    drop(served, "pos_2026-04.csv", ("N3", 4), at=1_775_000_060)
    lines, cursor = pulled(acme(served, url), cursor)
    assert lines == [("N3", "4")]

    drop(served, "pos_2026-03.csv", ("N1", 2), ("N2", 5), at=1_775_000_120)
    lines, _ = pulled(acme(served, url), cursor)
    assert lines == [("N1", "2"), ("N2", "5")]


def test_a_connection_that_was_lost_is_made_anew_by_the_next_sync(served: Path) -> None:
    drop(served, "pos.csv", ("N1", 2))
    with sftp_server(served) as server:
        url = server.url("out/pos.csv")
        assert pulled(acme(served, url), None)[0] == [("N1", "2")]
    with pytest.raises(SystemUnreachable, match="northwind: sftp://127"):
        pulled(acme(served, url), None)
    with sftp_server(served, server.port):
        assert pulled(acme(served, url), None)[0] == [("N1", "2")]


def test_a_refused_password_is_told_without_it(served: Path, server: Sftp) -> None:
    with pytest.raises(CredentialsRefused, match="northwind: sftp://127") as refused:
        pulled(acme(served, server.url("out/*.csv"), password="Wr0ng-Word"), None)
    assert "Wr0ng-Word" not in str(refused.value)
    assert "`options`" in refused.value.remedy


def test_a_server_whose_key_is_not_known_is_not_talked_to(served: Path, server: Sftp) -> None:
    drop(served, "pos.csv", ("N1", 2))
    known = served.parent / "known_hosts"
    known.write_text(server.known_host, encoding="utf-8")
    url = server.url("out/pos.csv")
    assert pulled(acme(served, url, known_hosts=str(known)), None)[0] == [("N1", "2")]
    with sftp_server(served) as other:
        known.write_text(other.known_host.replace(str(other.port), str(server.port)))
        with pytest.raises(SystemUnreachable, match="HostKeyNotVerifiable"):
            pulled(acme(served, url, known_hosts=str(known)), None)


def test_a_partner_gets_its_file_and_answers_on_the_same_server(served: Path, server: Sftp) -> None:
    options: dict[str, Any] = FeedReport(path="x", profile="x", options=SIGNED_IN).options
    leads = Place("delta", server.url("out/leads.csv"), options)
    assert leads.content() is None
    leads.replace(b"one")
    leads.replace(b"two")
    assert leads.content() == b"two"
    assert [file.name for file in (served / "out").iterdir()] == ["leads.csv"]
    answers = Place("delta", server.url("out/*.csv"), options)
    assert answers.contents() == [("leads.csv", b"two")]


def test_a_password_stays_out_of_urls() -> None:
    with pytest.raises(ValidationError, match="put it into `options`"):
        FeedReport(path="sftp://acme:s3cret@nw.example/*.csv", profile="x")
    shown = repr(FeedReport(path="sftp://nw.example/*.csv", profile="x", options=SIGNED_IN))
    assert PASSWORD not in shown


def test_a_missing_package_is_named(served: Path) -> None:
    with pytest.raises(StopSync, match=r"northwind: gs://reports/\*\.csv") as missing:
        pulled(acme(served, "gs://reports/*.csv"), None)
    assert "install gcsfs" in missing.value.remedy
