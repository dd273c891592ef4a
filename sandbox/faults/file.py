"""The fault file: YAML in, checked rules out. Every refusal names file, rule, key and remedy.

```yaml
seed: 7
systems:
  acme_hubspot:
    - name: busy evenings          # optional, shown in the counts and in the request log
      match: {method: GET, path: /objects/companies, every: 10}
      kind: status
      status: 503
      retry_after: 2
```
"""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults.kinds import (
    Answer,
    Behaviour,
    Hit,
    Kind,
    Knowledge,
    Parameters,
)
from sandbox.faults.rules import Match, Rule
from sandbox.faults.transport import TRANSPORT, send_answer

Structure = TypeVar("Structure", bound=msgspec.Struct)
_OWN_KEYS = ("name", "match", "kind")
DEFAULT_SEED = 7


class FaultsError(Exception):
    """A fault file, or a list of rules, that cannot be used; the message says what to change."""


@dataclass(frozen=True)
class FaultFile:
    """What a fault file says, not yet checked against what the systems know."""

    source: str = "faults"
    seed: int = DEFAULT_SEED
    systems: Mapping[str, Sequence[object]] = field(default_factory=dict)

    def require_known(self, systems: Collection[str]) -> None:
        """FaultsError when a section is for a system that is not served."""
        for name in self.systems:
            if name not in systems:
                where = f"{self.source}: systems: {name}"
                raise FaultsError(f"{where}: no such system; {_choice(name, systems)}")


def read_faults(file: Path) -> FaultFile:
    """The file as it stands; FaultsError when it is no file of this form."""
    try:
        read: object = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise FaultsError(
            f"{file}: cannot be read ({error.strerror}); give another file"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        told = " ".join(str(error).split())
        raise FaultsError(f"{file}: is not YAML ({told}); correct it there") from error
    return fault_file(read, str(file))


def fault_file(read: object, source: str) -> FaultFile:
    """The document as a `FaultFile`."""
    if not isinstance(read, dict) or not isinstance(read.get("systems"), dict):
        raise FaultsError(
            f"{source}: systems: is missing; write `systems:` with a list of rules for each system"
        )
    unknown = [key for key in read if key not in {"seed", "systems"}]
    if unknown:
        raise FaultsError(f"{source}: {unknown[0]}: unknown key; write only seed and systems here")
    for name, rules in read["systems"].items():
        if not isinstance(rules, list):
            raise FaultsError(f"{source}: systems: {name}: is not a list; write each rule as `- `")
    return FaultFile(source, seed_of(read, source), read["systems"])


def seed_of(read: Mapping[str, object], source: str) -> int:
    seed = read.get("seed", DEFAULT_SEED)
    if type(seed) is not int:
        raise FaultsError(f"{source}: seed: is not a whole number; write one, or leave it out")
    return seed


def rules_of(file: FaultFile, system: str, knowledge: Knowledge) -> list[Rule]:
    """The rules for one system, checked against the kinds and objects that the system knows."""
    raw = file.systems.get(system, ())
    rules = [
        _rule(one, f"{file.source}: {system}[{number}]", number, f"{file.seed}:{system}", knowledge)
        for number, one in enumerate(raw)
    ]
    names = [rule.name for rule in rules]
    for number, name in enumerate(names):
        if name in names[:number]:
            where = f"{file.source}: {system}[{number}]"
            raise FaultsError(f"{where}: name: {name!r} is taken; give each rule another name")
    return rules


def _rule(raw: object, where: str, number: int, seed: str, knowledge: Knowledge) -> Rule:
    if not isinstance(raw, dict):
        raise FaultsError(f"{where}: is not a mapping; write at least `kind:`")
    name = raw.get("name", f"{raw.get('kind')} {number}")
    if not isinstance(name, str) or not name:
        raise FaultsError(f"{where}: name: is not text; write a short name, or leave it out")
    if "name" in raw:
        where = f"{where} ({name})"
    kind = raw.get("kind")
    kinds = [*TRANSPORT, *knowledge.kinds]
    if not isinstance(kind, str) or kind not in kinds:
        problem = "is missing" if kind is None else f"{kind!r} is unknown here"
        raise FaultsError(f"{where}: kind: {problem}; {_choice(str(kind), kinds)}")
    match = _structure(Match, raw.get("match", {}), f"{where}: match")
    _check_match(match, where, knowledge)
    given = {key: value for key, value in raw.items() if key not in _OWN_KEYS}
    return Rule(name, kind, match, _behaviour(kind, given, where, knowledge), f"{seed}:{number}")


def _check_match(match: Match, where: str, knowledge: Knowledge) -> None:
    if match.path is not None:
        try:
            re.compile(match.path)
        except re.error as error:
            raise FaultsError(
                f"{where}: match: path: {match.path!r} is not a regular expression ({error}); "
                "escape what is meant literally with a backslash"
            ) from error
    if match.object is None:
        return
    if not knowledge.object_names:
        raise FaultsError(
            f"{where}: match: object: this system does not tell which object a request is about; "
            "match by path"
        )
    if match.object not in knowledge.object_names:
        raise FaultsError(
            f"{where}: match: object: {match.object!r} is unknown; "
            f"{_choice(match.object, knowledge.object_names)}"
        )


def _behaviour(
    kind: str, given: Mapping[str, object], where: str, knowledge: Knowledge
) -> Behaviour:
    declared = knowledge.kinds.get(kind)
    if declared is not None:
        return Handled(declared, _structure(declared.parameters, given, where))
    return _structure(TRANSPORT[kind], given, where)


@dataclass(frozen=True)
class Handled:
    """A kind of a system's own: its handler first, then the app, unless there is an answer."""

    kind: Kind[Any]
    parameters: Parameters

    async def meet(
        self, hit: Hit, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        answer: Answer | None = self.kind.handle(self.parameters, hit)
        if answer is None:
            await app(scope, receive, send)
        else:
            await send_answer(answer, hit, send)


def _structure(model: type[Structure], given: object, where: str) -> Structure:
    """A mapping as `model`, key by key, so that a refusal can name the key."""
    if not isinstance(given, dict):
        raise FaultsError(f"{where}: is not a mapping; write {{key: value}}")
    known = {known.name: known for known in msgspec.structs.fields(model)}
    for key in given:
        if key not in known:
            raise FaultsError(f"{where}: {key}: unknown key; {_choice(str(key), known)}")
    values = {}
    for name, described in known.items():
        if name not in given:
            if described.required:
                raise FaultsError(f"{where}: {name}: is missing; add it to the rule")
            continue
        try:
            values[name] = msgspec.convert(given[name], described.type)
        except msgspec.ValidationError as error:
            told = str(error).partition(" - at ")[0]
            raise FaultsError(
                f"{where}: {name}: {given[name]!r} does not fit ({told}); correct the value"
            ) from error
    return model(**values)


def _choice(wrong: str, known: Collection[str]) -> str:
    """The remedy for a name that nobody knows."""
    close = difflib.get_close_matches(wrong, known, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"choose one of {', '.join(_listed(known))}" if known else "leave it out"


def _listed(known: Collection[str]) -> Iterator[str]:
    yield from sorted(known)
