"""Triggers by which the database itself keeps one partner's rows from another partner's system.

- A lead is held by a partner's system only while it is assigned to that system's partner.
- A change to a partner's system is stored only for a lead that this system holds, or once held.

A migration that makes one of the tables anew on SQLite takes its triggers along: it must create
them again. `missing` tells, and so does the law.
"""

from sqlalchemy import Connection, text

_OWNED = (
    "SELECT 1 FROM lead_assignment a JOIN partner_system s ON s.partner_id = a.partner_id "
    "WHERE s.system = NEW.system AND a.id = NEW.hub_id AND a.partner_id = NEW.partner_id"
)
_KNOWN = "SELECT 1 FROM lead_share h WHERE h.system = NEW.system AND h.hub_id = NEW.hub_id"
_OF_A_PARTNER = "SELECT 1 FROM partner_system s WHERE s.system = NEW.system"

_HELD_BY_NOBODY = f"NEW.state = 'held' AND NOT EXISTS ({_OWNED})"
_NEVER_HELD = f"NEW.state <> 'held' AND NOT EXISTS ({_KNOWN})"
_NOT_SHARED = f"EXISTS ({_OF_A_PARTNER}) AND NOT EXISTS ({_KNOWN})"

# Name → table, event, condition under which it refuses, what it says.
_GUARDS = {
    "guard_lead_share_insert": (
        "lead_share",
        "INSERT",
        f"({_HELD_BY_NOBODY}) OR ({_NEVER_HELD})",
        "isolation: the lead is not assigned to the partner of this system",
    ),
    "guard_lead_share_update": (
        "lead_share",
        "UPDATE",
        _HELD_BY_NOBODY,
        "isolation: the lead is not assigned to the partner of this system",
    ),
    "guard_ops_change_insert": (
        "ops_change",
        "INSERT",
        _NOT_SHARED,
        "isolation: the system of a partner does not hold this lead",
    ),
    "guard_ops_change_update": (
        "ops_change",
        "UPDATE OF system, hub_id",
        _NOT_SHARED,
        "isolation: the system of a partner does not hold this lead",
    ),
}


def statements(dialect: str) -> list[str]:
    """The statements that create all guards on `sqlite` or `postgresql`."""
    made = _on_sqlite if dialect == "sqlite" else _on_postgresql
    return [statement for name, guard in _GUARDS.items() for statement in made(name, *guard)]


def removals(dialect: str) -> list[str]:
    """The statements that take all guards away again."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER {name}" for name in _GUARDS]
    return [
        statement
        for name, (table, *_) in _GUARDS.items()
        for statement in (f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()")
    ]


def missing(conn: Connection) -> list[str]:
    """Names of guards that this database does not have."""
    listed = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if conn.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
    )
    there = set(conn.scalars(text(listed)))
    return sorted(set(_GUARDS) - there)


def _on_sqlite(name: str, table: str, event: str, refused: str, message: str) -> list[str]:
    trigger = f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {refused}"
    return [f"{trigger} BEGIN SELECT RAISE(ABORT, '{message}'); END"]


def _on_postgresql(name: str, table: str, event: str, refused: str, message: str) -> list[str]:
    refusal = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'"
    body = f"BEGIN IF {refused} THEN {refusal}; END IF; RETURN NEW; END"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]
