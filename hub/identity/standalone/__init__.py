"""Match the rows of one file: no warehouse, no configuration, no labels.

What does not belong here: comparing and clustering. Standardising, keys, scoring and grouping are
those of the resolve step, on profiles in memory instead of tables.
"""

from hub.identity.standalone.columns import Columns, detect, without_row_numbers
from hub.identity.standalone.files import Dialect, Sheet, read_sheet, write_sheet
from hub.identity.standalone.match import Matched, match
from hub.identity.standalone.models import read_model, save_model

__all__ = [
    "Columns",
    "Dialect",
    "Matched",
    "Sheet",
    "detect",
    "match",
    "read_model",
    "read_sheet",
    "save_model",
    "without_row_numbers",
    "write_sheet",
]
