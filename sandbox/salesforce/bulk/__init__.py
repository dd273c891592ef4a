"""Bulk API 2.0: query and ingest jobs that live in the store and move on when they are asked."""

from sandbox.salesforce.bulk.extract import ROUTES as QUERY_ROUTES
from sandbox.salesforce.bulk.ingest import ROUTES as INGEST_ROUTES

ROUTES = (*QUERY_ROUTES, *INGEST_ROUTES)
