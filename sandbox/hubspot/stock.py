"""The schema every HubSpot account is born with, as far as the sandbox knows it."""

from sandbox.hubspot.schema import (
    COMPANIES,
    CONTACTS,
    DEALS,
    HUBSPOT_DEFINED,
    LEADS,
    Group,
    LinkType,
    Modification,
    ObjectType,
    Option,
    Pipeline,
    Property,
    Role,
    Stage,
)

LIFECYCLE = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)
INDUSTRIES = (
    "AUTOMOTIVE",
    "BANKING",
    "COMPUTER_HARDWARE",
    "COMPUTER_NETWORKING",
    "COMPUTER_SOFTWARE",
    "CONSTRUCTION",
    "EDUCATION_MANAGEMENT",
    "ELECTRICAL_ELECTRONIC_MANUFACTURING",
    "FINANCIAL_SERVICES",
    "GOVERNMENT_ADMINISTRATION",
    "HOSPITAL_HEALTH_CARE",
    "INFORMATION_TECHNOLOGY_AND_SERVICES",
    "INSURANCE",
    "LOGISTICS_AND_SUPPLY_CHAIN",
    "MACHINERY",
    "PHARMACEUTICALS",
    "RETAIL",
    "TELECOMMUNICATIONS",
    "UTILITIES",
    "WHOLESALE",
)
CURRENCIES = ("USD", "EUR", "GBP", "CHF", "SEK")

_FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "enumeration": "select",
    "bool": "booleancheckbox",
    "phone_number": "phonenumber",
}


def options(values: tuple[str, ...], labels: tuple[str, ...] = ()) -> list[Option]:
    pairs = zip(values, labels or values, strict=True)
    return [
        Option(label=label, value=value, display_order=n) for n, (value, label) in enumerate(pairs)
    ]


def make(
    name: str, type: str, group: str, *, values: tuple[str, ...] = (), **more: object
) -> Property:
    """A stock property: fixed definition, writable value unless `more` says otherwise."""
    fixed = Modification(archivable=False, read_only_definition=True)
    words = name.removeprefix("hs_").replace("_", " ").capitalize()
    base = Property(
        name=name,
        label=words,
        type=type,
        field_type=_FIELD_TYPES[type],
        group_name=group,
        options=_bool_options() if type == "bool" else options(values),
        hubspot_defined=True,
        modification_metadata=fixed,
    )
    for key, value in more.items():
        setattr(base, key, value)
    return base


def _bool_options() -> list[Option]:
    return options(("true", "false"), ("True", "False"))


def read_only(name: str, type: str, group: str, *, calculated: bool = False) -> Property:
    """A property that the system keeps and nobody writes."""
    kept = Modification(archivable=False, read_only_definition=True, read_only_value=True)
    return make(name, type, group, modification_metadata=kept, calculated=calculated)


def _owner(group: str) -> Property:
    return make("hubspot_owner_id", "enumeration", group, external_options=True)


def _system(kind: ObjectType, group: str) -> list[Property]:
    names = {"createdate": "datetime", kind.modified: "datetime", "hs_object_id": "number"}
    return [read_only(name, type, group) for name, type in names.items()]


def _texts(group: str, *names: str) -> list[Property]:
    return [make(name, "string", group) for name in names]


def _phones(group: str, *names: str) -> list[Property]:
    return [make(name, "string", group, field_type="phonenumber") for name in names]


def _companies() -> list[Property]:
    group = "companyinformation"
    return [
        *_texts(group, "name", "domain", "website", "address", "address2", "city", "state", "zip"),
        *_texts(group, "country", "founded_year", "linkedin_company_page"),
        *_phones(group, "phone"),
        make("industry", "enumeration", group, values=INDUSTRIES),
        make(
            "type",
            "enumeration",
            group,
            values=("PROSPECT", "PARTNER", "RESELLER", "VENDOR", "OTHER"),
        ),
        make("numberofemployees", "number", group),
        make("annualrevenue", "number", group),
        make("lifecyclestage", "enumeration", group, values=LIFECYCLE, field_type="radio"),
        make("description", "string", group, field_type="textarea"),
        _owner(group),
        read_only("hs_merged_object_ids", "string", group),
        *_system(COMPANIES, group),
    ]


def _contacts() -> list[Property]:
    group = "contactinformation"
    return [
        *_texts(group, "firstname", "lastname", "email", "jobtitle", "company", "website"),
        *_texts(group, "address", "city", "state", "zip", "country", "fax"),
        *_phones(group, "phone", "mobilephone"),
        make("lifecyclestage", "enumeration", group, values=LIFECYCLE, field_type="radio"),
        make(
            "hs_lead_status",
            "enumeration",
            group,
            values=("NEW", "OPEN", "IN_PROGRESS", "CONNECTED"),
        ),
        _owner(group),
        read_only("hs_additional_emails", "string", group),
        read_only("hs_all_contact_vids", "string", group),
        read_only("hs_merged_object_ids", "string", group),
        *_system(CONTACTS, group),
    ]


def _deals() -> list[Property]:
    group = "dealinformation"
    return [
        *_texts(group, "dealname"),
        make("description", "string", group, field_type="textarea"),
        make("amount", "number", group),
        make("deal_currency_code", "enumeration", group, values=CURRENCIES),
        make("closedate", "datetime", group),
        make("pipeline", "enumeration", group, external_options=True),
        make("dealstage", "enumeration", group, external_options=True, field_type="radio"),
        make(
            "dealtype",
            "enumeration",
            group,
            values=("newbusiness", "existingbusiness"),
            field_type="radio",
        ),
        _owner(group),
        read_only("hs_is_closed", "bool", group, calculated=True),
        read_only("hs_is_closed_won", "bool", group, calculated=True),
        read_only("hs_deal_stage_probability", "number", group, calculated=True),
        read_only("hs_merged_object_ids", "string", group),
        *_system(DEALS, group),
    ]


def _leads() -> list[Property]:
    group = "leadinformation"
    return [
        *_texts(group, "hs_lead_name"),
        make(
            "hs_lead_type",
            "enumeration",
            group,
            values=("NEW BUSINESS", "RE_ATTEMPTING", "UPSELL"),
            field_type="radio",
        ),
        make(
            "hs_lead_label",
            "enumeration",
            group,
            values=("HOT", "WARM", "COLD"),
            field_type="radio",
        ),
        make("hs_pipeline", "enumeration", group, external_options=True),
        make("hs_pipeline_stage", "enumeration", group, external_options=True, field_type="radio"),
        _owner(group),
        *_system(LEADS, group),
    ]


def properties() -> dict[str, list[Property]]:
    return {
        "companies": _companies(),
        "contacts": _contacts(),
        "deals": _deals(),
        "leads": _leads(),
    }


def groups() -> dict[str, list[Group]]:
    named = {
        "companies": ("companyinformation", "Company information"),
        "contacts": ("contactinformation", "Contact information"),
        "deals": ("dealinformation", "Deal information"),
        "leads": ("leadinformation", "Lead information"),
    }
    return {
        kind: [Group(name=name, label=label, display_order=0)]
        for kind, (name, label) in named.items()
    }


def stages(kind: str, *rows: tuple[str, str, str, bool]) -> list[Stage]:
    """Stages from `(id, label, probability, closed)`; leads carry their state beside `isClosed`."""
    made = []
    for order, (stage_id, label, weight, closed) in enumerate(rows):
        metadata = {"isClosed": str(closed).lower()}
        if kind == "deals":
            metadata["probability"] = weight
        else:
            metadata["leadState"] = weight
        made.append(Stage(id=stage_id, label=label, display_order=order, metadata=metadata))
    return made


def pipelines() -> dict[str, list[Pipeline]]:
    sales = stages(
        "deals",
        ("appointmentscheduled", "Appointment Scheduled", "0.2", False),
        ("qualifiedtobuy", "Qualified To Buy", "0.4", False),
        ("presentationscheduled", "Presentation Scheduled", "0.6", False),
        ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8", False),
        ("contractsent", "Contract Sent", "0.9", False),
        ("closedwon", "Closed Won", "1.0", True),
        ("closedlost", "Closed Lost", "0.0", True),
    )
    leads = stages(
        "leads",
        ("new-stage-id", "New", "NEW", False),
        ("attempting-stage-id", "Attempting", "IN_PROGRESS", False),
        ("connected-stage-id", "Connected", "IN_PROGRESS", False),
        ("qualified-stage-id", "Qualified", "QUALIFIED", True),
        ("unqualified-stage-id", "Disqualified", "UNQUALIFIED", True),
    )
    return {
        "deals": [Pipeline(id="default", label="Sales Pipeline", display_order=0, stages=sales)],
        "leads": [
            Pipeline(id="lead-pipeline-id", label="Lead Pipeline", display_order=0, stages=leads)
        ],
    }


_PLAIN, _PRIMARY, _TREE = Role.PLAIN, Role.PRIMARY, Role.HIERARCHY
_LINKS: tuple[tuple[str, str, int, int, Role, str | None, str | None], ...] = (
    ("contacts", "companies", 279, 280, _PLAIN, None, None),
    ("contacts", "companies", 1, 2, _PRIMARY, "Primary", "Primary"),
    ("deals", "companies", 341, 342, _PLAIN, None, None),
    ("deals", "companies", 5, 6, _PRIMARY, "Primary", "Primary"),
    ("deals", "contacts", 3, 4, _PLAIN, None, None),
    ("leads", "contacts", 608, 609, _PLAIN, None, None),
    ("leads", "contacts", 578, 579, _PRIMARY, "Primary", "Primary"),
    ("leads", "companies", 610, 611, _PLAIN, None, None),
    ("leads", "companies", 580, 581, _PRIMARY, "Primary", "Primary"),
    ("leads", "deals", 1037, 1038, _PLAIN, None, None),
    ("leads", "deals", 582, 583, _PRIMARY, "Primary", "Primary"),
    ("companies", "companies", 450, 450, _PLAIN, None, None),
    ("companies", "companies", 13, 14, _TREE, "Child Company", "Parent Company"),
    ("contacts", "contacts", 449, 449, _PLAIN, None, None),
    ("deals", "deals", 451, 451, _PLAIN, None, None),
    ("deals", "deals", 313, 313, _TREE, "Deal split", "Deal split"),
)
_SINGULAR = {"companies": "company", "contacts": "contact", "deals": "deal", "leads": "lead"}


def link_types() -> list[LinkType]:
    """Both directions of every stock association type."""
    made = []
    for left, right, there, back, role, label, inverse_label in _LINKS:
        made.append(_link(left, right, there, back, role, label, owner=role is _PRIMARY))
        if there != back:
            made.append(_link(right, left, back, there, role, inverse_label, owner=False))
    return made


def _link(
    left: str, right: str, type_id: int, inverse: int, role: Role, label: str | None, *, owner: bool
) -> LinkType:
    name = f"{_SINGULAR[left]}_to_{_SINGULAR[right]}"
    if role is Role.PLAIN and (left, right) not in {("deals", "contacts"), ("contacts", "deals")}:
        name += "_unlabeled"
    if role is Role.HIERARCHY:
        name = f"{name}_{type_id}"
    return LinkType(
        category=HUBSPOT_DEFINED,
        type_id=type_id,
        from_type=left,
        to_type=right,
        name=name,
        label=label,
        inverse=inverse,
        role=role,
        owner=owner,
    )
