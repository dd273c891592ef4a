"""What `hub doctor` asks of an org before anything is read or written."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from hub.config import ObjectMapping
from hub.connectors.contract import Finding, ObjectSpec
from hub.connectors.http import server_time
from hub.connectors.preflight import clock_finding
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.config import SalesforceSystem
from hub.connectors.salesforce.schema import Schemas, Shape
from hub.connectors.salesforce.setup import Setup
from hub.errors import HubError, StopSync

_LOW_SHARE = 0.2
_GRANT_OBJECT = (
    "give the integration user's permission set that right on the object (`hub provision`)"
)


class _Version(msgspec.Struct):
    version: str


class _Limit(msgspec.Struct):
    Max: int
    Remaining: int


def findings(
    org: Org,
    config: SalesforceSystem,
    schemas: Schemas,
    mappings: Mapping[str, ObjectMapping],
    specs: Sequence[ObjectSpec],
) -> Iterator[Finding]:
    """Stops after the login when that fails: everything else would fail for the same reason."""
    try:
        org.sign_in()
    except HubError as err:
        yield Finding("credentials", "error", err.message, err.remedy)
        return
    yield Finding("credentials", "ok", "signed in")
    yield from _version(org, config)
    for spec in specs:
        yield from _object(org, schemas, spec, mappings.get(spec.name))
    yield from _quota(org)


def _version(org: Org, config: SalesforceSystem) -> Iterator[Finding]:
    org.calls.minimum += 1
    response = org.get("/services/data/")
    yield clock_finding(server_time(response.headers, org.system))
    known = [entry.version for entry in msgspec.json.decode(response.content, type=list[_Version])]
    if config.api_version in known:
        yield Finding("api_version", "ok", f"{config.api_version} is supported")
    else:
        newest = known[-1] if known else "?"
        yield Finding(
            "api_version",
            "error",
            f"{config.api_version} is not supported by this org",
            f"set `api_version` to one of the org's, for example {newest}",
        )


def _object(
    org: Org, schemas: Schemas, spec: ObjectSpec, mapping: ObjectMapping | None
) -> Iterator[Finding]:
    try:
        shape = schemas.of(spec.name)
    except StopSync as err:
        yield Finding(
            spec.name,
            "error",
            err.message,
            "give the integration user's permission set read access to the object, or take it out "
            "of the mappings",
        )
        return
    try:
        schemas.require(shape, spec.fields)
    except StopSync as err:
        yield _unreadable(org, shape, spec, err)
        return
    yield Finding(spec.name, "ok", f"{len(spec.fields)} fields readable")
    if mapping is not None and mapping.push is not None:
        yield from _writable(shape, mapping)


def _writable(shape: Shape, mapping: ObjectMapping) -> Iterator[Finding]:
    push = mapping.push
    if push is None:
        return
    creates = push.create
    if push.fields and not shape.updateable:
        yield Finding(shape.name, "error", "our user may not edit records", _GRANT_OBJECT)
        return
    if creates is not None and not shape.createable:
        yield Finding(shape.name, "error", "our user may not create records", _GRANT_OBJECT)
        return
    locked = [name for name in push.fields if not _flag(shape, name, "updateable")]
    if creates is not None:
        locked += [name for name in creates.fields if not _flag(shape, name, "createable")]
        key = shape.fields.get(creates.key)
        if key is None or not (key.externalId and key.unique):
            yield Finding(
                f"{shape.name}.{creates.key}",
                "error",
                "the key of creates must be a unique external id",
                "make the field an external id and unique (`hub provision`)",
            )
    if locked:
        yield Finding(
            shape.name,
            "error",
            f"not writable: {', '.join(locked)}",
            "grant the integration user's permission set edit access to these fields (`hub "
            "provision`)",
        )
    elif push.fields or creates is not None:
        yield Finding(shape.name, "ok", "pushed fields writable")


def _unreadable(org: Org, shape: Shape, spec: ObjectSpec, err: StopSync) -> Finding:
    """Which fields are hidden from our user and which are not there, where the org tells."""
    absent = [f for f in spec.fields if "." not in f and f not in shape.fields]
    try:
        there = Setup(org).fields([spec.name]) if absent else {}
    except HubError:
        return Finding(spec.name, "error", err.message, err.remedy)
    hidden = [name for name in absent if f"{spec.name}.{name}" in there]
    missing = [name for name in absent if name not in hidden]
    told = [f"hidden from our user: {', '.join(hidden)}"] if hidden else []
    told += [f"not there: {', '.join(missing)}"] if missing else []
    return Finding(spec.name, "error", "; ".join(told) or err.message, err.remedy)


def _flag(shape: Shape, name: str, flag: str) -> bool:
    field = shape.fields.get(name)
    return field is not None and bool(getattr(field, flag))


def _quota(org: Org) -> Iterator[Finding]:
    org.calls.minimum += 1
    try:
        response = org.get("limits/")
        daily = msgspec.json.decode(response.content, type=dict[str, _Limit])["DailyApiRequests"]
    except (StopSync, KeyError, msgspec.MsgspecError):
        yield Finding(
            "quota",
            "warning",
            "the daily API allowance cannot be read",
            "grant 'View Setup and Configuration' to see it here",
        )
        return
    low = daily.Remaining < _LOW_SHARE * daily.Max
    yield Finding(
        "quota",
        "warning" if low else "ok",
        f"{daily.Remaining} of {daily.Max} API requests left today",
        "sync less often, or raise the org's API limit" if low else "",
    )
