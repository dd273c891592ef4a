"""What happens in both CRMs of a demo folder, so that there is something to plan."""

import json
from pathlib import Path
from typing import Any

import requests
import yaml

# The sandbox's own credentials: they open nothing but the servers on this machine.
_LOGIN = {
    "grant_type": "client_credentials",
    "client_id": "demo-client-id",
    "client_secret": "demo-client-secret",
}
_LEADS = (
    ("Eva", "Huber", "Huber Druck GmbH", "AT"),
    ("Jonas", "Keller", "Keller Logistik AG", "DE"),
    ("Amélie", "Laurent", "Laurent Frères SA", "FR"),
)
_FIRM = {"name": "Polarstern Kühlhaus KG", "domain": "polarstern.example", "country": "DE"}
_DEAL = {
    "dealname": "Polarstern Kühlhaus: 12 depots",
    "pipeline": "deal_registrations",
    "dealstage": "reg_approved",
    "amount": "48000",
    "deal_currency_code": "EUR",
}
_PRIMARY = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}


def bring_news(folder: Path) -> None:
    """Two registrations are decided about, one is deleted, and one is approved for a firm that only
    the portal knows; leads come in; somebody overwrites a field of the hub's. The CRMs of the
    folder must be up."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    systems = yaml.safe_load((folder / "hub.yaml").read_text(encoding="utf-8"))["systems"]
    portal = _Crm(f"{systems['acme_hubspot']['base_url']}/crm", "pat-na1-demo-0000")
    asked, refused, gone, overwritten = truth["registrations"][:4]
    portal.send("PATCH", f"v3/objects/deals/{asked['deal']}", _stage("reg_info_requested"))
    portal.send("PATCH", f"v3/objects/deals/{refused['deal']}", _stage("reg_rejected"))
    portal.send("DELETE", f"v3/objects/deals/{gone['deal']}")
    _register(portal, asked["partner_company"], asked["product"])

    url = systems["acme_salesforce"]["instance_url"]
    login = requests.post(f"{url}/services/oauth2/token", data=_LOGIN, timeout=10).json()
    org = _Crm(f"{url}/services/data/v62.0/sobjects", login["access_token"])
    field = {"Hub_Registered_Partner__c": "ask Kim"}
    org.send("PATCH", f"Opportunity/{overwritten['opportunity']}", field)
    for lead in _LEADS:
        org.send("POST", "Lead", _lead(*lead))


class _Crm:
    """A CRM's REST API with its token."""

    def __init__(self, base: str, token: str) -> None:
        self._base, self._headers = base, {"Authorization": f"Bearer {token}"}

    def send(self, method: str, path: str, body: object = None) -> Any:
        url = f"{self._base}/{path}"
        answer = requests.request(method, url, json=body, headers=self._headers, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def _register(portal: _Crm, partner: str, product: str) -> None:
    firm = portal.send("POST", "v3/objects/companies", {"properties": _FIRM})
    told = {"properties": {**_DEAL, "registration_product": product}}
    deal = portal.send("POST", "v3/objects/deals", told)
    labels = portal.send("GET", "v4/associations/deals/companies/labels")["results"]
    label = next(each for each in labels if each["label"] == "Registering partner")
    registering = {"associationCategory": label["category"], "associationTypeId": label["typeId"]}
    for company, kind in ((firm["id"], _PRIMARY), (partner, registering)):
        path = f"v4/objects/deals/{deal['id']}/associations/companies/{company}"
        portal.send("PUT", path, [kind])


def _stage(name: str) -> dict[str, Any]:
    return {"properties": {"dealstage": name}}


def _lead(first: str, last: str, company: str, country: str) -> dict[str, str]:
    return {
        "FirstName": first,
        "LastName": last,
        "Company": company,
        "Country": country,
        "Email": f"{last.lower()}@example.com",
        "Status": "Open - Not Contacted",
        "LeadSource": "Web",
    }
