"""What `hub doctor` asks of a system before anything is read or written."""

from collections.abc import Iterator, Mapping, Sequence

from hub.config import ObjectMapping
from hub.connectors.contract import Finding, ObjectSpec
from hub.connectors.rest.client import Client
from hub.connectors.rest.config import RestObject, RestSystem
from hub.connectors.rest.reading import Lister
from hub.connectors.rest.rows import Rows
from hub.connectors.rest.shape import Shapes
from hub.errors import CredentialsRefused, HubError

_LOW_SHARE = 0.2


def findings(
    client: Client,
    config: RestSystem,
    shapes: Shapes,
    mappings: Mapping[str, ObjectMapping],
    specs: Sequence[ObjectSpec],
) -> Iterator[Finding]:
    """Stops when the credentials are refused: everything else would fail for the same reason."""
    signed_in = False
    for spec in specs:
        try:
            rows = _first_page(client, config, shapes, spec)
        except CredentialsRefused as err:
            yield Finding("credentials", "error", err.message, err.remedy)
            return
        except HubError as err:
            yield Finding(spec.name, "error", err.message, err.remedy)
            continue
        if not signed_in:
            signed_in = True
            yield Finding("credentials", "ok", "signed in")
        yield Finding(
            spec.name, "ok", f"{len(spec.fields)} fields readable in {rows} records of a page"
        )
        yield from _writable(shapes, spec.name, mappings.get(spec.name))
    yield from _quota(client, config)


def _first_page(client: Client, config: RestSystem, shapes: Shapes, spec: ObjectSpec) -> int:
    """How many records its first page holds, all of them readable."""
    obj = shapes.require(spec)
    rows = Rows(client.system, spec, obj)
    client.calls.minimum += 1
    records, _, _ = Lister(client, config, obj, rows).page(obj.params, None)
    return rows.frame(records).height


def _writable(shapes: Shapes, name: str, mapping: ObjectMapping | None) -> Iterator[Finding]:
    push = mapping.push if mapping is not None else None
    if push is None:
        return
    obj = shapes.object(name)
    yield from _ways(name, obj, updates=bool(push.fields), creates=push.create is not None)
    created = {push.create.key, *push.create.fields} if push.create is not None else set()
    pushed = {*push.fields, *created}
    writable = {shape.name for shape in shapes.describe(name) if shape.writable}
    locked = sorted(pushed - writable)
    if locked:
        yield Finding(
            name,
            "error",
            f"not writable: {', '.join(locked)}",
            f"describe them under `objects.{name}.fields`, or take them out of the push",
        )
    elif pushed:
        yield Finding(name, "ok", "pushed fields writable")


def _ways(name: str, obj: RestObject, *, updates: bool, creates: bool) -> Iterator[Finding]:
    for way, wanted, told in (("update", updates, obj.update), ("create", creates, obj.create)):
        if wanted and told is None:
            yield Finding(
                name,
                "error",
                f"the mapping pushes, but no `{way}` is configured",
                f"describe `objects.{name}.{way}`, or take the push out of the mapping",
            )


def _quota(client: Client, config: RestSystem) -> Iterator[Finding]:
    if config.quota is None:
        return
    limit, used = client.calls.quota_limit, client.calls.quota_used
    if limit is None or used is None:
        yield Finding(
            "quota",
            "warning",
            "no answer tells the allowance",
            "correct `quota.limit_header` and `quota.remaining_header`, or leave `quota` out",
        )
        return
    low = limit - used < _LOW_SHARE * limit
    yield Finding(
        "quota",
        "warning" if low else "ok",
        f"{limit - used} of {limit} calls left",
        "sync less often, or have the allowance raised" if low else "",
    )
