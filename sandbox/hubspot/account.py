"""What an integration asks of the account itself."""

from sandbox.hubspot.http import Call, Reply, Rule


def details(call: Call) -> Reply:
    portal = call.store.seed
    offset = call.box.clock.now().astimezone(call.box.limiter.zone).strftime("%z")
    return Reply(
        200,
        {
            "portalId": portal.portal_id,
            "accountType": "STANDARD",
            "timeZone": portal.time_zone,
            "companyCurrency": "EUR",
            "additionalCurrencies": ["USD", "GBP", "CHF", "SEK"],
            "utcOffset": f"{offset[:3]}:{offset[3:]}",
            "utcOffsetMilliseconds": _milliseconds(offset),
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        },
    )


def _milliseconds(offset: str) -> int:
    minutes = int(offset[1:3]) * 60 + int(offset[3:])
    return (-1 if offset[0] == "-" else 1) * minutes * 60_000


def no_schemas(_call: Call) -> Reply:
    """Custom objects need an Enterprise account, which this one is not."""
    return Reply(200, {"results": []})


def rules() -> list[Rule]:
    return [
        Rule("GET", "/account-info/v3/details", details),
        Rule("GET", "/account-info/2026-09/details", details, dated=True),
        Rule("GET", "/crm-object-schemas/v3/schemas", no_schemas),
    ]
