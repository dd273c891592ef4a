"""Output shown in the documents is what the commands print."""

from pathlib import Path

import pytest

from docs.excerpts.__main__ import ROOT, documents, renewed


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_shown_output_is_what_the_command_prints(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert renewed(text) == text, "run `make excerpts`"


def test_the_readme_shows_a_check_of_a_report() -> None:
    assert ROOT / "README.md" in documents()
