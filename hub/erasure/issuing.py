"""Issuing hub ids: none that an erased person had is given to anything else, wherever the counter
stands, as it does at the beginning when the past is replayed."""

from sqlalchemy import Connection

from hub.erasure.known import known_people
from hub.models.database import take_numbers


def take_ids(conn: Connection, counter: str, prefix: str, count: int) -> list[str]:
    """`count` new ids, in rising order. The counter moves in the caller's transaction."""
    known = known_people(conn) if count else None
    ids: list[str] = []
    while len(ids) < count:
        numbers = take_numbers(conn, counter, count - len(ids))
        taken = [f"{prefix}_{number:08d}" for number in numbers]
        ids += [one for one in taken if known is None or not known.holds("hub_id", one)]
    return ids
