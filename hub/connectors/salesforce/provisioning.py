"""What an org lacks for its mappings, and one package that makes it: fields, and a permission set
that lets the integration user see them.

A field made through an API is hidden from everybody until it is granted. So a field that is not
described may be missing or hidden; the Tooling API, which no field-level security concerns, tells
the two apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hub.connectors.contract import FieldShape
from hub.connectors.provision import (
    Action,
    Item,
    ProvisionPlan,
    WantedField,
    WantedObject,
    misfit,
    missing_choices,
)
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.package import (
    DEPLOY_CALLS,
    PERMISSION_SET,
    Grants,
    Metadata,
    Package,
    definition,
    deploy,
    extended,
)
from hub.connectors.salesforce.schema import Schemas, Shape
from hub.connectors.salesforce.setup import CUSTOM, Setup
from hub.errors import SchemaChanged


@dataclass
class Steps:
    """What carrying a plan out takes: a package, and the user who is to get the permission set."""

    package: Package = field(default_factory=Package)
    user: str = ""
    assign: bool = False

    @property
    def deploys(self) -> bool:
        return bool(self.package.fields) or self.package.grants is not None


class SalesforceProvisioner:
    """Provisions one org as its integration user."""

    def __init__(self, org: Org, schemas: Schemas, api_version: str) -> None:
        self._org, self._schemas, self._api_version = org, schemas, api_version
        self._setup = Setup(org)

    def plan(self, wanted: Sequence[WantedObject]) -> ProvisionPlan:
        seen = [(obj, shape) for obj in wanted if (shape := self._shape(obj)) is not None]
        names = {obj.name for obj, _ in seen}
        items = [_no_object(obj) for obj in wanted if obj.name not in names]
        absent = [obj.name for obj, shape in seen if _absent(obj, shape)]
        hidden = self._setup.fields(absent) if absent else {}
        grants, steps = Grants(), Steps()
        for obj, shape in seen:
            items.append(_object_item(obj, shape, grants))
            for want in obj.fields:
                shown = shape.fields.get(want.name)
                there = shown.shape() if shown else hidden.get(f"{obj.name}.{want.name}")
                external = shown is None or shown.externalId
                judged = _Judged(obj.name, want, there, shown is None, external)
                items.append(self._item(judged, grants, steps))
        if grants.fields or grants.objects:
            for obj, _ in seen:
                grants.allow_object(obj.name, _rights(obj))
            items += self._permission_items(grants, steps)
        calls = (DEPLOY_CALLS if steps.deploys else 0) + 2 * steps.assign
        return ProvisionPlan(tuple(items), calls, steps)

    def carry_out(self, plan: ProvisionPlan) -> None:
        steps: Steps = plan.steps
        if steps.deploys:
            deploy(self._org, steps.package, self._api_version)
        if steps.assign:
            self._setup.assign(steps.user)
        if steps.deploys or steps.assign:
            self._schemas.forget()

    def _shape(self, obj: WantedObject) -> Shape | None:
        try:
            return self._schemas.of(obj.name)
        except SchemaChanged:
            return None

    def _item(self, judged: "_Judged", grants: Grants, steps: Steps) -> Item:
        want, there = judged.want, judged.there
        if "." in want.name:
            return judged.item("present", "looked up through a relationship")
        if there is None:
            return _missing(judged, grants, steps)
        problem = misfit(want, there)
        if problem is not None:
            return judged.conflict(problem)
        if want.key and want.writes and not judged.is_external:
            return judged.conflict("is not an external id, a key of creates must be")
        if there.formula and want.writes:
            return judged.conflict("is computed by the org and cannot be written")
        short, metadata = self._short(judged)
        longer = extended(metadata, want.name, short) if short and metadata else None
        if short and longer is None:
            return judged.item(
                "conflict",
                f"its list lacks: {', '.join(short)}",
                "add the values in Setup, or translate them with `map` in the mapping",
            )
        lacks_access = judged.is_hidden or (want.writes and not there.writable)
        if lacks_access:
            grants.allow_field(judged.name, edit=want.writes)
        if longer is not None:
            steps.package.add(judged.object, longer)
            return judged.item("extend", f"with: {', '.join(short)}")
        if lacks_access:
            return judged.item("grant", "read and edit" if want.writes else "read")
        return judged.item("present", there.kind)

    def _short(self, judged: "_Judged") -> tuple[list[str], Metadata | None]:
        """What a closed list lacks, and its definition when that is needed to say or to mend it.
        A standard field has none that can be changed."""
        want, there = judged.want, judged.there
        custom = want.name.endswith(CUSTOM)
        if there is None or not (want.choices and want.writes and there.kind != "text"):
            return [], None
        if not judged.is_hidden:
            short = missing_choices(want, there)
            metadata = self._setup.metadata(judged.object, want.name) if short and custom else None
            return short, metadata
        metadata = self._setup.metadata(judged.object, want.name) if custom else None
        return _not_listed(metadata, want.choices), metadata

    def _permission_items(self, grants: Grants, steps: Steps) -> Iterator[Item]:
        """The permission set, and its assignment to ourselves. What it grants already is kept."""
        steps.user = self._setup.user()
        state = self._setup.permission_set(steps.user)
        if state is not None:
            for name, edit in state.grants.fields.items():
                grants.allow_field(name, edit=edit)
            for name, rights in state.grants.objects.items():
                grants.allow_object(name, rights)
        steps.package.grants = grants
        steps.assign = state is None or not state.assigned
        detail = f"permission set for {len(grants.fields)} fields, {len(grants.objects)} objects"
        yield Item("", PERMISSION_SET, "create" if state is None else "extend", detail)
        if steps.assign:
            yield Item("", PERMISSION_SET, "grant", "to the integration user")


@dataclass(frozen=True)
class _Judged:
    """A wanted field beside what is there under its name, if anything is."""

    object: str
    want: WantedField
    there: FieldShape | None
    is_hidden: bool
    is_external: bool

    @property
    def name(self) -> str:
        return f"{self.object}.{self.want.name}"

    def item(self, action: Action, detail: str, remedy: str = "") -> Item:
        return Item(self.object, self.want.name, action, detail, remedy)

    def conflict(self, problem: str) -> Item:
        return self.item(
            "conflict",
            problem,
            "it is left as it is: change it in Setup if nobody else relies on it, or map another "
            "field",
        )


def _absent(obj: WantedObject, shape: Shape) -> bool:
    return any("." not in f.name and f.name not in shape.fields for f in obj.fields)


def _no_object(obj: WantedObject) -> Item:
    return Item(
        *(obj.name, "", "conflict", "the org has no such object, or hides it from our user"),
        "give the integration user read access to the object, or take it out of the mappings",
    )


def _object_item(obj: WantedObject, shape: Shape, grants: Grants) -> Item:
    lacking = ["edit"] if obj.updates and not shape.updateable else []
    lacking += ["create"] if obj.creates and not shape.createable else []
    if not lacking:
        return Item(obj.name, "", "present", "object")
    grants.allow_object(obj.name, _rights(obj))
    return Item(obj.name, "", "grant", f"{' and '.join(lacking)} records")


def _rights(obj: WantedObject) -> frozenset[str]:
    rights = {"Read", "ViewAllRecords"}
    rights |= {"Edit"} if obj.updates or obj.creates else set()
    rights |= {"Create"} if obj.creates else set()
    return frozenset(rights)


def _missing(judged: _Judged, grants: Grants, steps: Steps) -> Item:
    want = judged.want
    if not want.name.endswith(CUSTOM):
        return judged.item(
            "conflict",
            "is a standard field that this org has not got",
            "switch on the feature that brings it (for CurrencyIsoCode: multiple currencies), or "
            "take it out of the mapping",
        )
    made = definition(want)
    steps.package.add(judged.object, made)
    grants.allow_field(judged.name, edit=want.writes)
    return judged.item("create", _told(made))


def _not_listed(metadata: Metadata | None, choices: Sequence[str]) -> list[str]:
    value_set = (metadata or {}).get("valueSet") or {}
    values = (value_set.get("valueSetDefinition") or {}).get("value") or []
    listed = {value.get("fullName") or value.get("valueName") for value in values}
    return [c for c in choices if c not in listed] if value_set.get("restricted") else []


def _told(made: Metadata) -> str:
    size = f"({made['length']})" if "length" in made else ""
    unique = ", unique external id" if made.get("externalId") else ""
    values = (made.get("valueSet") or {}).get("valueSetDefinition", {}).get("value", ())
    listed = f": {', '.join(value['fullName'] for value in values)}" if values else ""
    return f"{made['type']}{size}{unique}{listed}"
