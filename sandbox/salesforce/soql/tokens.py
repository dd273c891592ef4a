"""Cutting a SOQL statement into tokens, each with its place for the error's caret."""

import re
from dataclasses import dataclass
from typing import Literal

from sandbox.salesforce.errors import ApiError

Kind = Literal["string", "datetime", "date", "number", "range", "name", "op", "mark", "end"]

MAX_LITERAL = 4_000
_PIECES = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d(?![Tt\d]))
    | (?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w]))
    | (?P<range>[A-Za-z_]+:\d+)
    | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    | (?P<op><=|>=|!=|<>|=|<|>)
    | (?P<mark>[(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {
    "n": "\n", "N": "\n", "r": "\r", "R": "\r", "t": "\t", "T": "\t", "b": "\b", "B": "\b",
    "f": "\f", "F": "\f", '"': '"', "'": "'", "\\": "\\",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "name" and self.text.upper() in words


def located(statement: str, at: int, what: str) -> str:
    """The platform's way of pointing into a statement: the part around it, a caret, the place."""
    line_start = statement.rfind("\n", 0, at) + 1
    row = statement.count("\n", 0, at) + 1
    line = statement[line_start:].split("\n", 1)[0]
    column = at - line_start
    first = max(0, column - 30)
    excerpt, caret = line[first : column + 30], " " * (column - first) + "^"
    return f"\n{excerpt}\n{caret}\nERROR at Row:{row}:Column:{column + 1}\n{what}"


def malformed(statement: str, at: int, what: str) -> ApiError:
    return ApiError("MALFORMED_QUERY", located(statement, at, what))


def tokenize(statement: str) -> list[Token]:
    """All tokens, closed by one of kind `end`."""
    tokens: list[Token] = []
    at, end = 0, len(statement.rstrip())
    while at < end:
        match = _PIECES.match(statement, at)
        if match is None or match.lastgroup is None:
            raise _unreadable(statement, at)
        kind: Kind = match.lastgroup  # type: ignore[assignment]
        tokens.append(Token(kind, match.group(kind), match.start(kind)))
        at = match.end()
    tokens.append(Token("end", "<EOF>", end))
    return tokens


def _unreadable(statement: str, at: int) -> ApiError:
    while statement[at].isspace():
        at += 1
    if statement[at] == "'":
        return malformed(statement, at, "unexpected token: ''' (unterminated string literal)")
    return malformed(statement, at, f"unexpected token: '{statement[at]}'")


def text_of(statement: str, token: Token) -> str:
    """The value of a string literal; in it `\\_` and `\\%` are errors."""
    return _joined(statement, token, for_like=False)


def pattern_of(statement: str, token: Token) -> str:
    """A LIKE literal as a pattern whose escape character is the backslash."""
    return _joined(statement, token, for_like=True)


def _joined(statement: str, token: Token, *, for_like: bool) -> str:
    text = "".join(_characters(statement, token, for_like=for_like))
    try:
        # Two escapes may be the halves of one character; a half alone is none.
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise malformed(statement, token.at, "Illegal unicode escape in string") from None


def _characters(statement: str, token: Token, *, for_like: bool) -> list[str]:
    raw = token.text[1:-1]
    if len(raw) > MAX_LITERAL:
        raise malformed(
            statement, token.at, f"string literal exceeds the maximum of {MAX_LITERAL} characters"
        )
    out: list[str] = []
    at = 0
    while at < len(raw):
        char = raw[at]
        if char != "\\":
            out.append(char)
            at += 1
            continue
        code = raw[at + 1]
        hexed = raw[at + 2 : at + 6]
        if code in "uU" and re.fullmatch(r"[0-9A-Fa-f]{4}", hexed):
            out.append(chr(int(hexed, 16)))
            at += 6
            continue
        if for_like and code in "_%\\":
            out.append("\\" + code)
        elif code in _ESCAPES:
            out.append(_ESCAPES[code])
        else:
            raise malformed(
                statement, token.at + 1 + at, f"Illegal escape sequence in string: '\\{code}'"
            )
        at += 2
    return out
