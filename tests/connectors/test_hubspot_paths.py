"""Both generations of HubSpot's paths; what every connector promises is tried on both elsewhere."""

import pytest
from rigs import HubSpotRig

from hub.connectors.contract import Change, ObjectSpec
from hub.connectors.hubspot.paths import in_generation

FIELDS = ("dealname", "associations/companies/registering_partner")


@pytest.mark.parametrize(
    ("numbered", "dated"),
    [
        (
            "http://h/crm/v3/objects/deals/batch/read",
            "http://h/crm/objects/2026-09/deals/batch/read",
        ),
        ("http://h/crm/v3/properties/deals", "http://h/crm/properties/2026-09/deals"),
        ("http://h/crm/v3/pipelines/deals", "http://h/crm/pipelines/2026-09/deals"),
        ("http://h/crm/v3/owners/", "http://h/crm/owners/2026-09/"),
        (
            "http://h/crm/v4/associations/deals/companies/labels",
            "http://h/crm/associations/2026-09/deals/companies/labels",
        ),
        ("http://h/account-info/v3/details", "http://h/account-info/2026-09/details"),
    ],
)
def test_each_resource_has_a_path_in_both_generations(numbered: str, dated: str) -> None:
    assert in_generation(numbered, "2026-09") == dated
    assert in_generation(numbered, "v3") == numbered


@pytest.mark.parametrize(("paths", "mark"), [("v3", "/crm/v"), ("2026-09", "/2026-09/")])
def test_only_the_configured_generation_is_called(
    portal: HubSpotRig, paths: str, mark: str
) -> None:
    portal.seed(2)
    connector = portal.connector(paths=paths)
    *_, first = connector.pull(ObjectSpec("deals", FIELDS), None)
    portal.wait(hours=1)
    list(connector.pull(ObjectSpec("deals", FIELDS), first.cursor))
    list(connector.trace(portal.spec, ["999"]))
    list(connector.volatile(ObjectSpec("deals", FIELDS), ["999"]))
    list(connector.apply([portal.update("c1", 1), portal.create("c2", "k")]))
    called = [seen.path for seen in portal.trouble.seen]
    assert len(called) > 8
    assert [path for path in called if mark not in path] == []


def test_what_only_dated_paths_enforce_is_one_row_s_fault(portal: HubSpotRig) -> None:
    portal.control("admin-rules", required_on_create={"contacts": ["jobtitle"]})
    bare = portal.create("c1", "k1")
    whole = Change(
        "c2",
        "contacts",
        "create",
        {**bare.fields, "jobtitle": "Buyer"},
        key=("hub_contact_key", "k2"),
    )
    told = {
        outcome.change_id: (outcome.status, outcome.code)
        for outcome in portal.connector(paths="2026-09").apply([bare, whole])
    }
    assert told == {"c1": ("rejected", "MISSING_REQUIRED_PROPERTY"), "c2": ("applied", "")}
    [outcome] = portal.connector(paths="v3").apply([bare])
    assert outcome.status == "applied"
