"""Lead files: written whole, safe to open, and what partners answer in theirs."""

from pathlib import Path
from typing import Any

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config import Settings, stock_mapping
from hub.connectors.contract import Change, ObjectSpec
from hub.connectors.files import FilesConnector
from hub.connectors.files.config import AnswerFiles, FilesSystem, LeadFile
from hub.connectors.files.sheet import meant, neutral, read, written
from hub.connectors.kit import ConnectorPromises
from hub.errors import FeedUnreadable, SystemUnreachable
from hub.mappings.schema import ObjectMapping

MAPPING = ObjectMapping.model_validate(stock_mapping("files", "partner")["leads"])
SPEC = ObjectSpec("leads", MAPPING.all_fields)
RISKY = ("=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'quoted")


class FilesRig:
    """A partner's folder; a record is a line of the lead file. No request is ever sent."""

    spec = ObjectSpec("leads", ("Last name", "Lead", "City"))
    secrets = ()

    def __init__(self, folder: Path, suffix: str) -> None:
        self.folder, self.file = folder, folder / f"leads{suffix}"

    def connector(self, **settings: Any) -> FilesConnector:
        config = FilesSystem(
            kind="files",
            role="partner",
            partner="pa_00000001",
            leads=LeadFile(path=str(self.file)),
            answers=AnswerFiles(path=str(self.folder / "answers_*.csv")),
            **settings,
        )
        mappings = {"delta": {"leads": MAPPING}}
        hub = Settings(systems={}, mappings=mappings, file=self.folder / "hub.yaml")
        return FilesConnector("delta", config, hub)

    def seed(self, count: int, **_stamps: bool) -> list[str]:
        keys = [f"ld_{n:08d}" for n in range(1, count + 1)]
        changes = [_create(key, f"Account {n}") for n, key in enumerate(keys, 1)]
        assert {o.status for o in self.connector().apply(changes)} == {"applied"}
        return keys

    def answer(self, name: str, *lines: str) -> None:
        told = "\n".join(["Lead,Status,Reason,Note", *lines])
        (self.folder / f"answers_{name}.csv").write_text(told, encoding="utf-8")

    def text_of(self, record_id: str) -> str | None:
        return self.lines()[record_id].get("Last name")

    def lines(self) -> dict[str, dict[str, str | None]]:
        """The lead file as the partner's program reads it."""
        (_, header), *rows = read(str(self.file), self.file.read_bytes())
        told = [dict(zip(header, map(meant, cells), strict=True)) for _, cells in rows]
        return {str(line["Lead"]): line for line in told}

    def requests(self) -> int:
        return 0


def _create(key: str, name: str, **fields: str) -> Change:
    return Change(key, "leads", "create", {"Last name": name, **fields}, key=("Lead", key))


@pytest.fixture(params=[".csv", ".xlsx"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> FilesRig:
    return FilesRig(tmp_path, request.param)


class TestFiles(ConnectorPromises):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> FilesRig:
        return FilesRig(tmp_path, ".csv")


def _pulled(rig: FilesRig) -> dict[str, dict[str, str | None]]:
    rows = [r for b in rig.connector().pull(SPEC, None) for r in b.rows.iter_rows(named=True)]
    return {str(row["record_id"]): row for row in rows}


# -- cells ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", RISKY)
def test_a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe(
    rig: FilesRig, value: str
) -> None:
    list(rig.connector().apply([_create("ld_1", value)]))
    (_, header), (_, cells) = read(str(rig.file), rig.file.read_bytes())
    assert cells[header.index("Last name")] == f"'{value}"
    assert rig.text_of("ld_1") == value


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")))
def test_what_is_written_comes_back_and_is_no_formula(value: str) -> None:
    assert meant(neutral(value)) == (value or None)
    assert not neutral(value).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.lists(st.tuples(st.text("=+-@'\t\r\n\",;aä 1"), st.text("=x\n\"',"))))
def test_a_csv_file_says_what_was_put_into_it(rows: list[tuple[str, str]]) -> None:
    said = [("key", a or None, b or None) for a, b in rows]
    content = written("x.csv", ("Key", "A", "B"), said, ",")
    back = [tuple(meant(cell) for cell in cells) for _, cells in read("x.csv", content)[1:]]
    assert back == said


# -- the file -------------------------------------------------------------------------------------


def test_updates_and_removals_leave_the_other_lines_as_they_are(rig: FilesRig) -> None:
    first, second, third = rig.seed(3)
    told = rig.connector().apply(
        [
            Change("c1", "leads", "update", {"Last name": None, "City": "Graz"}, first),
            Change("c2", "leads", "delete", {}, second),
            Change("c3", "leads", "update", {"City": "Wien"}, "ld_none"),
        ]
    )
    assert [(o.change_id, o.status) for o in told] == [
        ("c1", "applied"), ("c2", "applied"), ("c3", "stale")
    ]  # fmt: skip
    lines = rig.lines()
    assert sorted(lines) == [first, third]
    assert (lines[first]["Last name"], lines[first]["City"]) == (None, "Graz")
    assert lines[third]["Last name"] == "Account 3"


def test_the_same_plan_applied_twice_writes_one_line_and_one_file(rig: FilesRig) -> None:
    rig.seed(2)
    stamp = rig.file.stat().st_mtime_ns
    rig.seed(2)
    assert len(rig.lines()) == 2
    assert rig.file.stat().st_mtime_ns == stamp
    assert [file.name for file in rig.folder.iterdir()] == [rig.file.name]


def test_a_write_that_fails_leaves_the_file_before_and_all_changes_pending(
    rig: FilesRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = rig.seed(2)
    before = rig.file.read_bytes()
    local = type(fsspec.filesystem("file"))

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(local, "mv", full)
    changes = [Change(key, "leads", "update", {"City": "Graz"}, key) for key in keys]
    outcomes = list(rig.connector().apply(changes))
    assert [(o.change_id, o.status, o.code) for o in outcomes] == [
        (key, "pending", "unreachable") for key in keys
    ]
    assert rig.file.read_bytes() == before


def test_a_file_on_another_file_system_is_written_and_read(tmp_path: Path) -> None:
    rig = FilesRig(tmp_path, ".csv")
    rig.file = "memory://partner/leads.csv"  # type: ignore[assignment]
    list(rig.connector().apply([_create("ld_1", "Huber")]))
    assert list(_pulled(rig)) == ["ld_1"]


def test_a_lead_file_that_vanished_is_told_and_nothing_is_taken_for_deleted(rig: FilesRig) -> None:
    rig.seed(2)
    *_, last = rig.connector().pull(SPEC, None)
    rig.file.unlink()
    with pytest.raises(SystemUnreachable) as caught:
        list(rig.connector().pull(SPEC, last.cursor))
    assert caught.value.remedy


def test_files_that_are_as_before_are_not_read_again(rig: FilesRig) -> None:
    rig.seed(2)
    *_, last = rig.connector().pull(SPEC, None)
    (again,) = rig.connector().pull(SPEC, last.cursor)
    assert (again.rows.height, again.cursor) == (0, last.cursor)


# -- the answers ----------------------------------------------------------------------------------


def test_the_last_answer_to_a_lead_counts_and_names_its_line(rig: FilesRig) -> None:
    first, second = rig.seed(2)
    rig.answer("01", f"{first},Accepted,,", f"{second},Returned,no_budget,'=why")
    rig.answer("02", f"{first},Won,,")
    told = _pulled(rig)
    assert (told[first]["Answer"], told[first]["Line"]) == ("Won", "answers_02.csv:2")
    assert (told[second]["Reason"], told[second]["Note"]) == ("no_budget", "=why")


def test_a_line_that_names_no_lead_of_the_partner_stands_by_itself(rig: FilesRig) -> None:
    (known,) = rig.seed(1)
    rig.answer("01", f"{known},Accepted,,", "ld_99999999,Won,,", ",Lost,,", f"{known},Won,,,x,y")
    told = _pulled(rig)
    assert told.pop(known)["Answer"] == "Accepted"
    assert sorted(told) == [f"answers_01.csv:{line}" for line in (3, 4, 5)]
    assert {row["Lead"] for row in told.values()} == {None}


def test_an_answer_file_without_its_headers_is_named(rig: FilesRig) -> None:
    rig.seed(1)
    (rig.folder / "answers_01.csv").write_text("Key,State\nx,y\n")
    with pytest.raises(FeedUnreadable, match=r"answers_01\.csv.*Lead, Status"):
        list(rig.connector().pull(SPEC, None))
