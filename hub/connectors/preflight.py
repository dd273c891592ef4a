"""What the preflights of several connectors look at in the same way."""

from datetime import UTC, datetime

from hub.connectors.contract import Finding

_TOLERATED_SECONDS = 120


def clock_finding(there: datetime, here: datetime | None = None) -> Finding:
    """How this machine's clock (`here`, default: now) stands beside a server's; both aware."""
    skew = round(((here or datetime.now(UTC)) - there).total_seconds())
    if abs(skew) <= _TOLERATED_SECONDS:
        return Finding("clock", "ok", "agrees with the server's")
    return Finding(
        "clock",
        "warning",
        f"this machine is {abs(skew)} seconds {'ahead of' if skew > 0 else 'behind'} the server",
        "set the clock by NTP: protection windows end by it, and signed logins expire by it",
    )
