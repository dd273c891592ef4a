"""What must hold: rows (pandera schemas and business rules) and runs (the laws).

Only `asset_checks` knows Dagster.
"""
