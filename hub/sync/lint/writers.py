"""Who writes what: every field has one writer, every value one owner, and none goes in circles."""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.config import Settings
from hub.golden.columns import golden_column
from hub.golden.unify import SURVIVING
from hub.mappings.schema import ObjectMapping
from hub.sync.lint.faults import Fault
from hub.sync.lint.names import field_key

_Node = tuple[str, ...]
"""An outside field (system, object, field) or a golden column (entity, column)."""


@dataclass(frozen=True)
class _Use:
    """A field that is read into, or written from, a golden column."""

    system: str
    object: str
    field: str
    column: _Node
    key: str
    reads: bool
    writes: bool
    authority: str | None = None
    empties: bool = False
    accepts: bool = False

    @property
    def outside(self) -> _Node:
        return self.system, self.object, self.field

    def __str__(self) -> str:
        return f"{self.system}/{self.object} {self.field}"


def writer_faults(settings: Settings) -> Iterator[Fault]:
    """Fields with two writers; columns with two owners, or none where one is needed; circles."""
    for system, objects in settings.mappings.items():
        for obj, mapping in objects.items():
            yield from _two_writers(f"mappings.{system}.{obj}", mapping)
    uses = [
        use
        for system, objects in settings.mappings.items()
        for obj, mapping in objects.items()
        for use in _uses(system, obj, mapping)
    ]
    columns = sorted({use.column for use in uses})
    for column in columns:
        yield from _owner_faults(column, [use for use in uses if use.column == column])
    yield from _cycles(uses)


def _uses(system: str, obj: str, mapping: ObjectMapping) -> Iterator[_Use]:
    """What is set once, on creation, is nobody's claim."""
    push = mapping.push
    pushed = push.fields if push is not None else {}
    for field in sorted({*mapping.pull, *pushed}):
        rule, write = mapping.fields.get(field), pushed.get(field)
        node: _Node
        nodes: dict[_Node, list[bool]] = {}
        if field in mapping.pull:
            node = (mapping.source, golden_column(mapping.source, mapping.pull[field]))
            nodes.setdefault(node, [False, False])[0] = True
        if push is not None and write is not None and write.column is not None:
            nodes.setdefault((push.entity, write.column), [False, False])[1] = True
        within = "pull" if write is None else "push.fields"
        key = f"mappings.{system}.{obj}.{field_key(mapping, field, within)}"
        for node, (reads, writes) in nodes.items():
            yield _Use(
                *(system, obj, field, node, key, reads, writes),
                authority=rule.authority if rule is not None else None,
                empties=rule is not None and rule.blank_in == "clear",
                accepts=write is not None and write.drift == "accept",
            )


def _two_writers(key: str, mapping: ObjectMapping) -> Iterator[Fault]:
    """In one object: a field set in another way on creation than ever after, or under two
    spellings, which an outside system does not tell apart."""
    push = mapping.push
    if push is None:
        return
    created = push.create.fields if push.create is not None else {}
    for field in sorted(set(created) & set(push.fields)):
        if created[field].column != push.fields[field].column:
            yield Fault(
                "two_writers",
                f"{key}.push.create.fields.{field}",
                f"'{field}' is written by `push.fields` too, from another column.",
                "write it in one of the two: what `push.fields` has is set on creation as well",
            )
    spelt: dict[str, str] = {}
    for field in sorted({*push.fields, *created}):
        first = spelt.setdefault(field.casefold(), field)
        if first != field:
            yield Fault(
                "two_writers",
                f"{key}.{field_key(mapping, field, 'push.fields')}",
                f"'{first}' and '{field}' are one field to the system: both write it.",
                "keep one of the two",
            )


def _owner_faults(column: _Node, uses: list[_Use]) -> Iterator[Fault]:
    entity, name = column
    named = sorted({use.authority for use in uses if use.authority is not None})
    readers = sorted({use.system for use in uses if use.reads})
    claims = [use for use in uses if use.reads and use.writes]
    what = f"{entity}.{name}"
    if len(named) > 1:
        last = [use for use in uses if use.authority is not None][-1]
        yield Fault(
            "two_authorities",
            f"{last.key}.authority",
            f"{what} has the authorities {' and '.join(named)}.",
            "name one system in all mappings of the column",
        )
    elif named and named[0] not in readers:
        use = next(use for use in uses if use.authority is not None)
        yield Fault(
            "authority_without_value",
            f"{use.key}.authority",
            f"{named[0]} is the authority of {what}, and no field of it is read into that.",
            f"name one of: {', '.join(readers)}; or read a field of {named[0]} into it",
        )
    elif claims and not named and len(readers) > 1 and entity in SURVIVING:
        told = ", ".join(str(use) for use in uses if use.reads)
        yield Fault(
            "two_claims",
            claims[-1].key,
            f"{what} is claimed by several systems ({told}): each would write over the others.",
            f"name who owns it by `authority` in the field's rule: {' or '.join(readers)}",
        )
    for use in uses:
        if use.empties and use.system not in named and not use.accepts:
            yield Fault(
                "blank_of_another",
                f"{use.key}.blank_in",
                f"an empty field of {use.system} cannot empty {what}: it is not its authority.",
                f"name {use.system} as `authority`, or leave `blank_in` at `ignore`",
            )
        if use.accepts and not (use.reads and entity in SURVIVING):
            yield Fault(
                "accept_unread",
                f"{use.key}.drift",
                f"what {use} says cannot be accepted: it is not read into the column that it is "
                "written from.",
                "read it into the same column (`direction: both`), or use `reassert` or `flag`",
            )


# -- circles -------------------------------------------------------------------------------------

# Leads tell of the person and the employer, too.
_TELLING_TOO: dict[_Node, tuple[_Node, ...]] = {
    ("lead", "company_name"): (("company", "name"), ("contact", "company_name")),
    **{("lead", n): (("company", n), ("contact", n)) for n in ("city", "postal_code", "country")},
    ("lead", "industry"): (("company", "industry"),),
    **{
        ("lead", n): (("contact", n),)
        for n in ("first_name", "last_name", "email", "phone", "mobile", "job_title")
    },
}


def _cycles(uses: list[_Use]) -> Iterator[Fault]:
    """Columns whose values reach each other by way of outside fields would change in each sync."""
    leads_to: dict[_Node, set[_Node]] = {}
    for use in uses:
        if use.writes:
            leads_to.setdefault(use.column, set()).add(use.outside)
        if use.reads:
            fed = {use.column, *_TELLING_TOO.get(use.column, ())}
            leads_to.setdefault(use.outside, set()).update(fed)
    told: set[frozenset[_Node]] = set()
    for use in uses:
        path = _way_back(use, leads_to) if use.writes else None
        if path is not None and frozenset(path) not in told:
            told.add(frozenset(path))
            shown = " → ".join("/".join(node[:-1]) + f".{node[-1]}" for node in (*path, path[0]))
            yield Fault(
                "cycle",
                use.key,
                f"values go in a circle: {shown}.",
                "read one of these fields into no column, or write none of these columns to it",
            )


def _way_back(use: _Use, leads_to: dict[_Node, set[_Node]]) -> list[_Node] | None:
    """The shortest way from the field back to its column that passes another column."""
    waiting: list[list[_Node]] = [[use.column, use.outside]]
    seen = {use.outside}
    while waiting:
        path = waiting.pop(0)
        for node in sorted(leads_to.get(path[-1], ())):
            if node == use.column:
                if sum(len(n) == len(use.column) for n in path) > 1:
                    return path
            elif node not in seen:
                seen.add(node)
                waiting.append([*path, node])
    return None
