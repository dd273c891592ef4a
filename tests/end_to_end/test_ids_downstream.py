"""An id that has merged or parted is followed in the CRMs: over real HTTP, through whole syncs.

HubSpot's contacts carry the hub's key of the person; leads and opportunities that of the partner.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from channel_folder import MOMENT, Served, make_start, served
from sqlalchemy import func, select

from hub.commands.explain import explain
from hub.commands.warehouse import Workplace, open_workplace
from hub.config import load_config
from hub.connectors.contract import RECORD_ID, ObjectSpec
from hub.identity import resolve_id
from hub.models.database import deciding, reading
from hub.models.golden import lead_assignment
from hub.models.identity import crosswalk, identity_decision, identity_event
from hub.models.sources import src_contact
from hub.stewardship.decisions import withdraw
from hub.stewardship.judging import Wish, judge_one
from hub.sync.flow import connected
from hub.sync.pipeline import sync
from hub.sync.report import SyncReport

HUBSPOT, SALESFORCE = "acme_hubspot", "acme_salesforce"


@dataclass
class Day:
    """A synced channel whose CRMs are up, and a clock."""

    crms: Served
    place: Workplace
    now: datetime = field(default=MOMENT)

    def sync(self) -> SyncReport:
        self.now += timedelta(minutes=5)
        report = sync(self.place.engine, self.place.settings, clock=lambda: self.now)
        assert (report.status, report.troubles) == ("done", [])
        return report

    def judge(self, judgement: Any, a: str, b: str) -> int:
        with deciding(self.place.engine, identity_decision) as conn:
            return judge_one(conn, Wish(judgement, a, b, "Ada", "seen"), self.now).number

    def withdraw(self, number: int) -> None:
        with deciding(self.place.engine, identity_decision) as conn:
            withdraw(conn, number, "Ada", "a mistake", self.now)

    def living(self, hub_id: str) -> str:
        with reading(self.place.engine) as conn:
            return resolve_id(conn, hub_id)

    def id_of(self, obj: str, record_id: str, entity: str) -> str:
        x = crosswalk.c
        named = (x.entity == entity, x.object == obj, x.record_id == record_id)
        with reading(self.place.engine) as conn:
            return str(conn.scalar(select(x.hub_id).where(*named)))

    def says(self, system: str, obj: str, name: str) -> dict[str, str]:
        """Record → what a field says in the CRM itself, where it says something."""
        settings = load_config(self.crms.folder / "hub.yaml")
        with connected(settings, [system]) as connectors:
            batches = list(connectors[system].pull(ObjectSpec(obj, (name,)), None))
        rows = pl.concat([batch.rows for batch in batches]).drop_nulls(name)
        return {record: said for record, said in rows.select(RECORD_ID, name).iter_rows() if said}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """One channel for all: what is judged in one test is not what another one looks at."""
    folder = tmp_path_factory.mktemp("downstream")
    make_start(folder / "start", 60)
    with served(folder / "start", folder / "channel") as crms:
        made = Day(crms, open_workplace(crms.folder / "hub.yaml"))
        made.sync()
        yield made


def _to_merge(day: Day, keys: dict[str, str]) -> tuple[str, str, str]:
    """A record with its person, and an older person of no fewer records who has no key there."""
    x = crosswalk.c
    query = select(x.hub_id, func.count()).where(x.entity == "contact").group_by(x.hub_id)
    with reading(day.place.engine) as conn:
        records = dict(conn.execute(query).all())
    record, old = min(keys.items(), key=lambda one: (records[one[1]], one))
    others = [hub_id for hub_id in records if hub_id not in keys.values()]
    survivor = min(others, key=lambda hub_id: (-records[hub_id], hub_id))
    assert (records[survivor], old) >= (records[old], survivor)
    return record, old, survivor


def _true_keys(day: Day) -> None:
    """Every key in the portal leads to the person of its record, and no two are the same."""
    keys = day.says(HUBSPOT, "contacts", "hub_contact_key")
    assert keys
    assert len(set(keys.values())) == len(keys)
    for record, key in keys.items():
        assert day.living(key) == day.id_of("contacts", record, "contact")


def test_the_key_of_a_person_follows_a_merge_and_a_split(day: Day) -> None:
    keys = day.says(HUBSPOT, "contacts", "hub_contact_key")
    record, old, survivor = _to_merge(day, keys)
    number = day.judge("same", old, survivor)
    day.sync()
    assert day.living(old) == survivor
    assert day.says(HUBSPOT, "contacts", "hub_contact_key")[record] == survivor
    _true_keys(day)
    assert day.sync().outcomes["applied"] == 0
    found = explain(day.place, "contact", old)
    assert (found["id"], found["asked"]) == (survivor, old)
    day.withdraw(number)
    day.judge("different", f"{HUBSPOT}/contacts/{record}", survivor)
    day.sync()
    now = day.id_of("contacts", record, "contact")
    assert now != survivor
    assert day.says(HUBSPOT, "contacts", "hub_contact_key")[record] == now
    _true_keys(day)
    assert day.sync().outcomes["applied"] == 0
    _every_id_resolves(day)


def test_leads_and_opportunities_follow_the_partner_who_merged(day: Day) -> None:
    loser, survivor = _partners_with_leads(day)
    day.judge("same", loser, survivor)
    day.sync()
    ended = day.living(loser.replace("pa_", "co_"))
    gone = {loser, survivor} - {ended.replace("co_", "pa_")}
    for system, obj, name in (
        (SALESFORCE, "Lead", "Hub_Partner_Key__c"),
        (SALESFORCE, "Opportunity", "Hub_Partner_Key__c"),
        (HUBSPOT, "leads", "hub_partner_key"),
    ):
        said = set(day.says(system, obj, name).values())
        assert said.isdisjoint(gone), (system, obj)
        assert all(
            day.living(key.replace("pa_", "co_")).replace("co_", "pa_") == key for key in said
        )
    assert explain(day.place, "partner", gone.pop())["id"] == ended.replace("co_", "pa_")
    assert day.sync().outcomes["applied"] == 0
    _every_id_resolves(day)


def _partners_with_leads(day: Day) -> tuple[str, str]:
    assigned = lead_assignment.c.partner_id
    query = select(assigned).where(assigned.is_not(None)).group_by(assigned)
    with reading(day.place.engine) as conn:
        first, second = conn.scalars(query.order_by(func.count().desc(), assigned).limit(2)).all()
    return str(first), str(second)


def _every_id_resolves(day: Day) -> None:
    """Each company and person ever issued leads to one that has records."""
    with reading(day.place.engine) as conn:
        issued = set(conn.scalars(select(identity_event.c.hub_id)))
        used = set(conn.scalars(select(crosswalk.c.hub_id)))
        keyed = set(conn.scalars(select(src_contact.c.hub_key)))
    assert {day.living(hub_id) for hub_id in issued} <= used
    assert {day.living(key) for key in keyed if key} <= used
