"""A steward's word: who it binds, what it outlives, and which words cannot both stand."""

from pathlib import Path

import pytest
from identity_kit import NOON, account, company, go, ids, key, person, row, together
from sqlalchemy import Engine, select

from hub.errors import HubError
from hub.models.database import deciding, reading
from hub.models.identity import identity_decision
from hub.stewardship.decisions import Contradiction, listing, withdraw
from hub.stewardship.importing import import_file
from hub.stewardship.judging import Judged, Wish, judge_one

ADLER = account("1", "Adler Systemhaus", website="adler.example", country="DE")
ADLER_TOO = company("11", "Adler Systemhaus", website="adler.example", country="DE")
BERGER = account("2", "Berger Netzwerke", website="berger.example", country="AT")
BERGER_TOO = company("12", "Berger Netzwerke", website="berger.example", country="AT")
CORDES = account("3", "Cordes Maschinenbau", country="CH")
ALL = (ADLER, ADLER_TOO, BERGER, BERGER_TOO, CORDES)


def name(one: dict[str, object]) -> str:
    return "/".join(key(one))


def say(
    engine: Engine, judgement: str, a: str, b: str, why: str = "seen", entity: str | None = None
) -> Judged:
    wish = Wish(judgement, a, b, "Ada", why, entity)  # type: ignore[arg-type]
    with deciding(engine, identity_decision) as conn:
        return judge_one(conn, wish, NOON)


def take_back(engine: Engine, number: int) -> None:
    with deciding(engine, identity_decision) as conn:
        withdraw(conn, number, "Bo", "a mistake", NOON)


def test_two_hub_ids_that_are_the_same_become_one_with_all_their_records(engine: Engine) -> None:
    go(engine, 1, ALL)
    a, b = ids(engine)[key(ADLER)], ids(engine)[key(BERGER)]
    assert say(engine, "same", a, b).new
    go(engine, 2)
    assert together(engine, *ALL[:4])
    assert not together(engine, ADLER, CORDES)


def test_one_record_can_be_taken_out_of_a_company(engine: Engine) -> None:
    go(engine, 1, ALL)
    say(engine, "different", name(ADLER_TOO), ids(engine)[key(ADLER)])
    go(engine, 2)
    assert not together(engine, ADLER, ADLER_TOO)


def test_what_a_steward_said_of_two_companies_holds_for_each_of_their_records(
    engine: Engine,
) -> None:
    go(engine, 1, ALL)
    found = ids(engine)
    say(engine, "different", found[key(ADLER)], found[key(BERGER)])
    twin = {"name": "Berger Netzwerke", "website": "berger.example", "country": "AT"}
    go(engine, 2, [account("1", **twin), company("11", **twin)])
    assert not together(engine, ADLER_TOO, BERGER)
    assert not together(engine, ADLER, BERGER_TOO)


def test_a_word_outlives_reruns_and_the_records_it_is_about(engine: Engine) -> None:
    go(engine, 1, ALL)
    say(engine, "same", name(ADLER), name(CORDES))
    go(engine, 2)
    assert together(engine, ADLER, CORDES)
    go(engine, 3, full=True)
    assert together(engine, ADLER, CORDES)
    go(engine, 4, [{**CORDES, "is_deleted": True}])
    assert key(CORDES) not in ids(engine)
    go(engine, 5, [CORDES])
    assert together(engine, ADLER, CORDES)


def test_a_word_about_a_record_that_is_gone_waits_for_it(engine: Engine) -> None:
    go(engine, 1, ALL)
    go(engine, 2, [{**CORDES, "is_deleted": True}])
    say(engine, "same", name(CORDES), name(BERGER))
    go(engine, 3)
    go(engine, 4, [CORDES])
    assert together(engine, CORDES, BERGER)


def test_a_withdrawn_word_is_no_longer_obeyed_and_stays_on_record(engine: Engine) -> None:
    go(engine, 1, ALL)
    number = say(engine, "same", name(ADLER), name(CORDES)).number
    go(engine, 2)
    take_back(engine, number)
    go(engine, 3)
    assert not together(engine, ADLER, CORDES)
    with reading(engine) as conn:
        assert listing(conn, everything=False) == []
        [told] = listing(conn, everything=True)
    assert told["withdrawn"] == {"by": "Bo", "why": "a mistake", "at": NOON.isoformat()}
    with pytest.raises(HubError, match=r"withdrawn already, by Bo on 2026-03-02"):
        take_back(engine, number)
    with pytest.raises(HubError, match="no decision 999"):
        take_back(engine, 999)


def test_a_withdrawn_word_about_hub_ids_is_taken_back_whole(engine: Engine) -> None:
    go(engine, 1, ALL)
    found = ids(engine)
    number = say(engine, "same", found[key(ADLER)], found[key(BERGER)]).number
    go(engine, 2)
    take_back(engine, number)
    go(engine, 3)
    assert together(engine, ADLER, ADLER_TOO)
    assert together(engine, BERGER, BERGER_TOO)
    assert not together(engine, ADLER, BERGER)
    assert ids(engine)[key(ADLER)] == found[key(ADLER)]


def test_saying_it_twice_is_saying_it_once(engine: Engine) -> None:
    go(engine, 1, ALL)
    first = say(engine, "same", name(ADLER), name(CORDES))
    again = say(engine, "same", name(CORDES), name(ADLER))
    assert (again.number, again.new) == (first.number, False)


def test_a_contradiction_is_refused_with_the_chain_that_it_contradicts(engine: Engine) -> None:
    go(engine, 1, ALL)
    first = say(engine, "same", name(ADLER), name(BERGER), "one owner").number
    second = say(engine, "same", name(BERGER), name(CORDES), "one letterhead").number
    with pytest.raises(Contradiction) as caught:
        say(engine, "different", name(CORDES), name(ADLER))
    assert [edge.decision.number for edge in caught.value.chain] == [second, first]
    for told in ("one owner", "one letterhead", name(BERGER), "by Ada", "2026-03-02"):
        assert told in str(caught.value)


def test_the_same_is_refused_where_something_joined_to_it_is_different(engine: Engine) -> None:
    go(engine, 1, ALL)
    first = say(engine, "different", name(ADLER), name(CORDES)).number
    second = say(engine, "same", name(CORDES), name(BERGER)).number
    with pytest.raises(Contradiction) as caught:
        say(engine, "same", name(BERGER), name(ADLER))
    assert {edge.decision.number for edge in caught.value.chain} == {first, second}
    take_back(engine, first)
    assert say(engine, "same", name(BERGER), name(ADLER)).new


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ("nonsense", "sf/Account/1", "'nonsense' is neither a hub id nor a record"),
        ("co_99999999", "sf/Account/1", "No company has ever had the id co_99999999"),
        ("sf/Account/99", "sf/Account/1", "No record sf/Account/99 has been matched"),
        ("sf/Contact/9", "sf/Account/1", "do not both speak of"),
        ("sf/Account/1", "sf/Account/1", "name the same company"),
        ("sf/Lead/7", "sf/Lead/8", "both speak of a company and of a person"),
    ],
)
def test_a_name_that_stands_for_nothing_is_refused(
    engine: Engine, a: str, b: str, says: str
) -> None:
    leads = [
        row("sf", "Lead", number, last_name=last, company_name=last, email=f"{last}@x.example")
        for number, last in (("7", "Huber"), ("8", "Moser"))
    ]
    go(engine, 1, [*ALL, person("9", "Eva", "Huber"), *leads])
    with pytest.raises(HubError, match=says) as caught:
        say(engine, "same", a, b)
    assert caught.value.remedy


def test_an_old_id_stands_for_the_one_that_answers_for_it(engine: Engine) -> None:
    go(engine, 1, ALL)
    old = ids(engine)[key(BERGER)]
    say(engine, "same", ids(engine)[key(ADLER)], old)
    go(engine, 2)
    assert ids(engine)[key(BERGER)] != old
    assert say(engine, "different", old, name(CORDES)).a.hub_id == ids(engine)[key(ADLER)]


# -- files -------------------------------------------------------------------------------------


def _decisions(engine: Engine) -> int:
    with reading(engine) as conn:
        return len(conn.execute(select(identity_decision)).all())


def test_a_file_of_judgements_is_stored_whole(engine: Engine, tmp_path: Path) -> None:
    go(engine, 1, ALL)
    file = tmp_path / "judgements.csv"
    file.write_text(
        "judgement,a,b,by,why\n"
        f'same,{name(ADLER)},{name(CORDES)},Ada,"one owner, one house"\n'
        "\n"
        f"different,{name(BERGER)},{name(CORDES)},Bo,other owner\n"
    )
    found = import_file(engine, file, NOON)
    assert ([one.new for one in found.judged], found.faults) == ([True, True], [])
    again = import_file(engine, file, NOON)
    assert [one.new for one in again.judged] == [False, False]
    go(engine, 2)
    assert together(engine, ADLER, CORDES)


def test_a_file_with_faults_tells_all_of_them_and_stores_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    go(engine, 1, ALL)
    file = tmp_path / "judgements.csv"
    file.write_text(
        "judgement,a,b,by,why\n"
        f"same,{name(ADLER)},{name(CORDES)},Ada,one owner\n"
        f"alike,{name(ADLER)},{name(BERGER)},Ada,looks so\n"
        f"same,sf/Account/77,{name(BERGER)},Ada,one owner\n"
        f"same,{name(ADLER)},{name(BERGER)},,one owner\n"
        f"same,{name(ADLER)},{name(BERGER)},Ada,\n"
        f"different,{name(CORDES)},{name(ADLER)},Bo,two owners\n"
        f"same,{name(ADLER)},{name(BERGER)},Ada,one owner,and more\n"
    )
    found = import_file(engine, file, NOON)
    assert found.judged == []
    assert [fault.line for fault in found.faults] == [3, 4, 5, 6, 7, 8]
    assert all(fault.remedy for fault in found.faults)
    assert _decisions(engine) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column 'judgement'"),
        ("judgement,a,b,by\n", "no column 'why'"),
        ("judgement,a,b,by,why,colour\n", "colour"),
        ('judgement,a,b,by,why\nsame,"a,b,c,d\n', "line"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    engine: Engine, tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "judgements.csv"
    file.write_text(text)
    with pytest.raises(HubError, match=says):
        import_file(engine, file, NOON)
