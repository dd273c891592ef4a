"""One campaign: leads go out, are accepted, move, a partner is merged, a mapping is wrong."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import yaml
from sqlalchemy import select

from hub.commands.provision import provision
from hub.commands.warehouse import open_workplace
from hub.config import stock_mapping
from hub.models.database import reading
from hub.models.partners import HELD, lead_share
from hub.models.sources import src_lead
from hub.sync.pipeline import sync
from hub.sync.report import SyncReport
from soak.partners.world import TWIN, VENDOR, World, token, write_configuration


@dataclass
class Step:
    """What one sync did and took, and what its partners' servers had been sent by then."""

    name: str
    seconds: float
    outcomes: dict[str, int]
    requests: int
    laws: dict[str, bool]
    leaks: int
    not_theirs: int
    troubles: tuple[str, ...] = ()


@dataclass
class Campaign:
    world: World
    steps: list[Step] = field(default_factory=list)

    def sync(self, name: str) -> SyncReport:
        """A sync, and the question put to the request logs."""
        place = open_workplace(self.world.folder / "hub.yaml")
        before, start = len(self.world.log.lines), perf_counter()
        report = sync(place.engine, place.settings)
        seconds = perf_counter() - start
        self._learn_keys(place.engine)
        self.steps.append(
            Step(
                name,
                seconds,
                {k: n for k, n in report.outcomes.items() if n},
                len(self.world.log.lines) - before,
                {law.law: law.holds for law in report.laws},
                len(self.world.leaks()),
                self._not_theirs(place.engine),
                tuple(report.troubles),
            )
        )
        place.engine.dispose()
        self.world.pass_minutes(2)
        return report

    def run(self, say: Callable[[str], object] = lambda _text: None) -> list[Step]:
        """All steps in their order."""
        world = self.world
        say("provision")
        place = open_workplace(world.folder / "hub.yaml")
        refused = [str(s.error) for s in provision(place) if s.error is not None]
        place.engine.dispose()
        if refused:
            raise RuntimeError("; ".join(refused))
        world.let_reps_answer()
        world.pass_minutes(2)
        say("leads go out")
        if troubles := self.sync("leads go out, masked").troubles:
            raise RuntimeError("; ".join(troubles))
        for lead in range(0, world.leads, 2):
            world.accept(lead)
        world.pass_minutes(2)
        say("every other lead is accepted")
        self.sync("every other one is accepted")
        for lead in range(0, world.leads, 10):
            world.move(lead, (world.holders[lead][-1] + 1) % world.partners)
        world.pass_minutes(2)
        say("every tenth lead moves")
        self.sync("every tenth one moves")
        say("a mapping is wrong")
        foreign = token(world.owned(1)[0], "lead")
        write_configuration(world, [wrong_mapping(f"office@{foreign.lower()}.example")])
        self.sync("a mapping is wrong on purpose")
        write_configuration(world)
        say("a partner is merged")
        self._merge_a_partner()
        self.sync("the mapping is right, a partner merged")
        self.sync("nothing happened")
        return self.steps

    def _merge_a_partner(self) -> None:
        """An account that was there before partner 1's turns out to be the same firm: the partner
        lives on under that one's id, with the leads it has."""
        told = {"Name": f"{token(1, 'partner')} Systems", "Tax_Id__c": "T000000001"}
        self.world.edit_vendor("Account", TWIN, **told)
        self.world.pass_minutes(2)

    def _learn_keys(self, engine: Any) -> None:
        with reading(engine) as conn:
            rows = conn.execute(
                select(src_lead.c.record_id, src_lead.c.hub_key).where(src_lead.c.system == VENDOR)
            ).all()
        of_record = {row.record_id: row.hub_key for row in rows}
        self.world.keys = {
            n: of_record[i] for n, i in self.world.lead_ids.items() if of_record.get(i)
        }

    def _not_theirs(self, engine: Any) -> int:
        """Leads that a partner's system holds and should not, or should hold and does not."""
        numbers = {key: lead for lead, key in self.world.keys.items()}
        with reading(engine) as conn:
            rows = conn.execute(
                select(lead_share.c.system, lead_share.c.hub_id).where(lead_share.c.state == HELD)
            ).all()
        held = {(int(row.system[1:]), numbers[row.hub_id]) for row in rows}
        expected = {(had[-1], lead) for lead, had in self.world.holders.items()}
        return len(held ^ expected)


def wrong_mapping(constant: str) -> str:
    """Partner 0's Salesforce told a constant that is the address of partner 1's lead."""
    lead = stock_mapping("salesforce", "partner")["Lead"]
    lead["push"]["fields"]["Street"] = {"value": constant}
    told = yaml.safe_dump({"p0": {"Lead": lead}}, sort_keys=False)
    return "".join(f"  {line}\n" for line in told.splitlines())
