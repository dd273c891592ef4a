"""The warehouse: tables by subject, the types they use, how to reach the database, bulk movement.

What does not belong here: any rule of the trade, any knowledge of an outside system.
"""

from hub.models import channel, erasure, golden, identity, operations, partners, sources
from hub.models.base import metadata

__all__ = [
    "channel",
    "erasure",
    "golden",
    "identity",
    "metadata",
    "operations",
    "partners",
    "sources",
]
