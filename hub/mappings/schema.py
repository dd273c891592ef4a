"""The keys of a mapping, field by field: column, direction, authority, blanks, drift, codes.

`pull` and `push.fields` are the short forms of `fields`; whichever is written, a mapping is used in
the shape of the short forms.
"""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from hub.mappings.inclusion import Inclusion
from hub.strict import Strict

Direction = Literal["pull", "push", "both"]
DriftRule = Literal["reassert", "accept", "flag"]
BlankIn = Literal["ignore", "clear"]
BlankOut = Literal["keep", "clear"]
OnDrift = Literal["evolve", "freeze", "quarantine"]


class PushField(Strict):
    """Where a pushed field's value comes from, and what happens to what the system says instead.

    `column` is a column of the entity's desired state; `map` turns hub codes into the CRM's;
    `ref` names the CRM object whose record id stands for the hub id in `column`;
    `value` is a constant. `blank_out`: whether an empty value here empties the field. `drift`: what
    follows when somebody changed the field in its system.
    """

    column: str | None = None
    value: str | None = None
    ref: str | None = None
    map: dict[str, str] = Field(default_factory=dict)
    blank_out: BlankOut = "clear"
    drift: DriftRule = "reassert"

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.column is None) == (self.value is None):
            raise ValueError("needs exactly one of `column` and `value`")
        return self


class FieldRule(Strict):
    """All that is agreed about one field of an object.

    `authority` names the system that gives the column its value, so that the others receive it.
    `blank_in`: whether an empty field there empties the column. `values` turns what the system
    says into the hub's codes, and back for what is written, where `map` does not say otherwise.
    """

    column: str
    direction: Direction = "pull"
    authority: str | None = None
    blank_in: BlankIn = "ignore"
    blank_out: BlankOut = "keep"
    drift: DriftRule = "reassert"
    values: dict[str, str] = Field(default_factory=dict)
    map: dict[str, str] = Field(default_factory=dict)

    @property
    def pulls(self) -> bool:
        return self.direction in ("pull", "both")

    @property
    def pushes(self) -> bool:
        return self.direction in ("push", "both")

    @property
    def pushed(self) -> PushField:
        """What `push.fields` says of it."""
        codes = self.map or {code: said for said, code in reversed(self.values.items())}
        return PushField(column=self.column, map=codes, blank_out=self.blank_out, drift=self.drift)

    @model_validator(mode="after")
    def _says_nothing_in_vain(self) -> Self:
        if not self.pushes and self.model_fields_set & {"blank_out", "drift", "map"}:
            raise ValueError(
                "`blank_out`, `drift` and `map` are about what is written: the direction is `pull`"
            )
        if not self.pulls and self.model_fields_set & {"blank_in", "values", "authority"}:
            raise ValueError(
                "`authority`, `blank_in` and `values` are about what is read: "
                "the direction is `push`"
            )
        if self.pushes and self.values and not self.map:
            codes = list(self.values.values())
            twice = sorted({code for code in codes if codes.count(code) > 1})
            if twice:
                raise ValueError(
                    f"several values stand for '{twice[0]}': say with `map` which is written"
                )
        return self


class CreateRule(Strict):
    """When and how the hub creates records: an upsert on `key`, with `fields` set once."""

    key: str
    fields: dict[str, PushField] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, raw: Any) -> Any:
        return _in_full(raw)


class PushRule(Strict):
    """What the hub writes into an object: the entity it speaks for and the fields it owns."""

    entity: str
    fields: dict[str, PushField] = Field(default_factory=dict)
    create: CreateRule | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, raw: Any) -> Any:
        return _in_full(raw)

    @property
    def all_fields(self) -> dict[str, PushField]:
        """What a new record gets: the fields set once and those set always."""
        return {**(self.create.fields if self.create is not None else {}), **self.fields}


class RegistrationRule(Strict):
    """Which deals of an object are registrations by partners: pipeline, and stage → status."""

    pipelines: tuple[str, ...]
    stages: dict[str, str]


class ObjectMapping(Strict):
    """One outside object: the source table it lands in, and field → column for what is pulled.

    `on_drift` is the contract about its fields. When one that the mapping names changes there:
    `evolve` notes it and goes on, `freeze` lands nothing of the object until the change is
    accepted, `quarantine` holds back the rows that use what changed.
    """

    source: str
    fields: dict[str, FieldRule] = Field(default_factory=dict)
    pull: dict[str, str] = Field(default_factory=dict)
    push: PushRule | None = None
    include: Inclusion = Inclusion()
    registrations: RegistrationRule | None = None
    values: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="column → (what the CRM says → the hub's code)"
    )
    on_drift: OnDrift = "evolve"

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, raw: Any) -> Any:
        return _in_full(raw)

    @model_validator(mode="after")
    def _in_short_forms(self) -> Self:
        """Put what `fields` says into `pull`, `values` and `push`, where all readers look."""
        pull, values = dict(self.pull), dict(self.values)
        pushed = dict(self.push.fields) if self.push is not None else {}
        for name, rule in self.fields.items():
            if rule.pulls:
                _put(pull, name, rule.column, f"`{name}` is in `pull` too")
                if rule.values:
                    _put(values, rule.column, rule.values, f"`values` has {rule.column} too")
            if rule.pushes:
                _put(pushed, name, rule.pushed, f"`{name}` is in `push.fields` too")
        push = self.push
        if pushed:
            push = PushRule(
                entity=push.entity if push is not None else self.source,
                fields=pushed,
                create=push.create if push is not None else None,
            )
        for name, value in (("pull", pull), ("values", values), ("push", push)):
            object.__setattr__(self, name, value)
        return self

    @property
    def told_fields(self) -> tuple[str, ...]:
        """The outside fields whose last-seen value must be kept, because the hub writes them."""
        if self.push is None:
            return ()
        key = {self.carried_key} if self.carried_key is not None else set()
        return tuple(sorted({*self.push.fields, *key}))

    @property
    def carried_key(self) -> str | None:
        """The field with the hub id of a company or person, by which the hub knows the records it
        made, where it is read back and nothing else is written into it."""
        create = self.push.create if self.push is not None else None
        if create is None or self.pull.get(create.key) != "hub_key":
            return None
        if self.source not in ("company", "contact"):
            return None  # other ids neither merge nor part
        return None if self.push is not None and create.key in self.push.fields else create.key

    @property
    def shared(self) -> dict[str, str]:
        """Fields that are read into the column that they are written from → that column."""
        pushed = self.push.fields if self.push is not None else {}
        return {
            name: column
            for name, column in self.pull.items()
            if name in pushed and pushed[name].column == column
        }

    @property
    def accepted(self) -> dict[str, str]:
        """Shared fields whose value the hub takes over when somebody changed it → their column."""
        fields = self.push.fields if self.push is not None else {}
        return {name: col for name, col in self.shared.items() if fields[name].drift == "accept"}

    def empties(self, name: str) -> bool:
        """Whether the field says something by being empty."""
        return name in self.fields and self.fields[name].blank_in == "clear"

    @property
    def all_fields(self) -> tuple[str, ...]:
        return tuple(sorted({*self.pull, *self.told_fields}))

    @property
    def named_fields(self) -> tuple[str, ...]:
        """All outside fields that are read or written."""
        create = self.push.create if self.push is not None else None
        made = {create.key, *create.fields} if create is not None else set()
        return tuple(sorted({*self.all_fields, *made}))


def _put(into: dict[str, Any], name: str, value: Any, otherwise: str) -> None:
    """Raises ValueError when something else stands there: a field has one rule.

    The same may: validation runs again over what it has made.
    """
    if into.setdefault(name, value) != value:
        raise ValueError(f"{otherwise}: write it in one place")


def _in_full(raw: Any) -> Any:
    """`fields` with each bare column name as `{column: NAME}`."""
    if isinstance(raw, dict) and isinstance(raw.get("fields"), dict):
        fields = {
            name: {"column": value} if isinstance(value, str) else value
            for name, value in raw["fields"].items()
        }
        return {**raw, "fields": fields}
    return raw
