"""`python -m soak`: exit code 0 when the warehouse equals the truth after the last run, else 1."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from soak.campaign import Plan, Result, soak

_SHOWN = 4


def main() -> int:
    options = _parser().parse_args()
    plan = Plan(options.runs, options.records, options.seed, options.fault_rate)
    with TemporaryDirectory(prefix="hub-soak-") as temporary:
        folder = options.dir or Path(temporary) / "soak"
        result = soak(plan, folder, _say)
    sys.stdout.write(f"{report(result)}\n")
    return 1 if result.differences else 0


def _parser() -> argparse.ArgumentParser:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=usual.runs)
    parser.add_argument("--records", type=int, default=usual.records)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--fault-rate", type=float, default=usual.fault_rate)
    parser.add_argument("--dir", type=Path, help="keep everything in this empty folder")
    return parser


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")


def report(result: Result) -> str:
    """All figures as text, the differences last."""
    plan, account, figures = result.plan, result.account, result.figures
    share = account["struck"] / max(1, account["requests"])
    compared = {
        name: f"{figures.get(name, 0):,}"
        for name in (
            "rows",
            "values",
            "associations",
            "deletions",
            "hidden",
            "merges",
            "quarantined",
            "refused for ever",
        )
    }
    told = ", ".join(f"{number} {name}" for name, number in compared.items())
    written, made, twice = (figures.get(name, 0) for name in ("writes", "creates", "in vain"))
    struck = f"faults struck {account['struck']:,} ({share:.1%})"
    lines = [
        f"runs             {plan.runs} ({_counts(result.runs)}), seed {plan.seed}",
        f"requests         {account['requests']:,}, {struck}",
        f"faults by kind   {_counts(account['faults'])}",
        f"world's changes  {_counts(account['changes'])}",
        f"compared         {told}",
        f"writes           {written:,}, {made:,} made a record; duplicates {twice}",
        f"seconds          {result.seconds:.0f}, {result.seconds / plan.runs:.2f} a run",
        f"                 {_seconds(result.steps, plan.runs)}",
        f"mismatches       {sum(map(len, result.differences.values()))}",
    ]
    for where, found in result.differences.items():
        lines.append(f"  {where}: {len(found)}")
        lines += [f"    {difference}" for difference in found[:_SHOWN]]
    return "\n".join(lines)


def _counts(counted: dict[str, int]) -> str:
    ordered = sorted(counted.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {number:,}" for name, number in ordered)


def _seconds(steps: dict[str, float], runs: int) -> str:
    ordered = sorted(steps.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {seconds / runs:.2f}" for name, seconds in ordered)


if __name__ == "__main__":
    sys.exit(main())
