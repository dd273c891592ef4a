"""The documentation as data: its pages, fenced blocks, marked tables, links and headings.

A mark is a comment on a line of its own; it belongs to the table or block that follows it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGES = tuple(
    DOCS / name
    for name in (
        *("configuration.md", "warehouse.md", "operations.md", "sandbox.md"),
        "stewardship.md",
        *("connectors/salesforce.md", "connectors/hubspot.md", "connectors/feed.md"),
        *("connectors/rest.md", "connectors/files.md"),
    )
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"^<!-- (.+?) -->\n", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_NAME = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language, text, and the mark before it."""

    page: str
    line: int
    language: str
    text: str
    mark: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Table:
    """A marked table: its rows without the header, cell by cell."""

    page: str
    line: int
    mark: str
    rows: list[list[str]]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def names(self) -> list[str]:
        """All names in code style in the first column."""
        return [name for row in self.rows for name in _NAME.findall(row[0])]

    def by_name(self, column: int) -> dict[str, str]:
        """Name in the first column → cell of another one."""
        return {name: row[column] for row in self.rows for name in _NAME.findall(row[0])}


def blocks(*languages: str) -> list[Block]:
    """The fenced blocks of all pages in these languages."""
    return [block for page in PAGES for block in _blocks(page) if block.language in languages]


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        before = text[: found.start()].splitlines()
        mark = _MARK.fullmatch(f"{before[-1]}\n") if before else None
        yield Block(
            str(page.relative_to(DOCS)),
            len(before) + 1,
            found[1],
            found[2],
            mark[1] if mark else "",
        )


def tables(kind: str) -> list[Table]:
    """The tables of all pages whose mark is `kind`, or begins with `kind:`."""
    return [
        table
        for page in PAGES
        for table in _tables(page)
        if table.mark == kind or table.mark.startswith(f"{kind}: ")
    ]


def _tables(page: Path) -> Iterator[Table]:
    text = page.read_text(encoding="utf-8")
    for found in _MARK.finditer(text):
        lines = text[found.end() :].splitlines()
        rows = []
        for line in lines:
            if not line.startswith("|"):
                break
            rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
        if rows:
            yield Table(
                str(page.relative_to(DOCS)),
                text.count("\n", 0, found.end()) + 1,
                found[1],
                rows[2:],
            )


def links() -> list[tuple[Path, str]]:
    """Every link of every page that does not lead out of the project."""
    return [
        (page, target)
        for page in PAGES
        for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
        if "://" not in target
    ]


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page have on the web."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
