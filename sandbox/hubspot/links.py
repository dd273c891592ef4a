"""Associations between records, kept in both directions.

Each custom label or primary mark stands beside the unlabelled type of its pair, as live reads show.
"""

from collections.abc import Callable, Iterable, Sequence

from sandbox.hubspot.catalog import Catalog
from sandbox.hubspot.db import Database
from sandbox.hubspot.schema import OBJECT_TYPES, LinkType, ObjectType, Role, object_type

Neighbour = tuple[int, list[LinkType]]
_INSERT = "INSERT OR IGNORE INTO link VALUES (?, ?, ?, ?, ?, ?)"
_PAIR = "from_type = ? AND to_type = ? AND from_id = ? AND to_id = ?"


class Links:
    """Callers hold the lock, and a transaction to write."""

    def __init__(self, db: Database, catalog: Catalog) -> None:
        self._db = db
        self._catalog = catalog
        self.listener: Callable[[LinkType, int, int, bool], None] | None = None
        """Told of each type set on a pair or (True) taken off it, as seen from one end."""

    # Reading

    def page(
        self, left: ObjectType, from_id: int, right: ObjectType, after: int, limit: int
    ) -> tuple[list[Neighbour], bool]:
        """Up to `limit` records with an id above `after`, and whether there are more."""
        rows = self._db.execute(
            "SELECT to_id, category, type_id FROM link WHERE from_type = ? AND to_type = ? "
            "AND from_id = ? AND to_id > ? ORDER BY to_id, category, type_id",
            (left.name, right.name, from_id, after),
        )
        found: list[Neighbour] = []
        for to_id, category, type_id in rows:
            if not found or found[-1][0] != to_id:
                if len(found) == limit:
                    return found, True
                found.append((to_id, []))
            link = self._catalog.link_type(category, type_id)
            if link is not None:
                found[-1][1].append(link)
        return found, False

    def between(
        self, left: ObjectType, from_id: int, right: ObjectType, to_id: int
    ) -> list[LinkType]:
        rows = self._db.execute(
            f"SELECT category, type_id FROM link WHERE {_PAIR}",
            (left.name, right.name, from_id, to_id),
        )
        links = (self._catalog.link_type(category, type_id) for category, type_id in rows)
        return [link for link in links if link is not None]

    def has_primary(self, kind: ObjectType, record_id: int, rights: Iterable[ObjectType]) -> bool:
        """Whether the record still has a primary among the given kinds."""
        for right in rights:
            for _, types in self.page(kind, record_id, right, 0, 10_000)[0]:
                if any(link.role is Role.PRIMARY for link in types):
                    return True
        return False

    # Writing

    def add(self, link: LinkType, from_id: int, to_id: int) -> None:
        """Set one type on a pair, with its inverse and the unlabelled type under it."""
        if link.role is Role.PRIMARY:
            self._demote(link, from_id, to_id)
        self._put(link, from_id, to_id)
        left, right = _ends(link)
        plain = self._catalog.plain(left, right)
        if plain is not None and plain.spec != link.spec:
            self._put(plain, from_id, to_id)

    def _put(self, link: LinkType, from_id: int, to_id: int) -> None:
        there = (link.from_type, link.to_type, from_id, to_id, link.category, link.type_id)
        back = (link.to_type, link.from_type, to_id, from_id, link.category, link.inverse)
        added = self._db.executemany(_INSERT, (there, back)).rowcount
        if added:
            self._tell(link, from_id, to_id, removed=False)

    def _tell(self, link: LinkType, from_id: int, to_id: int, *, removed: bool) -> None:
        if self.listener is not None:
            self.listener(link, from_id, to_id, removed)

    def _demote(self, link: LinkType, from_id: int, to_id: int) -> None:
        """A record has one primary of a kind: the earlier one keeps only its plain association."""
        owner, owner_id, kept, type_id = (
            (link.from_type, from_id, to_id, link.type_id)
            if link.owner
            else (link.to_type, to_id, from_id, link.inverse)
        )
        other = link.to_type if link.owner else link.from_type
        rows = self._db.execute(
            "SELECT to_id FROM link WHERE from_type = ? AND to_type = ? AND from_id = ? "
            "AND category = ? AND type_id = ?",
            (owner, other, owner_id, link.category, type_id),
        ).fetchall()
        mark = self._catalog.link_type(link.category, type_id)
        for (previous,) in rows:
            if mark is not None and previous != kept:
                self.remove(mark, owner_id, previous)

    def remove(self, link: LinkType, from_id: int, to_id: int) -> None:
        """Take one type off a pair; taking the unlabelled one takes everything."""
        left, right = _ends(link)
        if link.role is Role.PLAIN:
            self.remove_pair(left, from_id, right, to_id)
            return
        where = f"{_PAIR} AND category = ? AND type_id = ?"
        there = (link.from_type, link.to_type, from_id, to_id, link.category, link.type_id)
        back = (link.to_type, link.from_type, to_id, from_id, link.category, link.inverse)
        gone = self._db.executemany(f"DELETE FROM link WHERE {where}", (there, back)).rowcount
        if gone:
            self._tell(link, from_id, to_id, removed=True)

    def remove_pair(self, left: ObjectType, from_id: int, right: ObjectType, to_id: int) -> None:
        present = self.between(left, from_id, right, to_id) if self.listener is not None else ()
        there = (left.name, right.name, from_id, to_id)
        back = (right.name, left.name, to_id, from_id)
        self._db.executemany(f"DELETE FROM link WHERE {_PAIR}", (there, back))
        for link in present:
            self._tell(link, from_id, to_id, removed=True)

    def remove_type(self, link: LinkType) -> None:
        """Forget a label wherever it is used, in this direction."""
        self._db.execute(
            "DELETE FROM link WHERE category = ? AND type_id = ?", (link.category, link.type_id)
        )

    def neighbours(self, kind: ObjectType, record_id: int) -> list[tuple[LinkType, int]]:
        """Every association of a record, whatever the other end."""
        return [
            (link, to_id)
            for right in OBJECT_TYPES
            for to_id, types in self.page(kind, record_id, right, 0, 1_000_000)[0]
            for link in types
        ]

    def remove_record(self, kind: ObjectType, record_id: int) -> Sequence[tuple[ObjectType, int]]:
        """Cut a record off from everything; returns what it was joined to."""
        others = {(link.to_type, to_id) for link, to_id in self.neighbours(kind, record_id)}
        ends = [(known, to_id) for name, to_id in sorted(others) if (known := object_type(name))]
        for right, to_id in ends:
            self.remove_pair(kind, record_id, right, to_id)
        return ends

    def load(self, rows: Iterable[tuple[LinkType, int, int]]) -> None:
        """Bulk insert, both directions and unlabelled types included."""
        self._db.executemany(_INSERT, self._expand(rows))

    def _expand(
        self, rows: Iterable[tuple[LinkType, int, int]]
    ) -> Iterable[tuple[str, str, int, int, str, int]]:
        for link, from_id, to_id in rows:
            left, right = _ends(link)
            plain = self._catalog.plain(left, right)
            for kind in {link.spec: link, **({plain.spec: plain} if plain else {})}.values():
                yield left.name, right.name, from_id, to_id, kind.category, kind.type_id
                yield right.name, left.name, to_id, from_id, kind.category, kind.inverse


def _ends(link: LinkType) -> tuple[ObjectType, ObjectType]:
    left, right = object_type(link.from_type), object_type(link.to_type)
    if left is None or right is None:
        raise LookupError(f"association type {link.spec} joins an unknown object type")
    return left, right
