"""Running a Singer tap as its users do: a process, files for config and state, messages out."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]


@dataclass
class Pulled:
    """What one run said: the rows by stream in their order, and the state to go on from."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    state: Row = field(default_factory=dict)

    def by_id(self, stream: str, key: str = "id") -> dict[str, Row]:
        """The rows of a stream by id, as a target would keep them: the last one of an id wins."""
        return {row[key]: row for row in self.rows.get(stream, [])}


class Tap:
    """A tap's program with its configuration, in a folder of its own."""

    def __init__(
        self, program: Path, folder: Path, config: Row, env: Mapping[str, str], catalog_option: str
    ) -> None:
        self.program, self.folder, self.catalog_option = program, folder, catalog_option
        # What a developer's own shell says of proxies must not lead a tap out of the machine.
        inherited = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        self.env = {**inherited, **env}
        self._write("config", config)

    def discover(self) -> Row:
        found: Row = json.loads(self._run("--discover"))
        return found

    def pull(self, catalog: Row, wants: Callable[[Row], Row], state: Row | None = None) -> Pulled:
        """Sync the streams of a catalogue; `wants` gives what to set in a stream's metadata."""
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"].update(wants(stream))
        options = [self.catalog_option, self._write("catalog", catalog)]
        if state is not None:
            options += ["--state", self._write("state", state)]
        pulled = Pulled()
        for line in self._run(*options).splitlines():
            message = json.loads(line)
            if message["type"] == "RECORD":
                pulled.rows.setdefault(message["stream"], []).append(message["record"])
            elif message["type"] == "STATE":
                pulled.state = message["value"]
        return pulled

    def _run(self, *options: str) -> str:
        done = subprocess.run(
            [self.program, "--config", str(self.folder / "config.json"), *options],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-5_000:]
        return done.stdout

    def _write(self, name: str, content: Row) -> str:
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(content))
        return str(file)
