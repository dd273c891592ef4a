"""`python -m soak.partners`: exit code 0 when no server was sent a word of another partner's lead,
and each holds exactly its own, else 1."""

import argparse
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from soak.partners.campaign import Campaign, Step
from soak.partners.world import World, served


def main() -> int:
    options = _parser().parse_args()
    with TemporaryDirectory(prefix="hub-partners-") as folder:
        world = World(options.partners, options.leads, Path(folder))
        with served(world):
            steps = Campaign(world).run(lambda text: sys.stderr.write(f"{text}\n"))
        sys.stdout.write(f"{report(world, steps)}\n")
    return 0 if held(steps) else 1


def held(steps: Sequence[Step]) -> bool:
    """Whether isolation held after every sync, and the last one had nothing to do."""
    return not any(step.leaks or step.not_theirs for step in steps) and not steps[-1].outcomes


def report(world: World, steps: Sequence[Step]) -> str:
    """The figures of every step, as lines."""
    told = world.log.lines
    lines = [
        f"{world.partners} partner CRMs, {world.leads:,} leads, {len(told):,} requests in all",
        f"{'step':<40} {'seconds':>8} {'requests':>9} {'leaks':>6} {'misheld':>8}  outcomes",
    ]
    for step in steps:
        outcomes = ", ".join(f"{name} {n:,}" for name, n in step.outcomes.items()) or "nothing"
        broken = [name for name, holds in step.laws.items() if not holds]
        note = f"; broken: {', '.join(broken)}" if broken else ""
        lines.append(
            f"{step.name:<40} {step.seconds:>8.1f} {step.requests:>9,} {step.leaks:>6} "
            f"{step.not_theirs:>8}  {outcomes}{note}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    lines.append(f"peak memory {peak:,} MB, the CRMs of all partners included")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m soak.partners", description=__doc__)
    parser.add_argument("--partners", type=int, default=50)
    parser.add_argument("--leads", type=int, default=5_000)
    return parser


if __name__ == "__main__":
    sys.exit(main())
