"""`hub doctor`: is everything in place? Each finding says how it stands and what to do."""

from dataclasses import dataclass

from hub.commands.warehouse import Workplace
from hub.connectors.contract import Finding, ObjectSpec
from hub.errors import HubError
from hub.models.schema import current, newest
from hub.policy.settings import load_policy
from hub.sync.pipeline import connected


@dataclass(frozen=True)
class SystemFindings:
    """The findings about one system, or about the hub itself (`hub`)."""

    system: str
    findings: list[Finding]

    @property
    def healthy(self) -> bool:
        return all(f.severity != "error" for f in self.findings)


def examine(workplace: Workplace) -> list[SystemFindings]:
    """Ask the warehouse, the policy and every system; writes nothing anywhere."""
    report = [SystemFindings("hub", _own_findings(workplace))]
    settings = workplace.settings
    with connected(settings, list(settings.systems)) as connectors:
        for system, connector in connectors.items():
            specs = [
                ObjectSpec(name, mapping.all_fields)
                for name, mapping in settings.mappings[system].items()
            ]
            try:
                findings = connector.preflight(specs)
            except HubError as err:
                findings = [Finding(system, "error", err.message, err.remedy)]
            report.append(SystemFindings(system, findings))
    return report


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
