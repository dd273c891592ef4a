"""The three-way delete truth: what is known here against what the system shows to our user.

A record that is not shown any more is deleted, merged into another one, or hidden from us. The
system is asked which; about the hidden ones it says nothing. They stay in effect, and too many of
them at once mean that a permission is lost.
"""

import polars as pl
from sqlalchemy import Connection, literal, select, update

from hub.connectors.contract import RECORD_ID
from hub.errors import PermissionLost
from hub.models import bulk
from hub.models.database import reading, writing
from hub.models.operations import ops_hidden, ops_quarantine
from hub.models.sources import HIDDEN
from hub.sync import quarantine, rechecks
from hub.sync.landing import Landing
from hub.sync.quarantine import WAITING
from hub.sync.targets import Target

_STEP = "reconcile"


def reconcile_with_present(landing: Landing) -> None:
    """Compare with the ids the system shows now, and read what is there and not known here."""
    spec = landing.target.spec
    with landing.step(_STEP):
        with landing.watch.lap("pull"):
            parts = list(landing.connector.present(spec))
        shown = pl.concat([pl.Series(RECORD_ID, [], dtype=pl.String), *parts])
        with reading(landing.engine) as conn:
            known = _known(conn, landing.target)
        here = known.filter(pl.col("gone").is_null())[RECORD_ID]
        unknown = shown.filter(~shown.is_in(here.implode()))
        # Of a partner's own records we know nothing, and need not.
        if unknown.len() and landing.target.keyed_by is None:
            landing.take(landing.connector.fetch(spec, unknown.to_list()))
    reconcile(landing, shown)


def reconcile(landing: Landing, shown: pl.Series) -> None:
    """Find out what became of each record that is in effect here and not among `shown`, all that
    our user sees. Raises PermissionLost when too many are hidden that were not so when last
    compared; then none is marked."""
    target = landing.target
    with reading(landing.engine) as conn:
        known = _known(conn, target)
    missing = known.filter(~pl.col(RECORD_ID).is_in(shown.implode()))
    if missing.height:
        ids = missing[RECORD_ID].to_list()
        with landing.step(_STEP):
            told = landing.take(landing.connector.trace(target.spec, ids))
        missing = missing.filter(~pl.col(RECORD_ID).is_in(told[RECORD_ID].implode()))
    hidden = missing.filter("landed")[RECORD_ID]
    seen = known.filter("landed", pl.col("gone").is_null())[RECORD_ID]
    _refuse_loss(landing, hidden.filter(hidden.is_in(seen.implode())).len(), seen.len())
    with writing(landing.engine) as conn:
        _hide(conn, landing, hidden)
        # What only waits in quarantine could be retried into the model, though it is not there.
        quarantine.replace(conn, target, landing.run, missing.filter(~pl.col("landed"))[RECORD_ID])
        rechecks.note(conn, target, rechecks.IDS, landing.run)


def _known(conn: Connection, target: Target) -> pl.DataFrame:
    """record_id, gone, landed of what is in effect; what only waits in quarantine is not landed."""
    table, q = target.table, ops_quarantine.c
    landed = bulk.read(
        conn,
        select(table.c.record_id, table.c.gone).where(
            table.c.system == target.system,
            table.c.object == target.object,
            table.c.is_deleted.is_(False),
        ),
    )
    waiting = bulk.read(
        conn,
        select(q.record_id).where(
            q.system == target.system, q.object == target.object, q.status == WAITING
        ),
    )
    return pl.concat(
        [
            landed.with_columns(landed=pl.lit(value=True)),
            waiting.unique()
            .join(landed, on=RECORD_ID, how="anti")
            .select(RECORD_ID, pl.lit(None, pl.String).alias("gone"), landed=pl.lit(value=False)),
        ]
    )


def _refuse_loss(landing: Landing, hidden: int, known: int) -> None:
    """Law 7: many records out of sight at once are a lost permission, not news of the records."""
    target, most = landing.target, landing.config.hidden_share
    if hidden <= most * known:
        return
    with writing(landing.engine) as conn:
        rechecks.forget(conn, target)
    raise PermissionLost(
        f"{target.system}/{target.object}: {hidden} of {known} known records are not shown to our "
        f"user, nor told to be deleted; `hidden_share` allows {most:.2%}.",
        remedy="check the integration user's object permissions and sharing; nothing was marked or "
        "deleted. If they are rightly out of sight, raise `hidden_share` of this system",
    )


def _hide(conn: Connection, landing: Landing, hidden: pl.Series) -> None:
    if not hidden.len():
        return
    target, table = landing.target, landing.target.table
    with bulk.staged(conn, hidden.to_frame(), table) as stage:
        conn.execute(
            update(table)
            .where(
                table.c.system == target.system,
                table.c.object == target.object,
                table.c.record_id.in_(select(stage.c.record_id)),
                table.c.gone.is_(None),
            )
            .values(gone=HIDDEN, run=landing.run.number)
        )
        marked = select(
            literal(landing.run.number),
            *(literal(target.system), literal(target.object), table.c.record_id),
        ).where(
            *(table.c.system == target.system, table.c.object == target.object),
            *(table.c.gone == HIDDEN, table.c.run == landing.run.number),
            table.c.record_id.in_(select(stage.c.record_id)),
        )
        names = [column.name for column in ops_hidden.columns]
        conn.execute(ops_hidden.insert().from_select(names, marked))
