"""`hub replay`: the warehouse as it was at a moment, in another database."""

from datetime import UTC, datetime

from sqlalchemy import make_url

from hub.commands.warehouse import Workplace
from hub.errors import HubError
from hub.models.database import check_reachable, open_engine
from hub.models.schema import ready
from hub.sync.replay import Progress, ReplayReport, replay


def moment_of(text: str) -> datetime:
    """A moment with its zone, as aware UTC. Raises HubError for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise HubError(
            f"--as-of: '{text}' is not a moment with a time zone.",
            remedy="write it as 2027-01-15T06:00:00Z, or with an offset as in +01:00",
        )
    return moment.astimezone(UTC)


def replayed(place: Workplace, as_of: str, into: str, progress: Progress) -> ReplayReport:
    """Replay into the database named by a URL, which is set up if it has no tables.

    Raises HubError when a moment or database is not fit for it.
    """
    moment = moment_of(as_of)
    url = place.settings.database_url(into)
    if make_url(url) == place.engine.url:
        raise HubError("--into names the warehouse itself.", remedy="name a new database")
    target = open_engine(url)
    try:
        check_reachable(target)
        ready(target)
        return replay(place.engine, place.settings, target, moment, progress)
    finally:
        target.dispose()
