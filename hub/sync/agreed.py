"""What the hub last agreed with a record about the fields it writes: by that, a change made in the
system is told from one of the hub's own.

`told` is what a record says now, `agreed` what it said when the hub last wrote it or had nothing to
write. Both are JSON of field → text without the empty ones; an `agreed` of null is the same as
`told`, which it is for nearly all records.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from sqlalchemy import Connection, Table, select

from hub.checks.convert import convert
from hub.connectors.contract import RECORD_ID
from hub.mappings.schema import ObjectMapping
from hub.models.sources import SOURCES
from hub.sync.fingerprint import told_text

MEANT = "meant:"
_NOTHING = "{}"


def still_agreed(rows: pl.DataFrame, known: pl.DataFrame, *, anew: bool) -> pl.DataFrame:
    """Landed `rows` (record_id, told) with `agreed`, from what was known before of them.

    `anew`: other fields are kept than before, so nothing is agreed about any.
    """
    if anew or known.is_empty():
        return rows.with_columns(agreed=pl.lit(None, pl.String))
    before = known.select(
        RECORD_ID, pl.col("told").alias("known_told"), pl.col("agreed").alias("known_agreed")
    )
    agreed = pl.coalesce("known_agreed", "known_told", pl.lit(_NOTHING))
    joined = rows.join(before, on=RECORD_ID, how="left", maintain_order="left")
    is_known = pl.col(RECORD_ID).is_in(known[RECORD_ID].implode())
    differs = agreed != pl.col("told").fill_null(_NOTHING)
    return joined.with_columns(agreed=pl.when(is_known & differs).then(agreed)).drop(
        "known_told", "known_agreed"
    )


def told_values(text: str | None) -> dict[str, str]:
    """The values of a `told`."""
    return json.loads(text) if text else {}


def agreed_values(told: str | None, agreed: str | None) -> dict[str, str]:
    """What is agreed with a record that says `told`."""
    return told_values(told if agreed is None else agreed)


def agreed_text(told: Mapping[str, str | None], agreed: Mapping[str, str | None]) -> str | None:
    """The `agreed` of a record that says these values."""
    text = told_text(agreed)
    return None if text == told_text(told) else text or _NOTHING


def meant(mapping: ObjectMapping, table: Table, told: Mapping[str, str | None]) -> dict[str, Any]:
    """What a record says in the fields that are both read and written, as MEANT + column → value:
    what was written into it is what it says, in the columns of its table too."""
    shared = mapping.shared
    if not shared:
        return {}
    texts = pl.DataFrame(
        {name: [told.get(name)] for name in shared}, schema=dict.fromkeys(shared, pl.String)
    )
    typed = convert(texts, shared, mapping.values, table).row(0, named=True)
    return {MEANT + column: typed[column] for column in shared.values()}


def left_as_changed(
    conn: Connection, system: str, obj: str, mapping: ObjectMapping
) -> Iterator[tuple[str, str]]:
    """Record and field of each value that was changed in its system and that the mapping's `flag`
    leaves as it is."""
    fields = mapping.push.fields if mapping.push is not None else {}
    flagged = sorted(name for name, rule in fields.items() if rule.drift == "flag")
    if not flagged:
        return
    c = SOURCES[mapping.source].c
    query = select(c.record_id, c.told, c.agreed).where(
        c.system == system, c.object == obj, c.agreed.is_not(None), c.is_deleted.is_(False)
    )
    for row in conn.execute(query.order_by(c.record_id)):
        told, agreed = told_values(row.told), told_values(row.agreed)
        for name in flagged:
            if told.get(name) != agreed.get(name):
                yield row.record_id, name
