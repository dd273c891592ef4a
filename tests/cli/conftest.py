"""The demo folder that `hub demo` made, and copies of it to work on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bare_systems import Place, bare_place
from demo_folder import Demo, copied, made_once, moved


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """As made, its CRMs down; nothing may be written to it."""
    return made_once(tmp_path_factory)


@pytest.fixture(scope="module")
def live(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A copy for one file of tests, with CRMs that answer. Each test brings its own news to it."""
    with copied(demo, tmp_path_factory.mktemp("live") / "demo") as copy:
        yield copy


@pytest.fixture
def cold(demo: Demo, tmp_path: Path) -> Demo:
    """A copy for one test, whose CRMs are down."""
    return moved(demo, tmp_path / "demo")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A bare org and a bare portal that answer, and a hub folder that names them."""
    with bare_place(tmp_path) as made:
        yield made
