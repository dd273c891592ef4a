"""The two generations of HubSpot's paths: numbered (`/crm/v3/objects/…`) and dated
(`/crm/objects/2026-09/…`). The library knows only the first; they differ in nothing but the prefix.
"""

import re
from typing import Literal

Paths = Literal["v3", "2026-09"]

_CRM = re.compile(r"/crm/v[34]/(objects|properties|pipelines|owners|associations)(?=/|$)")
_ACCOUNT = "/account-info/v3/"


def in_generation(url: str, paths: Paths) -> str:
    """The URL of the same resource in the generation wanted."""
    if paths == "v3":
        return url
    turned = _CRM.sub(rf"/crm/\1/{paths}", url, count=1)
    return turned.replace(_ACCOUNT, f"/account-info/{paths}/", 1)
