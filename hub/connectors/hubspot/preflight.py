"""What `hub doctor` asks of a portal before anything is read or written."""

from collections.abc import Iterator, Mapping, Sequence

from hub.config import ObjectMapping
from hub.connectors.contract import CallMeter, Finding, ObjectSpec
from hub.connectors.hubspot.client import Portal
from hub.connectors.hubspot.faults import RequestRefused
from hub.connectors.hubspot.linktypes import LinkCatalogue, LinkField
from hub.connectors.hubspot.schema import Schemas, Shape, linked, plain
from hub.errors import CredentialsRefused, HubError, StopSync

_LOW_SHARE = 0.2


def findings(
    portal: Portal,
    schemas: Schemas,
    catalogue: LinkCatalogue,
    mappings: Mapping[str, ObjectMapping],
    specs: Sequence[ObjectSpec],
) -> Iterator[Finding]:
    """Stops at the first refusal of the token: everything else would fail for the same reason."""
    for spec in specs:
        try:
            shape = schemas.of(spec.name)
            shape.require(plain(spec.fields))
            for field in linked(spec.fields):
                catalogue.type_of(spec.name, LinkField.parsed(field))
        except CredentialsRefused as err:
            yield Finding("credentials", "error", err.message, err.remedy)
            return
        except HubError as err:
            yield Finding(spec.name, "error", err.message, err.remedy)
            continue
        yield Finding(spec.name, "ok", f"{len(spec.fields)} fields readable")
        mapping = mappings.get(spec.name)
        if mapping is not None and mapping.push is not None:
            yield from _writable(shape, mapping)
            yield from _may_write(portal, spec.name)
    yield from _quota(portal.calls)


def _writable(shape: Shape, mapping: ObjectMapping) -> Iterator[Finding]:
    push = mapping.push
    if push is None:
        return
    create = push.create
    names = plain([*push.fields, *(create.fields if create is not None else ())])
    missing = [name for name in names if name not in shape.properties]
    locked = [name for name in names if name not in missing and shape.properties[name].read_only]
    if missing:
        yield Finding(
            shape.name,
            "error",
            f"no such property to write: {', '.join(missing)}",
            "create them (`hub provision`), or take them out of the mapping",
        )
    if locked:
        yield Finding(
            shape.name,
            "error",
            f"not writable: {', '.join(locked)}",
            "take the properties out of the mapping's `push`",
        )
    if create is not None:
        key = shape.properties.get(create.key)
        if key is None or not key.hasUniqueValue:
            yield Finding(
                f"{shape.name}.{create.key}",
                "error",
                "the key of creates must be a property with unique values",
                "create it so (`hub provision`); an existing property cannot be made unique",
            )
    if not missing and not locked:
        yield Finding(shape.name, "ok", "pushed properties writable")


def _may_write(portal: Portal, obj: str) -> Iterator[Finding]:
    """The scopes are judged before the rows, so a batch without rows tells and writes nothing."""
    try:
        portal.batch_update(obj, [])
    except RequestRefused:
        return
    except StopSync as err:
        yield Finding(f"{obj} (write)", "error", err.message, err.remedy)


def _quota(calls: CallMeter) -> Iterator[Finding]:
    if calls.quota_limit is None or calls.quota_used is None:
        return
    left = calls.quota_limit - calls.quota_used
    low = left < _LOW_SHARE * calls.quota_limit
    yield Finding(
        "quota",
        "warning" if low else "ok",
        f"{left} of {calls.quota_limit} API calls left today",
        "sync less often, or add API calls to the subscription" if low else "",
    )
