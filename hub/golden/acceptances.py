"""Values that somebody changed in a system and that the hub takes over, as the mapping's `accept`
says.

What is kept is which source row is believed in which field, and against which value: once the row
that would have given the value says something else, that is news, and holds.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import polars as pl
from sqlalchemy import Connection, Table, bindparam, select, update

from hub.checks.convert import convert
from hub.golden.beliefs import Belief, Place, forget, store, stored
from hub.golden.columns import golden_column
from hub.golden.context import Context
from hub.golden.scope import KEY, on_key
from hub.golden.survivorship import SOURCE, Survivors
from hub.mappings.schema import ObjectMapping
from hub.models import bulk, metadata
from hub.models.golden import company, partner
from hub.models.identity import crosswalk
from hub.models.runs import Run
from hub.models.sources import SOURCES
from hub.sync.agreed import agreed_text, agreed_values, told_values
from hub.sync.cells import canonical

ACCEPTED = "accepted"


def with_accepted(
    conn: Connection,
    context: Context,
    entity: str,
    rows: pl.DataFrame,
    found: Survivors,
    ids: pl.DataFrame,
    run: Run,
) -> Survivors:
    """`found` with the values accepted from `rows` (hub_id, source key, golden fields), of `ids`.

    Stores what is newly accepted, and forgets what no longer stands against the same value.
    """
    before = stored(conn, entity, ids)
    fresh = list(_changed(conn, context, entity, ids))
    if not before and not fresh:
        return found
    hub_ids = {belief.hub_id for belief in before} | {hub_id for hub_id, *_ in fresh}
    chosen = _values(found.rows, hub_ids)
    standing = [b for b in before if b.against == _digest(chosen.get(b.place))]
    forget(conn, entity, [b for b in before if b not in standing])
    owed = {b.place: b.against for b in standing}
    golden = _golden(conn, entity, hub_ids)
    taken = []
    for hub_id, mapping, row, field, column in fresh:
        place = (hub_id, golden_column(mapping.source, column))
        unmoved = owed.get(place, _digest(golden.get(place))) == _digest(chosen.get(place))
        if unmoved and canonical(row[f"agreed:{column}"]) == canonical(golden.get(place)):
            key = (row["system"], row["object"], row["record_id"])
            taken.append((Belief(*place, *key, _digest(chosen.get(place)), run.number), row, field))
    store(conn, entity, [belief for belief, *_ in taken])
    _agree(conn, SOURCES[entity], [(row, field) for _, row, field in taken])
    return _believing(found, rows, [*standing, *(belief for belief, *_ in taken)])


# -- what was changed in its system --------------------------------------------------------------


def _changed(
    conn: Connection, context: Context, entity: str, ids: pl.DataFrame
) -> Iterator[tuple[str, ObjectMapping, dict[str, Any], str, str]]:
    """Hub id, mapping, source row with `agreed:COLUMN`, field and column of each accepted field
    that says something else than was agreed. An emptied field says something only where its
    `blank_in` is `clear`."""
    for system, obj, mapping in context.accepting:
        if mapping.source != entity:
            continue
        table = SOURCES[mapping.source]
        with bulk.staged(conn, ids, crosswalk) as wanted:
            query = (
                select(crosswalk.c.hub_id, table)
                .join_from(crosswalk, table, on_key(table, entity))
                .where(
                    crosswalk.c.hub_id == wanted.c.hub_id,
                    *(table.c.system == system, table.c.object == obj),
                    *(table.c.agreed.is_not(None), table.c.is_deleted.is_(False)),
                )
            )
            rows = bulk.read(conn, query)
        for row in _with_agreed(rows, mapping, table).iter_rows(named=True):
            for field, column in mapping.accepted.items():
                says = row[column] is not None or mapping.empties(field)
                if says and row[column] != row[f"agreed:{column}"]:
                    yield row["hub_id"], mapping, row, field, column


def _with_agreed(rows: pl.DataFrame, mapping: ObjectMapping, table: Table) -> pl.DataFrame:
    """`rows` with what was agreed of the accepted fields, in the type of their columns."""
    fields = mapping.accepted
    agreed = [agreed_values(*pair) for pair in rows.select("told", "agreed").iter_rows()]
    texts = pl.DataFrame(
        {name: [values.get(name) for values in agreed] for name in fields},
        schema=dict.fromkeys(fields, pl.String),
    )
    typed = convert(texts, fields, mapping.values, table).select(fields.values())
    return rows.hstack(typed.rename({column: f"agreed:{column}" for column in fields.values()}))


def _agree(conn: Connection, table: Table, taken: list[tuple[dict[str, Any], str]]) -> None:
    """What was accepted is agreed on, as the record says it."""
    agreed: dict[tuple[str, ...], tuple[str | None, dict[str, str | None]]] = {}
    for row, field in taken:
        key = tuple(row[k] for k in KEY)
        before = dict[str, str | None](agreed_values(row["told"], row["agreed"]))
        _, values = agreed.setdefault(key, (row["told"], before))
        values[field] = told_values(row["told"]).get(field)
    if agreed:
        conn.execute(
            update(table)
            .where(*(table.c[k] == bindparam(f"b_{k}") for k in KEY))
            .values(agreed=bindparam("text")),
            [
                {
                    **{f"b_{k}": part for k, part in zip(KEY, key, strict=True)},
                    "text": agreed_text(told_values(told), values),
                }
                for key, (told, values) in agreed.items()
            ],
        )


# -- what is believed ----------------------------------------------------------------------------


def _golden(conn: Connection, entity: str, hub_ids: set[str]) -> dict[Place, Any]:
    """The values as of the last unify; of a company those of its programme profile, too."""
    table = metadata.tables[entity]
    query = select(table)
    if table is company:
        profile = (partner.c[n].label(f"partner_{n}") for n in ("tier", "status", "territories"))
        query = select(table, *profile).outerjoin(partner, partner.c.company_id == company.c.id)
    with bulk.staged(conn, pl.DataFrame({"id": sorted(hub_ids)}), table) as wanted:
        rows = bulk.read(conn, query.where(table.c.id == wanted.c.id))
    return _values(rows.rename({"id": "hub_id"}), hub_ids)


def _values(rows: pl.DataFrame, hub_ids: set[str]) -> dict[Place, Any]:
    kept = rows.filter(pl.col("hub_id").is_in(sorted(hub_ids)))
    return {
        (row["hub_id"], name): value
        for row in kept.iter_rows(named=True)
        for name, value in row.items()
    }


def _digest(value: Any) -> str | None:
    text = canonical(value)
    return None if text is None else blake2b(text.encode(), digest_size=16).hexdigest()


def _believing(found: Survivors, rows: pl.DataFrame, beliefs: list[Belief]) -> Survivors:
    """`found` with the value of the row believed in each place: the one accepted last."""
    last = {b.place: b for b in sorted(beliefs, key=lambda b: (b.run, b.system, b.record_id))}
    golden, lineage = found.rows, found.lineage
    for field in sorted({b.field for b in last.values()}):
        believed = pl.DataFrame([vars(b) for b in last.values() if b.field == field])
        told = believed.join(
            rows.select("hub_id", *SOURCE, pl.col(field).alias("value")), on=["hub_id", *SOURCE]
        )
        ours = told.select("hub_id", "value", believed=pl.lit(value=True))
        golden = (
            golden.join(ours, on="hub_id", how="left", maintain_order="left")
            .with_columns(
                pl.when(pl.col("believed").fill_null(value=False))
                .then("value")
                .otherwise(field)
                .alias(field)
            )
            .drop("value", "believed")
        )
        place = told.select("hub_id", "field")
        lineage = pl.concat(
            [
                lineage.join(place, on=["hub_id", "field"], how="anti"),
                told.filter(pl.col("value").is_not_null()).select(
                    "hub_id", "field", *SOURCE, rule=pl.lit(ACCEPTED)
                ),
            ]
        )
    return Survivors(golden, lineage)
