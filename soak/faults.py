"""What goes wrong, how often: rules for the sandbox's fault engine, drawn anew for each run.

A rate of 0.1 means that a tenth of all requests meets one of the common faults. What only writes
can meet comes on top, for the same share of the writes.
"""

from random import Random
from typing import Any

Rule = dict[str, Any]
SYSTEMS = ("acme_salesforce", "acme_hubspot")

# Seconds the hub waits for an answer. A request that hangs lasts longer.
PATIENT_SECONDS = 3.0
_HANGS = {"kind": "hang", "seconds": PATIENT_SECONDS + 0.3}
_OUTAGE_SHARE = 0.06
_OUTAGE_REQUESTS = 60

_COMMON: dict[str, tuple[tuple[str, float, Rule], ...]] = {
    "acme_salesforce": (
        ("503", 3, {"kind": "status", "status": 503}),
        ("server unavailable", 1, {"kind": "api_error", "code": "SERVER_UNAVAILABLE"}),
        ("429", 1, {"kind": "status", "status": 429, "retry_after": 2}),
        ("cut in mid-body", 3, {"kind": "truncate", "keep": 0.6}),
        ("connection reset", 2, {"kind": "reset"}),
        ("reset after the effect", 2, {"kind": "reset", "commit": True}),
        ("no answer", 0.1, _HANGS),
        ("no answer after the effect", 0.1, {**_HANGS, "commit": True}),
        ("401 expired", 2, {"kind": "expire_tokens"}),
    ),
    "acme_hubspot": (
        ("503", 3, {"kind": "status", "status": 503}),
        ("429", 3, {"kind": "rate_limit"}),
        ("cut in mid-body", 3, {"kind": "truncate", "keep": 0.6}),
        ("connection reset", 2, {"kind": "reset"}),
        ("reset after the effect", 2, {"kind": "reset", "commit": True}),
        ("no answer", 0.1, _HANGS),
        ("no answer after the effect", 0.1, {**_HANGS, "commit": True}),
        ("401 expired", 0.5, {"kind": "expired_token"}),
    ),
}

_SALESFORCE_WRITES = {"path": "composite/sobjects|jobs/ingest"}
_HUBSPOT_WRITES = {"path": "/batch/(update|upsert|create)$"}
_WRITES: dict[str, tuple[tuple[str, float, Rule], ...]] = {
    "acme_salesforce": (
        ("row lock", 4, {"kind": "row_lock", "share": 0.3}),
        (
            "partial success",
            3,
            {"kind": "row_error", "code": "UNKNOWN_EXCEPTION", "message": "unexpected",
             "share": 0.3},
        ),
        (
            "rows refused",
            1,
            {"kind": "row_error", "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
             "message": "Not in this quarter.", "share": 0.1},
        ),
        ("whole batch refused", 2, {"kind": "api_error", "code": "UNKNOWN_EXCEPTION"}),
    ),
    "acme_hubspot": (
        ("row lock", 3, {"kind": "row_lock"}),
        ("423 locked", 1, {"kind": "locked"}),
        ("partial success", 3, {"kind": "row_errors", "share": 0.3, "status": 500,
                                "category": "INTERNAL_ERROR"}),
        ("rows refused", 1, {"kind": "row_errors", "share": 0.1}),
        ("whole batch refused", 2, {"kind": "batch_rejected"}),
        ("delayed search index", 6, {"kind": "index_lag", "seconds": 40}),
    ),
}  # fmt: skip


def rules(chance: Random, rate: float) -> dict[str, list[Rule]]:
    """System → the rules of one run. Now and then a system goes down in the middle of it."""
    made: dict[str, list[Rule]] = {}
    for system in SYSTEMS:
        common = _shared(_COMMON[system], rate, {})
        where = _SALESFORCE_WRITES if system == "acme_salesforce" else _HUBSPOT_WRITES
        own = _shared(_WRITES[system], 3 * rate, where)
        made[system] = [*common, *own]
        if rate and chance.random() < _OUTAGE_SHARE:
            made[system].append(_outage(chance))
    return made


def _shared(kinds: tuple[tuple[str, float, Rule], ...], rate: float, where: Rule) -> list[Rule]:
    whole = sum(weight for _, weight, _ in kinds)
    return [
        {"name": name, "match": {**where, "probability": rate * weight / whole}, **rule}
        for name, weight, rule in kinds
        if rate
    ]


def _outage(chance: Random) -> Rule:
    match = {"after": chance.randrange(60), "first": _OUTAGE_REQUESTS}
    return {"name": "outage", "match": match, "kind": "status", "status": 503}
