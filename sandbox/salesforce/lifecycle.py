"""What happens to records outside REST: merging and converting, which only SOAP and Apex can do."""

from dataclasses import dataclass

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.finding import living
from sandbox.salesforce.org import Org
from sandbox.salesforce.recycle import to_recycle_bin
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.stock import CONVERTED_STATUS
from sandbox.salesforce.store import INTEGRATION_USER_ID, Row, quoted
from sandbox.salesforce.writes import Writer, create

MAX_MERGED = 3


@dataclass(frozen=True)
class Conversion:
    """The three records a lead became; no opportunity where none was wanted."""

    account: str
    contact: str
    opportunity: str | None


def merge(org: Org, sobject: SObject, master: str, losers: list[str]) -> None:
    """Losers go to the recycle bin naming the master; their children move over to it."""
    if not sobject.mergeable or not 1 <= len(losers) < MAX_MERGED or master in losers:
        raise ApiError("INVALID_OPERATION", "a merge takes a master and one or two other records")
    writer = Writer(org, INTEGRATION_USER_ID)
    with org.store.transaction():
        for record in (master, *losers):
            living(org, sobject, record)
        now = org.stamp()
        for loser in losers:
            _move_children(org, sobject, loser, master, now)
            to_recycle_bin(writer, sobject, loser, master=master)
        org.store.update(sobject, master, {"LastModifiedDate": now, "SystemModstamp": now})


def _move_children(org: Org, sobject: SObject, loser: str, master: str, now: str) -> None:
    for link in org.store.schema.children_of(sobject.name):
        if link.field.name == "MasterRecordId":
            continue
        column = quoted(link.field.name)
        org.store.db.execute(
            f'UPDATE {quoted(link.child.name)} SET {column} = ?, "SystemModstamp" = ? '
            f"WHERE {column} = ?",
            (master, now, loser),
        )


def convert_lead(
    org: Org,
    lead_id: str,
    account_id: str | None = None,
    opportunity_name: str | None = None,
    *,
    with_opportunity: bool = True,
) -> Conversion:
    """Make an account (or use the one given), a contact and an opportunity of a lead.

    Custom lead fields are not mapped to the new records, as in an org nobody set that up in.
    """
    leads = org.sobject("Lead")
    with org.store.transaction():
        lead = living(org, leads, lead_id)
        if lead["IsConverted"]:
            raise ApiError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [])
        writer = Writer(org, INTEGRATION_USER_ID, assign=False)
        account = account_id or create(writer, org.sobject("Account"), _account_of(lead))
        contact = create(writer, org.sobject("Contact"), _contact_of(lead, account))
        opportunity = None
        if with_opportunity:
            name = opportunity_name or f"{lead['Company']}-"
            opportunity = create(
                writer, org.sobject("Opportunity"), _opportunity_of(org, lead, account, name)
            )
        now = org.stamp()
        org.store.update(
            leads,
            lead_id,
            {
                "IsConverted": 1,
                "Status": CONVERTED_STATUS,
                "ConvertedDate": now[:10],
                "ConvertedAccountId": account,
                "ConvertedContactId": contact,
                "ConvertedOpportunityId": opportunity,
                "LastModifiedDate": now,
                "SystemModstamp": now,
            },
        )
    return Conversion(account, contact, opportunity)


def _account_of(lead: Row) -> dict[str, object]:
    address = {f"Billing{part}": lead[part] for part in _ADDRESS}
    same = ("Phone", "Website", "Industry", "NumberOfEmployees", "OwnerId")
    return {"Name": lead["Company"], **address, **{name: lead[name] for name in same}}


def _contact_of(lead: Row, account: str) -> dict[str, object]:
    address = {f"Mailing{part}": lead[part] for part in _ADDRESS}
    same = ("LastName", "FirstName", "Email", "Phone", "MobilePhone", "Title", "OwnerId")
    return {"AccountId": account, **address, **{name: lead[name] for name in same}}


def _opportunity_of(org: Org, lead: Row, account: str, name: str) -> dict[str, object]:
    month = org.now().month
    quarter_end = {0: "03-31", 1: "06-30", 2: "09-30", 3: "12-31"}[(month - 1) // 3]
    return {
        "AccountId": account,
        "Name": name,
        "StageName": "Prospecting",
        "CloseDate": f"{org.now().year}-{quarter_end}",
        "LeadSource": lead["LeadSource"],
        "OwnerId": lead["OwnerId"],
    }


_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")
