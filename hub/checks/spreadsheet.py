"""Text that goes into a file which a spreadsheet will open: none of it may run as a formula."""

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?$")
_MARK = "'"


def harmless(text: str) -> str:
    """`=HYPERLINK(…)` → `'=HYPERLINK(…)`, which a spreadsheet shows and does not run."""
    if text.startswith(_FORMULA) and not _NUMBER.match(text):
        return _MARK + text
    return text


def as_meant(text: str) -> str:
    """The text that `harmless` was given."""
    return text[1:] if text.startswith(_MARK) and text[1:].startswith(_FORMULA) else text
