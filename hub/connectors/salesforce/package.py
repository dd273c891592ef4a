"""Metadata packages: fields and a permission set that an org takes as a whole or not at all."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import requests
from simple_salesforce.exceptions import SalesforceError

from hub.connectors.provision import KEY_LENGTH, WantedField
from hub.connectors.salesforce.client import Org
from hub.errors import HubError, PermissionLost, StopSync, SystemUnreachable

PERMISSION_SET = "Partner_Hub"
LABEL = "Partner Hub"
DEPLOY_CALLS = 3
"""Handing a package over, and asking at least twice what became of it."""

_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_POLLS, _LONGEST_PAUSE_SECONDS = 150, 4.0
_LONGEST_TEXT = 255
_RIGHTS = ("Create", "Delete", "Edit", "Read", "ModifyAllRecords", "ViewAllRecords")
_ENDED = frozenset({"Succeeded", "SucceededPartial", "Failed", "Canceled"})

Metadata = Mapping[str, Any]


@dataclass
class Grants:
    """What a permission set allows: field → may edit, object → its rights by name."""

    fields: dict[str, bool] = field(default_factory=dict)
    objects: dict[str, frozenset[str]] = field(default_factory=dict)

    def allow_field(self, name: str, *, edit: bool) -> None:
        self.fields[name] = edit or self.fields.get(name, False)

    def allow_object(self, name: str, rights: frozenset[str]) -> None:
        self.objects[name] = rights | self.objects.get(name, frozenset())


@dataclass
class Package:
    """Fields by object, each as metadata with its `fullName`, and what the hub is granted."""

    fields: dict[str, list[Metadata]] = field(default_factory=dict)
    grants: Grants | None = None

    def add(self, obj: str, metadata: Metadata) -> None:
        self.fields.setdefault(obj, []).append(metadata)

    def zipped(self, api_version: str) -> bytes:
        """The package in the Metadata API's file format."""
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("package.xml", _xml("Package", self._manifest(api_version)))
            for obj, fields in self.fields.items():
                archive.writestr(f"objects/{obj}.object", _xml("CustomObject", {"fields": fields}))
            if self.grants is not None:
                text = _xml("PermissionSet", _permission_set(self.grants))
                archive.writestr(f"permissionsets/{PERMISSION_SET}.permissionset", text)
        return whole.getvalue()

    def _manifest(self, api_version: str) -> Metadata:
        members = [f"{obj}.{f['fullName']}" for obj, fields in self.fields.items() for f in fields]
        types: list[Metadata] = []
        if members:
            types.append({"members": members, "name": "CustomField"})
        if self.grants is not None:
            types.append({"members": [PERMISSION_SET], "name": "PermissionSet"})
        return {"types": types, "version": api_version}


def definition(wanted: WantedField) -> Metadata:
    """The metadata of a field to be made."""
    common = {"fullName": wanted.name, "label": wanted.label}
    if wanted.key:
        return {
            **common,
            "type": "Text",
            "length": KEY_LENGTH,
            "externalId": True,
            "unique": True,
            "caseSensitive": False,
        }
    if wanted.kind in ("choice", "choices"):
        values = [{"fullName": c, "default": False, "label": c} for c in wanted.choices]
        many = wanted.kind == "choices"
        return {
            **common,
            "type": "MultiselectPicklist" if many else "Picklist",
            "valueSet": {
                "restricted": True,
                "valueSetDefinition": {"sorted": False, "value": values},
            },
            **({"visibleLines": 4} if many else {}),
        }
    if wanted.kind == "number":
        return {**common, "type": "Number", "precision": 18, "scale": 2}
    if wanted.kind == "boolean":
        return {**common, "type": "Checkbox", "defaultValue": False}
    if wanted.kind in ("date", "datetime"):
        return {**common, "type": "Date" if wanted.kind == "date" else "DateTime"}
    length = min(wanted.length or _LONGEST_TEXT, _LONGEST_TEXT)
    return {**common, "type": "Text", "length": length}


def extended(metadata: Metadata, name: str, choices: Sequence[str]) -> Metadata | None:
    """The metadata of a list that is there, with more values at its end; None for a list that is
    kept elsewhere, for many fields at once."""
    value_set = metadata.get("valueSet") or {}
    told = (value_set.get("valueSetDefinition") or {}).get("value")
    if told is None:
        return None
    values = [
        {
            "fullName": value.get("fullName") or value.get("valueName"),
            "default": bool(value.get("default")),
            "label": value.get("label"),
        }
        for value in told
    ]
    values += [{"fullName": choice, "default": False, "label": choice} for choice in choices]
    kept = {key: value for key, value in metadata.items() if value is not None}
    definition = {**value_set["valueSetDefinition"], "value": values}
    return {**kept, "fullName": name, "valueSet": {**value_set, "valueSetDefinition": definition}}


def deploy(org: Org, package: Package, api_version: str) -> None:
    """Hand the package over and wait for its end. Raises HubError naming every component that was
    refused; the org is then as it was."""
    try:
        library = org.metadata_api()
        org.calls.minimum += DEPLOY_CALLS
        org.calls.writes += 1
        process, _ = library.deploy(io.BytesIO(package.zipped(api_version)), sandbox=False)
        if not process:
            raise SystemUnreachable(f"{org.system}: a deployment was answered without its id.")
        for number in range(1, _POLLS + 1):
            state, detail, problems, _ = library.check_deploy_status(process)
            if state in _ENDED:
                break
            org.patience.sleep(min(number * 0.25, _LONGEST_PAUSE_SECONDS))
    except SalesforceError as err:
        raise _refused(org.system, str(err.content)) from err
    except requests.RequestException as err:
        raise SystemUnreachable(
            f"{org.system}: no answer to a deployment ({type(err).__name__}).",
            remedy="run `hub provision` again: it makes what is still missing",
        ) from err
    if state != "Succeeded":
        raise _failed(org.system, state, detail, problems)


def _refused(system: str, said: str) -> HubError:
    if "INSUFFICIENT_ACCESS" in said or "permission" in said.casefold():
        return PermissionLost(
            f"{system}: the integration user may not change metadata ({said}).",
            remedy="give it 'Modify Metadata Through Metadata API Functions', or run `hub "
            "provision` once as an administrator",
        )
    return StopSync(f"{system}: the deployment was refused ({said}).", remedy="see the message")


def _failed(system: str, state: Any, detail: Any, problems: Any) -> HubError:
    found = (problems or {}).get("errors") or []
    told = "; ".join(f"{p.get('file')}: {p.get('message')}" for p in found)
    return StopSync(
        f"{system}: the deployment ended as {state}: {told or detail or 'no reason was told'}.",
        remedy="nothing of it was kept; mend what it names and run `hub provision` again",
    )


def _permission_set(grants: Grants) -> Metadata:
    return {
        "description": "What the partner hub reads and writes. Kept by `hub provision`.",
        "fieldPermissions": [
            {"editable": edit, "field": name, "readable": True}
            for name, edit in sorted(grants.fields.items())
        ],
        "hasActivationRequired": False,
        "label": LABEL,
        "objectPermissions": [
            {
                **{f"allow{right}": right in rights for right in _RIGHTS[:4]},
                **{_lower(right): right in rights for right in _RIGHTS[4:]},
                "object": name,
            }
            for name, rights in sorted(grants.objects.items())
        ],
    }


def _lower(word: str) -> str:
    return word[0].lower() + word[1:]


def _xml(root: str, values: Metadata) -> bytes:
    element = ElementTree.Element(root, xmlns=_NAMESPACE)
    for name, value in values.items():
        element.extend(_elements(name, value))
    return bytes(ElementTree.tostring(element, encoding="utf-8", xml_declaration=True))


def _elements(name: str, value: Any) -> Iterator[ElementTree.Element]:
    """A list repeats its element; nothing makes none."""
    for one in value if isinstance(value, (list, tuple)) else [value]:
        if one is None:
            continue
        element = ElementTree.Element(name)
        if isinstance(one, Mapping):
            for inner, of_it in one.items():
                element.extend(_elements(inner, of_it))
        else:
            element.text = str(one).lower() if isinstance(one, bool) else str(one)
        yield element
