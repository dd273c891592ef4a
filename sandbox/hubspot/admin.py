"""What an admin has set about how records may be written, as the account remembers it."""

import msgspec

from sandbox.hubspot.db import Database


class Conditional(msgspec.Struct, kw_only=True):
    """`required` must have values when `property` has one of `values`."""

    object: str
    property: str
    values: list[str]
    required: list[str]


class AdminRules(msgspec.Struct, kw_only=True):
    """`required_on_create` by object; `associations_locked` is about the user behind OAuth."""

    required_on_create: dict[str, list[str]] = {}
    conditional: list[Conditional] = []
    associations_locked: bool = False


class Admin:
    """The settings of one account."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.reload()

    def reload(self) -> None:
        row = self._db.execute(
            "SELECT body FROM document WHERE kind = 'admin_rules' AND scope = '' AND name = ''"
        ).fetchone()
        self.rules = AdminRules() if row is None else msgspec.json.decode(row[0], type=AdminRules)

    def put(self, rules: AdminRules) -> None:
        self.rules = rules
        self._db.execute(
            "INSERT OR REPLACE INTO document VALUES ('admin_rules', '', '', ?)",
            (msgspec.json.encode(rules),),
        )
