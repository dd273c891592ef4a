"""Law 5: an erased person leaves no trace, and never comes back, whatever is tried."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from channel import SALESFORCE, Channel, furnished
from databases import empty_all, rows_of
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, String, select, update

from hub.checks.isolation import isolation
from hub.commands.forgetting import Forgotten, forget
from hub.commands.planning import carry_out
from hub.commands.reviewing import approve
from hub.commands.undoing import undo
from hub.commands.warehouse import Workplace
from hub.config import Settings
from hub.erasure.known import Known, mail_key
from hub.errors import HubError
from hub.models import metadata
from hub.models.database import reading, writing
from hub.models.identity import crosswalk
from hub.models.operations import ops_change, ops_disposition, ops_run
from hub.models.sources import src_contact, src_lead
from hub.sync.replay import replay

MAIL = "zenobia.quist@quisling.example"
TRACES = re.compile(r"zenobia|quist\b|quist@|664\s?998\s?7766", re.IGNORECASE)


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> Channel:
    """A person in all corners: a lead, contacts in both systems in several spellings, a row that
    waits in quarantine, another one's note that names her address."""
    channel = furnished(Channel(engine, settings))
    channel.lead("l-77", "Zenobia Quist", "Huber Druck", "AT", Email=MAIL, Phone="+43 664 9987766")
    person = {"FirstName": "Zenobia", "LastName": "Quist", "AccountId": "a-cordes"}
    channel.crm.put("Contact", "p-77", Email="Zenobia.Quist@QUISLING.example", **person)
    channel.portal.put(
        *("contacts", "c-77"),
        firstname="Zenobia",
        lastname="Quist",
        email="zenobia.quist+news@quisling.example",
        phone="0043 664 998 77 66",
    )
    channel.crm.put("Contact", "p-bad", Email=MAIL, MailingCountry="Atlantis", **person)
    channel.crm.put(
        "Contact", "p-other", FirstName="Otto", LastName="Moser", Email="otto@moser.example"
    )
    channel.opportunity("o-note", "a-cordes", f"Router (ask {MAIL})")
    return channel


def erase(channel: Channel, email: str = MAIL, *, plan: bool = False) -> Forgotten:
    return forget(Workplace(channel.settings, channel.engine), email, plan=plan)


def traces(channel: Channel) -> list[str]:
    """Where anything of the person is still to be read: every text of every table and file."""
    found = []
    with reading(channel.engine) as conn:
        for table in metadata.sorted_tables:
            for column in (c for c in table.columns if isinstance(c.type, String)):
                for value in conn.scalars(select(column).where(column.is_not(None))):
                    if TRACES.search(value):
                        found.append(f"{table.name}.{column.name}: {value}")
    for file in _archive(channel).rglob("*"):
        if file.is_file():
            rows = pl.read_parquet(file)
            found += [f"{file}: {row}" for row in rows.iter_rows() if TRACES.search(str(row))]
    if channel.engine.dialect.name == "sqlite":
        for file in Path(str(channel.engine.url.database)).parent.glob("hub.db*"):
            text = file.read_bytes().decode("latin-1")
            found += [f"{file}: {match[0]}" for match in TRACES.finditer(text)]
    return found


def _archive(channel: Channel) -> Path:
    return Path(channel.settings.resolve(channel.settings.archive))


def _suppressed(channel: Channel) -> int:
    rows = rows_of(channel.engine, ops_disposition)
    return sum(int(str(r["rows"])) for r in rows if r["disposition"] == "suppressed")


@pytest.fixture
def synced(channel: Channel) -> Iterator[Channel]:
    assert channel.sync().troubles == []
    assert traces(channel)
    yield channel
    channel.engine.dispose()


def test_no_trace_is_left_and_nobody_else_is_touched(synced: Channel) -> None:
    others = {
        p: p.read_bytes() for p in _archive(synced).rglob("*.parquet") if "companies" in str(p)
    }
    report = erase(synced)
    assert traces(synced) == []
    assert (SALESFORCE, "Contact", "p-77") in report.remaining
    assert report.tables["src_contact"] >= 2
    assert sum(report.files.values()) >= 5
    assert {p: p.read_bytes() for p in others} == others
    contacts = {row["record_id"] for row in rows_of(synced.engine, src_contact)}
    assert "p-other" in contacts
    assert "l-huber" in {row["record_id"] for row in rows_of(synced.engine, src_lead)}


def test_a_preview_changes_nothing_and_tells_as_much(synced: Channel) -> None:
    before = {p: p.read_bytes() for p in _archive(synced).rglob("*.parquet")}
    trace = traces(synced)
    previewed = erase(synced, plan=True)
    assert traces(synced) == trace
    assert {p: p.read_bytes() for p in _archive(synced).rglob("*.parquet")} == before
    done = erase(synced)
    assert (done.files, done.remaining) == (previewed.files, previewed.remaining)
    assert set(previewed.tables) >= {"src_contact", "src_lead", "ops_quarantine", "ops_change"}


def test_the_person_never_comes_back(synced: Channel) -> None:
    first = synced.connectors[SALESFORCE]
    made = [c for c in synced.portal.written if c.op == "create"]
    erase(synced)
    written = len(synced.portal.written), len(synced.crm.written)
    counted = _suppressed(synced)
    assert first.outside.living("Contact")
    for full in (False, True, True):
        report = synced.sync(full=full)
        assert report.troubles == []
        assert [law for law in report.laws if not law.holds] == []
    assert traces(synced) == []
    assert _suppressed(synced) > counted
    assert (len(synced.portal.written), len(synced.crm.written)) == written
    synced.crm.put("Contact", "p-again", FirstName="Z", LastName="Q", Email=f" {MAIL.upper()} ")
    synced.portal.put("leads", "more", hs_lead_name="Zenobia Quist", **{_CONTACT: "c-77"})
    synced.sync()
    assert traces(synced) == []
    assert made


_CONTACT = "associations/contacts/primary"


def test_a_replay_brings_nobody_back_and_leaves_all_others_their_ids(
    synced: Channel, fresh: Engine
) -> None:
    known_then = datetime.now(UTC)
    erase(synced)
    synced.account("a-new", "Lindqvist Metall", BillingCountry="SE")
    synced.lead("l-new", "Ada Vogt", "Vogt Druck", "AT")
    synced.sync()
    for moment in (known_then, datetime.now(UTC)):
        empty_all(fresh)
        replay(synced.engine, synced.settings, fresh, moment)
        assert traces(replace(synced, engine=fresh)) == []
    assert _ids(fresh) == _ids(synced.engine)
    assert [row["record_id"] for row in _ids(fresh)].count("l-new") == 3


def _ids(engine: Engine) -> list[dict[str, object]]:
    return rows_of(engine, crosswalk, without=["run"])


def test_an_erasure_can_be_repeated_and_others_follow(synced: Channel) -> None:
    erase(synced)
    again = erase(synced)
    assert again.files == {}
    erase(synced, "otto@moser.example")
    assert "p-other" not in {r["record_id"] for r in rows_of(synced.engine, src_contact)}
    assert synced.sync(full=True).troubles == []
    assert traces(synced) == []


def test_what_was_written_about_the_person_is_blank(synced: Channel) -> None:
    erase(synced)
    blank = [r for r in rows_of(synced.engine, ops_change) if r["code"] == "erased"]
    assert blank
    assert {r["fields"] for r in blank} == {"{}"}


def test_the_law_sees_a_row_of_an_erased_person(synced: Channel) -> None:
    erase(synced)
    runs = [row["run"] for row in rows_of(synced.engine, ops_run)]
    with writing(synced.engine) as conn:
        assert isolation(conn, [], runs).holds
        conn.execute(
            update(src_lead).where(src_lead.c.record_id == "l-huber").values(email=MAIL.upper())
        )
        broken = isolation(conn, [], runs)
    assert (broken.holds, broken.detail) == (False, "1 rows of erased people")


def test_what_is_no_address_is_refused(synced: Channel) -> None:
    with pytest.raises(HubError, match="not an e-mail address"):
        erase(synced, "somebody")


# -- addresses ---------------------------------------------------------------------------------

_LOCAL = st.text("abcdefghijklmnopqrstuvwxyzäöüß0123456789._-", min_size=1, max_size=12)
_DOMAIN = st.sampled_from(["example.com", "bücher.example", "straße.example", "EXAMPLE.org"])


@given(local=_LOCAL, domain=_DOMAIN, tag=st.text("abc1-", max_size=5), data=st.data())
def test_spellings_of_an_address_are_one_and_found_in_texts(
    local: str, domain: str, tag: str, data: st.DataObject
) -> None:
    local = local.strip(".") or "x"
    plain = f"{local}@{domain}"
    spelling = f"{local}+{tag}@{domain}" if tag else plain
    spelling = data.draw(st.sampled_from([spelling, f"  {spelling} "]))
    key = mail_key(plain)
    assert key is not None
    assert mail_key(spelling) == key
    one = Known(b"k" * 32, frozenset())
    known = Known(one.key, frozenset({one.digest("mail", key)}))
    said = known.scrubbed(f"ask {spelling.strip()}, or somebody@else.example")
    assert said == "ask [erased], or somebody@else.example"
    assert key not in str(known.digests)


# -- in their systems --------------------------------------------------------------------------


@pytest.fixture
def answering(synced: Channel, monkeypatch: pytest.MonkeyPatch) -> Channel:
    """Commands find the channel's systems behind their names."""
    monkeypatch.setattr("hub.sync.flow.connect", lambda _, system: synced.connectors[system])
    return synced


def _place(channel: Channel) -> Workplace:
    return Workplace(channel.settings, channel.engine)


def test_erasing_in_a_system_is_a_plan_that_waits_and_then_forgets_the_records(
    answering: Channel,
) -> None:
    place, crm, portal = _place(answering), answering.crm, answering.portal
    report = forget(place, MAIL, plan=False, systems=[SALESFORCE])
    assert set(report.to_erase) >= {(SALESFORCE, "Contact", "p-77"), (SALESFORCE, "Lead", "l-77")}
    assert {system for system, *_ in report.remaining} == {portal.name}
    assert "p-77" in crm.living("Contact")
    plan = str(report.plan)
    waiting = carry_out(place, plan)
    assert waiting.waits
    assert "p-77" in crm.living("Contact")
    approve(place, plan, "Ada", "she asked for it", ())
    assert carry_out(place, plan).outcomes == {"applied": len(report.to_erase)}
    assert not {"p-77", "p-bad"} & set(crm.living("Contact"))
    assert "l-77" not in crm.living("Lead")
    assert "p-other" in crm.living("Contact")
    rows = [r for r in rows_of(answering.engine, ops_change) if r["plan"] == plan]
    assert {(r["outcome"], r["code"], r["record_id"], r["fields"]) for r in rows} == {
        ("applied", "erased", None, "{}")
    }
    assert traces(answering) == []
    with pytest.raises(HubError, match="cannot be undone"):
        undo(place, [plan], apply=True)
    answering.sync(full=True)
    assert traces(answering) == []
    assert "p-77" not in crm.living("Contact")


def test_an_erasure_that_waits_outlives_others_and_another_configuration(
    answering: Channel,
) -> None:
    place = _place(answering)
    first = forget(place, MAIL, plan=False, systems=[SALESFORCE])
    second = forget(place, "otto@moser.example", plan=False, systems=[SALESFORCE])
    answering.sync()
    other = Workplace(
        answering.settings.model_copy(update={"config_hash": "another"}), answering.engine
    )
    for report in (first, second):
        approve(other, str(report.plan), "Ada", "", ())
        assert set(carry_out(other, str(report.plan)).outcomes) == {"applied"}
    assert not {"p-77", "p-other"} & set(answering.crm.living("Contact"))


def test_a_system_that_is_not_ours_to_erase_in_is_refused(answering: Channel) -> None:
    before = traces(answering)
    for system in ("northwind", "nowhere"):
        with pytest.raises(HubError) as refused:
            forget(_place(answering), MAIL, plan=False, systems=[system])
        assert refused.value.remedy
    assert traces(answering) == before


def test_a_preview_names_what_would_be_erased_there_and_stores_no_plan(
    answering: Channel,
) -> None:
    report = forget(_place(answering), MAIL, plan=True, systems=[SALESFORCE])
    assert (SALESFORCE, "Contact", "p-77") in report.to_erase
    assert report.plan is None
    assert "p-77" in answering.crm.living("Contact")
