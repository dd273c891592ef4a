"""What records say now, asked of their system in batches."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hub.connectors.contract import IS_DELETED, MERGED_INTO, RECORD_ID, Connector, ObjectSpec

Said = dict[str, str | None]


@dataclass
class Now:
    """`rows`: record id → what it says. `survivors`: record that was merged → the one it became.
    What is in neither is gone, or not shown."""

    rows: dict[str, Said] = field(default_factory=dict)
    survivors: dict[str, str] = field(default_factory=dict)

    def add(self, other: "Now") -> None:
        self.rows.update(other.rows)
        self.survivors.update(other.survivors)

    def end(self, record_id: str) -> str:
        """The record that answers for this one."""
        return self.survivors.get(record_id, record_id)


def look(connector: Connector, spec: ObjectSpec, record_ids: Sequence[str]) -> Now:
    """The records as they are now, those that were merged under the record they became."""
    wanted = list(dict.fromkeys(record_ids))
    now = Now(_fetched(connector, spec, wanted))
    missing = [record_id for record_id in wanted if record_id not in now.rows]
    if not missing:
        return now
    for batch in connector.trace(spec, missing):
        for row in batch.rows.iter_rows(named=True):
            if row[IS_DELETED] != "true":
                now.rows[row[RECORD_ID]] = row
            elif row[MERGED_INTO]:
                now.survivors[row[RECORD_ID]] = row[MERGED_INTO]
    ends = sorted(set(now.survivors.values()) - set(now.rows))
    if ends:
        now.rows.update(_fetched(connector, spec, ends))
    return now


def _fetched(connector: Connector, spec: ObjectSpec, record_ids: Sequence[str]) -> dict[str, Said]:
    return {
        row[RECORD_ID]: row
        for batch in connector.fetch(spec, record_ids)
        for row in batch.rows.iter_rows(named=True)
        if row[IS_DELETED] != "true"
    }
