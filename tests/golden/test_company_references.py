"""Companies named in the vendor's lists, and what is left out because it names none for certain."""

from sqlalchemy import Engine

from hub.golden.matching import referred
from hub.models.database import reading, writing
from hub.models.identity import crosswalk, identity_alias


def test_a_reference_stands_for_one_living_company_or_for_none(engine: Engine) -> None:
    row = {"entity": "company", "system": "crm", "object": "Account", "run": 1}
    with writing(engine) as conn:
        conn.execute(
            crosswalk.insert(),
            [
                {**row, "record_id": "a/1", "hub_id": "co_00000001"},
                {**row, "record_id": "a2", "hub_id": "co_00000002"},
                {**row, "entity": "contact", "record_id": "c1", "hub_id": "ct_00000009"},
            ],
        )
        conn.execute(
            identity_alias.insert(),
            [{"old_id": "co_00000003", "hub_id": "co_00000002", "run": 1}],
        )
    named = ["co_00000001", "pa_00000003", "co_99999999", "crm/Account/a/1", "crm/Account/none",
             "crm/Account/c1", "4711"]  # fmt: skip
    with reading(engine) as conn:
        assert referred(conn, named) == {
            "co_00000001": "co_00000001",
            "pa_00000003": "co_00000002",
            "crm/Account/a/1": "co_00000001",
        }
        assert referred(conn, []) == {}
