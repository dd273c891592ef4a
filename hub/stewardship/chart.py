"""The evidence about two records as one page: a waterfall of log-odds, and what each side says.

The page is whole in itself: no script, no font, no address is loaded. All that systems and people
said is escaped.
"""

from collections.abc import Callable
from html import escape

from hub.config import MatchingSettings
from hub.identity.bands import REVIEW, SAME, band, probability
from hub.identity.model import NATS
from hub.stewardship.evidence import Evidence, FieldEvidence
from hub.stewardship.names import written

_VERDICTS = {SAME: "the same", REVIEW: "in doubt"}
_WIDTH, _ROW, _LEFT, _RIGHT, _TOP = 1000, 46, 300, 50, 34
_LABEL = 50
_STYLE = """
:root{--ink:#1d2430;--soft:#667085;--line:#e4e7ec;--card:#fff;--page:#f5f6f8;--for:#1a7f5a;
--against:#b4372f;--sum:#34506e;--band:#f2e9d2;--chip:#eef1f5}
@media (prefers-color-scheme:dark){:root{--ink:#e7eaf0;--soft:#98a2b3;--line:#2d3542;--card:#1a202b;
--page:#11151c;--for:#4cc38a;--against:#f0766c;--sum:#8fb3dc;--band:#3a3420;--chip:#252d3a}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:1080px;margin:40px auto;padding:0 24px}
h1{font-size:26px;line-height:1.25;margin:0 0 6px;font-weight:650;letter-spacing:-.01em}
h2{font-size:13px;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:0 0 14px;
font-weight:600}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:24px;
margin-top:20px;overflow-x:auto}
.soft{color:var(--soft)}.mono{font-family:ui-monospace,"SF Mono",Consolas,monospace;font-size:13px}
.chip{display:inline-block;background:var(--chip);border-radius:999px;padding:3px 12px;
margin:10px 8px 0 0;font-size:13px}
table{border-collapse:collapse;width:100%;table-layout:fixed;min-width:760px}
th{overflow-wrap:anywhere;text-align:left;font-weight:600;color:var(--soft);
font-size:13px}th,td{padding:9px 12px 9px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}td.n{text-align:right;font-variant-numeric:tabular-nums;
white-space:nowrap}.for{color:var(--for)}.against{color:var(--against)}
svg{display:block;width:100%;min-width:760px;height:auto}svg text{fill:var(--ink);font-size:14px}
svg .note{fill:var(--soft);font-size:12.5px}svg .tick{fill:var(--soft);font-size:12px}
"""


def page(evidence: Evidence, matching: MatchingSettings) -> str:
    """The whole HTML document."""
    left, right = written(evidence.left), written(evidence.right)
    names = [name or where for name, where in zip(evidence.names, (left, right), strict=True)]
    title = f"{names[0]} · {names[1]}"
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>"
        f"<header><h1>{escape(names[0])}<br>{escape(names[1])}</h1>"
        f'<div class="soft mono">{escape(left)} · {escape(right)}</div>'
        f"{_chips(evidence, matching)}</header>"
        f'<section class="card"><h2>What adds up</h2>{_waterfall(evidence, matching)}</section>'
        f'<section class="card"><h2>What each says</h2>{_table(evidence)}</section>'
        f"{_decided(evidence)}</main></body></html>\n"
    )


def _summed(evidence: Evidence) -> str:
    if evidence.entity == "deal":
        return "against the customer's other opportunities"
    return "all records of both sides"


def _chips(evidence: Evidence, matching: MatchingSettings) -> str:
    likely = f"{probability(evidence.score):.1%} likely the same"
    verdict = _VERDICTS.get(band(evidence.total, matching), "different")
    chips = [
        f"these two records: {likely}",
        f"{_summed(evidence)}: {evidence.total / NATS:+.2f}, {verdict}",
        "together now" if evidence.together else "apart now",
        f"weights {evidence.version}",
    ]
    return "".join(f'<span class="chip">{escape(chip)}</span>' for chip in chips)


# -- waterfall ---------------------------------------------------------------------------------

_Bar = tuple[str, str, int, int]
"""Label, words, and where the bar begins and ends, in hundredths of a nat."""


def _bars(evidence: Evidence) -> list[_Bar]:
    """The start, each field that weighs something, and the sum."""
    at = evidence.bias
    bars: list[_Bar] = [("Before looking", "most candidates differ", 0, at)]
    for field in evidence.fields:
        if field.weight or field.forbids:
            bars.append((field.title, field.words, at, at + field.weight))
            at += field.weight
    return [*bars, ("Together", "above 0 speaks for the same", 0, at)]


def _waterfall(evidence: Evidence, matching: MatchingSettings) -> str:
    bars = _bars(evidence)
    ends = [0, *(end for *_, begin, stop in bars for end in (begin, stop))]
    low, high = min(ends) - 150, max(ends) + 150
    scale = (_WIDTH - _LEFT - _RIGHT) / (high - low)

    def x(value: float) -> float:
        return round(_LEFT + (value - low) * scale, 1)

    height = _TOP + _ROW * len(bars) + 12
    begin, end = (
        x(min(max(edge * NATS, low), high)) for edge in (matching.review_from, matching.review_to)
    )
    shaded = (
        f'<rect x="{begin}" y="{_TOP - 8}" width="{end - begin:.1f}" '
        f'height="{height - _TOP}" fill="var(--band)" opacity=".7"/>'
    )
    parts = [
        shaded,
        *(_tick(x(at), at, height) for at in _ticks(low, high)),
    ]
    for place, bar in enumerate(bars):
        last = place in (0, len(bars) - 1)
        parts.append(_bar(bar, _TOP + place * _ROW, x, whole=last))
        if place + 1 < len(bars) - 1:
            y = _TOP + place * _ROW + _ROW - 12
            parts.append(
                f'<line x1="{x(bar[3])}" x2="{x(bar[3])}" y1="{y - 6}" y2="{y + 18}" '
                'stroke="var(--soft)" stroke-dasharray="2 3"/>'
            )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="log-odds by field, adding up to {evidence.score / NATS:+.2f}">'
        f"{''.join(parts)}</svg>"
        '<div class="soft">Log-odds: what speaks for the same goes to the right. '
        "The shaded band is in doubt.</div>"
    )


def _ticks(low: int, high: int) -> list[int]:
    step = next(s for s in (100, 200, 500, 1000, 2000, 5000, 10**6) if (high - low) / s <= 9)
    first = -(-low // step) * step
    return list(range(first, high + 1, step))


def _tick(x: float, at: int, height: int) -> str:
    strong = 'stroke-width="1.5" stroke="var(--soft)"' if at == 0 else 'stroke="var(--line)"'
    return (
        f'<line x1="{x}" x2="{x}" y1="{_TOP - 8}" y2="{height - 8}" {strong}/>'
        f'<text class="tick" x="{x}" y="{_TOP - 16}" text-anchor="middle">{at // NATS:+d}</text>'
    ).replace(">+0<", ">0<")


def _bar(bar: _Bar, y: int, x: Callable[[float], float], *, whole: bool) -> str:
    label, words, begin, end = bar
    left, right = x(min(begin, end)), x(max(begin, end))
    colour = "var(--sum)" if whole else "var(--for)" if end >= begin else "var(--against)"
    told = f"{(end if whole else end - begin) / NATS:+.2f}"
    # Beside the end that the bar leads to, where there is room.
    before = end < begin and left - _LABEL > _LEFT
    return (
        f'<text x="0" y="{y + 14}" font-weight="{650 if whole else 500}">{escape(label)}</text>'
        f'<text class="note" x="0" y="{y + 31}">{escape(_short(words))}</text>'
        f'<rect x="{left}" y="{y + 3}" width="{max(right - left, 2):.1f}" height="24" rx="4" '
        f'fill="{colour}"/>'
        f'<text x="{left - 6 if before else right + 6}" y="{y + 20}" '
        f'text-anchor="{"end" if before else "start"}">{told}</text>'
    )


def _short(words: str) -> str:
    return words if len(words) <= 46 else f"{words[:45]}…"


# -- tables ------------------------------------------------------------------------------------


def _table(evidence: Evidence) -> str:
    rows = "".join(_row(field) for field in evidence.fields)
    sides = "".join(f"<th>{escape(written(row))}</th>" for row in (evidence.left, evidence.right))
    return (
        f'<table><thead><tr><th style="width:14%"></th>{sides}<th style="width:25%"></th>'
        f'<th style="width:10%"></th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _row(field: FieldEvidence) -> str:
    side = "for" if field.weight > 0 else "against" if field.weight < 0 or field.forbids else "soft"
    told = "forbids it" if field.forbids else f"{field.weight / NATS:+.2f}" if field.weight else "0"
    values = "".join(f"<td>{escape(v) if v else '—'}</td>" for v in (field.left, field.right))
    return (
        f"<tr><td><b>{escape(field.title)}</b></td>{values}"
        f'<td class="soft">{escape(field.words)}</td><td class="n {side}">{told}</td></tr>'
    )


def _decided(evidence: Evidence) -> str:
    if not evidence.decided:
        return ""
    told = "".join(f"<p>{escape(edge.told)}</p>" for edge in evidence.decided)
    return f'<section class="card"><h2>What stewards have decided</h2>{told}</section>'
