"""A partner without an API: leads go out in a file, answers come back in files, line by line."""

import json
from pathlib import Path

import pytest
from databases import rows_of
from partners import PartnerChannel, with_partners
from sqlalchemy import Engine

from hub.config import Settings
from hub.connectors import connect
from hub.connectors.files.sheet import meant, read
from hub.models.golden import lead_assignment
from hub.models.operations import ops_quarantine

FILES = """  delta:
    kind: files
    role: partner
    partner: acme_salesforce/Account/a-0
    leads: {path: exchange/leads.csv}
    answers: {path: "exchange/answers_*.csv"}
"""


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> PartnerChannel:
    """Partner 0 has a folder, partner 1 nothing; two leads and one."""
    channel = PartnerChannel(engine, with_partners(settings, FILES))
    channel.connectors["delta"] = connect(channel.settings, "delta")  # type: ignore[assignment]
    for number in (0, 1):
        channel.partner_of(number)
    for name, number in (("l-0", 0), ("l-1", 0), ("l-2", 1)):
        channel.lead_of(name, number, f"Marker{name[-1]}")
    return channel


def _folder(channel: PartnerChannel) -> Path:
    return channel.settings.folder / "exchange"


def _lines(channel: PartnerChannel) -> dict[str, dict[str, str | None]]:
    file = _folder(channel) / "leads.csv"
    (_, header), *rows = read(file.name, file.read_bytes())
    told = [dict(zip(header, map(meant, cells), strict=True)) for _, cells in rows]
    return {str(line["Lead"]): line for line in told}


def _sync(channel: PartnerChannel) -> None:
    report = channel.sync()
    assert report.troubles == []
    assert [(law.law, law.detail) for law in report.laws if not law.holds] == []


def test_leads_go_out_in_one_file_and_answers_come_back(channel: PartnerChannel) -> None:
    _sync(channel)
    first, second = channel.key_of("l-0"), channel.key_of("l-1")
    assert {key: line["Last name"] for key, line in _lines(channel).items()} == {
        first: "L.", second: "L."
    }  # fmt: skip
    answers = f"lead,STATUS,Reason\n{first},Accepted,\n{second},Perhaps,\nld_99999999,Won,\n"
    (_folder(channel) / "answers_1.csv").write_text(answers)
    _sync(channel)
    statuses = {r["id"]: r["status"] for r in rows_of(channel.engine, lead_assignment)}
    assert (statuses[first], statuses[second]) == ("accepted", "offered")
    assert _lines(channel)[first]["Last name"] == "LastMarker0"
    assert _lines(channel)[second]["Last name"] == "L."
    waiting = [r for r in rows_of(channel.engine, ops_quarantine) if r["status"] == "waiting"]
    told = {(json.loads(r["raw"])["Line"], json.loads(r["faults"])[0]["rule"]) for r in waiting}
    assert told == {("answers_1.csv:3", "code_list"), ("answers_1.csv:4", "lead_unknown")}


def test_a_lead_that_moves_is_withdrawn_in_the_file_and_a_second_sync_is_still(
    channel: PartnerChannel,
) -> None:
    _sync(channel)
    channel.crm.put("Lead", "l-0", Country="DE")
    _sync(channel)
    line = _lines(channel)[channel.key_of("l-0")]
    assert {name: value for name, value in line.items() if value} == {
        "Lead": channel.key_of("l-0"),
        "Assignment": "withdrawn",
        "Last name": "[withdrawn]",
        "Company": "[withdrawn]",
        "Source": "Web",
    }
    before = (_folder(channel) / "leads.csv").stat().st_mtime_ns
    assert [plan.total for plan in channel.sync().plans] == [0]
    assert (_folder(channel) / "leads.csv").stat().st_mtime_ns == before
