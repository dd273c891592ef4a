"""Reports that are tables: CSV, spreadsheets, JSON lines."""
