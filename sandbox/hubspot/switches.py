"""What public material leaves open, one field each, and a few conveniences for tests.

The default is the likelier or the documented behaviour; the comment names the other position.
Faults by count or probability do not belong here.
"""

from dataclasses import dataclass, fields
from typing import Literal, get_args


@dataclass(slots=True)
class Switches:
    """Mutable on purpose: a test, or `/__sandbox__/switches`, turns them on a running server."""

    # Reading
    list_limit_over_max: Literal["reject", "clamp"] = "reject"
    cleared_reads_as: Literal["null", "empty"] = "null"
    get_archived: Literal["missing", "served"] = "missing"
    not_found_has_category: bool = False
    max_page: int = 0
    """Above 0: no page is longer, whatever `limit` says. Paging goes on as if it had been asked."""

    # Searching
    index_lag_seconds: float = 0.0
    has_property_with_value: Literal["reject", "ignore"] = "reject"
    unknown_filter_property: Literal["reject", "no_rows"] = "reject"
    negatives_match_unset: bool = True
    search_results_max: int = 10_000
    """Lower it to meet the end of a search without as many records."""
    max_filters: int = 18
    max_filter_groups: int = 5

    # Writing
    null_clears: bool = True
    lowercase_emails: bool = True
    require_minimum_properties: bool = True
    unchanged_write_touches: bool = True
    invalid_stage_code: str = "INVALID_OPTION"
    delete_missing: Literal["no_content", "not_found"] = "no_content"
    blocked_email: Literal["invalid", "conflict", "allowed"] = "invalid"
    """What a write of an address meets that was deleted for privacy."""
    stored_values_meet_conditions: bool = True
    """Off: a conditionally required property must be in the very request, stored or not."""
    export_seconds: float = 2.0
    max_url_length: int = 16_384
    max_merged_ids: int = 250

    # Batches and merges
    shuffle_batch_results: bool = False
    batch_update_drops_merged: bool = True
    batch_read_drops_merged: bool = False
    """A merged-away id is passed over in silence instead of answered by its survivor."""
    email_upsert_atomic: bool = True
    full_batch_errors: bool = True
    """Off: entries of a 207 lack `errors` and `links`, as live bodies often do."""
    merge_keeps_primary_id: bool = False

    # Associations
    association_ids_numeric: bool = True
    association_read_max: int = 1000
    association_create_status: int = 201
    no_associations_is_error: bool = True

    # Webhooks and the journal
    webhook_signature: Literal["v1_and_v3", "v1"] = "v1_and_v3"
    webhook_type_key: Literal["subscriptionType", "eventType"] = "subscriptionType"
    webhook_creation_changes: bool = True
    """A creation is told to subscribers of the properties it set, too."""
    webhook_timeout_seconds: float = 5.0
    webhook_duplicates: bool = False
    webhook_shuffle: bool = False
    webhook_same_event_id: bool = False
    webhook_merge_without_deletion: bool = False
    journal_caught_up: Literal["no_content", "empty"] = "no_content"
    journal_aged_offset: Literal["not_found", "earliest"] = "not_found"

    # Authentication, objects off, limits
    refresh_error: Literal["legacy", "oauth2"] = "legacy"
    leads_enabled: bool = True
    leads_off_answer: Literal["forbidden", "not_found"] = "forbidden"
    rate_limit_headers: bool = True
    enforce_burst: bool = False
    enforce_search: bool = False
    enforce_daily: bool = False
    burst_max: int = 190
    oauth_burst_max: int = 110
    search_max: int = 5
    daily_max: int = 625_000
    retry_after_on_429: bool = False
    rate_limit_category: bool = False

    def turn(self, name: str, value: object) -> None:
        """Set one field by name, refusing unknown names and values of the wrong kind."""
        kinds = {field.name: field.type for field in fields(self)}
        if name not in kinds:
            raise ValueError(f"no switch is called {name!r}")
        allowed = get_args(kinds[name])
        if allowed:
            if value not in allowed:
                raise ValueError(f"{name} is one of {', '.join(map(repr, allowed))}, not {value!r}")
        elif not _fits(getattr(self, name), value):
            raise ValueError(f"{name} is a {type(getattr(self, name)).__name__}, not {value!r}")
        setattr(self, name, value)


def _fits(present: object, value: object) -> bool:
    if isinstance(present, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(present)
