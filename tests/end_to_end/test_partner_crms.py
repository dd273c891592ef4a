"""Partners' own CRMs over real HTTP, asserted on the request logs of their servers.

`make soak` runs the same campaign with 50 partners and 5,000 leads.
"""

from pathlib import Path

import pytest

from soak.partners.campaign import Campaign, Step
from soak.partners.world import World, served

PARTNERS, LEADS = 5, 60


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, list[Step]]:
    folder: Path = tmp_path_factory.mktemp("partners")
    world = World(PARTNERS, LEADS, folder)
    with served(world):
        steps = Campaign(world).run()
    return world, steps


def test_no_server_is_sent_a_word_of_another_partners_lead(
    ran: tuple[World, list[Step]],
) -> None:
    world, steps = ran
    assert [(step.name, step.leaks) for step in steps if step.leaks] == []
    had = {partner: set[int]() for partner in range(PARTNERS)}
    for lead, partners in world.holders.items():
        for partner in partners:
            had[partner].add(lead)
    assert world.seen() == had


def test_each_system_holds_exactly_its_own_after_every_sync(
    ran: tuple[World, list[Step]],
) -> None:
    assert [(step.name, step.not_theirs) for step in ran[1] if step.not_theirs] == []


def test_what_is_wrong_is_told_and_the_rest_is_green(ran: tuple[World, list[Step]]) -> None:
    _, steps = ran
    broken = {step.name: [law for law, holds in step.laws.items() if not holds] for step in steps}
    assert {name: laws for name, laws in broken.items() if laws} == {
        "a mapping is wrong on purpose": ["honesty"]
    }
    assert steps[-1].outcomes == {}


def test_what_a_partner_has_not_accepted_was_sent_masked(ran: tuple[World, list[Step]]) -> None:
    """Family names end in `b`, and no lead with an odd number was accepted."""
    world, _ = ran
    sent = [
        line["body"].casefold()
        for line in world.log.lines
        if line["system"].startswith("p") and line["body"]
    ]
    named = {n for word, n in world.tokens.items() if any(f"{word}b" in body for body in sent)}
    assert named == set(range(0, LEADS, 2))
