"""A made-up channel: real companies, and what a vendor's CRMs and a distributor say of them."""

from sandbox.world.difficulty import Difficulty
from sandbox.world.generate import World, generate
from sandbox.world.truth import Truth

__all__ = ["Difficulty", "Truth", "World", "generate"]
