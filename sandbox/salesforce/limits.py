"""The org's allowances and the header that reports on the daily one."""

from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org

APP_NAME = "partner-hub"
_UNTOUCHED = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyAsyncApexExecutions": 250_000,
    "HourlyPublishedPlatformEvents": 50_000,
    "DataStorageMB": 1_024,
    "FileStorageMB": 1_024,
}


def limit_info(org: Org) -> str:
    """The value of `Sforce-Limit-Info`, with the per-app part where the org shows it."""
    used = org.usage.used(org.now())
    info = f"api-usage={used}/{org.switches.daily_api_requests}"
    if org.switches.per_app_usage:
        share = org.switches.daily_api_requests // 4
        info += f"; per-app-api-usage={used}/{share}(appName={APP_NAME})"
    return info


def limits(org: Org, _call: Call) -> Reply:
    """Needs View Setup and Configuration, which an integration user may lack."""
    if not org.switches.limits_permission:
        raise ApiError("INSUFFICIENT_ACCESS", "insufficient access rights on resource")
    most = org.switches.daily_api_requests
    body = {
        "DailyApiRequests": {
            "Max": most,
            "Remaining": max(0, most - org.usage.used(org.now())),
        }
    }
    for name, allowance in _UNTOUCHED.items():
        body[name] = {"Max": allowance, "Remaining": allowance}
    return Reply(body=body)


ROUTES = (Route("GET", "limits", limits),)
