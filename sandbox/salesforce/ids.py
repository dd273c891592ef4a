"""Record ids: the 15-character form, its 18-character twin, and running numbers behind them."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_POD = "bn0"
_SERIAL_LENGTH = 9
_DIGIT = {letter: number for number, letter in enumerate(ALPHABET)}
_ALLOWED = frozenset(ALPHABET)
_CAPITALS = str.maketrans({letter: "1" if letter.isupper() else "0" for letter in ALPHABET})
# The j-th character of a group of five is worth bit j when it is a capital.
_LETTER = {f"{bits:05b}"[::-1]: letter for bits, letter in enumerate(_CHECK)}


def checksum(short: str) -> str:
    """The three letters that make a 15-character id safe to compare without case."""
    capitals = short.translate(_CAPITALS)
    return _LETTER[capitals[:5]] + _LETTER[capitals[5:10]] + _LETTER[capitals[10:]]


def record_id(prefix: str, n: int) -> str:
    """The 18-character id of the `n`-th record (n >= 0) of the object with this key prefix."""
    if not 0 <= n < 62**_SERIAL_LENGTH:
        raise ValueError(f"record number {n} does not fit an id")
    digits, rest = "", n
    while rest:
        rest, digit = divmod(rest, 62)
        digits = ALPHABET[digit] + digits
    short = prefix + _POD + digits.rjust(_SERIAL_LENGTH, "0")
    return short + checksum(short)


def serial(long_id: str) -> int | None:
    """The number `record_id` was given, or None for an id that came from elsewhere."""
    if long_id[3:6] != _POD:
        return None
    number = 0
    for char in long_id[6:15]:
        number = number * 62 + _DIGIT[char]
    return number


def to_long(value: str) -> str | None:
    """The 18-character form of a 15- or 18-character id; None when it is not an id at all.

    The suffix of an 18-character id tells the case of every letter, so an id whose case was lost
    on its way is restored; a suffix that contradicts the characters makes it malformed.
    """
    if not _ALLOWED.issuperset(value):
        return None
    if len(value) == 15:
        return value + checksum(value)
    if len(value) != 18:
        return None
    short, suffix = value[:15], value[15:].upper()
    if checksum(short) == suffix:
        return short + suffix
    return _restore_case(short, suffix)


def _restore_case(short: str, suffix: str) -> str | None:
    letters = []
    for group, mark in enumerate(suffix):
        bits = _CHECK.find(mark)
        if bits < 0:
            return None
        for place, char in enumerate(short[group * 5 : group * 5 + 5]):
            letters.append(char.upper() if bits >> place & 1 else char.lower())
    restored = "".join(letters)
    return restored + suffix if checksum(restored) == suffix else None
