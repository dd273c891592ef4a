"""Which golden columns a column of a source table feeds."""

_RENAMED = {
    ("company", "website"): "domain",
    ("company", "parent_record_id"): "parent_company_id",
    ("contact", "company_record_id"): "company_id",
    ("lead", "contact_record_id"): "contact_id",
    ("opportunity", "company_record_id"): "company_id",
}


def golden_column(source: str, column: str) -> str:
    """The column of the entity named like the source table that takes its value."""
    return _RENAMED.get((source, column), column)
