"""Legal forms: how each is written, which class it belongs to, and where it stands in a name.

A form counts only at an end of the name (few stand in front: "SAS Institute" keeps its SAS), and
never when nothing else would be left.
"""

from hub.identity.text import words

_AT_END: dict[str, str] = {
    "gmbh": "GmbH | G.m.b.H. | GesmbH | Ges.m.b.H. | mbH | Gesellschaft mbH | "
    "Gesellschaft mit beschränkter Haftung | gGmbH | Sàrl GmbH",
    "ug": "UG | UG (haftungsbeschränkt) | Unternehmergesellschaft",
    "gmbh_kg": "GmbH & Co. KG | GmbH u. Co. KG | GmbH & Co. KGaA | GmbH Co | mbH & Co. KG | "
    "UG & Co. KG | AG & Co. KG | SE & Co. KG",
    "kg": "KG | Kommanditgesellschaft | & Co. KG",
    "ohg": "OHG | Offene Handelsgesellschaft | OG",
    "gbr": "GbR",
    "ek": "e.K. | e.Kfm. | e.U. | eingetragener Kaufmann",
    "ev": "e.V. | eingetragener Verein",
    "eg": "eG | eingetragene Genossenschaft | Genossenschaft",
    "ag": "AG | Aktiengesellschaft",
    "kgaa": "KGaA",
    "se": "SE | Societas Europaea",
    "sa": "SA | S/A | Société Anonyme | Sociedad Anónima | S.A.U. | Sociedade Anónima",
    "sas": "SAS | SASU | Société par actions simplifiée",
    "sarl": "SARL | EURL | Société à responsabilité limitée | S.à r.l.",
    "snc": "SNC | Société en nom collectif",
    "sci": "SCI",
    "scop": "SCOP | SCRL | SC",
    "bv": "BV | B.V. | Besloten Vennootschap | BVBA | SPRL | SRL BV",
    "nv": "NV | N.V. | Naamloze Vennootschap",
    "vof": "VOF | V.O.F. | CV | Commanditaire Vennootschap",
    "spa": "SpA | S.p.A. | Società per Azioni",
    "srl": "SRL | S.r.l. | SRLS | Società a responsabilità limitata | S. de R.L.",
    "sl": "SL | S.L. | SLU | S.L.U. | Sociedad Limitada | SRL de CV",
    "sa_cv": "SA de CV | S.A. de C.V. | SAPI de CV",
    "lda": "Lda | Limitada | Unipessoal Lda",
    "ltda": "Ltda | EIRELI | ME",
    "ab": "AB | Aktiebolag | AB (publ)",
    "hb": "HB | Handelsbolag | Kommanditbolag",
    "as": "AS | A/S | ASA | Aksjeselskap | Aktieselskab",
    "aps": "ApS | Anpartsselskab | IVS",
    "oy": "Oy | Oyj | Abp | Osakeyhtiö | Oy Ab | Ab Oy",
    "ltd": "Ltd | Limited | Co Ltd | Company Limited | Ltd Co",
    "pvt_ltd": "Pvt Ltd | Private Limited | Pte Ltd | Pty Ltd | Sdn Bhd | (P) Ltd | Pvt",
    "plc": "PLC | Public Limited Company",
    "llp": "LLP | Limited Liability Partnership",
    "lp": "LP | Limited Partnership",
    "inc": "Inc | Incorporated",
    "corp": "Corp | Corporation",
    "llc": "LLC | L.L.C. | Limited Liability Company | PLLC",
    "co": "Co | Company | & Cie | Cie",
    "kk": "KK | K.K. | Kabushiki Kaisha | Kabushikigaisha | Kabushiki Gaisha",
    "gk": "GK | G.K. | Godo Kaisha",
    "zoo": "Sp. z o.o. | Spolka z o.o. | spzoo",
    "s_a_pl": "Spolka Akcyjna",
    "sro": "s.r.o. | spol. s r.o.",
    "as_cz": "a.s. akciova spolecnost",
    "doo": "d.o.o. | d.d.",
    "kft": "Kft | Korlatolt Felelossegu Tarsasag",
    "zrt": "Zrt | Nyrt",
    "ooo": "OOO | ZAO | PAO | OAO",
    "ood": "OOD | EOOD",
    "ead": "AD | EAD",
    "ae": "A.E. | Anonymi Etaireia",
    "epe": "EPE | IKE",
    "fze": "FZE | FZCO | FZ LLC",
    "as_tr": "Anonim Sirketi | Limited Sirketi | Ltd. Şti.",
}
_AT_START: dict[str, str] = {
    "ab": "AB",
    "oy": "Oy | Oy Ab",
    "kk": "Kabushiki Kaisha | KK",
    "pt": "PT",
    "ooo": "OOO | ZAO | PAO | OAO",
    "sarl": "SARL | EURL",
    "sci": "SCI",
}
LIMITED_ALIKE = frozenset({"ltd", "co", "pvt_ltd"})
"""Short ways to write one another: `Pvt. Ltd.` is often noted as `Ltd`."""


def _table(written: dict[str, str]) -> dict[tuple[str, ...], str]:
    return {
        tuple(words(form)): kind
        for kind, forms in written.items()
        for form in forms.split("|")
        if words(form)
    }


_ENDS, _STARTS = _table(_AT_END), _table(_AT_START)
_LONGEST = max(len(form) for form in _ENDS)
_LAST, _FIRST = {form[-1] for form in _ENDS}, {form[0] for form in _STARTS}
KNOWN_FORMS = len(_ENDS)


def split_form(tokens: list[str]) -> tuple[list[str], str | None]:
    """The name without its legal form, and the form's class. The longest form at an end wins."""
    core, kind = _cut_end(tokens)
    if kind is not None or not tokens or tokens[0] not in _FIRST:
        return core, kind
    for size in range(min(_LONGEST, len(tokens) - 1), 0, -1):
        kind = _STARTS.get(tuple(tokens[:size]))
        if kind is not None:
            return tokens[size:], kind
    return tokens, None


def _cut_end(tokens: list[str]) -> tuple[list[str], str | None]:
    if not tokens or tokens[-1] not in _LAST:
        return tokens, None
    for size in range(min(_LONGEST, len(tokens) - 1), 0, -1):
        kind = _ENDS.get(tuple(tokens[-size:]))
        if kind is not None:
            core, inner = _cut_end(tokens[:-size])
            return core, inner if inner is not None and kind in LIMITED_ALIKE else kind
    return tokens, None
