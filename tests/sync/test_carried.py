"""Which record carries a person's id after merges and splits: one each, and none a wrong one."""

import polars as pl
import pytest
from desk import HUBSPOT, Desk
from moments import MORNING
from sqlalchemy import Engine

from hub.config import Settings
from hub.models.database import reading, writing
from hub.models.identity import identity_alias, identity_event
from hub.sync.carried import stale_keys

Keys = dict[str, tuple[str, str]]
"""Record → the person it stands for, and the key it carries."""


def _planned(
    engine: Engine, settings: Settings, records: Keys, aliases: dict[str, str]
) -> list[tuple[str | None, str | None]]:
    """(record, new key) in the order to apply them."""
    desk = Desk(engine, settings)
    for record, (hub_id, key) in records.items():
        desk.record(HUBSPOT, "contacts", record, hub_id, hub_key=key)
    issued = {key for key in [*aliases, *(h for h, _ in records.values())] if key[:3] == "ct_"}
    with writing(engine) as conn:
        for hub_id in sorted(issued):
            conn.execute(
                identity_event.insert().values(
                    entity="contact", kind="mint", hub_id=hub_id, evidence="{}", run=1, at=MORNING
                )
            )
        for old, now in aliases.items():
            conn.execute(identity_alias.insert().values(old_id=old, hub_id=now, run=1))
    ids = pl.DataFrame({"id": [hub_id for hub_id, _ in records.values()]})
    mapping = settings.mappings[HUBSPOT]["contacts"]
    with reading(engine) as conn:
        found = list(stale_keys(conn, HUBSPOT, "contacts", mapping, ids))
    return [(c.record_id, c.fields["hub_contact_key"]["after"]) for c in found]


@pytest.mark.parametrize(
    ("records", "aliases", "planned"),
    [
        pytest.param({"r1": ("ct_1", "ct_1")}, {}, [], id="right as it is"),
        pytest.param({"r1": ("ct_2", "ct_1")}, {"ct_1": "ct_2"}, [("r1", "ct_2")], id="merged"),
        pytest.param(
            {"r1": ("ct_2", "ct_1"), "r2": ("ct_2", "ct_2")}, {"ct_1": "ct_2"}, [],
            id="merged, and the other record carries the id: a key is unique",
        ),
        pytest.param(
            {"r1": ("ct_3", "ct_1"), "r2": ("ct_3", "ct_2")}, {"ct_1": "ct_3", "ct_2": "ct_3"},
            [("r1", "ct_3")], id="two old ids of one person: the first record takes the new one",
        ),
        pytest.param({"r1": ("ct_9", "ct_1"), "r2": ("ct_1", "ct_5")}, {"ct_5": "ct_1"},
                     [("r1", "ct_9"), ("r2", "ct_1")], id="parted: let go before it is taken"),
        pytest.param(
            {"r1": ("ct_9", "ct_1"), "r2": ("ct_9", "ct_9"), "r3": ("ct_1", "ct_1")}, {},
            [("r1", None)], id="a wrong key where the right one is taken is cleared",
        ),
        pytest.param({"r1": ("ct_1", "nonsense")}, {}, [("r1", "ct_1")], id="never one of ours"),
    ],
)  # fmt: skip
def test_each_person_has_its_id_on_one_record(
    engine: Engine,
    settings: Settings,
    records: Keys,
    aliases: dict[str, str],
    planned: list[tuple[str, str | None]],
) -> None:
    assert _planned(engine, settings, records, aliases) == planned


def test_a_key_that_is_written_otherwise_is_left_to_its_rule(settings: Settings) -> None:
    objects = {**settings.mappings["acme_salesforce"], **settings.mappings[HUBSPOT]}
    carried = {name: mapping.carried_key for name, mapping in objects.items()}
    assert {name: key for name, key in carried.items() if key} == {"contacts": "hub_contact_key"}
