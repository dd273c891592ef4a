"""The reports of a feed as they are configured: where each is dropped and how it is spelt."""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.config import Settings
from hub.connectors.contract import CallMeter
from hub.connectors.feed.canonical import objects_of
from hub.connectors.feed.config import FeedSystem
from hub.connectors.feed.drops import drop_of
from hub.connectors.feed.files import Drop
from hub.connectors.feed.fingerprint import compare
from hub.connectors.feed.profile import Profile, load_profile
from hub.connectors.feed.reading import open_report
from hub.connectors.feed.report import Report, Source


@dataclass(frozen=True)
class Configured:
    """One of the configured reports: its name, where it is dropped, how it is spelt."""

    name: str
    drop: Drop
    profile_name: str
    profile: Profile

    def speaks_of(self, obj: str) -> bool:
        return obj in objects_of(self.profile.kind)

    def opened(self, source: Source) -> Report:
        """A report whose file is as its profile remembers the sender's files. Raises
        FeedUnreadable."""
        compare(source, self.profile)
        return open_report(source, self.profile)

    def said(self) -> dict[str, str | None]:
        """What is known of its files without reading any."""
        return {
            "report_kind": self.profile.kind,
            "profile": self.profile_name,
            "profile_version": self.profile.version,
            "mode": self.profile.mode,
        }


@dataclass(frozen=True)
class Reports:
    """All reports of a feed, in the order of its configuration. Calls that listing and reading
    take are counted."""

    system: str
    config: FeedSystem
    settings: Settings
    calls: CallMeter

    def __iter__(self) -> Iterator[Configured]:
        return map(self.named, self.config.reports)

    def named(self, name: str) -> Configured:
        """Raises ConfigError when its profile cannot be used."""
        report = self.config.reports[name]
        profile = load_profile(report.profile, self.settings)
        drop = drop_of(self.system, name, report, self.settings, self.calls)
        return Configured(name, drop, report.profile, profile)
