"""What follows from a Partner record: the rows of AccountPartner and OpportunityPartner."""

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.partner_objects import ROLES
from sandbox.salesforce.store import Row, quoted

PARTNER = "Partner"


def check_partner(row: Row) -> None:
    """From an account or on an opportunity, never both, never neither."""
    ends = [name for name in ("AccountFromId", "OpportunityId") if row.get(name) is not None]
    if len(ends) != 1:
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION",
            "specify either AccountFromId or OpportunityId, not both",
            ["AccountFromId", "OpportunityId"],
        )


def spread_partner(org: Org, row: Row) -> None:
    """Two AccountPartner rows with roles reversed, or one OpportunityPartner."""
    if row.get("OpportunityId") is not None:
        if row.get("IsPrimary"):
            org.store.db.execute(
                'UPDATE "OpportunityPartner" SET "IsPrimary" = 0, "SystemModstamp" = ? '
                'WHERE "OpportunityId" = ? AND "IsPrimary" = 1',
                (row["SystemModstamp"], row["OpportunityId"]),
            )
        _insert(org, "OpportunityPartner", row, {
            "OpportunityId": row["OpportunityId"], "AccountToId": row["AccountToId"],
            "Role": row.get("Role"), "IsPrimary": row.get("IsPrimary", 0),
        })  # fmt: skip
        return
    role = row.get("Role")
    there, back = row["AccountFromId"], row["AccountToId"]
    first = _insert(org, "AccountPartner", row, {
        "AccountFromId": there, "AccountToId": back, "Role": role,
        "IsPrimary": row.get("IsPrimary", 0),
    })  # fmt: skip
    second = _insert(org, "AccountPartner", row, {
        "AccountFromId": back, "AccountToId": there, "IsPrimary": 0,
        "Role": ROLES.get(str(role)) if role is not None else None, "ReversePartnerId": first,
    })  # fmt: skip
    org.store.update(org.sobject("AccountPartner"), first, {"ReversePartnerId": second})


def _insert(org: Org, name: str, source: Row, values: Row) -> str:
    sobject = org.sobject(name)
    record = org.store.next_id(sobject.key_prefix)
    stamps = ("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById",
              "SystemModstamp")  # fmt: skip
    org.store.insert(
        sobject, {"Id": record, "IsDeleted": 0, **values, **{n: source[n] for n in stamps}}
    )
    return record


def gather_partner(org: Org, row: Row) -> None:
    """Remove what `spread_partner` made of a Partner that is being deleted."""
    db = org.store.db
    if row.get("OpportunityId") is not None:
        db.execute(
            f"DELETE FROM {quoted('OpportunityPartner')} "
            'WHERE "OpportunityId" = ? AND "AccountToId" = ?',
            (row["OpportunityId"], row["AccountToId"]),
        )
        return
    ends = (row["AccountFromId"], row["AccountToId"])
    for there, back in (ends, ends[::-1]):
        db.execute(
            f"DELETE FROM {quoted('AccountPartner')} "
            'WHERE "AccountFromId" = ? AND "AccountToId" = ?',
            (there, back),
        )


def seed_roles(org: Org) -> None:
    """The roles an org comes with; setup data, so that it is there from the start."""
    if org.store.db.execute('SELECT 1 FROM "PartnerRole"').fetchone() is None:
        roles = [
            {"ApiName": role, "MasterLabel": role, "ReverseRole": back, "SortOrder": place}
            for place, (role, back) in enumerate(ROLES.items(), 1)
        ]
        org.store.load({"PartnerRole": roles})
