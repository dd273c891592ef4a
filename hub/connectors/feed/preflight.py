"""What `hub doctor` asks of a feed: is there a file, and does it read as its profile says?"""

from collections.abc import Iterator, Sequence

from hub.connectors.contract import Finding, ObjectSpec
from hub.connectors.feed.canonical import FIELDS
from hub.connectors.feed.configured import Reports
from hub.connectors.feed.originals import Copies, source_of
from hub.errors import HubError, SchemaChanged


def findings(reports: Reports, copies: Copies, specs: Sequence[ObjectSpec]) -> Iterator[Finding]:
    """One finding per configured report, then one per object."""
    for name in reports.config.reports:
        yield _of_report(reports, name, copies)
    for spec in specs:
        yield _of_object(reports.system, spec)


def require(system: str, spec: ObjectSpec) -> None:
    """Raises SchemaChanged for an object or a field that feeds do not have."""
    known = FIELDS.get(spec.name)
    if known is None:
        raise SchemaChanged(
            f"{system}: a feed has no object '{spec.name}'.",
            remedy=f"map one of: {', '.join(FIELDS)}",
        )
    missing = [name for name in spec.fields if name not in known]
    if missing:
        raise SchemaChanged(
            f"{system}/{spec.name}: no such field: {', '.join(missing)}.",
            remedy=f"map from: {', '.join(known)}",
        )


def _of_report(reports: Reports, name: str, copies: Copies) -> Finding:
    subject, report = f"report {name}", reports.config.reports[name]
    try:
        named = reports.named(name)
        found = list(named.drop.files())
        if found:
            _, copy = copies.of(named.drop, found[-1])
            next(named.opened(source_of(found[-1], copy)).parts(), None)
    except HubError as err:
        return Finding(subject, "error", err.message, err.remedy)
    if not found:
        return Finding(
            subject,
            "warning",
            f"no file matches {report.path}",
            "correct the path, or ask the distributor where the reports are",
        )
    return Finding(subject, "ok", f"{len(found)} files, the newest reads as {report.profile}")


def _of_object(system: str, spec: ObjectSpec) -> Finding:
    try:
        require(system, spec)
    except SchemaChanged as err:
        return Finding(spec.name, "error", err.message, err.remedy)
    return Finding(spec.name, "ok", f"{len(spec.fields)} fields readable")
