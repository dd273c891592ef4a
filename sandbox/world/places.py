"""Where companies sit: fifteen countries with their cities, codes, phones and legal forms.

Digits to be drawn are written `#`, letters `@`. Numbers built from these patterns have the area
codes, lengths and leading zeros that real ones have, because those are what spreadsheets damage
and what phone and postal normalisers look at.
"""

import re
from dataclasses import dataclass
from functools import cache
from random import Random


@dataclass(frozen=True, slots=True)
class City:
    """`other` is the name foreigners use; `area` + `subscriber` make the national phone number."""

    name: str
    other: str
    state: str
    postal: str
    area: str
    subscriber: str


@dataclass(frozen=True, slots=True)
class Country:
    """`forms` maps the official legal form to the ways people write it, most common form first."""

    iso: str
    name: str
    spellings: tuple[str, ...]
    dial: str
    trunk: str
    mobile: str
    language: str
    currency: str
    tlds: tuple[str, ...]
    forms: dict[str, tuple[str, ...]]
    cities: tuple[City, ...]


GMBH = ("GmbH", "Gmbh", "G.m.b.H.", "Gesellschaft mbH", "gmbh")
AG = ("AG", "A.G.", "Aktiengesellschaft")
CO_KG = ("GmbH & Co. KG", "GmbH & Co KG", "GmbH u. Co. KG")
SARL = ("SARL", "S.A.R.L.", "Sarl")
SAS = ("SAS", "S.A.S.", "Sas")
SA = ("SA", "S.A.", "s.a.")
NV = ("NV", "N.V.", "nv")
BV = ("BV", "B.V.", "b.v.")
LTD = ("Ltd", "Ltd.", "Limited", "LTD")


def _cities(text: str) -> tuple[City, ...]:
    """One city a line: name | other name | state | postal | area | subscriber."""
    lines = (line.split("|") for line in text.strip().splitlines())
    return tuple(City(*(part.strip() for part in line)) for line in lines)


COUNTRIES: dict[str, Country] = {
    country.iso: country
    for country in (
        Country(
            iso="DE",
            name="Germany",
            spellings=("Deutschland", "GERMANY", "germany", "DEU"),
            dial="49",
            trunk="0",
            mobile="151########",
            language="de",
            currency="EUR",
            tlds=("de", "de", "com"),
            forms={"GmbH": GMBH, "AG": AG, "GmbH & Co. KG": CO_KG},
            cities=_cities("""
                Hamburg | Hamburg | Hamburg | 20### | 40 | 3######
                München | Munich | Bayern | 80### | 89 | 5######
                Berlin | Berlin | Berlin | 10### | 30 | 2######
                Köln | Cologne | Nordrhein-Westfalen | 50### | 221 | 4######
                Dresden | Dresden | Sachsen | 01### | 351 | 4######
                Nürnberg | Nuremberg | Bayern | 90### | 911 | 5######
                Leipzig | Leipzig | Sachsen | 04### | 341 | 9######
            """),
        ),
        Country(
            iso="AT",
            name="Austria",
            spellings=("Österreich", "Oesterreich", "austria", "AUT"),
            dial="43",
            trunk="0",
            mobile="664#######",
            language="de",
            currency="EUR",
            tlds=("at", "at", "com"),
            forms={"GmbH": GMBH, "AG": AG},
            cities=_cities("""
                Wien | Vienna | Wien | 10#0 | 1 | 5######
                Graz | Graz | Steiermark | 80#0 | 316 | 8#####
                Linz | Linz | Oberösterreich | 40#0 | 732 | 7#####
                Salzburg | Salzburg | Salzburg | 50#0 | 662 | 8#####
            """),
        ),
        Country(
            iso="CH",
            name="Switzerland",
            spellings=("Schweiz", "Suisse", "SWITZERLAND", "CHE"),
            dial="41",
            trunk="0",
            mobile="79#######",
            language="de",
            currency="CHF",
            tlds=("ch", "ch", "com"),
            forms={"AG": AG, "GmbH": GMBH, "SA": SA},
            cities=_cities("""
                Zürich | Zurich | ZH | 80## | 44 | 2######
                Genève | Geneva | GE | 12## | 22 | 7######
                Basel | Basle | BS | 40## | 61 | 2######
                Bern | Berne | BE | 30## | 31 | 3######
                Lausanne | Lausanne | VD | 10## | 21 | 3######
            """),
        ),
        Country(
            iso="FR",
            name="France",
            spellings=("FRANCE", "france", "Frankreich", "FRA"),
            dial="33",
            trunk="0",
            mobile="612######",
            language="fr",
            currency="EUR",
            tlds=("fr", "fr", "com"),
            forms={"SAS": SAS, "SARL": SARL, "SA": SA},
            cities=_cities("""
                Paris | Paris | Île-de-France | 750## | 1 | 42######
                Lyon | Lyons | Rhône | 6900# | 4 | 72######
                Marseille | Marseilles | Bouches-du-Rhône | 1300# | 4 | 91######
                Lille | Lille | Nord | 59### | 3 | 20######
                Nice | Nice | Alpes-Maritimes | 06### | 4 | 93######
                Strasbourg | Strassburg | Bas-Rhin | 67### | 3 | 88######
                Bourg-en-Bresse | Bourg en Bresse | Ain | 01### | 4 | 74######
            """),
        ),
        Country(
            iso="BE",
            name="Belgium",
            spellings=("België", "Belgique", "BELGIUM", "BEL"),
            dial="32",
            trunk="0",
            mobile="47#######",
            language="nl",
            currency="EUR",
            tlds=("be", "be", "com"),
            forms={"BV": BV, "NV": NV, "SA": SA},
            cities=_cities("""
                Bruxelles | Brussels | Brussels | 10## | 2 | 5######
                Antwerpen | Antwerp | Antwerpen | 20## | 3 | 2######
                Gent | Ghent | Oost-Vlaanderen | 90## | 9 | 2######
                Liège | Luik | Liège | 40## | 4 | 2######
            """),
        ),
        Country(
            iso="NL",
            name="Netherlands",
            spellings=("Nederland", "The Netherlands", "Holland", "NLD"),
            dial="31",
            trunk="0",
            mobile="61#######",
            language="nl",
            currency="EUR",
            tlds=("nl", "nl", "com", "eu"),
            forms={"BV": BV, "NV": NV},
            cities=_cities("""
                Amsterdam | Amsterdam | Noord-Holland | 10## @@ | 20 | 6######
                Rotterdam | Rotterdam | Zuid-Holland | 30## @@ | 10 | 4######
                Den Haag | The Hague | Zuid-Holland | 25## @@ | 70 | 3######
                Utrecht | Utrecht | Utrecht | 35## @@ | 30 | 2######
                Eindhoven | Eindhoven | Noord-Brabant | 56## @@ | 40 | 2######
            """),
        ),
        Country(
            iso="GB",
            name="United Kingdom",
            spellings=("UK", "Great Britain", "U.K.", "united kingdom", "GBR"),
            dial="44",
            trunk="0",
            mobile="7712######",
            language="en",
            currency="GBP",
            tlds=("co.uk", "co.uk", "com"),
            forms={"Ltd": LTD, "PLC": ("PLC", "plc", "P.L.C.", "Public Limited Company")},
            cities=_cities("""
                London | London | Greater London | EC#A #@@ | 20 | 79######
                Manchester | Manchester | Greater Manchester | M# #@@ | 161 | 2######
                Birmingham | Birmingham | West Midlands | B# #@@ | 121 | 2######
                Leeds | Leeds | West Yorkshire | LS# #@@ | 113 | 2######
                Edinburgh | Edinburgh | Scotland | EH# #@@ | 131 | 2######
                Bristol | Bristol | Bristol | BS# #@@ | 117 | 9######
            """),
        ),
        Country(
            iso="US",
            name="United States",
            spellings=("USA", "United States of America", "U.S.A.", "united states"),
            dial="1",
            trunk="",
            mobile="41534#####",
            language="en",
            currency="USD",
            tlds=("com", "com", "net", "io"),
            forms={
                "Inc": ("Inc", "Inc.", "Incorporated", "INC"),
                "LLC": ("LLC", "L.L.C.", "llc"),
                "Corp": ("Corp", "Corp.", "Corporation"),
            },
            cities=_cities("""
                Boston | Boston | MA | 021## | 617 | 34#####
                Newark | Newark | NJ | 071## | 973 | 34#####
                Hartford | Hartford | CT | 061## | 860 | 34#####
                Chicago | Chicago | IL | 606## | 312 | 34#####
                Austin | Austin | TX | 787## | 512 | 34#####
                Seattle | Seattle | WA | 981## | 206 | 34#####
                Denver | Denver | CO | 802## | 303 | 34#####
                Atlanta | Atlanta | GA | 303## | 404 | 34#####
            """),
        ),
        Country(
            iso="SE",
            name="Sweden",
            spellings=("Sverige", "SWEDEN", "sweden", "SWE"),
            dial="46",
            trunk="0",
            mobile="70#######",
            language="nordic",
            currency="SEK",
            tlds=("se", "se", "com"),
            forms={"AB": ("AB", "Aktiebolag", "ab")},
            cities=_cities("""
                Stockholm | Stockholm | Stockholms län | 11# ## | 8 | 5#######
                Göteborg | Gothenburg | Västra Götalands län | 41# ## | 31 | 7#####
                Malmö | Malmo | Skåne län | 21# ## | 40 | 6#####
                Uppsala | Uppsala | Uppsala län | 75# ## | 18 | 1#####
            """),
        ),
        Country(
            iso="NO",
            name="Norway",
            spellings=("Norge", "NORWAY", "norway", "NOR"),
            dial="47",
            trunk="",
            mobile="40######",
            language="nordic",
            currency="EUR",
            tlds=("no", "no", "com"),
            forms={"AS": ("AS", "A/S", "Aksjeselskap")},
            cities=_cities("""
                Oslo | Oslo | Oslo | 01## | 22 | 4#####
                Bergen | Bergen | Vestland | 50## | 55 | 3#####
                Trondheim | Trondheim | Trøndelag | 70## | 73 | 8#####
                Tromsø | Tromso | Troms | 90## | 77 | 6#####
            """),
        ),
        Country(
            iso="FI",
            name="Finland",
            spellings=("Suomi", "FINLAND", "finland", "FIN"),
            dial="358",
            trunk="0",
            mobile="40#######",
            language="fi",
            currency="EUR",
            tlds=("fi", "fi", "com"),
            forms={"Oy": ("Oy", "OY", "Osakeyhtiö"), "Oyj": ("Oyj", "OYJ", "Abp")},
            cities=_cities("""
                Helsinki | Helsingfors | Uusimaa | 001## | 9 | 4######
                Espoo | Esbo | Uusimaa | 021## | 9 | 5######
                Tampere | Tammerfors | Pirkanmaa | 331## | 3 | 2######
                Turku | Åbo | Varsinais-Suomi | 201## | 2 | 2######
            """),
        ),
        Country(
            iso="IT",
            name="Italy",
            spellings=("Italia", "ITALY", "italy", "ITA"),
            dial="39",
            trunk="",
            mobile="347#######",
            language="it",
            currency="EUR",
            tlds=("it", "it", "com"),
            forms={"SpA": ("SpA", "S.p.A.", "S.P.A."), "Srl": ("Srl", "S.r.l.", "SRL")},
            cities=_cities("""
                Milano | Milan | MI | 201## | 02 | 4#######
                Roma | Rome | RM | 001## | 06 | 4#######
                Torino | Turin | TO | 101## | 011 | 5######
                Firenze | Florence | FI | 501## | 055 | 2######
                Bologna | Bologna | BO | 401## | 051 | 2######
            """),
        ),
        Country(
            iso="ES",
            name="Spain",
            spellings=("España", "Espana", "SPAIN", "ESP"),
            dial="34",
            trunk="",
            mobile="6########",
            language="es",
            currency="EUR",
            tlds=("es", "es", "com"),
            forms={"SL": ("SL", "S.L.", "Sociedad Limitada"), "SA": SA},
            cities=_cities("""
                Madrid | Madrid | Madrid | 280## | 91 | 4######
                Barcelona | Barcelona | Barcelona | 080## | 93 | 4######
                Valencia | València | Valencia | 460## | 96 | 3######
                Sevilla | Seville | Sevilla | 410## | 95 | 4######
                Bilbao | Bilbo | Bizkaia | 480## | 94 | 4######
            """),
        ),
        Country(
            iso="IN",
            name="India",
            spellings=("INDIA", "india", "IND"),
            dial="91",
            trunk="0",
            mobile="98########",
            language="in",
            currency="USD",
            tlds=("in", "co.in", "com"),
            forms={
                "Pvt Ltd": ("Pvt Ltd", "Pvt. Ltd.", "Private Limited", "(P) Ltd"),
                "Ltd": LTD,
            },
            cities=_cities("""
                Mumbai | Bombay | Maharashtra | 4000## | 22 | 2#######
                Bengaluru | Bangalore | Karnataka | 5600## | 80 | 4#######
                New Delhi | Delhi | Delhi | 1100## | 11 | 4#######
                Chennai | Madras | Tamil Nadu | 6000## | 44 | 2#######
                Pune | Poona | Maharashtra | 4110## | 20 | 2#######
            """),
        ),
        Country(
            iso="JP",
            name="Japan",
            spellings=("日本", "JAPAN", "japan", "JPN"),
            dial="81",
            trunk="0",
            mobile="9034######",
            language="jp",
            currency="USD",
            tlds=("co.jp", "co.jp", "jp", "com"),
            forms={
                "KK": ("KK", "K.K.", "Kabushiki Kaisha"),
                "Co Ltd": ("Co Ltd", "Co., Ltd.", "Company Limited"),
            },
            cities=_cities("""
                Tokyo | Tōkyō | Tokyo | 100-#### | 3 | 53######
                Osaka | Ōsaka | Osaka | 530-#### | 6 | 63######
                Nagoya | Nagoya | Aichi | 450-#### | 52 | 2######
                Fukuoka | Fukuoka | Fukuoka | 810-#### | 92 | 72#####
                Sapporo | Sapporo | Hokkaido | 060-#### | 11 | 22#####
            """),
        ),
    )
}

# How many of a hundred companies sit where: the vendor is European, with a strong US business.
SHARES = {
    "DE": 20, "US": 16, "GB": 11, "FR": 10, "NL": 7, "CH": 6, "IT": 6, "ES": 5,
    "AT": 4, "SE": 4, "BE": 3, "IN": 3, "NO": 2, "FI": 2, "JP": 1,
}  # fmt: skip

_LETTERS = "ABCDEGHJKLMNPRSTVWXZ"


def drawn(rng: Random, pattern: str) -> str:
    """`pattern` with every `#` a digit and every `@` a letter; runs of digits are one draw."""
    out = []
    for part in _parts(pattern):
        if part[0] == "#":
            out.append(str(rng.randrange(10 ** len(part))).zfill(len(part)))
        elif part == "@":
            out.append(rng.choice(_LETTERS))
        else:
            out.append(part)
    return "".join(out)


@cache
def _parts(pattern: str) -> tuple[str, ...]:
    return tuple(re.findall("#+|@|[^#@]+", pattern))
