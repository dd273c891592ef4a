"""The demo folder that the examples of the documentation run against."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_folder import Demo, copied, made_once


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """As `hub demo` left it; only read from."""
    return made_once(tmp_path_factory)


@pytest.fixture(scope="module")
def demo(made: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A copy with CRMs that answer, in which the examples run."""
    with copied(made, tmp_path_factory.mktemp("docs") / "demo") as copy:
        yield copy


@pytest.fixture(scope="session")
def docs() -> Path:
    return Path(__file__).parents[2] / "docs"
