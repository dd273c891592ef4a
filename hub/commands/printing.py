"""What all printing shares: where tables and JSON go, and how a table looks."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

# Off a terminal (a pipe, a CI log) tables get the width they need, not 80 columns.
_WIDTH = None if sys.stdout.isatty() else 120
# No markup: what systems say is printed, and `[/b]` in a customer's name must stay that.
out = Console(highlight=False, markup=False, width=_WIDTH)
MARKS = {
    "ok": Text("ok", style="green"),
    "warning": Text("warning", style="yellow"),
    "error": Text("error", style="red"),
}


def as_json(value: Any) -> None:
    """JSON on stdout, as the whole of it."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


def table(*columns: str, title: str | None = None) -> Table:
    """A table without rows yet; `#` before a column's name stands for numbers."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        numeric = column.startswith("#")
        made.add_column(
            column.lstrip("#"),
            justify="right" if numeric else "left",
            header_style="dim",
            no_wrap=numeric or column in ("system", "object", "law", "entity"),
        )
    return made
