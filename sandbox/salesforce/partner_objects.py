"""Objects about partners: relationships every org has, and those of the partner (PRM) licence.

The key prefixes of AccountPartner, OpportunityPartner, PartnerRole and the licensed objects are
this sandbox's own: clients have to take them from describe.
"""

from sandbox.salesforce.fields import (
    computed,
    id_field,
    lookup,
    number,
    picklist,
    system_fields,
    text,
)
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.setup_objects import flag

ROLES = {
    "Advertiser": "Agency",
    "Agency": "Advertiser",
    "Consultant": "Client",
    "Client": "Consultant",
    "Customer": "Supplier",
    "Supplier": "Customer",
    "Distributor": "Manufacturer",
    "Manufacturer": "Distributor",
    "Reseller": "Vendor",
    "Vendor": "Reseller",
    "System Integrator": "System Integrator",
    "VAR/Reseller": "Vendor",
}


def _link(name: str, label: str, target: str, *, required: bool = False) -> Field:
    return Field(
        name=name, type="reference", label=label, length=18, reference_to=(target,),
        relationship=name.removesuffix("Id"), nillable=not required, on_delete="cascade",
    )  # fmt: skip


def _read_only_link(name: str, label: str, target: str) -> Field:
    return lookup(name, label, target, name.removesuffix("Id"), read_only=True)


def _object(
    name: str, prefix: str, *fields: Field, deleted_flag: bool = True, **more: bool
) -> SObject:  # fmt: skip
    deleted = (computed("IsDeleted", "Deleted", "boolean"),) if deleted_flag else ()
    return SObject(
        name=name,
        label=name,
        label_plural=f"{name}s",
        key_prefix=prefix,
        fields=(id_field(f"{name} ID"), *deleted, *fields, *system_fields()),
        **more,
    )


def _relationships() -> list[SObject]:
    role = picklist("Role", "Role", tuple(ROLES))
    reverse = Field(
        name="ReversePartnerId", type="string", label="Reverse Partner ID", length=18,
        createable=False, updateable=False,
    )  # fmt: skip
    return [
        _object(
            "Partner", "00I",
            _link("OpportunityId", "Opportunity ID", "Opportunity"),
            _link("AccountFromId", "Account From ID", "Account"),
            _link("AccountToId", "Account To ID", "Account", required=True),
            role, flag("IsPrimary", "Primary"), reverse,
            updateable=False,
        ),
        _object(
            "AccountPartner", "0Ja",
            _read_only_link("AccountFromId", "Account From ID", "Account"),
            _read_only_link("AccountToId", "Account To ID", "Account"),
            _read_only_link("OpportunityId", "Opportunity ID", "Opportunity"),
            role, flag("IsPrimary", "Primary"), reverse,
            createable=False, updateable=False, deletable=False, replicateable=False,
        ),
        _object(
            "OpportunityPartner", "0Jb",
            _read_only_link("OpportunityId", "Opportunity ID", "Opportunity"),
            _read_only_link("AccountToId", "Account To ID", "Account"),
            role, flag("IsPrimary", "Primary"), reverse,
            createable=False, updateable=False, deletable=False,
        ),
        _object(
            "PartnerRole", "0Jc",
            text("ApiName", "API Name"), text("MasterLabel", "Master Label"),
            text("ReverseRole", "Reverse Role"), number("SortOrder", "Sort Order", "int"),
            deleted_flag=False, createable=False, updateable=False, deletable=False,
        ),
    ]  # fmt: skip


def _amounts(*names: str) -> list[Field]:
    return [number(name, name, "currency", scale=2) for name in names]


def _channel_partner(*, required: bool = False) -> Field:
    return _link("ChannelPartnerId", "Channel Partner ID", "Account", required=required)


def _licensed() -> list[SObject]:
    title, name = text("Title", "Title", 80), text("Name", "Name", 80, required=True)
    status = text("Status", "Status", 40)
    return [
        _object(
            "PartnerMarketingBudget", "0Jd", title,
            *_amounts("Amount", "TotalAllocatedAmount", "TotalApprovedFrs", "TotalApprovedFcs",
                      "TotalReimbursedFcs"),
            Field(name="StartDate", type="date", label="Start Date"),
            Field(name="EndDate", type="date", label="End Date"),
            text("Type", "Type", 40), _channel_partner(),
        ),
        _object(
            "PartnerFundAllocation", "0Je", title,
            *_amounts("Amount", "TotalApprovedFrs", "TotalApprovedFcs", "TotalReimbursedFcs"),
            _link("BudgetId", "Budget ID", "PartnerMarketingBudget", required=True),
            _channel_partner(required=True),
        ),
        _object(
            "PartnerFundRequest", "0Jf", title, *_amounts("RequestedAmount", "Amount"), status,
            text("Activity", "Activity", 40), text("DesiredOutcome", "Desired Outcome"),
            _link("AllocationId", "Allocation ID", "PartnerFundAllocation"),
            _link("BudgetId", "Budget ID", "PartnerMarketingBudget"), _channel_partner(),
        ),
        _object(
            "PartnerFundClaim", "0Jg", title, *_amounts("Amount"), status,
            _link("RequestId", "Request ID", "PartnerFundRequest"),
            _link("AllocationId", "Allocation ID", "PartnerFundAllocation"),
            _link("BudgetId", "Budget ID", "PartnerMarketingBudget"), _channel_partner(),
        ),
        _object(
            "ChannelProgram", "0Jh", name, text("Category", "Category", 40),
            text("Description", "Description"), flag("IsActive", "Active"),
        ),
        _object(
            "ChannelProgramLevel", "0Ji", name,
            _link("ProgramId", "Program ID", "ChannelProgram", required=True),
            number("Rank", "Rank", "int"), text("Description", "Description"),
        ),
        _object(
            "ChannelProgramMember", "0Jj", name,
            _link("ProgramId", "Program ID", "ChannelProgram", required=True),
            _link("LevelId", "Level ID", "ChannelProgramLevel"),
            _link("PartnerId", "Partner ID", "Account", required=True),
        ),
    ]  # fmt: skip


def partner_objects() -> list[SObject]:
    return [*_relationships(), *_licensed()]
