"""The objects a new org starts with: the stock CRM plus the hub's custom fields."""

from dataclasses import dataclass

from sandbox.salesforce.fields import (
    computed,
    external_key,
    id_field,
    lookup,
    number,
    owner,
    picklist,
    system_fields,
    text,
)
from sandbox.salesforce.schema import Field, SObject

_TIERS = ("Registered", "Silver", "Gold", "Platinum")
_PARTNER_STATUS = ("Prospect", "Applicant", "Active", "Suspended", "Terminated")
_REGISTRATION_STATUS = (
    "Submitted", "In Review", "Info Requested", "Approved", "Rejected", "Expired", "Withdrawn",
    "Revoked", "Won", "Lost",
)  # fmt: skip
_TERRITORIES = (
    "AT", "AU", "BE", "BR", "CA", "CH", "CN", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "GR", "HU",
    "IE", "IN", "IT", "JP", "KR", "LU", "MX", "NL", "NO", "NZ", "PL", "PT", "RO", "SE", "SG", "SK",
    "TR", "US", "ZA",
)  # fmt: skip
_INDUSTRIES = (
    "Agriculture", "Banking", "Chemicals", "Communications", "Construction", "Consulting",
    "Education", "Electronics", "Energy", "Engineering", "Finance", "Government", "Healthcare",
    "Insurance", "Machinery", "Manufacturing", "Media", "Retail", "Technology",
    "Telecommunications", "Transportation", "Utilities", "Other",
)  # fmt: skip
_LEAD_SOURCES = (
    "Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other",
)  # fmt: skip
_FORECAST_CATEGORIES = ("Omitted", "Pipeline", "Best Case", "Commit", "Closed")


@dataclass(frozen=True)
class Stage:
    """What a sales stage makes of the opportunity that stands in it."""

    probability: float
    forecast: str
    closed: bool = False
    won: bool = False


STAGES = {
    "Prospecting": Stage(10.0, "Pipeline"),
    "Qualification": Stage(10.0, "Pipeline"),
    "Proposal/Price Quote": Stage(75.0, "Best Case"),
    "Negotiation/Review": Stage(90.0, "Commit"),
    "Closed Won": Stage(100.0, "Closed", closed=True, won=True),
    "Closed Lost": Stage(0.0, "Omitted", closed=True),
}

CONVERTED_STATUS = "Closed - Converted"


def _address(prefix: str, label: str) -> tuple[Field, ...]:
    return (
        text(f"{prefix}Street", f"{label}Street", kind="textarea"),
        text(f"{prefix}City", f"{label}City", 40),
        text(f"{prefix}State", f"{label}State/Province", 80),
        text(f"{prefix}PostalCode", f"{label}Zip/Postal Code", 20),
        text(f"{prefix}Country", f"{label}Country", 80),
    )


def _person_name() -> tuple[Field, ...]:
    return (
        text("LastName", "Last Name", 80, required=True),
        text("FirstName", "First Name", 40),
        computed("Name", "Full Name", "string", length=121),
    )


def _email() -> Field:
    return Field(name="Email", type="email", label="Email", length=80, id_lookup=True)


def _converted_to(target: str) -> Field:
    return lookup(
        f"Converted{target}Id", f"Converted {target} ID", target, f"Converted{target}",
        read_only=True,
    )  # fmt: skip


def _partner_account() -> Field:
    return lookup(
        "PartnerAccountId", "Partner Account ID", "Account", "PartnerAccount", read_only=True
    )


def _account() -> SObject:
    return SObject(
        name="Account",
        label="Account",
        label_plural="Accounts",
        key_prefix="001",
        mergeable=True,
        fields=(
            id_field("Account ID"),
            computed("IsDeleted", "Deleted", "boolean"),
            lookup("MasterRecordId", "Master Record ID", "Account", "MasterRecord", read_only=True),
            text("Name", "Account Name", required=True),
            picklist("Type", "Account Type", ("Customer", "Prospect", "Partner", "Distributor")),
            lookup(
                "ParentId", "Parent Account ID", "Account", "Parent",
                children="ChildAccounts", on_delete="clear",
            ),
            *_address("Billing", "Billing "),
            text("Phone", "Account Phone", 40, kind="phone"),
            text("Fax", "Account Fax", 40, kind="phone"),
            text("Website", "Website", kind="url"),
            picklist("Industry", "Industry", _INDUSTRIES),
            number("NumberOfEmployees", "Employees", "int"),
            number("AnnualRevenue", "Annual Revenue", "currency"),
            text("AccountNumber", "Account Number", 40),
            text("DunsNumber", "D-U-N-S Number", 9),
            text("Description", "Account Description", 32000, kind="textarea"),
            owner(),
            text("Tax_Id__c", "Tax Id", 40),
            picklist("Partner_Tier__c", "Partner Tier", _TIERS, restricted=True),
            picklist("Partner_Status__c", "Partner Status", _PARTNER_STATUS, restricted=True),
            picklist(
                "Partner_Territories__c", "Partner Territories", _TERRITORIES,
                restricted=True, multi=True,
            ),
            external_key("Hub_Company_Key__c", "Hub Company Key"),
            *system_fields(),
        ),
    )  # fmt: skip


def _contact() -> SObject:
    return SObject(
        name="Contact",
        label="Contact",
        label_plural="Contacts",
        key_prefix="003",
        mergeable=True,
        fields=(
            id_field("Contact ID"),
            computed("IsDeleted", "Deleted", "boolean"),
            lookup("MasterRecordId", "Master Record ID", "Contact", "MasterRecord", read_only=True),
            lookup(
                "AccountId", "Account ID", "Account", "Account",
                children="Contacts", on_delete="cascade",
            ),
            *_person_name(),
            _email(),
            text("Phone", "Business Phone", 40, kind="phone"),
            text("MobilePhone", "Mobile Phone", 40, kind="phone"),
            text("Title", "Title", 128),
            *_address("Mailing", "Mailing "),
            owner(),
            external_key("Hub_Contact_Key__c", "Hub Contact Key"),
            *system_fields(),
        ),
    )  # fmt: skip


def _lead() -> SObject:
    return SObject(
        name="Lead",
        label="Lead",
        label_plural="Leads",
        key_prefix="00Q",
        mergeable=True,
        fields=(
            id_field("Lead ID"),
            computed("IsDeleted", "Deleted", "boolean"),
            lookup("MasterRecordId", "Master Record ID", "Lead", "MasterRecord", read_only=True),
            *_person_name(),
            text("Company", "Company", required=True),
            text("Title", "Title", 128),
            *_address("", ""),
            text("Phone", "Phone", 40, kind="phone"),
            text("MobilePhone", "Mobile Phone", 40, kind="phone"),
            _email(),
            text("Website", "Website", kind="url"),
            picklist("LeadSource", "Lead Source", _LEAD_SOURCES),
            picklist(
                "Status", "Status",
                (
                    "Open - Not Contacted", "Working - Contacted", CONVERTED_STATUS,
                    "Closed - Not Converted",
                ),
                default="Open - Not Contacted", required=True,
            ),
            picklist("Industry", "Industry", _INDUSTRIES),
            number("NumberOfEmployees", "Employees", "int"),
            owner(),
            computed("IsConverted", "Converted", "boolean"),
            computed("ConvertedDate", "Converted Date", "date"),
            _converted_to("Account"),
            _converted_to("Contact"),
            _converted_to("Opportunity"),
            _partner_account(),
            text("Product_Interest__c", "Product Interest"),
            external_key("Hub_Lead_Key__c", "Hub Lead Key"),
            text("Hub_Partner_Key__c", "Hub Partner Key", 80),
            text("Hub_Partner_Name__c", "Hub Partner Name"),
            text("Hub_Partner_Lead_Status__c", "Hub Partner Lead Status", 32),
            *system_fields(),
        ),
    )  # fmt: skip


def _opportunity() -> SObject:
    return SObject(
        name="Opportunity",
        label="Opportunity",
        label_plural="Opportunities",
        key_prefix="006",
        fields=(
            id_field("Opportunity ID"),
            computed("IsDeleted", "Deleted", "boolean"),
            lookup(
                "AccountId", "Account ID", "Account", "Account",
                children="Opportunities", on_delete="cascade",
            ),
            text("Name", "Name", 120, required=True),
            text("Description", "Description", 32000, kind="textarea"),
            picklist("StageName", "Stage", tuple(STAGES), required=True),
            number("Amount", "Amount", "currency", scale=2),
            number("Probability", "Probability (%)", "percent"),
            Field(name="CloseDate", type="date", label="Close Date", nillable=False),
            picklist("Type", "Opportunity Type", ("Existing Business", "New Business")),
            text("NextStep", "Next Step"),
            picklist("LeadSource", "Lead Source", _LEAD_SOURCES),
            computed("IsClosed", "Closed", "boolean"),
            computed("IsWon", "Won", "boolean"),
            picklist("ForecastCategoryName", "Forecast Category", _FORECAST_CATEGORIES),
            picklist(
                "CurrencyIsoCode", "Opportunity Currency", ("USD", "EUR", "GBP", "CHF", "SEK"),
                restricted=True, default="EUR", required=True,
            ),
            _partner_account(),
            owner(),
            text("Product_Family__c", "Product Family"),
            external_key("Hub_Registration_Key__c", "Hub Registration Key"),
            text("Hub_Partner_Key__c", "Hub Partner Key", 80),
            text("Hub_Registered_Partner__c", "Hub Registered Partner"),
            picklist(
                "Partner_Registration_Status__c", "Partner Registration Status",
                _REGISTRATION_STATUS, restricted=True,
            ),
            Field(
                name="Partner_Registration_Expires__c", type="date",
                label="Partner Registration Expires",
            ),
            text("Partner_Registration_Note__c", "Partner Registration Note"),
            *system_fields(),
        ),
    )  # fmt: skip


def _user() -> SObject:
    return SObject(
        name="User",
        label="User",
        label_plural="Users",
        key_prefix="005",
        deletable=False,
        fields=(
            id_field("User ID"),
            text("Username", "Username", 80, required=True),
            *_person_name(),
            text("Email", "Email", 128, kind="email", required=True),
            Field(
                name="IsActive", type="boolean", label="Active", nillable=False,
                defaulted=True, default=True,
            ),
            picklist("UserType", "User Type", ("Standard", "PowerPartner"), default="Standard"),
            lookup("ContactId", "Contact ID", "Contact", "Contact"),
            lookup("AccountId", "Account ID", "Account", "Account", read_only=True),
            *system_fields(),
        ),
    )  # fmt: skip


def stock_objects() -> list[SObject]:
    """The objects of a new org."""
    return [_account(), _contact(), _lead(), _opportunity(), _user()]
