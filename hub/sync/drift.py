"""Schema drift: each look at an object's fields is compared with the one before.

Every difference is an event. What follows from one that touches a mapped field is a matter of the
mapping's contract, `on_drift`: go on, stop the object, or hold back the rows that use it. The
contract holds the object to the shape last accepted; a shape that returns to it needs no
acceptance.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.sql import Select

from hub.checks.schemas import FAULT_SCHEMA, ROW, Split
from hub.config import ObjectMapping
from hub.connectors.contract import FieldShape
from hub.errors import HubError, SchemaChanged
from hub.models.database import take_numbers, writing
from hub.models.operations import ops_schema, ops_schema_event
from hub.models.runs import Run
from hub.sync.quarantine import DRIFT
from hub.sync.shapes import Drift, Shapes, decoded, differences, encoded, shapes_of, touching
from hub.sync.targets import Target

_SHOWN = 5


def watched(engine: Engine, run: Run, target: Target, described: Sequence[FieldShape]) -> Target:
    """`target` with what its contract holds back, after noting what changed since the last look.

    An object of which its system describes nothing is not watched. Raises SchemaChanged when the
    contract is `freeze` and a mapped field is not as accepted: nothing of the object may land.
    """
    if not described:
        return target
    with writing(engine) as conn:
        drifted = _observe(conn, run, target, shapes_of(described))
    if drifted and target.mapping.on_drift == "freeze":
        raise SchemaChanged(
            f"{target.system}/{target.object}: {_listed(drifted)}. The object is frozen.",
            remedy="correct the mapping, or accept the fields as they are: "
            f"`hub schema accept {target.system}/{target.object}`",
        )
    return replace(target, drifted=drifted)


def as_known(conn: Connection, target: Target) -> Target:
    """`target` with what its contract holds back as of the last look. Asks no system."""
    row = conn.execute(_state(target.system, target.object)).first()
    if row is None:
        return target
    return replace(target, drifted=_held_to(target.mapping, row.fields, row.accepted))


def known_shapes(conn: Connection, system: str, obj: str) -> Shapes:
    """The fields of an object as last described; empty when they never were."""
    row = conn.execute(_state(system, obj)).first()
    return {} if row is None else decoded(row.fields)


def accept(engine: Engine, system: str, obj: str) -> int:
    """Hold the object to its present shape from now on; returns how many differences that settles.

    Raises HubError when nothing is known of the object.
    """
    with writing(engine) as conn:
        row = conn.execute(_state(system, obj)).first()
        if row is None:
            raise HubError(
                f"The fields of {system}/{obj} were never seen.",
                remedy="see `hub schema` for the objects that were; `hub sync` looks at them",
            )
        conn.execute(
            update(ops_schema)
            .where(ops_schema.c.system == system, ops_schema.c.object == obj)
            .values(accepted=row.fields)
        )
    return len(differences(decoded(row.accepted), decoded(row.fields)))


def held(split: Split, fresh: pl.DataFrame, target: Target) -> Split:
    """`split` with those rows of `fresh` at fault that use a drifted field or choice, when the
    contract is `quarantine`."""
    if not target.drifted or target.mapping.on_drift != "quarantine" or fresh.is_empty():
        return split
    told = fresh.with_row_index(ROW)
    found = [
        told.filter(_uses(drift)).select(
            pl.col(ROW).cast(pl.UInt32),
            column=pl.lit(target.mapping.pull[drift.field]),
            rule=pl.lit(DRIFT),
            value=pl.col(drift.field),
            message=pl.lit(str(drift)),
        )
        for drift in target.drifted
        if drift.field in target.mapping.pull and drift.field in fresh.columns
    ]
    more = pl.concat([pl.DataFrame(schema=FAULT_SCHEMA), *found]).unique([ROW, "column"])
    return split.with_more(more)


def _uses(drift: Drift) -> pl.Expr:
    """Rows whose meaning the drift puts in doubt."""
    value = pl.col(drift.field)
    if drift.event in ("choice_new", "choice_vanished"):
        choice = drift.after or drift.before
        return value.str.split(";").list.contains(choice).fill_null(value=False)
    if drift.event in ("type_changed", "length_changed"):
        return value.is_not_null() & (value != "")
    return pl.lit(value=False)


def _observe(conn: Connection, run: Run, target: Target, shapes: Shapes) -> tuple[Drift, ...]:
    system, obj, mapping = target.system, target.object, target.mapping
    row = conn.execute(_state(system, obj)).first()
    text = encoded(shapes)
    if row is None:
        conn.execute(
            ops_schema.insert().values(
                system=system,
                object=obj,
                fields=text,
                accepted=text,
                run=run.number,
                at=run.started_at,
            )
        )
        return ()
    accepted = text if mapping.on_drift == "evolve" else row.accepted
    if text != row.fields:
        _note(conn, run, target, differences(decoded(row.fields), shapes))
    if text != row.fields or accepted != row.accepted:
        conn.execute(
            update(ops_schema)
            .where(ops_schema.c.system == system, ops_schema.c.object == obj)
            .values(fields=text, accepted=accepted, run=run.number, at=run.started_at)
        )
    return _held_to(mapping, text, accepted)


def _held_to(mapping: ObjectMapping, fields: str, accepted: str) -> tuple[Drift, ...]:
    if fields == accepted or mapping.on_drift == "evolve":
        return ()
    return touching(differences(decoded(accepted), decoded(fields)), mapping.named_fields)


def _note(conn: Connection, run: Run, target: Target, drifts: Sequence[Drift]) -> None:
    if not drifts:
        return
    mapped = {drift.field for drift in touching(drifts, target.mapping.named_fields)}
    rows = [
        {
            "id": number,
            "system": target.system,
            "object": target.object,
            "field": drift.field,
            "event": drift.event,
            "before": drift.before,
            "after": drift.after,
            "mapped": drift.field in mapped,
            "run": run.number,
            "at": run.started_at,
        }
        for number, drift in zip(
            take_numbers(conn, "schema_event", len(drifts)), drifts, strict=True
        )
    ]
    conn.execute(ops_schema_event.insert(), rows)


def _state(system: str, obj: str) -> Select[Any]:
    return select(ops_schema).where(ops_schema.c.system == system, ops_schema.c.object == obj)


def _listed(drifts: Sequence[Drift]) -> str:
    more = f"; and {len(drifts) - _SHOWN} more" if len(drifts) > _SHOWN else ""
    return "; ".join(map(str, drifts[:_SHOWN])) + more
