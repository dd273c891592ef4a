"""What the tests of rules on a channel share."""

from collections.abc import Callable

import pytest
from channel import Channel


@pytest.fixture
def sync(channel: Channel) -> Callable[[], None]:
    """A sync that breaks no law."""

    def run() -> None:
        report = channel.sync()
        assert report.troubles == []
        assert [law for law in report.laws if not law.holds] == []

    return run
