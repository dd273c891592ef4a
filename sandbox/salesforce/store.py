"""The org's memory: one SQLite table per object with a real column per field, plus its schema.

The table columns hold what the API shows (see `values`). Two hidden columns serve the platform's
own machinery: `_DeletedAt` (when the record went to the recycle bin) and `_VisibleFrom` (when the
transaction that inserted it commits, if that is later than its stamp).
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from sandbox.salesforce.ids import record_id
from sandbox.salesforce.loading import Loader
from sandbox.salesforce.partner_objects import partner_objects
from sandbox.salesforce.schema import TEXT_TYPES, Field, Schema, SObject
from sandbox.salesforce.setup_objects import setup_objects
from sandbox.salesforce.stock import stock_objects
from sandbox.salesforce.values import SqlValue, stamp

DEMO_CLIENT_ID = "demo-client-id"
DEMO_CLIENT_SECRET = "demo-client-secret"  # noqa: S105  (a sandbox org's published demo secret)
ORG_ID = record_id("00D", 1)
INTEGRATION_USER_ID = record_id("005", 900_001)
INTEGRATION_USERNAME = "integration@acme.example"
INTEGRATION_PASSWORD = "demo-password"  # noqa: S105
SECURITY_TOKEN = "demo-security-token"  # noqa: S105

FLOWS = "client_credentials refresh_token urn:ietf:params:oauth:grant-type:jwt-bearer"

Row = dict[str, SqlValue]

_SYSTEM_TABLES = """
CREATE TABLE IF NOT EXISTS _schema(object TEXT PRIMARY KEY, body BLOB, changed_at TEXT);
CREATE TABLE IF NOT EXISTS _sequence(prefix TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS _app(
  client_id TEXT PRIMARY KEY, secret TEXT, name TEXT, run_as TEXT, flows TEXT);
CREATE TABLE IF NOT EXISTS _credential(
  username TEXT PRIMARY KEY, password TEXT, security_token TEXT, user_id TEXT);
CREATE TABLE IF NOT EXISTS _session(
  token TEXT PRIMARY KEY, user_id TEXT, client_id TEXT, issued_at TEXT, revoked INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS _grant(
  token TEXT PRIMARY KEY, user_id TEXT, client_id TEXT, issued_at TEXT, revoked INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS _certificate(client_id TEXT PRIMARY KEY, public_key TEXT);
CREATE TABLE IF NOT EXISTS _approval(
  client_id TEXT, user_id TEXT, PRIMARY KEY(client_id, user_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _custom_field(id TEXT PRIMARY KEY, object TEXT, name TEXT);
CREATE TABLE IF NOT EXISTS _deploy(id TEXT PRIMARY KEY, body BLOB);
CREATE TABLE IF NOT EXISTS _event(
  replay INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT, entity TEXT, body BLOB);
CREATE TABLE IF NOT EXISTS _job(id TEXT PRIMARY KEY, kind TEXT, body BLOB);
CREATE TABLE IF NOT EXISTS _job_upload(job TEXT PRIMARY KEY, body BLOB);
CREATE TABLE IF NOT EXISTS _job_row(
  job TEXT, place INTEGER, outcome TEXT, record TEXT, note TEXT, PRIMARY KEY(job, place)
) WITHOUT ROWID;
"""


def quoted(name: str) -> str:
    return f'"{name}"'


class SalesforceStore:
    """Records, schema, apps and tokens of one org, in a file or (path None) in memory."""

    def __init__(self, path: Path | None) -> None:
        self.db = sqlite3.connect(
            path if path is not None else ":memory:",
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-65536"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.create_function("sf_fold", 1, _fold, deterministic=True)
        self.db.executescript(_SYSTEM_TABLES)
        self.schema = Schema([])
        self.schema_changed_at: dict[str, datetime] = {}
        self.schema_version = 0
        self.governed_fields = False
        self._depth = 0
        if path is None:
            self.db.deserialize(_new_org())
        self.read_schema()
        if not self.schema_changed_at:
            self._found_org()
        self._add_missing_objects()

    def close(self) -> None:
        self.db.close()

    # --- schema -----------------------------------------------------------------------------

    def put_object(self, sobject: SObject, now: datetime | None = None) -> None:
        """Create an object or change its definition; new fields get a column."""
        at = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
        known = self.schema.get(sobject.name)
        if known is None:
            self._create_table(sobject)
        else:
            present = {field.name for field in known.stored}
            for field in sobject.stored:
                if field.name not in present:
                    self._add_column(sobject, field)
        self.db.execute(
            "INSERT OR REPLACE INTO _schema VALUES (?,?,?)",
            (sobject.name, msgspec.json.encode(sobject), at.isoformat()),
        )
        self._know(sobject)
        self.schema_changed_at[sobject.name] = at

    def put_field(self, sobject_name: str, field: Field, now: datetime | None = None) -> None:
        """Add a field to an object, or replace its definition."""
        sobject = self.schema.get(sobject_name)
        if sobject is None:
            raise KeyError(sobject_name)
        others = tuple(f for f in sobject.fields if f.name.lower() != field.name.lower())
        self.put_object(msgspec.structs.replace(sobject, fields=(*others, field)), now)

    def touch_schema(self, sobject_name: str, now: datetime) -> None:
        """Permissions on an object changed: its describe is no longer what it was."""
        sobject = self.schema.get(sobject_name)
        if sobject is not None:
            self.put_object(sobject, now)

    def read_schema(self) -> None:
        """Take the schema from the tables, at the start and after a change was rolled back."""
        self.schema = Schema([])
        for name, body, at in self.db.execute("SELECT * FROM _schema ORDER BY rowid"):
            self._know(msgspec.json.decode(body, type=SObject))
            self.schema_changed_at[name] = datetime.fromisoformat(at)

    def _know(self, sobject: SObject) -> None:
        self.schema.put(sobject)
        self.schema_version += 1
        if any(field.governed for field in sobject.fields):
            self.governed_fields = True

    def _add_missing_objects(self) -> None:
        """An org may have been founded before some objects were known here."""
        for sobject in (*setup_objects(), *partner_objects()):
            if self.schema.get(sobject.name) is None:
                self.put_object(sobject)

    def _create_table(self, sobject: SObject) -> None:
        columns = ", ".join(_column(field) for field in sobject.stored)
        table = quoted(sobject.name)
        self.db.execute(
            f"CREATE TABLE {table} (_row INTEGER PRIMARY KEY, {columns}, "
            "_DeletedAt TEXT, _VisibleFrom TEXT)"
        )
        self._index(sobject, "Id", unique=True)
        self.db.execute(
            f'CREATE INDEX "{sobject.name}_by_stamp" ON {table} ("SystemModstamp", "Id")'
        )
        for field in sobject.stored:
            self._index_if_looked_up(sobject, field)

    def _add_column(self, sobject: SObject, field: Field) -> None:
        self.db.execute(f"ALTER TABLE {quoted(sobject.name)} ADD COLUMN {_column(field)}")
        self._index_if_looked_up(sobject, field)

    def _index_if_looked_up(self, sobject: SObject, field: Field) -> None:
        system = field.name in ("Id", "CreatedById", "LastModifiedById")
        if not system and (field.id_lookup or field.external_id or field.reference_to):
            self._index(sobject, field.name)

    def _index(self, sobject: SObject, column: str, *, unique: bool = False) -> None:
        self.db.execute(
            f'CREATE {"UNIQUE" if unique else ""} INDEX "{sobject.name}_{column}" '
            f'ON {quoted(sobject.name)} ("{column}")'
        )

    def _found_org(self) -> None:
        with self.transaction():
            for sobject in stock_objects():
                self.put_object(sobject)
            self.put_app(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, "Partner Hub", INTEGRATION_USER_ID)
            self.put_credential(
                INTEGRATION_USERNAME, INTEGRATION_PASSWORD, SECURITY_TOKEN, INTEGRATION_USER_ID
            )
            self.load(
                {
                    "User": [
                        {
                            "Id": INTEGRATION_USER_ID,
                            "Username": INTEGRATION_USERNAME,
                            "LastName": "Integration",
                            "FirstName": "Hub",
                            "Email": INTEGRATION_USERNAME,
                            "CreatedDate": "2020-01-01T00:00:00Z",
                        }
                    ]
                }
            )

    def put_app(
        self,
        client_id: str,
        secret: str,
        name: str,
        run_as: str | None,
        flows: str = FLOWS,
    ) -> None:
        """Install an external client app; without `run_as` it has no client credentials user."""
        self.db.execute(
            "INSERT OR REPLACE INTO _app VALUES (?,?,?,?,?)",
            (client_id, secret, name, run_as, flows),
        )

    def put_certificate(self, client_id: str, public_key: str, approved: Iterable[str]) -> None:
        """Let an app sign assertions for the users who approved it, given by id."""
        self.db.execute("INSERT OR REPLACE INTO _certificate VALUES (?,?)", (client_id, public_key))
        self.db.execute("DELETE FROM _approval WHERE client_id = ?", (client_id,))
        self.db.executemany(
            "INSERT INTO _approval VALUES (?,?)", [(client_id, user) for user in approved]
        )

    def put_credential(self, username: str, password: str, token: str, user_id: str) -> None:
        """Let a user log in by name and password."""
        self.db.execute(
            "INSERT OR REPLACE INTO _credential VALUES (?,?,?,?)",
            (username.lower(), password, token, user_id),
        )

    # --- transactions -----------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, nestable: an error undoes what happened inside and goes on upwards."""
        self._depth += 1
        name = f"level_{self._depth}"
        self.db.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            self.db.execute(f"ROLLBACK TO {name}")
            raise
        finally:
            self.db.execute(f"RELEASE {name}")
            self._depth -= 1

    # --- records ----------------------------------------------------------------------------

    def next_id(self, prefix: str) -> str:
        row = self.db.execute(
            "INSERT INTO _sequence VALUES (?, 1) "
            "ON CONFLICT(prefix) DO UPDATE SET last = last + 1 RETURNING last",
            (prefix,),
        ).fetchone()
        return record_id(prefix, int(row[0]))

    def fetch(self, sobject: SObject, record: str) -> Row | None:
        """The stored columns of one record, deleted or not, with the hidden ones."""
        cursor = self.db.execute(f'SELECT * FROM {quoted(sobject.name)} WHERE "Id" = ?', (record,))
        values = cursor.fetchone()
        if values is None:
            return None
        return dict(zip((column[0] for column in cursor.description), values, strict=True))

    def insert(self, sobject: SObject, values: Row) -> None:
        columns = ", ".join(map(quoted, values))
        marks = ", ".join("?" * len(values))
        self.db.execute(
            f"INSERT INTO {quoted(sobject.name)} ({columns}) VALUES ({marks})",
            tuple(values.values()),
        )

    def update(self, sobject: SObject, record: str, values: Row) -> None:
        assignments = ", ".join(f"{quoted(name)} = ?" for name in values)
        self.db.execute(
            f'UPDATE {quoted(sobject.name)} SET {assignments} WHERE "Id" = ?',
            (*values.values(), record),
        )

    def touch(self, sobject: SObject, records: Sequence[str], moment: datetime) -> None:
        """What background processes do: move SystemModstamp and nothing else."""
        self.db.executemany(
            f'UPDATE {quoted(sobject.name)} SET "SystemModstamp" = ? WHERE "Id" = ?',
            [(stamp(moment), record) for record in records],
        )

    def clear_records(self) -> None:
        """Remove all records but the integration user, whose sessions stay valid."""
        with self.transaction():
            for sobject in self.schema:
                if sobject.name == "PartnerRole":
                    continue
                self.db.execute(
                    f'DELETE FROM {quoted(sobject.name)} WHERE "Id" != ?', (INTEGRATION_USER_ID,)
                )

    def load(self, objects: Mapping[str, Iterable[Mapping[str, object]]]) -> None:
        """Insert records as they are, keeping ids and stamps; an unknown name is a KeyError."""
        with self.transaction():
            for name, records in objects.items():
                sobject = self.schema.get(name)
                if sobject is None:
                    raise KeyError(name)
                Loader(self.db, sobject, INTEGRATION_USER_ID).load(records)


@cache
def _new_org() -> bytes:
    """A founded org without a file. Founding takes longest of all, and tests need hundreds."""
    with TemporaryDirectory() as folder:
        store = SalesforceStore(Path(folder) / "org.sqlite")
        store.db.execute("PRAGMA journal_mode=DELETE")
        image = store.db.serialize()
        store.close()
    return image


def _column(field: Field) -> str:
    if field.type in ("boolean", "int"):
        return f'"{field.name}" INTEGER'
    if field.type in ("double", "currency", "percent"):
        return f'"{field.name}" REAL'
    if field.case_sensitive or not (field.type in TEXT_TYPES or field.values):
        return f'"{field.name}" TEXT'
    return f'"{field.name}" TEXT COLLATE NOCASE'


def _fold(value: SqlValue) -> SqlValue:
    return value.casefold() if isinstance(value, str) else value
