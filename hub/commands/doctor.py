"""`hub doctor`: is everything in place? Each finding says how it stands and what to do."""

from dataclasses import dataclass

from hub.commands.fitness import field_findings, mapping_finding, quota_finding
from hub.commands.warehouse import Workplace
from hub.connectors.contract import Connector, Finding, ObjectSpec
from hub.errors import HubError
from hub.models.database import reading
from hub.models.schema import current, newest
from hub.policy.settings import load_policy
from hub.sync.drift import as_known
from hub.sync.flaps import flapping
from hub.sync.flow import connected
from hub.sync.lint import lint
from hub.sync.lint.described import described_faults
from hub.sync.lint.measured import measured_faults
from hub.sync.shapes import Shapes, shapes_of
from hub.sync.targets import Target
from hub.sync.wanted import wanted


@dataclass(frozen=True)
class SystemFindings:
    """The findings about one system, or about the hub itself (`hub`)."""

    system: str
    findings: list[Finding]

    @property
    def healthy(self) -> bool:
        return all(f.severity != "error" for f in self.findings)


def examine(workplace: Workplace) -> list[SystemFindings]:
    """Ask the warehouse, the policy and every system; writes nothing anywhere.

    No system is asked while the mappings are at fault by themselves.
    """
    settings = workplace.settings
    faults = [mapping_finding(settings.file, fault) for fault in lint(settings)]
    report = [SystemFindings("hub", [*_own_findings(workplace), *faults])]
    if faults:
        return report
    with connected(settings, list(settings.systems)) as connectors:
        for system, connector in connectors.items():
            report.append(SystemFindings(system, _of_system(workplace, connector)))
    return report


def _of_system(workplace: Workplace, connector: Connector) -> list[Finding]:
    """A refusal of the whole system is one finding; of an object, one for that object."""
    system, engine = connector.system, workplace.engine
    mappings = workplace.settings.mappings[system]
    specs = [ObjectSpec(name, mapping.all_fields) for name, mapping in mappings.items()]
    try:
        findings = connector.preflight(specs)
    except HubError as err:
        return [Finding(system, "error", err.message, err.remedy)]
    named = {f.subject for f in findings if f.severity == "error"}
    if "credentials" in named:
        return findings
    for obj in wanted(mappings):
        try:
            shapes = shapes_of(connector.describe(obj.name))
        except HubError as err:
            if obj.name not in named:
                findings.append(Finding(obj.name, "error", err.message, err.remedy))
            continue
        more = field_findings(obj, shapes)
        findings += [finding for finding in more if finding.subject not in named]
        findings += _mapping_findings(workplace, system, obj.name, shapes)
    with reading(engine) as conn:
        cost = quota_finding(conn, system, connector.calls)
        findings += [cost] if cost is not None else []
        findings += [
            Finding(
                f"{flap.object}.{flap.field}",
                "warning",
                str(flap),
                "name one `authority` for the column, or find out what writes the field there",
            )
            for flap in flapping(conn)
            if flap.system == system
        ]
        for name, mapping in mappings.items():
            findings += _held_back(as_known(conn, Target(system, name, mapping)))
    return findings


def _mapping_findings(workplace: Workplace, system: str, obj: str, shapes: Shapes) -> list[Finding]:
    """What the fields, as described, and the values of the warehouse add to the linter's faults."""
    mapping, file = workplace.settings.mappings[system][obj], workplace.settings.file
    with reading(workplace.engine) as conn:
        faults = [
            *described_faults(system, obj, mapping, shapes),
            *measured_faults(conn, system, obj, mapping, shapes),
        ]
    return [mapping_finding(file, fault) for fault in faults]


def _held_back(target: Target) -> list[Finding]:
    """What the contract about an object's fields holds back."""
    if not target.drifted:
        return []
    told = "; ".join(map(str, target.drifted[:3]))
    frozen = target.mapping.on_drift == "freeze"
    return [
        Finding(
            target.object,
            "error" if frozen else "warning",
            f"{'frozen' if frozen else 'rows that use it wait in quarantine'}: {told}",
            f"correct the mapping, or `hub schema accept {target.system}/{target.object}`",
        )
    ]


def _own_findings(workplace: Workplace) -> list[Finding]:
    settings = workplace.settings
    findings = [Finding(str(settings.file), "ok", f"{len(settings.systems)} systems configured")]
    at = current(workplace.engine)
    shown = workplace.engine.url.render_as_string(hide_password=True)
    if at == newest():
        findings.append(Finding(shown, "ok", f"schema revision {at}"))
    else:
        findings.append(Finding(shown, "error", f"schema revision {at}", "run `hub db upgrade`"))
    try:
        policy = load_policy(settings)
    except HubError as err:
        findings.append(Finding(settings.policy, "error", err.message, err.remedy))
    else:
        findings.append(Finding(settings.policy, "ok", f"policy version {policy.version}"))
    return findings
