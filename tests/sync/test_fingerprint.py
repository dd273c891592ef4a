"""What a row said is known again by the same hash and the same text, today and in years."""

from hashlib import sha256

import polars as pl
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.sync.fingerprint import text_hashes, told_text, told_texts

_FIELDS = ["Name", "Größe", 'A"b', "c"]
_AWKWARD = ["", '"', "\\", "a\nb", "\x00", "\x1f", "\x7f", "ü", "🙂", "\u2028", " x ", "\ufeff"]
_told = st.none() | st.sampled_from(_AWKWARD) | st.text(max_size=8)
_rows = st.lists(st.fixed_dictionaries(dict.fromkeys(_FIELDS, _told)), max_size=4)


def _frame(rows: list[dict[str, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(_FIELDS, pl.String), orient="row")


@given(_rows, st.lists(st.sampled_from(_FIELDS), unique=True))
def test_texts_spelt_at_once_are_those_spelt_one_by_one(
    rows: list[dict[str, str | None]], fields: list[str]
) -> None:
    one_by_one = [told_text({name: row[name] for name in fields}) for row in rows]
    assert told_texts(_frame(rows), fields).to_list() == one_by_one


def test_a_text_is_json_with_its_names_in_order_and_nothing_that_is_empty() -> None:
    row: dict[str, str | None] = {"c": 'say "hi"', "Name": "Ünal", 'A"b': "", "Größe": None}
    assert told_texts(_frame([row]), _FIELDS).to_list() == ['{"Name": "Ünal", "c": "say \\"hi\\""}']


def test_a_hash_is_of_the_text_without_blanks_around_it_and_of_how_it_is_read() -> None:
    rows = _frame([{"Name": " Adler ", "Größe": " ", 'A"b': None, "c": "ü"}])
    begun = sha256(b"mapping 1").hexdigest()
    plain = sha256(f"{begun}\x1fAdler\x1f\x00\x1f\x00\x1fü".encode()).hexdigest()[:32]
    assert text_hashes(rows, _FIELDS, "mapping 1").to_list() == [plain]
    assert text_hashes(rows, _FIELDS, "mapping 2").to_list() != [plain]


@given(_rows)
def test_rows_have_one_hash_if_they_say_the_same(rows: list[dict[str, str | None]]) -> None:
    told = [value or "" for row in rows for value in row.values()]
    assume(not any("\x1c" <= char <= "\x1f" or char == "\x00" for char in "".join(told)))
    said = {tuple((row[name] or "").strip() or None for name in _FIELDS) for row in rows}
    assert len(set(text_hashes(_frame(rows), _FIELDS, "").to_list())) == len(said)
