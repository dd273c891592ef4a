"""Ways to go from page to page, without any HTTP: small machines of a place and an answer.

A place is what distinguishes the request for a page; None is the first page. It is kept in the
cursor while a pull is under way, so it never holds more than the query of an address.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

from hub.connectors.rest.config import ByCursor, ByLink, ByOffset, ByPage
from hub.connectors.rest.places import ABSENT, at, steps
from hub.errors import StopSync

Style = ByPage | ByOffset | ByCursor | ByLink


def params_of(style: Style, place: str | None, params: Mapping[str, str]) -> dict[str, str]:
    """The parameters of the request for the page at `place`."""
    sized = {**params, style.size_param: str(style.size)}
    match style:
        case ByPage():
            return {**sized, style.page_param: str(_page(style, place)[0])}
        case ByOffset():
            return {**sized, style.offset_param: place or "0"}
        case ByCursor():
            return sized if place is None else {**sized, style.cursor_param: place}
        case ByLink():
            return sized if place is None else dict(parse_qsl(place, keep_blank_values=True))


def place_after(
    style: Style, place: str | None, response: requests.Response, document: Any, rows: int
) -> str | None:
    """The place of the page after this answer of `rows` records; None when it was the last.

    By number and by offset the last page is the one that reaches the `total` the system tells.
    Where it tells none, only an empty page proves the end: a short one may be all it allows.
    """
    match style:
        case ByPage() | ByOffset():
            return _counted(style, place, document, rows)
        case ByCursor():
            token = at(document, steps(style.next))
            return None if token is ABSENT or token in (None, "") else str(token)
        case ByLink():
            return _linked(response)


def calls_for(style: Style, rows: int) -> int:
    """The fewest calls that can list so many records, and prove that these are all."""
    pages = -(-rows // style.size)
    if isinstance(style, ByPage | ByOffset) and style.total is None:
        return pages + 1
    return max(pages, 1)


def _counted(style: ByPage | ByOffset, place: str | None, document: Any, rows: int) -> str | None:
    if rows == 0:
        return None
    total = None if style.total is None else at(document, steps(style.total))
    if isinstance(style, ByPage):
        page, before = _page(style, place)
        return None if before + rows == total else f"{page + 1}/{before + rows}"
    offset = int(place or 0) + rows
    return None if offset == total else str(offset)


def _page(style: ByPage, place: str | None) -> tuple[int, int]:
    """The number of a page, and how many records stood on those before it: pages may be shorter
    than asked for, so the number alone does not say."""
    if place is None:
        return style.first, 0
    number, _, before = place.partition("/")
    return int(number), int(before)


def _linked(response: requests.Response) -> str | None:
    told = response.links.get("next", {}).get("url")
    if not told:
        return None
    following, here = urlsplit(urljoin(response.url, told)), urlsplit(response.url)
    if (following.netloc, following.path) != (here.netloc, here.path):
        raise StopSync(
            f"the Link header leads from {here.netloc}{here.path} to "
            f"{following.netloc}{following.path}.",
            remedy="set `base_url` and `path` to the address that the links lead to; credentials "
            "are sent nowhere else",
        )
    return urlencode(parse_qsl(following.query, keep_blank_values=True))
