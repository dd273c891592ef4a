"""SOQL: tokens, parser to a syntax tree, and the way from the tree to SQLite's SQL."""
