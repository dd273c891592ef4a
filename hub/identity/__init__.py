"""Resolve: which source rows speak of the same company or person, under ids that stay.

What does not belong here: which of their values is believed (golden), and how rows are read.
"""

from hub.identity.outcome import resolve_id
from hub.identity.resolve import ResolveReport, resolve

__all__ = ["ResolveReport", "resolve", "resolve_id"]
