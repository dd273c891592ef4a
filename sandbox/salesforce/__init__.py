"""A Salesforce org on loopback: REST, SOQL, collections and composite over real HTTP."""

from sandbox.salesforce.app import create_app
from sandbox.salesforce.ids import record_id
from sandbox.salesforce.store import SalesforceStore
from sandbox.salesforce.switches import DuplicateRule, Switches, ValidationRule

__all__ = [
    "DuplicateRule",
    "SalesforceStore",
    "Switches",
    "ValidationRule",
    "create_app",
    "record_id",
]
