"""What can be set about an org: every fact the documentation leaves open, and test conveniences.

The defaults are what is documented or was seen on real orgs; the other position is there because
nobody could confirm the default everywhere, and clients should live with both.
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class ValidationRule:
    """An admin's rule: rows for which the SOQL `condition` holds are refused with `message`."""

    object: str
    condition: str
    message: str
    field: str | None = None


@dataclass(frozen=True)
class DuplicateRule:
    """Records that agree in all `fields` are duplicates; writing one is blocked or alerted to."""

    object: str
    fields: tuple[str, ...]
    action: Literal["block", "alert"] = "block"
    name: str = "Standard_Duplicate_Rule"


@dataclass(frozen=True)
class Switches:
    """The org's settings. Frozen: the control route replaces them as a whole."""

    # Authentication
    generic_login_host: bool = False
    my_domain: str = "acme.my.salesforce.com"
    jwt_my_domain_audience: bool = True
    jwt_unapproved_description: str = "user hasn't approved this consumer"
    session_seconds: int = 7_200
    rotate_refresh_tokens: bool = False
    grants_per_user_and_app: int = 5
    soap_login_enabled: bool = True
    # 401 behaviour beyond plain expiry
    reject_all_sessions: bool = False
    unauthorized_body: Literal["array", "object", "html"] = "array"
    # Limits
    daily_api_requests: int = 15_000
    daily_bulk_batches: int = 15_000
    daily_bulk_query_jobs: int = 10_000
    per_app_usage: bool = False
    limits_permission: bool = True
    # Metadata
    deploy_polls: int = 1
    # What the org is licensed for
    partner_features: bool = True
    # Query
    page_shrink_to: int | None = None
    locator_style: Literal["0r8", "01g"] = "0r8"
    locator_hours: float = 48.0
    max_open_cursors: int = 50
    order_seed: int = 20_260_101
    user_time_zone: str = "UTC"
    # Bulk API 2.0
    bulk_polls: int = 1
    bulk_seconds: float = 0.0
    bulk_page_rows: int = 50_000
    bulk_batch_rows: int = 10_000
    bulk_raw_bytes: int = 100 * 1024 * 1024
    bulk_encoded_bytes: int = 150_000_000
    bulk_fail_after_rows: int | None = None
    bulk_query_failure: str | None = None
    bulk_forbidden_soql: Literal["refuse", "fail"] = "refuse"
    bulk_quotes_nulls: bool = True
    bulk_datetime_suffix: Literal["Z", "+0000"] = "Z"
    bulk_state_code: str = "INVALIDJOBSTATE"
    gzip: Literal["bulk", "all", "never"] = "bulk"
    # Replication
    commit_lag_seconds: int = 0
    deleted_log_purged: bool = False
    # Change Data Capture
    captured_objects: tuple[str, ...] = ()
    capture_overflow_after: int = 100_000
    # Writes
    trim_text: bool = True
    invalid_cross_reference_status: Literal[400, 404] = 400
    short_id_in_duplicate_message: bool = True
    precondition_body: Literal["empty", "error"] = "error"
    oversized_collection_code: str = "EXCEEDED_ID_LIMIT"
    lead_assignment_owner: str | None = None
    auto_assign_on_update: bool = True
    duplicate_rules: tuple[DuplicateRule, ...] = field(default=())
    duplicate_result_in_error: bool = True
    validation_rules: tuple[ValidationRule, ...] = field(default=())
