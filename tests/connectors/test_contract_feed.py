"""The promises of a connector that apply to a folder of files, kept by `feed`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from test_feed import HEADER, LINE

from hub.config import Settings
from hub.connectors.contract import ObjectSpec
from hub.connectors.feed import FeedConnector
from hub.connectors.feed.config import FeedReport, FeedSystem
from hub.connectors.kit import ConnectorPromises


class FeedRig:
    """A drop folder; a record is a line of its one file. No request is ever sent."""

    spec = ObjectSpec("pos_line", ("product_name", "quantity", "unit_price", "invoice_date"))
    secrets: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def connector(self, **settings: Any) -> FeedConnector:
        report = FeedReport(path="pos_*.csv", profile="northwind_pos")
        config = FeedSystem(kind="feed", role="distributor", reports={"pos": report}, **settings)
        return FeedConnector(
            "northwind", config, Settings(systems={}, file=self.folder / "hub.yaml")
        )

    def seed(self, count: int, **_stamps: bool) -> list[str]:
        lines = [
            LINE.replace("Firewall 10", f"Account {n}").replace("INV-1", f"INV-{n}")
            for n in range(1, count + 1)
        ]
        file = self.folder / "pos_2026-W18.csv"
        file.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
        return [f"INV-{n}/1" for n in range(1, count + 1)]

    def text_of(self, record_id: str) -> str | None:
        number = record_id.removeprefix("INV-").removesuffix("/1")
        return f"Account {number}"

    def requests(self) -> int:
        return 0


class TestFeed(ConnectorPromises):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> FeedRig:
        return FeedRig(tmp_path)
