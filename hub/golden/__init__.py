"""Unify: one golden row per real thing, each value with the source row it came from."""
