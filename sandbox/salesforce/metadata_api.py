"""The Metadata API: deployments that are asked about until they end, and single components."""

from datetime import timedelta
from xml.etree import ElementTree

import msgspec

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.metadata_xml import (
    UnreadableXmlError,
    envelope,
    fault,
    first,
    local,
    parsed,
    text_of,
    tree,
    type_of,
)
from sandbox.salesforce.org import Org
from sandbox.salesforce.packages import (
    Component,
    UnreadablePackageError,
    components_of,
    deploy,
    put_component,
)
from sandbox.salesforce.soap import SoapReply

_SINGLE_CALLS = ("createMetadata", "updateMetadata", "upsertMetadata")


class _Deployment(msgspec.Struct):
    """A deployment as it is kept: what to do, and how it stands."""

    user_id: str
    package: str
    check_only: bool
    status: str = "Pending"
    polls: int = 0
    total: int = 0
    failures: list[dict[str, str]] = []
    message: str | None = None


def metadata_call(org: Org, body: bytes) -> SoapReply:
    """Answer one envelope posted to `/services/Soap/m/{version}` or below."""
    try:
        root = parsed(body)
    except UnreadableXmlError as error:
        return SoapReply(500, fault("UNKNOWN_EXCEPTION", f"not well formed: {error}"))
    lifetime = timedelta(seconds=org.switches.session_seconds)
    user_id = org.sessions.user_of(text_of(root, "sessionId"), org.now(), lifetime)
    if user_id is None or org.switches.reject_all_sessions:
        message = "Invalid Session ID found in SessionHeader: Illegal Session"
        return SoapReply(500, fault("INVALID_SESSION_ID", message))
    org.usage.spend(org.now())
    envelope_body = first(root, "Body")
    call = next(iter(envelope_body), None) if envelope_body is not None else None
    if call is None:
        return SoapReply(500, fault("UNKNOWN_EXCEPTION", "no operation in the request"))
    operation = local(call.tag)
    try:
        return SoapReply(200, envelope(operation, _answered(org, user_id, operation, call)))
    except ApiError as error:
        return SoapReply(500, fault(error.code, error.message))


def _answered(
    org: Org, user_id: str, operation: str, call: ElementTree.Element
) -> list[dict[str, object]]:
    if operation == "deploy":
        return [_start(org, user_id, call)]
    if operation == "checkDeployStatus":
        return [_status(org, text_of(call, "asyncProcessId"))]
    if operation in _SINGLE_CALLS:
        parts = [node for node in call if local(node.tag) == "metadata"]
        return [_put(org, user_id, operation, node) for node in parts]
    raise ApiError("INVALID_OPERATION", f"{operation} is not available here")


def _start(org: Org, user_id: str, call: ElementTree.Element) -> dict[str, object]:
    check_only = text_of(call, "checkOnly").lower() == "true"
    made = org.store.next_id("0Af")
    _keep(org, made, _Deployment(user_id, text_of(call, "ZipFile"), check_only))
    return {"done": False, "id": made, "state": "Queued"}


def _status(org: Org, process: str) -> dict[str, object]:
    """Asking moves a deployment on: pending, in progress, then done for good or for naught."""
    row = org.store.db.execute("SELECT body FROM _deploy WHERE id = ?", (process,)).fetchone()
    if row is None:
        raise not_found(f"no deployment {process}")
    deployment = msgspec.json.decode(row[0], type=_Deployment)
    if deployment.status == "Pending":
        deployment.status = "InProgress"
    elif deployment.status == "InProgress":
        deployment.polls += 1
        if deployment.polls >= org.switches.deploy_polls:
            _carry_out(org, deployment)
    _keep(org, process, deployment)
    return _told(process, deployment)


def _keep(org: Org, process: str, deployment: _Deployment) -> None:
    org.store.db.execute(
        "INSERT OR REPLACE INTO _deploy VALUES (?,?)", (process, msgspec.json.encode(deployment))
    )


def _carry_out(org: Org, deployment: _Deployment) -> None:
    try:
        components = components_of(deployment.package)
    except UnreadablePackageError as error:
        deployment.status, deployment.message = "Failed", str(error)
        return
    failures = deploy(org, deployment.user_id, components, check_only=deployment.check_only)
    deployment.total = len(components)
    deployment.failures = [_failure(failed.component, failed.problem) for failed in failures]
    deployment.status = "Failed" if failures else "Succeeded"


def _failure(component: Component, problem: str) -> dict[str, str]:
    return {
        "componentType": component.kind,
        "fileName": component.file,
        "fullName": component.name,
        "problem": problem,
        "problemType": "Error",
    }


def _told(process: str, deployment: _Deployment) -> dict[str, object]:
    done = deployment.status in ("Succeeded", "Failed")
    failed = len(deployment.failures)
    return {
        "checkOnly": deployment.check_only,
        "details": {"componentFailures": list(deployment.failures)},
        "done": done,
        "errorMessage": deployment.message,
        "id": process,
        "numberComponentErrors": failed,
        "numberComponentsDeployed": deployment.total - failed if done else 0,
        "numberComponentsTotal": deployment.total,
        "numberTestErrors": 0,
        "numberTestsCompleted": 0,
        "numberTestsTotal": 0,
        "rollbackOnError": True,
        "status": deployment.status,
        "success": deployment.status == "Succeeded",
    }


def _put(
    org: Org, user_id: str, operation: str, node: ElementTree.Element
) -> dict[str, object]:  # fmt: skip
    body = tree(node)
    name, kind = str(body.get("fullName", "")), type_of(node)
    known = kind == "CustomField" and _exists(org, name)
    result: dict[str, object] = {"fullName": name, "success": True}
    try:
        if operation == "createMetadata" and known:
            raise ApiError(
                "DUPLICATE_DEVELOPER_NAME",
                f"There is already a field named {name.partition('.')[2]}",
            )
        put_component(org, user_id, kind, name, body)
    except ApiError as error:
        problem = {"message": error.message, "statusCode": error.code}
        result = {"errors": [problem], "fullName": name, "success": False}
    return {"created": not known, **result} if operation == "upsertMetadata" else result


def _exists(org: Org, name: str) -> bool:
    sobject = org.store.schema.get(name.partition(".")[0])
    return sobject is not None and sobject.any_field(name.partition(".")[2]) is not None
