"""What a handler gets and gives: the parsed call, the reply, and the table of routes."""

import random
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import msgspec
from starlette.datastructures import QueryParams

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.hubspot.effects import UNDISTURBED, Effects
from sandbox.hubspot.errors import ApiError, missing_scopes, unreadable, validation
from sandbox.hubspot.events import Events
from sandbox.hubspot.journal import Journal
from sandbox.hubspot.schema import OTHER_TYPES, ObjectType, object_type
from sandbox.hubspot.store import HubSpotStore
from sandbox.hubspot.subscriptions import Webhooks
from sandbox.hubspot.switches import Switches
from sandbox.hubspot.times import iso, to_millis
from sandbox.hubspot.tokens import Grant

if TYPE_CHECKING:
    from sandbox.hubspot.limits import Limiter

Model = TypeVar("Model")
_LEADS_OFF = {"forbidden": (403, "FORBIDDEN"), "not_found": (404, "OBJECT_NOT_FOUND")}
_BYTE = re.compile(r"\(byte (\d+)\)")


@dataclass(slots=True)
class Box:
    """One running account: its state, its knobs, its clock, its own source of chance."""

    store: HubSpotStore
    switches: Switches
    clock: Clock
    limiter: "Limiter"
    chance: random.Random
    webhooks: Webhooks
    journal: Journal
    events: Events
    effects: Effects = UNDISTURBED
    """What is out of order during the request that is being handled."""
    faults: Faults | None = None

    def now(self) -> int:
        return to_millis(self.clock.now())

    def correlation_id(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))


@dataclass(slots=True)
class Call:
    """One request on its way through a handler."""

    box: Box
    method: str
    origin: str
    path: str
    raw_query: str
    params: Mapping[str, str]
    query: QueryParams
    body: bytes
    dated: bool = False
    """Whether the path belongs to the date-based generation (`/2026-09/`)."""
    grant: Grant | None = None
    rows: int = 0
    """Records that the answer carries or the write touched; goes to the request log."""

    @property
    def store(self) -> HubSpotStore:
        return self.box.store

    @property
    def switches(self) -> Switches:
        return self.box.switches

    def decode(self, model: type[Model]) -> Model:
        """The body as `model`; 400 in the words of the live API when it is not."""
        try:
            return msgspec.json.decode(self.body, type=model)
        except msgspec.ValidationError as error:
            raise unreadable(str(error)) from error
        except msgspec.DecodeError as error:
            place = _BYTE.search(str(error))
            raise unreadable(str(error), int(place[1]) + 1 if place else 1) from error

    def kind(self, name: str = "object") -> ObjectType:
        """The object type named in the path."""
        return known_kind(self.params[name], self.switches)

    def flag(self, name: str) -> bool:
        """A boolean of the query string; Python clients send it capitalised."""
        text = self.query.get(name, "false")
        if text.lower() not in {"true", "false"}:
            raise validation(f"{name} must be true or false, not {text!r}")
        return text.lower() == "true"

    def names(self, name: str) -> list[str]:
        """A list of the query string, as repeated keys or comma-joined."""
        return [
            part for text in self.query.getlist(name) for part in text.split(",") if part.strip()
        ]

    def number(self, name: str, default: int) -> int:
        text = self.query.get(name)
        if text is None or text == "":
            return default
        if not text.isascii() or not text.isdigit():
            raise validation(f"{name} must be a whole number, not {text!r}")
        return int(text)


@dataclass(slots=True)
class Reply:
    """What goes back, as JSON. A body of None is none at all, bytes bring a content type along."""

    status: int
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Rule:
    """One route of one generation of paths.

    `scopes` are alternatives: any one of them opens the route. A `{object}` in it stands for the
    object type of the path parameter of that name, `{to_object}` likewise; None needs no token.
    """

    method: str
    path: str
    handler: Handler
    scopes: tuple[str, ...] | None = ()
    search: bool = False
    dated: bool = False
    associates: bool = False
    """Whether it edits associations, for which a user may lack the permission."""
    limited: bool = True
    """Whether its calls count against the rate limits."""


def known_kind(text: str, switches: Switches) -> ObjectType:
    kind = object_type(text)
    if text in OTHER_TYPES:
        raise missing_scopes([f"crm.objects.{text}.read"])
    if kind is None:
        raise ApiError(400, f"Unable to infer object type from: {text}", "VALIDATION_ERROR")
    if kind.name == "leads" and not switches.leads_enabled:
        status, category = _LEADS_OFF[switches.leads_off_answer]
        raise ApiError(status, "The leads object is not enabled in this account.", category)
    return kind


def batch_reply(
    call: Call,
    results: Sequence[Mapping[str, object]],
    errors: Sequence[Mapping[str, object]],
    *,
    clean: int = 200,
) -> Reply:
    """The body of every batch endpoint: 207 when something failed, except on dated paths."""
    at = iso(call.box.now())
    body: dict[str, object] = {
        "status": "COMPLETE",
        "results": results,
        "requestedAt": at,
        "startedAt": at,
        "completedAt": at,
    }
    if errors:
        body["numErrors"] = len(errors)
        body["errors"] = errors
    return Reply(207 if errors and not call.dated else clean, body)


def next_page(call: Call, after: str) -> dict[str, object]:
    """`paging` with the way to the following page, on this very server."""
    kept = [pair for pair in call.raw_query.split("&") if pair and not pair.startswith("after=")]
    query = "&".join([*kept, f"after={after}"])
    return {"next": {"after": after, "link": f"{call.origin}{call.path}?{query}"}}


def both(
    old: str, new: str, rules: Iterable[tuple[str, str, Handler, tuple[str, ...]]]
) -> list[Rule]:
    """The same rules under the numbered prefix and under the dated one."""
    return [
        Rule(method, prefix + path, handler, scopes, search=path.endswith("/search"), dated=dated)
        for prefix, dated in ((old, False), (new, True))
        for method, path, handler, scopes in rules
    ]
