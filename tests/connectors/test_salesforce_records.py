"""What an org is asked about records beyond their rows: which are there, what became of others,
what changed without a trace."""

import pytest
from pydantic import SecretStr
from rigs import Incident, SalesforceRig, ids

from hub.config import ObjectMapping, Settings
from hub.connectors.contract import Connector, FieldShape, ObjectSpec
from hub.connectors.salesforce import SalesforceConnector
from hub.connectors.salesforce.config import ClientCredentials, SalesforceSystem
from hub.errors import SchemaChanged


def shapes(connector: Connector, obj: str) -> dict[str, FieldShape]:
    return {shape.name: shape for shape in connector.describe(obj)}


# -- describe


def test_fields_are_described_in_the_words_of_the_contract(org: SalesforceRig) -> None:
    connector = org.connector()
    lead, account = shapes(connector, "Lead"), shapes(connector, "Account")
    assert lead["Company"] == FieldShape("Company", "text", length=255, required=True)
    assert lead["Hub_Lead_Key__c"] == FieldShape("Hub_Lead_Key__c", "text", 80, unique=True)
    assert lead["IsConverted"] == FieldShape("IsConverted", "boolean", writable=False)
    assert lead["OwnerId"] == FieldShape("OwnerId", "reference")
    assert account["Partner_Tier__c"] == FieldShape(
        "Partner_Tier__c",
        "choice",
        choices=("Registered", "Silver", "Gold", "Platinum"),
        restricted=True,
    )
    assert account["Partner_Territories__c"].kind == "choices"
    assert account["AnnualRevenue"].kind == "number"
    assert account["SystemModstamp"].kind == "datetime"
    assert shapes(connector, "Opportunity")["CloseDate"] == FieldShape(
        "CloseDate", "date", required=True
    )


def test_describing_costs_no_call_beside_the_one_a_pull_makes(org: SalesforceRig) -> None:
    connector = org.connector()
    list(connector.pull(org.spec, None))
    before = connector.calls.used
    assert connector.describe("Account")
    assert connector.calls.used == before == connector.calls.minimum


DESCRIBED = b"""{"name":"Lead","fields":[
    {"name":"Id","type":"id"},{"name":"RecordTypeId","type":"reference","updateable":true},
    {"name":"Status","type":"picklist","restrictedPicklist":true,"picklistValues":[
        {"value":"Open","active":true},{"value":"Submitted","active":true}]}],
    "recordTypeInfos":[{"recordTypeId":"012000000000000AAA","master":true},
        {"recordTypeId":"012bn0000000001AAA","master":false}]}"""
LAYOUTS = b"""{"layouts":null,"recordTypeMappings":[
    {"recordTypeId":"012000000000000AAA","master":true,"picklistsForRecordType":[
        {"picklistName":"Status","picklistValues":[{"value":"Open","active":true},
            {"value":"Submitted","active":true}]}]},
    {"recordTypeId":"012bn0000000001AAA","master":false,"picklistsForRecordType":[
        {"picklistName":"Status","picklistValues":[{"value":"Submitted","active":true},
            {"value":"Open","active":false}]}]}]}"""


def with_record_types(org: SalesforceRig) -> Connector:
    lead = ObjectMapping(source="lead", pull={"Status": "status", "RecordTypeId": "record_type"})
    auth = ClientCredentials(client_id="demo-client-id", client_secret=SecretStr(org.secrets[0]))
    system = SalesforceSystem(kind="salesforce", role="vendor", instance_url=org.url, auth=auth)
    settings = Settings(systems={}, mappings={org.system: {"Lead": lead}})
    return SalesforceConnector(org.system, system, settings, patience=org.time.patience())


def test_choices_are_told_by_record_type_where_the_mapping_names_it(org: SalesforceRig) -> None:
    org.trouble.incidents.append(Incident("/describe/layouts", 200, LAYOUTS, times=9))
    org.trouble.incidents.append(Incident("/describe", 200, DESCRIBED, times=9))
    connector = with_record_types(org)
    for _ in range(2):
        told = shapes(connector, "Lead")
    assert told["Status"].choices == ("Open", "Submitted")
    assert told["Status"].choices_by_record_type == {
        "012000000000000AAA": ("Open", "Submitted"),
        "012bn0000000001AAA": ("Submitted",),
    }
    assert told["RecordTypeId"].choices_by_record_type is None
    assert connector.calls.used == connector.calls.minimum == 3
    assert shapes(org.connector(), "Lead")["Status"].choices_by_record_type is None


def test_an_object_without_layouts_tells_nothing_by_record_type(org: SalesforceRig) -> None:
    missing = b'[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]'
    org.trouble.incidents.append(Incident("/describe/layouts", 404, missing))
    org.trouble.incidents.append(Incident("/describe", 200, DESCRIBED))
    assert shapes(with_record_types(org), "Lead")["Status"].choices_by_record_type is None


def test_an_object_with_one_record_type_costs_no_further_call(org: SalesforceRig) -> None:
    connector = with_record_types(org)
    connector.describe("Lead")
    assert connector.calls.used == connector.calls.minimum == 2


# -- present


def test_every_id_that_is_shown_is_told_once(org: SalesforceRig) -> None:
    expected = org.seed(23, one_stamp=True)
    org.delete(7)
    org.shrink_pages(5)
    told = [record_id for series in org.connector().present(org.spec) for record_id in series]
    assert told == sorted(set(expected) - {org.id(7)})


def test_ids_are_told_once_even_if_the_org_forgets_the_query(org: SalesforceRig) -> None:
    expected = org.seed(12)
    org.shrink_pages(5)
    org.control("switches", locator_hours=0)
    told = [record_id for series in org.connector().present(org.spec) for record_id in series]
    assert told == expected


# -- trace


def traced(org: SalesforceRig, *numbers: int) -> dict[str, tuple[str, str | None]]:
    batches = list(org.connector().trace(org.spec, [org.id(n) for n in numbers]))
    assert all(batch.cursor is None for batch in batches)
    return {
        record_id: (deleted, master)
        for batch in batches
        for record_id, deleted, master in batch.rows.select(
            "record_id", "is_deleted", "merged_into"
        ).rows()
    }


def test_what_became_of_records_is_told_apart(org: SalesforceRig) -> None:
    org.seed(4)
    org.delete(1)
    org.control("merge", object="Account", master=org.id(3), losers=[org.id(2)])
    assert traced(org, 1, 2, 4, 99) == {
        org.id(1): ("true", None),
        org.id(2): ("true", org.id(3)),
        org.id(4): ("false", None),
    }


def test_merges_are_followed_to_the_end(org: SalesforceRig) -> None:
    org.seed(4)
    for master, loser in ((2, 1), (3, 2), (4, 3)):
        org.control("merge", object="Account", master=org.id(master), losers=[org.id(loser)])
    assert traced(org, 1) == {org.id(1): ("true", org.id(4))}
    assert traced(org, 1, 2, 3) == {org.id(n): ("true", org.id(4)) for n in (1, 2, 3)}


def test_an_increment_tells_what_was_merged_into_what(org: SalesforceRig) -> None:
    org.seed(3)
    connector = org.connector()
    *_, first = connector.pull(org.spec, None)
    org.wait(hours=1)
    org.control("merge", object="Account", master=org.id(2), losers=[org.id(1)])
    org.wait(minutes=30)
    org.control("merge", object="Account", master=org.id(3), losers=[org.id(2)])
    org.wait(minutes=1)
    connector.calls.restart()
    [batch] = connector.pull(org.spec, first.cursor)
    told = {row[0]: row[1:] for row in batch.rows.select("record_id", "merged_into").rows()}
    assert told == {org.id(1): (org.id(3),), org.id(2): (org.id(3),), org.id(3): (None,)}
    assert (connector.calls.used, connector.calls.minimum) == (1, 1)


def test_records_purged_from_the_bin_are_named_by_the_log_of_deletions(org: SalesforceRig) -> None:
    org.seed(2)
    told = f"""{{"deletedRecords":[
        {{"id":"{org.id(1)}","deletedDate":"2026-05-04T11:00:00.000+0000"}},
        {{"id":"{org.id(50)}","deletedDate":"2026-05-04T11:00:00.000+0000"}}],
        "earliestDateAvailable":"2026-04-20T00:00:00.000+0000",
        "latestDateCovered":"2026-05-04T11:59:00.000+0000"}}"""
    org.delete(1)
    org.control("empty-bin")
    org.trouble.incidents.append(Incident("/deleted", 200, told.encode()))
    connector = org.connector()
    [_, batch] = connector.trace(org.spec, [org.id(1), org.id(9)])
    [row] = batch.rows.rows(named=True)
    assert row == {
        "record_id": org.id(1),
        "modified_at": "2026-05-04T11:00:00.000Z",
        "is_deleted": "true",
        "merged_into": None,
        "Name": None,
        "Website": None,
    }
    assert connector.calls.used == connector.calls.minimum == 4


def test_a_purged_log_leaves_records_unnamed(org: SalesforceRig) -> None:
    org.seed(1)
    org.control("switches", deleted_log_purged=True)
    assert traced(org, 1, 99) == {org.id(1): ("false", None)}


def test_a_long_list_of_ids_is_asked_in_portions_that_fit_a_uri(org: SalesforceRig) -> None:
    expected = org.seed(650)
    connector = org.connector()
    assert sorted(ids(connector.trace(org.spec, expected))) == expected
    assert connector.calls.used == connector.calls.minimum == 2 + 3


# -- volatile


def test_formulas_and_values_of_parents_are_volatile(org: SalesforceRig) -> None:
    deal = {"Id": "006bn0000000001AAA", "Name": "Big", "StageName": "Prospecting"}
    org.seed(1)
    org.store.load({"Opportunity": [{**deal, "CloseDate": "2026-03-31", "AccountId": org.id(1)}]})
    spec = ObjectSpec("Opportunity", ("Name", "Account.Name", "Account.Owner.Email"))
    connector = org.connector()
    assert connector.volatile_fields(spec) == ("Account.Name", "Account.Owner.Email")
    [pulled] = connector.pull(spec, None)
    org.touch(1, "Renamed")
    [told] = connector.volatile(spec, [deal["Id"]])
    assert told.columns == ["record_id", "Account.Name", "Account.Owner.Email"]
    assert pulled.rows["Account.Name"].to_list() == ["Account 1"]
    assert told["Account.Name"].to_list() == ["Renamed"]
    assert told["Account.Owner.Email"][0] == pulled.rows["Account.Owner.Email"][0] is not None


def test_a_record_without_a_parent_has_nothing_of_it(org: SalesforceRig) -> None:
    deal = {"Id": "006bn0000000001AAA", "Name": "Big", "StageName": "Prospecting"}
    org.store.load({"Opportunity": [{**deal, "CloseDate": "2026-03-31"}]})
    spec = ObjectSpec("Opportunity", ("Account.Name", "Account.AnnualRevenue"))
    [batch] = org.connector().pull(spec, None)
    assert batch.rows.select(spec.fields).row(0) == (None, None)


def test_a_path_that_leads_nowhere_is_named(org: SalesforceRig) -> None:
    for path in ("Acount.Name", "Account.Nam", "Name.Name"):
        with pytest.raises(SchemaChanged, match=path):
            list(org.connector().pull(ObjectSpec("Opportunity", (path,)), None))


def test_a_described_formula_is_volatile(org: SalesforceRig) -> None:
    body = b"""{"name":"Account","fields":[{"name":"Id","type":"id"},
        {"name":"Name","type":"string","length":255},
        {"name":"Score__c","type":"double","calculated":true}]}"""
    org.trouble.incidents.append(Incident("/describe", 200, body))
    connector = org.connector()
    spec = ObjectSpec("Account", ("Name", "Score__c"))
    assert connector.volatile_fields(spec) == ("Score__c",)
    assert shapes(connector, "Account")["Score__c"].formula


@pytest.mark.parametrize(
    ("named", "calls"),
    [
        (1, 1),
        (300, 1),
        (650, 1),  # all 650 fit one page
    ],
)
def test_volatile_fields_are_read_by_the_way_that_costs_least(
    org: SalesforceRig, named: int, calls: int
) -> None:
    org.seed(650)
    connector = org.connector()
    spec = ObjectSpec("Account", ("Name", "Owner.Name"))
    connector.volatile_fields(spec)
    connector.calls.restart()
    wanted = [org.id(n) for n in range(1, named + 1)]
    frames = list(connector.volatile(spec, wanted))
    told = [record_id for frame in frames for record_id in frame["record_id"]]
    assert set(wanted) <= set(told)
    assert connector.calls.used == connector.calls.minimum == calls


def test_few_of_many_are_read_by_their_ids_after_a_look_at_all(org: SalesforceRig) -> None:
    org.seed(9_000)
    connector = org.connector()
    spec = ObjectSpec("Account", ("Name", "Owner.Name"))
    connector.volatile_fields(spec)
    connector.calls.restart()
    wanted = [org.id(n) for n in range(8_399, 9_000)]
    frames = list(connector.volatile(spec, wanted))
    assert [frame.height for frame in frames] == [2_000, 300, 300, 1]
    assert (connector.calls.used, connector.calls.minimum) == (4, 3)
