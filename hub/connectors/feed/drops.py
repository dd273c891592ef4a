"""Where the files of a report come from: an fsspec URL, messages, or an HTTP interface."""

from hub.config import Settings
from hub.connectors.contract import CallMeter
from hub.connectors.feed.asked import AskedDrop, today
from hub.connectors.feed.config import FeedReport
from hub.connectors.feed.files import Drop
from hub.connectors.feed.mail import MailDrop


def drop_of(
    system: str, name: str, report: FeedReport, settings: Settings, calls: CallMeter
) -> Drop:
    """The drop of a report named in `hub.yaml`. Calls that listing and reading take are counted."""
    if report.rest is not None:
        return AskedDrop(system, name, report.path, report.rest, calls, today=today())
    url = settings.resolve(report.path)
    if report.attachment is not None:
        return MailDrop(system, name, url, report.attachment, report.options)
    return Drop(system, name, url, report.options)
