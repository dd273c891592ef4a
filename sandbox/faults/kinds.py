"""What a kind of fault is, and the little that a system package tells about itself.

Kinds that only concern the wire live in `transport`. A kind that needs to know a system (its error
bodies, its tokens, its schema) is declared by that system's package as a `Kind`: the parameters it
takes from the fault file, and a handler that is called before the request reaches the app.
"""

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clock import Clock


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the parameters of a kind; a field without default is required in the file."""


Given = TypeVar("Given", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came off the wire. Header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that the client gets in place of the app's."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """One request that a rule has struck."""

    request: Request
    number: int
    """How often the rule has struck, this time included."""
    chance: random.Random
    """The rule's own source of chance, seeded."""
    memory: Counter[str]
    """The rule's own memory: attempts per parent id and the like. Gone when rules are replaced."""
    state: dict[str, object]
    """`request.state` of the request: what a handler leaves here, the app can read."""
    clock: Clock


@dataclass(frozen=True, slots=True)
class Kind(Generic[Given]):
    """A kind that a system declares. With None from the handler the request goes on to the app."""

    parameters: type[Given]
    handle: Callable[[Given, Hit], Answer | None]


class Behaviour(Protocol):
    """What a struck request meets in place of the app. It may call the app, or not."""

    async def meet(
        self, hit: Hit, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None: ...


def _no_objects(_request: Request) -> Collection[str]:
    return ()


@dataclass(frozen=True)
class Knowledge:
    """What a system tells the fault engine about itself."""

    kinds: Mapping[str, Kind[Any]] = field(default_factory=dict)
    object_names: Collection[str] = ()
    """Every name that `match.object` may say; empty when the system tells nothing of objects."""
    objects_of: Callable[[Request], Collection[str]] = _no_objects
    """The objects a request is about, by every name they have."""
