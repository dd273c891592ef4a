"""Record ids: the 15-character form, its 18-character twin, and running numbers behind them."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_POD = "bn0"
_SERIAL_LENGTH = 9
_DIGIT = {letter: number for number, letter in enumerate(ALPHABET)}
_ALLOWED = frozenset(ALPHABET)


def checksum(short: str) -> str:
    """The three letters that make a 15-character id safe to compare without case."""
    letters = []
    for start in (0, 5, 10):
        bits = 0
        for place, char in enumerate(short[start : start + 5]):
            if "A" <= char <= "Z":
                bits |= 1 << place
        letters.append(_CHECK[bits])
    return "".join(letters)


def record_id(prefix: str, n: int) -> str:
    """The 18-character id of the `n`-th record (n >= 0) of the object with this key prefix."""
    digits = []
    rest = n
    for _ in range(_SERIAL_LENGTH):
        rest, digit = divmod(rest, 62)
        digits.append(ALPHABET[digit])
    if rest or n < 0:
        raise ValueError(f"record number {n} does not fit an id")
    short = prefix + _POD + "".join(reversed(digits))
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
