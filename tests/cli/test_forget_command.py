"""`hub forget … --in` from outside: shown first, approved, carried out in the CRM over HTTP."""

import json
import sqlite3
from contextlib import closing

from demo_folder import Demo

from sandbox.hubspot.records import table
from sandbox.hubspot.store import known_type
from sandbox.seed import hubspot_file

SYSTEM = "acme_hubspot"
SHAPE = {"tables", "files", "remaining", "to_erase", "plan", "calls", "carried_out"}


def test_a_person_is_erased_in_the_crm_by_an_approved_plan_and_stays_away(live: Demo) -> None:
    email, record = _somebody(live)
    seen = live.hub("forget", email, "--in", SYSTEM, "--plan", "--json")
    assert (seen.code, set(seen.json), seen.json["plan"]) == (0, SHAPE, None)
    assert not seen.json["carried_out"]
    assert [SYSTEM, "contacts", record] in seen.json["to_erase"]
    assert _is_there(live, record)
    done = live.hub("forget", email, "--in", SYSTEM, "--json").json
    assert (set(done), done["carried_out"]) == (SHAPE, True)
    assert done["to_erase"] == seen.json["to_erase"]
    assert _is_there(live, record)
    plan = str(done["plan"])
    assert live.hub("apply", plan, "--json").code == 1  # nobody has approved it
    assert _is_there(live, record)
    assert live.hub("plan", "approve", plan, "--by", "Ada Vogt").code == 0
    mark = len(_log(live))
    applied = live.hub("apply", plan, "--json")
    assert (applied.code, applied.json["outcomes"]["applied"]) == (0, len(done["to_erase"]))
    assert len(_log(live)) - mark == done["calls"]
    assert not _is_there(live, record)
    shown = live.hub("plan", "show", plan, "--json").json["changes"]
    told = {(c["op"], c["outcome"], c["record_id"]) for c in shown}
    assert told == {("erase", "applied", None)}
    assert live.hub("undo", plan).code == 2
    live.hub("sync", "--full", "--json")
    into = f"sqlite:///{live.folder / 'replayed.db'}"
    assert live.hub("replay", "--as-of", "2999-01-01T00:00:00Z", "--into", into).code == 0
    for database in ("hub.db", "replayed.db"):
        assert not _speaks_of(live, database, email)
    assert not _is_there(live, record)


def _somebody(demo: Demo) -> tuple[str, str]:
    with closing(sqlite3.connect(demo.folder / "hub.db")) as db:
        row = db.execute(
            "SELECT email, record_id FROM src_contact WHERE system = ? AND email IS NOT NULL "
            "AND NOT is_deleted ORDER BY record_id",
            (SYSTEM,),
        ).fetchone()
    return str(row[0]), str(row[1])


def _is_there(demo: Demo, record: str) -> bool:
    """Whether the portal's own store has the contact, be it in its recycle bin."""
    file, kind = hubspot_file(demo.folder), table(known_type("contacts"))
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        return db.execute(f"SELECT 1 FROM {kind} WHERE id = ?", (record,)).fetchone() is not None


def _speaks_of(demo: Demo, database: str, email: str) -> bool:
    with closing(sqlite3.connect(demo.folder / database)) as db:
        return any(email.casefold() in line.casefold() for line in db.iterdump())


def _log(demo: Demo) -> list[dict[str, object]]:
    demo.control(SYSTEM, "clock")  # a request is logged after its answer has gone out
    file = demo.folder / "sandbox" / "requests.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
