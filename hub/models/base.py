"""Metadata and the three column types that mean the same on SQLite and PostgreSQL.

Money is `NUMERIC(15, 2)`, a unit price `NUMERIC(15, 4)`. SQLite has no decimal type, but its
NUMERIC affinity keeps every decimal of up to 15 significant digits exactly, so values compare and
sort as on PostgreSQL; larger amounts are refused by validation. Sums that matter are made in
Decimal by the hub, never by SQLite.
Times are aware UTC; on SQLite they are text `YYYY-MM-DD HH:MM:SS.ffffff`, which sorts as time.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.engine import Dialect
from sqlalchemy.types import DateTime, Numeric, String, TypeDecorator, TypeEngine, UserDefinedType

MONEY_DIGITS = 15

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class _SqliteNumeric(UserDefinedType[Any]):
    """A column of NUMERIC affinity; values are bound as text so that no float is ever made."""

    cache_ok = True

    def __init__(self, scale: int) -> None:
        self.scale = scale

    def get_col_spec(self, **_kw: Any) -> str:
        return f"NUMERIC({MONEY_DIGITS}, {self.scale})"


class Money(TypeDecorator[Decimal]):
    """An amount in the currency of its row, with `scale` decimals."""

    impl = Numeric(MONEY_DIGITS, 2)
    cache_ok = True

    def __init__(self, scale: int = 2) -> None:
        super().__init__(MONEY_DIGITS, scale)
        self.scale = scale
        self._unit = Decimal(1).scaleb(-scale)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_SqliteNumeric(self.scale))
        return dialect.type_descriptor(Numeric(MONEY_DIGITS, self.scale))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        exact = Decimal(value).quantize(self._unit)
        return str(exact) if dialect.name == "sqlite" else exact

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(str(value)).quantize(self._unit)


SQLITE_TIME = "%Y-%m-%d %H:%M:%S.%f"


class UtcTime(TypeDecorator[datetime]):
    """A moment, aware UTC. A naive datetime is refused: its zone would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(26))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: give it a time zone")
        utc = value.astimezone(UTC)
        return utc.strftime(SQLITE_TIME) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.strptime(value, SQLITE_TIME).replace(tzinfo=UTC)
        moment: datetime = value
        return moment.astimezone(UTC)
