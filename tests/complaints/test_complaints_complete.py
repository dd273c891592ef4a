"""All 25 complaints are scenarios, and the table in the documentation names each of them."""

import re
from pathlib import Path

_HERE = Path(__file__).parent
_PAGE = Path(__file__).parents[2] / "docs" / "complaints.md"
_ALL = set(range(1, 26))


def _numbers(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"test_complaint_(\d\d)_", text)}


def test_each_complaint_has_a_scenario() -> None:
    files = [file for file in _HERE.glob("test_complaints_*.py") if file != Path(__file__)]
    found = set().union(*(_numbers(file.read_text(encoding="utf-8")) for file in files))
    assert found == _ALL


def test_each_complaint_is_told_in_the_documentation_with_tests_that_exist() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| \d+ \|", line)]
    assert {int(line.split("|")[1]) for line in rows} == _ALL
    scenarios = "".join(
        file.read_text(encoding="utf-8") for file in _HERE.glob("test_complaints_*.py")
    )
    for line in rows:
        number = int(line.split("|")[1])
        named = re.findall(r"`(complaint_\d\d_\w+)`", line)
        assert named, f"complaint {number} names no test"
        for name in named:
            assert f"def test_{name}(" in scenarios
            assert name.startswith(f"complaint_{number:02d}_")
