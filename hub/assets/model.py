"""Assets of the partner model: identity, golden tables, and what the channel policy decides."""

from collections.abc import Iterator
from dataclasses import asdict
from time import perf_counter

import dagster as dg
from sqlalchemy import Table

from hub.assets import figures
from hub.assets.failures import named_failures
from hub.assets.keys import golden_key, identity_key, land_keys, policy_key
from hub.assets.resource import HubResource
from hub.config import Settings
from hub.golden.unify import ENTITIES
from hub.identity.mentions import Entity
from hub.models import channel, golden
from hub.models.database import reading
from hub.models.identity import crosswalk, identity_event
from hub.sync.derivation import RESOLVED
from hub.sync.flow import Flow

# The golden tables that one unify step writes.
GOLDEN: dict[str, tuple[Table, ...]] = {
    "company": (golden.company, golden.partner),
    "contact": (golden.contact,),
    "lead": (golden.lead,),
    "opportunity": (golden.opportunity,),
    "report": (golden.report,),
    "pos_line": (golden.pos_line, channel.pos_entry),
    "inventory_line": (golden.inventory_line,),
    "shipment": (golden.shipment,),
}
# Lines that a later report took back are known once the reports have their versions; resellers are
# looked for among the companies.
_AFTER = {"pos_line": ("company", "report"), "inventory_line": ("report",), "shipment": ("report",)}
# What the policy judges → the table of its judgements, the golden tables it looks at.
GOVERNED: dict[str, tuple[Table, tuple[Table, ...]]] = {
    "calendar": (channel.expected_report, (golden.report,)),
    "siso": (channel.siso, (golden.pos_line, golden.inventory_line, golden.shipment)),
    "registration": (golden.registration, (golden.opportunity, golden.partner, golden.company)),
    "lead": (golden.lead_assignment, (golden.lead, golden.partner)),
}

# Leads look at who holds a registration, balances at which reports are missing.
_GOVERNED_AFTER = {"lead": ("registration",), "siso": ("expected_report",)}


def model_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    return [
        *(_identity_asset(settings, entity) for entity in RESOLVED),
        *(_golden_assets(settings, entity) for entity in ENTITIES),
        *(_policy_asset(settings, subject) for subject in GOVERNED),
    ]


def _identity_asset(settings: Settings, entity: Entity) -> dg.AssetsDefinition:
    # Matching begins when everything has landed: what points to a company comes from any object.
    before = land_keys(settings) if entity == "company" else [identity_key("company")]

    @dg.asset(
        key=identity_key(entity),
        group_name="identity",
        kinds={"polars", _database(settings)},
        deps=before,
        description=f"Which source rows speak of the same {entity}, under hub ids that stay.",
        metadata={"dagster/column_schema": figures.column_schema(crosswalk)},
    )
    def _resolve(context: dg.AssetExecutionContext, hub: HubResource) -> dg.MaterializeResult[None]:
        with named_failures(context):
            flow = hub.flow(context)
            start = perf_counter()
            done = flow.derivation().resolve(entity)
            seconds = perf_counter() - start
            runs = [flow.run.number]
            with reading(flow.engine) as conn:
                return dg.MaterializeResult(
                    metadata={
                        **figures.row_count(conn, crosswalk, crosswalk.c.entity == entity),
                        **{k: v for k, v in asdict(done).items() if k != "entity"},
                        "seconds": round(seconds, 3),
                        **figures.preview(
                            conn, identity_event, runs, identity_event.c.entity == entity
                        ),
                    }
                )

    return _resolve


def _golden_assets(settings: Settings, entity: str) -> dg.AssetsDefinition:
    tables = GOLDEN[entity]

    @dg.multi_asset(
        name=f"golden__{entity}",
        specs=[
            dg.AssetSpec(
                golden_key(table.name),
                group_name="golden",
                kinds={"polars", _database(settings)},
                deps=[
                    *(identity_key(resolved) for resolved in RESOLVED),
                    *(golden_key(before) for before in _AFTER.get(entity, ())),
                ],
                description=_told(table),
                metadata={"dagster/column_schema": figures.column_schema(table)},
            )
            for table in tables
        ],
    )
    def _unify(
        context: dg.AssetExecutionContext, hub: HubResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        with named_failures(context):
            flow = hub.flow(context)
            start = perf_counter()
            written = flow.derivation().unify(entity)
            seconds = perf_counter() - start
            for table in tables:
                metadata = _table_figures(flow, table, seconds)
                if table.name == entity:
                    metadata["rows_written"] = written
                yield dg.MaterializeResult(asset_key=golden_key(table.name), metadata=metadata)

    return _unify


def _policy_asset(settings: Settings, subject: str) -> dg.AssetsDefinition:
    table, judged = GOVERNED[subject]
    before = [policy_key(earlier) for earlier in _GOVERNED_AFTER.get(subject, ())]

    @dg.asset(
        key=policy_key(table.name),
        group_name="policy",
        kinds={_database(settings)},
        deps=[*(golden_key(golden_table.name) for golden_table in judged), *before],
        description=f"The channel policy applied to every {subject}: what it decides, and in "
        "`decision` the rule, its inputs and the candidates that lost.",
        metadata={"dagster/column_schema": figures.column_schema(table)},
    )
    def _govern(context: dg.AssetExecutionContext, hub: HubResource) -> dg.MaterializeResult[None]:
        with named_failures(context):
            flow = hub.flow(context)
            start = perf_counter()
            written = flow.derivation().govern(subject)
            metadata = _table_figures(flow, table, perf_counter() - start)
            return dg.MaterializeResult(metadata={**metadata, "rows_written": written})

    return _govern


def _table_figures(flow: Flow, table: Table, seconds: float) -> figures.Metadata:
    with reading(flow.engine) as conn:
        return {
            **figures.row_count(conn, table),
            "seconds": round(seconds, 3),
            **figures.preview(conn, table, [flow.run.number]),
        }


def _told(table: Table) -> str:
    text = f"The one `{table.name}` table, each value chosen from what the sources say."
    past = golden.HISTORIES.get(table.name)
    return text if past is None else f"{text} What it said before is in `{past.name}`."


def _database(settings: Settings) -> str:
    """The kind of the warehouse as Dagster's icons know it."""
    return "sqlite" if settings.warehouse_url.startswith("sqlite") else "postgres"
