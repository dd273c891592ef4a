"""Every error the hub raises on purpose, ordered by what the caller does about it.

Fix the configuration, try again later, skip the record, or stop the sync. An error carries two
texts: `message` says what is wrong with names and values, `remedy` says what to do. Neither may
hold a secret.
"""


class HubError(Exception):
    """Base of all errors raised on purpose."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} Remedy: {self.remedy}" if self.remedy else self.message


# -- fix the configuration ---------------------------------------------------------------------


class ConfigError(HubError):
    """`hub.yaml`, a mapping, a profile or the policy is wrong: names file, key and remedy."""

    def __init__(self, file: object, key: str, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{file}: {key}: {message}", remedy=remedy)
        self.file = str(file)
        self.key = key


class WarehouseError(HubError):
    """The database is missing, out of date, or cannot be reached."""


# -- try again later ---------------------------------------------------------------------------


class RetryLater(HubError):
    """The other side is busy or broken for now."""

    def __init__(self, message: str, *, seconds: float | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.seconds = seconds


class SystemUnreachable(RetryLater):
    """No connection, a time-out, or a gateway's error page."""


class QuotaSpent(RetryLater):
    """The API allowance is used up until `seconds` from now."""


class RunInProgress(RetryLater):
    """Another process is writing to this warehouse."""


# -- skip the record ---------------------------------------------------------------------------


class RecordRefused(HubError):
    """One record cannot be read or written; all others can."""

    def __init__(self, system: str, obj: str, record_id: str, message: str, *, remedy: str = ""):
        super().__init__(f"{system}/{obj} {record_id}: {message}", remedy=remedy)
        self.record_id = record_id


# -- stop the sync -----------------------------------------------------------------------------


class StopSync(HubError):
    """Going on would be wrong: the run fails with a name."""


class CredentialsRefused(StopSync):
    """The system does not accept who we say we are."""


class PermissionLost(StopSync):
    """We are known, but may no longer see or write what the configuration asks for."""


class SchemaChanged(StopSync):
    """An object or a mapped field is not there (any more)."""


class FeedUnreadable(StopSync):
    """A file cannot be read as a whole; no line of it was taken. `rule` names the fault."""

    def __init__(self, message: str, *, remedy: str = "", rule: str = "file_unreadable") -> None:
        super().__init__(message, remedy=remedy)
        self.rule = rule


class LawBroken(StopSync):
    """A run's figures contradict one of the laws."""
