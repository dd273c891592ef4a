"""Four ways to hand out a long list in pages, all in the order of (updated_at, id)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from starlette.datastructures import URL, QueryParams

from sandbox.partner_api.errors import bad_request
from sandbox.partner_api.store import PartnerStore, Record
from sandbox.partner_api.switches import Switches


@dataclass(frozen=True)
class Wanted:
    """Which records a list is of: leads or deals, a condition, and the column it goes by."""

    kind: str
    where: str
    values: Sequence[str | int]
    stamp: str = "updated_at"

    @property
    def order(self) -> str:
        return f"{self.stamp}, id"


@dataclass(frozen=True)
class Page:
    """Records, what `meta` says, and headers."""

    records: Sequence[Record]
    meta: dict[str, object]
    headers: dict[str, str] = field(default_factory=dict)


def page_of(
    store: PartnerStore, wanted: Wanted, switches: Switches, query: QueryParams, url: URL
) -> Page:
    """The page that the query asks for, in the style of the `paging` switch."""
    if switches.paging in ("page", "offset"):
        return _numbered(store, wanted, switches, query)
    token = query.get("cursor")
    size = _size(query, "limit", switches)
    where, values = wanted.where, wanted.values
    if token is not None:
        at = _place(token)
        where += f" AND ({wanted.stamp}, id) > (?, ?)"
        values = [*values, *at]
    found = store.select(wanted.kind, where, values, order=wanted.order, limit=size + 1)
    records = found[:size]
    further = _token(records[-1], wanted) if len(found) > size else None
    if switches.paging == "cursor":
        return Page(records, {"next_cursor": further})
    if further is None:
        return Page(records, {})
    following = url.include_query_params(cursor=further)
    return Page(records, {}, {"link": f'<{following}>; rel="next", <{url}>; rel="self"'})


def _numbered(store: PartnerStore, wanted: Wanted, switches: Switches, query: QueryParams) -> Page:
    total = store.count(wanted.kind, wanted.where, wanted.values)
    if switches.paging == "page":
        size, page = _size(query, "per_page", switches), _number(query, "page", 1, least=1)
        offset = (page - 1) * size
        meta: dict[str, object] = {"page": page, "pages": -(-total // size), "total": total}
    else:
        size, offset = _size(query, "limit", switches), _number(query, "offset", 0)
        meta = {"offset": offset, "total": total}
    records = store.select(
        wanted.kind,
        wanted.where,
        wanted.values,
        order=wanted.order,
        limit=size,
        offset=offset,
    )
    return Page(records, meta)


def _size(query: QueryParams, name: str, switches: Switches) -> int:
    return min(_number(query, name, switches.max_page, least=1), switches.max_page)


def _number(query: QueryParams, name: str, default: int, *, least: int = 0) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise bad_request("invalid_parameter", f"{name} must be a whole number from {least} on.")
    return int(text)


def _token(last: Record, wanted: Wanted) -> str:
    place = (str(getattr(last, wanted.stamp)), last.id)
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _place(token: str) -> tuple[str, str]:
    try:
        return msgspec.json.decode(
            urlsafe_b64decode(token + "=" * (-len(token) % 4)), type=tuple[str, str]
        )
    except (ValueError, msgspec.MsgspecError) as error:
        raise bad_request("invalid_cursor", "The cursor is unknown or expired.") from error
