"""What a portal lacks for its mappings, and how it is made: a property group, properties,
association labels, pipelines.

Whether a property is unique is settled when it is made and never again. A property that was
archived comes back as it was when its name is made anew.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hub.connectors.contract import FieldKind, FieldShape
from hub.connectors.hubspot.client import Portal
from hub.connectors.hubspot.faults import Fault
from hub.connectors.hubspot.linktypes import LinkCatalogue, LinkField, folded
from hub.connectors.hubspot.schema import LINK_PREFIX, Schemas
from hub.connectors.provision import (
    Action,
    Item,
    ProvisionPlan,
    WantedField,
    WantedObject,
    misfit,
    missing_choices,
)
from hub.errors import CredentialsRefused, HubError, RetryLater, SchemaChanged, StopSync

GROUP, GROUP_LABEL = "partner_hub", "Partner hub"
_OWN = "hs_"
_ENTERED = "hs_v2_date_entered_"
_TYPES: Mapping[FieldKind, tuple[str, str]] = {
    "text": ("string", "text"),
    "choice": ("enumeration", "select"),
    "choices": ("enumeration", "checkbox"),
    "number": ("number", "number"),
    "boolean": ("bool", "booleancheckbox"),
    "date": ("date", "date"),
    "datetime": ("datetime", "date"),
    "reference": ("string", "text"),
    "other": ("string", "text"),
}
_PROBABILITIES = {"won": "1.0", "lost": "0.0", "rejected": "0.0", "approved": "0.5"}
_CLOSED = frozenset({"won", "lost"})

Json = dict[str, Any]


@dataclass
class Steps:
    """What carrying a plan out takes, in the order of the fields."""

    pipelines: list[tuple[str, Json]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    properties: dict[str, list[Json]] = field(default_factory=dict)
    options: list[tuple[str, str, list[str]]] = field(default_factory=list)
    labels: list[tuple[str, str, Json]] = field(default_factory=list)

    @property
    def calls(self) -> int:
        made = len(self.pipelines) + len(self.groups) + len(self.properties) + len(self.labels)
        return made + 2 * len(self.options)


class HubSpotProvisioner:
    """Provisions one portal."""

    def __init__(self, portal: Portal, schemas: Schemas, catalogue: LinkCatalogue) -> None:
        self._portal, self._schemas, self._catalogue = portal, schemas, catalogue

    def plan(self, wanted: Sequence[WantedObject]) -> ProvisionPlan:
        items: list[Item] = []
        steps = Steps()
        for obj in wanted:
            try:
                items += self._object(obj, steps)
            except (CredentialsRefused, RetryLater):
                raise
            except HubError as err:
                items.append(Item(obj.name, "", "conflict", err.message, err.remedy))
        return ProvisionPlan(tuple(items), steps.calls, steps)

    def carry_out(self, plan: ProvisionPlan) -> None:
        steps: Steps = plan.steps
        crm = self._portal.library.crm
        for obj, body in steps.pipelines:
            self._write(crm.pipelines.pipelines_api.create, obj, body)
        for obj in steps.groups:
            body = {"name": GROUP, "label": GROUP_LABEL, "displayOrder": -1}
            self._write(crm.properties.groups_api.create, obj, body)
        for obj, bodies in steps.properties.items():
            self._make_properties(obj, bodies)
        for obj, name, choices in steps.options:
            self._add_options(obj, name, choices)
        for obj, to, body in steps.labels:
            self._write(crm.associations.v4.schema.definitions_api.create, obj, to, body)
        if steps.calls:
            self._schemas.forget_all()
            self._catalogue.forget()

    # -- looking

    def _object(self, obj: WantedObject, steps: Steps) -> list[Item]:
        known = {shape.name: shape for shape in self._schemas.of(obj.name).described()}
        items = [self._pipeline(obj, *each, steps) for each in obj.pipelines.items()]
        stages = {stage for _, body in steps.pipelines for stage in _stages(body)}
        for want in obj.fields:
            if want.name.startswith(LINK_PREFIX):
                items.append(self._label(obj, want, steps))
            else:
                items.append(_property(obj, want, known.get(want.name), stages, steps))
        if obj.name in steps.properties and not self._has_group(obj.name):
            steps.groups.append(obj.name)
            items.append(Item(obj.name, GROUP, "create", "property group"))
        return items

    def _label(self, obj: WantedObject, want: WantedField, steps: Steps) -> Item:
        link = LinkField.parsed(want.name)
        try:
            self._catalogue.type_of(obj.name, link)
        except SchemaChanged as err:
            if not link.custom:
                return _item(obj, want, "conflict", err.message, err.remedy)
            label = link.label.replace("_", " ").strip()
            body = {"name": folded(link.label), "label": label[:1].upper() + label[1:]}
            steps.labels.append((obj.name, link.to, body))
            return _item(obj, want, "create", f"association label '{body['label']}'")
        return _item(obj, want, "present", "association")

    def _pipeline(
        self, obj: WantedObject, pipeline: str, stages: Mapping[str, str], steps: Steps
    ) -> Item:
        found = self._read(
            self._portal.library.crm.pipelines.pipelines_api.get_all, _Pipelines, obj.name
        )
        known = next((p for p in found.results if p.id == pipeline), None)
        if known is None:
            steps.pipelines.append((obj.name, _new_pipeline(pipeline, stages)))
            return Item(obj.name, pipeline, "create", f"pipeline of {len(stages)} stages")
        missing = [stage for stage in stages if stage not in {s.id for s in known.stages}]
        if missing:
            return Item(
                *(obj.name, pipeline, "conflict", f"the pipeline lacks: {', '.join(missing)}"),
                "correct `registrations.stages` in the mapping; stages have the ids that the "
                "portal gave them",
            )
        return Item(obj.name, pipeline, "present", "pipeline")

    def _has_group(self, obj: str) -> bool:
        api = self._portal.library.crm.properties.groups_api
        return any(group.name == GROUP for group in self._read(api.get_all, _Groups, obj).results)

    # -- making

    def _make_properties(self, obj: str, bodies: Sequence[Json]) -> None:
        api = self._portal.library.crm.properties.batch_api
        made = self._write(api.create, obj, {"inputs": list(bodies)})
        answer = self._portal.decoded(made, _Made)
        if answer.errors:
            told = "; ".join(fault.said for fault in answer.errors)
            raise StopSync(
                f"{self._portal.system}/{obj}: not all properties were made: {told}.",
                remedy="mend what it names and run `hub provision` again",
            )

    def _add_options(self, obj: str, name: str, choices: Sequence[str]) -> None:
        """The options that are there are sent along: what is left out of a list would vanish."""
        api = self._portal.library.crm.properties.core_api
        options = self._read(api.get_by_name, _Options, obj, name).options
        last = max((int(option.get("displayOrder", 0)) for option in options), default=-1)
        added = [_option(choice, last + n) for n, choice in enumerate(choices, 1)]
        self._write(api.update, obj, name, {"options": [*options, *added]})

    def _read(self, call: Callable[..., Any], shape: type[Any], *names: str) -> Any:
        self._portal.calls.minimum += 1
        return self._portal.decoded(call(*names, _preload_content=False), shape)

    def _write(self, call: Callable[..., Any], *arguments: Any) -> Any:
        calls = self._portal.calls
        calls.minimum += 1
        before = calls.writes
        answer = call(*arguments, _preload_content=False)
        calls.writes = max(calls.writes, before + 1)
        return answer


def _item(
    obj: WantedObject, want: WantedField, action: Action, detail: str, remedy: str = ""
) -> Item:
    return Item(obj.name, want.name, action, detail, remedy)


def _property(
    obj: WantedObject, want: WantedField, there: FieldShape | None, stages: set[str], steps: Steps
) -> Item:
    if there is None:
        return _missing(obj, want, stages, steps)
    problem = misfit(want, there)
    if problem is not None:
        return _item(
            *(obj, want, "conflict", problem),
            "it is left as it is, and no property can be made unique later: map another one",
        )
    if want.writes and not there.writable:
        return _item(
            *(obj, want, "conflict", "is kept by HubSpot and cannot be written"),
            "take the property out of the mapping's `push`",
        )
    short = missing_choices(want, there)
    if short:
        steps.options.append((obj.name, want.name, short))
        return _item(obj, want, "extend", f"with: {', '.join(short)}")
    return _item(obj, want, "present", there.kind)


def _missing(obj: WantedObject, want: WantedField, stages: set[str], steps: Steps) -> Item:
    if want.name.removeprefix(_ENTERED) in stages:
        return _item(obj, want, "create", "comes with its stage")
    if want.name.startswith(_OWN):
        return _item(
            *(obj, want, "conflict", "is one of HubSpot's own properties, and not in this portal"),
            "correct the name, or take it out of the mapping",
        )
    body = _definition(want)
    steps.properties.setdefault(obj.name, []).append(body)
    unique = ", unique: this cannot be changed later" if want.key else ""
    listed = f": {', '.join(want.choices)}" if body.get("options") and want.choices else ""
    return _item(obj, want, "create", f"{body['type']}{listed}{unique}")


def _definition(want: WantedField) -> Json:
    kind, form = _TYPES["text" if want.key else want.kind]
    body: Json = {
        "name": want.name,
        "label": want.label,
        "type": kind,
        "fieldType": form,
        "groupName": GROUP,
        "hasUniqueValue": want.key,
    }
    if kind == "enumeration":
        body["options"] = [_option(choice, n) for n, choice in enumerate(want.choices)]
    if kind == "bool":
        body["options"] = [_option(choice, n) for n, choice in enumerate(("true", "false"))]
    return body


def _option(value: str, order: int) -> Json:
    words = value.replace("_", " ")
    label = words[:1].upper() + words[1:]
    return {"label": label, "value": value, "displayOrder": order, "hidden": False}


def _new_pipeline(pipeline: str, stages: Mapping[str, str]) -> Json:
    words = pipeline.replace("_", " ")
    return {
        "pipelineId": pipeline,
        "label": words[:1].upper() + words[1:],
        "displayOrder": 1,
        "stages": [
            {
                "stageId": stage,
                "label": meaning.replace("_", " ").capitalize(),
                "displayOrder": order,
                "metadata": {
                    "probability": _PROBABILITIES.get(meaning, "0.2"),
                    "isClosed": str(meaning in _CLOSED).lower(),
                },
            }
            for order, (stage, meaning) in enumerate(stages.items())
        ],
    }


def _stages(pipeline: Json) -> list[str]:
    return [stage["stageId"] for stage in pipeline["stages"]]


class _Group(msgspec.Struct):
    name: str


class _Groups(msgspec.Struct):
    results: list[_Group]


class _Stage(msgspec.Struct):
    id: str


class _Pipeline(msgspec.Struct):
    id: str
    stages: list[_Stage] = []


class _Pipelines(msgspec.Struct):
    results: list[_Pipeline]


class _Made(msgspec.Struct):
    errors: list[Fault] = []


class _Options(msgspec.Struct):
    options: list[Json] = []
