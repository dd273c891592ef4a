"""The command line as scripts see it: help, exit codes, errors on a line, JSON and nothing else."""

import json
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from demo_folder import Demo, run

from hub.connectors.http import Patience

DISPOSITIONS = {
    *("new", "changed", "unchanged", "quarantined", "superseded", "suppressed", "deleted"),
}
OUTCOMES = {"applied", "rejected", "skipped", "stale", "pending"}
STEPS = {"pull", "land", "check", "resolve", "unify", "govern", "plan", "apply"}
LAW = {"law", "holds", "detail"}
CHECKED_LAWS = ["conservation", "fixpoint", "identity", "isolation"]
CHECKED_LAWS += ["reversibility", "honesty", "frugality"]
SYSTEMS = {"acme_salesforce", "acme_hubspot", "northwind"}
REPORTED = {"run", "status", "read", "dispositions", "outcomes", "calls", "seconds"}
STATUS = {"run", "laws", "systems", "entities", "quarantine", "changes"}
STATUS |= {"outstanding", "undone", "reports"}
LANDED = {"system", "object", "read", "dispositions", "faults"}
FAULT = {"column", "rule", "value", "message"}

# Prints every command's help and then the heavy modules that came along.
ALL_HELP = """
import sys
from click.testing import CliRunner
from hub.cli import main

def walk(command, path):
    answer = CliRunner().invoke(main, [*path, "--help"])
    assert answer.exit_code == 0, answer.output
    assert "Usage: " in answer.output and len(answer.output.splitlines()) > 3, answer.output
    for name, child in getattr(command, "commands", {}).items():
        walk(child, [*path, name])

walk(main, [])
print([m for m in ("polars", "pandera", "sqlalchemy", "dagster") if m in sys.modules])
"""


def hub(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command as a shell starts it."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "hub"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=cwd,
    )


def sync_keys(report: dict[str, Any]) -> None:
    assert set(report) == {*REPORTED, "troubles", "laws"}
    assert set(report["dispositions"]) == DISPOSITIONS
    assert set(report["outcomes"]) == OUTCOMES
    assert all(set(calls) == {"used", "minimum"} for calls in report["calls"].values())
    assert set(report["seconds"]) == STEPS
    assert [law["law"] for law in report["laws"]] == CHECKED_LAWS
    assert all(set(law) == LAW for law in report["laws"])
    assert report["read"] == sum(report["dispositions"].values())


# -- help --------------------------------------------------------------------------------------


def test_help_of_every_command_loads_nothing_that_only_work_needs() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", ALL_HELP], capture_output=True, text=True, check=False, timeout=60
    )
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "[]\n", "")


def test_the_installed_command_says_its_version() -> None:
    assert hub("--version").stdout == "hub, version 0.1.0\n"


# -- JSON --------------------------------------------------------------------------------------


def test_demo_reports_both_syncs_the_status_and_what_the_rep_sees(demo: Demo) -> None:
    assert (demo.made.code, demo.made.err) == (0, "")
    report = demo.made.json
    assert set(report) == {"dir", "first", "second", "writes_in_second", "status", "rep_view"}
    sync_keys(report["first"])
    sync_keys(report["second"])
    assert set(report["first"]["calls"]) == SYSTEMS
    assert (report["first"]["status"], report["second"]["status"]) == ("done", "done")
    assert report["second"]["outcomes"] == dict.fromkeys(OUTCOMES, 0)
    assert report["writes_in_second"] == 0
    before, after = report["rep_view"]["before"], report["rep_view"]["after"]
    assert before["Hub_Registered_Partner__c"] is None
    assert after["Hub_Registered_Partner__c"] == "Bravo Systems GmbH"
    assert report["status"]["run"]["status"] == "done"


def test_status_has_the_documented_keys(demo: Demo) -> None:
    answer = demo.hub("status", "--json")
    assert (answer.code, answer.err) == (0, "")
    report = answer.json
    assert set(report) == STATUS
    assert set(report["run"]) == {
        *("run", "passes", "status", "started_at", "finished_at", "error"),
    }
    assert [law["law"] for law in report["laws"]] == CHECKED_LAWS
    assert all(set(law) == LAW and law["holds"] for law in report["laws"])
    assert {system["system"] for system in report["systems"]} == SYSTEMS
    assert set(report["systems"][0]) == {
        *("system", "kind", "last_sync", "rows_read", "calls_used", "calls_minimum"),
        *("quota_used", "quota_limit", "deleted", "merged", "hidden"),
        *("fields_changed", "held", "left_alone", "flapping"),
    }
    assert [entity["entity"] for entity in report["entities"]] == [
        *("company", "contact", "lead", "opportunity", "registration", "pos_line", "partner"),
    ]
    assert set(report["entities"][0]) == {"entity", "source_rows", "golden_rows"}
    assert report["quarantine"] == 30
    assert set(report["changes"]) == OUTCOMES


def test_sync_doctor_and_quarantine_have_the_documented_keys(live: Demo) -> None:
    synced = live.hub("sync", "--json")
    assert (synced.code, synced.err) == (0, "")
    sync_keys(synced.json)

    doctor = live.hub("doctor", "--json")
    assert (doctor.code, doctor.err) == (0, "")
    assert [entry["system"] for entry in doctor.json] == [
        *("hub", "acme_salesforce", "acme_hubspot", "northwind"),
    ]
    for entry in doctor.json:
        assert set(entry) == {"system", "findings"}
        for finding in entry["findings"]:
            told = {"subject", "severity", "message", "remedy"}
            assert set(finding) - told in (set(), {"rule", "file", "key", "line"})
            assert told <= set(finding)

    listed = live.hub("quarantine", "list", "--json").json
    assert set(listed) == {"waiting", "rules", "rows"}
    assert set(listed["rules"][0]) == {"system", "object", "column", "rule", "faults"}
    assert set(listed["rows"][0]) == {"id", "system", "object", "record_id", "faults"}
    assert set(listed["rows"][0]["faults"][0]) == FAULT

    shown = live.hub("quarantine", "show", str(listed["rows"][0]["id"]), "--json").json
    assert set(shown) == {
        *("id", "status", "system", "object", "record_id", "origin", "archive", "faults", "told"),
    }
    retried = live.hub("quarantine", "retry", str(listed["rows"][0]["id"]), "--json").json
    assert [set(report) for report in retried] == [LANDED]
    assert retried[0]["dispositions"]["quarantined"] == 1


def test_every_command_can_speak_to_people_too(demo: Demo) -> None:
    for command in (["status"], ["quarantine", "list"], ["quarantine", "show", "1"]):
        answer = demo.hub(*command)
        assert answer.code == 0
        assert answer.out
        with pytest.raises(ValueError, match=r"Expecting value|Extra data"):
            json.loads(answer.out)


def test_what_a_system_says_is_printed_as_it_is(live: Demo) -> None:
    (row,) = [
        r
        for r in live.hub("quarantine", "list", "--json").json["rows"]
        if (r["object"], r["faults"][0]["rule"]) == ("Account", "country_unknown")
    ]
    live.salesforce_edit("Account", row["record_id"], BillingCountry="[/b][red]EMEA")
    live.hub("sync", "--only", "acme_salesforce/Account")
    assert "[/b][red]EMEA" in live.hub("quarantine", "list").out


# -- exit code 2: could not start ----------------------------------------------------------------


def test_a_missing_configuration_is_named_with_the_remedy(tmp_path: Path) -> None:
    answer = hub("status", "--json", cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.splitlines() == [
        "error: hub.yaml: -: no such file.",
        "remedy: run `hub init` to write one, or name it with --config",
    ]


def test_an_unknown_key_is_named_with_its_file(cold: Demo) -> None:
    file = cold.folder / "hub.yaml"
    file.write_text(file.read_text().replace("priority: 20", "prioritty: 20"))
    answer = cold.hub("status")
    assert (answer.code, answer.out) == (2, "")
    assert f"{file}: systems.acme_hubspot.prioritty: " in answer.err
    assert "remedy: remove the key or correct its name" in answer.err


def test_a_missing_environment_variable_is_named_with_the_key_that_wants_it(
    cold: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HUBSPOT_TOKEN", raising=False)
    (cold.folder / ".env").write_text("SF_CLIENT_ID=a\nSF_CLIENT_SECRET=b\n")
    answer = cold.hub("status")
    assert (answer.code, answer.out) == (2, "")
    assert (
        f"{cold.folder / 'hub.yaml'}: systems.acme_hubspot.auth.access_token: "
        "environment variable HUBSPOT_TOKEN is not set." in answer.err
    )
    assert f"remedy: export HUBSPOT_TOKEN=… or put it into {cold.folder / '.env'}" in answer.err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["apply", "plan-999999"], "plan-999999: plan: no such plan."),
        (["sync", "--only", "nosuch"], "Nothing is named 'nosuch'."),
        (["sync", "--only", "acme_hubspot/nosuch"], "Nothing is named 'acme_hubspot/nosuch'."),
        (["explain", "company", "co_99999999"], "No company has the id co_99999999."),
        (["explain", "person", "ct_00000001"], "No entity 'person'."),
        (["quarantine", "show", "9999"], "No row 9999 in quarantine."),
        (["quarantine", "retry", "9999"], "No row 9999 waits in quarantine."),
    ],
)
def test_what_is_not_there_is_named_with_a_remedy(
    cold: Demo, command: list[str], message: str
) -> None:
    answer = cold.hub(*command, "--json")
    assert (answer.code, answer.out) == (2, "")
    error, remedy = answer.err.splitlines()
    assert error == f"error: {message}"
    assert remedy.startswith("remedy: ")


def test_a_warehouse_that_does_not_answer_is_named_without_its_password(cold: Demo) -> None:
    file = cold.folder / "hub.yaml"
    url = "postgresql+psycopg://hub:open-sesame@127.0.0.1:1/hub"
    file.write_text(file.read_text().replace("sqlite:///hub.db", url))
    answer = cold.hub("status")
    assert answer.code == 2
    assert "postgresql+psycopg://hub:***@127.0.0.1:1/hub does not answer" in answer.err
    assert "open-sesame" not in answer.err


# -- exit code 1: done with failures -------------------------------------------------------------


def test_a_system_that_does_not_answer_fails_the_sync_by_name(
    cold: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.connectors.salesforce.Patience", partial(Patience, attempts=1))
    answer = cold.hub("sync", "--only", "acme_salesforce", "--json")
    assert answer.code == 1
    assert answer.json["status"] == "failed"
    (trouble,) = answer.json["troubles"]
    assert trouble.startswith("acme_salesforce/Account: acme_salesforce: no answer to POST ")
    assert "Remedy: " in trouble
    honesty = next(law for law in answer.json["laws"] if law["law"] == "honesty")
    assert not honesty["holds"]

    status = cold.hub("status", "--json")
    assert status.code == 1
    assert status.json["run"]["status"] == "failed"
    assert "acme_salesforce/Account" in status.json["run"]["error"]


def test_doctor_fails_for_a_system_that_refuses_our_credentials(live: Demo, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(live.folder, other, ignore=shutil.ignore_patterns("sandbox"))
    environment = (other / ".env").read_text()
    (other / ".env").write_text(environment.replace("demo-client-secret", "a-wrong-secret"))
    answer = run("doctor", "--config", str(other / "hub.yaml"), "--json")
    assert answer.code == 1
    errors = {
        (entry["system"], finding["subject"], finding["remedy"])
        for entry in answer.json
        for finding in entry["findings"]
        if finding["severity"] == "error"
    }
    assert errors == {("acme_salesforce", "credentials", "correct `client_secret`")}
    assert "a-wrong-secret" not in answer.out


# -- init, demo, sandbox, db ---------------------------------------------------------------------


def test_init_writes_templates_and_never_over_a_file(tmp_path: Path) -> None:
    assert run("init", "--dir", str(tmp_path / "new")).out.splitlines() == [
        f"wrote {tmp_path / 'new' / 'hub.yaml'}",
        f"wrote {tmp_path / 'new' / 'policy.yaml'}",
    ]
    for kept in ("hub.yaml", "policy.yaml"):
        folder = tmp_path / kept
        folder.mkdir()
        (folder / kept).write_text("mine\n")
        answer = run("init", "--dir", str(folder))
        assert answer.code == 2
        assert f"{folder / kept}: -: exists already." in answer.err
        assert [file.name for file in folder.iterdir()] == [kept]
        assert (folder / kept).read_text() == "mine\n"


def test_demo_leaves_a_folder_alone_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine\n")
    answer = hub("demo", "--dir", str(tmp_path), "--records", "60")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.splitlines() == [
        f"error: {tmp_path} is not empty and was not made by `hub demo`.",
        "remedy: choose another folder with --dir",
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["precious.txt"]


def test_sandbox_brings_the_crms_up_where_hub_yaml_says_and_goes_quietly(cold: Demo) -> None:
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "hub"), "sandbox", "--dir", str(cold.folder)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        ready = [process.stdout.readline().strip() for _ in range(2)]
    finally:
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: to its whole session
        process.wait(timeout=20)
    assert ready == [
        f"acme_salesforce ready at {cold.urls['acme_salesforce']}",
        f"acme_hubspot ready at {cold.urls['acme_hubspot']}",
    ]


def test_db_upgrade_sets_an_empty_warehouse_up_and_is_repeatable(cold: Demo) -> None:
    (cold.folder / "hub.db").unlink()
    first, again = cold.hub("db", "upgrade"), cold.hub("db", "upgrade")
    assert (first.code, again.code) == (0, 0)
    assert first.out == again.out
    assert first.out.startswith("schema revision 0")
