"""The partner hub: pull, land, check, resolve, unify, govern, plan, apply."""

__version__ = "0.1.0"
