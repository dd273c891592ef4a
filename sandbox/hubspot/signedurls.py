"""Download addresses that work without a token for some minutes, as object stores make them."""

import hashlib
import hmac

from sandbox.hubspot.http import Box, Call, Reply

_DENIED = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>'


def signed_url(call: Call, path: str, seconds: int) -> tuple[str, int]:
    """An address for `path` on this server, and the moment it expires."""
    expires = call.box.now() + seconds * 1000
    signature = _signature(call.box, path, str(expires))
    return f"{call.origin}{path}?expires={expires}&signature={signature}", expires


def denied(call: Call) -> Reply | None:
    """The refusal for an address that is expired or was never handed out."""
    expires = call.query.get("expires", "")
    given = call.query.get("signature", "")
    right = hmac.compare_digest(given, _signature(call.box, call.path, expires))
    if right and call.box.now() < int(expires):
        return None
    return Reply(403, _DENIED, {"content-type": "application/xml"})


def _signature(box: Box, path: str, expires: str) -> str:
    key = f"{box.store.portal_id}:downloads".encode()
    return hmac.new(key, f"{path}:{expires}".encode(), hashlib.sha256).hexdigest()
