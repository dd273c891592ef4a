"""Every numbered statement about Salesforce has a test of its number."""

import ast
from pathlib import Path

LAST_STATEMENT = 65


def test_every_statement_about_salesforce_is_tested_by_number() -> None:
    prefix = "test_conformance_sf_"
    numbers = set()
    for file in Path(__file__).parent.glob("test_salesforce_*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith(prefix):
                numbers.add(int(node.name.removeprefix(prefix)[:2]))
    assert sorted(numbers) == list(range(1, LAST_STATEMENT + 1))
