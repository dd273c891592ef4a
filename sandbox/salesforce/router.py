"""Finding the handler of a path below the version. Words ignore case, a last slash is ignored."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote

from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.org import Org


class Router:
    """Earlier routes win, so fixed words come before placeholders."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: dict[int, list[tuple[list[str], Route]]] = {}
        for route in routes:
            words = route.path.split("/") if route.path else []
            self._by_length.setdefault(len(words), []).append((words, route))

    def dispatch(self, org: Org, call: Call, raw_path: str) -> Reply:
        """Answer a call to a path that is still percent-encoded (`%2F` may be in a value)."""
        given = [unquote(word) for word in raw_path.split("/") if word]
        allowed = []
        for words, route in self._by_length.get(len(given), []):
            params = _matched(words, given)
            if params is None:
                continue
            if route.method == call.method:
                return route.handler(org, replace(call, params=params))
            allowed.append(route.method)
        if not allowed:
            raise not_found()
        raise ApiError(
            "METHOD_NOT_ALLOWED",
            f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(allowed)}",
        )


def _matched(words: list[str], given: list[str]) -> dict[str, str] | None:
    params = {}
    for word, value in zip(words, given, strict=True):
        if word.startswith("{"):
            params[word[1:-1]] = value
        elif word.lower() != value.lower():
            return None
    return params
