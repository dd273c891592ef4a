"""What a partner says in its files about the leads it was sent: the last word on each counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.connectors.files.config import AnswerFiles
from hub.connectors.files.sheet import meant, read
from hub.errors import FeedUnreadable

STATUS, REASON, NOTE, LINE = "Answer", "Reason", "Note", "Line"
FIELDS = (STATUS, REASON, NOTE, LINE)
"""The fields in which the answers stand beside those of the lead file."""


@dataclass(frozen=True)
class Answer:
    """One line: the key of the lead as told, and FIELDS."""

    key: str | None
    values: Mapping[str, str | None]

    @property
    def line(self) -> str:
        return str(self.values[LINE])


def answers(config: AnswerFiles, files: Sequence[tuple[str, bytes]]) -> Iterator[Answer]:
    """All lines of all files, in the order of names and lines. Raises FeedUnreadable."""
    for name, content in files:
        rows = read(name, content, config.delimiter, config.encoding)
        if rows:
            places = _places(name, rows[0][1], config)
            for number, cells in rows[1:]:
                yield _answer(f"{name}:{number}", cells, len(rows[0][1]), places)


def _places(name: str, header: Sequence[str], config: AnswerFiles) -> dict[str, int]:
    known = {cell.strip().casefold(): place for place, cell in reversed(list(enumerate(header)))}
    told = config.columns.model_dump()
    needed = [told[column] for column in ("lead", "status") if told[column].casefold() not in known]
    if needed:
        raise FeedUnreadable(
            f"{name}: no column headed {', '.join(needed)}; the header reads {header}.",
            remedy="name the headers under `answers.columns`, or have the file sent again",
        )
    return {
        column: known[header.casefold()]
        for column, header in told.items()
        if header.casefold() in known
    }


def _answer(line: str, cells: Sequence[str], width: int, places: Mapping[str, int]) -> Answer:
    """Of a line with too many cells nothing can be trusted by position: it names no lead."""

    def cell(column: str) -> str | None:
        place = places.get(column, width)
        told = cells[place].strip() if place < len(cells) else None
        return meant(told)

    fits = len(cells) <= width
    values = {STATUS: cell("status"), REASON: cell("reason"), NOTE: cell("note"), LINE: line}
    return Answer(cell("lead") if fits else None, values)
