"""Faults on purpose: what goes wrong with a sandbox system, when, and how it looks to a client.

A fault file (`hub sandbox --faults FILE`) lists rules per system; `docs/sandbox.md` tells every
kind. A system package declares kinds of its own by a `Knowledge` and wraps its app:
`LoggedApp(FaultyApp(app, Faults(system, knowledge, file), clock), ...)`.
"""

from sandbox.faults.app import Faults, FaultyApp
from sandbox.faults.file import FaultFile, FaultsError, read_faults
from sandbox.faults.kinds import Answer, Hit, Kind, Knowledge, Parameters, Request

__all__ = [
    "Answer",
    "FaultFile",
    "Faults",
    "FaultsError",
    "FaultyApp",
    "Hit",
    "Kind",
    "Knowledge",
    "Parameters",
    "Request",
    "read_faults",
]
