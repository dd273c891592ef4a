"""Promises that only a Salesforce org can put to the test."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from rigs import START, Incident, SalesforceRig, ids
from simple_salesforce.api import Salesforce

from hub.connectors.contract import CallMeter, Change, ObjectSpec
from hub.connectors.http import MeteredSession, Patience
from hub.connectors.salesforce.auth import TokenKeeper
from hub.connectors.salesforce.config import SalesforceSystem
from hub.connectors.salesforce.faults import row_rule
from hub.errors import CredentialsRefused, PermissionLost, RetryLater, SystemUnreachable

LOCKED = b"""[{"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW",
"message":"unable to obtain exclusive access to this record","fields":[]}]}]"""


# -- signing in


def test_a_token_that_expires_in_mid_paging_is_renewed_and_the_page_asked_again(
    org: SalesforceRig,
) -> None:
    expected = org.seed(20)
    org.shrink_pages(5)
    expired = b'[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]'
    org.trouble.incidents.append(Incident("/query/0r8", 401, expired, after=1))
    connector = org.connector()
    assert sorted(ids(connector.pull(org.spec, None))) == sorted(expected)
    logins = [seen for seen in org.trouble.seen if seen.path == "/services/oauth2/token"]
    assert len(logins) == 2
    assert connector.calls.used - connector.calls.minimum == 2 + 3  # login, repeat; small pages


@pytest.mark.parametrize("body", ["array", "object", "html"])
def test_a_session_that_stays_refused_ends_the_sync_after_one_new_login(
    org: SalesforceRig, body: str
) -> None:
    org.control("switches", reject_all_sessions=True, unauthorized_body=body)
    connector = org.connector()
    with pytest.raises(CredentialsRefused, match="just issued"):
        list(connector.pull(org.spec, None))
    assert connector.calls.used == 4


def test_an_expired_token_does_not_cost_a_write_its_headers(org: SalesforceRig) -> None:
    org.seed(1)
    connector = org.connector()
    list(connector.pull(org.spec, None))
    org.control("expire-tokens")
    [outcome] = connector.apply([org.update("c1", 1)])
    assert outcome.status == "applied"
    first, second = [seen for seen in org.trouble.seen if org.writes in seen.path]
    assert second.headers["sforce-auto-assign"] == "FALSE"
    assert first.headers["authorization"] != second.headers["authorization"]
    assert first.body == second.body


def test_many_threads_that_find_the_token_stale_fetch_one_new_one(org: SalesforceRig) -> None:
    calls = CallMeter()
    keeper = TokenKeeper(org.system, _config(org), MeteredSession(calls, 10), org.time.patience())
    stale = keeper.token()
    with ThreadPoolExecutor(8) as pool:
        fresh = set(pool.map(lambda _: keeper.renewed(stale), range(8)))
    assert len(fresh) == 1
    assert stale not in fresh
    assert calls.used == 2


def test_a_refresh_token_signs_in_too(org: SalesforceRig) -> None:
    granted = org.control("grant")["refresh_token"]
    auth = {
        "flow": "refresh_token",
        "client_id": "demo-client-id",
        "client_secret": "demo-client-secret",
        "refresh_token": granted,
    }
    keeper = TokenKeeper(
        org.system, _config(org, auth), MeteredSession(CallMeter(), 10), Patience()
    )
    assert keeper.token().instance_url == org.url
    assert keeper.token().access not in repr(keeper.token())


def _config(org: SalesforceRig, auth: object = None) -> SalesforceSystem:
    client = {"client_id": "demo-client-id", "client_secret": "demo-client-secret"}
    return SalesforceSystem.model_validate(
        {
            "kind": "salesforce",
            "role": "vendor",
            "instance_url": org.url,
            "auth": auth or {"flow": "client_credentials", **client},
        }
    )


def test_the_library_still_has_the_attributes_we_build_on() -> None:
    library = Salesforce(
        session_id="t", instance_url="http://127.0.0.1:8080", version="62.0", session=None
    )
    assert library.sf_instance == "127.0.0.1:8080"
    assert library.base_url == "https://127.0.0.1:8080/services/data/v62.0/"
    assert library.headers["Authorization"] == "Bearer t"


# -- reading


def test_a_lost_locator_is_made_good_from_the_last_key(org: SalesforceRig) -> None:
    expected = org.seed(23, one_stamp=True)
    org.shrink_pages(5)
    lost = b'[{"errorCode":"INVALID_QUERY_LOCATOR","message":"invalid query locator"}]'
    org.trouble.incidents.append(Incident("/query/0r8", 400, lost, after=2))
    assert sorted(ids(org.connector().pull(org.spec, None))) == sorted(expected)


def test_a_server_that_forgets_every_query_still_yields_all_rows(org: SalesforceRig) -> None:
    expected = org.seed(12, one_stamp=True)
    org.shrink_pages(5)
    org.control("switches", locator_hours=0)
    assert sorted(ids(org.connector().pull(org.spec, None))) == sorted(expected)


def test_a_row_committed_late_is_found_by_the_overlap(org: SalesforceRig) -> None:
    connector = org.connector()
    *_, first = connector.pull(org.spec, None)
    org.wait(minutes=30)
    org.control("switches", commit_lag_seconds=120)
    late = org.call("POST", "sobjects/Account/", {"Name": "Late"})["id"]
    org.wait(seconds=60)
    *_, second = connector.pull(org.spec, first.cursor)
    assert second.rows.is_empty()
    org.wait(seconds=90)
    assert ids(connector.pull(org.spec, second.cursor)) == [late]


def test_numbers_booleans_dates_and_times_have_one_spelling(org: SalesforceRig) -> None:
    opportunity = {
        "Id": "006bn0000000001AAA",
        "Name": "Big",
        "StageName": "Closed Won",
        "CloseDate": "2026-03-31",
        "Amount": 12_500_000.50,
        "Probability": 100,
        "CreatedDate": "2026-01-02T03:04:05Z",
    }
    org.store.load({"Opportunity": [opportunity]})
    fields = ("Amount", "Probability", "CloseDate", "CreatedDate", "IsWon", "NextStep")
    [batch] = org.connector().pull(ObjectSpec("Opportunity", fields), None)
    assert batch.rows.select(fields).row(0) == (
        "12500000.5",
        "100",
        "2026-03-31",
        "2026-01-02T03:04:05.000Z",
        "true",
        None,
    )


def test_a_merged_account_arrives_as_deleted(org: SalesforceRig) -> None:
    org.seed(2)
    connector = org.connector()
    *_, first = connector.pull(org.spec, None)
    org.wait(hours=1)
    org.control("merge", object="Account", master=org.id(1), losers=[org.id(2)])
    org.wait(minutes=1)
    [batch] = connector.pull(org.spec, first.cursor)
    told = dict(batch.rows.select("record_id", "is_deleted").rows())
    assert told[org.id(2)] == "true"


def test_an_object_without_a_recycle_bin_can_be_pulled(org: SalesforceRig) -> None:
    [batch] = org.connector().pull(ObjectSpec("User", ("Name", "IsActive")), None)
    assert set(batch.rows["is_deleted"]) == {"false"}
    assert set(batch.rows["IsActive"]) == {"true"}


def test_a_compound_field_is_refused_with_a_way_out(org: SalesforceRig) -> None:
    described = b'{"name":"Account","fields":[{"name":"BillingAddress","type":"address"}]}'
    org.trouble.incidents.append(Incident("/describe", 200, described))
    with pytest.raises(Exception, match="BillingAddress") as caught:
        list(org.connector().pull(ObjectSpec("Account", ("BillingAddress",)), None))
    assert "parts" in str(caught.value)


def test_403_is_read_by_its_code(org: SalesforceRig) -> None:
    off = b'[{"errorCode":"API_DISABLED_FOR_ORG","message":"off"}]'
    org.trouble.incidents.append(Incident("/query", 403, off, times=9))
    with pytest.raises(PermissionLost, match="API_DISABLED_FOR_ORG"):
        list(org.connector().pull(org.spec, None))
    busy = b"""[{"errorCode":"REQUEST_LIMIT_EXCEEDED",
        "message":"ConcurrentPerOrgLongTxn Limit exceeded."}]"""
    org.trouble.incidents[:] = [Incident("/query", 403, busy, times=9)]
    with pytest.raises(RetryLater) as caught:
        list(org.connector().pull(org.spec, None))
    assert caught.value.seconds == 30


def test_an_unsupported_version_is_named(org: SalesforceRig) -> None:
    findings = org.connector(api_version="99.0").preflight([])
    [wrong] = [finding for finding in findings if finding.severity == "error"]
    assert wrong.subject == "api_version"
    assert "67.0" in wrong.remedy


def test_limits_that_may_not_be_read_are_a_warning(org: SalesforceRig) -> None:
    org.control("switches", limits_permission=False)
    warnings = {f.subject for f in org.connector().preflight([]) if f.severity == "warning"}
    assert warnings - {"clock"} == {"quota"}


# -- writing


def _update(change_id: str, org: SalesforceRig, **fields: str | None) -> Change:
    return Change(change_id, "Account", "update", fields, org.id(1))


def test_text_is_written_as_the_type_the_org_describes(org: SalesforceRig) -> None:
    org.seed(1)
    opportunity = {"Id": "006bn0000000001AAA", "Name": "Big", "StageName": "Prospecting"}
    org.store.load({"Opportunity": [{**opportunity, "CloseDate": "2026-03-31"}]})
    changes = [
        _update("c1", org, NumberOfEmployees="12", Website=None),
        Change("c2", "Opportunity", "update", {"Amount": "0.30"}, opportunity["Id"]),
    ]
    assert [o.status for o in org.connector().apply(changes)] == ["applied", "applied"]
    account, deal = [seen.body for seen in org.trouble.seen if org.writes in seen.path]
    assert b'"NumberOfEmployees":12,"Website":null' in account
    assert b'"Amount":0.30' in deal
    assert msgspec.json.decode(deal, type=dict[str, object])["allOrNone"] is False
    [stored] = org.query("SELECT Amount FROM Opportunity")
    assert stored["Amount"] == 0.3


def test_what_no_request_could_carry_is_rejected_without_a_call(org: SalesforceRig) -> None:
    org.seed(1)
    changes = [
        _update("c1", org, AnnualRevenue="a lot"),
        _update("c2", org, No_Such__c="x"),
        _update("c3", org, name="misspelt"),
        Change("c4", "Account", "update", {"Name": "x"}),
        Change("c5", "Lead", "create", {"LastName": "x"}),
    ]
    connector = org.connector()
    outcomes = {outcome.change_id: outcome for outcome in connector.apply(changes)}
    assert {outcome.status for outcome in outcomes.values()} == {"rejected"}
    assert {name: outcome.code for name, outcome in outcomes.items()} == {
        "c1": "bad_value",
        "c2": "INVALID_FIELD",
        "c3": "INVALID_FIELD",
        "c4": "no_record",
        "c5": "no_key",
    }
    assert "`Name`" in outcomes["c3"].remedy
    assert connector.calls.writes == 0


def test_a_lead_keeps_its_owner_unless_assignment_is_wanted(org: SalesforceRig) -> None:
    [owner] = [r["Id"] for r in org.query("SELECT Id FROM User LIMIT 1")]
    org.control("switches", lead_assignment_owner="005bn0000000099AAA")
    org.connector().apply([])
    list(org.connector().apply([org.create("c1", "kept")]))
    list(org.connector(auto_assign=True).apply([org.create("c2", "assigned")]))
    owners = {
        record["Hub_Lead_Key__c"]: record["OwnerId"]
        for record in org.query("SELECT OwnerId, Hub_Lead_Key__c FROM Lead")
    }
    assert owners["kept"] == owner
    assert owners["assigned"] == "005bn0000000099AAA"


def test_a_locked_row_is_tried_again_a_few_times(org: SalesforceRig) -> None:
    org.seed(1)
    org.trouble.incidents.append(Incident(org.writes, 200, LOCKED, times=2))
    [outcome] = org.connector().apply([org.update("c1", 1)])
    assert outcome.status == "applied"
    org.trouble.incidents.append(Incident(org.writes, 200, LOCKED, times=99))
    [outcome] = org.connector().apply([org.update("c1", 1)])
    assert (outcome.status, outcome.code) == ("pending", "UNABLE_TO_LOCK_ROW")


def test_writing_to_a_deleted_record_is_stale(org: SalesforceRig) -> None:
    org.seed(1)
    org.delete(1)
    [outcome] = org.connector().apply([org.update("c1", 1)])
    assert (outcome.status, outcome.code) == ("stale", "ENTITY_IS_DELETED")


def test_an_answer_with_too_few_rows_settles_nothing(org: SalesforceRig) -> None:
    org.seed(2)
    short = b'[{"success":true,"id":"001","errors":[]}]'
    org.trouble.incidents.append(Incident(org.writes, 200, short))
    outcomes = list(org.connector().apply([org.update("c1", 1), org.update("c2", 2)]))
    assert [outcome.status for outcome in outcomes] == ["pending", "pending"]


def test_a_key_field_that_is_gone_rejects_its_creates_and_nothing_else(
    org: SalesforceRig,
) -> None:
    org.seed(1)
    missing = b'[{"errorCode":"NOT_FOUND","message":"Provided external ID field does not exist"}]'
    org.trouble.incidents.append(Incident("composite/sobjects/Lead", 404, missing))
    changes = [org.create("c1", "key"), org.update("c2", 1)]
    outcomes = {outcome.change_id: outcome for outcome in org.connector().apply(changes)}
    assert (outcomes["c1"].status, outcomes["c1"].code) == ("rejected", "schema_changed")
    assert outcomes["c2"].status == "applied"


def test_an_unknown_code_is_a_rejection_with_a_remedy() -> None:
    assert row_rule("SOMETHING_NEW", own_record=True)[0] == "rejected"
    assert row_rule("SOMETHING_NEW", own_record=True)[1]
    assert row_rule("INVALID_CROSS_REFERENCE_KEY", own_record=False)[0] == "rejected"


def test_the_first_page_states_the_time_the_next_pull_begins_from(org: SalesforceRig) -> None:
    *_, batch = org.connector(overlap_minutes=10).pull(org.spec, None)
    assert START.isoformat() == "2026-05-04T12:00:00+00:00"
    assert batch.cursor == '{"since":"2026-05-04T11:50:00.000Z"}'


def test_an_answer_without_its_time_moves_no_watermark(org: SalesforceRig) -> None:
    page = b'{"records":[],"done":true,"totalSize":0}'
    org.trouble.incidents.append(Incident("/query", 200, page, headers=(("date", "never"),)))
    with pytest.raises(SystemUnreachable, match="Date"):
        list(org.connector().pull(org.spec, None))
