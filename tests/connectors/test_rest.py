"""What `rest` makes of a system: places, pages that move, answers, writes, and its errors."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from portal_rig import LEADS, PortalRig, portal_rig
from pydantic import ValidationError
from rigs import Incident, Meanwhile, Stage, ids, until_broken

from hub.config import ObjectMapping, Settings
from hub.connectors.contract import Change, FieldShape, ObjectSpec
from hub.connectors.rest import RestConnector
from hub.connectors.rest.config import Create, Named, RestObject, RestSystem
from hub.connectors.rest.places import ABSENT, at, put, steps
from hub.connectors.rest.values import json_of, text_of
from hub.errors import (
    CredentialsRefused,
    PermissionLost,
    QuotaSpent,
    SchemaChanged,
    StopSync,
    SystemUnreachable,
)

PAGE = "/v1/leads$"


@pytest.fixture
def rig(stage: tuple[Stage, str]) -> Iterator[PortalRig]:
    with portal_rig(*stage) as running:
        yield running


def answer(rig: PortalRig, document: object, path: str = PAGE, **how: Any) -> None:
    """The portal says something else."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    rig.trouble.incidents.append(Incident(path, 200, body, **how))


def sent(rig: PortalRig, method: str) -> list[Any]:
    return [json.loads(seen.body) for seen in rig.trouble.seen if seen.method == method]


# -- places and values


def test_places_are_dotted_or_pointers() -> None:
    document = {"a": {"b.c": [{"d": 1}]}, "n": None}
    assert at(document, steps("/a/b.c/0/d")) == 1
    assert at(document, steps("")) is document
    assert at(document, steps("n.x.y")) is None
    assert at(document, steps("a.z")) is ABSENT
    assert at(document, steps("/a/b.c/7")) is ABSENT
    assert steps("/one~1two/~0three") == ("one/two", "~three")
    made: dict[str, Any] = {}
    put(made, steps("a.b"), 1)
    put(made, steps("a.c"), 2)
    assert made == {"a": {"b": 1, "c": 2}}


@pytest.mark.parametrize(
    ("value", "kind", "unit", "text"),
    [
        (None, "text", "iso", None),
        (True, "boolean", "iso", "true"),
        (Decimal("12.50"), "number", "iso", "12.5"),
        (10**20, "number", "iso", "1" + "0" * 20),
        ("1e3", "number", "iso", "1000"),
        ("1e3", "text", "iso", "1e3"),
        (7, "text", "iso", "7"),
        ("2026-05-04T14:00:00+02:00", "datetime", "iso", "2026-05-04T12:00:00.000Z"),
        (1777896000, "datetime", "seconds", "2026-05-04T12:00:00.000Z"),
        (1777896000123, "datetime", "milliseconds", "2026-05-04T12:00:00.123Z"),
        ("soon", "datetime", "iso", "soon"),
        (["DE", "FR"], "choices", "iso", "DE;FR"),
        ({"b": 1, "a": Decimal("1.0")}, "other", "iso", '{"a":1.0,"b":1}'),
    ],
)
def test_json_has_one_text(value: object, kind: Any, unit: Any, text: str | None) -> None:
    assert text_of(value, kind, unit) == text


@pytest.mark.parametrize(
    ("text", "kind", "unit", "value"),
    [
        (None, "number", "iso", None),
        ("12.5", "number", "iso", Decimal("12.5")),
        ("7", "number", "iso", 7),
        ("true", "boolean", "iso", True),
        ("DE;FR", "choices", "iso", ["DE", "FR"]),
        ("2026-05-04T12:00:00.123Z", "datetime", "milliseconds", 1777896000123),
        ("2026-05-04T12:00:00.000Z", "datetime", "seconds", 1777896000),
        ("2026-05-04T12:00:00.000Z", "datetime", "iso", "2026-05-04T12:00:00.000Z"),
    ],
)
def test_text_becomes_json_of_its_kind(text: str | None, kind: Any, unit: Any, value: Any) -> None:
    assert json_of(text, kind, unit) == value


def test_numbers_lose_no_digit(rig: PortalRig) -> None:
    rig.leads["describe"] = None
    lead = '{"id":1,"updated_at":"2026-05-04T11:00:00Z","score":12345678901234567.89}'
    answer(rig, f'{{"data":[{lead}],"meta":{{"next_cursor":null}}}}'.encode())
    [batch] = rig.connector().pull(ObjectSpec("leads", ("score",)), None)
    assert batch.rows["score"].to_list() == ["12345678901234567.89"]
    assert batch.rows["record_id"].to_list() == ["1"]


def test_the_fields_are_described_by_both_the_system_and_the_configuration(rig: PortalRig) -> None:
    shapes = {shape.name: shape for shape in rig.connector().describe("leads")}
    assert shapes["status"] == FieldShape(
        "status", "choice", choices=("new", "working", "won", "lost"), restricted=True
    )
    assert shapes["last_name"] == FieldShape("last_name", "text", length=80, required=True)
    assert shapes["ref"].unique
    assert not shapes["created_at"].writable
    assert shapes["seen_at"].formula
    assert "partner.name" in shapes


# -- pages


@pytest.mark.parametrize("paging", ["page", "offset"])
def test_a_record_at_the_edge_of_a_shifting_page_is_not_missed(rig: PortalRig, paging: str) -> None:
    expected = rig.seed(23)
    rig.ways(paging=paging)
    rig.shorten_pages(5)
    rig.trouble.meanwhile = [
        Meanwhile("/v1/leads", 2, lambda: rig.touch(expected[0], "Renamed")),
        Meanwhile("/v1/leads", 3, lambda: rig.delete(expected[7])),
    ]
    read = ids(rig.connector().pull(rig.spec, None))
    assert set(read) >= set(expected) - {expected[7]}


@pytest.mark.parametrize("style", [{"style": "page"}, {"style": "offset"}])
def test_without_a_total_only_an_empty_page_ends_a_list(
    rig: PortalRig, style: dict[str, str]
) -> None:
    expected = rig.seed(7)
    rig.ways(paging=style["style"])
    rig.leads["modified"] = None
    connector = rig.connector(paging={**style, "size": 5})
    assert ids(connector.pull(rig.spec, None)) == expected
    # fields, two pages of records, an empty one
    assert (connector.calls.used, connector.calls.minimum) == (4, 4)


@pytest.mark.parametrize("paging", ["page", "offset"])
def test_pages_shorter_than_asked_for_are_not_taken_for_the_end(
    rig: PortalRig, paging: str
) -> None:
    expected = rig.seed(150, one_stamp=True)
    rig.ways(paging=paging)
    rig.shorten_pages(50)
    assert sorted(ids(rig.connector().pull(rig.spec, None))) == expected


def test_a_page_that_the_system_forgot_begins_the_window_anew(rig: PortalRig) -> None:
    expected = rig.seed(12)
    rig.shorten_pages(5)
    rig.fail("pages", 503, after=1, times=99)
    read, error = until_broken(rig.connector().pull(rig.spec, None))
    assert isinstance(error, SystemUnreachable)
    rig.heal()
    rig.fail("pages", 400, body=b'{"error":{"code":"invalid_cursor"}}')
    rest = ids(rig.connector().pull(rig.spec, read[-1].cursor))
    assert rest == expected


def test_a_page_that_is_refused_in_mid_pull_stops_it(rig: PortalRig) -> None:
    rig.seed(12)
    rig.shorten_pages(5)
    rig.fail("pages", 400, after=1, times=99)
    _, error = until_broken(rig.connector().pull(rig.spec, None))
    assert isinstance(error, StopSync)
    assert "answered 400" in error.message


def test_credentials_follow_no_link_to_another_host(rig: PortalRig) -> None:
    rig.ways(paging="link")
    rig.seed(1)
    elsewhere = (("link", '<http://evil.example/v1/leads?cursor=1>; rel="next"'),)
    answer(rig, {"data": []}, headers=elsewhere)
    with pytest.raises(StopSync, match=r"evil\.example"):
        list(rig.connector().pull(rig.spec, None))


def test_a_page_that_leads_to_itself_is_named(rig: PortalRig) -> None:
    same = {"data": [], "meta": {"next_cursor": "again"}}
    answer(rig, same, times=3)
    with pytest.raises(StopSync, match="that page again") as caught:
        list(rig.connector().pull(rig.spec, None))
    assert "`paging`" in caught.value.remedy


def test_without_a_time_of_change_every_pull_reads_everything(rig: PortalRig) -> None:
    expected = rig.seed(3)
    rig.leads["modified"] = None
    connector = rig.connector()
    *_, last = connector.pull(rig.spec, None)
    again = list(rig.connector().pull(rig.spec, last.cursor))
    assert ids(again) == expected
    assert again[0].rows["modified_at"].to_list() == [None] * 3
    assert connector.volatile_fields(rig.volatile_spec) == ()


# -- records by id


@pytest.mark.parametrize(
    ("named", "calls"),
    [({"param": "ids"}, 1), ({"path": "/v1/leads/{id}", "record": "data"}, 3), (None, 1)],
)
def test_records_are_found_by_id_in_each_way(
    rig: PortalRig, named: dict[str, str] | None, calls: int
) -> None:
    expected = rig.seed(5)
    rig.delete(expected[1])
    rig.leads |= {"named": named, "describe": None}
    connector = rig.connector()
    wanted = [expected[0], expected[1], "L-999999"]
    assert ids(connector.fetch(rig.spec, wanted)) == [expected[0]]
    assert connector.calls.used == connector.calls.minimum == calls
    [traced] = [b for b in connector.trace(rig.spec, wanted[1:]) if b.rows.height]
    assert traced.rows.select("record_id", "is_deleted").rows() == [(expected[1], "true")]


def test_where_deletions_are_not_told_ids_are_all_there_is(rig: PortalRig) -> None:
    expected = rig.seed(3)
    rig.ways(deletes="none")
    rig.delete(expected[0])
    connector = rig.connector()
    assert [one for part in connector.present(rig.spec) for one in part] == expected[1:]
    assert ids(connector.trace(rig.spec, [expected[0]])) == []


# -- what is wrong, and the key to correct


@pytest.mark.parametrize(
    ("leads", "said", "key"),
    [
        ({"records": "items"}, "the answer holds: data, meta", "objects.leads.records"),
        ({"id": "uuid"}, "no record id at 'uuid'", "objects.leads.id"),
        (
            {"modified": {"path": "changed", "param": "updated_since"}},
            "no time of change at 'changed' in record L-000001",
            "objects.leads.modified.path",
        ),
        (
            {"describe": {"path": "/v1/leads/fields", "records": "list"}},
            "no list of records at 'list'",
            "objects.leads.describe.records",
        ),
    ],
)
def test_a_place_that_holds_nothing_is_named_with_its_key(
    rig: PortalRig, leads: dict[str, Any], said: str, key: str
) -> None:
    rig.seed(1)
    rig.leads |= leads
    with pytest.raises(StopSync) as caught:
        list(rig.connector().pull(rig.spec, None))
    assert said in caught.value.message
    assert key in caught.value.remedy


def test_a_field_that_is_left_out_is_empty_or_has_vanished(rig: PortalRig) -> None:
    rig.seed(1)
    rig.leads |= {"describe": None, "fields": {**LEADS["fields"], "shoe": "shoe_size"}}
    spec = ObjectSpec("leads", ("shoe",))
    [batch] = rig.connector().pull(spec, None)
    assert batch.rows["shoe"].to_list() == [None]
    rig.leads["absent_is_empty"] = False
    with pytest.raises(SchemaChanged, match=r"shoe is not at 'shoe_size' in record L-000001"):
        list(rig.connector().pull(spec, None))


def test_an_object_that_is_not_configured_is_named(rig: PortalRig) -> None:
    with pytest.raises(SchemaChanged, match="no object 'deals'") as caught:
        list(rig.connector().pull(ObjectSpec("deals", ()), None))
    assert "leads" in caught.value.remedy


def test_a_secret_that_the_system_repeats_is_not_told_on(rig: PortalRig) -> None:
    said = {"error": {"code": "bad_key", "message": "demo-partner-key may not do this"}}
    rig.fail("pages", 403, body=json.dumps(said).encode())
    with pytest.raises(PermissionLost, match=r"bad_key: \*\*\* may not do this"):
        list(rig.connector().pull(rig.spec, None))


def test_a_short_pause_is_kept_and_a_long_one_is_a_spent_allowance(rig: PortalRig) -> None:
    rig.seed(1)
    busy = Incident(PAGE, 429, headers=(("retry-after", "7"),))
    rig.trouble.incidents.append(busy)
    assert len(ids(rig.connector().pull(rig.spec, None))) == 1
    assert rig.time.slept == [7.0]
    rig.trouble.incidents.append(Incident(PAGE, 429, headers=(("retry-after", "61"),)))
    with pytest.raises(QuotaSpent) as caught:
        list(rig.connector().pull(rig.spec, None))
    assert caught.value.seconds == 61
    assert rig.time.slept == [7.0]


def test_a_token_that_ends_in_mid_paging_is_renewed_once(rig: PortalRig) -> None:
    expected = rig.seed(12)
    rig.ways(auth="oauth")
    rig.shorten_pages(5)
    rig.trouble.meanwhile = [Meanwhile("/v1/leads", 2, lambda: rig.control("expire-tokens"))]
    connector = rig.connector()
    assert ids(connector.pull(rig.spec, None)) == expected
    tokens = [seen for seen in rig.trouble.seen if seen.path == "/oauth/token"]
    assert len(tokens) == 2
    rig.trouble.incidents.append(Incident("/v1/", 401, times=99))
    with pytest.raises(CredentialsRefused):
        list(connector.pull(rig.spec, None))


@pytest.mark.parametrize("send", ["form", "basic"])
def test_a_client_proves_itself_in_either_way(rig: PortalRig, send: str) -> None:
    rig.seed(1)
    rig.ways(auth="oauth")
    told = {**rig.config().auth.model_dump(), "client_secret": "demo-client-secret", "send": send}
    assert len(ids(rig.connector(auth=told).pull(rig.spec, None))) == 1


# -- writing


def test_a_write_sends_json_of_the_right_kinds_at_the_right_places(rig: PortalRig) -> None:
    [record] = rig.seed(1)
    fields = {
        "company": "Acme",
        "city": "Kiel",
        "score": "0.10",
        "opted_in": "true",
        "product": None,
    }
    change = Change("c1", "leads", "update", fields, record)
    assert [o.status for o in rig.connector().apply([change])] == ["applied"]
    [seen] = [seen for seen in rig.trouble.seen if seen.method == "PATCH"]
    assert json.loads(seen.body, parse_float=Decimal) == {
        "company": {"name": "Acme", "city": "Kiel"},
        "score": Decimal("0.10"),
        "opted_in": True,
        "product": None,
    }


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"score": "many"}, "invalid_value"),
        ({"opted_in": "perhaps"}, "invalid_value"),
        ({"created_at": "2026-05-04T12:00:00.000Z"}, "read_only"),
        ({"shoe": "43"}, "no_such_field"),
    ],
)
def test_what_cannot_be_written_is_rejected_without_a_request(
    rig: PortalRig, fields: dict[str, str], code: str
) -> None:
    [record] = rig.seed(1)
    [outcome] = rig.connector().apply([Change("c1", "leads", "update", fields, record)])
    assert (outcome.status, outcome.code) == ("rejected", code)
    assert outcome.remedy
    assert sent(rig, "PATCH") == []


def test_a_delete_without_a_way_is_rejected_without_a_request(rig: PortalRig) -> None:
    [record] = rig.seed(1)
    rig.leads |= {"delete": None}
    [outcome] = rig.connector().apply([Change("c1", "leads", "delete", {}, record)])
    assert (outcome.status, outcome.code) == ("rejected", "not_configured")
    assert outcome.remedy
    assert sent(rig, "DELETE") == []


def test_a_push_without_a_way_to_write_is_rejected_and_found_by_preflight(rig: PortalRig) -> None:
    [record] = rig.seed(1)
    rig.leads |= {"update": None, "create": None}
    changes = [rig.update("c1", record, "New"), rig.create("c2", "key-1")]
    outcomes = list(rig.connector().apply(changes))
    assert [(o.status, o.code) for o in outcomes] == [("rejected", "not_configured")] * 2
    mapping = ObjectMapping.model_validate(
        {
            "source": "lead",
            "pull": {"last_name": "last_name"},
            "push": {
                "entity": "lead",
                "fields": {"product": "product"},
                "create": {"key": "ref", "fields": {"created_at": "name"}},
            },
        }
    )
    settings = Settings(systems={}, mappings={"bravo_portal": {"leads": mapping}})
    connector = RestConnector("bravo_portal", rig.config(), settings)
    problems = [f.message for f in connector.preflight([rig.spec]) if f.severity == "error"]
    assert problems == [
        "the mapping pushes, but no `update` is configured",
        "the mapping pushes, but no `create` is configured",
        "not writable: created_at",
    ]


BY_SEARCH = {"path": "/v1/leads", "id": "data.id", "find": "external_ref"}


@pytest.mark.parametrize("header", [None, "Idempotency-Key"])
def test_a_create_by_search_makes_one_record_whatever_is_lost(
    rig: PortalRig, header: str | None
) -> None:
    rig.leads["create"] = {**BY_SEARCH, "idempotency_header": header}
    lost = Incident(PAGE, 0, committed=True, when=lambda body: b"Lovelace" in body)
    rig.trouble.incidents.append(lost)
    [outcome] = rig.connector().apply([rig.create("c1", "key-1")])
    assert (outcome.status, [outcome.record_id]) == ("applied", rig.created("key-1"))
    [again] = rig.connector().apply([rig.create("c2", "key-1")])
    assert (again.status, again.record_id) == ("applied", outcome.record_id)
    assert len(rig.created("key-1")) == 1


def test_a_create_that_somebody_was_quicker_with_updates_what_is_there(rig: PortalRig) -> None:
    rig.leads["create"] = BY_SEARCH
    theirs = {
        "id": "L-7",
        "updated_at": "2026-05-04T11:00:00.000Z",
        "external_ref": "key-1",
        "company.name": "Theirs",
        "contact.last_name": "Byron",
    }
    rig.trouble.meanwhile = [Meanwhile("/v1/leads", 2, lambda: rig.store.load({"leads": [theirs]}))]
    [outcome] = rig.connector().apply([rig.create("c1", "key-1")])
    assert (outcome.status, outcome.record_id) == ("applied", "L-7")
    assert rig.text_of("L-7") == "Analytical Engines"


def test_the_calls_of_a_create_by_search_are_two(rig: PortalRig) -> None:
    rig.leads |= {"create": BY_SEARCH, "describe": None}
    connector = rig.connector()
    list(connector.apply([rig.create("c1", "key-1")]))
    assert (connector.calls.used, connector.calls.minimum, connector.calls.writes) == (2, 2, 1)


def test_the_system_speaks_for_itself_when_it_refuses(rig: PortalRig) -> None:
    [record] = rig.seed(1)
    [outcome] = rig.connector().apply([rig.invalid("c1", record)])
    assert (outcome.status, outcome.code) == ("rejected", "invalid_value")
    assert "status: must be one of new, working, won, lost" in outcome.message


# -- configuration


def test_preflight_tells_how_the_system_stands(rig: PortalRig) -> None:
    rig.seed(2)
    told = [(f.subject, f.severity, f.message) for f in rig.connector().preflight([rig.spec])]
    assert told == [
        ("credentials", "ok", "signed in"),
        ("leads", "ok", "5 fields readable in 2 records of a page"),
        ("quota", "ok", "9998 of 10000 calls left"),
    ]
    rig.control("switches", quota_headers=False)
    [*_, quota] = rig.connector().preflight([rig.spec])
    assert (quota.subject, quota.severity) == ("quota", "warning")


@pytest.mark.parametrize(
    ("model", "told", "said"),
    [
        (Create, {"path": "/v1/leads"}, r"exactly one of \{key\} in `path` and `find`"),
        (Named, {}, "exactly one of `param` and `path`"),
        (Named, {"path": "/v1/leads"}, r"must hold \{id\}"),
        (RestObject, {"path": "/x", "fields": {}, "update": {"path": "/x"}}, r"must hold \{id\}"),
        (
            RestObject,
            {"path": "/x", "fields": {}, "deleted": {"list": "/gone", "at": "at"}},
            "needs `modified`",
        ),
        (RestSystem, {"base_url": "api.example"}, "must be an http or https address"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(
    model: Any, told: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        model.model_validate(told)
