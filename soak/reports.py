"""Valid reports of made-up sales in every format, and the ways in which real senders damage them.

A damage may lose or repeat lines, or make them unreadable; none of them changes a number into
another one that is as good. So each line that is accepted must say what was sold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from random import Random

_NAMES = ("Müller & Söhne", "Acme GmbH", "Bright Systems", "O'Neill", "Société Générale",
          "Łódź Sp.", "VARIOUS", "Total Networks")  # fmt: skip
_COLUMNS = ("Invoice No", "Invoice Line", "Invoice Date", "SKU", "End Customer", "Qty",
            "Unit Price", "Currency")  # fmt: skip
_FIRST = date(2026, 3, 1)


@dataclass(frozen=True)
class Sale:
    """One line as it was sold; prices in cents."""

    invoice: str
    line: int
    day: date
    sku: str
    customer: str
    quantity: int
    cents: int

    @property
    def price(self) -> str:
        return f"{self.cents // 100}.{self.cents % 100:02d}"

    @property
    def truth(self) -> tuple[str, int, str]:
        """What must be loaded, if anything is: product, quantity, price."""
        price = self.price.rstrip("0").rstrip(".")
        return self.sku, self.quantity, price


def sales(rng: Random, count: int) -> list[Sale]:
    """Sales of one month; a product is sold once per file, so a line is known by it."""
    return [
        Sale(
            invoice=f"N{rng.randrange(10**6):06d}",
            line=at + 1,
            day=_FIRST + timedelta(days=rng.randrange(13, 28)),
            sku=f"FW-{at:03d}{rng.choice('ABCDEF')}",
            customer=rng.choice(_NAMES),
            quantity=rng.choice((1, 2, 3, 5, 12, 250, -1, -4)),
            cents=rng.choice((999, 12_345, 250_000, 1_234_567, 50, 100_100)),
        )
        for at in range(count)
    ]


@dataclass
class File:
    """A file under way to the hub: its bytes, its name, and whether lines may be missing in it."""

    name: str
    content: bytes
    whole: bool = True


Make = Callable[[Random, list[Sale]], File]
Damage = Callable[[Random, File], File]


# -- valid files -----------------------------------------------------------------------------------


def made_csv(rng: Random, sold: list[Sale]) -> File:
    """Any delimiter, decimal mark, format of dates and encoding that a file can be sent in."""
    delimiter = rng.choice((";", "\t", "|", ","))
    comma = delimiter != "," and rng.random() < 0.5
    day = rng.choice(("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y%m%d"))
    quoted = rng.random() < 0.3
    back = rng.choice(("-{}", "{}-", "({})"))

    def number(value: str) -> str:
        bare = value.removeprefix("-")
        if comma:
            bare = bare.replace(".", ",")
            if rng.random() < 0.5 and len(bare) > 6 and "," in bare:
                bare = f"{bare[:-6]}.{bare[-6:]}"
        return back.format(bare) if value.startswith("-") else bare

    def cells(sale: Sale) -> list[str]:
        told = [sale.invoice, str(sale.line), sale.day.strftime(day), sale.sku, sale.customer,
                number(str(sale.quantity)), number(sale.price), "EUR"]  # fmt: skip
        return [f'"{cell}"' for cell in told] if quoted else told

    lines = [delimiter.join(row) for row in [list(_COLUMNS), *map(cells, sold)]]
    text = "".join(f"{line}{rng.choice((chr(10), chr(13) + chr(10)))}" for line in lines)
    encoding = rng.choice(("utf-8", "utf-8-sig", "cp1252", "utf-16"))
    return File("pos_2026-03.csv", text.encode(encoding, errors="replace"))


def made_jsonl(rng: Random, sold: list[Sale]) -> File:
    rows = [
        f'{{"Invoice No": "{s.invoice}", "Invoice Line": {s.line}, "Invoice Date": "{s.day}", '
        f'"SKU": "{s.sku}", "End Customer": {{"Name": "{s.customer}"}}, "Qty": {s.quantity}, '
        f'"Unit Price": {s.price}, "Currency": "EUR"}}'
        for s in sold
    ]
    text = "\n".join(rows) + "\n" if rng.random() < 0.7 else f"[{', '.join(rows)}]"
    return File("pos_2026-03.jsonl", text.encode())


def made_workbook(rng: Random, sold: list[Sale]) -> File:
    import xlsxwriter

    made = BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Data")
        dated = book.add_format({"num_format": "dd.mm.yyyy"})
        start = rng.randrange(3)
        sheet.write_row(start, 0, _COLUMNS)
        for at, sale in enumerate(sold, start + 1):
            sheet.write_row(at, 0, [sale.invoice, sale.line])
            sheet.write_datetime(at, 2, sale.day, dated)  # type: ignore[arg-type]
            sheet.write_row(
                at, 3, [sale.sku, sale.customer, sale.quantity, sale.cents / 100, "EUR"]
            )
    return File("pos_2026-03.xlsx", made.getvalue())


def made_x12(rng: Random, sold: list[Sale]) -> File:
    element, terminator = rng.choice((("*", "~"), ("^", "~"), ("~", "?"), ("*", "]"), ("|", "\n")))
    between = "" if terminator == "\n" else rng.choice(("", "\n", "\r\n", "\n  "))
    segments = ["ST*867*0001", "BPT*00*R-1*20260331*02", "CUR*DS*EUR", "DTM*090*20260301",
                "DTM*091*20260331", "N1*DB*Northwind*91*NW"]  # fmt: skip
    for sale in sold:
        kind = "SS" if sale.quantity > 0 else rng.choice(("SS", "RP"))
        quantity = abs(sale.quantity) if kind == "RP" else sale.quantity
        product = [f"LIN**VP*{sale.sku}"]
        counted = [f"QTY*32*{quantity}*EA"]
        both = counted + product if rng.random() < 0.7 else product + counted
        name = sale.customer.replace("~", "").replace("?", "")
        segments += [f"PTD*{kind}", f"DTM*003*{sale.day:%Y%m%d}", f"REF*IV*{sale.invoice}",
                     f"N1*EU*{name}", *both, f"UIT*EA*{sale.price}",
                     f"REF*LI*{sale.line}"]  # fmt: skip
    segments += [f"CTT*{len(sold)}", f"SE*{len(segments) + 2}*0001"]
    isa = (
        "ISA*00*          *00*          *ZZ*NORTHWIND      *ZZ*ACME           *260403*1200*U*00401"
        "*000000101*0*P*>"
    )
    every = [isa, "GS*PT*NW*AC*20260403*1200*1*X*004010", *segments, "GE*1*1", "IEA*1*000000101"]
    text = "".join(one.replace("*", element) + terminator + between for one in every)
    return File("pos.edi", text.encode(rng.choice(("utf-8", "cp1252")), errors="replace"))


def made_edifact(rng: Random, sold: list[Sale]) -> File:
    lines_only = rng.random() < 0.2
    end = "\n" if lines_only else "'" + rng.choice(("", "\r\n"))
    segments = ["UNH+1+SLSRPT:D:96A:UN:EAN004", "BGM+73E+S-1+9", "DTM+137:20260402:102",
                "DTM+90:20260301:102", "DTM+91:20260331:102", "CUX+2:EUR"]  # fmt: skip
    for at, sale in enumerate(sold, 1):
        code = 61 if sale.quantity < 0 and rng.random() < 0.5 else 153
        quantity = abs(sale.quantity) if code == 61 else sale.quantity
        segments += [f"LOC+162+B{at}::92", f"LIN+{at}++{sale.sku}:MF",
                     f"DTM+356:{sale.day:%Y%m%d}:102", f"PRI+AAA:{sale.price}",
                     f"QTY+{code}:{quantity}"]  # fmt: skip
    segments.append(f"UNT+{len(segments) + 1}+1")
    every = ["UNB+UNOC:3+NW:14+AC:14+260403:1200+77", *segments, "UNZ+1+77"]
    start = "" if lines_only or rng.random() < 0.3 else "UNA:+.? '"
    return File("sales.edi", (start + "".join(f"{one}{end}" for one in every)).encode("latin-1"))


MAKERS: dict[str, Make] = {
    "csv": made_csv,
    "jsonl": made_jsonl,
    "spreadsheet": made_workbook,
    "x12": made_x12,
    "edifact": made_edifact,
}


# -- damages ---------------------------------------------------------------------------------------


def _cut_off(rng: Random, file: File) -> File:
    at = rng.randrange(len(file.content) // 3, len(file.content))
    return File(file.name, file.content[:at], whole=False)


def _lost_end(rng: Random, file: File) -> File:
    """One of the marks that end lines or segments is lost."""
    text = file.content
    ends = [b"\n"] if file.name.endswith(("csv", "jsonl")) else [b"~", b"'", b"]", b"?", b"\n"]
    places = [at for at in range(200, len(text)) if text[at : at + 1] in ends]
    if not places:
        return file
    at = rng.choice(places)
    return File(file.name, text[:at] + text[at + 1 :], whole=False)


def _line_twice(rng: Random, file: File) -> File:
    lines = file.content.split(b"\n")
    if len(lines) < 4:
        return file
    at = rng.randrange(1, len(lines) - 1)
    return File(file.name, b"\n".join([*lines[:at], lines[at], *lines[at:]]), whole=False)


def _line_lost(rng: Random, file: File) -> File:
    lines = file.content.split(b"\n")
    if len(lines) < 4:
        return file
    at = rng.randrange(1, len(lines) - 1)
    return File(file.name, b"\n".join([*lines[:at], *lines[at + 1 :]]), whole=False)


def _blank_lines(rng: Random, file: File) -> File:
    lines = file.content.split(b"\n")
    at = rng.randrange(len(lines))
    return File(file.name, b"\n".join([*lines[:at], b"", b"", *lines[at:]]), whole=False)


def _header_again(rng: Random, file: File) -> File:
    lines = file.content.split(b"\n")
    if len(lines) < 3:
        return file
    at = rng.randrange(1, len(lines))
    return File(file.name, b"\n".join([*lines[:at], lines[0], *lines[at:]]), whole=False)


def _title_above(_rng: Random, file: File) -> File:
    return File(file.name, b"Sell-through report\n\n" + file.content, whole=False)


def _total_below(rng: Random, file: File) -> File:
    return File(
        file.name, file.content + rng.choice((b"Total;;;;;99;;\n", b"Gesamt\n")), whole=False
    )


def _quote_opened(rng: Random, file: File) -> File:
    at = rng.randrange(len(file.content) // 3, len(file.content))
    return File(file.name, file.content[:at] + b'"' + file.content[at:], whole=False)


def _cell_spoilt(rng: Random, file: File) -> File:
    """A word that is no value stands where a delimiter was, or is added to a value."""
    at = rng.randrange(len(file.content) // 3, len(file.content))
    word = rng.choice(
        (b"#N/A", b"n/a", b"?", b"x", b";", b"*", b"+", b":", b"\t", b"\x00", b"\xff")
    )
    return File(file.name, file.content[:at] + word + file.content[at:], whole=False)


def _twice(_rng: Random, file: File) -> File:
    return File(file.name, file.content + file.content, whole=False)


DAMAGES: dict[str, Damage] = {
    "none": lambda _rng, file: file,
    "cut_off": _cut_off,
    "lost_end": _lost_end,
    "line_twice": _line_twice,
    "line_lost": _line_lost,
    "blank_lines": _blank_lines,
    "header_again": _header_again,
    "title_above": _title_above,
    "total_below": _total_below,
    "quote_opened": _quote_opened,
    "cell_spoilt": _cell_spoilt,
    "twice": _twice,
}
