"""The layer that faults live in: between the request log and a system's app.

The log stands outside, so it shows what the client saw. Without rules a request passes at the cost
of two comparisons. Rules are set, read and cleared at `/__sandbox__/faults` while the server runs.
"""

from collections.abc import Mapping
from functools import partial

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.faults.file import FaultFile, FaultsError, rules_of, seed_of
from sandbox.faults.kinds import Hit, Knowledge, Request
from sandbox.faults.rules import Rule
from sandbox.requestlog import CONTROL_PREFIX

CONTROL_PATH = f"{CONTROL_PREFIX}/faults"


class Faults:
    """The rules in force at one system, and how often each has struck."""

    def __init__(self, system: str, knowledge: Knowledge, file: FaultFile | None = None) -> None:
        self.system, self.knowledge = system, knowledge
        self._at_start = file or FaultFile()
        self.rules: list[Rule] = []
        self.restart()

    def restart(self) -> None:
        """The rules that were there at the start, their counts at zero."""
        self.rules = rules_of(self._at_start, self.system, self.knowledge)

    def replace(self, file: FaultFile) -> None:
        """Other rules from here on; FaultsError, and no change, when they cannot be used."""
        self.rules = rules_of(file, self.system, self.knowledge)

    def clear(self) -> None:
        self.rules = []

    def striking(self, request: Request) -> list[Rule]:
        """Count the request at every rule; those that strike it, in the order of the file."""
        objects = self.knowledge.objects_of(request) if self._by_object() else ()
        return [rule for rule in self.rules if rule.strikes(request, objects)]

    def _by_object(self) -> bool:
        return any(rule.match.object is not None for rule in self.rules)

    def counts(self) -> list[dict[str, object]]:
        """Per rule: how many requests it has looked at, and how many it has struck."""
        return [
            {"name": rule.name, "kind": rule.kind, "seen": rule.seen, "struck": rule.struck}
            for rule in self.rules
        ]


class FaultyApp:
    """ASGI middleware: the first rule that strikes a request stands outermost around the app."""

    def __init__(self, app: ASGIApp, faults: Faults, clock: Clock) -> None:
        self.app, self.faults, self.clock = app, faults, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] == CONTROL_PATH:
            await self._control(scope, receive, send)
        elif not self.faults.rules or scope["path"].startswith(CONTROL_PREFIX):
            await self.app(scope, receive, send)
        else:
            await self._watched(scope, receive, send)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _request(scope, receive)
        rules = self.faults.striking(request)
        app, again = self.app, _repeat(request.body, receive)
        state = scope.setdefault("state", {})
        if rules:
            state["fault"] = ", ".join(rule.name for rule in rules)
        for rule in reversed(rules):
            hit = Hit(request, rule.struck, rule.chance, rule.memory, state, self.clock)
            app = partial(rule.behaviour.meet, hit, app)
        await app(scope, again, send)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        """GET reads the counts, POST takes `{"rules": [...], "seed": n}`, DELETE clears."""
        status, body = 200, await _body(receive)
        answer: object
        try:
            if scope["method"] == "POST":
                self.faults.replace(_told(body, self.faults.system))
            elif scope["method"] == "DELETE":
                self.faults.clear()
            answer = {"rules": self.faults.counts()}
        except FaultsError as error:
            status, answer = 400, {"error": str(error)}
        encoded = msgspec.json.encode(answer)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(encoded)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": encoded})


def _told(body: bytes, system: str) -> FaultFile:
    """The body of a control request as a fault file for this one system."""
    source = f"POST {CONTROL_PATH}"
    try:
        told = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise FaultsError(f"{source}: is no JSON object ({error}); send one") from error
    rules = told.get("rules")
    if not isinstance(rules, list) or set(told) - {"rules", "seed"}:
        raise FaultsError(f"{source}: rules: is no list; send {{rules: [...], seed: 7}}")
    return FaultFile(source, seed_of(told, source), {system: rules})


async def _request(scope: Scope, receive: Receive) -> Request:
    return Request(
        scope["method"],
        scope["path"],
        scope.get("query_string", b"").decode("latin-1"),
        _headers(scope),
        await _body(receive),
    )


def _headers(scope: Scope) -> Mapping[str, str]:
    return {name.decode("latin-1").lower(): v.decode("latin-1") for name, v in scope["headers"]}


async def _body(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body.extend(message.get("body", b""))
        more = message.get("more_body", False)
    return bytes(body)


def _repeat(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands the body out once more, and then what follows it."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
