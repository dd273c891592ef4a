"""Matching at size: a million company records in memory beside Splink, and a thousand changes in a
standing warehouse. Each part runs in a process of its own, so that peak memory is its own.
"""
