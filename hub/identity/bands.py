"""How sure the weights are: the same, different, or in doubt."""

import math

from hub.config import MatchingSettings
from hub.identity.model import NATS

SAME, REVIEW, DIFFERENT = "same", "review", "different"


def band(hundredths: float, matching: MatchingSettings) -> str:
    """The band that a sum of evidence, in hundredths of a nat, lies in."""
    nats = hundredths / NATS
    if nats > matching.review_to:
        return SAME
    return DIFFERENT if nats < matching.review_from else REVIEW


def probability(hundredths: float) -> float:
    """How likely it is the same: log-odds turned into a share of one."""
    return 1 / (1 + math.exp(-max(min(hundredths / NATS, 700.0), -700.0)))


def doubt(hundredths: float) -> float:
    """1 where either is as likely as the other, 0 where one is certain: 4·p·(1-p)."""
    likely = probability(hundredths)
    return 4 * likely * (1 - likely)
