"""A partner's portal with a small JSON API of its own: leads and deals, as such portals offer them.

How it signs callers in, pages, and tells of deletions differs from portal to portal; here each of
these is a switch.
"""

from sandbox.partner_api.app import create_app
from sandbox.partner_api.store import PartnerStore
from sandbox.partner_api.switches import Switches

__all__ = ["PartnerStore", "Switches", "create_app"]
