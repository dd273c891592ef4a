"""Reading associations, in batches that are complete or fail by name.

Of several associated records with the label of a field, the one with the lowest id is its value.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from hub.connectors.contract import IS_DELETED, RECORD_ID
from hub.connectors.hubspot.client import Json, Links, Portal
from hub.connectors.hubspot.linktypes import ANY, LinkCatalogue, LinkField
from hub.connectors.paging import Minimum
from hub.errors import SystemUnreachable

_NAMED = 5


class LinkReader:
    """Adds the association fields of one pull to its rows."""

    def __init__(
        self, portal: Portal, catalogue: LinkCatalogue, obj: str, fields: Sequence[str], size: int
    ) -> None:
        self._portal, self._object, self._size = portal, obj, size
        self._by_target: dict[str, list[LinkField]] = {}
        for field in map(LinkField.parsed, fields):
            self._by_target.setdefault(field.to, []).append(field)
        self._types = {
            field: None if field.label == ANY else catalogue.type_of(obj, field)
            for fields_to in self._by_target.values()
            for field in fields_to
        }
        self._minimum = {
            to: Minimum(portal.calls, size, at_least_one=False) for to in self._by_target
        }

    def added(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with a column per association field; deleted records have none any more."""
        if not self._by_target:
            return rows
        ids = rows.filter(pl.col(IS_DELETED) == "false")[RECORD_ID].to_list()
        return rows.join(self.of(ids), on=RECORD_ID, how="left", maintain_order="left")

    def of(self, ids: Sequence[str]) -> pl.DataFrame:
        """`record_id` and a column per association field, a row for each id.

        A record that is not there looks like one that is associated with nothing.
        """
        wanted = list(dict.fromkeys(ids))
        columns = [pl.Series(RECORD_ID, wanted, dtype=pl.String)]
        for to, fields in self._by_target.items():
            found = self._read(to, fields, wanted)
            columns += [
                pl.Series(field.field, list(map(found[field].get, wanted)), dtype=pl.String)
                for field in fields
            ]
        return pl.DataFrame(columns)

    def _read(
        self, to: str, fields: Sequence[LinkField], ids: Sequence[str]
    ) -> Mapping[LinkField, dict[str, str]]:
        """Each id must be accounted for by the answer; one that is not is asked for once more."""
        self._minimum[to].add(len(ids))
        found: dict[LinkField, dict[str, str]] = {field: {} for field in fields}
        waiting: list[Json] = [{"id": record_id} for record_id in ids]
        unanswered: list[Json] = []
        second = False
        while waiting or unanswered:
            if not waiting:
                self._give_up_on(to, unanswered if second else ())
                waiting, unanswered, second = unanswered, [], True
            asked, waiting = waiting[: self._size], waiting[self._size :]
            page = self._portal.links(self._object, to, asked)
            told = page.without_any
            for links in page.results:
                told.add(links.origin.id)
                for field in fields:
                    self._note(field, links, found[field])
                if links.paging is not None and links.paging.next is not None:
                    waiting.append({"id": links.origin.id, "after": links.paging.next.after})
            unanswered += [one for one in asked if one["id"] not in told]
        return found

    def _give_up_on(self, to: str, unanswered: Sequence[Json]) -> None:
        if unanswered:
            named = ", ".join(str(one["id"]) for one in unanswered[:_NAMED])
            raise SystemUnreachable(
                f"{self._portal.system}: associations of {len(unanswered)} {self._object} with "
                f"{to} were asked for twice and not told (records {named}).",
                remedy="wait; the next run reads them again",
            )

    def _note(self, field: LinkField, links: Links, found: dict[str, str]) -> None:
        wanted = self._types[field]
        for link in links.to:
            if wanted is None or any(
                (kind.category, kind.typeId) == wanted for kind in link.associationTypes
            ):
                held = found.get(links.origin.id)
                if held is None or int(link.toObjectId) < int(held):
                    found[links.origin.id] = str(link.toObjectId)
