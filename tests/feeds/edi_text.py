"""X12 and EDIFACT text made in the tests, with any delimiters and every count right."""

from collections.abc import Sequence

Segment = Sequence[str]


def x12(
    segments: Sequence[str],
    *,
    code: str = "867",
    group: str = "PT",
    element: str = "*",
    terminator: str = "~",
    between: str = "",
    control: str = "000000101",
    said: int | None = None,
    end: bool = True,
) -> str:
    """An interchange of one set; `segments` are written with `*` and without terminators."""
    body = [f"ST*{code}*0001", *segments]
    body.append(f"SE*{said if said is not None else len(body) + 1}*0001")
    isa = (
        f"ISA*00*          *00*          *ZZ*NORTHWIND      *ZZ*ACME           *260403*1200*U*00401"
        f"*{control}*0*P*>"
    )
    every = [isa, f"GS*{group}*NORTHWIND*ACME*20260403*1200*1*X*004010", *body, "GE*1*1"]
    if end:
        every.append(f"IEA*1*{control}")
    return "".join(segment.replace("*", element) + terminator + between for segment in every)


HEADING = ("BPT*00*RPT-2026-03*20260331*02", "CUR*DS*EUR", "DTM*090*20260301", "DTM*091*20260331",
           "N1*DB*Northwind*91*NW")  # fmt: skip
SALE = ("PTD*SS", "DTM*003*20260310", "REF*IV*INV100", "N1*BY*Bright Systems*91*R-100",
        "N4*Kiel**24103*DE", "N1*EU*Acme GmbH", "N4*Bonn**53111*DE", "QTY*32*5*EA",
        "LIN**VP*FW-10*UP*036000291452", "UIT*EA*249.90", "PID*F****Firewall 10")  # fmt: skip
SECOND = ("QTY*32*2*EA", "LIN**VP*FW-20", "UIT*EA*99")


def edifact(
    segments: Sequence[str],
    *,
    message: str = "SLSRPT",
    una: bool = True,
    terminator: str = "'",
) -> str:
    """An interchange of one message; `segments` are written with `+` and `:`."""
    body = [f"UNH+1+{message}:D:96A:UN:EAN004", *segments]
    body.append(f"UNT+{len(body) + 1}+1")
    every = ["UNB+UNOC:3+NORTHWIND:14+ACME:14+260403:1200+77", *body, "UNZ+1+77"]
    start = f"UNA:+.? {terminator}" if una else ""
    return start + "".join(segment + terminator for segment in every)


SLSRPT_HEADING = ("BGM+73E+SR-2026-03+9", "DTM+137:20260402:102", "DTM+90:20260301:102",
                  "DTM+91:20260331:102", "NAD+SE+NW::91", "NAD+SU+ACME::91",
                  "CUX+2:EUR")  # fmt: skip
