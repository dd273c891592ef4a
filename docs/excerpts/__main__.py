"""`python -m docs.excerpts`: run the commands whose output the documents show, and show it anew.

A document names the command in a comment before the block, `<!-- printed by: hub … -->`; it is run
in the root of the project.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"(<!-- printed by: (hub [^>]+?) -->\n```\n)(.*?)(\n```)", re.DOTALL)


def documents() -> list[Path]:
    """The documents that show the output of a command."""
    every = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in every if _BLOCK.search(path.read_text(encoding="utf-8"))]


def renewed(text: str) -> str:
    """A document with what its commands print now."""
    return _BLOCK.sub(lambda found: f"{found[1]}{_printed(found[2])}{found[4]}", text)


def _printed(command: str) -> str:
    """What a command prints; one that finds faults says so by its exit code."""
    ran = subprocess.run(  # noqa: S603 - our own documents name them
        [sys.executable, "-m", "hub.cli", *shlex.split(command)[1:]],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
    )
    if ran.returncode not in (0, 1):
        raise SystemExit(f"{command}: {ran.stderr}")
    return "\n".join(line.rstrip() for line in ran.stdout.rstrip().splitlines())


def main() -> None:
    for path in documents():
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
