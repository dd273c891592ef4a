"""What every step is told of the run it works for."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Run:
    """A run's number (rows it changes carry it) and its moment (aware UTC), its only clock."""

    number: int
    started_at: datetime
