"""Words of the trade in the cells of a report, in the languages its clerks write."""

PIECES = frozenset(
    (
        *("ea", "each", "pc", "pce", "pcs", "piece", "pieces", "unit", "units", "un", "u"),
        *("st", "stk", "stck", "stueck", "stück", "pz", "pza", "c62", "h87", "nar"),
    )
)
"""Units that are single pieces, in words and by their codes in X12 and UN/ECE Recommendation 20."""

_WORDS_OF_TYPES = {
    "sale": (
        *("sale", "sales", "invoice", "inv", "s", "verkauf", "rechnung", "vente", "venta"),
        *("ss", "sd", "sh", "ds", "bp", "sm"),
    ),
    "return": (
        *("return", "returns", "credit", "creditmemo", "creditnote", "cr", "r", "rma", "ret"),
        *("gutschrift", "retoure", "rückgabe", "rueckgabe", "avoir", "retour", "devolucion"),
        *("rb", "rp", "ru"),
    ),
    "price_adjustment": ("priceadjustment", "priceadjust", "pa", "preiskorrektur"),
    "summary": ("summary", "su"),
    "inventory": ("rv", "rc", "ib", "ia", "sa", "sc", "td"),
}
TYPES = {word: kind for kind, words in _WORDS_OF_TYPES.items() for word in words}
"""Word, or code of a product transfer (PTD01) → type of transaction."""

UNNAMED = frozenset(
    (
        *("various", "stock", "cash sale", "n/a", "na", "unknown", "none", "tbd", "xxx"),
        *("diverse", "divers", "verschiedene", "lager", "barverkauf", "endkunde"),
        *("end user", "end customer", "walk-in", "walk in", "-", "--", "?"),
    )
)
"""What stands where no end customer is named."""

ACTIONS = {
    word: action
    for action, words in {
        "add": ("add", "added", "a", "new", "n", "insert", "i", "original", "neu"),
        "change": ("change", "changed", "c", "update", "u", "modify", "m", "änderung"),
        "delete": ("delete", "deleted", "d", "remove", "r", "cancel", "x", "storno", "löschung"),
    }.items()
    for word in words
}
"""What a line of a report of changes does, in the words of senders."""
