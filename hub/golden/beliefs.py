"""Which source row is believed in which field, and against which value."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, bindparam, select

from hub.golden.scope import KEY
from hub.models import bulk
from hub.models.identity import crosswalk
from hub.models.operations import ops_accepted

Place = tuple[str, str]
"""Hub id and golden column."""


@dataclass(frozen=True)
class Belief:
    """A source row that is believed in one column of the golden row it belongs to."""

    hub_id: str
    field: str
    system: str
    object: str
    record_id: str
    against: str | None
    run: int

    @property
    def place(self) -> Place:
        return self.hub_id, self.field


def stored(conn: Connection, entity: str, ids: pl.DataFrame) -> list[Belief]:
    """What is believed of these hub ids."""
    of = [ops_accepted.c[k] == crosswalk.c[k] for k in ("entity", *KEY)]
    with bulk.staged(conn, ids, crosswalk) as wanted:
        query = (
            select(
                crosswalk.c.hub_id,
                ops_accepted.c.field,
                *(ops_accepted.c[k] for k in KEY),
                *(ops_accepted.c.against, ops_accepted.c.run),
            )
            .join_from(ops_accepted, crosswalk, of[0] & of[1] & of[2] & of[3])
            .where(ops_accepted.c.entity == entity, crosswalk.c.hub_id == wanted.c.hub_id)
        )
        return [Belief(**row) for row in conn.execute(query).mappings()]


def forget(conn: Connection, entity: str, beliefs: list[Belief]) -> None:
    if not beliefs:
        return
    key = ("field", *KEY)
    conn.execute(
        ops_accepted.delete().where(
            ops_accepted.c.entity == entity,
            *(ops_accepted.c[k] == bindparam(f"b_{k}") for k in key),
        ),
        [{f"b_{k}": getattr(b, k) for k in key} for b in beliefs],
    )


def store(conn: Connection, entity: str, beliefs: list[Belief]) -> None:
    """Keep these, each in place of what was believed of the same row and column."""
    if not beliefs:
        return
    forget(conn, entity, beliefs)
    names = ("field", *KEY, "against", "run")
    conn.execute(
        ops_accepted.insert(),
        [{"entity": entity, **{n: getattr(b, n) for n in names}} for b in beliefs],
    )
