"""Analyst views: one `.sql` per view, its grain in the first line. They hold no rows of their own.

They are made anew whenever the schema is upgraded, so that a view always fits the tables.
"""

from importlib.resources import files

from sqlalchemy import Connection, text


def names() -> list[str]:
    """The views, by name."""
    found = (one.name for one in files("hub.marts").iterdir())
    return sorted(name.removesuffix(".sql") for name in found if name.endswith(".sql"))


def make(conn: Connection) -> None:
    """Make all views."""
    for name in names():
        body = files("hub.marts").joinpath(f"{name}.sql").read_text(encoding="utf-8")
        conn.execute(text(f"CREATE VIEW {name} AS {body}"))


def take_away(conn: Connection) -> None:
    """Drop the views that are there: a table that a view reads cannot be changed under it."""
    for name in names():
        conn.execute(text(f"DROP VIEW IF EXISTS {name}"))
