"""One sync of a folder as a process of its own, at a stated moment: what gets killed."""

import sys
from datetime import datetime
from pathlib import Path

from hub.commands.warehouse import open_workplace
from hub.sync.pipeline import sync


def main(folder: str, moment: str) -> int:
    place = open_workplace(Path(folder) / "hub.yaml")
    started = datetime.fromisoformat(moment)
    report = sync(place.engine, place.settings, clock=lambda: started)
    return 0 if report.status == "done" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
