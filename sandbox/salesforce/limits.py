"""The org's allowances and the header that reports on the daily one."""

from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org

APP_NAME = "partner-hub"
_UNTOUCHED = {
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
    switches, now = org.switches, org.now()
    body = {}
    for name, most, used in (
        ("DailyApiRequests", switches.daily_api_requests, org.usage),
        ("DailyBulkApiBatches", switches.daily_bulk_batches, org.bulk_batches),
        ("DailyBulkV2QueryJobs", switches.daily_bulk_query_jobs, org.bulk_queries),
    ):
        body[name] = {"Max": most, "Remaining": max(0, most - used.used(now))}
    for name, allowance in _UNTOUCHED.items():
        body[name] = {"Max": allowance, "Remaining": allowance}
    return Reply(body=body)


ROUTES = (Route("GET", "limits", limits),)
