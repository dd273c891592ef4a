"""The vendors' own clients reading the same records the way their manuals show."""

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import requests
from hubspot import HubSpot
from hubspot.utils.objects import fetch_all
from simple_salesforce.api import Salesforce

from bench.figures import Lap, timed
from bench.wire import Sent
from hub.connectors.http import Detour


def query_all_iter(sent: Sequence[Sent], version: str) -> tuple[int, Lap]:
    """simple-salesforce over the same SOQL statements; rows and time."""
    login = next(request for request in sent if request.is_token)
    answer = requests.request(
        "POST", login.url, headers=login.headers, data=login.body, timeout=60
    ).json()
    url = f"http://{login.host}"
    session = requests.Session()
    session.mount(f"https://{login.host}/", Detour(url))
    library = Salesforce(
        session_id=answer["access_token"], instance_url=url, version=version, session=session
    )
    statements = [
        parse_qs(urlsplit(request.url).query)["q"][0]
        for request in sent
        if request.path.endswith("/query/")
    ]
    rows = 0
    with timed() as lap:
        for statement in statements:
            for _ in library.query_all_iter(statement):
                rows += 1
    session.close()
    return rows, lap


def get_all(sent: Sequence[Sent]) -> tuple[int, Lap]:
    """hubspot-api-client's `get_all` over the same objects and properties; rows and time.

    It reads the records without what they are associated with.
    """
    asked: dict[str, list[str]] = {}
    for request in sent:
        before, _, obj = request.path.rpartition("/")
        if request.method == "GET" and before.endswith("/objects"):
            asked.setdefault(obj, parse_qs(urlsplit(request.url).query)["properties"])
    first = sent[0]
    token = first.headers["Authorization"].removeprefix("Bearer ")
    crm = HubSpot(access_token=token, host=f"http://{first.host}").crm
    readers = {
        "companies": crm.companies.get_all,
        "contacts": crm.contacts.get_all,
        "deals": crm.deals.get_all,
        "leads": lambda **options: fetch_all(crm.objects.leads.basic_api, **options),
    }
    rows = 0
    with timed() as lap:
        for obj, properties in asked.items():
            rows += len(readers[obj](properties=properties))
    return rows, lap
