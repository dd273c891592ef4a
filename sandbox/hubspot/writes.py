"""Creating, changing and archiving records: every rule a write is held to, in one place.

All changes of records pass through here, so whoever must hear of changes can be told here.
"""

from collections.abc import Iterable, Mapping, Sequence

from sandbox.hubspot import joins
from sandbox.hubspot.adminrules import Manner, controlled, require_properties
from sandbox.hubspot.bodies import NewAssociation
from sandbox.hubspot.errors import ApiError, BadValue, InvalidValues
from sandbox.hubspot.events import Action
from sandbox.hubspot.http import Box
from sandbox.hubspot.oldviews import keep_old_view
from sandbox.hubspot.records import Raw, Stored
from sandbox.hubspot.schema import CONTACTS, LEADS, ObjectType, Property
from sandbox.hubspot.stages import default_pipeline, derived, pipeline_fields
from sandbox.hubspot.uniques import EMAIL, addresses, key
from sandbox.hubspot.values import (
    Refused,
    normalized,
    parse,
    read_only_property,
    unknown_property,
)

Texts = Mapping[str, str | None]
_BLOCKED = {"invalid": (400, "VALIDATION_ERROR"), "conflict": (409, "CONFLICT")}


def create_record(
    box: Box,
    kind: ObjectType,
    texts: Texts,
    associations: Sequence[NewAssociation],
    manner: Manner,
) -> int:
    """Store a new record with its associations, or raise what is wrong with it."""
    store, now = box.store, box.now()
    sent = checked(box, kind, None, texts, manner)
    values: dict[str, Raw] = {k: v for k, v in sent.items() if v is not None}
    _place(box, kind, values)
    _require_minimum(box, kind, values)
    if manner.dated:
        require_properties(store.admin.rules, kind, values, None, stored_counts=True)
    _refuse_known_email(box, kind, values, None)
    plan = joins.planned(box, kind, associations)
    values |= derived(store.catalog, kind, values, now)
    record_id = store.records.next_id(kind)
    keep_old_view(box, kind, record_id, new=True)
    store.records.insert(kind, record_id, now, values)
    store.history.note(kind, None, record_id, values, now)
    _move_claims(box, kind, record_id, {}, values)
    box.events.tell(kind, record_id, Action.CREATION, values)
    for link, to_id in plan:
        store.links.add(link, record_id, to_id)
    return record_id


def _place(box: Box, kind: ObjectType, values: dict[str, Raw]) -> None:
    """A deal with a stage is in the default pipeline unless it says otherwise; a lead that says
    nothing begins at the first stage of its pipeline."""
    fields = pipeline_fields(kind)
    if fields is None:
        return
    pipeline, stage = fields
    if stage in values or kind is LEADS:
        values.setdefault(pipeline, default_pipeline(kind))
    found = box.store.catalog.pipelines(kind).get(str(values.get(pipeline)))
    if kind is LEADS and found is not None and found.stages:
        values.setdefault(stage, found.stages[0].id)


def update_record(box: Box, kind: ObjectType, record_id: int, texts: Texts, manner: Manner) -> None:
    """Change the properties that `texts` names; the others stay. The record must exist."""
    store, now = box.store, box.now()
    fields = pipeline_fields(kind) or ()
    asked = [*texts, *(controlled(store.admin.rules, kind) if manner.dated else ())]
    known = [name for name in asked if store.catalog.property(kind, name) is not None]
    before = store.records.stored(kind, record_id, [*dict.fromkeys([*known, *fields])])
    if before is None:
        raise LookupError(f"{kind.name} {record_id} is gone")
    values = checked(box, kind, before, texts, manner)
    if manner.dated:
        counts = box.switches.stored_values_meet_conditions
        require_properties(store.admin.rules, kind, values, before.values, stored_counts=counts)
    _refuse_known_email(box, kind, values, record_id)
    values = {name: value for name, value in values.items() if value != before.values[name]}
    if not values and not box.switches.unchanged_write_touches:
        return
    if any(name in values for name in fields):
        merged = {**before.values, **values}
        values |= derived(store.catalog, kind, merged, now)
        before = store.records.stored(kind, record_id, list(values)) or before
    keep_old_view(box, kind, record_id)
    store.records.update(kind, record_id, now, values)
    store.history.note(kind, before, record_id, values, now)
    _move_claims(box, kind, record_id, before.values, values)
    if values:
        box.events.tell(kind, record_id, Action.CHANGE, values)


def archive_record(box: Box, kind: ObjectType, record_id: int) -> None:
    """Into the recycle bin: unique values and associations go, leads that hung on it follow."""
    store = box.store
    store.records.set_archived(kind, record_id, box.now())
    box.events.tell(kind, record_id, Action.DELETION)
    store.uniques.release_record(kind, record_id)
    archive_orphans(box, store.links.remove_record(kind, record_id))


def archive_orphans(box: Box, ends: Iterable[tuple[ObjectType, int]]) -> None:
    """Archive the leads among records that have just lost an association, if it was their last."""
    for lead_id in joins.orphaned(box, ends):
        archive_record(box, LEADS, lead_id)


def checked(
    box: Box, kind: ObjectType, before: Stored | None, texts: Texts, manner: Manner
) -> dict[str, Raw]:
    """Raw values for what a client sent; every bad one is reported at once."""
    values: dict[str, Raw] = {}
    bad: list[BadValue] = []
    for name, text in texts.items():
        definition = box.store.catalog.property(kind, name)
        if definition is None:
            bad.append(unknown_property(name))
        elif definition.read_only:
            bad.append(read_only_property(name))
        elif text is not None or box.switches.null_clears:
            try:
                asked = _normalized(definition, text or "", manner)
                values[name] = _value(box, kind, definition, before, asked)
            except Refused as refused:
                bad.append(refused.bad)
    bad.extend(_bad_stage(box, kind, before, values))
    if bad:
        raise InvalidValues(bad, box.store.portal_id)
    return values


def _normalized(definition: Property, text: str, manner: Manner) -> str:
    """Dated paths take dates in more forms than v3, and tell when they stored another one."""
    if not manner.dated:
        return text
    plain = normalized(definition, text)
    if plain is None:
        return text
    manner.normalized(definition.name, text, plain)
    return plain


def _value(
    box: Box, kind: ObjectType, definition: Property, before: Stored | None, text: str
) -> Raw:
    name = definition.name
    old = before.values.get(name) if before is not None else None
    value = parse(definition, text, old, lowercase_emails=box.switches.lowercase_emails)
    if value is None:
        return "" if before is not None and box.switches.cleared_reads_as == "empty" else None
    if definition.has_unique_value:
        holder = box.store.uniques.holder(kind, name, str(value))
        if holder is not None and (before is None or holder != before.id):
            raise Refused(
                name, "CONFLICTING_UNIQUE_VALUE", f"{text} is already used by record {holder}."
            )
    return value


def _bad_stage(
    box: Box, kind: ObjectType, before: Stored | None, values: Mapping[str, Raw]
) -> list[BadValue]:
    """A stage must belong to the pipeline of the record, whichever of the two is being written."""
    fields = pipeline_fields(kind)
    if fields is None or not any(values.get(name) for name in fields):
        return []
    old = before.values if before is not None else {}
    pipeline_id = str(values.get(fields[0]) or old.get(fields[0]) or default_pipeline(kind))
    stage_id = str(values.get(fields[1]) or old.get(fields[1]) or "")
    pipelines = box.store.catalog.pipelines(kind)
    if pipeline_id not in pipelines:
        allowed = ", ".join(pipelines)
        text = f"{pipeline_id} was not one of the allowed options: [{allowed}]"
        return [BadValue(fields[0], "INVALID_OPTION", text)]
    pipeline = pipelines[pipeline_id]
    if stage_id and pipeline.stage(stage_id) is None:
        allowed = ", ".join(stage.id for stage in pipeline.stages)
        text = f"{stage_id} was not one of the allowed options: [{allowed}]"
        return [BadValue(fields[1], box.switches.invalid_stage_code, text)]
    return []


def _require_minimum(box: Box, kind: ObjectType, values: Mapping[str, Raw]) -> None:
    """The least a new record must say of itself. A lead's name is asked for in every mode."""
    if not box.switches.require_minimum_properties and kind is not LEADS:
        return
    missing = [name for name in kind.required if name not in values]
    if not missing and kind.any_of and not any(name in values for name in kind.any_of):
        missing = list(kind.any_of)
    if missing:
        raise ApiError(
            400,
            f"Error creating {kind.upper}. Some required properties were not set.",
            "VALIDATION_ERROR",
            context={"properties": missing},
        )


def _refuse_known_email(
    box: Box, kind: ObjectType, values: Mapping[str, Raw], own_id: int | None
) -> None:
    email = values.get(EMAIL)
    if kind is not CONTACTS or not email:
        return
    holder = box.store.uniques.holder(kind, EMAIL, str(email))
    if holder is not None and holder != own_id:
        raise ApiError(409, f"Contact already exists. Existing ID: {holder}", "CONFLICT")
    refusal = box.switches.blocked_email
    if holder is None and refusal != "allowed" and box.store.blocklist.holds(str(email)):
        status, category = _BLOCKED[refusal]
        raise ApiError(status, f"{email} was deleted for privacy and is blocked", category)


def _move_claims(
    box: Box,
    kind: ObjectType,
    record_id: int,
    old: Mapping[str, Raw],
    new: Mapping[str, Raw],
) -> None:
    """Keep the index of unique values in step with a write."""
    store = box.store
    for name, value in new.items():
        definition = store.catalog.property(kind, name)
        is_address = kind is CONTACTS and name == EMAIL
        if definition is None or not (definition.has_unique_value or is_address):
            continue
        previous = old.get(name)
        if previous and not (is_address and _kept_address(box, record_id, str(previous))):
            store.uniques.release(kind, name, str(previous))
        if value:
            store.uniques.claim(kind, name, str(value), record_id)


def _kept_address(box: Box, record_id: int, email: str) -> bool:
    """Whether a contact that changes its address still answers to the old one."""
    names = ("hs_additional_emails",)
    stored = box.store.records.stored(CONTACTS, record_id, names)
    additional = stored.values[names[0]] if stored is not None else None
    return key(EMAIL, email) in {key(EMAIL, x) for x in addresses(CONTACTS, "", additional)}
