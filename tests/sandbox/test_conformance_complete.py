"""Every numbered statement about a real CRM has a test of its number: `-s` prints the list.

The statements are the conformance checklists of the fact sheets; a test of statement 7 of HubSpot
is called `test_conformance_hs_07_...`.
"""

import ast
import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from sandbox.hubspot import Switches

HERE = Path(__file__).parent
CHECKLISTS = {
    "hs": 71,
    "sf": 65,
}
"""How many statements the checklist of each system has."""
SETS_ASIDE = ("'skip'", "'skipif'", "'xfail'")


def functions() -> dict[str, ast.FunctionDef]:
    """Every test function of this folder, by name."""
    return {
        node.name: node
        for file in sorted(HERE.glob("test_*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def by_statement(system: str) -> dict[int, list[str]]:
    """The tests of each statement of a checklist, by its number."""
    found: dict[int, list[str]] = {}
    for name in functions():
        numbered = re.match(rf"test_conformance_{system}_(\d\d)_", name)
        if numbered is not None:
            found.setdefault(int(numbered[1]), []).append(name)
    return found


@pytest.mark.parametrize(("system", "count"), CHECKLISTS.items(), ids=list(CHECKLISTS))
def test_every_conformance_statement_has_a_test(system: str, count: int) -> None:
    found = by_statement(system)
    for number in sorted(found):
        sys.stdout.write(f"{system} {number:02d}: {', '.join(found[number])}\n")
    assert sorted(found) == list(range(1, count + 1))


@pytest.mark.parametrize("system", CHECKLISTS)
def test_every_conformance_test_runs(system: str) -> None:
    nodes = functions()
    marked = [
        name
        for names in by_statement(system).values()
        for name in names
        if any(word in ast.dump(mark) for mark in nodes[name].decorator_list for word in SETS_ASIDE)
    ]
    assert marked == []


def test_every_hubspot_switch_is_tested_in_another_position() -> None:
    """A default is tested by every test that leaves it alone; the rest is up to a test of it."""
    text = "".join(file.read_text(encoding="utf-8") for file in HERE.glob("test_hubspot*.py"))
    untouched = [
        switch.name for switch in fields(Switches) if not re.search(rf'["\.]{switch.name}\b', text)
    ]
    assert untouched == []
